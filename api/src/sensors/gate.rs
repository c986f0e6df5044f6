//! How often somebody without an account may try to come in.
//!
//! No rate makes a secret of 256 bits any safer; what is bounded is the work that strangers can make for the database. The
//! bound is one for all, because an address tells nothing behind a proxy.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Attempts that may come at once: those of a large cluster that is started.
const BURST: f64 = 500.0;
/// Attempts a second that may go on and on.
const RATE: f64 = 20.0;

pub(crate) struct Gate(Mutex<(f64, Instant)>);

impl Gate {
    pub(crate) fn new() -> Self {
        Self(Mutex::new((BURST, Instant::now())))
    }

    /// Whether one more attempt is looked at.
    pub(crate) fn lets_in(&self) -> bool {
        self.lets_in_at(Instant::now())
    }

    fn lets_in_at(&self, now: Instant) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.saturating_duration_since(state.1).as_secs_f64();
        let left = (state.0 + since * RATE).min(BURST);
        let lets_in = left >= 1.0;
        *state = (if lets_in { left - 1.0 } else { left }, now.max(state.1));
        lets_in
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_let_in_and_then_so_many_a_second() {
        let (gate, start) = (Gate::new(), Instant::now());
        let at = |millis: u64| start + Duration::from_millis(millis);
        let count =
            |millis: u64, attempts: usize| (0..attempts).filter(|_| gate.lets_in_at(at(millis))).count();
        assert_eq!(count(0, 2_000), 500);
        assert_eq!(count(1_000, 100), 20);
        assert_eq!(count(1_010, 100), 0);
        assert_eq!(count(1_050, 100), 1);
        assert_eq!(count(0, 100), 0, "a clock that goes back gives nothing");
        assert_eq!(count(3_600_000, 2_000), 500, "what is not used is not kept for ever");
    }
}
