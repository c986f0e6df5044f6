//! What all downloads have in common: conditions, choice of feeds, failures, what is kept.

use std::fs;
use std::net::TcpListener;

use knowledge::{Bundle, DownloadOptions, DownloadOutcome};

use crate::download_server::{Answer, Server, TestClock};
use crate::support::{Feeds, affected};

const SECDB: &str = r#"{"packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2020-0001"]}}}]}"#;
const TRACKER: &str = r#"{"p": {"CVE-2020-0001": {"releases": {"bookworm": {"status": "open"}}}}}"#;
const DEBIAN: &str = "security-tracker.debian.org/tracker/data/json";
const KEV: &str = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";
const NOW: &str = "2026-11-22T12:00:00Z";

#[test]
fn feeds_are_fetched_conditionally_and_failures_leave_the_last_good_file() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    server
        .page("secdb.alpinelinux.org/", Answer::new("<a href=\"v3.18/\">v3.18/</a><a href=\"last-update\">"));
    server.page("secdb.alpinelinux.org/v3.18/main.json", Answer::new(SECDB));
    server.page(
        DEBIAN,
        Answer::new(TRACKER).etag("one").header("Last-Modified", "Sun, 22 Nov 2026 08:49:37 GMT"),
    );
    server.page(KEV, Answer::new("{\"vulnerabilities\": []}"));
    server.page("endoflife.date/api/v1/products/full", Answer::status(500));
    let chosen = ["debian", "kev", "alpine", "endoflife"];
    let feeds = Feeds::new();
    let into = feeds.path();
    let first = server.download(&chosen, &into, &clock);
    let fetched: Vec<String> = first.files.iter().map(|file| file.path.display().to_string()).collect();
    assert_eq!(
        fetched,
        ["debian/json", "alpine-secdb/v3.18/main.json", "kev/known_exploited_vulnerabilities.json"]
    );
    assert!(!first.all_failed());
    let reason = |path: &str| {
        let failure = first.failures.iter().find(|failure| failure.path.ends_with(path));
        failure.unwrap().reason.clone()
    };
    assert_eq!(reason("v3.18/community.json"), "the server answered 404 Not Found");
    assert!(reason("endoflife/products-full.json").starts_with("the server answered 500"));
    let paths = server.paths();
    let times = |path: &str| paths.iter().filter(|asked| *asked == path).count();
    assert_eq!(times("endoflife.date/api/v1/products/full"), 4, "a server's error is tried again");
    assert_eq!(times("secdb.alpinelinux.org/v3.18/community.json"), 1, "what is not there is not");
    assert_eq!(clock.slept().len(), 3);
    let outcome = |feed: &str| knowledge::download_attempts(&into)[feed].outcome;
    assert_eq!(outcome("debian"), DownloadOutcome::Updated);
    assert_eq!(outcome("alpine"), DownloadOutcome::Partly);
    assert_eq!(outcome("endoflife"), DownloadOutcome::Failed);

    let (bundle, report) = feeds.compile();
    assert_eq!(affected(&bundle, "debian:12", "p").len(), 1);
    assert_eq!(affected(&bundle, "alpine:3.18", "a").len(), 1);
    assert_eq!(report.skipped_count, 0, "{:?}", report.skipped);
    let date = bundle.manifest().sources.iter().find(|source| source.feed == "debian").unwrap().date;
    assert_eq!(date, model::Timestamp::parse("2026-11-22T08:49:37Z"));

    server.page(KEV, Answer::new("<!doctype html> please log in"));
    server.page(
        "secdb.alpinelinux.org/v3.18/main.json",
        Answer::new("{\"packages\": [").sent(crate::download_server::Sending::Cut),
    );
    let second = server.download(&chosen, &into, &clock);
    assert_eq!(second.files.len(), 1);
    assert_eq!(second.files[0].bytes, None, "the tracker has not changed");
    assert_eq!(outcome("debian"), DownloadOutcome::Unchanged);
    let failed = |path: &str| second.failures.iter().any(|failure| failure.path.ends_with(path));
    assert!(failed("known_exploited_vulnerabilities.json") && failed("v3.18/main.json"));
    assert_eq!(fs::read_to_string(into.join("alpine-secdb/v3.18/main.json")).unwrap(), SECDB);
    let (again, _) = feeds.compile();
    assert_eq!(again.id(), bundle.id());
    drop(again);
    assert!(Bundle::open(&feeds.output()).is_ok());
}

#[test]
fn an_unchanged_feed_costs_no_body() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    server.page(KEV, Answer::new("{\"vulnerabilities\": []}").etag("k"));
    let first = server.download(&["kev"], folder.path(), &clock);
    assert_eq!(first.files[0].bytes, Some(23));
    assert_eq!(server.asked()[0].body, 23);
    let second = server.download(&["kev"], folder.path(), &clock);
    assert_eq!(second.files[0].bytes, None);
    let asked = server.asked();
    assert_eq!((asked.len(), asked[0].body), (1, 0));
    assert!(asked[0].head.contains("if-none-match: \"k\""), "{}", asked[0].head);
    // A file that somebody has taken away is fetched whatever its note says.
    fs::remove_file(folder.path().join("kev/known_exploited_vulnerabilities.json")).unwrap();
    assert_eq!(server.download(&["kev"], folder.path(), &clock).files[0].bytes, Some(23));
}

#[test]
fn feeds_are_chosen_by_name_and_those_with_closed_terms_only_on_request() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    let run = |only: &[&str], without: &[&str], also: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let (only, without, also) = (owned(only), owned(without), owned(also));
        let options = DownloadOptions {
            mirror: Some(&server.address),
            only: &only,
            without: &without,
            also: &also,
            clock: Some(&clock),
            ..DownloadOptions::default()
        };
        let report = knowledge::download_with(&options, folder.path(), &|_| {});
        report.map(|report| {
            let mut feeds: Vec<&str> = report.failures.iter().map(|failure| failure.feed).collect();
            feeds.dedup();
            feeds
        })
    };
    assert_eq!(run(&["kev", "wolfi"], &[], &[]).unwrap(), ["wolfi", "kev"]);
    assert_eq!(run(&["kev", "epss"], &["kev"], &[]).unwrap(), ["epss"]);
    let all = run(&[], &[], &[]).unwrap();
    assert_eq!(all.len(), 25, "{all:?}");
    assert!(!all.contains(&"wolfi") && !all.contains(&"chainguard"));
    assert!(run(&[], &["osv"], &["wolfi"]).unwrap().contains(&"wolfi"));
    let error = run(&["kevin"], &[], &[]).unwrap_err().to_string();
    assert!(error.starts_with("there is no feed `kevin`; there are: osv, debian"), "{error}");
}

#[test]
fn without_a_network_every_feed_is_named_quickly() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mirror = format!("http://{unused}");
    let clock = TestClock::at(NOW);
    let options =
        DownloadOptions { mirror: Some(&mirror), clock: Some(&clock), ..DownloadOptions::default() };
    let report = knowledge::download_with(&options, folder.path(), &|_| {}).unwrap();
    assert!(report.all_failed());
    assert!(report.failures.len() > 30);
    assert!(report.failures.iter().all(|failure| !failure.reason.is_empty()));
    assert_eq!(clock.slept(), Vec::<u128>::new(), "nobody waits for hosts that are not there");
}
