//! Times of senders whose clock is ahead of the server's.
//!
//! A report of the future would win over every later one. A sensor's is not refused for that, because its host cannot be
//! helped by refusing it: it is taken as of now.

use model::{ContainerReport, Timestamp};

/// How far a time may lie ahead, in milliseconds: as far as clocks may differ in a token.
const LEEWAY: i64 = 300_000;
/// A clock that is further ahead is told as trouble, in milliseconds.
const TOLD: i64 = 60_000;

/// Takes a time of the future for now; gives whether it was one.
pub(crate) fn hold_back(time: &mut Timestamp, now: Timestamp) -> bool {
    let is_ahead = time.0 > now.0.saturating_add(LEEWAY);
    if is_ahead {
        *time = now;
    }
    is_ahead
}

/// Takes the times of a container that lie in the future for now; gives whether there were any.
pub(crate) fn hold_back_container(report: &mut ContainerReport, now: Timestamp) -> bool {
    let times = [&mut report.observed_at, &mut report.state_changed, &mut report.created];
    let mut any = times.into_iter().fold(false, |any, time| hold_back(time, now) | any);
    if let Some(drift) = report.details.as_mut().and_then(|details| details.drift.as_mut()) {
        any |= hold_back(&mut drift.checked_at, now);
    }
    any
}

/// What is to be told of a sensor that says it is `sent_at`.
pub(crate) fn trouble(sent_at: Timestamp, now: Timestamp) -> Option<String> {
    let ahead = sent_at.0.saturating_sub(now.0);
    (ahead > TOLD).then(|| {
        let seconds = ahead / 1_000;
        format!(
            "the clock of this host is {seconds} s ahead of the server's: times of the future are taken as of when they arrive"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    #[test]
    fn a_time_of_the_future_is_now_and_all_others_stay() {
        for (ahead, expected) in [(0, 0), (-5, -5), (LEEWAY, LEEWAY), (LEEWAY + 1, 0), (i64::MAX / 2, 0)] {
            let mut time = Timestamp(NOW.0 + ahead);
            assert_eq!(hold_back(&mut time, NOW), time.0 != NOW.0 + ahead);
            assert_eq!(time.0 - NOW.0, expected, "{ahead}");
        }
        assert_eq!(trouble(Timestamp(NOW.0 + TOLD), NOW), None);
        assert_eq!(trouble(Timestamp(5), NOW), None, "a clock that is behind makes nothing win");
        assert!(trouble(Timestamp(i64::MAX), NOW).unwrap().contains("ahead of the server's"));
    }
}
