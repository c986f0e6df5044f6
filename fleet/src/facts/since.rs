//! Since when images have packages that came to them after they were first stored, see [`store::ImageRecord::since`].

use model::Timestamp;

use super::Images;

/// Bytes of one package: its number and the clock value, both with the highest byte first, so that they sort as they are.
const PAIR: usize = 12;

/// The packages that came to one image later; nothing for nearly all images.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Since<'t>(&'t [u8]);

impl<'t> Since<'t> {
    /// Nothing came later.
    #[cfg(test)]
    pub(crate) const NONE: Self = Self(&[]);

    /// When a package came, if it came later.
    pub(crate) fn of(self, package: u32) -> Option<i64> {
        let (pairs, _) = self.0.as_chunks::<PAIR>();
        let place = pairs.binary_search_by_key(&package, |pair| read(pair).0).ok()?;
        Some(read(&pairs[place]).1)
    }

    /// All of them, by number.
    pub(crate) fn iter(self) -> impl Iterator<Item = (u32, i64)> + 't {
        self.0.as_chunks::<PAIR>().0.iter().map(read)
    }

    /// When the last one came.
    pub(crate) fn last(self) -> Option<i64> {
        self.iter().map(|(_, clock)| clock).max()
    }
}

fn read(pair: &[u8; PAIR]) -> (u32, i64) {
    let [a, b, c, d, clock @ ..] = *pair;
    (u32::from_be_bytes([a, b, c, d]), i64::from_be_bytes(clock))
}

/// The form in the column.
pub(super) fn packed(since: &[(u32, Timestamp)]) -> Vec<u8> {
    let pair =
        |(package, clock): &(u32, Timestamp)| [&package.to_be_bytes()[..], &clock.0.to_be_bytes()].concat();
    since.iter().flat_map(pair).collect()
}

impl Images {
    /// What came to an image later.
    pub(crate) fn since(&self, position: u32) -> Since<'_> {
        // what an earlier image at the position left in the column is none of this one's
        match self.has_since.contains(position) {
            true => Since(self.since.get(position)),
            false => Since::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_found_by_their_numbers() {
        let pairs = [(2, Timestamp(70)), (300, Timestamp(-5)), (70_000, Timestamp(i64::MAX))];
        let packed = packed(&pairs);
        let since = Since(&packed);
        assert!(since.iter().eq(pairs.map(|(package, clock)| (package, clock.0))));
        assert!(pairs.iter().all(|(package, clock)| since.of(*package) == Some(clock.0)));
        assert_eq!([since.of(1), since.of(301), since.of(u32::MAX)], [None; 3]);
        assert_eq!((since.last(), Since::default().last()), (Some(i64::MAX), None));
    }
}
