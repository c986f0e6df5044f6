//! Which mount points below a root file system are not part of it (proc(5), `/proc/[pid]/mountinfo`).
//!
//! Kernel file systems hold no software, network file systems belong to other machines, and the file systems
//! of containers are images of their own: counting their packages as the host's would be wrong.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Folders in which container engines keep images and containers.
const CONTAINER_STORAGE: [&str; 3] = ["var/lib/docker", "var/lib/containerd", "var/lib/containers/storage"];

const KERNEL: [&str; 24] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "nfsd",
    "proc",
    "pstore",
    "ramfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "smackfs",
    "sysfs",
    "tracefs",
];

const NETWORK: [&str; 14] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fuse",
    "gfs2",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "virtiofs",
];

/// Why a folder is not walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exclusion {
    /// Nothing is lost, so nothing is said.
    Silent,
    /// Worth a note, with these words, if there is anything in it.
    Noted(String),
    /// The same, but not even to be looked at: the server behind a network file system may never answer.
    Untouched(String),
}

/// The folders below `root` that are not walked, by their path relative to it.
pub(super) fn exclusions(root: &Path, mountinfo: &[u8]) -> HashMap<PathBuf, Exclusion> {
    let mut found = HashMap::new();
    for folder in CONTAINER_STORAGE {
        let words =
            "a container engine's storage is not part of the file system; scan its images on their own";
        found.insert(PathBuf::from(folder), Exclusion::Noted(words.to_owned()));
    }
    let mut seen = HashSet::new();
    for mount in mountinfo.split(|&byte| byte == b'\n').filter_map(Mount::parse) {
        let again = !seen.insert((mount.device.clone(), mount.root.clone()));
        let Ok(relative) = mount.point.strip_prefix(root) else { continue };
        if relative.as_os_str().is_empty() {
            continue;
        }
        if let Some(exclusion) = judge(&mount, relative, again) {
            found.insert(relative.to_owned(), exclusion);
        } else {
            // a later mount hides an earlier one at the same point
            found.remove(relative);
        }
    }
    found
}

fn judge(mount: &Mount, relative: &Path, again: bool) -> Option<Exclusion> {
    let kind = mount.kind.as_str();
    if KERNEL.contains(&kind) {
        return Some(Exclusion::Silent);
    }
    if kind == "tmpfs" {
        let volatile = ["dev", "run", "sys", "proc"].iter().any(|folder| relative.starts_with(folder));
        let words = "a file system in memory is not walked".to_owned();
        return Some(if volatile { Exclusion::Silent } else { Exclusion::Noted(words) });
    }
    if NETWORK.contains(&kind) || kind.starts_with("fuse.") {
        return Some(Exclusion::Untouched(format!("a network file system ({kind}) is not walked")));
    }
    let last = relative.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if kind == "overlay" && (relative.starts_with("run") || ["merged", "rootfs"].contains(&last)) {
        return Some(Exclusion::Noted("a container's file system is not walked".to_owned()));
    }
    again.then(|| Exclusion::Noted("the same file system is mounted elsewhere and walked there".to_owned()))
}

/// One line of mountinfo.
struct Mount {
    device: Vec<u8>,
    root: Vec<u8>,
    point: PathBuf,
    kind: String,
}

impl Mount {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ');
        let device = fields.nth(2)?.to_vec();
        let root = fields.next()?.to_vec();
        let point = PathBuf::from(OsStr::from_bytes(&unescape(fields.next()?)));
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        Some(Self { device, root, point, kind: String::from_utf8_lossy(kind).into_owned() })
    }
}

/// Spaces, tabs, line ends and backslashes are written as `\` and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            _ => out.push(*first),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTINFO: &[u8] = b"1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:5 / /proc rw shared:3 - proc proc rw
3 1 0:6 / /run rw - tmpfs tmpfs rw
4 1 0:7 / /tmp rw - tmpfs tmpfs rw
5 1 8:2 / /home rw - ext4 /dev/sda2 rw
6 1 0:8 / /mnt/the\\040share rw - nfs4 server:/x rw
7 1 0:9 / /data/docker/overlay2/ab/merged rw - overlay overlay rw
8 1 8:2 /x /srv/x rw - ext4 /dev/sda2 rw
9 1 8:1 / /mnt/again rw - ext4 /dev/sda1 rw
10 1 0:10 / /usr ro - overlay sysext ro
11 1 0:11 / /mnt/pool rw - fuse.sshfs host: rw
broken
";

    #[test]
    fn kernel_network_memory_and_container_file_systems_are_left_out() {
        let found = exclusions(Path::new("/"), MOUNTINFO);
        let is_silent =
            |path: &str| found.get(Path::new(path)).map(|exclusion| *exclusion == Exclusion::Silent);
        assert_eq!(is_silent("proc"), Some(true));
        assert_eq!(is_silent("run"), Some(true));
        let noted = [
            "tmp",
            "mnt/the share",
            "data/docker/overlay2/ab/merged",
            "mnt/again",
            "mnt/pool",
            "var/lib/docker",
        ];
        for path in noted {
            assert_eq!(is_silent(path), Some(false), "{path}");
        }
        for path in ["home", "srv/x", "usr", ""] {
            assert_eq!(is_silent(path), None, "{path}");
        }
    }

    #[test]
    fn only_mount_points_below_the_root_count() {
        let found = exclusions(Path::new("/mnt"), MOUNTINFO);
        assert!(found.contains_key(Path::new("the share")));
        assert!(!found.contains_key(Path::new("proc")));
    }
}
