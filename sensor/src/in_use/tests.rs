//! A process in a root directory of its own, as a runtime makes one.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::*;
use crate::drift::tests::world::{World, stanza};
use crate::drift::{self, Memory};

const STATUS: &str = "var/lib/dpkg/status";

/// A world in which `sleep` runs, if its root can be made the root of a process.
struct Running {
    world: World,
    child: Child,
}

fn container() -> World {
    let lists = [
        ("var/lib/dpkg/info/coreutils.list", "/bin/sleep\n/usr/bin/sleep\n"),
        ("var/lib/dpkg/info/idle.list", "/usr/bin/idle\n/usr/share/doc/idle\n"),
    ];
    let status = stanza("coreutils", "9.1") + &stanza("idle", "1");
    let module = |name: &str| format!("{{\"name\":\"{name}\",\"version\":\"1.0.0\"}}");
    World::of(&[&[
        (STATUS, 0o644, &status),
        (lists[0].0, 0o644, lists[0].1),
        (lists[1].0, 0o644, lists[1].1),
        ("app/node_modules/open/package.json", 0o644, &module("open")),
        ("app/node_modules/open/data", 0o644, "data"),
        ("app/node_modules/closed/package.json", 0o644, &module("closed")),
        ("app/node_modules/named/package.json", 0o644, &module("named")),
    ]])
}

/// Copies a program with the libraries that it maps into a root directory.
fn install(root: &Path) {
    let mut child = Command::new("sleep").arg("60").spawn().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let mut files: Vec<&str> = maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..])).collect();
    files.push("/lib64/ld-linux-x86-64.so.2");
    for file in files.into_iter().filter(|file| Path::new(file).is_file()) {
        let place = root.join("usr").join(file.trim_start_matches("/usr").trim_start_matches('/'));
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(file, place).unwrap();
    }
    for name in ["bin", "lib", "lib64"] {
        let _ = symlink(format!("usr/{name}"), root.join(name));
    }
}

fn run() -> Option<Running> {
    let world = container();
    if !world.is_mounted() {
        return None;
    }
    let root = world.root();
    install(&root);
    std::fs::create_dir(root.join("old")).unwrap();
    let script = "cd \"$0\" && pivot_root . old && cd /app && \
                  exec /usr/bin/sleep 60 </app/node_modules/open/data";
    let child = Command::new("unshare").args(["-m", "sh", "-c", script]).arg(&root).spawn().ok()?;
    let mut running = Running { world, child };
    let begun = Instant::now();
    let exe = format!("/proc/{}/exe", running.child.id());
    while begun.elapsed() < Duration::from_secs(10) {
        if std::fs::read_link(&exe).is_ok_and(|path| path == Path::new("/usr/bin/sleep")) {
            return Some(running);
        }
        if running.child.try_wait().unwrap().is_some() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn in_use(running: &Running, memory: &Memory) -> Vec<String> {
    let limits = running.world.limits();
    let mut index = Index::of(&running.world.image, &running.world.layer(), memory, &limits).unwrap();
    let processes = Processes::list().unwrap();
    let own = processes.of(running.child.id()).unwrap();
    assert_eq!(own, [running.child.id()], "no other process is in its container");
    let used = read(running.child.id(), &processes, &mut index, &Limits::default()).unwrap();
    used.into_iter().map(|package| format!("{} {} {}", package.name, package.version, package.path)).collect()
}

#[test]
fn packages_of_the_files_that_a_process_runs_or_has_open_are_in_use() {
    let Some(running) = run() else { return }; // neither mounts nor namespaces to be had
    let expected = ["coreutils 9.1 var/lib/dpkg/status", "open 1.0.0 app/node_modules/open/package.json"];
    assert_eq!(in_use(&running, &Memory::default()), expected);
}

#[test]
fn what_the_container_installed_itself_is_in_use_too() {
    let Some(running) = run() else { return }; // neither mounts nor namespaces to be had
    let world = &running.world;
    world.write(STATUS, 0o644, &(stanza("sleeper", "2") + &stanza("idle", "1")));
    world.write("var/lib/dpkg/info/sleeper.list", 0o644, "/usr/bin/sleep\n");
    world.remove("var/lib/dpkg/info/coreutils.list");
    let mut memory = Memory::default();
    drift::read(&world.layer(), &world.image, &mut memory, &world.limits()).unwrap();
    let used = in_use(&running, &memory);
    assert!(used.contains(&"sleeper 2 var/lib/dpkg/status".to_owned()), "{used:?}");
    assert!(!used.iter().any(|package| package.starts_with("coreutils")), "{used:?}");
}

#[test]
fn what_was_seen_is_added_up() {
    let package = |name: &str| InUsePackage {
        ecosystem: model::Ecosystem::Deb,
        name: name.to_owned(),
        version: "1".to_owned(),
        path: STATUS.to_owned(),
    };
    let mut seen = Vec::new();
    assert!(merge(&mut seen, vec![package("b")]));
    assert!(merge(&mut seen, vec![package("a"), package("b")]));
    assert!(!merge(&mut seen, vec![package("a")]));
    assert_eq!(seen, [package("a"), package("b")]);
}

#[test]
fn a_container_whose_process_has_ended_is_an_error() {
    let world = container();
    let limits = world.limits();
    let memory = Memory::default();
    let mut index = Index::of(&world.image, &world.layer(), &memory, &limits).unwrap();
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let ended = read(child.id(), &Processes::default(), &mut index, &Limits::default()).unwrap_err();
    assert!(matches!(ended, InUseError::Gone { .. }), "{ended}");
}
