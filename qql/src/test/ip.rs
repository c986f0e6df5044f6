//! Tests on IP addresses: exact, networks, ranges, of both families.

use std::net::IpAddr;

/// A range of addresses of one family, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IpRange {
    /// Whether it is of IPv6.
    pub v6: bool,
    /// The first address as a number.
    pub lower: u128,
    /// The last address as a number.
    pub upper: u128,
}

/// An address lies in one of several ranges. An IPv4 address written as one of IPv6 (`::ffff:10.0.0.8`) is the IPv4 address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpTest {
    ranges: Vec<IpRange>,
}

/// The family and the number of an address.
pub(crate) fn number(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (false, u128::from(u32::from(address))),
        IpAddr::V6(address) => (true, u128::from(address)),
    }
}

impl IpTest {
    /// Takes ranges in any order; empty ones count for nothing.
    pub fn new(mut ranges: Vec<IpRange>) -> Self {
        ranges.retain(|range| range.lower <= range.upper);
        ranges.sort_unstable();
        let mut merged: Vec<IpRange> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if last.v6 == range.v6 && range.lower <= last.upper.saturating_add(1) => {
                    last.upper = last.upper.max(range.upper);
                }
                _ => merged.push(range),
            }
        }
        Self { ranges: merged }
    }

    /// The ranges: IPv4 first, in order, apart from each other, none empty.
    pub fn ranges(&self) -> &[IpRange] {
        &self.ranges
    }

    /// Whether an address lies in one of them.
    pub fn matches(&self, address: IpAddr) -> bool {
        let (v6, number) = number(address);
        let next = self.ranges.partition_point(|range| (range.v6, range.upper) < (v6, number));
        self.ranges.get(next).is_some_and(|range| range.v6 == v6 && range.lower <= number)
    }

    /// The same for an address as text; text that is none matches nothing.
    pub fn matches_text(&self, address: &str) -> bool {
        address.trim().parse().is_ok_and(|address| self.matches(address))
    }
}
