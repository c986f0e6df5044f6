//! How often and how long a registry is waited for.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::error::RegistryError;

/// Bounds of waiting. There is none for a layer as a whole: what goes on coming is read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Times that one request is made before its failure counts. Default 5.
    pub tries: u32,
    /// Times that it is made if there is no connection at all. Default 2.
    pub connect_tries: u32,
    /// The wait after the first failure; it doubles with each further one, give or take a quarter. Default
    /// half a second.
    pub first_wait: Duration,
    /// The longest wait, also if the registry asks for a longer one. Default 60 seconds.
    pub longest_wait: Duration,
    /// For a connection to be made. Default 15 seconds.
    pub connect: Duration,
    /// For the head of an answer, and for each piece of its body. Default 60 seconds.
    pub idle: Duration,
    /// For the whole of a short document: a manifest, a config or a token. Default 120 seconds.
    pub document: Duration,
    /// Times that a layer which broke off is gone on with. Default 50.
    pub resumptions: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 5,
            connect_tries: 2,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(60),
            document: Duration::from_secs(120),
            resumptions: 50,
        }
    }
}

impl Patience {
    /// The wait after that many failures, if the registry asks for none itself.
    pub(super) fn wait(&self, failures: u32) -> Duration {
        let doubled = self.first_wait.saturating_mul(1 << failures.saturating_sub(1).min(16));
        let bounded = doubled.min(self.longest_wait);
        // so that many clients which failed together do not come back together
        let random = RandomState::new().build_hasher().finish() % 1000;
        bounded.mul_f64(0.75 + random as f64 / 2000.0).min(self.longest_wait)
    }
}

/// A failure of one try.
#[derive(Debug)]
pub(super) enum Failure {
    /// Trying again would change nothing.
    Final(RegistryError),
    /// It may pass.
    Passing {
        error: RegistryError,
        /// The wait that the registry asks for.
        asked: Option<Duration>,
        /// Whether there was no connection.
        unconnected: bool,
    },
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::Final(error)
    }
}

/// Tries until it goes well, fails for good, or patience ends.
pub(super) fn retried<T>(
    patience: &Patience,
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, RegistryError> {
    let mut failures = 0;
    loop {
        let (error, asked, unconnected) = match attempt() {
            Ok(value) => return Ok(value),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Passing { error, asked, unconnected }) => (error, asked, unconnected),
        };
        failures += 1;
        if failures >= patience.tries || (unconnected && failures >= patience.connect_tries) {
            return Err(error);
        }
        std::thread::sleep(asked.unwrap_or_else(|| patience.wait(failures)).min(patience.longest_wait));
    }
}

/// The wait that an answer asks for, in seconds or until a date (RFC 9110 §10.2.3).
pub(super) fn asked_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    let then = SystemTime::from(date.timestamp());
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_within_a_quarter_and_a_bound() {
        let patience = Patience::default();
        for (failures, expected) in [(1, 0.5), (2, 1.0), (3, 2.0), (20, 60.0), (u32::MAX, 60.0)] {
            let wait = patience.wait(failures).as_secs_f64();
            assert!((0.75 * expected..=1.25 * expected).contains(&wait), "{failures}: {wait}");
            assert!(wait <= 60.0);
        }
    }

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_by_date() {
        let asked = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            asked_wait(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(1_445_412_470))
        };
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(asked("Fri, 21 Oct 2005 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(asked("soon"), None);
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
        let patience = Patience { first_wait: Duration::from_millis(1), ..Patience::default() };
        let error = || RegistryError::Client { reason: "x".to_owned() };
        let tries = |failure: &dyn Fn() -> Failure| {
            let mut count = 0;
            let result: Result<(), _> = retried(&patience, || {
                count += 1;
                Err(failure())
            });
            assert!(result.is_err());
            count
        };
        let passing = |unconnected| Failure::Passing { error: error(), asked: None, unconnected };
        assert_eq!(tries(&|| passing(false)), 5);
        assert_eq!(tries(&|| passing(true)), 2);
        assert_eq!(tries(&|| Failure::Final(error())), 1);
    }
}
