//! The protocols of NVD, the CVE list, git repositories and listings, played by a server.

use std::fs;

use crate::download_protocols::{NOW, bytes_of, reason_of};
use crate::download_server::{Answer, Server, TestClock, gzip, members_of_zip, sha256, tar_of, zip_of};

mod nvd {
    use super::*;

    const FEEDS: &str = "nvd.nist.gov/feeds/json/cve/2.0";
    const API: &str = "services.nvd.nist.gov/rest/json/cves/2.0";

    fn record(id: &str, text: &str) -> String {
        format!(r#"{{"cve":{{"id":"{id}","descriptions":[{{"lang":"en","value":"{text}"}}]}}}}"#)
    }

    fn year(server: &Server, year: u32, records: &[String], sum: Option<&str>) {
        let text = format!(r#"{{"format":"NVD_CVE","vulnerabilities":[{}]}}"#, records.join(","));
        let sum = sum.map_or_else(|| sha256(text.as_bytes()), str::to_owned).to_uppercase();
        let meta = format!("lastModifiedDate:2026-11-22T03:00:00-05:00\r\nsha256:{sum}\r\n");
        server.page(&format!("{FEEDS}/nvdcve-2.0-{year}.meta"), Answer::new(meta));
        server.page(&format!("{FEEDS}/nvdcve-2.0-{year}.json.gz"), Answer::new(gzip(text.as_bytes())));
    }

    fn page(total: usize, records: &[String]) -> Answer {
        Answer::new(format!(r#"{{"totalResults":{total},"vulnerabilities":[{}]}}"#, records.join(",")))
    }

    fn start() -> (Server, TestClock, tempfile::TempDir) {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        for number in 2002..=2026 {
            year(&server, number, &[record(&format!("CVE-{number}-0001"), "old")], None);
        }
        server.page(API, page(0, &[]));
        let report = server.download(&["nvd"], folder.path(), &clock);
        assert_eq!((report.files.len(), report.failures.len()), (26, 0), "{:?}", report.failures);
        (server, clock, folder)
    }

    fn text(folder: &tempfile::TempDir, year: u32) -> String {
        let file = fs::File::open(folder.path().join(format!("nvd/nvdcve-2.0-{year}.json.gz"))).unwrap();
        std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap()
    }

    #[test]
    fn yearly_feeds_once_then_pages_of_what_was_modified() {
        let (server, clock, folder) = start();
        let asked = server.asked();
        let api: Vec<_> = asked.iter().filter(|asked| asked.path.starts_with(API)).collect();
        assert_eq!((asked.len(), api.len()), (51, 1));
        assert!(
            api[0].path.contains(
                "lastModStartDate=2026-11-20T12:00:00.000Z&lastModEndDate=2026-11-22T12:00:00.000Z"
            )
        );
        assert!(api[0].head.contains("apikey: a-key"), "{}", api[0].head);
        assert!(asked.iter().all(|asked| asked.path.starts_with(API) || !asked.head.contains("apikey")));

        clock.set("2026-11-22T14:00:00Z");
        let (old, new) = (record("CVE-1999-0007", "added"), record("CVE-2024-0001", "new"));
        server.pages(API, [page(2, &[old]), page(2, &[new])]);
        clock.slept();
        let report = server.download(&["nvd"], folder.path(), &clock);
        assert_eq!(report.failures, []);
        let asked = server.paths();
        assert_eq!(asked.len(), 2, "{asked:?}");
        assert!(asked[0].contains("lastModStartDate=2026-11-22T11:00:00.000Z"), "an hour is looked at again");
        assert!(asked[1].contains("startIndex=1&"), "{}", asked[1]);
        assert_eq!(clock.slept(), [600], "a key allows 50 requests in 30 s");
        assert!(text(&folder, 2024).contains("\"new\"") && !text(&folder, 2024).contains("\"old\""));
        assert!(
            text(&folder, 2002).contains("CVE-2002-0001") && text(&folder, 2002).contains("CVE-1999-0007")
        );
    }

    #[test]
    fn a_yearly_feed_with_a_wrong_checksum_is_looked_at_twice_and_refused() {
        let (server, clock, folder) = start();
        fs::remove_file(folder.path().join("nvd/nvdcve-2.0-2010.json.gz")).unwrap();
        year(&server, 2010, &[record("CVE-2010-0002", "x")], Some(&"3".repeat(64)));
        server.asked();
        let report = server.download(&["nvd"], folder.path(), &clock);
        assert!(reason_of(&report, "nvdcve-2.0-2010.json.gz").contains("not the published 3333"));
        let paths = server.paths();
        let times = |name: &str| paths.iter().filter(|path| path.ends_with(name)).count();
        assert_eq!((times("2010.json.gz"), times("2010.meta"), times("2011.json.gz")), (2, 2, 0));
        assert!(!folder.path().join("nvd/nvdcve-2.0-2010.json.gz").exists());
    }

    #[test]
    fn a_page_that_lacks_records_moves_nothing_on() {
        let (server, clock, folder) = start();
        clock.set("2026-11-22T14:00:00Z");
        server.pages(API, [page(3, &[record("CVE-2024-0001", "new")]), page(3, &[])]);
        let report = server.download(&["nvd"], folder.path(), &clock);
        assert_eq!(reason_of(&report, "nvd/api"), "the API gave 1 of 3 records");
        assert!(text(&folder, 2024).contains("\"old\""));
        clock.set("2026-11-22T16:00:00Z");
        server.page(API, page(1, &[record("CVE-2024-0001", "new")]));
        server.asked();
        server.download(&["nvd"], folder.path(), &clock);
        let asked = server.paths();
        assert!(asked[0].contains("lastModStartDate=2026-11-22T11:00:00.000Z"), "{asked:?}");
        assert!(text(&folder, 2024).contains("\"new\""));
    }
}

mod others {
    use super::*;

    #[test]
    fn the_cve_list_is_an_archive_in_an_archive_and_then_a_log_of_changes() {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        let inner = zip_of(&[("cves/2024/0xxx/CVE-2024-0001.json", b"{\"a\":1}")]);
        let outer = zip_of(&[("cves.zip", &inner)]);
        let asset =
            "github.com/CVEProject/cvelistV5/releases/download/x/2026-11-22_all_CVEs_at_midnight.zip.zip";
        let release = format!(
            r#"{{"assets":[{{"name":"2026-11-22_delta_CVEs_at_1100Z.zip","browser_download_url":"https://github.com/x"}},
            {{"name":"2026-11-22_all_CVEs_at_midnight.zip.zip","browser_download_url":"https://{asset}","digest":"sha256:{}"}}]}}"#,
            sha256(&outer)
        );
        server
            .page("api.github.com/repos/CVEProject/cvelistV5/releases/latest", Answer::new(release.clone()));
        server.page(asset, Answer::new(outer));
        server.download(&["cvelist"], folder.path(), &clock);
        let file = folder.path().join("cvelist/cvelistV5.zip");
        let record = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(members_of_zip(&file), [record("cves/2024/0xxx/CVE-2024-0001.json", "{\"a\":1}")]);

        let raw = "raw.githubusercontent.com/CVEProject/cvelistV5/main";
        let log = r#"[{"fetchTime":"2026-11-22T11:00:00.000Z","new":[{"cveId":"CVE-2026-12345"}],"updated":[{"cveId":"CVE-2024-0001"}]},
            {"fetchTime":"2026-11-01T11:00:00.000Z","new":[{"cveId":"CVE-2026-0002"}]}]"#;
        server.page(&format!("{raw}/cves/deltaLog.json"), Answer::new(log).etag("log"));
        server.page(&format!("{raw}/cves/2026/12xxx/CVE-2026-12345.json"), Answer::new("{\"b\":1}"));
        server.page(&format!("{raw}/cves/2024/0xxx/CVE-2024-0001.json"), Answer::new("{\"a\":2}"));
        server.asked();
        let report = server.download(&["cvelist"], folder.path(), &clock);
        assert_eq!(report.failures, []);
        assert_eq!(server.paths().len(), 3);
        let expected = [
            record("cves/2024/0xxx/CVE-2024-0001.json", "{\"a\":2}"),
            record("cves/2026/12xxx/CVE-2026-12345.json", "{\"b\":1}"),
        ];
        assert_eq!(members_of_zip(&file), expected);
        let quiet = server.download(&["cvelist"], folder.path(), &clock);
        assert_eq!((quiet.files[0].bytes, server.asked()[0].body), (None, 0));

        // A log that does not go back far enough, and an archive that is not the one announced.
        server.page(
            &format!("{raw}/cves/deltaLog.json"),
            Answer::new(r#"[{"fetchTime":"2026-11-22T11:59:00.000Z"}]"#),
        );
        server.page(asset, Answer::new(zip_of(&[("cves.zip", &zip_of(&[]))])));
        let report = server.download(&["cvelist"], folder.path(), &clock);
        assert!(reason_of(&report, "cvelistV5.zip").contains("not the published"), "{report:?}");
        assert_eq!(members_of_zip(&file), expected);
    }

    #[test]
    fn a_repository_is_fetched_as_the_archive_of_its_newest_commit() {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        let head = "api.github.com/repos/rubysec/ruby-advisory-db/commits/master";
        let archive = |commit: &str| format!("codeload.github.com/rubysec/ruby-advisory-db/tar.gz/{commit}");
        let (one, two) = ("a".repeat(40), "b".repeat(40));
        server.page(head, Answer::new(one.clone()).etag("1"));
        server.page(&archive(&one), Answer::new(gzip(&tar_of(&[("r/gems/a/x.yml", "gem: a")]))));
        server.download(&["ruby-advisory-db"], folder.path(), &clock);
        assert_eq!(server.paths(), [head.to_owned(), archive(&one)]);
        server.download(&["ruby-advisory-db"], folder.path(), &clock);
        assert_eq!(server.asked().iter().map(|asked| asked.body).collect::<Vec<_>>(), [0]);
        server.page(head, Answer::new(one.clone()).etag("2"));
        server.download(&["ruby-advisory-db"], folder.path(), &clock);
        assert_eq!(server.paths(), [head], "another answer, the same commit");
        server.page(head, Answer::new(two.clone()).etag("3"));
        let report = server.download(&["ruby-advisory-db"], folder.path(), &clock);
        assert_eq!(reason_of(&report, "ruby-advisory-db.tar.gz"), "the server answered 404 Not Found");
        server.page(&archive(&two), Answer::new(gzip(&tar_of(&[("r/gems/a/x.yml", "gem: b")]))));
        server.download(&["ruby-advisory-db"], folder.path(), &clock);
        let file = fs::File::open(folder.path().join("ruby-advisory-db/ruby-advisory-db.tar.gz")).unwrap();
        let text = std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap();
        assert!(text.contains("gem: b"));
        server.page(head, Answer::new("../../etc").etag("4"));
        let report = server.download(&["ruby-advisory-db"], folder.path(), &clock);
        assert_eq!(reason_of(&report, "ruby-advisory-db.tar.gz"), "the answer names no commit");
    }

    #[test]
    fn suse_s_definitions_are_found_by_the_listing() {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        let root = "ftp.suse.com/pub/projects/security/oval";
        let listing = "<html><a href=\"opensuse.leap.15.6.xml.gz\">x</a><a href=\"opensuse.leap.15.6-patch.xml.gz\">x</a>";
        server.page(&format!("{root}/"), Answer::new(listing));
        server.page(&format!("{root}/opensuse.leap.15.6.xml.gz"), Answer::new(gzip(b"<oval/>")).etag("o"));
        let report = server.download(&["suse-oval"], folder.path(), &clock);
        assert_eq!((report.files.len(), report.failures.len()), (1, 0));
        server.asked();
        let report = server.download(&["suse-oval"], folder.path(), &clock);
        assert_eq!(bytes_of(&report, "suse-oval/opensuse.leap.15.6.xml.gz"), None);
        assert_eq!(server.asked()[1].body, 0);
    }
}
