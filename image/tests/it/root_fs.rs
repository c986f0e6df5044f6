//! Plain directories.

use std::io::Read;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use image::{Entry, EntryKind, LayerVisitor, OpenOptions, Source};
use testkit::{ImageBuilder, LayerBuilder};

use crate::collect::{Collect, Reading, notes};

fn open(path: &Path) -> image::OpenImage {
    image::open(&Source::RootFs(path.to_owned()), &OpenOptions::default()).unwrap()
}

#[test]
fn a_directory_gives_the_entries_of_the_layer_that_was_unpacked_into_it() {
    let folder = tempfile::tempdir().unwrap();
    ImageBuilder::new()
        .layer(
            LayerBuilder::new()
                .dir("etc")
                .file("etc/passwd", "root:x:0:0")
                .file("a-b", "1")
                .file("a/c", "2")
                .symlink("b", "../../outside")
                .file(b"\xff", "bytes"),
        )
        .write_root_fs(folder.path())
        .unwrap();
    let image = open(folder.path());
    assert!(image.is_root_fs());
    assert_eq!(image.layer_count(), 1);
    assert_eq!(image.layer(0).diff_id(), None);
    let mut collect = Collect::new(Reading::All);
    let summary = image.read_layer(0, &mut collect).unwrap();
    assert_eq!(summary.notes, []);
    assert_eq!(summary.uncompressed_bytes, 17);
    let shape: Vec<_> = collect
        .seen
        .iter()
        .map(|seen| (String::from_utf8_lossy(&seen.path).into_owned(), seen.kind))
        .collect();
    let entry = |path: &str, kind| (path.to_owned(), kind);
    assert_eq!(
        shape,
        [
            entry("a", EntryKind::Directory),
            entry("a/c", EntryKind::File),
            entry("a-b", EntryKind::File),
            entry("b", EntryKind::Symlink),
            entry("etc", EntryKind::Directory),
            entry("etc/passwd", EntryKind::File),
            entry("\u{fffd}", EntryKind::File),
        ]
    );
    assert_eq!(collect.seen[3].link.as_deref(), Some(b"../../outside".as_slice()));
    assert_eq!(collect.seen[5].content, b"root:x:0:0");
}

#[test]
fn links_are_not_followed_even_where_they_lead_in_circles() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("a")).unwrap();
    symlink("..", folder.path().join("a/up")).unwrap();
    symlink("/", folder.path().join("a/root")).unwrap();
    let mut collect = Collect::new(Reading::All);
    open(folder.path()).read_layer(0, &mut collect).unwrap();
    assert_eq!(collect.paths(), ["a", "a/root", "a/up"]);
}

#[test]
fn the_identity_depends_on_machine_and_path_only() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("etc")).unwrap();
    let first = open(folder.path()).facts.id;
    std::fs::write(folder.path().join("etc/passwd"), "x").unwrap();
    assert_eq!(open(folder.path()).facts.id, first);
    assert_eq!(open(&folder.path().join("etc/..")).facts.id, first);
    std::fs::write(folder.path().join("etc/hostname"), "web1\n").unwrap();
    let named = open(folder.path()).facts.id;
    assert_ne!(named, first);
    std::fs::write(folder.path().join("etc/machine-id"), "0123456789abcdef\n").unwrap();
    let identified = open(folder.path()).facts.id;
    assert_ne!(identified, named);
    std::fs::write(folder.path().join("etc/hostname"), "web2\n").unwrap();
    assert_eq!(open(folder.path()).facts.id, identified);
}

#[test]
fn the_storage_of_a_container_engine_is_noted_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let storage = folder.path().join("var/lib/docker");
    std::fs::create_dir_all(&storage).unwrap();
    let mut collect = Collect::new(Reading::Nothing);
    assert_eq!(open(folder.path()).read_layer(0, &mut collect).unwrap().notes, []);
    std::fs::write(storage.join("file"), "x").unwrap();
    let mut collect = Collect::new(Reading::Nothing);
    let outcome = open(folder.path()).read_layer_partly(0, &mut collect);
    assert_eq!(collect.paths(), ["var", "var/lib", "var/lib/docker"]);
    assert!(notes(&outcome)[0].starts_with("var/lib/docker: a container engine's storage"));
}

/// Changes the tree while it is walked.
struct Meddler<'m> {
    root: &'m Path,
    read: Vec<usize>,
}

impl LayerVisitor for Meddler<'_> {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        let path = self.root.join(std::str::from_utf8(entry.path).unwrap());
        match entry.path {
            b"cut" => std::fs::write(&path, "ab").unwrap(),
            b"gone" => std::fs::remove_file(&path).unwrap(),
            b"grown" => std::fs::write(&path, "more than before").unwrap(),
            b"replaced" => {
                std::fs::remove_file(&path).unwrap();
                std::fs::create_dir(&path).unwrap();
            }
            _ => {}
        }
        self.read.push(content.read_to_end(&mut Vec::new()).unwrap_or(99));
    }
}

#[test]
fn a_tree_that_changes_during_the_walk_gives_notes_and_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["cut", "gone", "grown", "replaced", "steady"] {
        std::fs::write(folder.path().join(name), "12345").unwrap();
    }
    let mut meddler = Meddler { root: folder.path(), read: Vec::new() };
    let outcome = open(folder.path()).read_layer_partly(0, &mut meddler);
    assert!(outcome.error.is_none());
    assert_eq!(meddler.read, [2, 99, 5, 99, 5]);
    let noted: Vec<_> = outcome.summary.notes.iter().map(|note| note.path.as_str()).collect();
    assert_eq!(noted, ["cut", "gone", "replaced"]);
}

#[test]
fn folders_that_may_not_be_read_are_noted() {
    let folder = tempfile::tempdir().unwrap();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    // root may read everything, and then there is nothing to note
    let readable = std::fs::read_dir(&closed).is_ok();
    let mut collect = Collect::new(Reading::All);
    let outcome = open(folder.path()).read_layer_partly(0, &mut collect);
    assert_eq!(collect.paths(), ["closed"]);
    assert_eq!(notes(&outcome).len(), usize::from(!readable));
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
}
