//! IP addresses as numbers.

use std::net::IpAddr;

/// An address: its family's width in bits, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) bits: u32,
    pub(super) number: u128,
}

impl Address {
    pub(super) fn of(text: &str) -> Option<Self> {
        Some(match text.trim().parse().ok()? {
            IpAddr::V4(address) => Self { bits: 32, number: u128::from(u32::from(address)) },
            IpAddr::V6(address) => Self { bits: 128, number: u128::from(address) },
        })
    }
}

/// Whether `value` is the address `asked`, or lies in the block of it.
pub(super) fn matches(asked: &str, value: Address) -> bool {
    let Some((base, length)) = asked.split_once('/') else { return Address::of(asked) == Some(value) };
    let (Some(base), Ok(length)) = (Address::of(base), length.trim().parse::<u32>()) else { return false };
    if base.bits != value.bits || length > base.bits {
        return false;
    }
    let host_bits = base.bits - length;
    let network = |number: u128| number.checked_shr(host_bits).unwrap_or(0);
    network(base.number) == network(value.number)
}
