//! How slow a body may come: a connection that hardly moves, or never ends, is cut.

use std::time::Duration;

/// Speed is looked at over this time.
const WINDOW: Duration = Duration::from_secs(60);
/// The least that must come in it.
const LEAST: u64 = 60 << 10;
/// The longest that one body may take, however it comes.
const LONGEST: Duration = Duration::from_secs(3 * 3600);

/// Watches one body.
#[derive(Debug)]
pub(super) struct Pace {
    started: Duration,
    window: Duration,
    bytes: u64,
}

impl Pace {
    /// Starts to watch at `now`.
    pub(super) fn start(now: Duration) -> Self {
        Self { started: now, window: now, bytes: 0 }
    }

    /// Notes that `bytes` came by `now`; an error says why the connection is to be cut.
    pub(super) fn note(&mut self, now: Duration, bytes: u64) -> Result<(), String> {
        self.bytes += bytes;
        if now.saturating_sub(self.started) > LONGEST {
            return Err(format!("it took longer than {} s", LONGEST.as_secs()));
        }
        if now.saturating_sub(self.window) < WINDOW {
            return Ok(());
        }
        if self.bytes < LEAST {
            return Err(format!("only {} bytes came in {} s", self.bytes, WINDOW.as_secs()));
        }
        self.window = now;
        self.bytes = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trickle_is_cut_and_a_stream_is_not_until_its_time_is_up() {
        let at = Duration::from_secs;
        let mut trickle = Pace::start(at(0));
        assert!(trickle.note(at(59), 10).is_ok());
        assert_eq!(trickle.note(at(60), 10).unwrap_err(), "only 20 bytes came in 60 s");
        let mut stream = Pace::start(at(100));
        for second in 101..100 + 3 * 3600 {
            assert!(stream.note(at(second), 4096).is_ok(), "{second}");
        }
        assert!(stream.note(at(100 + 3 * 3600 + 1), 4096).unwrap_err().contains("longer than"));
    }
}
