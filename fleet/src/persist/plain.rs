//! Values of a fixed number of bytes, lowest byte first.

use model::{Digest, Timestamp};
use uuid::Uuid;

use crate::table::Stamp;

/// A value that is written as a fixed number of bytes.
pub(crate) trait Plain: Copy {
    /// How many.
    const SIZE: usize;

    /// Appends them.
    fn put(self, out: &mut Vec<u8>);

    /// Reads exactly [`Self::SIZE`] bytes; every sequence of them is a value.
    fn take(bytes: &[u8]) -> Self;
}

macro_rules! plain_numbers {
    ($($number:ty),*) => {$(
        impl Plain for $number {
            const SIZE: usize = size_of::<$number>();

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn take(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$number>()];
                own.copy_from_slice(bytes);
                Self::from_le_bytes(own)
            }
        }
    )*};
}

plain_numbers!(u8, u16, u32, u64, i64);

impl Plain for bool {
    const SIZE: usize = 1;

    fn put(self, out: &mut Vec<u8>) {
        out.push(u8::from(self));
    }

    fn take(bytes: &[u8]) -> Self {
        bytes[0] != 0
    }
}

impl Plain for Timestamp {
    const SIZE: usize = 8;

    fn put(self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(bytes: &[u8]) -> Self {
        Self(i64::take(bytes))
    }
}

impl Plain for Uuid {
    const SIZE: usize = 16;

    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn take(bytes: &[u8]) -> Self {
        let mut own = [0; 16];
        own.copy_from_slice(bytes);
        Self::from_bytes(own)
    }
}

impl Plain for Digest {
    const SIZE: usize = 32;

    fn put(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn take(bytes: &[u8]) -> Self {
        let mut own = [0; 32];
        own.copy_from_slice(bytes);
        Self::from_bytes(own)
    }
}

impl<A: Plain, B: Plain> Plain for (A, B) {
    const SIZE: usize = A::SIZE + B::SIZE;

    fn put(self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(bytes: &[u8]) -> Self {
        (A::take(&bytes[..A::SIZE]), B::take(&bytes[A::SIZE..]))
    }
}

impl<T: Plain, const N: usize> Plain for [T; N] {
    const SIZE: usize = T::SIZE * N;

    fn put(self, out: &mut Vec<u8>) {
        self.into_iter().for_each(|value| value.put(out));
    }

    fn take(bytes: &[u8]) -> Self {
        std::array::from_fn(|index| T::take(&bytes[index * T::SIZE..][..T::SIZE]))
    }
}

impl Plain for Stamp {
    const SIZE: usize = 20;

    fn put(self, out: &mut Vec<u8>) {
        (self.updated, (self.uuid, self.position)).put(out);
    }

    fn take(bytes: &[u8]) -> Self {
        let (updated, (uuid, position)) = Plain::take(bytes);
        Self { updated, uuid, position }
    }
}
