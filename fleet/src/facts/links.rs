//! Which containers are of which image: a chain through the containers of each image that one of them names.
//!
//! Chains cost two numbers a container and change in constant time, however many containers an image has.

use model::{Digest, ImageId};
use uuid::Uuid;

use super::Containers;
use crate::table::NONE;

impl Containers {
    /// The number of an image that a container names.
    pub(super) fn name_image(&mut self, customer: Uuid, id: &Digest, position: impl FnOnce() -> u32) -> u32 {
        let named = self.named.ids.intern(id);
        if named as usize >= self.named.uuids.len() {
            self.named.uuids.put(named, store::image_uuid(customer, &ImageId(*id)), &Uuid::nil());
            self.named.first.put(named, NONE, &NONE);
            self.named.position.put(named, position(), &NONE);
        }
        named
    }

    /// Puts a container into the chain of its image, which it must not be in.
    pub(super) fn link(&mut self, position: u32, named: u32) {
        self.named_image.put(position, named, &NONE);
        self.previous.put(position, NONE, &NONE);
        let first = self.named.first.get(named).copied().unwrap_or(NONE);
        self.next.put(position, first, &NONE);
        if named != NONE {
            if first != NONE {
                self.previous.put(first, position, &NONE);
            }
            self.named.first.put(named, position, &NONE);
        }
    }

    /// Takes a container out of its chain.
    pub(super) fn unlink(&mut self, position: u32) {
        let at = |column: &crate::table::Chunked<u32>| column.get(position).copied().unwrap_or(NONE);
        let (named, next, previous) = (at(&self.named_image), at(&self.next), at(&self.previous));
        if named == NONE {
            return;
        }
        match previous {
            NONE => self.named.first.put(named, next, &NONE),
            previous => self.next.put(previous, next, &NONE),
        }
        if next != NONE {
            self.previous.put(next, previous, &NONE);
        }
        self.named_image.put(position, NONE, &NONE);
    }

    /// The containers of a named image, in no order.
    pub(crate) fn of_named(&self, named: u32) -> impl Iterator<Item = u32> + '_ {
        let mut next = self.named.first.get(named).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let own = next;
            next = self.next.get(own).copied().unwrap_or(NONE);
            (own != NONE).then_some(own)
        })
    }
}
