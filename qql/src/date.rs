//! Dates as filters write them: `now-7d`, `2024-05-01`, `2024-05-01T10:00:00Z`, epoch milliseconds.
//!
//! A date with less precision stands for its whole period. An integer is always milliseconds, except that four
//! digits from 1970 to 2999 are a year; a ten-digit number is not taken for seconds, one rule being better than two.

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, Unit, ZonedRound};
use model::Timestamp;

/// A stretch of time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first millisecond.
    pub start: Timestamp,
    /// Its last millisecond.
    pub end: Timestamp,
}

impl Period {
    const fn moment(at: i64) -> Self {
        Self { start: Timestamp(at), end: Timestamp(at) }
    }
}

/// Reads a date; `now` is the moment that the word stands for. `None` if the text is no date.
pub fn parse_date(text: &str, now: Timestamp) -> Option<Period> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("now") {
        return relative(rest.trim(), now).map(Period::moment);
    }
    let is_year = text.len() == 4 && text.parse().is_ok_and(|year: i16| (1970..3000).contains(&year));
    if !is_year && let Ok(millis) = text.parse::<i64>() {
        return Some(Period::moment(millis));
    }
    match text.parse::<jiff::Timestamp>() {
        Ok(at) => Some(Period::moment(at.as_millisecond())),
        Err(_) => calendar(text),
    }
}

/// `yyyy`, `yyyy-MM`, `yyyy-MM-dd` or a local date-time read as UTC, each with the period it covers.
fn calendar(text: &str) -> Option<Period> {
    let numbers: Vec<i16> =
        text.split('-').map(|part| part.parse().ok()).collect::<Option<_>>().unwrap_or_default();
    let (start, length) = match (numbers.as_slice(), text.len()) {
        ([year], 4) => (civil::date(*year, 1, 1), 1.year()),
        ([year, month], 7) => (civil::Date::new(*year, i8::try_from(*month).ok()?, 1).ok()?, 1.month()),
        ([year, month, day], 10) => {
            (civil::Date::new(*year, i8::try_from(*month).ok()?, i8::try_from(*day).ok()?).ok()?, 1.day())
        }
        _ => {
            let at = text.parse::<civil::DateTime>().ok()?;
            return Some(Period::moment(at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()));
        }
    };
    let start = start.to_zoned(TimeZone::UTC).ok()?;
    let end = start.checked_add(length).ok()?;
    Some(Period {
        start: Timestamp(start.timestamp().as_millisecond()),
        end: Timestamp(end.timestamp().as_millisecond() - 1),
    })
}

/// What follows `now`: nothing, an offset such as `-7d`, a rounding down such as `/d`, or both.
fn relative(text: &str, now: Timestamp) -> Option<i64> {
    let (offset, rounding) = match text.split_once('/') {
        Some((offset, unit)) => (offset.trim(), Some(unit.trim())),
        None => (text, None),
    };
    let mut at = jiff::Timestamp::from_millisecond(now.0).ok()?.to_zoned(TimeZone::UTC);
    if !offset.is_empty() {
        at = at.checked_add(span(offset)?).ok()?;
    }
    if let Some(unit) = rounding {
        let unit = match unit {
            "s" => Unit::Second,
            "m" => Unit::Minute,
            "h" => Unit::Hour,
            "d" => Unit::Day,
            _ => return None,
        };
        at = at.round(ZonedRound::new().smallest(unit).mode(jiff::RoundMode::Floor)).ok()?;
    }
    Some(at.timestamp().as_millisecond())
}

/// `-7d`, `+ 2h`; units are `s m h d w M y`.
fn span(text: &str) -> Option<Span> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let text = text[1..].trim();
    let unit = text.chars().next_back()?;
    let number = text[..text.len() - unit.len_utf8()].trim();
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = sign * number.parse::<i64>().ok()?;
    let span = Span::new();
    match unit {
        's' => span.try_seconds(number),
        'm' => span.try_minutes(number),
        'h' => span.try_hours(number),
        'd' => span.try_days(number),
        'w' => span.try_weeks(number),
        'M' => span.try_months(number),
        'y' => span.try_years(number),
        _ => return None,
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_714_565_045_678); // 2024-05-01T12:04:05.678Z

    fn period(text: &str) -> (i64, i64) {
        let period = parse_date(text, NOW).unwrap();
        (period.start.0, period.end.0)
    }

    #[test]
    fn relative_dates_count_from_now() {
        assert_eq!(period("now"), (NOW.0, NOW.0));
        assert_eq!(period("now-90s").0, NOW.0 - 90_000);
        assert_eq!(period("now-7d").0, NOW.0 - 7 * 86_400_000);
        assert_eq!(period("now + 2h").0, NOW.0 + 7_200_000);
        assert_eq!(period("now/d").0, 1_714_521_600_000);
        assert_eq!(period("now-1M").0, NOW.0 - 30 * 86_400_000);
    }

    #[test]
    fn a_coarse_date_covers_its_whole_period() {
        assert_eq!(period("2024-05-01"), (1_714_521_600_000, 1_714_607_999_999));
        assert_eq!(period("1970"), (0, 31_535_999_999));
        assert_eq!(period("1970-02"), (2_678_400_000, 5_097_599_999));
        assert_eq!(period("1970-01-01T00:00:01Z"), (1000, 1000));
        assert_eq!(period("1970-01-01T00:00:01.5+01:00").0, 1500 - 3_600_000);
    }

    #[test]
    fn integers_are_milliseconds_and_anything_else_is_no_date() {
        assert_eq!(period("1700000000"), (1_700_000_000, 1_700_000_000));
        assert_eq!(period("-5"), (-5, -5));
        for text in [
            "",
            "soon",
            "now-",
            "now-5",
            "now-5x",
            "nowhere",
            "2024-13",
            "2024-02-30",
            "now-99999999999999999999d",
            "now-9999999999d",
            "now-ä",
        ] {
            assert_eq!(parse_date(text, NOW), None, "{text}");
        }
    }
}
