//! IP addresses: single ones, networks and ranges.

use std::net::IpAddr;

use crate::ast::{Op, Range, Scalar, Value};
use crate::error::QueryError;
use crate::test::{IpRange, IpTest, ip_number};
use crate::value::quoted_range;

use super::value::Reader;

impl Reader<'_> {
    pub(super) fn addresses(&self) -> Result<IpTest, QueryError> {
        let ranges = match &self.term.value {
            Value::List(items) => items.iter().map(|item| self.network(item)).collect::<Result<_, _>>()?,
            Value::Range(range) => self.address_range(range)?,
            Value::Scalar(scalar) => match quoted_range(scalar).filter(|_| self.term.op == Op::Match) {
                Some(range) => self.address_range(&range)?,
                None => self.compared_address(scalar)?,
            },
        };
        Ok(IpTest::new(ranges))
    }

    fn compared_address(&self, scalar: &Scalar) -> Result<Vec<IpRange>, QueryError> {
        let network = self.network(scalar)?;
        let (lower, upper) = (network.lower, network.upper);
        let (lower, upper) = match self.term.op {
            Op::Match | Op::Equal | Op::NotEqual => (Some(lower), Some(upper)),
            Op::Less => (Some(0), lower.checked_sub(1)),
            Op::LessEqual => (Some(0), Some(upper)),
            Op::Greater => (upper.checked_add(1), Some(highest(network.v6))),
            Op::GreaterEqual => (Some(lower), Some(highest(network.v6))),
        };
        Ok(lower.zip(upper).map(|(lower, upper)| IpRange { lower, upper, ..network }).into_iter().collect())
    }

    fn address_range(&self, range: &Range) -> Result<Vec<IpRange>, QueryError> {
        let network = |end: &Option<Scalar>| end.as_ref().map(|end| self.network(end)).transpose();
        let (lower, upper) = (network(&range.lower)?, network(&range.upper)?);
        if let (Some(lower), Some(upper)) = (lower, upper)
            && lower.v6 != upper.v6
        {
            return Err(self.misused("is compared with a range whose ends are of IPv4 and of IPv6"));
        }
        let v6 = lower.or(upper).is_some_and(|network| network.v6);
        let first = match lower {
            None => Some(0),
            Some(network) if range.lower_inclusive => Some(network.lower),
            Some(network) => network.upper.checked_add(1),
        };
        let last = match upper {
            None => Some(highest(v6)),
            Some(network) if range.upper_inclusive => Some(network.upper),
            Some(network) => network.lower.checked_sub(1),
        };
        Ok(first.zip(last).map(|(lower, upper)| IpRange { v6, lower, upper }).into_iter().collect())
    }

    fn network(&self, scalar: &Scalar) -> Result<IpRange, QueryError> {
        const EXPECTED: &str =
            "an IP address, a network such as `10.0.0.0/8`, or a range such as `10.0.0.1-10.0.0.9`";
        read_network(scalar.text.trim()).ok_or_else(|| self.wrong_type(scalar, EXPECTED))
    }
}

const fn highest(v6: bool) -> u128 {
    if v6 { u128::MAX } else { u32::MAX as u128 }
}

/// `10.0.0.8`, `10.0.0.0/8` or `10.0.0.1-10.0.0.9`.
fn read_network(text: &str) -> Option<IpRange> {
    if let Some((lower, upper)) = text.split_once('-') {
        let (lower, upper) = (lower.trim().parse().ok()?, upper.trim().parse().ok()?);
        let ((v6, lower), (other, upper)) = (ip_number(lower), ip_number(upper));
        return (v6 == other).then_some(IpRange { v6, lower, upper });
    }
    let Some((address, length)) = text.split_once('/') else {
        let (v6, number) = ip_number(text.parse().ok()?);
        return Some(IpRange { v6, lower: number, upper: number });
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let mut length: u32 = length.trim().parse().ok()?;
    let (v6, number) = ip_number(address);
    if address.is_ipv6() && !v6 {
        length = length.checked_sub(96)?;
    }
    let free = if v6 { 128 } else { 32_u32 }.checked_sub(length)?;
    let mask = 1_u128.checked_shl(free).map_or(u128::MAX, |size| size - 1);
    Some(IpRange { v6, lower: number & !mask, upper: number | mask })
}
