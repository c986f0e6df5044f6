//! Which packages of a container its processes use, told by `/proc`.
//!
//! What it is for: finding the packages of which a process has run or mapped a file, or keeps one open. What it is not for:
//! proving that a package is *not* used: a script that was read and closed leaves no trace, and what a process used before
//! anybody looked is not seen. So what is seen is added up over the life of a container ([`merge`]).
//!
//! The decision a reader may doubt: a container is known by its mount namespace and, where a process made itself another
//! one, by the root directory that it sees, and not by its control group. Every runtime gives a container a root of its own,
//! also where it shares the host's processes or those of its pod.

mod index;
mod maps;
mod mounts;
mod process;
mod processes;

use std::collections::BTreeSet;

use model::{IN_USE_PACKAGES, InUsePackage};

pub use index::Index;
pub use processes::{InUseError, Processes};

#[cfg(fuzzing)]
pub use maps::fuzz as fuzz_maps;

/// Bounds for one look at the processes of a container.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Processes that are looked at; the others are left out. Default 4,096.
    pub max_processes: usize,
    /// Open files of one process that are looked at. Default 4,096.
    pub max_open: usize,
    /// Bytes of one process's list of mappings. Default 16 MiB.
    pub max_maps: u64,
    /// Different files of one container. Default 200,000.
    pub max_files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_processes: 4_096, max_open: 4_096, max_maps: 16 << 20, max_files: 200_000 }
    }
}

/// The packages that the processes of a container use at this moment, sorted. `process` is its first one, as this host counts
/// them; `processes` are those of the host.
pub fn read(
    process: u32,
    processes: &Processes,
    index: &mut Index<'_>,
    limits: &Limits,
) -> Result<Vec<InUsePackage>, InUseError> {
    let mounts = mounts::read(process)?;
    let mut files: BTreeSet<process::Used> = BTreeSet::new();
    for process in processes.of(process)?.into_iter().take(limits.max_processes) {
        process::read(process, limits, &mut files);
    }
    files.retain(|file| !mounts.hold(&file.path));
    let mut packages = index.packages(&files);
    packages.truncate(IN_USE_PACKAGES);
    Ok(packages)
}

/// Adds what was seen now to what was seen before, both sorted. Says whether anything is new.
pub fn merge(seen: &mut Vec<InUsePackage>, now: Vec<InUsePackage>) -> bool {
    let before = seen.len();
    seen.extend(now);
    seen.sort_unstable();
    seen.dedup();
    seen.truncate(IN_USE_PACKAGES);
    seen.len() > before
}

#[cfg(test)]
mod tests;
