//! Programs and files of packages.

use model::FileReason::{ExecutableAdded, ExecutableChanged, OwnedChanged, OwnedRemoved};

use super::*;

fn told(drift: &model::Drift) -> Vec<(FileReason, &str, Option<&str>)> {
    assert!(drift.unreadable.is_empty(), "{drift:?}");
    drift.files.iter().map(|file| (file.reason, file.path.as_str(), file.owned_by.as_deref())).collect()
}

#[test]
fn programs_that_came_or_changed_are_told_and_other_files_are_not() {
    let world = debian();
    world.write("opt/tool", 0o755, "\x7fELF and more");
    world.write("opt/library.so", 0o644, "\x7fELF and more");
    world.write("opt/notes", 0o644, "words");
    world.write("srv/run.sh", 0o755, "#!/bin/sh\nexec /usr/bin/evil\n");
    world.write("srv/data", 0o644, "something else");
    let drift = world.read();
    let expected = [
        (ExecutableAdded, "opt/library.so", None),
        (ExecutableAdded, "opt/tool", None),
        (ExecutableChanged, "srv/run.sh", None),
    ];
    assert_eq!(told(&drift), expected);
    assert!(drift.files.iter().all(|file| file.size > 0 && file.changed_at > Some(model::Timestamp(0))));
}

#[test]
fn an_empty_file_is_no_program_as_runtimes_make_them_to_mount_others_over_them() {
    let world = debian();
    world.write("etc/hostname", 0o755, "");
    world.write("run/.containerenv", 0o700, "");
    assert_eq!(told(&world.read()), []);
    world.write("srv/run.sh", 0o755, "");
    assert_eq!(told(&world.read()), [(ExecutableChanged, "srv/run.sh", None)], "it was one before");
}

#[test]
fn files_of_packages_are_told_when_they_change_or_go_wherever_they_lie() {
    let world = debian();
    world.write("etc/base.conf", 0o644, "a = 2\n");
    world.write("usr/bin/base", 0o755, "#!/bin/sh\necho evil\n");
    world.remove("usr/bin/tool");
    world.remove("usr/share/base");
    let expected = [
        (OwnedChanged, "etc/base.conf", Some("base")),
        (OwnedChanged, "usr/bin/base", Some("base")),
        (OwnedRemoved, "usr/bin/tool", Some("tool")),
        (OwnedRemoved, "usr/share/base/data", Some("base")),
    ];
    assert_eq!(told(&world.read()), expected);
}

#[test]
fn a_directory_made_anew_has_lost_what_is_not_in_it_any_more() {
    let world = debian();
    if !world.is_mounted() {
        return; // only the kernel sets the mark of such a directory here
    }
    world.remove("usr/lib/tool");
    world.write("usr/lib/tool/more", 0o644, "more");
    assert_eq!(told(&world.read()), [(OwnedRemoved, "usr/lib/tool/data", Some("tool"))]);
}

#[test]
fn a_file_that_was_copied_up_without_another_content_is_no_drift() {
    let world = debian();
    world.write("usr/bin/base", 0o700, "#!/bin/sh\necho base\n");
    world.write("usr/lib/tool/data", 0o600, "data");
    world.write("srv/run.sh", 0o755, "#!/bin/sh\nexec /usr/bin/base\n");
    assert_eq!(told(&world.read()), []);
}

#[test]
fn what_takes_the_place_of_a_file_has_changed_it() {
    let world = debian();
    world.remove("usr/bin/base");
    std::fs::create_dir_all(world.root().join("usr/bin")).unwrap();
    if !world.is_mounted() {
        return; // a whiteout lies there
    }
    std::os::unix::fs::symlink("/opt/evil", world.root().join("usr/bin/base")).unwrap();
    world.remove("usr/bin/tool");
    world.write("usr/bin/tool/inside", 0o644, "x");
    world.remove("usr/lib/tool");
    world.write("usr/lib/tool", 0o644, "a file where a directory was");
    let expected = [
        (OwnedChanged, "usr/bin/base", Some("base")),
        (OwnedRemoved, "usr/bin/tool", Some("tool")),
        (OwnedRemoved, "usr/lib/tool/data", Some("tool")),
        (OwnedRemoved, "usr/lib/tool/more", Some("tool")),
    ];
    assert_eq!(told(&world.read()), expected);
}

#[test]
fn files_of_a_package_that_was_removed_or_upgraded_are_explained_by_it() {
    let world = debian();
    world.write(STATUS, 0o644, &stanza("base", "2"));
    world.write("usr/bin/base", 0o755, "#!/bin/sh\necho base 2\n");
    world.remove("usr/bin/tool");
    world.remove("usr/lib/tool");
    let drift = world.read();
    assert_eq!(told(&drift), []);
    assert_eq!(drift.packages.len(), 2);
}

#[test]
fn files_that_an_installed_package_brought_name_it_and_are_left_out_first() {
    let world = debian();
    let programs: Vec<String> =
        (0..model::DRIFT_FILES).map(|number| format!("usr/bin/new{number:04}")).collect();
    let list: String = programs.iter().map(|path| format!("/{path}\n")).collect();
    world.write(STATUS, 0o644, &(stanza("base", "1") + &stanza("tool", "1") + &stanza("new", "1")));
    world.write("var/lib/dpkg/info/new.list", 0o644, &list);
    for path in &programs {
        world.write(path, 0o755, "#!/bin/sh\n");
    }
    world.write("usr/local/bin/dropped", 0o755, "#!/bin/sh\n");
    let drift = world.read();
    assert_eq!((drift.files.len(), drift.files_left_out), (model::DRIFT_FILES, 1));
    let (last, others) = drift.files.split_last().unwrap();
    assert_eq!((last.path.as_str(), last.owned_by.as_deref()), ("usr/local/bin/dropped", None));
    assert!(others.iter().all(|file| file.owned_by.as_deref() == Some("new")));
}

#[test]
fn python_files_belong_to_the_package_whose_installer_listed_them() {
    let site = "usr/lib/python3.11/site-packages";
    let metadata = format!("{site}/flask-1.0.dist-info/METADATA");
    let record = format!("{site}/flask-1.0.dist-info/RECORD");
    let (app, compiled) = (format!("{site}/flask/app.py"), format!("{site}/flask/__pycache__/app.pyc"));
    let world = World::of(&[&[
        (&metadata, 0o644, "Name: flask\nVersion: 1.0\n"),
        (&record, 0o644, "flask/app.py,sha256=x,1\nflask/__pycache__/app.pyc,,\n"),
        (&app, 0o644, "import os\n"),
        (&compiled, 0o644, "code"),
    ]]);
    world.write(&app, 0o644, "import evil\n");
    world.write(&compiled, 0o644, "other code");
    assert_eq!(told(&world.read()), [(OwnedChanged, app.as_str(), Some("flask"))]);
}

#[test]
fn what_lies_under_a_mount_of_the_runtime_is_left_out() {
    let world = debian();
    world.write("dev/evil", 0o755, "#!/bin/sh\n");
    world.write("tmp/evil", 0o755, "#!/bin/sh\n");
    assert_eq!(told(&world.read()), [(ExecutableAdded, "tmp/evil", None)]);
}

#[test]
fn the_records_of_a_package_manager_are_nobodys_file() {
    let list = "/var/lib/dpkg/status\n/etc/base.conf\n";
    let world = World::of(&[&[
        (STATUS, 0o644, &stanza("base", "1")),
        ("var/lib/dpkg/info/base.list", 0o644, list),
        ("etc/base.conf", 0o644, "a"),
    ]]);
    world.write(STATUS, 0o644, &(stanza("base", "1") + "\n"));
    world.write("etc/base.conf", 0o644, "b");
    assert_eq!(told(&world.read()), [(OwnedChanged, "etc/base.conf", Some("base"))]);
}
