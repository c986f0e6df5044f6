//! How far the server's clock is ahead of this machine's, told by what answers say of the time.
//!
//! The decision a reader may doubt: what is known stays until an answer contradicts it by more than a second. Times that are
//! sent are moved by it, and a value that trembled would make other times of the same ones with each report.

use std::sync::atomic::{AtomicI64, Ordering};

use model::Timestamp;

/// A clock that differs by less is as good as the server's, in milliseconds.
const IGNORED: i64 = 5_000;
/// What is known may be wrong by so much, in milliseconds.
const TOLERATED: i64 = 1_000;

/// What is known of the server's clock.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// Milliseconds that it is ahead.
    ahead: AtomicI64,
}

impl Clock {
    /// Milliseconds that the server's clock is ahead; 0 if it matters to nobody.
    pub(super) fn ahead(&self) -> i64 {
        Some(self.ahead.load(Ordering::Relaxed)).filter(|ahead| ahead.abs() >= IGNORED).unwrap_or(0)
    }

    /// The server's clock showed `server`, or up to `grain` milliseconds more, at some moment between `sent` and `received` by ours.
    pub(super) fn hear(&self, sent: Timestamp, received: Timestamp, server: Timestamp, grain: i64) {
        let least = server.0.saturating_sub(received.0);
        let most = server.0.saturating_add(grain).saturating_sub(sent.0);
        if least > most {
            // our clock was set meanwhile; the next answer tells
            return;
        }
        let known = self.ahead.load(Ordering::Relaxed);
        let holds = (least.saturating_sub(TOLERATED)..=most.saturating_add(TOLERATED)).contains(&known);
        if !holds {
            self.ahead.store(least + (most - least) / 2, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_differences_are_none_and_large_ones_stay_until_they_are_contradicted() {
        let clock = Clock::default();
        let hear = |ahead: i64, took: i64| {
            clock.hear(Timestamp(10_000), Timestamp(10_000 + took), Timestamp(10_000 + took / 2 + ahead), 1);
        };
        hear(800, 10);
        assert_eq!(clock.ahead(), 0);
        hear(90_000_000, 20);
        let known = clock.ahead();
        assert!((known - 90_000_000).abs() <= 11, "{known}");
        hear(90_000_600, 20);
        assert_eq!(clock.ahead(), known, "it does not tremble");
        hear(-90_000_000, 600);
        assert!((clock.ahead() + 90_000_000).abs() <= 301);
        clock.hear(Timestamp(5_000_000), Timestamp(10), Timestamp(7), 1);
        assert!((clock.ahead() + 90_000_000).abs() <= 301, "our clock was set back during the call");
    }

    proptest! {
        #[test]
        fn what_is_known_is_never_further_off_than_the_answer_allows(
            ahead in -1_000_000_000_000_i64..1_000_000_000_000,
            (way, back) in (0_i64..200_000, 0_i64..200_000),
            grain in 1_i64..1_000,
        ) {
            let clock = Clock::default();
            let sent = Timestamp(1_800_000_000_000);
            let server = sent.0 + way + ahead;
            clock.hear(sent, Timestamp(sent.0 + way + back), Timestamp(server - server.rem_euclid(grain)), grain);
            let error = (clock.ahead.load(Ordering::Relaxed) - ahead).abs();
            prop_assert!(error <= way + back + grain + TOLERATED, "{error}");
        }
    }
}
