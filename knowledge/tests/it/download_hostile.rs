//! Servers that are busy, broken or hostile.

use std::fs;
use std::path::Path;
use std::time::Duration;

use knowledge::DownloadOptions;

use crate::download_server::{Answer, Sending, Server, TestClock, gzip};

const KEV: &str = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json";
const KEV_FILE: &str = "kev/known_exploited_vulnerabilities.json";
const EPSS: &str = "epss.empiricalsecurity.com/epss_scores-current.csv.gz";
const GOOD: &str = "{\"vulnerabilities\": []}";
const NOW: &str = "2026-11-22T12:00:00Z";

/// Why the one file of a feed did not come; the file that was there before must be unharmed, and no working file left.
fn failure(server: &Server, feed: &str, folder: &Path, clock: &TestClock) -> String {
    let report = server.download(&[feed], folder, clock);
    assert!(report.files.is_empty(), "{report:?}");
    for file in walk(folder) {
        assert!(!file.contains(".part"), "{file}");
    }
    report.failures[0].reason.clone()
}

fn walk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(walk(&entry.path())),
            false => found.push(entry.path().display().to_string()),
        }
    }
    found
}

#[test]
fn a_busy_server_is_given_the_time_that_it_asks_for() {
    let server = Server::start();
    let clock = TestClock::at("1994-11-06T08:49:30Z");
    let folder = tempfile::tempdir().unwrap();
    let busy = |wait: &str| Answer::status(429).header("Retry-After", wait);
    server.pages(KEV, [busy("7"), busy("Sun, 06 Nov 1994 08:49:41 GMT"), Answer::new(GOOD)]);
    assert_eq!(server.download(&["kev"], folder.path(), &clock).files.len(), 1);
    assert_eq!(clock.slept(), [7000, 11_000]);
    server.asked();
    server.page("secdb.alpinelinux.org/", busy("86400"));
    let report = server.download(&["alpine"], folder.path(), &clock);
    assert_eq!(server.paths().len(), 1, "the host is left alone for this time");
    assert!(report.failures.len() > 40 && report.failures[0].reason.contains("asking to wait 86400 s"));
    assert_eq!(clock.slept(), Vec::<u128>::new());
}

#[test]
fn a_body_that_is_cut_short_is_asked_for_again_and_never_kept() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    server.pages(KEV, [Answer::new(GOOD).sent(Sending::Cut), Answer::new(GOOD)]);
    assert_eq!(server.download(&["kev"], folder.path(), &clock).files.len(), 1);
    assert_eq!(clock.slept().len(), 1);
    server.page(KEV, Answer::new("{\"vulnerabilities\": [1, 2]}").sent(Sending::Cut));
    let reason = failure(&server, "kev", folder.path(), &clock);
    assert!(reason.ends_with("(4 attempts)"), "{reason}");
    assert_eq!(fs::read_to_string(folder.path().join(KEV_FILE)).unwrap(), GOOD);
}

#[test]
fn a_length_that_is_too_short_does_not_pass_for_a_whole_file() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    server.page(KEV, Answer::new(GOOD).sent(Sending::Short(3)));
    let reason = failure(&server, "kev", folder.path(), &clock);
    assert_eq!(reason, "it is cut short (4 attempts)");
    let scores = gzip(b"#model_version:x\ncve,epss,percentile\n");
    server.page(EPSS, Answer::new(scores).sent(Sending::Short(5)));
    assert!(failure(&server, "epss", folder.path(), &clock).starts_with("it does not unpack"));
    server.page("osv-vulnerabilities.storage.googleapis.com/npm/all.zip", Answer::new("PK\x03\x04 ..."));
    let report = server.download(&["osv"], folder.path(), &clock);
    let npm = report.failures.iter().find(|failure| failure.path.starts_with("osv/npm")).unwrap();
    assert!(npm.reason.starts_with("it is no whole archive"), "{}", npm.reason);
}

#[test]
fn redirects_are_followed_a_few_times_and_over_https_only() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    let to = |place: &str| Answer::status(302).header("Location", place);
    let dated = "epss.empiricalsecurity.com/epss_scores-2026-11-22.csv.gz";
    let scores = gzip(b"#model_version:x\ncve,epss,percentile\n");
    // A path, the publisher's address and the mirror's own address all lead to the mirror.
    let own = format!("{}/{dated}", server.address);
    server.page(dated, Answer::new(scores).etag("d"));
    for place in ["/epss_scores-2026-11-22.csv.gz", &format!("https://{dated}"), &own] {
        server.page(EPSS, to(place));
        server.asked();
        let report = server.download(&["epss"], folder.path(), &clock);
        assert_eq!(report.files.len(), 1, "{report:?}");
        let asked = server.asked();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1].path, dated);
    }
    assert_eq!(server.download(&["epss"], folder.path(), &clock).files[0].bytes, None, "its ETag is kept");
    server.page(EPSS, to("/epss_scores-current.csv.gz"));
    assert_eq!(failure(&server, "epss", folder.path(), &clock), "it was redirected more than 5 times");
    for place in ["http://169.254.169.254/latest", "ftp://example.com/x", "file:///etc/passwd"] {
        server.page(EPSS, to(place));
        server.asked();
        let reason = failure(&server, "epss", folder.path(), &clock);
        assert!(reason.ends_with("which is not https"), "{reason}");
        assert_eq!(server.asked().len(), 1);
    }
    server.page(EPSS, Answer::status(302));
    assert_eq!(failure(&server, "epss", folder.path(), &clock), "it was redirected nowhere");
}

#[test]
fn bodies_end_at_their_bound_whether_it_is_announced_or_not() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    let calendar = "salsa.debian.org/debian/distro-info-data/-/raw/main/debian.csv";
    server.page(calendar, Answer::new(vec![b'x'; 1 << 16]).sent(Sending::Endless));
    let find = || {
        let report = server.download(&["calendar"], folder.path(), &clock);
        report.failures.into_iter().find(|failure| failure.path.ends_with("debian.csv")).unwrap().reason
    };
    assert_eq!(find(), "it is larger than 4194304 bytes");
    server.page(calendar, Answer::new(vec![b'x'; 5 << 20]));
    assert_eq!(find(), "it is larger than 4194304 bytes");
}

#[test]
fn a_body_that_trickles_is_cut() {
    let server = Server::start();
    let clock = TestClock::at(NOW).stepping(Duration::from_secs(600));
    let folder = tempfile::tempdir().unwrap();
    // Ten minutes pass at each look at the clock, and fifty bytes come between two of them.
    server.page(KEV, Answer::new("{\"vulnerabilities\": [                           ]}"));
    let reason = failure(&server, "kev", folder.path(), &clock);
    assert!(reason.contains("bytes came in 60 s (4 attempts)"), "{reason}");
}

#[test]
fn a_connection_on_which_nothing_comes_is_given_up() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    server.page(KEV, Answer::new(GOOD).sent(Sending::Stalled));
    let only = ["kev".to_owned()];
    let options = DownloadOptions {
        mirror: Some(&server.address),
        only: &only,
        clock: Some(&clock),
        read_timeout: Some(Duration::from_millis(50)),
        ..DownloadOptions::default()
    };
    let report = knowledge::download_with(&options, folder.path(), &|_| {}).unwrap();
    assert_eq!((report.files.len(), report.failures.len()), (0, 1));
    assert!(report.failures[0].reason.ends_with("(4 attempts)"), "{}", report.failures[0].reason);
}

#[test]
fn an_error_page_with_a_good_status_replaces_nothing() {
    let server = Server::start();
    let clock = TestClock::at(NOW);
    let folder = tempfile::tempdir().unwrap();
    server.page(KEV, Answer::new(GOOD));
    server.download(&["kev"], folder.path(), &clock);
    for page in ["<!DOCTYPE html><title>Maintenance</title>", "  <html>", ""] {
        server.page(KEV, Answer::new(page));
        let reason = failure(&server, "kev", folder.path(), &clock);
        let expected = if page.is_empty() { "nothing came" } else { "what came is no Json file" };
        assert_eq!(reason, expected);
        assert_eq!(fs::read_to_string(folder.path().join(KEV_FILE)).unwrap(), GOOD);
    }
    server.page(
        "salsa.debian.org/debian/distro-info-data/-/raw/main/debian.csv",
        Answer::new("<!doctype html><p>Sign in</p>"),
    );
    let report = server.download(&["calendar"], folder.path(), &clock);
    assert_eq!(report.files.len(), 0);
}
