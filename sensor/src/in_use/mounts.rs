//! What is mounted over a container's own file system: its files are nobody's packages.

use std::fs::File;
use std::io::Read as _;

use super::InUseError;
use super::maps::unescape;

/// Bytes of the list that are read.
const MAX_LIST: u64 = 8 << 20;

/// Places over which something is mounted, without leading slash.
#[derive(Debug, Default)]
pub(super) struct Mounts(Vec<Vec<u8>>);

/// Reads the mounts that `process` sees.
pub(super) fn read(process: u32) -> Result<Mounts, InUseError> {
    let mut bytes = Vec::new();
    File::open(format!("/proc/{process}/mountinfo"))
        .and_then(|file| file.take(MAX_LIST).read_to_end(&mut bytes))
        .map_err(|source| InUseError::of(process, source))?;
    Ok(parse(&bytes))
}

/// `/proc/PID/mountinfo` (proc(5)): the fifth field is the place, as the process sees it.
fn parse(bytes: &[u8]) -> Mounts {
    let lines = bytes.split(|byte| *byte == b'\n');
    let places = lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4)?.strip_prefix(b"/"));
    let mut places: Vec<Vec<u8>> = places.filter(|place| !place.is_empty()).map(unescape).collect();
    places.sort_unstable();
    places.dedup();
    Mounts(places)
}

impl Mounts {
    /// Whether `path` is on what is mounted somewhere below the root.
    pub(super) fn hold(&self, path: &[u8]) -> bool {
        let is_in = |place: &Vec<u8>| {
            path.strip_prefix(place.as_slice()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        self.0.iter().any(is_in)
    }
}

#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8]) {
    let mounts = parse(bytes);
    assert!(mounts.0.iter().all(|place| mounts.hold(place)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_a_mount_are_told_from_those_beside_it() {
        let mounts = parse(
            b"1 0 0:50 / / rw - overlay overlay rw\n2 1 0:51 / /proc rw - proc proc rw\n\
              3 1 8:1 /v /data\\040x rw - ext4 /dev/sda rw\nbroken\n",
        );
        assert!(mounts.hold(b"proc/1/exe") && mounts.hold(b"data x/a.jar") && mounts.hold(b"data x"));
        assert!(!mounts.hold(b"process") && !mounts.hold(b"usr/bin/a") && !mounts.hold(b"data"));
    }
}
