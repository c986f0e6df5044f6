//! Tests on numbers and times: sorted ranges, both ends included.

/// A number lies in one of several ranges. Decimals are given in thousandths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberTest {
    ranges: Vec<(i64, i64)>,
}

impl NumberTest {
    /// Takes ranges in any order; empty ones (first end above the second) count for nothing.
    pub fn new(mut ranges: Vec<(i64, i64)>) -> Self {
        ranges.retain(|(lower, upper)| lower <= upper);
        ranges.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
        for (lower, upper) in ranges {
            match merged.last_mut() {
                Some(last) if lower <= last.1.saturating_add(1) => last.1 = last.1.max(upper),
                _ => merged.push((lower, upper)),
            }
        }
        Self { ranges: merged }
    }

    /// The ranges, both ends included: in order, apart from each other, none empty.
    pub fn ranges(&self) -> &[(i64, i64)] {
        &self.ranges
    }

    /// Whether a value lies in one of them.
    pub fn matches(&self, value: i64) -> bool {
        let next = self.ranges.partition_point(|(_, upper)| *upper < value);
        self.ranges.get(next).is_some_and(|(lower, _)| *lower <= value)
    }
}

/// A point in time lies in one of several ranges, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateTest {
    ranges: NumberTest,
    now: bool,
}

impl DateTest {
    /// Takes ranges in any order, and the moment that `now` stands for.
    pub fn new(ranges: Vec<(i64, i64)>, now: i64) -> Self {
        let ranges = NumberTest::new(ranges);
        let now = ranges.matches(now);
        Self { ranges, now }
    }

    /// One of the tests is enough.
    pub(crate) fn merged(tests: &[Self]) -> Self {
        let ranges = tests.iter().flat_map(Self::ranges).copied().collect();
        Self { ranges: NumberTest::new(ranges), now: tests.iter().any(Self::now) }
    }

    /// The ranges, both ends included: in order, apart from each other, none empty.
    pub fn ranges(&self) -> &[(i64, i64)] {
        self.ranges.ranges()
    }

    /// Whether the present moment lies in one of them.
    pub const fn now(&self) -> bool {
        self.now
    }

    /// Whether a point in time lies in one of them.
    pub fn matches(&self, millis: i64) -> bool {
        self.ranges.matches(millis)
    }
}
