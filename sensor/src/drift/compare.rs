//! Whether two files have the same content.

use std::io::{self, Read};

/// Bytes that are compared at a time.
const STEP: usize = 64 << 10;

/// Whether `a` and `b` give the same bytes up to their ends.
pub(super) fn same(a: &mut dyn Read, b: &mut dyn Read) -> io::Result<bool> {
    let (mut left, mut right) = (vec![0; STEP], vec![0; STEP]);
    loop {
        let (here, there) = (fill(a, &mut left)?, fill(b, &mut right)?);
        if left[..here] != right[..there] {
            return Ok(false);
        }
        if here == 0 {
            return Ok(true);
        }
    }
}

fn fill(from: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match from.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_the_same_if_all_their_bytes_are() {
        let long = vec![7_u8; STEP + 1];
        let mut other = long.clone();
        other[STEP] = 8;
        let same = |a: &[u8], b: &[u8]| same(&mut &*a, &mut &*b).unwrap();
        assert!(same(b"", b"") && same(&long, &long));
        assert!(!same(&long, &other) && !same(&long, &long[..STEP]) && !same(b"", b"a"));
    }
}
