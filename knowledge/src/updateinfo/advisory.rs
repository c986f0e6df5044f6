//! An update notice, whichever form it was written in.

use model::Timestamp;

/// A notice about updates, as its publisher wrote it.
#[derive(Debug, Default)]
pub(super) struct Advisory {
    pub(super) id: String,
    /// `security`, `bugfix`, `enhancement`, `newpackage`, in lower case.
    pub(super) kind: String,
    /// `final`, `stable`, `testing`, `retracted`.
    pub(super) status: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) severity: String,
    /// The release in words, such as `Fedora 43`; AlmaLinux writes `0`.
    pub(super) release: String,
    pub(super) issued: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) references: Vec<Reference>,
    pub(super) collections: Vec<Collection>,
}

#[derive(Debug, Default)]
pub(super) struct Reference {
    pub(super) id: String,
    /// `cve`, `bugzilla`, `self`, an advisory's kind.
    pub(super) kind: String,
    pub(super) title: String,
    pub(super) href: String,
}

/// Packages that came out together; those of a module stream have a collection of their own.
#[derive(Debug, Default)]
pub(super) struct Collection {
    pub(super) short: String,
    pub(super) name: String,
    /// `name:stream`.
    pub(super) module: Option<String>,
    pub(super) packages: Vec<Update>,
}

/// A package in the version that mends it.
#[derive(Clone, Debug, Default)]
pub(super) struct Update {
    pub(super) name: String,
    pub(super) epoch: String,
    pub(super) version: String,
    pub(super) release: String,
    pub(super) arch: String,
}

impl Update {
    /// `[epoch:]version[-release]`; an epoch of 0 is not written.
    pub(super) fn evr(&self) -> String {
        let mut evr = match self.epoch.trim() {
            "" | "0" | "None" | "(none)" => String::new(),
            epoch => format!("{epoch}:"),
        };
        evr.push_str(&self.version);
        if !self.release.is_empty() {
            evr.push('-');
            evr.push_str(&self.release);
        }
        evr
    }
}

/// The oldest and the newest year of a date that is taken for one.
const YEARS: std::ops::RangeInclusive<i16> = 1995..=2100;

/// A date in any of the forms that publishers use: `2022-06-06 17:58`, with seconds, with `T` and zone, the day alone,
/// seconds since 1970. An implausible one is none.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim().trim_end_matches(" UTC");
    let stamp = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Timestamp(text.parse::<i64>().ok()?.checked_mul(1000)?)
    } else if text.len() == 16 {
        Timestamp::parse(&format!("{}:00Z", text.replace(' ', "T")))?
    } else {
        let text = text.replacen(' ', "T", 1);
        Timestamp::parse(&text).or_else(|| Timestamp::parse(&format!("{text}Z")))?
    };
    let year = jiff::Timestamp::from_millisecond(stamp.0).ok()?.to_zoned(jiff::tz::TimeZone::UTC).year();
    YEARS.contains(&year).then_some(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_publisher_are_read() {
        let day = |text: &str| date(text).map(Timestamp::to_rfc3339);
        assert_eq!(day("2022-06-06 17:58").as_deref(), Some("2022-06-06T17:58:00.000Z"));
        assert_eq!(day("2025-02-14 23:13:00").as_deref(), Some("2025-02-14T23:13:00.000Z"));
        assert_eq!(day("2025-11-27T09:11:22.820964+00:00").as_deref(), Some("2025-11-27T09:11:22.820Z"));
        assert_eq!(day("2021-07-22T03:13:55Z").as_deref(), Some("2021-07-22T03:13:55.000Z"));
        assert_eq!(day("2024-01-01 00:00:00 UTC").as_deref(), Some("2024-01-01T00:00:00.000Z"));
        assert_eq!(day("2024-01-01").as_deref(), Some("2024-01-01T00:00:00.000Z"));
        assert_eq!(day("1628589283").as_deref(), Some("2021-08-10T09:54:43.000Z"));
        for odd in
            ["", "0", "None", "0001-01-01 00:00:00", "9999-12-31", "99999999999999999999", "äöü äöüäöüä"]
        {
            assert_eq!(day(odd), None, "{odd}");
        }
    }

    #[test]
    fn an_epoch_is_written_only_if_it_is_not_zero() {
        let evr = |epoch: &str, release: &str| {
            let (version, release) = ("1.2".to_owned(), release.to_owned());
            Update { epoch: epoch.into(), version, release, ..Update::default() }.evr()
        };
        assert_eq!(evr("0", "3.el9"), "1.2-3.el9");
        assert_eq!(evr("", "3.el9"), "1.2-3.el9");
        assert_eq!(evr("2", "3.el9"), "2:1.2-3.el9");
        assert_eq!(evr("2", ""), "2:1.2");
    }
}
