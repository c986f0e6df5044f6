//! Each publisher's protocol, played by a server: what is asked for, and what lies in the folder afterwards.

use std::fs;
use std::io::Write as _;

use crate::download_server::{
    Answer, Server, TestClock, gzip, members_of_tar, members_of_zip, sha256, tar_of, zip_of,
};
use crate::support::{Feeds, affected, only, ranges};

pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

/// Why the file did not come.
pub(crate) fn reason_of<'r>(report: &'r knowledge::DownloadReport, path: &str) -> &'r str {
    let found = report.failures.iter().find(|failure| failure.path.ends_with(path));
    &found.unwrap_or_else(|| panic!("{path}: {report:?}")).reason
}

pub(crate) fn bytes_of(report: &knowledge::DownloadReport, path: &str) -> Option<u64> {
    let found = report.files.iter().find(|file| file.path.ends_with(path));
    found.unwrap_or_else(|| panic!("{path}: {report:?}")).bytes
}

mod osv {
    use super::*;

    const BUCKET: &str = "osv-vulnerabilities.storage.googleapis.com/PyPI";

    fn record(id: &str, fixed: &str) -> String {
        format!(
            r#"{{"id":"{id}","modified":"2026-11-01T00:00:00Z","published":"2026-01-01T00:00:00Z","affected":[{{"package":{{"ecosystem":"PyPI","name":"p"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]}}"#
        )
    }

    fn list(server: &Server, lines: &str, etag: &str) {
        server.page(&format!("{BUCKET}/modified_id.csv"), Answer::new(lines).etag(etag));
    }

    fn start() -> (Server, TestClock, Feeds) {
        let (server, clock, feeds) = (Server::start(), TestClock::at(NOW), Feeds::new());
        let (one, two) = (record("PYSEC-2026-1", "1.0"), record("PYSEC-2026-2", "2.0"));
        let zip = zip_of(&[("PYSEC-2026-1.json", one.as_bytes()), ("PYSEC-2026-2.json", two.as_bytes())]);
        let archive = Answer::new(zip).etag("z").header("Last-Modified", "Sun, 22 Nov 2026 06:00:00 GMT");
        server.page(&format!("{BUCKET}/all.zip"), archive);
        list(&server, LIST, "l1");
        server.download(&["osv"], &feeds.path(), &clock);
        assert!(server.paths().contains(&format!("{BUCKET}/all.zip")));
        // The first look at the list: nothing in it is newer than the archive, less an hour, but the date to come.
        server.page(&format!("{BUCKET}/PYSEC-2025-9.json"), Answer::new(record("PYSEC-2025-9", "9.0")));
        server.download(&["osv"], &feeds.path(), &clock);
        assert_eq!(
            asked(&server),
            [format!("{BUCKET}/modified_id.csv"), format!("{BUCKET}/PYSEC-2025-9.json")]
        );
        (server, clock, feeds)
    }

    const LIST: &str = "2027-07-09T15:54:00Z,PYSEC-2025-9\n2026-11-20T00:00:00Z,PYSEC-2026-2\n\
                        2026-11-19T00:00:00Z,PYSEC-2026-1\n";

    /// What was asked of this ecosystem.
    fn asked(server: &Server) -> Vec<String> {
        server.paths().into_iter().filter(|path| path.starts_with(BUCKET)).collect()
    }

    #[test]
    fn a_changed_record_is_one_small_request_and_an_unchanged_list_none_with_a_body() {
        let (server, clock, feeds) = start();
        server.download(&["osv"], &feeds.path(), &clock);
        let quiet: Vec<_> =
            server.asked().into_iter().filter(|asked| asked.path.starts_with(BUCKET)).collect();
        assert_eq!(quiet.len(), 1, "{quiet:?}");
        assert_eq!(
            (quiet[0].path.as_str(), quiet[0].body),
            (format!("{BUCKET}/modified_id.csv").as_str(), 0)
        );

        list(&server, &format!("2026-11-22T11:00:00Z,PYSEC-2026-2\n{LIST}"), "l2");
        let changed = record("PYSEC-2026-2", "2.5");
        server.page(&format!("{BUCKET}/PYSEC-2026-2.json"), Answer::new(changed.clone()));
        let report = server.download(&["osv"], &feeds.path(), &clock);
        assert_eq!(
            asked(&server),
            [format!("{BUCKET}/modified_id.csv"), format!("{BUCKET}/PYSEC-2026-2.json")]
        );
        assert_eq!(bytes_of(&report, "osv/PyPI/all.zip"), Some(changed.len() as u64));
        let zip = feeds.path().join("osv/PyPI/all.zip");
        let members: Vec<String> = members_of_zip(&zip).into_iter().map(|(name, _)| name).collect();
        assert_eq!(members, ["PYSEC-2025-9.json", "PYSEC-2026-1.json", "PYSEC-2026-2.json"]);
        let (bundle, compiled) = feeds.compile();
        assert_eq!(ranges(&only(&bundle, "pypi", "p", "PYSEC-2026-2")), "[..2.5)");
        assert_eq!(compiled.sources.len(), 1);
    }

    #[test]
    fn a_record_that_is_gone_leaves_the_archive() {
        let (server, clock, feeds) = start();
        list(&server, &format!("2026-11-22T11:00:00Z,PYSEC-2026-1\n{LIST}"), "l2");
        server.download(&["osv"], &feeds.path(), &clock);
        let (bundle, _) = feeds.compile();
        let ids: Vec<String> =
            affected(&bundle, "pypi", "p").iter().map(|a| a.vulnerability.id.clone()).collect();
        assert_eq!(ids.len(), 2, "{ids:?}");
        assert!(!ids.contains(&"PYSEC-2026-1".to_owned()), "{ids:?}");
    }

    #[test]
    fn a_record_that_does_not_come_is_asked_for_again_and_the_others_are_taken() {
        let (server, clock, feeds) = start();
        let lines = format!("2026-11-22T11:00:00Z,PYSEC-2026-1\n2026-11-22T10:00:00Z,PYSEC-2026-2\n{LIST}");
        list(&server, &lines, "l2");
        server.page(&format!("{BUCKET}/PYSEC-2026-1.json"), Answer::status(500));
        server.page(&format!("{BUCKET}/PYSEC-2026-2.json"), Answer::new(record("PYSEC-2026-2", "2.5")));
        let report = server.download(&["osv"], &feeds.path(), &clock);
        let reason = reason_of(&report, "osv/PyPI/all.zip");
        assert!(
            reason.starts_with("1 of 2 changed documents did not come: the server answered 500"),
            "{reason}"
        );
        let zip = feeds.path().join("osv/PyPI/all.zip");
        assert!(members_of_zip(&zip).contains(&("PYSEC-2026-2.json".into(), record("PYSEC-2026-2", "2.5"))));
        server.page(&format!("{BUCKET}/PYSEC-2026-1.json"), Answer::new(record("PYSEC-2026-1", "1.5")));
        server.asked();
        server.download(&["osv"], &feeds.path(), &clock);
        assert_eq!(
            asked(&server),
            [format!("{BUCKET}/modified_id.csv"), format!("{BUCKET}/PYSEC-2026-1.json")]
        );
        assert!(members_of_zip(&zip).contains(&("PYSEC-2026-1.json".into(), record("PYSEC-2026-1", "1.5"))));
    }

    #[test]
    fn too_many_changes_or_a_week_fetch_the_archive_anew() {
        let (server, clock, feeds) = start();
        let many: String =
            (0..1001).map(|n| format!("2026-11-22T11:00:00Z,PYSEC-2026-{}\n", n + 10)).collect();
        list(&server, &format!("{many}{LIST}"), "l2");
        let report = server.download(&["osv"], &feeds.path(), &clock);
        assert_eq!(asked(&server), [format!("{BUCKET}/modified_id.csv"), format!("{BUCKET}/all.zip")]);
        assert_eq!(bytes_of(&report, "osv/PyPI/all.zip"), None, "it is still the same archive");
        clock.set("2026-11-30T00:00:00Z");
        server.download(&["osv"], &feeds.path(), &clock);
        assert_eq!(asked(&server), [format!("{BUCKET}/all.zip")]);
    }

    #[test]
    fn a_process_killed_between_archive_and_note_does_the_same_again() {
        let (server, clock, feeds) = start();
        let zip = feeds.path().join("osv/PyPI/all.zip");
        let note = feeds.path().join("osv/PyPI/all.zip.source.json");
        let before = fs::read(&note).unwrap();
        list(&server, &format!("2026-11-22T11:00:00Z,PYSEC-2026-2\n{LIST}"), "l2");
        server.page(&format!("{BUCKET}/PYSEC-2026-2.json"), Answer::new(record("PYSEC-2026-2", "2.5")));
        server.download(&["osv"], &feeds.path(), &clock);
        let (archive, after) = (members_of_zip(&zip), fs::read(&note).unwrap());
        fs::write(&note, before).unwrap();
        server.download(&["osv"], &feeds.path(), &clock);
        assert_eq!((members_of_zip(&zip), fs::read(&note).unwrap()), (archive, after));
    }
}

mod csaf {
    use super::*;

    const VEX: &str = "security.access.redhat.com/data/csaf/v2/vex";
    const FILE: &str = "redhat-csaf/vex/csaf_vex_latest.tar.zst";

    fn start() -> (Server, TestClock, tempfile::TempDir) {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        let archive = tar_of(&[("2024/cve-2024-1.json", "{\"a\":1}"), ("2024/cve-2024-2.json", "{\"a\":2}")]);
        let archive = zstd::encode_all(archive.as_slice(), 1).unwrap();
        server.page(&format!("{VEX}/archive_latest.txt"), Answer::new("csaf_vex_2026-11-20.tar.zst\n"));
        let sum = format!("{}  csaf_vex_2026-11-20.tar.zst\n", sha256(&archive));
        server.page(&format!("{VEX}/csaf_vex_2026-11-20.tar.zst.sha256"), Answer::new(sum));
        server.page(&format!("{VEX}/csaf_vex_2026-11-20.tar.zst"), Answer::new(archive));
        changes(&server, &[("2024/cve-2024-2.json", "2026-11-18T00:00:00+00:00")], "c1");
        server.page(
            "security.access.redhat.com/data/metrics/repository-to-cpe.json",
            Answer::new("{}").etag("r"),
        );
        (server, clock, folder)
    }

    fn lines(list: &[(&str, &str)]) -> String {
        list.iter().map(|(path, time)| format!("\"{path}\",\"{time}\"\n")).collect()
    }

    fn changes(server: &Server, list: &[(&str, &str)], etag: &str) {
        server.page(&format!("{VEX}/changes.csv"), Answer::new(lines(list)).etag(etag));
    }

    fn asked(server: &Server) -> Vec<String> {
        let paths = server.paths().into_iter();
        paths.filter_map(|path| path.strip_prefix(&format!("{VEX}/")).map(str::to_owned)).collect()
    }

    #[test]
    fn an_archive_then_changes_and_deletions() {
        let (server, clock, folder) = start();
        server.download(&["redhat"], folder.path(), &clock);
        let file = folder.path().join(FILE);
        assert_eq!(members_of_tar(&file).len(), 2);
        asked(&server);
        server.download(&["redhat"], folder.path(), &clock);
        assert_eq!(asked(&server), ["changes.csv"], "nothing has changed");

        let document = "{\"a\":3}";
        server.page(&format!("{VEX}/2024/cve-2024-1.json"), Answer::new(document));
        server.page(&format!("{VEX}/2024/cve-2024-1.json.sha256"), Answer::new(sha256(document.as_bytes())));
        server.page(&format!("{VEX}/2026/cve-2026-9.json"), Answer::new("{\"a\":9}"));
        let sum = sha256(b"{\"a\":9}");
        server.page(&format!("{VEX}/2026/cve-2026-9.json.sha256"), Answer::new(sum));
        let gone = lines(&[("2024/cve-2024-2.json", "2026-11-22T09:00:00+00:00")]);
        server.page(&format!("{VEX}/deletions.csv"), Answer::new(gone));
        changes(
            &server,
            &[
                ("2026/cve-2026-9.json", "2026-11-22T10:00:00+00:00"),
                ("2024/cve-2024-1.json", "2026-11-22T09:30:00+00:00"),
            ],
            "c2",
        );
        server.download(&["redhat"], folder.path(), &clock);
        let expected = [("2024/cve-2024-1.json", "{\"a\":3}"), ("2026/cve-2026-9.json", "{\"a\":9}")];
        let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(members_of_tar(&file), expected);
        asked(&server);
        server.download(&["redhat"], folder.path(), &clock);
        assert_eq!(asked(&server), ["changes.csv"]);
    }

    #[test]
    fn a_document_with_a_wrong_checksum_is_not_taken_and_asked_for_again() {
        let (server, clock, folder) = start();
        server.download(&["redhat"], folder.path(), &clock);
        changes(&server, &[("2024/cve-2024-1.json", "2026-11-22T09:30:00+00:00")], "c2");
        server.page(&format!("{VEX}/2024/cve-2024-1.json"), Answer::new("{\"a\":\"forged\"}"));
        server.page(&format!("{VEX}/2024/cve-2024-1.json.sha256"), Answer::new("0".repeat(64)));
        let report = server.download(&["redhat"], folder.path(), &clock);
        assert!(reason_of(&report, FILE).contains("not the published 0000"), "{report:?}");
        let file = folder.path().join(FILE);
        assert_eq!(members_of_tar(&file)[0].1, "{\"a\":1}");
        server
            .page(&format!("{VEX}/2024/cve-2024-1.json.sha256"), Answer::new(sha256(b"{\"a\":\"forged\"}")));
        server.download(&["redhat"], folder.path(), &clock);
        assert_eq!(members_of_tar(&file)[0].1, "{\"a\":\"forged\"}");
    }

    #[test]
    fn an_archive_with_a_wrong_checksum_is_refused() {
        let (server, clock, folder) = start();
        server.page(&format!("{VEX}/csaf_vex_2026-11-20.tar.zst.sha256"), Answer::new("1".repeat(64)));
        let report = server.download(&["redhat"], folder.path(), &clock);
        assert!(reason_of(&report, FILE).contains("not the published 1111"), "{report:?}");
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn an_archive_in_another_form_is_packed_anew() {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        packer.write_all(&tar_of(&[("csaf/suse-su-2024_1-1.json", "{\"a\":1}")])).unwrap();
        let suse = "ftp.suse.com/pub/projects/security";
        server.page(&format!("{suse}/csaf.tar.bz2"), Answer::new(packer.finish().unwrap()));
        let list = lines(&[("suse-su-2026_2-1.json", "2026-11-22T09:30:00+00:00")]);
        server.page(&format!("{suse}/csaf/changes.csv"), Answer::new(list));
        server.page(&format!("{suse}/csaf/suse-su-2026_2-1.json"), Answer::new("{\"a\":2}"));
        server.download(&["suse"], folder.path(), &clock);
        let names: Vec<String> = members_of_tar(&folder.path().join("suse-csaf/csaf.tar.zst"))
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["csaf/suse-su-2024_1-1.json", "csaf/suse-su-2026_2-1.json"]);
    }
}

mod notices {
    use super::*;

    const ROOT: &str = "dl.rockylinux.org/pub/rocky/9/AppStream/x86_64/os";

    fn repository(server: &Server, notices: &[u8], sum: &str) {
        let repomd = format!(
            "<?xml version=\"1.0\"?><repomd><data type=\"updateinfo\"><checksum type=\"sha256\">{sum}</checksum>\
             <location href=\"repodata/1-updateinfo.xml.gz\"/></data></repomd>"
        );
        server.page(&format!("{ROOT}/repodata/repomd.xml"), Answer::new(repomd));
        server.page(&format!("{ROOT}/repodata/1-updateinfo.xml.gz"), Answer::new(notices));
    }

    fn asked(server: &Server) -> usize {
        server.paths().iter().filter(|path| path.starts_with(ROOT)).count()
    }

    #[test]
    fn the_checksum_in_repomd_tells_whether_notices_have_changed_and_is_compared() {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        let file = folder.path().join("updateinfo/rocky/9/AppStream/repodata/updateinfo.xml.gz");
        let first = gzip(b"<updates></updates>");
        repository(&server, &first, &sha256(&first));
        server.download(&["rocky"], folder.path(), &clock);
        assert_eq!((fs::read(&file).unwrap() == first, asked(&server)), (true, 2));
        server.download(&["rocky"], folder.path(), &clock);
        assert_eq!(asked(&server), 1, "repomd.xml alone");
        let forged = gzip(b"<updates><x/></updates>");
        repository(&server, &forged, &"2".repeat(64));
        let report = server.download(&["rocky"], folder.path(), &clock);
        assert!(
            reason_of(&report, "AppStream/repodata/updateinfo.xml.gz").contains("not the published 2222")
        );
        assert!(fs::read(&file).unwrap() == first);
    }

    #[test]
    fn amazon_s_repositories_are_found_by_their_list_of_mirrors_and_fedora_s_by_a_listing() {
        let (server, clock, folder) = (Server::start(), TestClock::at(NOW), tempfile::tempdir().unwrap());
        let notices = gzip(b"<updates></updates>");
        let sum = sha256(&notices);
        let repomd = format!(
            "<repomd><data type=\"updateinfo\"><checksum type=\"sha256\">{sum}</checksum><location \
             href=\"repodata/u.xml.gz\"/></data><data type=\"modules\"><checksum type=\"sha256\">{sum}</checksum>\
             <location href=\"repodata/m.yaml.gz\"/></data></repomd>"
        );
        for root in [
            "cdn.amazonlinux.com/guids/77/x86_64",
            "dl.fedoraproject.org/pub/fedora/linux/updates/43/Everything/x86_64",
        ] {
            server.page(&format!("{root}/repodata/repomd.xml"), Answer::new(repomd.clone()));
            server.page(&format!("{root}/repodata/u.xml.gz"), Answer::new(notices.clone()));
            server.page(&format!("{root}/repodata/m.yaml.gz"), Answer::new(notices.clone()));
        }
        server.page(
            "cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
            Answer::new("https://cdn.amazonlinux.com/guids/77/x86_64/\n"),
        );
        let listing = "<html><a href=\"../\">up</a><a href=\"43/\">43/</a><a href=\"testing/\">testing/</a>";
        server.page("dl.fedoraproject.org/pub/fedora/linux/updates/", Answer::new(listing));
        let report = server.download(&["amazon", "fedora"], folder.path(), &clock);
        let files: Vec<String> = report.files.iter().map(|file| file.path.display().to_string()).collect();
        assert_eq!(
            files,
            [
                "updateinfo/amzn/2023/core/repodata/modules.yaml.gz",
                "updateinfo/amzn/2023/core/repodata/updateinfo.xml.gz",
                "updateinfo/fedora/43/repodata/modules.yaml.gz",
                "updateinfo/fedora/43/repodata/updateinfo.xml.gz",
            ]
        );
    }
}
