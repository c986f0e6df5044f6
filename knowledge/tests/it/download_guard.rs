//! A feed that shrinks does not replace what is known; processes that were killed leave nothing wrong behind.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use knowledge::{Bundle, CompileOptions, CompileReport, KnowledgeError};

use crate::download_server::{Answer, Server, TestClock};

const DEBIAN: &str = "security-tracker.debian.org/tracker/data/json";
const NOW: &str = "2026-11-22T12:00:00Z";

/// A tracker of so many vulnerabilities.
fn tracker(count: usize) -> String {
    let mut text = String::from("{\"p\": {");
    for number in 0..count {
        let comma = if number > 0 { ", " } else { "" };
        write!(
            text,
            "{comma}\"CVE-2020-{:04}\": {{\"releases\": {{\"bookworm\": {{\"status\": \"open\"}}}}}}",
            number + 1
        )
        .unwrap();
    }
    text + "}}"
}

/// A data directory in small.
struct Place {
    folder: tempfile::TempDir,
    server: Server,
    clock: TestClock,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), server: Server::start(), clock: TestClock::at(NOW) }
    }

    fn feeds(&self) -> std::path::PathBuf {
        self.folder.path().join("feeds")
    }

    fn bundle(&self) -> std::path::PathBuf {
        self.folder.path().join("current.bundle")
    }

    /// As `plimsoll feeds update` does it: download, compile after the bundle in force, replace it, accept.
    fn update(&self, text: &str, allow_shrink: &[&str]) -> Result<CompileReport, KnowledgeError> {
        self.server.page(DEBIAN, Answer::new(text));
        let report = self.server.download(&["debian"], &self.feeds(), &self.clock);
        assert_eq!(report.failures, []);
        self.compile(allow_shrink)
    }

    fn compile(&self, allow_shrink: &[&str]) -> Result<CompileReport, KnowledgeError> {
        let allow_shrink: Vec<String> = allow_shrink.iter().map(|name| (*name).to_owned()).collect();
        let previous = Bundle::open(&self.bundle()).ok();
        let options = CompileOptions { previous: previous.as_ref(), allow_shrink: &allow_shrink };
        let next = self.folder.path().join("next.bundle");
        let report = knowledge::compile_with(&self.feeds(), &options, &next, &|_| {})?;
        fs::rename(&next, self.bundle()).unwrap();
        knowledge::accept_downloads(&self.feeds(), &report);
        Ok(report)
    }

    fn copy_is_kept(&self) -> bool {
        self.feeds().join("debian/json.last-good").exists()
    }
}

#[test]
fn the_last_good_copy_is_used_for_a_feed_that_shrank_until_the_feed_is_whole_again() {
    let place = Place::new();
    assert_eq!(place.update(&tracker(100), &[]).unwrap().sources[0].records, 100);
    assert_eq!(place.update(&tracker(91), &[]).unwrap().sources[0].records, 91, "a little less is fine");
    assert!(!place.copy_is_kept(), "what was accepted needs no older copy");

    let report = place.update(&tracker(40), &[]).unwrap();
    assert_eq!((report.sources[0].records, report.sources[0].older_copy), (91, true));
    assert_eq!(
        report.warnings,
        ["debian/json has only 40 records: its last good copy with 91 records is used"]
    );
    assert!(place.copy_is_kept());
    assert_eq!(place.update(&tracker(39), &[]).unwrap().sources[0].records, 91, "also the next time");

    let report = place.update(&tracker(95), &[]).unwrap();
    assert_eq!((report.sources[0].records, report.sources[0].older_copy), (95, false));
    assert!(report.warnings.is_empty() && !place.copy_is_kept());
}

#[test]
fn a_feed_may_shrink_if_somebody_says_so() {
    let place = Place::new();
    place.update(&tracker(100), &[]).unwrap();
    let report = place.update(&tracker(40), &["debian"]).unwrap();
    assert_eq!(report.sources[0].records, 40);
    assert!(!place.copy_is_kept());
    let report = place.update(&tracker(80), &[]).unwrap();
    assert_eq!(report.warnings, ["feed debian has grown from 40 to 80 records"]);
}

#[test]
fn a_feed_that_shrank_and_has_no_older_copy_is_refused_by_name() {
    let place = Place::new();
    place.update(&tracker(100), &[]).unwrap();
    let before = fs::read(place.bundle()).unwrap();
    let write = |text: &str| fs::write(place.feeds().join("debian/json"), text).unwrap();
    let cases = [
        (tracker(89), 89, ""),
        ("<html>".to_owned(), 0, " cannot be read: expected value at line 1 column 1"),
    ];
    for (text, now, why) in cases {
        write(&text);
        let error = place.compile(&[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "feed debian has lost more than a tenth of its records: {now} now, 100 before (debian/json{why}); the data \
                 in force is unchanged; if the loss is right, repeat with `--allow-shrink debian`"
            )
        );
        assert_eq!(fs::read(place.bundle()).unwrap(), before);
    }
    write(&tracker(89));
    assert!(place.compile(&["kev"]).is_err(), "another feed's excuse does not count");
    let unknown = place.compile(&["debain"]).unwrap_err().to_string();
    assert!(unknown.starts_with("there is no feed `debain`; there are: debian"), "{unknown}");
    assert_eq!(place.compile(&["debian"]).unwrap().sources[0].records, 89);
}

#[test]
fn a_file_that_cannot_be_read_gives_way_to_its_last_good_copy() {
    let place = Place::new();
    place.update(&tracker(10), &[]).unwrap();
    // Whole by its first and last letter, and no JSON.
    let report = place.update("{\"p\": ]}", &[]).unwrap();
    assert_eq!((report.sources[0].records, report.skipped_count), (10, 0));
    assert!(report.warnings[0].starts_with("debian/json cannot be read ("), "{:?}", report.warnings);
    place.server.asked();
    place.update(&tracker(10), &[]).unwrap();
    let asked = place.server.asked();
    assert!(
        !asked[0].head.contains("if-"),
        "a file that was not accepted is fetched whole: {}",
        asked[0].head
    );
}

#[test]
fn what_a_killed_process_left_is_neither_compiled_nor_in_the_way() {
    let place = Place::new();
    place.update(&tracker(10), &[]).unwrap();
    let expected = fs::read(place.bundle()).unwrap();
    let folder = place.feeds().join("debian");
    // Killed while a body came, while the older copy was made, and before the note was written.
    fs::write(folder.join("json.4711.part"), "{\"half").unwrap();
    fs::write(folder.join("json.last-good.4711.part"), "{").unwrap();
    fs::remove_file(folder.join("json.source.json")).unwrap();
    let report = place.compile(&[]).unwrap();
    assert_eq!((report.sources.len(), report.skipped_count), (1, 0));
    assert_eq!(fs::read(place.bundle()).unwrap(), expected);
    assert_eq!(place.update(&tracker(11), &[]).unwrap().sources[0].records, 11);
    // A note cut short counts as none.
    fs::write(folder.join("json.source.json"), "{\"url\": \"ht").unwrap();
    assert_eq!(place.update(&tracker(12), &[]).unwrap().sources[0].records, 12);
    let half = |path: &Path| path.extension().is_some_and(|extension| extension == "part");
    let left = fs::read_dir(&folder).unwrap().flatten().filter(|entry| half(&entry.path())).count();
    assert_eq!(left, 2, "what may be another process's work is left alone for an hour");
}
