//! Containers that mean harm, and layers that go while they are read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use ::image::OverlayNames;

use super::*;
use crate::drift::folder::Folder;

fn error(world: &World, limits: Limits) -> DriftError {
    read(&world.layer(), &world.image, &mut Memory::default(), &limits).unwrap_err()
}

#[test]
fn a_link_in_the_place_of_a_directory_leads_nobody_out_of_the_layer() {
    let world = debian();
    let outside = tempfile::tempdir().unwrap();
    world::write(outside.path(), "lib/dpkg/status", 0o644, &stanza("secret", "1"));
    world::write(outside.path(), "evil", 0o755, "#!/bin/sh\n");
    world.remove("srv");
    world.write("x", 0o644, "");
    symlink(outside.path(), world.upper().join("opt")).unwrap();
    symlink(outside.path().join("evil"), world.upper().join("evil")).unwrap();
    assert!(!world.read().is_any(), "{:?}", world.read());
    let root = Folder::open_root(&world.upper()).unwrap();
    let refused = root.open(b"opt").unwrap_err().kind();
    assert_eq!(refused, std::io::ErrorKind::NotADirectory);
    let meta = root.meta(b"evil").unwrap();
    assert!(root.file(b"evil", &meta).is_err());
    for name in [&b"a/b"[..], b"../etc", b"a\0b"] {
        assert!(root.meta(name).is_err(), "{name:?}");
    }
}

#[test]
fn names_of_any_bytes_are_read() {
    let world = debian();
    for name in [&b"a\nb"[..], b"\xff\xfe", b"-rf", b".wh.x", b".wh..wh..opq", b" (deleted)"] {
        let place = world.upper().join(OsStr::from_bytes(name));
        std::fs::write(&place, "#!/bin/sh\n").unwrap();
    }
    let drift = read(&world.layer(), &world.image, &mut Memory::default(), &Limits::default()).unwrap();
    assert_eq!(drift.files.len(), 6, "{drift:?}");
    assert!(drift.packages.is_empty(), "a file called like a mark hides nothing from root's mounts");
}

#[test]
fn marks_by_name_count_where_the_mounts_obey_them() {
    let world = debian();
    std::fs::create_dir_all(world.upper().join("var/lib/dpkg")).unwrap();
    std::fs::write(world.upper().join("var/lib/dpkg/.wh.status"), "").unwrap();
    std::fs::create_dir_all(world.upper().join("usr/lib/tool")).unwrap();
    std::fs::write(world.upper().join("usr/lib/tool/.wh..wh..opq"), "").unwrap();
    let limits = |marks| Limits { marks: Some(marks), ..Limits::default() };
    let read = |marks| read(&world.layer(), &world.image, &mut Memory::default(), &limits(marks)).unwrap();
    assert!(!read(OverlayNames::Trusted).is_any());
    let drift = read(OverlayNames::Fuse);
    assert_eq!(drift.packages.len(), 2);
    assert!(drift.files.is_empty(), "the packages that went explain their files");
}

#[test]
fn entries_depth_time_and_bytes_are_bounded() {
    let world = debian();
    for number in 0..50 {
        world.write(&format!("many/{number}"), 0o644, "");
    }
    let few = error(&world, Limits { max_entries: 20, ..Limits::default() });
    assert!(matches!(few, DriftError::Limit { limit: "max_entries", value: 20, .. }), "{few}");
    for number in 0..400 {
        world.write(&format!("more/{number}"), 0o644, "");
    }
    let late = error(&world, Limits { time: Duration::ZERO, ..Limits::default() });
    assert!(matches!(late, DriftError::TimedOut { .. }), "{late}");
    world.write(&format!("{}x", "d/".repeat(30)), 0o755, "#!/bin/sh\n");
    world.write("opt/node_modules/m/package.json", 0o644, "{\"name\":\"m\",\"version\":\"1.0.0\"}");
    let limits = Limits { max_depth: 10, max_read: 3, ..Limits::default() };
    let drift = read(&world.layer(), &world.image, &mut Memory::default(), &limits).unwrap();
    assert!(!drift.is_any());
    assert_eq!(drift.unreadable.len(), 2, "{drift:?}");
}

#[test]
fn a_layer_that_is_gone_is_an_error_that_says_so() {
    let world = debian();
    let layer = crate::runtime::WritableLayer::Overlay { upper: world.upper().join("no"), lower: Vec::new() };
    let gone = read(&layer, &world.image, &mut Memory::default(), &Limits::default()).unwrap_err();
    assert!(matches!(gone, DriftError::Gone { .. }) && gone.to_string().contains("is gone"), "{gone}");
    let layer = crate::runtime::WritableLayer::Overlay {
        upper: world.upper(),
        lower: vec![world.upper().join("no")],
    };
    assert!(matches!(fingerprint(&layer, &Limits::default()), Ok(print) if print.entries() == 1));
    let gone = read(&layer, &world.image, &mut Memory::default(), &Limits::default()).unwrap_err();
    assert!(matches!(gone, DriftError::Gone { .. }), "{gone}");
}

#[test]
fn a_layer_that_changes_all_the_time_is_read_as_far_as_it_holds_still() {
    let world = debian();
    let root = world.root();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0_u64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let folder = root.join(format!("x{}", number % 7));
                let _ = std::fs::create_dir(&folder);
                let _ = std::fs::write(folder.join("f"), vec![b'#'; (number % 5_000) as usize]);
                let _ = std::fs::remove_dir_all(root.join(format!("x{}", (number + 3) % 7)));
                let _ = symlink("/etc", root.join(format!("x{}", (number + 3) % 7)));
                let _ = std::fs::remove_file(root.join(format!("x{}", (number + 4) % 7)));
                number += 1;
            }
        });
        let mut memory = Memory::default();
        for _ in 0..50 {
            let drift = read(&world.layer(), &world.image, &mut memory, &world.limits()).unwrap();
            assert!(drift.packages.is_empty(), "{drift:?}");
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
