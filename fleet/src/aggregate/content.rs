//! Counting records by what their inventories hold.
//!
//! Each inventory in use is gone through once and counts with the number of its records. Work is shared by two threads,
//! each with counts of its own.

use crate::eval::Content;
use crate::facts::FindingRow;

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

/// What is met in an inventory: by calling it with a number, which counts once for the inventory.
pub(crate) trait Subject: Sync {
    /// All numbers are below it.
    fn end(&self) -> usize;
    /// Calls `met` with the numbers that an item stands for.
    fn of_item(&self, content: Content<'_>, item: u32, met: &mut dyn FnMut(u32));
}

/// Counts records by the numbers that a subject meets in their inventories.
pub(crate) fn count(content: Content<'_>, weights: &Weights, subject: &dyn Subject) -> Vec<Count> {
    let used = weights.used();
    let share = |inventories: &[u32]| {
        let mut counts = vec![Count::default(); subject.end()];
        // the last inventory that a number was met in, plus one
        let mut last = vec![0_u32; subject.end()];
        for inventory in inventories {
            let of = Count {
                images: u64::from(weights.images[*inventory as usize]),
                containers: u64::from(weights.containers[*inventory as usize]),
            };
            let items = content.inventories.listing(*inventory).map_or(&[][..], |listing| listing.items());
            for item in items {
                subject.of_item(content, *item, &mut |number| {
                    if let Some(last) = last.get_mut(number as usize)
                        && *last != inventory + 1
                    {
                        *last = inventory + 1;
                        counts[number as usize].add(of);
                    }
                });
            }
        }
        counts
    };
    if used.len() < SHARED {
        return share(&used);
    }
    let (low, high) = used.split_at(used.len() / 2);
    let (mut counts, more) = std::thread::scope(|scope| {
        let more = scope.spawn(|| share(high));
        (share(low), more.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    counts.iter_mut().zip(more).for_each(|(count, more)| count.add(more));
    counts
}

/// Whatever a table says that a package stands for.
pub(crate) struct Mapped {
    /// By number of the package; [`NONE`](crate::table::NONE) for none.
    pub(crate) of_package: Vec<u32>,
    pub(crate) end: usize,
}

impl Subject for Mapped {
    fn end(&self) -> usize {
        self.end
    }

    fn of_item(&self, content: Content<'_>, item: u32, met: &mut dyn FnMut(u32)) {
        let package = content.inventories.items().package(item);
        met(self.of_package.get(package as usize).copied().unwrap_or(crate::table::NONE));
    }
}

/// Findings by the number that `of` gives for each; those beyond `end` do not count.
pub(crate) struct ByFinding<F> {
    pub(crate) of: F,
    pub(crate) end: usize,
}

impl<F: Fn(&FindingRow, &mut dyn FnMut(u32)) + Sync> Subject for ByFinding<F> {
    fn end(&self) -> usize {
        self.end
    }

    fn of_item(&self, content: Content<'_>, item: u32, met: &mut dyn FnMut(u32)) {
        let items = content.inventories.items();
        if items.is_judged(item) {
            content.packages.findings(items.package(item)).iter().for_each(|row| (self.of)(row, met));
        }
    }
}
