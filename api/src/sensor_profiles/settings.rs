//! From the documented settings of a profile to what a sensor is told.

use model::SensorProfile;
use model::sensor::Blackout;

use crate::error::ApiError;
use crate::wire::{BlackoutWindow, ProfileConfig};

/// Windows, exclusions or namespaces of one profile.
const LIST: usize = 1_000;
/// Bytes of an exclusion or a namespace.
const WORD: usize = 1_024;
const DAYS: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

/// What a sensor with this profile is told, or what is wrong with the settings.
pub(crate) fn settings(name: &str, config: &ProfileConfig) -> Result<SensorProfile, ApiError> {
    let plain = SensorProfile::default();
    let (scans, own) = (&config.vulnerability_management, &config.plimsoll);
    let interval = scans.container_scanning_interval;
    if interval.is_some_and(|hours| ![12, 24, 48].contains(&hours)) {
        return Err(wrong("vulnerabilityManagement.containerScanningInterval", "is not 12, 24 or 48"));
    }
    let windows = &config.weekly_blackout_window_schedules;
    count("weeklyBlackoutWindowSchedules", windows.len())?;
    let blackouts = windows.iter().enumerate().map(|(index, window)| {
        blackout(window).map_err(|(field, reason)| {
            wrong(&format!("weeklyBlackoutWindowSchedules[{index}].{field}"), reason)
        })
    });
    words("vulnerabilityManagement.imageExclusionRegexList", &scans.image_exclusion_regex_list)?;
    words("plimsoll.excludedNamespaces", &own.excluded_namespaces)?;
    let drift_seconds = own.drift_seconds.unwrap_or(plain.drift_seconds);
    if drift_seconds != 0 {
        within("driftSeconds", drift_seconds, 10, 86_400)?;
    }
    Ok(SensorProfile {
        name: name.to_owned(),
        heartbeat_seconds: within(
            "heartbeatSeconds",
            own.heartbeat_seconds.unwrap_or(plain.heartbeat_seconds),
            5,
            3_600,
        )?,
        reconcile_seconds: within(
            "reconcileSeconds",
            own.reconcile_seconds.unwrap_or(plain.reconcile_seconds),
            30,
            86_400,
        )?,
        drift_seconds,
        scan_images: scans.global_scanning_flag.unwrap_or(plain.scan_images),
        excluded_images: scans.image_exclusion_regex_list.clone(),
        excluded_namespaces: own.excluded_namespaces.clone(),
        blackouts: blackouts.collect::<Result<_, _>>()?,
    })
}

fn blackout(window: &BlackoutWindow) -> Result<Blackout, (&'static str, &'static str)> {
    const TIME: &str = "is not a time of the form HH:MM";
    let from = time(&window.start_time).ok_or(("startTime", TIME))?;
    let to = time(&window.end_time).ok_or(("endTime", TIME))?;
    let day = |text: &String| {
        let known = DAYS.into_iter().find(|day| day.eq_ignore_ascii_case(text.trim()));
        known.map(str::to_owned).ok_or(("repeatOnDays", "holds what is no day of the week, such as MONDAY"))
    };
    let mut days = window.repeat_on_days.iter().take(LIST).map(day).collect::<Result<Vec<_>, _>>()?;
    days.sort_by_key(|day| DAYS.iter().position(|known| known == day));
    days.dedup();
    Ok(Blackout { days, from, to })
}

/// `HH:MM`, filled up with zeros.
fn time(text: &str) -> Option<String> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str, below: u32| {
        let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u32>().ok().filter(|number| digits && *number < below)
    };
    Some(format!("{:02}:{:02}", number(hours, 24)?, number(minutes, 60)?))
}

fn within(field: &str, value: u32, least: u32, most: u32) -> Result<u32, ApiError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(wrong(&format!("plimsoll.{field}"), &format!("is not between {least} and {most}")))
}

fn words(field: &str, list: &[String]) -> Result<(), ApiError> {
    count(field, list.len())?;
    let bad = |text: &String| text.is_empty() || text.len() > WORD || text.contains('\0');
    match list.iter().position(bad) {
        None => Ok(()),
        Some(index) => Err(wrong(
            &format!("{field}[{index}]"),
            "is empty, longer than 1024 bytes or holds a NUL character",
        )),
    }
}

fn count(field: &str, found: usize) -> Result<(), ApiError> {
    if found <= LIST { Ok(()) } else { Err(wrong(field, &format!("has more than {LIST} entries"))) }
}

fn wrong(field: &str, reason: &str) -> ApiError {
    ApiError::bad_request(format!("invalid body: `config.{field}` {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(config: serde_json::Value) -> Result<SensorProfile, String> {
        let config: ProfileConfig = serde_json::from_value(config).map_err(|error| error.to_string())?;
        settings("p", &config).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn the_documented_settings_become_those_of_a_sensor() {
        let told = read(json!({
            "weeklyBlackoutWindowSchedules": [
                {"startTime": "22:00", "endTime": "6:5", "repeatOnDays": ["sunday", "MONDAY", "Monday"]}
            ],
            "vulnerabilityManagement": {
                "containerScanningInterval": 24, "imageExclusionRegexList": ["^test/"],
                "globalScanningFlag": false, "scanningPolicy": "Dynamic"
            },
            "performanceManagement": {"maxLogFileSize": 10},
            "plimsoll": {"heartbeatSeconds": 60, "driftSeconds": 0, "excludedNamespaces": ["kube-system"]}
        }));
        let blackout = Blackout {
            days: vec!["MONDAY".to_owned(), "SUNDAY".to_owned()],
            from: "22:00".to_owned(),
            to: "06:05".to_owned(),
        };
        let expected = SensorProfile {
            name: "p".to_owned(),
            heartbeat_seconds: 60,
            drift_seconds: 0,
            scan_images: false,
            excluded_images: vec!["^test/".to_owned()],
            excluded_namespaces: vec!["kube-system".to_owned()],
            blackouts: vec![blackout],
            ..SensorProfile::default()
        };
        assert_eq!(told, Ok(expected));
        assert_eq!(read(json!({})), Ok(SensorProfile { name: "p".to_owned(), ..SensorProfile::default() }));
    }

    #[test]
    fn what_is_not_named_is_kept() {
        let given =
            json!({"performanceManagement": {"maxLogFileSize": 10}, "vulnerabilityManagement": {"x": [1]}});
        let config: ProfileConfig = serde_json::from_value(given).unwrap();
        let shown = serde_json::to_value(&config).unwrap();
        assert_eq!(shown["performanceManagement"]["maxLogFileSize"], 10);
        assert_eq!(shown["vulnerabilityManagement"]["x"], json!([1]));
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let window = |start: &str, day: &str| {
            json!({"weeklyBlackoutWindowSchedules": [
                {"startTime": start, "endTime": "06:00", "repeatOnDays": [day]}
            ]})
        };
        for (config, told) in [
            (window("25:00", "MONDAY"), "weeklyBlackoutWindowSchedules[0].startTime` is not a time"),
            (window("+1:00", "MONDAY"), "startTime"),
            (window("1000", "MONDAY"), "startTime"),
            (window("10:00", "Someday"), "repeatOnDays` holds what is no day"),
            (
                json!({"plimsoll": {"heartbeatSeconds": 4}}),
                "plimsoll.heartbeatSeconds` is not between 5 and 3600",
            ),
            (json!({"plimsoll": {"driftSeconds": 9}}), "plimsoll.driftSeconds"),
            (json!({"plimsoll": {"driftseconds": 10}}), "unknown field"),
            (json!({"vulnerabilityManagement": {"containerScanningInterval": 13}}), "is not 12, 24 or 48"),
            (json!({"vulnerabilityManagement": {"imageExclusionRegexList": ["a", ""]}}), "List[1]` is empty"),
        ] {
            let refused = read(config.clone()).unwrap_err();
            assert!(refused.contains(told), "{config}: {refused}");
        }
    }
}
