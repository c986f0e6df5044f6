//! Schedules of registries (`csapi.md` §12).

use model::registry::{RegistryFilter, RegistrySchedule, RepoTag};
use qql::fields::ScheduleField;
use qql::{Array, FieldId, Row, Shown};
use serde::{Deserialize, Serialize};
use store::Schedule;
use utoipa::ToSchema;
use uuid::Uuid;

use super::scalar::Millis;

const WEEK: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];
/// The longest interval, in days.
const LONGEST: u16 = 365;
/// Filters of one schedule, and names in one filter.
const MOST: usize = 1_000;

/// A schedule, as it is to be.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleRequest {
    name: Option<String>,
    /// At once and once; without it and without a time, too.
    #[serde(alias = "OnDemand")]
    on_demand: Option<bool>,
    /// `HH:MM` in UTC.
    schedule: Option<String>,
    /// 1 to 365.
    schedule_scan_interval_in_days: Option<u16>,
    /// `MONDAY` …; with an interval of 7 days.
    week_day: Option<String>,
    /// Scan also what was scanned before.
    force_scan: Option<bool>,
    filters: Option<Vec<Filter>>,
}

/// What is looked at.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter {
    /// Images built within so many days: 1 to 7 or 14; any age without.
    days: Option<u32>,
    /// Own: the newest of each repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<u32>,
    repo_tags: Option<Vec<Names>>,
}

/// Patterns of a repository and its tags: `*` and `?`; empty takes all.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
pub(crate) struct Names {
    repo: Option<String>,
    tag: Option<String>,
}

impl ScheduleRequest {
    /// What it comes to. An error says which key is wrong.
    pub(crate) fn resolve(self) -> Result<RegistrySchedule, String> {
        let on_demand = self.on_demand.unwrap_or(self.schedule.is_none());
        let minute = match &self.schedule {
            Some(text) if !on_demand => read_time(text).ok_or("schedule must be a time such as 04:30")?,
            None if !on_demand => return Err("schedule is missing: a time in UTC such as 04:30".to_owned()),
            _ => 0,
        };
        let interval_days = self.schedule_scan_interval_in_days.unwrap_or(1);
        if !(1..=LONGEST).contains(&interval_days) {
            return Err(format!("scheduleScanIntervalInDays must be between 1 and {LONGEST}"));
        }
        let week_day = match self.week_day.as_deref().filter(|day| !day.is_empty()) {
            Some(day) if interval_days == 7 => Some(read_day(day)?),
            Some(day) => {
                read_day(day)?;
                None
            }
            None => None,
        };
        let filters = self.filters.unwrap_or_default();
        if filters.len() > MOST {
            return Err(format!("filters: more than {MOST}"));
        }
        let filters = filters.into_iter().map(read_filter).collect::<Result<_, _>>()?;
        let name = self.name.unwrap_or_default().trim().chars().take(256).collect();
        let force = self.force_scan.unwrap_or(false);
        Ok(RegistrySchedule { name, on_demand, minute, interval_days, week_day, force, filters })
    }
}

fn read_time(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_short =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_short(hours) || !is_short(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn read_day(text: &str) -> Result<u8, String> {
    let day = (0_u8..).zip(WEEK).find(|(_, name)| name.eq_ignore_ascii_case(text.trim()));
    day.map(|(day, _)| day).ok_or_else(|| format!("weekDay must be one of {}", WEEK.join(", ")))
}

fn read_filter(filter: Filter) -> Result<RegistryFilter, String> {
    let days = filter.days.filter(|days| *days > 0);
    if days.is_some_and(|days| !matches!(days, 1..=7 | 14)) {
        return Err("filters.days must be 1 to 7, 14 or null".to_owned());
    }
    if filter.newest == Some(0) {
        return Err("filters.newest must be 1 or more".to_owned());
    }
    let names = filter.repo_tags.unwrap_or_default();
    if names.len() > MOST {
        return Err(format!("filters.repoTags: more than {MOST}"));
    }
    let is_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > 512);
    if names.iter().any(|names| is_long(&names.repo) || is_long(&names.tag)) {
        return Err("filters.repoTags: a pattern is longer than 512 bytes".to_owned());
    }
    let read =
        |names: Names| RepoTag { repo: names.repo.unwrap_or_default(), tag: names.tag.unwrap_or_default() };
    Ok(RegistryFilter { days, newest: filter.newest, repo_tags: names.into_iter().map(read).collect() })
}

/// A schedule with its latest walk.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleRecord<'a> {
    schedule_uuid: Uuid,
    name: &'a str,
    on_demand: bool,
    schedule: Option<String>,
    schedule_scan_interval_in_days: Option<u16>,
    week_day: Option<&'static str>,
    force_scan: bool,
    filters: Vec<Filter>,
    status: &'static str,
    created: Millis,
    updated: Millis,
    job_start_date: Option<Millis>,
    job_completion_date: Option<Millis>,
    job_listing_start_date: Option<Millis>,
    job_listing_completion_date: Option<Millis>,
    job_scanning_start_date: Option<Millis>,
    job_scanning_completion_date: Option<Millis>,
    errors: Vec<ScheduleError<'a>>,
}

/// What went wrong in a walk.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleError<'a> {
    error_code: &'a str,
    error_message: &'a str,
    /// The repository or image.
    context_params: Vec<&'a str>,
}

impl<'a> ScheduleRecord<'a> {
    pub(crate) fn new(known: &'a Schedule) -> Self {
        let (schedule, progress) = (&known.schedule, &known.progress);
        let timed = !schedule.on_demand;
        let millis = |time: Option<model::Timestamp>| time.map(Millis::from);
        let errors = progress.errors.iter().map(|error| ScheduleError {
            error_code: &error.code,
            error_message: &error.message,
            context_params: vec![&error.place],
        });
        Self {
            schedule_uuid: known.uuid,
            name: &schedule.name,
            on_demand: schedule.on_demand,
            schedule: timed.then(|| format!("{:02}:{:02}", schedule.minute / 60, schedule.minute % 60)),
            schedule_scan_interval_in_days: timed.then_some(schedule.interval_days),
            week_day: schedule.week_day.and_then(|day| WEEK.get(usize::from(day)).copied()),
            force_scan: schedule.force,
            filters: schedule.filters.iter().map(shown).collect(),
            status: known.status.as_str(),
            created: known.created.into(),
            updated: known.updated.into(),
            job_start_date: millis(known.started),
            job_completion_date: millis(known.ended),
            job_listing_start_date: millis(progress.listing_started),
            job_listing_completion_date: millis(progress.listing_ended),
            job_scanning_start_date: millis(progress.scanning_started),
            job_scanning_completion_date: millis(progress.scanning_ended),
            errors: errors.collect(),
        }
    }

    pub(crate) fn uuid(&self) -> Uuid {
        self.schedule_uuid
    }
}

fn shown(filter: &RegistryFilter) -> Filter {
    let names = |names: &RepoTag| Names { repo: Some(names.repo.clone()), tag: Some(names.tag.clone()) };
    let repo_tags = Some(filter.repo_tags.iter().map(names).collect());
    Filter { days: filter.days, newest: filter.newest, repo_tags }
}

impl Row for ScheduleRecord<'_> {
    fn values(&self, field: FieldId) -> Vec<Shown<'_>> {
        let FieldId::Schedule(field) = field else { return Vec::new() };
        vec![match field {
            ScheduleField::Name => self.name.into(),
            ScheduleField::ScheduleUuid => Shown::Text(self.schedule_uuid.to_string().into()),
            ScheduleField::Status => self.status.into(),
            ScheduleField::OnDemand => Shown::Flag(self.on_demand),
            ScheduleField::Created => Shown::Number(self.created.0),
            ScheduleField::Updated => Shown::Number(self.updated.0),
        }]
    }

    fn any_element(&self, _: Array, _: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: serde_json::Value) -> Result<RegistrySchedule, String> {
        serde_json::from_value::<ScheduleRequest>(value).unwrap().resolve()
    }

    #[test]
    fn schedules_as_clients_send_them_are_understood() {
        let once = read(
            json!({ "name": "n", "OnDemand": true, "filters": [{ "days": null, "repoTags": [{ "repo": "a", "tag": "1" }] }] }),
        );
        let once = once.unwrap();
        assert!(once.on_demand && once.filters[0].repo_tags[0].repo == "a");
        assert!(read(json!({})).unwrap().on_demand);
        let weekly = json!({ "onDemand": false, "schedule": "4:05", "scheduleScanIntervalInDays": 7, "weekDay": "sunday" });
        let weekly = read(weekly).unwrap();
        assert_eq!((weekly.minute, weekly.interval_days, weekly.week_day), (245, 7, Some(6)));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_key() {
        for (value, told) in [
            (json!({ "onDemand": false }), "schedule is missing"),
            (json!({ "schedule": "24:00" }), "schedule must be a time"),
            (json!({ "schedule": "+4:00" }), "schedule must be a time"),
            (json!({ "schedule": "04:00", "scheduleScanIntervalInDays": 0 }), "between 1 and 365"),
            (json!({ "weekDay": "someday" }), "weekDay must be one of MONDAY"),
            (json!({ "filters": [{ "days": 9 }] }), "filters.days"),
            (json!({ "filters": [{ "newest": 0 }] }), "filters.newest"),
        ] {
            let error = read(value).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
