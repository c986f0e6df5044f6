//! The processes of this host, by the container that they run in.

use std::collections::HashMap;
use std::fs;
use std::io;

use rustix::fs::Stat;

/// Processes of the host that are looked at.
const MAX_PROCESSES: usize = 4_000_000;

/// Why nothing is known of the processes of a container.
#[derive(Debug, thiserror::Error)]
pub enum InUseError {
    /// Its first process has ended.
    #[error("process {process} has ended")]
    Gone {
        /// Which.
        process: u32,
    },
    /// `/proc` cannot be read.
    #[error("what is known of process {process} cannot be read: {source}")]
    Io {
        /// Which; 0 for all of them.
        process: u32,
        /// Why.
        source: io::Error,
    },
}

impl InUseError {
    /// The error for a file of `process` in `/proc`.
    pub(super) fn of(process: u32, source: io::Error) -> Self {
        // a file of a process that has ended is not there, or cannot be read any more (ESRCH)
        let is_gone = source.kind() == io::ErrorKind::NotFound || source.raw_os_error() == Some(3);
        if is_gone { Self::Gone { process } } else { Self::Io { process, source } }
    }
}

/// By what the processes of a container are told from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Surroundings {
    /// Number of the mount namespace.
    mounts: u64,
    /// Device and number of the root directory.
    root: (u64, u64),
}

/// All processes of this host at one moment.
#[derive(Debug, Default)]
pub struct Processes {
    by_mounts: HashMap<u64, Vec<u32>>,
    by_root: HashMap<(u64, u64), Vec<u32>>,
}

impl Processes {
    /// Looks at all processes. Those that end in between, and those that nobody may look at, are left out.
    pub fn list() -> Result<Self, InUseError> {
        let mut all = Self::default();
        let entries = fs::read_dir("/proc").map_err(|source| InUseError::Io { process: 0, source })?;
        let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        for process in numbers.take(MAX_PROCESSES) {
            let Ok(Surroundings { mounts, root }) = surroundings(process) else { continue };
            all.by_mounts.entry(mounts).or_default().push(process);
            all.by_root.entry(root).or_default().push(process);
        }
        Ok(all)
    }

    /// Those that run in the same container as `first`, sorted; `first` is one of them, if it has not ended.
    pub fn of(&self, first: u32) -> Result<Vec<u32>, InUseError> {
        let Surroundings { mounts, root } =
            surroundings(first).map_err(|source| InUseError::of(first, source))?;
        let mut found = vec![first];
        found.extend(self.by_mounts.get(&mounts).into_iter().flatten());
        found.extend(self.by_root.get(&root).into_iter().flatten());
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}

fn surroundings(process: u32) -> io::Result<Surroundings> {
    let look = |what: &str| rustix::fs::stat(format!("/proc/{process}/{what}"));
    let (mounts, root) = (look("ns/mnt")?, look("root")?);
    Ok(Surroundings { mounts: number(&mounts), root: (device(&root), number(&root)) })
}

#[allow(clippy::unnecessary_cast, reason = "the fields have other types on other processors")]
fn number(stat: &Stat) -> u64 {
    stat.st_ino as u64
}

#[allow(clippy::unnecessary_cast, reason = "the fields have other types on other processors")]
fn device(stat: &Stat) -> u64 {
    stat.st_dev as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_in_its_own_surroundings_and_one_that_ended_is_an_error() {
        let own = std::process::id();
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let processes = Processes::list().unwrap();
        let found = processes.of(own).unwrap();
        assert!(found.contains(&own) && found.contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(matches!(processes.of(child.id()), Err(InUseError::Gone { .. })));
    }
}
