//! What the host is, told by its own files: nothing is asked over the network and nothing is run.
//!
//! What it is for: the host's description in enrolments, heartbeats and containers. What it is not for: the runtimes on it.
//!
//! The decision a reader may doubt: the metadata services of clouds are not asked. They answer any process that can open a
//! connection, which is why careful operators close them; the firmware and cloud-init's own notes say enough.

mod addresses;
mod cloud;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use model::container::HostFacts;
use model::{HostReport, Timestamp};

/// Bytes of one file that are read. Routing tables of large hosts are the longest.
const LARGEST: u64 = 4 << 20;
/// The longest word that is taken over.
const WORD: usize = 255;
/// Addresses that are told at most.
const ADDRESSES: usize = 256;

/// The files of a host, seen from here.
#[derive(Clone, Debug)]
pub struct Host {
    root: PathBuf,
}

impl Host {
    /// `root` is `/`, or where the host's root directory is mounted for a sensor in a container.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// What the host is, now. What cannot be read is left out.
    pub fn describe(&self, runtimes: Vec<String>) -> HostReport {
        let network = addresses::read(self);
        let mut addresses = network.addresses;
        addresses.truncate(ADDRESSES);
        HostReport {
            hostname: self.hostname(),
            machine_id: self.machine_id(),
            addresses,
            mac_address: network.mac_address,
            operating_system: self.operating_system(),
            kernel: self.word("proc/sys/kernel/osrelease"),
            architecture: Some(std::env::consts::ARCH.to_owned()),
            booted_at: self.booted_at(),
            processors: self.processors(),
            memory: self.memory(),
            cloud: cloud::read(self),
            runtimes,
        }
    }

    /// The name that the kernel has; from within a container, which has a name of its own, the one of the host's file.
    fn hostname(&self) -> String {
        let kernel = || self.word("proc/sys/kernel/hostname");
        let own =
            if self.root == Path::new("/") { kernel() } else { self.word("etc/hostname").or_else(kernel) };
        own.unwrap_or_else(|| "localhost".to_owned())
    }

    fn machine_id(&self) -> Option<String> {
        let is_id = |text: &String| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let places = ["etc/machine-id", "var/lib/dbus/machine-id"];
        places.iter().filter_map(|place| self.word(place)).find(is_id).map(|id| id.to_ascii_lowercase())
    }

    fn operating_system(&self) -> Option<String> {
        let text = self.text("etc/os-release").or_else(|| self.text("usr/lib/os-release"))?;
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
            let bare = line.trim().trim_matches(['"', '\'']);
            clean(bare)
        };
        value("PRETTY_NAME").or_else(|| value("NAME"))
    }

    fn booted_at(&self) -> Option<Timestamp> {
        let text = self.text("proc/stat")?;
        let seconds = text.lines().find_map(|line| line.strip_prefix("btime "))?;
        seconds.trim().parse::<i64>().ok()?.checked_mul(1_000).map(Timestamp)
    }

    /// The kernel writes ranges: `0-3,8-11`.
    fn processors(&self) -> Option<u32> {
        let text = self.word("sys/devices/system/cpu/online")?;
        let range = |range: &str| -> Option<u32> {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            last.trim().parse::<u32>().ok()?.checked_sub(first.trim().parse().ok()?)?.checked_add(1)
        };
        text.split(',').map(range).try_fold(0_u32, |sum, count| sum.checked_add(count?))
    }

    fn memory(&self) -> Option<u64> {
        let text = self.text("proc/meminfo")?;
        let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
    }

    /// A file's text, as far as it may be read.
    fn text(&self, path: &str) -> Option<String> {
        let mut bytes = Vec::new();
        File::open(self.root.join(path)).ok()?.take(LARGEST).read_to_end(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A file that holds one word or line.
    fn word(&self, path: &str) -> Option<String> {
        clean(self.text(path)?.lines().next().unwrap_or_default())
    }
}

/// What containers say of the host that they are on.
pub(crate) fn facts(host: &HostReport) -> HostFacts {
    let of = |wanted: fn(&&String) -> bool| host.addresses.iter().find(wanted).cloned();
    HostFacts {
        hostname: host.hostname.clone(),
        ip_address: of(|address| !address.contains(':')),
        ipv6_address: of(|address| address.contains(':')),
        architecture: host.architecture.clone(),
    }
}

/// A word without what no word holds; `None` if nothing is left.
fn clean(text: &str) -> Option<String> {
    let letters = text.trim().chars().filter(|letter| !letter.is_control() && *letter != '\u{fffd}');
    Some(letters.take(WORD).collect::<String>()).filter(|word| !word.is_empty())
}

/// Reads bytes as the files of a host, for fuzzing.
#[cfg(fuzzing)]
#[doc(hidden)]
pub fn fuzz(bytes: &[u8]) {
    addresses::fuzz(&String::from_utf8_lossy(bytes));
    cloud::fuzz(bytes);
}

#[cfg(test)]
pub(super) fn fake(files: &[(&str, &str)]) -> (tempfile::TempDir, Host) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let host = Host::at(folder.path());
    (folder, host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_described_from_its_files() {
        let (_folder, host) = fake(&[
            ("etc/hostname", "node-7\n"),
            ("etc/machine-id", "0123456789ABCDEF0123456789abcdef\n"),
            ("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            ("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"),
            ("proc/stat", "cpu 1 2 3\nbtime 1700000000\n"),
            ("proc/meminfo", "MemTotal:       16384000 kB\nMemFree: 1 kB\n"),
            ("sys/devices/system/cpu/online", "0-3,8-9\n"),
        ]);
        let report = host.describe(vec!["docker 20.10.24".to_owned()]);
        assert_eq!(report.hostname, "node-7");
        assert_eq!(report.machine_id.as_deref(), Some("0123456789abcdef0123456789abcdef"));
        assert_eq!(report.operating_system.as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(report.kernel.as_deref(), Some("6.1.0-18-amd64"));
        assert_eq!(report.booted_at, Some(Timestamp(1_700_000_000_000)));
        assert_eq!((report.processors, report.memory), (Some(6), Some(16_384_000 << 10)));
        assert_eq!(report.cloud, None);
    }

    #[test]
    fn files_that_are_missing_or_nonsense_leave_a_host_with_a_name() {
        let (_folder, host) = fake(&[]);
        assert_eq!(host.describe(Vec::new()).hostname, "localhost");
        let (_folder, host) = fake(&[
            ("etc/hostname", "\u{1}\u{2}"),
            ("etc/machine-id", "uninitialized"),
            ("proc/stat", "btime 99999999999999999999"),
            ("proc/meminfo", "MemTotal: many"),
            ("sys/devices/system/cpu/online", "9-1"),
        ]);
        let report = host.describe(Vec::new());
        let told = (report.machine_id, report.booted_at, report.processors, report.memory);
        assert_eq!((report.hostname.as_str(), told), ("localhost", (None, None, None, None)));
    }

    #[test]
    fn this_machine_has_a_name_an_address_and_a_kernel() {
        let report = Host::at(Path::new("/")).describe(Vec::new());
        assert!(!report.hostname.is_empty() && report.kernel.is_some() && report.memory.is_some());
    }
}
