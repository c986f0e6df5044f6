//! Dates of questions as stretches of milliseconds, by a calendar of our own.

/// A day in milliseconds.
pub(super) const DAY: i64 = 86_400_000;

/// The first and the last millisecond of what `text` names; `None` if that is no date.
pub(super) fn period(text: &str, now: i64) -> Option<(i64, i64)> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("now") {
        return relative(rest, now).map(|at| (at, at));
    }
    let number = |text: &str| text.parse::<i64>().ok();
    if let Some(whole) = number(text) {
        return match text.len() {
            4 if (1970..3000).contains(&whole) => {
                Some((day_of(whole, 1, 1) * DAY, day_of(whole + 1, 1, 1) * DAY - 1))
            }
            _ => Some((whole, whole)),
        };
    }
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let parts: Vec<i64> = date.split('-').map(number).collect::<Option<_>>()?;
    match (parts.as_slice(), time) {
        ([year, month], None) => {
            let (next_year, next_month) = if *month == 12 { (year + 1, 1) } else { (*year, month + 1) };
            Some((day_of(*year, *month, 1) * DAY, day_of(next_year, next_month, 1) * DAY - 1))
        }
        ([year, month, day], None) => {
            let start = day_of(*year, *month, *day) * DAY;
            Some((start, start + DAY - 1))
        }
        ([year, month, day], Some(time)) => {
            let at = day_of(*year, *month, *day) * DAY + of_day(time)?;
            Some((at, at))
        }
        _ => None,
    }
}

/// `10:20:30.5Z`, `10:20:30+02:00` as milliseconds since midnight in UTC.
fn of_day(text: &str) -> Option<i64> {
    let zone = text.find(['Z', '+', '-'])?;
    let (clock, zone) = text.split_at(zone);
    let minutes = |text: &str| -> Option<i64> {
        let (hours, minutes) = text.split_once(':')?;
        Some(hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
    };
    let offset = match zone.split_at(1) {
        ("Z", "") => 0,
        ("+", offset) => minutes(offset)?,
        ("-", offset) => -minutes(offset)?,
        _ => return None,
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let (front, seconds) = clock.rsplit_once(':')?;
    Some((minutes(front)? - offset) * 60_000 + seconds.parse::<i64>().ok()? * 1_000 + millis)
}

/// What stands behind `now`: an offset, a unit to round down to, both or neither.
fn relative(text: &str, now: i64) -> Option<i64> {
    let (offset, rounding) = text.split_once('/').map_or((text, None), |(offset, unit)| (offset, Some(unit)));
    let moved = if offset.trim().is_empty() { now } else { moved(offset.trim(), now)? };
    let unit = match rounding.map(str::trim) {
        None => return Some(moved),
        Some("s") => 1_000,
        Some("m") => 60_000,
        Some("h") => 3_600_000,
        Some("d") => DAY,
        Some(_) => return None,
    };
    Some(moved.div_euclid(unit) * unit)
}

fn moved(offset: &str, now: i64) -> Option<i64> {
    let unit = offset.chars().last()?;
    let count: i64 = offset[..offset.len() - unit.len_utf8()].replace(' ', "").parse().ok()?;
    let length = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => DAY,
        'w' => 7 * DAY,
        'M' => return Some(months_later(now, count)),
        'y' => return Some(months_later(now, count * 12)),
        _ => return None,
    };
    Some(now + count * length)
}

/// The same day and time so many months later; the last day of a month that is too short.
fn months_later(at: i64, months: i64) -> i64 {
    let (year, month, day) = date_of(at.div_euclid(DAY));
    let index = year * 12 + month - 1 + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let next = if month == 12 { day_of(year + 1, 1, 1) } else { day_of(year, month + 1, 1) };
    let first = day_of(year, month, 1);
    (first + (day - 1).min(next - first - 1)) * DAY + at.rem_euclid(DAY)
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

/// Days since 1970-01-01 of a date from 1970 on.
pub(super) fn day_of(year: i64, month: i64, day: i64) -> i64 {
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let months = BEFORE_MONTH[(month - 1).rem_euclid(12) as usize] + i64::from(month > 2 && is_leap(year));
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969) + months + day - 1
}

/// The date of a day since 1970-01-01.
pub(super) fn date_of(day: i64) -> (i64, i64, i64) {
    let mut year = 1970 + day.div_euclid(366);
    while day_of(year + 1, 1, 1) <= day {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| day_of(year, *month, 1) <= day).unwrap_or(1);
    (year, month, day - day_of(year, month, 1) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-05-01T12:04:05.678Z
    const NOW: i64 = 1_714_565_045_678;

    #[test]
    fn dates_cover_what_they_name() {
        for (text, from, to) in [
            ("now", NOW, NOW),
            ("now-90s", NOW - 90_000, NOW - 90_000),
            ("now-1M", 1_711_973_045_678, 1_711_973_045_678),
            ("now/d", 1_714_521_600_000, 1_714_521_600_000),
            ("2024", 1_704_067_200_000, 1_735_689_599_999),
            ("2024-02", 1_706_745_600_000, 1_709_251_199_999),
            ("2024-05-01", 1_714_521_600_000, 1_714_607_999_999),
            ("2024-05-01T12:04:05Z", 1_714_565_045_000, 1_714_565_045_000),
            ("2024-05-01T14:04:05.678+02:00", NOW, NOW),
            ("1700000000", 1_700_000_000, 1_700_000_000),
        ] {
            assert_eq!(period(text, NOW), Some((from, to)), "{text}");
        }
        assert_eq!(period("soon", NOW), None);
    }

    #[test]
    fn days_and_dates_are_each_others_inverse() {
        for day in 0..40_000 {
            let (year, month, date) = date_of(day);
            assert_eq!(day_of(year, month, date), day);
            assert!((1..=12).contains(&month) && (1..=31).contains(&date));
        }
        assert_eq!(date_of(19_782), (2024, 2, 29));
    }
}
