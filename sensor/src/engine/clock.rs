//! Reports with the server's times in the place of this host's.
//!
//! The decision a reader may doubt: times are moved when a report is sent and not when something is seen. The server's clock may
//! not be known yet when it is seen, and what is kept must not look changed because more is known of a clock.

use model::{ContainerReport, Timestamp};

use crate::spool::WaitingContainer;

/// Makes reports ready to be sent to a server whose clock is `ahead` milliseconds ahead.
///
/// Nobody but this host knows its containers, so what it tells is newer than what was told before, whatever was the matter with its
/// clock in between.
pub(super) fn by_the_server(waiting: &mut [WaitingContainer], ahead: i64) {
    for one in waiting {
        let seen = Timestamp(one.observed_at.0.saturating_add(ahead));
        let at = if seen < one.told { Timestamp(one.told.0.saturating_add(1)) } else { seen };
        if at == one.observed_at && ahead == 0 {
            continue;
        }
        // what cannot be read is the server's to refuse
        let Ok(mut report) = serde_json::from_slice::<ContainerReport>(&one.json) else { continue };
        shift(&mut report, ahead);
        report.observed_at = at;
        if let Ok(json) = serde_json::to_vec(&report) {
            (one.json, one.observed_at) = (json, at);
        }
    }
}

/// Moves every time of a report.
fn shift(report: &mut ContainerReport, ahead: i64) {
    let mut by = |time: &mut Timestamp| time.0 = time.0.saturating_add(ahead);
    by(&mut report.created);
    by(&mut report.state_changed);
    let Some(drift) = report.details.as_mut().and_then(|details| details.drift.as_mut()) else { return };
    by(&mut drift.checked_at);
    drift.files.iter_mut().filter_map(|file| file.changed_at.as_mut()).for_each(&mut by);
    drift.packages.iter_mut().filter_map(|package| package.changed_at.as_mut()).for_each(by);
}

#[cfg(test)]
mod tests {
    use model::ContainerState;

    use super::*;
    use crate::spool::test_report;

    fn sent(observed: i64, told: i64, ahead: i64) -> ContainerReport {
        let mut report = test_report(1, 1, ContainerState::Running);
        (report.created, report.state_changed) = (Timestamp(observed - 20), Timestamp(observed - 10));
        report.observed_at = Timestamp(observed);
        let waiting = WaitingContainer {
            id: report.id,
            number: 1,
            json: serde_json::to_vec(&report).unwrap(),
            observed_at: report.observed_at,
            told: Timestamp(told),
        };
        let mut waiting = [waiting];
        by_the_server(&mut waiting, ahead);
        let sent: ContainerReport = serde_json::from_slice(&waiting[0].json).unwrap();
        assert_eq!(sent.observed_at, waiting[0].observed_at);
        sent
    }

    #[test]
    fn times_are_the_servers_and_never_older_than_what_was_told() {
        let times =
            |report: ContainerReport| [report.created.0, report.state_changed.0, report.observed_at.0];
        assert_eq!(times(sent(1_000, 0, 0)), [980, 990, 1_000]);
        assert_eq!(times(sent(1_000, 1_000, 0)), [980, 990, 1_000], "the same again is not newer");
        assert_eq!(times(sent(1_000, 0, 500)), [1_480, 1_490, 1_500]);
        assert_eq!(times(sent(1_000, 0, -500)), [480, 490, 500]);
        assert_eq!(times(sent(1_000, 9_000, 0)), [980, 990, 9_001], "the clock was set back");
        assert_eq!(times(sent(1_000, i64::MAX, i64::MAX))[2], i64::MAX);
    }
}
