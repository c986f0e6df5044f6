//! Directories with the marks of overlay file systems, made by hand: those that real engines make are in the
//! tests of the program.

use std::io::Read;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, Dev, FileType, Mode, XattrFlags, makedev, mknodat, setxattr};

use super::*;
use crate::entry::{Entry, EntryKind};

/// Kind, path, and link or content.
type Shown = (EntryKind, String, String);

#[derive(Default)]
struct Seen(Vec<Shown>);

impl LayerVisitor for Seen {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut bytes = entry.link.unwrap_or_default().to_vec();
        content.read_to_end(&mut bytes).unwrap();
        self.0.push((entry.kind, text(entry.path), text(&bytes)));
    }
}

fn read(root: &Path, form: Form) -> (Vec<Shown>, Vec<String>) {
    let mut seen = Seen::default();
    let directory = LayerDirectory { path: root.to_owned(), form, size: None };
    let outcome = directory.read(1, &Limits::default(), &mut seen);
    assert!(outcome.error.is_none() && !outcome.summary.verified);
    let notes = outcome.summary.notes.into_iter();
    (seen.0, notes.map(|note| format!("{}: {}", note.path, note.reason)).collect())
}

fn shown(kind: EntryKind, path: &str, rest: &str) -> Shown {
    (kind, path.to_owned(), rest.to_owned())
}

fn mark(path: &Path, name: &str, value: &str) -> bool {
    setxattr(path, name, value.as_bytes(), XattrFlags::empty()).is_ok()
}

fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir_all(at("a/b")).unwrap();
    std::fs::write(at("a/b/file"), "content").unwrap();
    std::fs::hard_link(at("a/b/file"), at("second")).unwrap();
    symlink("a/b", at("link")).unwrap();
    folder
}

#[test]
fn the_second_name_of_a_file_is_a_hard_link_to_the_first_and_its_bytes_count_once() {
    let folder = tree();
    let (entries, notes) = read(folder.path(), Form::Overlay(Names::User));
    let expected = [
        shown(EntryKind::Directory, "a", ""),
        shown(EntryKind::Directory, "a/b", ""),
        shown(EntryKind::File, "a/b/file", "content"),
        shown(EntryKind::Symlink, "link", "a/b"),
        shown(EntryKind::HardLink, "second", "a/b/file"),
    ];
    assert_eq!(entries, expected);
    assert_eq!(notes, Vec::<String>::new());
    let (whole, _) = read(folder.path(), Form::Whole);
    assert_eq!(whole[0], shown(EntryKind::Opaque, "", ""), "a whole tree hides all that is below it");
    assert_eq!(whole[1..], expected);
    let directory = LayerDirectory { path: folder.path().to_owned(), form: Form::Whole, size: Some(3_000) };
    let counted = directory.read(0, &Limits::default(), &mut Seen::default()).summary;
    assert_eq!(counted.uncompressed_bytes, 3_000, "the store's word");
    let directory = LayerDirectory { size: None, ..directory };
    let counted = directory.read(0, &Limits::default(), &mut Seen::default()).summary;
    assert_eq!(counted.uncompressed_bytes, 7);
}

#[test]
fn opaque_directories_renamed_ones_and_whiteouts_by_attribute_are_read() {
    let folder = tree();
    let at = |path: &str| folder.path().join(path);
    if !mark(&at("a"), "user.overlay.opaque", "y") {
        return; // a file system without user attributes, such as older tmpfs
    }
    std::fs::create_dir(at("x")).unwrap();
    std::fs::write(at("x/gone"), "").unwrap();
    std::fs::write(at("x/empty"), "").unwrap();
    std::fs::write(at("gone"), "").unwrap();
    assert!(mark(&at("x"), "user.overlay.opaque", "x") && mark(&at("x/gone"), "user.overlay.whiteout", ""));
    assert!(mark(&at("gone"), "user.overlay.whiteout", ""));
    assert!(mark(&at("a/b"), "user.overlay.redirect", "/former"));
    let (entries, notes) = read(folder.path(), Form::Overlay(Names::User));
    for expected in [
        shown(EntryKind::Opaque, "a", ""),
        shown(EntryKind::Whiteout, "x/gone", ""),
        shown(EntryKind::File, "x/empty", ""),
        shown(EntryKind::File, "gone", ""),
    ] {
        assert!(entries.contains(&expected), "{expected:?} in {entries:?}");
    }
    assert_eq!(notes, ["a/b: was renamed from `/former`; what lower layers hold there is not seen"]);
    let (plain, _) = read(folder.path(), Form::Whole);
    assert!(!plain[1..].iter().any(|(kind, ..)| matches!(kind, EntryKind::Opaque | EntryKind::Whiteout)));
}

#[test]
fn a_file_of_which_only_the_metadata_was_copied_is_that_of_the_lower_layer() {
    let folder = tree();
    let at = |path: &str| folder.path().join(path);
    for (name, former) in
        [("a/mode", None), ("a/near", Some("old")), ("a/far", Some("/former/name")), ("a/out", Some("/../x"))]
    {
        let file = std::fs::File::create(at(name)).unwrap();
        file.set_len(4_000).unwrap();
        if !mark(&at(name), "user.overlay.metacopy", "") {
            return;
        }
        assert!(former.is_none_or(|former| mark(&at(name), "user.overlay.redirect", former)));
    }
    std::fs::File::create(at("a/sparse")).unwrap().set_len(2).unwrap();
    let (entries, notes) = read(folder.path(), Form::Overlay(Names::User));
    let of_a: Vec<&Shown> = entries
        .iter()
        .filter(|(_, path, _)| path.starts_with("a/") && path != "a/b" && path != "a/b/file")
        .collect();
    assert_eq!(
        of_a,
        [
            &shown(EntryKind::HardLink, "a/far", "former/name"),
            &shown(EntryKind::HardLink, "a/near", "a/old"),
            &shown(EntryKind::File, "a/sparse", "\0\0"),
        ]
    );
    assert_eq!(notes, ["a/out: was renamed from a path outside of the image"]);
}

#[test]
fn names_of_whiteouts_count_only_where_the_runtime_obeys_them() {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in
        [(".wh.gone", ""), ("a/.wh..wh..opq", ""), ("a/.wh.", ""), ("a/new", "1"), (".wh..wh.plnk", "")]
    {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let (entries, notes) = read(folder.path(), Form::Overlay(Names::Fuse));
    assert_eq!(
        entries,
        [
            shown(EntryKind::Whiteout, "gone", ""),
            shown(EntryKind::Directory, "a", ""),
            shown(EntryKind::Opaque, "a", ""),
            shown(EntryKind::File, "a/new", "1"),
        ]
    );
    assert_eq!(notes, ["a/.wh.: a whiteout that names nothing"]);
    for form in [Form::Overlay(Names::User), Form::Whole] {
        let (entries, _) = read(folder.path(), form);
        let files = entries.iter().filter(|(kind, ..)| *kind == EntryKind::File).count();
        assert_eq!(files, 5, "a container may call its files so, and hides nothing by it");
    }
}

#[test]
fn a_device_without_number_is_a_whiteout_in_an_overlay_only() {
    let folder = tempfile::tempdir().unwrap();
    let device = |name: &str, number: Dev| {
        mknodat(CWD, folder.path().join(name), FileType::CharacterDevice, Mode::empty(), number)
    };
    if device("gone", makedev(0, 0)).is_err() || device("null", makedev(1, 3)).is_err() {
        return; // only root may make devices
    }
    let kinds = |form| read(folder.path(), form).0.into_iter().map(|(kind, ..)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(Form::Overlay(Names::Trusted)), [EntryKind::Whiteout, EntryKind::Other]);
    assert_eq!(kinds(Form::Whole), [EntryKind::Opaque, EntryKind::Other, EntryKind::Other]);
}
