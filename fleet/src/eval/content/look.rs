//! Looks into inventories where unlike places of one vulnerability may come together.
//!
//! What places show is worked out once, for the packages or items that have one of the vulnerabilities in question. Then each
//! inventory is gone through, with little to do for all that it holds besides.

use super::finding::FindingTest;
use super::groups::Pass;
use crate::eval::formula::Mask;
use crate::table::{Bits, NONE};

/// Inventories from which on two threads look at them.
const SHARED: usize = 500;

/// Masks below which the answers for all of them are worked out beforehand.
const KNOWN: Mask = 4_096;

/// A finding at a place.
struct Shown {
    mask: Mask,
    /// Counted among the groups that are asked for.
    group: u32,
    severity: u8,
}

/// What all places of the groups asked for show.
struct Look<'p> {
    pass: &'p Pass<'p>,
    /// The items that have any of it.
    items: Bits,
    shown: Vec<Shown>,
    /// Where that of each package or item begins; one more than there are.
    starts: Vec<u32>,
    groups: usize,
    whole: Mask,
    /// Whether the formula holds, by mask, where they are few.
    answers: Vec<bool>,
}

/// A group in the inventory that is looked at.
#[derive(Clone, Copy, Default)]
struct Union {
    /// The inventory, plus one.
    of: u32,
    places: Mask,
    /// What the vulnerability itself shows: that of the worst place, of several the last.
    worst: Mask,
    severity: u8,
}

/// Those of the `open` inventories that have one of the `asked` groups for which the test holds.
pub(super) fn looked_at(pass: &Pass<'_>, asked: &Bits, open: &Bits) -> Bits {
    let look = Look::of(pass, asked);
    let open: Vec<u32> = open.iter().collect();
    let mut found = Bits::none(pass.content.inventories.end());
    if open.len() < SHARED {
        look.within(&open).into_iter().for_each(|inventory| found.insert(inventory));
        return found;
    }
    let (low, high) = open.split_at(open.len() / 2);
    std::thread::scope(|scope| {
        let high = scope.spawn(|| look.within(high));
        look.within(low).into_iter().for_each(|inventory| found.insert(inventory));
        let high = high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        high.into_iter().for_each(|inventory| found.insert(inventory));
    });
    found
}

impl<'p> Look<'p> {
    fn of(pass: &'p Pass<'p>, asked: &Bits) -> Self {
        let mut numbers = vec![NONE; asked.len() as usize];
        (0..).zip(asked.iter()).for_each(|(number, group)| numbers[group as usize] = number);
        let mut subjects = pass.nothing();
        let (mut shown, mut starts, mut all) = (Vec::new(), vec![0], 0);
        pass.each_row(|subject, group, mask, row| {
            let group = numbers.get(group as usize).copied().unwrap_or(NONE);
            if group == NONE {
                return;
            }
            starts.resize(subject as usize + 1, shown.len() as u32);
            shown.push(Shown { mask, group, severity: row.severity.get() });
            starts.push(shown.len() as u32);
            subjects.insert(subject);
            all |= mask;
        });
        starts.resize(subjects.len() as usize + 1, shown.len() as u32);
        let items = pass.content.inventories.items();
        let mut of_items = if pass.by_place { subjects } else { items.of_packages(&subjects) };
        of_items.retain(|item| items.is_judged(item));
        let test: &FindingTest = pass.test;
        let answers =
            if all < KNOWN { (0..=all).map(|mask| test.formula.holds(mask)).collect() } else { Vec::new() };
        let groups = asked.count() as usize;
        Self { pass, items: of_items, shown, starts, groups, whole: test.whole_bits(), answers }
    }

    fn of_subject(&self, subject: u32) -> &[Shown] {
        let bounds = self.starts.get(subject as usize).zip(self.starts.get(subject as usize + 1));
        bounds.and_then(|(start, end)| self.shown.get(*start as usize..*end as usize)).unwrap_or_default()
    }

    fn holds(&self, mask: Mask) -> bool {
        match self.answers.get(mask as usize) {
            Some(known) => *known,
            None => self.pass.test.formula.holds(mask),
        }
    }

    /// Those of some inventories that have such a group.
    fn within(&self, inventories: &[u32]) -> Vec<u32> {
        let all = &self.pass.content.inventories;
        let items = all.items();
        let mut unions = vec![Union::default(); self.groups];
        let mut met: Vec<u32> = Vec::new();
        let mut has_group = |inventory: &u32| {
            let listed = all.listing(*inventory).into_iter().flat_map(|listing| listing.items());
            for item in listed.filter(|item| self.items.contains(*item)) {
                let subject = if self.pass.by_place { item } else { items.package(item) };
                for shown in self.of_subject(subject) {
                    let union = &mut unions[shown.group as usize];
                    if union.of != inventory + 1 {
                        *union = Union { of: inventory + 1, ..Union::default() };
                        met.push(shown.group);
                    }
                    union.places |= shown.mask & !self.whole;
                    if shown.severity >= union.severity {
                        (union.worst, union.severity) = (shown.mask & self.whole, shown.severity);
                    }
                }
            }
            met.drain(..)
                .any(|group| self.holds(unions[group as usize].places | unions[group as usize].worst))
        };
        inventories.iter().copied().filter(|inventory| has_group(inventory)).collect()
    }
}
