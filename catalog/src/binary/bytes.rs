//! Numbers at places in a byte string, in the order of bytes and the width that the file's head states.

/// Bytes of a program with its order of bytes.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a> {
    data: &'a [u8],
    big: bool,
}

impl<'a> Bytes<'a> {
    /// Reads `data`, most significant byte first if `big`.
    pub(super) fn new(data: &'a [u8], big: bool) -> Self {
        Self { data, big }
    }

    /// The bytes from `at`, as many as `count`; `None` beyond the end, as with all readers here.
    pub(super) fn slice(&self, at: u64, count: usize) -> Option<&'a [u8]> {
        self.data.get(usize::try_from(at).ok()?..)?.get(..count)
    }

    /// A 16-bit number.
    pub(super) fn u16(&self, at: u64) -> Option<u16> {
        let bytes = self.slice(at, 2)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    /// A 32-bit number.
    pub(super) fn u32(&self, at: u64) -> Option<u32> {
        let bytes = self.slice(at, 4)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// A number of 64 bits if `wide`, else of 32.
    pub(super) fn word(&self, at: u64, wide: bool) -> Option<u64> {
        if !wide {
            return self.u32(at).map(u64::from);
        }
        let bytes = self.slice(at, 8)?.try_into().ok()?;
        Some(if self.big { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
    }
}

/// A fixed field of text, up to its first zero byte.
pub(super) fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}
