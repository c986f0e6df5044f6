//! Pauses in heavy work, so that it uses no more than its share of a processor.

use std::cell::Cell;
use std::time::Duration;
#[cfg(test)]
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// Work goes on for so long before it pauses.
const SLICE: Duration = Duration::from_millis(20);
/// The longest single pause.
const LONGEST: Duration = Duration::from_secs(2);
/// The priority of threads that work: far behind whatever the machine is there for.
const NICE: i32 = 10;

thread_local! {
    /// Processor time of this thread at the end of its last pause.
    static RESTED_AT: Cell<Option<Duration>> = const { Cell::new(None) };
}

/// A share of a processor for the thread that asks. Call [`Throttle::pause`] again and again during work.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    /// Seconds of pause for each second of work.
    pause: f64,
}

impl Throttle {
    /// `share` of a processor for each of `threads` together, such as 0.5; 0.01 at least.
    pub fn new(share: f64, threads: usize) -> Self {
        let share = (share / threads.max(1) as f64).clamp(0.01, 1.0);
        Self { pause: 1.0 / share - 1.0 }
    }

    /// Pauses this thread if it has worked for long enough.
    pub fn pause(&self) {
        let used = processor_time();
        let rested_at = RESTED_AT.get().unwrap_or(used);
        let worked = used.saturating_sub(rested_at);
        if worked < SLICE {
            RESTED_AT.set(Some(rested_at));
            return;
        }
        if self.pause > 0.0 {
            std::thread::sleep(worked.mul_f64(self.pause).min(LONGEST));
        }
        RESTED_AT.set(Some(processor_time()));
    }
}

impl catalog::Progress for Throttle {
    fn advance(&self, _stored_bytes: u64) {
        self.pause();
    }
}

/// Makes this thread wait for all others of the machine. The kernel derives the priority of its reads and writes from it.
pub(crate) fn be_nice() {
    // on Linux the priority is the thread's own, and no process id means this thread
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "the priority of the worker cannot be lowered: {error}");
    }
}

/// Processor time of this thread.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Does `work` and gives the processor time that it took on this thread, with the time by the wall.
#[cfg(test)]
fn measured(work: impl FnOnce()) -> (Duration, Duration) {
    let (before, begun) = (processor_time(), Instant::now());
    work();
    (processor_time() - before, begun.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_no_more_than_its_share() {
        let worker = std::thread::spawn(|| {
            be_nice();
            let throttle = Throttle::new(0.25, 1);
            measured(|| {
                let mut sum = 0_u64;
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(800) {
                    (0..10_000_u64).for_each(|number| sum = std::hint::black_box(sum ^ number));
                    throttle.pause();
                }
            })
        });
        let (worked, passed) = worker.join().unwrap();
        let share = worked.as_secs_f64() / passed.as_secs_f64();
        assert!(share < 0.35, "{share}");
    }
}
