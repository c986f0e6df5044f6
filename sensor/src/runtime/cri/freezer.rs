//! Whether the processes of a container are frozen, told by its control group.
//!
//! The interface of the kubelet has no word for a paused container: `ctr task pause` and `podman pause` leave it running. What the
//! kernel says is read where the hierarchy of control groups can be seen, from the host or from a container that shares the
//! host's; where it cannot, a paused container stays running.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a file of the kernel that are read.
const MAX_BYTES: u64 = 64 << 10;
/// Where the hierarchies are mounted.
const MOUNT: &str = "sys/fs/cgroup";

/// The control groups of containers that were looked at.
#[derive(Debug)]
pub(super) struct Freezer {
    processes: PathBuf,
    /// The roots under which [`MOUNT`] may be.
    roots: Vec<PathBuf>,
    known: Mutex<HashMap<String, PathBuf>>,
}

impl Freezer {
    /// Where the host's root directory is seen at `root`.
    pub(super) fn new(root: &Path) -> Self {
        let mut roots = vec![root.to_owned(), PathBuf::from("/")];
        roots.dedup();
        Self { processes: PathBuf::from("/proc"), roots, known: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, PathBuf>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the control group of a container by its first process, and says whether it is frozen.
    pub(super) fn learn(&self, container: &str, process: u32) -> bool {
        let Some(file) = self.find(process) else { return false };
        let is_frozen = is_frozen(&file);
        self.lock().insert(container.to_owned(), file);
        is_frozen
    }

    /// Whether a container is frozen that [`Freezer::learn`] was told of.
    pub(super) fn holds(&self, container: &str) -> bool {
        self.lock().get(container).is_some_and(|file| is_frozen(file))
    }

    /// Forgets all containers but these.
    pub(super) fn keep(&self, containers: &HashSet<&str>) {
        self.lock().retain(|known, _| containers.contains(known.as_str()));
    }

    /// The file that tells of the control group of a process.
    fn find(&self, process: u32) -> Option<PathBuf> {
        let groups = read(&self.processes.join(format!("{process}/cgroup")))?;
        places(&groups).into_iter().find_map(|place| {
            self.roots.iter().map(|root| root.join(MOUNT).join(&place)).find(|file| file.is_file())
        })
    }
}

/// The files that may tell whether the control group of a process is frozen, below the mount of the hierarchies, by what
/// `/proc/PID/cgroup` says (cgroups(7)).
fn places(groups: &str) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(number), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        let path = Path::new(path.trim_start_matches('/'));
        // a group that is not below the root that we see has a way up in its path, and the root's own cannot be frozen
        let is_below = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_below || path.as_os_str().is_empty() {
            continue;
        }
        if number == "0" && controllers.is_empty() {
            places.push(path.join("cgroup.events"));
            places.push(Path::new("unified").join(path).join("cgroup.events"));
        } else if controllers.split(',').any(|controller| controller == "freezer") {
            places.insert(0, Path::new("freezer").join(path).join("freezer.state"));
        }
    }
    places
}

fn is_frozen(file: &Path) -> bool {
    let Some(text) = read(file) else { return false };
    // `frozen 1` of the second version counts what is above as well; the first has one word
    text.lines().any(|line| matches!(line.trim_end(), "frozen 1" | "FROZEN" | "FREEZING"))
}

fn read(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads bytes as what the kernel says of the groups of a process.
#[cfg(any(fuzzing, test))]
pub(super) fn fuzz(bytes: &[u8]) {
    for place in places(&String::from_utf8_lossy(bytes)) {
        let is_below = place.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        assert!(is_below, "{} leads elsewhere", place.display());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn world(groups: &str, file: &str, text: &str) -> (tempfile::TempDir, Freezer) {
        let folder = tempfile::tempdir().unwrap();
        let processes = folder.path().join("proc");
        fs::create_dir_all(processes.join("7")).unwrap();
        fs::write(processes.join("7/cgroup"), groups).unwrap();
        let file = folder.path().join(MOUNT).join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        let freezer = Freezer { processes, roots: vec![folder.path().to_owned()], known: Mutex::default() };
        (folder, freezer)
    }

    #[test]
    fn both_versions_of_control_groups_tell_whether_they_are_frozen() {
        let two = "0::/kubepods.slice/pod1/web\n";
        let one = "12:cpu,cpuacct:/a\n4:freezer:/kubepods/pod1/web\n0::/system.slice\n";
        for (groups, file, text, expected) in [
            (two, "kubepods.slice/pod1/web/cgroup.events", "populated 1\nfrozen 1\n", true),
            (two, "kubepods.slice/pod1/web/cgroup.events", "populated 1\nfrozen 0\n", false),
            (two, "unified/kubepods.slice/pod1/web/cgroup.events", "frozen 1\n", true),
            (one, "freezer/kubepods/pod1/web/freezer.state", "FROZEN\n", true),
            (one, "freezer/kubepods/pod1/web/freezer.state", "THAWED\n", false),
            (one, "elsewhere", "FROZEN\n", false),
            ("0::/../../other\n", "other/cgroup.events", "frozen 1\n", false),
            ("0::/\n", "cgroup.events", "frozen 1\n", false),
        ] {
            let (_folder, freezer) = world(groups, file, text);
            assert_eq!(freezer.learn("web", 7), expected, "{groups} {file} {text}");
            assert_eq!(freezer.holds("web"), expected);
            assert!(!freezer.learn("web", 8), "there is no such process");
            freezer.keep(&["api"].into());
            assert!(!freezer.holds("web"));
        }
    }

    #[test]
    fn a_group_is_read_anew_each_time() {
        let (folder, freezer) = world("0::/web\n", "web/cgroup.events", "frozen 0\n");
        assert!(!freezer.learn("web", 7) && !freezer.holds("web"));
        fs::write(folder.path().join(MOUNT).join("web/cgroup.events"), "frozen 1\n").unwrap();
        assert!(freezer.holds("web"));
        fs::remove_file(folder.path().join(MOUNT).join("web/cgroup.events")).unwrap();
        assert!(!freezer.holds("web"));
    }

    proptest! {
        #[test]
        fn no_text_leads_out_of_the_hierarchies(text in "([0-9]{0,2}:(freezer|cpu|)?:[./a-z\u{e4}]{0,30}\n?){0,5}") {
            fuzz(text.as_bytes());
        }
    }
}
