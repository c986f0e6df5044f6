//! How much memory the process has, and what it may do with it.

use std::num::NonZeroUsize;

use rustix::param::page_size;

/// What the process needs before it does anything, in bytes: measured, with a good margin.
const BASE: u64 = 48 << 20;
/// What one thread needs that reads a layer.
const THREAD: u64 = 48 << 20;
/// What an event that waits costs at most.
const EVENT: u64 = 2 << 10;

/// The bound on memory, and the sizes that follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    bytes: u64,
}

impl Memory {
    pub(crate) fn new(bytes: u64) -> Self {
        Self { bytes }
    }

    /// Layers that may be read at a time: one always, more where memory and processors allow.
    pub(crate) fn threads(self, cpu: f64) -> NonZeroUsize {
        let by_memory = self.bytes.saturating_sub(BASE) / THREAD;
        let by_processor = cpu.ceil().max(1.0) as u64;
        let threads = usize::try_from(by_memory.min(by_processor)).unwrap_or(1);
        NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN)
    }

    /// Containers whose events may wait.
    pub(crate) fn events(self) -> usize {
        usize::try_from(self.bytes / 16 / EVENT).unwrap_or(usize::MAX).clamp(512, 100_000)
    }

    /// Bytes of reports that are put into one body.
    pub(crate) fn body(self) -> usize {
        usize::try_from(self.bytes / 32).unwrap_or(usize::MAX).clamp(256 << 10, 4 << 20)
    }

    /// The bound, in bytes.
    pub(crate) fn bytes(self) -> u64 {
        self.bytes
    }

    /// Whether an eighth of the bound is left, which is enough for one step of any work. Unknown is taken for yes.
    pub(crate) fn has_room(self) -> bool {
        resident().is_none_or(|resident| resident.saturating_add(self.bytes / 8) <= self.bytes)
    }

    /// Whether this process and one that works for it have more than they should together. What both have mapped from the same
    /// files counts once. Unknown is taken for no.
    pub(crate) fn is_exceeded_with(self, process: u32) -> bool {
        let Some((resident, shared)) = pages(&format!("/proc/{process}/statm")) else { return false };
        let own = self::resident().unwrap_or_default();
        own.saturating_add(resident.saturating_sub(shared)) > self.bytes
    }

    /// Whether the process has more than it should, in words.
    pub(crate) fn excess(self) -> Option<String> {
        let resident = resident()?;
        let mebibytes = |bytes: u64| bytes >> 20;
        (resident > self.bytes).then(|| {
            format!(
                "the sensor uses {} MiB of memory, more than --max-memory ({} MiB)",
                mebibytes(resident),
                mebibytes(self.bytes)
            )
        })
    }
}

/// Bytes of memory that this process has; `None` if the kernel does not say.
pub(crate) fn resident() -> Option<u64> {
    pages("/proc/self/statm").map(|(resident, _)| resident)
}

/// Bytes of memory that a process has, and those of them that are of files (proc(5), `statm`).
fn pages(path: &str) -> Option<(u64, u64)> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut fields = text.split_whitespace().skip(1).map(|field| field.parse::<u64>().ok());
    let mut bytes = || Some(fields.next()??.saturating_mul(page_size() as u64));
    Some((bytes()?, bytes()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_memory_means_more_threads_up_to_the_processors_and_never_none() {
        let threads = |mebibytes: u64, cpu| Memory::new(mebibytes << 20).threads(cpu).get();
        assert_eq!(threads(0, 4.0), 1);
        assert_eq!(threads(128, 0.5), 1);
        assert_eq!(threads(128, 4.0), 1);
        assert_eq!(threads(256, 4.0), 4);
        assert_eq!(threads(256, 2.0), 2);
    }

    #[test]
    fn the_process_knows_its_size() {
        assert!(resident().unwrap() > 1 << 20);
        assert!(Memory::new(1).excess().unwrap().contains("--max-memory (0 MiB)"));
        assert_eq!(Memory::new(u64::MAX).excess(), None);
        assert!(Memory::new(u64::MAX).has_room() && !Memory::new(1).has_room());
    }

    #[test]
    fn another_process_counts_with_what_is_its_own() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let own = resident().unwrap();
        assert!(Memory::new(own / 2).is_exceeded_with(child.id()));
        assert!(!Memory::new(own + (64 << 20)).is_exceeded_with(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!Memory::new(1).is_exceeded_with(child.id()), "one that is gone has nothing");
    }
}
