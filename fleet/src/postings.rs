//! Which images hold a package: package number to a bitmap of image positions.
//!
//! All packages of an inventory are posted, also those that are part of an OS package and not judged by themselves: a
//! search for software must find them. Whoever cares for findings looks at the inventory of the images it got.

use std::collections::BTreeSet;

use roaring::RoaringBitmap;
use store::Inventory;

/// Bitmaps by package number.
#[derive(Debug, Default)]
pub(crate) struct Postings(Vec<RoaringBitmap>);

impl Postings {
    /// Posts all packages of an inventory for the image at `position`.
    pub(crate) fn add(&mut self, inventory: &Inventory, position: u32) {
        for package in packages_of(inventory) {
            let index = package as usize;
            if index >= self.0.len() {
                self.0.resize_with(index + 1, RoaringBitmap::new);
            }
            self.0[index].insert(position);
        }
    }

    /// Takes the image at `position` out of all packages of an inventory.
    pub(crate) fn remove(&mut self, inventory: &Inventory, position: u32) {
        for package in packages_of(inventory) {
            if let Some(positions) = self.0.get_mut(package as usize) {
                positions.remove(position);
            }
        }
    }

    /// The images that hold at least one of `packages`.
    pub(crate) fn union(&self, packages: impl IntoIterator<Item = u32>) -> RoaringBitmap {
        let mut positions = RoaringBitmap::new();
        for package in packages {
            if let Some(posted) = self.0.get(package as usize) {
                positions |= posted;
            }
        }
        positions
    }
}

fn packages_of(inventory: &Inventory) -> BTreeSet<u32> {
    inventory.entries.iter().map(|entry| entry.package).collect()
}
