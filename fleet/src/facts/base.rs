//! Which image another was built on: the known image whose layers are the most of its lowest ones, but not all.
//!
//! An image is found by a number that stands for a list of layers, made as the chain id of the OCI image-spec is, so
//! that a question costs one look-up for each layer and nothing per image. What is found is held against the layers.
//!
//! The decision a reader may doubt: the answer is made when it is asked for, out of what the reader may see. Stored, it
//! would have to change whenever an image comes or goes, and it would name images of other scopes.

use model::Digest;

use super::Images;
use crate::table::{Digests, Lookup};

/// The numbers of the lowest layer, of the lowest two, and so on.
pub(super) fn chain(images: &Images, list: u32, digests: &Digests) -> impl Iterator<Item = u64> {
    let layers = images.layers.tuples(list).filter_map(|[layer]| digests.get(layer));
    layers.scan(0_u64, |below, layer| {
        let mut both = [0; 40];
        both[..8].copy_from_slice(&below.to_be_bytes());
        both[8..].copy_from_slice(layer.as_bytes());
        *below = Lookup::key(Digest::of(&both).as_bytes());
        Some(*below)
    })
}

impl Images {
    /// The image that an image was built on, out of those that `accept` admits, and how many of the layers that have a diff-id
    /// are its own. Of several with the same layers it is the one that was known first.
    pub(crate) fn base_of(
        &self,
        position: u32,
        digests: &Digests,
        accept: impl Fn(u32) -> bool,
    ) -> Option<(u32, u32)> {
        let list = self.layers.list(position);
        let keys: Vec<u64> = chain(self, list, digests).collect();
        let (_, below) = keys.split_last()?;
        below.iter().enumerate().rev().find_map(|(index, key)| {
            let is_base = |other: &u32| {
                let own = self.layers.lists.get(list).take(index + 1);
                accept(*other) && self.layers.lists.get(self.layers.list(*other)).eq(own)
            };
            let found = self.by_chain.get(*key).filter(is_base);
            let first = found.min_by_key(|other| (self.first_stored.get(*other), self.uuid.get(*other)))?;
            Some((first, index as u32 + 1))
        })
    }
}
