//! When registries are looked at, and what for.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Which repositories and tags are looked at. Of several filters one must take a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistryFilter {
    /// Images that are at most so many days old; `None` for any age.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// The newest of each repository; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<u32>,
    /// Names; empty for all.
    pub repo_tags: Vec<RepoTag>,
}

/// Patterns of a repository and a tag; empty for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RepoTag {
    /// Of the repository.
    pub repo: String,
    /// Of the tag.
    pub tag: String,
}

/// When a registry is looked at, and what for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistrySchedule {
    /// How people call it.
    pub name: String,
    /// Once and at once; otherwise by the times below.
    pub on_demand: bool,
    /// Time of the day in UTC, in minutes.
    pub minute: u16,
    /// Days from one run to the next, 1 to 365.
    pub interval_days: u16,
    /// Day of the week, Monday being 0; only with an interval of 7 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub week_day: Option<u8>,
    /// Scan also what is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// What is looked at; empty for everything.
    pub filters: Vec<RegistryFilter>,
}

const DAY: i64 = 86_400_000;
const MINUTE: i64 = 60_000;

impl RegistrySchedule {
    /// The first time after `now` at which a new schedule is due; `None` if it is for once.
    pub fn first_due(&self, now: Timestamp) -> Option<Timestamp> {
        if self.on_demand {
            return None;
        }
        let minute = i64::from(self.minute) * MINUTE;
        let mut day = now.0.div_euclid(DAY);
        if day * DAY + minute <= now.0 {
            day += 1;
        }
        if let Some(wanted) = self.week_day {
            // 1970-01-01 was a Thursday
            day += (i64::from(wanted) - (day + 3)).rem_euclid(7);
        }
        Some(Timestamp(day * DAY + minute))
    }

    /// The time after `now` at which it is due again after it was at `due`: whole intervals later.
    pub fn next_due(&self, due: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if self.on_demand {
            return None;
        }
        let interval = i64::from(self.interval_days.max(1)) * DAY;
        let missed = (now.0 - due.0).max(0) / interval;
        Some(Timestamp(due.0 + (missed + 1) * interval))
    }
}

/// How far a schedule is; the number is what the database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(i64)]
pub enum ScheduleStatus {
    /// Waits for its time.
    Created = 1,
    /// Waits for a sensor.
    Queued = 2,
    /// A sensor is at it.
    Running = 3,
    /// One with times has ended a run.
    Completed = 4,
    /// One for once has ended.
    Finished = 5,
    /// It ended, and something of it failed.
    Error = 6,
    /// It could not be carried out.
    Failed = 7,
    /// It was called off.
    Cancelled = 8,
}

impl ScheduleStatus {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Queued,
        Self::Running,
        Self::Completed,
        Self::Finished,
        Self::Error,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Finished => "Finished",
            Self::Error => "Error",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether it can be called off.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::Queued | Self::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_daily_schedule_is_due_at_its_minute_and_weekly_ones_on_their_day() {
        let daily = RegistrySchedule { minute: 90, interval_days: 1, ..RegistrySchedule::default() };
        assert_eq!(daily.first_due(at("2024-05-01T01:29:00Z")), Some(at("2024-05-01T01:30:00Z")));
        assert_eq!(daily.first_due(at("2024-05-01T01:30:00Z")), Some(at("2024-05-02T01:30:00Z")));
        // 2024-05-01 was a Wednesday
        let monday = RegistrySchedule { week_day: Some(0), interval_days: 7, ..daily.clone() };
        assert_eq!(monday.first_due(at("2024-05-01T12:00:00Z")), Some(at("2024-05-06T01:30:00Z")));
        let same = RegistrySchedule { week_day: Some(2), interval_days: 7, ..daily };
        assert_eq!(same.first_due(at("2024-05-01T01:00:00Z")), Some(at("2024-05-01T01:30:00Z")));
        assert_eq!(same.first_due(at("2024-05-01T02:00:00Z")), Some(at("2024-05-08T01:30:00Z")));
    }

    #[test]
    fn what_was_missed_is_made_up_for_once_and_the_rhythm_stays() {
        let third = RegistrySchedule { interval_days: 3, ..RegistrySchedule::default() };
        let due = at("2024-05-01T00:00:00Z");
        assert_eq!(third.next_due(due, due), Some(at("2024-05-04T00:00:00Z")));
        assert_eq!(third.next_due(due, at("2024-05-11T00:00:00Z")), Some(at("2024-05-13T00:00:00Z")));
        let once = RegistrySchedule { on_demand: true, ..third };
        assert_eq!((once.first_due(due), once.next_due(due, due)), (None, None));
    }
}
