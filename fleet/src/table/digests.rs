//! Digests that are stored once and known by a number: layers, manifests, images that containers name.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;
use model::Digest;

use super::{Bits, Chunked, Lookup, NONE};
use crate::persist::{Persist, PersistError, Sink, Source};

/// Distinct digests under dense numbers; a digest is never taken out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digests {
    digests: Chunked<Digest>,
    /// Numbers by digest, shared by all clones: it may know more than an older clone holds.
    numbers: Arc<Mutex<HashTable<u32>>>,
}

/// A digest is as good as random; its last bytes also where somebody chose its first ones.
fn hash(digest: &Digest) -> u64 {
    Lookup::key(&digest.as_bytes()[24..])
}

impl Digests {
    /// How many digests there are; numbers are below it.
    pub(crate) fn len(&self) -> u32 {
        self.digests.len() as u32
    }

    /// The digest of a number; `None` for [`NONE`] and whatever was never given out.
    pub(crate) fn get(&self, number: u32) -> Option<&Digest> {
        self.digests.get(number)
    }

    /// The numbers of digests; of those that were read from a file they are made when they are first needed.
    fn numbers(&self) -> MutexGuard<'_, HashTable<u32>> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.is_empty() && self.len() > 0 {
            let of = |number: &u32| self.get(*number).map_or(0, hash);
            numbers.reserve(self.digests.len(), of);
            for (number, digest) in (0..).zip(self.digests.iter()) {
                numbers.insert_unique(hash(digest), number, of);
            }
        }
        numbers
    }

    /// The number of a digest, if it is there.
    pub(crate) fn find(&self, digest: &Digest) -> Option<u32> {
        let numbers = self.numbers();
        numbers.find(hash(digest), |number| self.get(*number) == Some(digest)).copied()
    }

    /// The number of a digest, which is put in if it is new. Only the newest clone may be added to.
    pub(crate) fn intern(&mut self, digest: &Digest) -> u32 {
        if let Some(number) = self.find(digest) {
            return number;
        }
        let number = self.len();
        self.digests.push(*digest);
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let digests = &self.digests;
        numbers.insert_unique(hash(digest), number, |number| digests.get(*number).map_or(0, hash));
        number
    }

    /// [`Self::intern`], and [`NONE`] for no digest.
    pub(crate) fn intern_optional(&mut self, digest: Option<&Digest>) -> u32 {
        digest.map_or(NONE, |digest| self.intern(digest))
    }

    /// The digests that `matches`, by number.
    pub(crate) fn search(&self, matches: impl Fn(&Digest) -> bool) -> Bits {
        Bits::from_fn(self.len(), |number| self.get(number).is_some_and(&matches))
    }
}

impl Persist for Digests {
    fn form(form: &mut String) {
        form.push_str("digests");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        self.digests.save(sink)
    }

    /// The numbers of digests are found again when they are first asked for.
    fn load(source: &mut Source) -> Result<Self, PersistError> {
        Ok(Self { digests: Chunked::load(source)?, numbers: Arc::default() })
    }

    fn warm(&self) {
        drop(self.numbers());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_keeps_its_number_and_older_clones_do_not_see_newer_ones() {
        let digest = |number: u32| Digest::of(&number.to_be_bytes());
        let mut digests = Digests::default();
        assert_eq!(
            (digests.intern(&digest(0)), digests.intern(&digest(1)), digests.intern(&digest(0))),
            (0, 1, 0)
        );
        let before = digests.clone();
        (2..5_000).for_each(|number| assert_eq!(digests.intern(&digest(number)), number));
        assert_eq!((before.len(), before.find(&digest(3)), before.get(3)), (2, None, None));
        assert_eq!((digests.find(&digest(4_000)), digests.get(4_000)), (Some(4_000), Some(&digest(4_000))));
        assert_eq!(digests.search(|of| *of == digest(7)).iter().collect::<Vec<_>>(), [7]);
        assert_eq!(digests.intern_optional(None), NONE);
    }
}
