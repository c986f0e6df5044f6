//! Writable layers as the kernel makes them, and as they are made by hand where a case is rare or hostile.

mod files;
mod hostile;
mod packages;
pub(crate) mod world;

use std::time::Duration;

use model::{DriftReason, FileReason};

use super::*;
use world::{World, stanza};

const STATUS: &str = "var/lib/dpkg/status";

fn debian() -> World {
    World::of(&[&[
        (STATUS, 0o644, &(stanza("base", "1") + &stanza("tool", "1"))),
        ("var/lib/dpkg/info/base.list", 0o644, "/etc\n/etc/base.conf\n/usr/bin/base\n/usr/share/base/data\n"),
        ("var/lib/dpkg/info/tool.list", 0o644, "/usr/bin/tool\n/usr/lib/tool/data\n/usr/lib/tool/more\n"),
        ("etc/base.conf", 0o644, "a = 1\n"),
        ("usr/bin/base", 0o755, "#!/bin/sh\necho base\n"),
        ("usr/bin/tool", 0o755, "#!/bin/sh\necho tool\n"),
        ("usr/lib/tool/data", 0o644, "data"),
        ("usr/lib/tool/more", 0o644, "more"),
        ("usr/share/base/data", 0o644, "data"),
        ("srv/run.sh", 0o755, "#!/bin/sh\nexec /usr/bin/base\n"),
        ("srv/data", 0o644, "something"),
    ]])
}

#[test]
fn a_container_that_changed_nothing_has_no_drift() {
    let world = debian();
    let drift = world.read();
    assert!(!drift.is_any(), "{drift:?}");
    assert!(drift.unreadable.is_empty(), "{drift:?}");
}

#[test]
fn what_did_not_change_is_not_looked_at_again_and_what_changed_is() {
    let world = debian();
    world.write("srv/new.sh", 0o755, "#!/bin/sh\n");
    let mut memory = Memory::default();
    let check = |memory: &mut Memory| {
        check::<DriftError>(&world.layer(), memory, &Limits::default(), || Ok(world.image.clone())).unwrap()
    };
    assert!(memory.drift().is_none());
    assert_eq!(check(&mut memory).unwrap().files.len(), 1);
    // a change within the same tick of the clock would leave no trace
    assert!(check(&mut memory).is_some(), "what was changed just now is looked at again");
    std::thread::sleep(Duration::from_millis(2_100));
    check(&mut memory);
    assert!(check(&mut memory).is_none());
    assert!(check(&mut memory).is_none());
    assert_eq!(memory.drift().unwrap().files.len(), 1);
    world.write("srv/new.sh", 0o755, "#!/bin/sa\n");
    assert!(check(&mut memory).is_some(), "the same size, another content");
    world.remove("srv/new.sh");
    assert_eq!(check(&mut memory).unwrap().files, []);
}

#[test]
fn what_is_remembered_gives_the_same_drift_as_reading_everything() {
    let world = debian();
    world.write("opt/node_modules/m/package.json", 0o644, "{\"name\":\"m\",\"version\":\"1.0.0\"}");
    world.write("opt/run", 0o755, "#!/bin/sh\n");
    std::thread::sleep(Duration::from_millis(2_100));
    let mut memory = Memory::default();
    let read = |memory: &mut Memory| read(&world.layer(), &world.image, memory, &Limits::default()).unwrap();
    let first = read(&mut memory);
    assert!(memory.bytes() > 0);
    world.write("opt/other", 0o644, "data");
    let second = read(&mut memory);
    assert!(first.says_the_same(&second));
    assert!(second.says_the_same(&world.read()));
    assert_eq!((second.packages.len(), second.files.len()), (1, 1));
}

#[test]
fn images_that_were_not_asked_for_longest_are_let_go() {
    let world = debian();
    let state = || ImageState::new(world.image.view.clone());
    let size = world.image.bytes();
    let images = Images::new(size * 5 / 2);
    let id = |number: u8| model::ImageId(model::Digest::of(&[number]));
    for number in 0..2 {
        images.get_or_read(&id(number), || Ok::<_, DriftError>(state())).unwrap();
    }
    assert!(images.get(&id(0)).is_some());
    images.keep(id(2), state());
    assert!(images.get(&id(0)).is_some() && images.get(&id(2)).is_some());
    assert!(images.get(&id(1)).is_none(), "{} of {size}", images.bytes());
    images.forget(&id(0));
    assert!(images.get(&id(0)).is_none());
}

#[test]
fn a_whole_copy_is_compared_with_what_it_was_copied_from() {
    let world = debian();
    let copy = tempfile::tempdir().unwrap();
    let root = copy.path().join("root");
    world::copy(&world.lower[0], &root);
    let layer = crate::runtime::WritableLayer::Copy { root: root.clone(), parent: world.lower[0].clone() };
    let told = |memory: &mut Memory| read(&layer, &world.image, memory, &Limits::default()).unwrap();
    let mut memory = Memory::default();
    assert!(!told(&mut memory).is_any());
    std::fs::write(root.join(STATUS), stanza("base", "2") + &stanza("extra", "1")).unwrap();
    std::fs::remove_file(root.join("etc/base.conf")).unwrap();
    std::fs::remove_dir_all(root.join("usr/lib/tool")).unwrap();
    world::write(&root, "srv/deep/er/run", 0o755, "#!/bin/sh\n");
    let drift = told(&mut memory);
    let packages: Vec<_> = drift.packages.iter().map(|p| (p.reason, p.record.name.as_str())).collect();
    let expected =
        [(DriftReason::Varied, "base"), (DriftReason::New, "extra"), (DriftReason::Removed, "tool")];
    assert_eq!(packages, expected);
    let files: Vec<_> = drift.files.iter().map(|f| (f.reason, f.path.as_str())).collect();
    assert_eq!(files, [(FileReason::ExecutableAdded, "srv/deep/er/run")], "the packages explain the others");
}
