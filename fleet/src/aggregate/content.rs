//! Counting records by what their inventories hold.
//!
//! What each item stands for is worked out once; then each inventory in use is gone through once and counts with the number of
//! its records. Work is shared by two threads, each with counts of its own.

use crate::eval::Content;
use crate::facts::FindingRow;
use crate::table::{Bits, NONE};

use super::Weights;

/// Inventories from which on the work is shared.
const SHARED: usize = 2_000;

/// Numbers of images and containers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) images: u64,
    pub(crate) containers: u64,
}

impl Count {
    pub(crate) fn add(&mut self, other: Self) {
        self.images += other.images;
        self.containers += other.containers;
    }
}

/// The numbers that items stand for: each counts once for an inventory.
pub(crate) enum Subject {
    /// By item one number, or [`NONE`].
    One(Vec<u32>),
    /// By package some numbers, for the items that have any.
    Many {
        items: Bits,
        /// Where the numbers of each package begin; one more than there are.
        starts: Vec<u32>,
        numbers: Vec<u32>,
    },
}

impl Subject {
    /// Whatever a table says that a package stands for, by its number; [`NONE`] for nothing.
    pub(crate) fn of_packages(content: Content<'_>, of_package: &[u32]) -> Self {
        let items = content.inventories.items();
        let number = |item| of_package.get(items.package(item) as usize).copied().unwrap_or(NONE);
        Self::One((0..items.len()).map(number).collect())
    }

    /// The numbers that `of` calls its second argument with for the findings of packages.
    pub(crate) fn of_findings(content: Content<'_>, mut of: impl FnMut(&FindingRow, &mut Vec<u32>)) -> Self {
        let (mut starts, mut numbers) = (vec![0], Vec::new());
        let mut found = Bits::none(content.packages.end());
        let mut some = Vec::new();
        for (package, _, rows) in content.packages.rows().filter(|(.., rows)| !rows.is_empty()) {
            rows.iter().for_each(|row| of(row, &mut some));
            some.sort_unstable();
            some.dedup();
            starts.resize(package as usize + 1, numbers.len() as u32);
            numbers.append(&mut some);
            starts.push(numbers.len() as u32);
            found.insert(package);
        }
        starts.resize(found.len() as usize + 1, numbers.len() as u32);
        let all = content.inventories.items();
        let items = all.judged_of_packages(&found);
        Self::Many { items, starts, numbers }
    }
}

/// What was counted for a number.
#[derive(Clone, Copy, Default)]
struct Slot {
    images: u64,
    containers: u64,
    /// The last inventory that it was met in, plus one.
    last: u32,
}

/// Counts records by the numbers below `end` that a subject meets in their inventories.
pub(crate) fn count(content: Content<'_>, weights: &Weights, subject: &Subject, end: usize) -> Vec<Count> {
    let used = weights.used();
    let items = content.inventories.items();
    let share = |inventories: &[u32]| {
        let mut slots = vec![Slot::default(); end];
        for inventory in inventories {
            let images = u64::from(weights.images[*inventory as usize]);
            let containers = u64::from(weights.containers[*inventory as usize]);
            let mut meet = |number: &u32| {
                if let Some(slot) = slots.get_mut(*number as usize)
                    && slot.last != inventory + 1
                {
                    slot.last = inventory + 1;
                    slot.images += images;
                    slot.containers += containers;
                }
            };
            let listing = content.inventories.listing(*inventory);
            let listed = listing.into_iter().flat_map(|listing| listing.items());
            match subject {
                Subject::One(of_item) => {
                    listed.filter_map(|item| of_item.get(item as usize)).for_each(meet);
                }
                Subject::Many { items: having, starts, numbers } => {
                    for item in listed.filter(|item| having.contains(*item)) {
                        let package = items.package(item) as usize;
                        let bounds = starts.get(package).zip(starts.get(package + 1));
                        let of_package =
                            bounds.and_then(|(from, to)| numbers.get(*from as usize..*to as usize));
                        of_package.unwrap_or_default().iter().for_each(&mut meet);
                    }
                }
            }
        }
        slots
    };
    let sum = |slot: &Slot| Count { images: slot.images, containers: slot.containers };
    if used.len() < SHARED {
        return share(&used).iter().map(sum).collect();
    }
    let (low, high) = used.split_at(used.len() / 2);
    let (slots, more) = std::thread::scope(|scope| {
        let more = scope.spawn(|| share(high));
        (share(low), more.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let mut counts: Vec<Count> = slots.iter().map(sum).collect();
    counts.iter_mut().zip(&more).for_each(|(count, more)| count.add(sum(more)));
    counts
}

/// The items that some inventory in use holds.
pub(crate) fn used_items(content: Content<'_>, weights: &Weights) -> Bits {
    let mut used = Bits::none(content.inventories.end());
    weights.used().into_iter().for_each(|inventory| used.insert(inventory));
    content.inventories.held_by(&used)
}
