//! Which image another was built on: the known image whose layers are the most of its lowest ones, but not all.
//!
//! An image is found by its chain id, the digest that stands for a list of layers (OCI image-spec, "Layer ChainID"), so
//! that a question costs one look-up for each layer and nothing per image.
//!
//! The decision a reader may doubt: the answer is made when it is asked for, out of what the reader may see. Stored, it
//! would have to change whenever an image comes or goes, and it would name images of other scopes.

use std::collections::HashMap;

use model::{Digest, ImageFacts};
use roaring::RoaringBitmap;
use uuid::Uuid;

/// Half of a chain id, mixed with its customer's id.
type Key = [u8; 16];

/// Images by their whole chain.
#[derive(Debug, Default)]
pub(crate) struct Bases(HashMap<Key, RoaringBitmap>);

impl Bases {
    /// Takes an image in; one without layers is nobody's base.
    pub(crate) fn add(&mut self, customer: Uuid, facts: &ImageFacts, position: u32) {
        if let Some(key) = chain(customer, facts).last() {
            self.0.entry(key).or_default().insert(position);
        }
    }

    /// Takes an image out.
    pub(crate) fn remove(&mut self, customer: Uuid, facts: &ImageFacts, position: u32) {
        let Some(key) = chain(customer, facts).last() else { return };
        if let Some(positions) = self.0.get_mut(&key) {
            positions.remove(position);
            if positions.is_empty() {
                self.0.remove(&key);
            }
        }
    }

    /// The images with the longest list of layers that an image begins with, without those that have all its layers, and
    /// that number of layers; `accept` tells which may be named.
    pub(crate) fn of(
        &self,
        customer: Uuid,
        facts: &ImageFacts,
        accept: impl Fn(u32) -> bool,
    ) -> Option<(Vec<u32>, u32)> {
        let keys: Vec<Key> = chain(customer, facts).collect();
        let (_, below) = keys.split_last()?;
        below.iter().enumerate().rev().find_map(|(index, key)| {
            let positions: Vec<u32> = self.0.get(key)?.iter().filter(|position| accept(*position)).collect();
            (!positions.is_empty()).then_some((positions, index as u32 + 1))
        })
    }
}

/// The keys of the lowest layer, of the lowest two, and so on.
fn chain(customer: Uuid, facts: &ImageFacts) -> impl Iterator<Item = Key> {
    let diff_ids = facts.layers.iter().filter_map(|layer| layer.diff_id);
    diff_ids.scan(Digest::of(customer.as_bytes()), |below, diff_id| {
        *below = Digest::of(&[below.as_bytes().as_slice(), diff_id.0.as_bytes().as_slice()].concat());
        let mut key = Key::default();
        key.copy_from_slice(&below.as_bytes()[..16]);
        Some(key)
    })
}

#[cfg(test)]
mod tests {
    use model::{DiffId, ImageId, LayerFacts};

    use super::*;

    fn image(layers: &[&str]) -> ImageFacts {
        let layer = |name: &&str| LayerFacts {
            diff_id: (!name.is_empty()).then(|| DiffId(Digest::of(name.as_bytes()))),
            digest: None,
            size: 0,
            created_by: String::new(),
            created: None,
            comment: String::new(),
        };
        let id = ImageId(Digest::of(layers.concat().as_bytes()));
        ImageFacts { layers: layers.iter().map(layer).collect(), ..ImageFacts::new(id) }
    }

    #[test]
    fn the_base_is_the_longest_known_image_that_is_not_all_of_it_and_that_the_reader_may_see() {
        let (customer, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut bases = Bases::default();
        let known =
            [image(&["a"]), image(&["a", "", "b"]), image(&["a", "b", "c"]), image(&["b"]), image(&[])];
        for (position, facts) in known.iter().enumerate() {
            bases.add(customer, facts, position as u32);
        }
        let of = |layers: &[&str]| bases.of(customer, &image(layers), |_| true);
        assert_eq!(of(&["a", "b", "x"]), Some((vec![1], 2)));
        assert_eq!(of(&["a", "b", "c"]), Some((vec![1], 2)), "an image is not its own base");
        assert_eq!(of(&["a", "x", "b"]), Some((vec![0], 1)));
        assert_eq!(of(&["x", "a"]), None);
        assert_eq!(of(&[]), None);
        assert_eq!(
            bases.of(customer, &image(&["a", "b", "x"]), |position| position == 0),
            Some((vec![0], 1))
        );
        assert_eq!(bases.of(other, &image(&["a", "b", "x"]), |_| true), None);
        bases.remove(customer, &known[1], 1);
        assert_eq!(bases.of(customer, &image(&["a", "b", "x"]), |_| true), Some((vec![0], 1)));
    }
}
