//! `plimsoll feeds build|verify|import|export|diff|keygen`: bundles between machines.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{failure_of, plimsoll, run, stdout_of};

/// A room with two folders of feeds, `old` and `new`, in which every path is told as text.
struct Room(tempfile::TempDir);

impl Room {
    fn new() -> Self {
        let room = Self(tempfile::tempdir().unwrap());
        room.feeds("old", "3.0.11-1", "");
        room.feeds(
            "new",
            "3.0.12-1",
            r#", "bash": {"CVE-2021-0002": {"releases": {"bookworm": {"status": "open"}}}}"#,
        );
        room
    }

    fn feeds(&self, name: &str, fixed: &str, more: &str) {
        let tracker = format!(
            r#"{{"openssl": {{"CVE-2020-1001": {{"description": "A flaw.", "releases": {{"bookworm":
            {{"status": "resolved", "fixed_version": "{fixed}"}}}}}}}}{more}}}"#
        );
        fs::create_dir_all(self.path(name).join("debian")).unwrap();
        fs::write(self.path(name).join("debian/json"), tracker).unwrap();
        fs::create_dir_all(self.path(name).join("retirejs")).unwrap();
        fs::write(self.path(name).join("retirejs/npmrepository.json"), "{}").unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    /// Runs `plimsoll feeds` where words that begin with `@` are names in the room.
    fn words(&self, line: &str) -> Vec<String> {
        let word =
            |word: &str| word.strip_prefix('@').map_or_else(|| word.to_owned(), |name| self.text(name));
        std::iter::once("feeds".to_owned()).chain(line.split_whitespace().map(word)).collect()
    }

    fn ok(&self, line: &str) -> String {
        let words = self.words(line);
        stdout_of(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn fails(&self, line: &str) -> String {
        let words = self.words(line);
        failure_of(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

fn last_word<'a>(text: &'a str, beginning: &str) -> &'a str {
    let line = text.lines().find(|line| line.starts_with(beginning)).unwrap_or_else(|| panic!("{text}"));
    line.split_whitespace().last().unwrap()
}

#[test]
fn a_folder_is_built_into_equal_files_and_says_what_was_read() {
    let room = Room::new();
    let (first, second) = (room.ok("build @old -o @a.bundle"), room.ok("build @old -o @b.bundle"));
    assert_eq!(fs::read(room.path("a.bundle")).unwrap(), fs::read(room.path("b.bundle")).unwrap());
    assert_eq!(last_word(&first, "id"), last_word(&second, "id"));
    for part in [
        "loaded   debian              1 records  debian/json",
        "read     1 files, 1 records, 0 quarantined, 1 files skipped",
        "bundle   1 vulnerabilities, 1 packages, 1 statements, 0 product cycles",
        &format!("({} bytes) in ", fs::metadata(room.path("a.bundle")).unwrap().len()),
    ] {
        assert!(first.contains(part), "{part} in {first}");
    }
    let verified = room.ok("verify @a.bundle");
    assert_eq!(last_word(&verified, "checksum"), last_word(&first, "id"));
    assert!(verified.contains("contents  ok, 1 packages, 1 statements, 1 vulnerabilities"), "{verified}");
    assert!(verified.contains("signature none"), "{verified}");
}

#[test]
fn a_build_that_fails_leaves_the_file_before_as_it_was() {
    let room = Room::new();
    room.ok("build @new -o @a.bundle");
    let before = fs::read(room.path("a.bundle")).unwrap();
    fs::create_dir(room.path("empty")).unwrap();
    assert!(room.fails("build @empty -o @a.bundle").contains("empty"));
    assert!(room.fails("build @missing -o @a.bundle").contains("missing is not a folder"));
    let shrunk = room.fails("build @old --previous @a.bundle -o @a.bundle");
    assert!(shrunk.contains("--allow-shrink debian"), "{shrunk}");
    assert_eq!(fs::read(room.path("a.bundle")).unwrap(), before);
    room.ok("build @old --previous @a.bundle --allow-shrink debian -o @a.bundle");
    assert_ne!(fs::read(room.path("a.bundle")).unwrap(), before);
}

#[test]
fn bundles_travel_whole_packed_and_as_deltas() {
    let room = Room::new();
    room.ok("build @old -o @old.bundle");
    room.ok("build @new -o @new.bundle");
    let old = last_word(&room.ok("verify @old.bundle"), "checksum").to_owned();
    let new = last_word(&room.ok("verify @new.bundle"), "checksum").to_owned();
    room.ok("import @old.bundle --data @source");
    let imported = room.ok("import @new.bundle --data @source");
    assert_eq!((last_word(&imported, "replaced"), last_word(&imported, "id")), (old.as_str(), new.as_str()));
    room.ok("export --data @source -o @whole.bundle");
    room.ok("export --data @source -o @packed.bundle.zst --compress");
    room.ok("export --data @source -o @by-file.delta --since @old.bundle");
    // by the beginning of an id: the bundle before is still there
    room.ok(&format!("export --data @source -o @by-id.delta --since {}", &old["sha256:".len()..][..12]));
    assert_eq!(fs::read(room.path("by-id.delta")).unwrap(), fs::read(room.path("by-file.delta")).unwrap());
    assert_eq!(last_word(&room.ok("verify @by-id.delta"), "from"), old);
    assert_eq!(last_word(&room.ok("verify @packed.bundle.zst"), "checksum"), new);
    for file in ["whole.bundle", "packed.bundle.zst", "by-file.delta"] {
        room.ok(&format!("import @old.bundle --data @to-{file}"));
        let imported = room.ok(&format!("import @{file} --data @to-{file}"));
        assert_eq!(last_word(&imported, "id"), new, "{file}");
        let current = room.path(&format!("to-{file}")).join("knowledge/current.bundle");
        assert_eq!(fs::read(current).unwrap(), fs::read(room.path("new.bundle")).unwrap());
        assert!(room.ok(&format!("status --data @to-{file}")).contains(&new));
    }
    let refused = room.fails("import @by-file.delta --data @source");
    for part in ["by-file.delta", &old, &new, "the data in force is unchanged"] {
        assert!(refused.contains(part), "{refused}");
    }
    let refused = room.fails("export --data @source --since 0123456789ab -o @x.delta");
    assert!(refused.contains("0123456789ab is neither a file nor the id"), "{refused}");
    assert!(room.fails("export --data @nothing").contains("no vulnerability data in"));
    assert_eq!(run(&["feeds", "export", "--compress", "--since", "x"]).status.code(), Some(2));
}

#[test]
fn a_trusted_key_lets_in_what_it_signed_in_every_form() {
    let room = Room::new();
    let made = room.ok("keygen -W -p @our.pub -s @our.key");
    let key = last_word(&made, "key").to_owned();
    room.ok("keygen -W -p @other.pub -s @other.key");
    assert!(room.fails("keygen -W -p @our.pub -s @our.key").contains("--force"));
    room.ok("build @old -o @old.bundle --sign @our.key");
    let built = room.ok("build @new -o @new.bundle --sign @our.key");
    assert!(built.contains(&format!("by key {key}")), "{built}");
    let verified = room.ok("verify @new.bundle --key @our.pub");
    let comment = format!("signature ok, by key {key}: plimsoll bundle {} date ", last_word(&built, "id"));
    assert!(verified.contains(&comment), "{verified}");
    assert!(room.fails("verify @new.bundle --key @other.pub").contains(&format!("signed by key {key}")));

    fs::create_dir_all(room.path("data/knowledge")).unwrap();
    fs::copy(room.path("our.pub"), room.path("data/knowledge/trusted.pub")).unwrap();
    fs::copy(room.path("old.bundle"), room.path("unsigned.bundle")).unwrap();
    assert!(room.fails("import @unsigned.bundle --data @data").contains("it is not signed"));
    assert!(!room.path("data/knowledge/current.bundle").exists());
    room.ok("import @old.bundle --data @data");
    assert!(room.ok("status --data @data").contains(&format!("signature: by key {key}")));

    room.ok("import @new.bundle --data @source");
    for (file, flags) in
        [("x.bundle", ""), ("x.bundle.zst", "--compress"), ("x.delta", "--since @old.bundle")]
    {
        room.ok(&format!("export --data @source -o @{file} {flags}"));
        room.ok("import @old.bundle --data @data");
        let imported = room.ok(&format!("import @{file} --data @data"));
        assert!(imported.contains(&format!("signed   by key {key}")), "{file}: {imported}");
        // another key asks for its own signature
        let refused = room.fails(&format!("import @{file} --data @data --key @other.pub"));
        assert!(refused.contains(file) || refused.contains("bundle at hand"), "{refused}");
        let flags = format!("{flags} --sign @other.key");
        room.ok(&format!("export --data @source -o @{file} {flags}"));
        assert!(room.fails(&format!("import @{file} --data @data")).contains("signed by key"));
        fs::remove_file(room.path(&format!("{file}.minisig"))).unwrap();
    }
    assert!(room.fails("import @new --data @data --key @our.pub").contains("is a folder of feeds"));
}

#[test]
fn a_password_comes_from_a_file_or_the_environment() {
    let room = Room::new();
    fs::write(room.path("password"), "open sesame\nanother line\n").unwrap();
    assert!(room.fails("keygen -p @a.pub -s @a.key").contains("--password-file"));
    room.ok("keygen -p @a.pub -s @a.key --password-file @password");
    assert!(!fs::read_to_string(room.path("a.key")).unwrap().contains("RWQAAEIy"), "it is encrypted");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(room.path("a.key")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let sign = |password: &str| {
        let words = room.words("build @old -o @a.bundle --sign @a.key");
        let output = plimsoll().args(words).env("PLIMSOLL_KEY_PASSWORD", password).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = sign("open says me");
    assert_eq!(code, Some(1));
    assert!(said.contains("a.key") && said.contains("the password is wrong"), "{said}");
    assert!(sign("").1.contains("was not given"));
    assert!(!room.path("a.bundle").exists(), "a wrong password is told before the work");
    assert_eq!(sign("open sesame").0, Some(0));
    room.ok("verify @a.bundle --key @a.pub");
}

#[test]
fn the_difference_is_a_table_or_json() {
    let room = Room::new();
    room.ok("build @old -o @old.bundle");
    room.ok("build @new -o @new.bundle");
    let table = room.ok("diff @old.bundle @new.bundle");
    let head =
        "1 vulnerabilities came, 0 went, 1 changed, 0 have another prediction only; 2 packages are touched";
    assert!(table.contains(head) && table.contains("CVE-2021-0002"), "{table}");
    let json: Value = serde_json::from_str(&room.ok("diff @old.bundle @new.bundle --format json")).unwrap();
    assert_eq!(
        (&json["came"][0]["id"], &json["changed"][0]["id"]),
        (&"CVE-2021-0002".into(), &"CVE-2020-1001".into())
    );
    assert_eq!(json["feeds"][0]["records"], serde_json::json!([1, 2]));
    assert_eq!(json["namespaces"][0]["namespace"], "debian:12");
    assert!(room.ok("diff @old.bundle @old.bundle").contains("They are the same."));
}

#[test]
fn damage_is_named_with_the_file_and_what_to_do() {
    let room = Room::new();
    room.ok("build @old -o @a.bundle");
    room.ok("import @a.bundle --data @data");
    let whole = fs::read(room.path("a.bundle")).unwrap();
    let damaged = |name: &str, bytes: &[u8], why: &str| {
        fs::write(room.path(name), bytes).unwrap();
        for line in [format!("verify @{name}"), format!("import @{name} --data @data")] {
            let said = room.fails(&line);
            assert!(said.contains(name) && said.contains(why), "{line}: {said}");
        }
    };
    damaged("cut.bundle", &whole[..whole.len() / 2], &format!("of {} bytes", whole.len()));
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    damaged("flipped.bundle", &flipped, "is not a usable bundle: its ");
    let mut newer = whole.clone();
    newer[8] = 77;
    damaged("newer.bundle", &newer, "is a bundle of format 77");
    damaged("text.bundle", b"hello world", "it begins with `hello wo`");
    fs::write(room.path("half.zst"), &zstd_of(&whole)[..100]).unwrap();
    assert!(room.fails("verify @half.zst").contains("it is cut short"));
    assert!(room.fails("verify @flipped.bundle").contains("fetch it again"));
    assert!(room.fails("verify @missing").contains("cannot open"));
    assert_eq!(fs::read(room.path("data/knowledge/current.bundle")).unwrap(), whole);
    assert_eq!(names_in(&room.path("data/knowledge")), ["current.bundle"]);
}

fn zstd_of(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
