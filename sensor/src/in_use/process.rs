//! The files that one process uses.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use super::{Limits, maps};
use crate::drift::resolve;

/// Bytes of a command line that are read: the script stands near its beginning.
const MAX_COMMAND: u64 = 64 << 10;

/// Arguments of it that are looked at.
const MAX_ARGUMENTS: usize = 1_000;

/// How a file is used. The lesser evidence comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// The command line names it: it counts only where it belongs to a language package.
    Named,
    /// It is open or mapped as data: so, too.
    Open,
    /// Its code is run.
    Run,
}

/// A file that is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Used {
    pub(super) path: Vec<u8>,
    pub(super) how: How,
}

/// Adds the files of a process. One that has ended has none.
pub(super) fn read(process: u32, limits: &Limits, files: &mut BTreeSet<Used>) {
    let home = PathBuf::from(format!("/proc/{process}"));
    let mut add = |path: Vec<u8>, how: How| {
        if files.len() < limits.max_files {
            files.insert(Used { path, how });
        }
    };
    if let Some(path) = target(&home.join("exe")) {
        add(path, How::Run);
    }
    if let Ok(file) = File::open(home.join("maps")) {
        let mut lines = BufReader::with_capacity(64 << 10, file.take(limits.max_maps));
        // a process that ends while its mappings are read had those that were read
        let _ = maps::read(&mut lines, |mapped| {
            add(mapped.path, if mapped.is_code { How::Run } else { How::Open });
        });
    }
    if let Ok(open) = fs::read_dir(home.join("fd")) {
        for entry in open.take(limits.max_open).flatten() {
            if let Some(path) = target(&entry.path()) {
                add(path, How::Open);
            }
        }
    }
    for path in named(&home) {
        add(path, How::Named);
    }
}

/// Where a link of `/proc` leads to, without leading slash; `None` if the file is gone.
fn target(link: &Path) -> Option<Vec<u8>> {
    let target = fs::read_link(link).ok()?.into_os_string().into_vec();
    maps::file(&target).map(<[u8]>::to_vec)
}

/// The files that the command line may name: a script, a main module, an archive.
fn named(home: &Path) -> Vec<Vec<u8>> {
    let mut command = Vec::new();
    let read =
        File::open(home.join("cmdline")).and_then(|file| file.take(MAX_COMMAND).read_to_end(&mut command));
    if read.is_err() {
        return Vec::new();
    }
    let folder = target(&home.join("cwd")).unwrap_or_default();
    let arguments = command.split(|byte| *byte == 0).skip(1).take(MAX_ARGUMENTS);
    let paths = arguments.filter(|argument| argument.iter().any(|byte| matches!(byte, b'/' | b'.')));
    // a list of archives, as Java takes it
    let paths = paths.flat_map(|argument| argument.split(|byte| *byte == b':'));
    paths.filter(|path| !path.starts_with(b"-")).filter_map(|path| resolve(&folder, path)).collect()
}
