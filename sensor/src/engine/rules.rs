//! The profile that the server gave, ready to be asked.

use std::path::Path;

use model::sensor::Blackout;
use model::{Label, SensorProfile, Timestamp};
use regex::{RegexSet, RegexSetBuilder};

use crate::spool::files;

/// The file that the profile is kept in, for a start without the server.
const FILE: &str = "profile.json";
/// Bytes of it that are read.
const LARGEST: u64 = 4 << 20;
/// Patterns that are taken from a profile.
const PATTERNS: usize = 1_000;
/// Bytes that compiled patterns may have.
const COMPILED: usize = 4 << 20;
/// What Kubernetes calls the label of the namespace.
const NAMESPACE: &str = "io.kubernetes.pod.namespace";
/// Days begin with the one that the epoch began on.
const DAYS: [&str; 7] = ["THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY"];
const MINUTES_OF_DAY: i64 = 24 * 60;

/// A profile with what follows from it.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) profile: SensorProfile,
    excluded: RegexSet,
    blackouts: Vec<Window>,
    /// What in the profile cannot be understood, in words; the rest of it holds.
    pub(crate) problems: Vec<String>,
}

/// A blackout in numbers.
#[derive(Debug)]
struct Window {
    /// By position in [`DAYS`].
    days: [bool; 7],
    /// Minutes of the day.
    from: i64,
    to: i64,
}

impl Rules {
    pub(crate) fn new(profile: SensorProfile) -> Self {
        let mut problems = Vec::new();
        let excluded = patterns(&profile.excluded_images, &mut problems);
        let windows = profile.blackouts.iter().filter_map(|blackout| {
            let window = Window::parse(blackout);
            if window.is_none() {
                problems.push(format!(
                    "the blackout from `{}` to `{}` on `{}` is left out: times are HH:MM, days MONDAY and so on",
                    blackout.from,
                    blackout.to,
                    blackout.days.join(", ")
                ));
            }
            window
        });
        let blackouts = windows.collect();
        Self { excluded, blackouts, problems, profile }
    }

    /// The profile of the last run; the default if there is none or it is damaged.
    pub(crate) fn load(state: &Path) -> Self {
        let bytes = files::read_bounded(&state.join(FILE), LARGEST).ok().flatten();
        Self::new(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    /// Keeps the profile for the next start.
    pub(crate) fn save(&self, state: &Path) -> std::io::Result<()> {
        files::write_whole(&state.join(FILE), &serde_json::to_vec(&self.profile)?)
    }

    /// Whether an image with these names is not to be scanned.
    pub(crate) fn excludes_image<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> bool {
        names.into_iter().any(|name| self.excluded.is_match(name))
    }

    /// Whether a container with these labels is not to be reported.
    pub(crate) fn excludes_labels(&self, labels: &[Label]) -> bool {
        let namespace = labels.iter().find(|label| label.key == NAMESPACE);
        namespace.is_some_and(|label| self.excludes_namespace(&label.value))
    }

    /// Whether containers of a namespace are not to be reported.
    pub(crate) fn excludes_namespace(&self, namespace: &str) -> bool {
        self.profile.excluded_namespaces.iter().any(|excluded| excluded == namespace)
    }

    /// Whether nothing is to be scanned now.
    pub(crate) fn is_blackout(&self, now: Timestamp) -> bool {
        self.blackouts.iter().any(|window| window.holds(now))
    }
}

/// All patterns that can be used; a bad one is left out and told.
fn patterns(texts: &[String], problems: &mut Vec<String>) -> RegexSet {
    let build = |texts: &[&String]| RegexSetBuilder::new(texts).size_limit(COMPILED).build();
    let good: Vec<&String> = texts
        .iter()
        .take(PATTERNS)
        .filter(|text| match build(&[text]) {
            Ok(_) => true,
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.lines().last().unwrap_or_default();
                problems.push(format!("the pattern `{text}` of excluded images is left out: {reason}"));
                false
            }
        })
        .collect();
    build(&good).unwrap_or_else(|_| {
        problems.push("the patterns of excluded images are too large together and are left out".to_owned());
        RegexSet::empty()
    })
}

impl Window {
    fn parse(blackout: &Blackout) -> Option<Self> {
        let mut days = [blackout.days.is_empty(); 7];
        for day in &blackout.days {
            let position = DAYS.iter().position(|known| known.eq_ignore_ascii_case(day.trim()))?;
            days[position] = true;
        }
        Some(Self { days, from: minute(&blackout.from)?, to: minute(&blackout.to)? })
    }

    fn holds(&self, now: Timestamp) -> bool {
        let minutes = now.0.div_euclid(60_000);
        let (day, minute) = (minutes.div_euclid(MINUTES_OF_DAY), minutes.rem_euclid(MINUTES_OF_DAY));
        let on = |day: i64| self.days[day.rem_euclid(7) as usize];
        if self.from < self.to {
            return on(day) && (self.from..self.to).contains(&minute);
        }
        // it goes on into the next day
        (on(day) && minute >= self.from) || (on(day - 1) && minute < self.to)
    }
}

/// `HH:MM` in minutes.
fn minute(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str, most: i64| {
        let is_number = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|number| is_number && *number <= most)
    };
    let (hours, minutes) = (number(hours, 24)?, number(minutes, 59)?);
    Some(hours * 60 + minutes).filter(|minute| *minute <= MINUTES_OF_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(profile: SensorProfile) -> Rules {
        Rules::new(profile)
    }

    #[test]
    fn images_are_excluded_by_any_of_their_names_and_bad_patterns_are_told() {
        let excluded_images = vec!["^internal/".to_owned(), "(".to_owned(), ":debug$".to_owned()];
        let rules = rules(SensorProfile { excluded_images, ..SensorProfile::default() });
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(rules.excludes_image(&names(&["web:1", "internal/tool:2"])));
        assert!(rules.excludes_image(&names(&["web:debug"])));
        assert!(!rules.excludes_image(&names(&["web:1"])));
        assert!(!rules.excludes_image(&names(&[])));
        assert_eq!(rules.problems.len(), 1, "{:?}", rules.problems);
        assert!(rules.problems[0].contains("`(`"), "{:?}", rules.problems);
    }

    #[test]
    fn a_pattern_that_grows_without_bound_is_left_out() {
        let excluded_images = vec!["((a{1000}){1000}){1000}".to_owned(), "web".to_owned()];
        let rules = rules(SensorProfile { excluded_images, ..SensorProfile::default() });
        assert!(rules.excludes_image(&["web".to_owned()]));
        assert_eq!(rules.problems.len(), 1);
    }

    #[test]
    fn a_blackout_may_go_on_into_the_next_day() {
        let blackout = |days: &[&str], from: &str, to: &str| Blackout {
            days: days.iter().map(|day| (*day).to_owned()).collect(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let blackouts = vec![blackout(&["FRIDAY"], "22:00", "06:00"), blackout(&[], "12:00", "12:30")];
        let rules = rules(SensorProfile { blackouts, ..SensorProfile::default() });
        // 2024-05-03 was a Friday
        for (time, expected) in [
            ("2024-05-03T21:59:59Z", false),
            ("2024-05-03T22:00:00Z", true),
            ("2024-05-04T05:59:59Z", true),
            ("2024-05-04T06:00:00Z", false),
            ("2024-05-04T23:00:00Z", false),
            ("2024-05-05T12:29:59Z", true),
            ("2024-05-05T12:30:00Z", false),
            ("1969-12-26T23:00:00Z", true),
        ] {
            assert_eq!(rules.is_blackout(at(time)), expected, "{time}");
        }
        let broken = vec![blackout(&["FREITAG"], "22:00", "06:00"), blackout(&[], "25:00", "6")];
        let rules = super::Rules::new(SensorProfile { blackouts: broken, ..SensorProfile::default() });
        assert_eq!(rules.problems.len(), 2);
        assert!(!rules.is_blackout(at("2024-05-03T23:00:00Z")));
    }

    #[test]
    fn the_profile_of_the_last_run_holds_until_the_server_tells_another() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(Rules::load(state.path()).profile, SensorProfile::default());
        let profile = SensorProfile { drift_seconds: 7, ..SensorProfile::default() };
        rules(profile.clone()).save(state.path()).unwrap();
        assert_eq!(Rules::load(state.path()).profile, profile);
        std::fs::write(state.path().join(FILE), "{").unwrap();
        assert_eq!(Rules::load(state.path()).profile, SensorProfile::default());
    }
}
