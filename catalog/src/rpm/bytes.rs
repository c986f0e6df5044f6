//! Numbers at offsets of a byte string, in either byte order; outside of it there are none.

/// Byte order of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// The bytes `at..at + N`.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The two-byte number at `at`.
pub(super) fn u16_at(bytes: &[u8], at: usize, order: Order) -> Option<usize> {
    let array = array(bytes, at)?;
    Some(usize::from(match order {
        Order::Little => u16::from_le_bytes(array),
        Order::Big => u16::from_be_bytes(array),
    }))
}

/// The four-byte number at `at`.
pub(super) fn u32_at(bytes: &[u8], at: usize, order: Order) -> Option<u32> {
    let array = array(bytes, at)?;
    Some(match order {
        Order::Little => u32::from_le_bytes(array),
        Order::Big => u32::from_be_bytes(array),
    })
}
