//! How long to wait before the next try.

use std::time::Duration;

use uuid::Uuid;

use super::CallError;

/// The first wait.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait for a server that is away.
const LONGEST: Duration = Duration::from_secs(120);
/// The shortest wait after a refusal that only an operator can change.
const REFUSED: Duration = Duration::from_secs(60);
/// The longest of these.
const LONGEST_REFUSED: Duration = Duration::from_secs(600);
/// The longest that a server's own wish is followed.
const LONGEST_ASKED: Duration = Duration::from_secs(900);

/// Waits that double, with a random part so that a thousand sensors do not come back in the same moment.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// After a success.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// How long to wait after `error`.
    pub(crate) fn after(&mut self, error: &CallError) -> Duration {
        let (first, longest) = match error {
            CallError::Busy { after: Some(asked), .. } => {
                self.tries = self.tries.saturating_add(1);
                let asked = (*asked).clamp(FIRST, LONGEST_ASKED);
                return asked + scatter(asked / 4);
            }
            error if error.may_pass() => (FIRST, LONGEST),
            _ => (REFUSED, LONGEST_REFUSED),
        };
        let wait = first.saturating_mul(1 << self.tries.min(16)).min(longest);
        self.tries = self.tries.saturating_add(1);
        wait / 2 + scatter(wait / 2)
    }
}

/// A random part of `most`.
pub(crate) fn scatter(most: Duration) -> Duration {
    let random = Uuid::new_v4().as_u128() as u32;
    most.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound_and_are_never_all_alike() {
        let away = CallError::Unreachable(String::new());
        let mut backoff = Backoff::default();
        for most in [1, 2, 4, 8, 16, 32, 64, 120, 120] {
            let wait = backoff.after(&away).as_secs_f64();
            let most = f64::from(most);
            assert!((most / 2.0..=most).contains(&wait), "{wait} of {most}");
        }
        backoff.reset();
        assert!(backoff.after(&away) <= FIRST);
        let waits: std::collections::HashSet<Duration> = (0..20).map(|_| scatter(LONGEST)).collect();
        assert!(waits.len() > 10);
    }

    #[test]
    fn the_servers_wish_is_followed_within_bounds() {
        let busy = |seconds| CallError::Busy {
            status: 429,
            words: String::new(),
            after: Some(Duration::from_secs(seconds)),
        };
        let mut backoff = Backoff::default();
        assert!((7.0..=8.75).contains(&backoff.after(&busy(7)).as_secs_f64()));
        assert!(backoff.after(&busy(u64::MAX)) <= LONGEST_ASKED * 5 / 4);
        assert!(backoff.after(&busy(0)) >= FIRST);
    }

    #[test]
    fn a_refusal_is_tried_again_slowly() {
        let refused = CallError::Refused { status: 401, words: String::new() };
        assert!(Backoff::default().after(&refused) >= REFUSED / 2);
    }
}
