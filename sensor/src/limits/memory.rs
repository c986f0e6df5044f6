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

/// Bytes of memory that the process has; `None` if the kernel does not say.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * page_size() as u64)
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
    }
}
