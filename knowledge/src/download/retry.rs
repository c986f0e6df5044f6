//! When a request is tried again, and after how long.
//!
//! The decision a reader may doubt: a host that cannot be connected to is not tried again in the same run. The next run is
//! that retry; waiting for each of many unreachable hosts in turn would take an hour on a machine without a network.

use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use model::Timestamp;

use super::clock::Clock;

/// Attempts of one request.
const ATTEMPTS: u32 = 4;
/// Before the second attempt; doubled before each further one.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait that a server may ask for; beyond it the host is left alone until the next run.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// Why something could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// No connection to the host, or it asks to be left alone: its other files need not be tried.
    Unreachable(String),
    /// The publisher has no such file.
    Missing,
    Other(String),
}

impl Failure {
    pub(super) fn other(reason: impl std::fmt::Display) -> Self {
        Self::Other(reason.to_string())
    }

    pub(super) fn reason(&self) -> String {
        match self {
            Self::Unreachable(reason) | Self::Other(reason) => reason.clone(),
            Self::Missing => "the server answered 404 Not Found".to_owned(),
        }
    }
}

/// What came of one attempt that failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Another attempt would end the same way.
    Final(Failure),
    /// Another attempt may succeed; after `wait` if the server said so.
    Passing { reason: String, wait: Option<Duration> },
}

impl Trouble {
    pub(super) fn other(reason: impl std::fmt::Display) -> Self {
        Self::Final(Failure::other(reason))
    }

    pub(super) fn passing(reason: impl std::fmt::Display) -> Self {
        Self::Passing { reason: reason.to_string(), wait: None }
    }
}

/// Attempts until one succeeds, fails for good, or all are used up.
pub(super) fn persist<T>(
    clock: &dyn Clock,
    mut attempt: impl FnMut() -> Result<T, Trouble>,
) -> Result<T, Failure> {
    let mut wait = FIRST_WAIT;
    for round in 1.. {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(Trouble::Final(failure)) => return Err(failure),
            Err(Trouble::Passing { reason, wait: Some(asked) }) if asked > LONGEST_WAIT => {
                return Err(Failure::Unreachable(format!("{reason}, asking to wait {} s", asked.as_secs())));
            }
            Err(Trouble::Passing { reason, .. }) if round == ATTEMPTS => {
                return Err(Failure::Other(format!("{reason} ({ATTEMPTS} attempts)")));
            }
            Err(Trouble::Passing { reason, wait: asked }) => {
                let time = asked.unwrap_or_else(|| jittered(wait));
                tracing::debug!("trying again in {} ms: {reason}", time.as_millis());
                clock.sleep(time);
                wait *= 2;
            }
        }
    }
    unreachable!("the last attempt returns")
}

/// Between one and one and a half times `wait`, so that many installations do not come back at the same moment.
fn jittered(wait: Duration) -> Duration {
    // A fresh hasher's keys are random; that is enough here and needs no generator.
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    let part = u32::try_from(random % 1000).unwrap_or_default();
    wait + wait * part / 2000
}

/// The value of `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
pub(super) fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = http_date(text)?;
    Some(Duration::from_millis(u64::try_from(date.0 - now.0).unwrap_or_default()))
}

/// A date of a header (RFC 9110 section 5.6.7, the preferred form).
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(&text.replace("GMT", "+0000")).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug, Default)]
    struct Recorder(Mutex<Vec<Duration>>);

    impl Clock for Recorder {
        fn now(&self) -> Timestamp {
            Timestamp(0)
        }
        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
        fn sleep(&self, time: Duration) {
            self.0.lock().unwrap().push(time);
        }
    }

    #[test]
    fn waits_grow_and_differ_and_end() {
        let clock = Recorder::default();
        let mut attempts = 0;
        let outcome = persist(&clock, || -> Result<(), Trouble> {
            attempts += 1;
            Err(Trouble::passing("the connection was reset"))
        });
        assert_eq!(outcome, Err(Failure::Other("the connection was reset (4 attempts)".into())));
        let waits = clock.0.lock().unwrap();
        assert_eq!((attempts, waits.len()), (4, 3));
        for (wait, seconds) in waits.iter().zip([2.0, 4.0, 8.0]) {
            assert!((seconds..=seconds * 1.5).contains(&wait.as_secs_f64()), "{wait:?}");
        }
    }

    #[test]
    fn a_server_s_own_wait_is_obeyed_up_to_a_bound() {
        let clock = Recorder::default();
        let mut answers = vec![Ok(7), busy(90), busy(1)];
        assert_eq!(persist(&clock, || answers.pop().unwrap()), Ok(7));
        assert_eq!(*clock.0.lock().unwrap(), [Duration::from_secs(1), Duration::from_secs(90)]);
        let failure = persist(&clock, || busy(3600)).unwrap_err();
        assert_eq!(failure, Failure::Unreachable("it is busy, asking to wait 3600 s".into()));
    }

    fn busy(seconds: u64) -> Result<u32, Trouble> {
        Err(Trouble::Passing { reason: "it is busy".into(), wait: Some(Duration::from_secs(seconds)) })
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::parse("1994-11-06T08:49:30Z").unwrap();
        assert_eq!(retry_after(" 12 ", now), Some(Duration::from_secs(12)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-3", now), None);
    }
}
