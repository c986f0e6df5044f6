//! Points in time as milliseconds since the Unix epoch, the unit of the API and of the store.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z; negative before that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The wall clock of this machine.
    pub fn now() -> Self {
        Self(jiff::Timestamp::now().as_millisecond())
    }

    /// Reads an RFC 3339 date-time (`2024-05-01T00:00:00.123456789Z`); fractions are cut to milliseconds.
    /// A bare `yyyy-mm-dd` is its first moment in UTC. Anything else, and the zero date `0001-01-01`
    /// that some publishers write for "unknown", gives `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let stamp = match text.len() {
            10 => text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
            _ => text.parse::<jiff::Timestamp>().ok()?,
        };
        let millis = stamp.as_millisecond();
        (millis > -62_135_000_000_000).then_some(Self(millis))
    }

    /// The RFC 3339 form in UTC with milliseconds.
    pub fn to_rfc3339(self) -> String {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(stamp) => format!("{stamp:.3}"),
            Err(_) => self.0.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_date_times_are_read_in_utc_and_the_zero_date_is_unknown() {
        assert_eq!(Timestamp::parse("1970-01-02"), Some(Timestamp(86_400_000)));
        assert_eq!(Timestamp::parse("1970-01-01T00:00:01.234567Z"), Some(Timestamp(1_234)));
        assert_eq!(Timestamp::parse("1970-01-01T02:00:00+02:00"), Some(Timestamp(0)));
        assert_eq!(Timestamp::parse("0001-01-01T00:00:00Z"), None);
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn the_printed_form_has_milliseconds() {
        assert_eq!(Timestamp(1_234).to_rfc3339(), "1970-01-01T00:00:01.234Z");
    }
}
