//! From a condition on vulnerabilities to the inventories that have one which satisfies it.
//!
//! All findings are gone through once or twice. Where a place answers for its group (see [`formula`](crate::eval::formula)), that
//! is all; the few inventories where several unlike places of one vulnerability come together are looked at.

use std::collections::HashMap;

use super::Content;
use super::finding::FindingTest;
use super::software::Place;
use crate::eval::formula::{Decision, Mask, decide};
use crate::facts::{FindingRow, Vulnerabilities};
use crate::table::{Bits, NONE};

/// The inventories that have a vulnerability for which the test holds. Of those that must be looked at only `used` matter.
pub(super) fn inventories_with(content: Content<'_>, test: &FindingTest, used: impl Fn() -> Bits) -> Bits {
    if test.formula == crate::eval::formula::Formula::Constant(false) {
        return Bits::none(content.inventories.end());
    }
    let mixed = mixed_groups(content.packages.vulnerabilities(), test);
    let pass = Pass { content, test, by_place: test.asks_for_places() };
    if test.formula.is_separable() && mixed.is_empty() {
        let mut sure = pass.nothing();
        pass.each(|subject, _, mask| {
            if test.formula.holds(mask) {
                sure.insert(subject);
            }
        });
        return pass.holding(&sure);
    }
    let decisions = Decisions::of(&pass, &mixed);
    let (mut sure, mut alone, mut look) = (pass.nothing(), pass.nothing(), pass.nothing());
    pass.each(|subject, group, mask| match decisions.get(group, mask) {
        Decision::Sure => sure.insert(subject),
        Decision::Alone => alone.insert(subject),
        Decision::Look => look.insert(subject),
        Decision::No => {}
    });
    let mut found = pass.holding(&sure);
    let mut open = pass.holding(&look);
    open.subtract(&found);
    let mut answered = pass.holding(&alone);
    answered.subtract(&open);
    found.or(&answered);
    if !open.is_empty() {
        open.and(&used());
        found.or(&looked_at(content, test, &open));
    }
    found
}

/// Goes through all findings: of packages, or of items if the condition asks for paths.
struct Pass<'p> {
    content: Content<'p>,
    test: &'p FindingTest,
    by_place: bool,
}

impl Pass<'_> {
    fn nothing(&self) -> Bits {
        let items = self.content.inventories.items().len();
        Bits::none(if self.by_place { items } else { self.content.packages.end() })
    }

    fn holding(&self, subjects: &Bits) -> Bits {
        if subjects.is_empty() {
            return Bits::none(self.content.inventories.end());
        }
        if self.by_place {
            self.content.inventories.holding(subjects)
        } else {
            self.content.inventories.judged_with(subjects)
        }
    }

    /// Calls `see` with each package or item, the group of each of its findings, and what the finding shows there.
    fn each(&self, mut see: impl FnMut(u32, u32, Mask)) {
        let vulnerabilities = self.content.packages.vulnerabilities();
        let mut one = |subject: u32, place: &Place<'_>| {
            for row in place.rows {
                see(subject, group_of(vulnerabilities, row), self.test.mask(self.content, row, place));
            }
        };
        if self.by_place {
            for item in 0..self.content.inventories.items().len() {
                if let Some(place) = self.content.place(item).filter(|place| place.is_judged) {
                    one(item, &place);
                }
            }
        } else {
            for (package, head, rows) in self.content.packages.rows() {
                one(package, &Place { package, head, rows, path: NONE, is_judged: true });
            }
        }
    }
}

/// The vulnerabilities of an image under one qid are one; this is its number.
pub(super) fn group_of(vulnerabilities: &Vulnerabilities, row: &FindingRow) -> u32 {
    vulnerabilities.row(row.vulnerability).map_or(NONE, |row| row.group)
}

/// What is decided about the places of each group, by what they show.
struct Decisions {
    /// By group, for those whose places all show the same.
    uniform: Vec<Option<(Mask, Decision)>>,
    /// For all others.
    varied: HashMap<u32, Vec<(Mask, Decision)>>,
}

impl Decisions {
    fn of(pass: &Pass<'_>, mixed: &Bits) -> Self {
        let len = pass.content.packages.vulnerabilities().len() as usize;
        let mut first: Vec<Option<(Mask, u32)>> = vec![None; len];
        let mut varied: HashMap<u32, Vec<(Mask, u32)>> = HashMap::new();
        pass.each(|_, group, mask| match first.get_mut(group as usize) {
            Some(Some((known, count))) if *known == mask => *count += 1,
            Some(Some(known)) => {
                let masks = varied.entry(group).or_insert_with(|| vec![*known]);
                match masks.iter_mut().find(|(of, _)| *of == mask) {
                    Some((_, count)) => *count += 1,
                    None => masks.push((mask, 1)),
                }
            }
            Some(none) => *none = Some((mask, 1)),
            None => {}
        });
        let formula = &pass.test.formula;
        let of_group = |(group, masks): (u32, Vec<(Mask, u32)>)| {
            let decisions = if mixed.contains(group) {
                vec![Decision::Look; masks.len()]
            } else {
                decide(formula, &masks)
            };
            (group, masks.into_iter().map(|(mask, _)| mask).zip(decisions).collect())
        };
        let one = |(mask, _)| (mask, if formula.holds(mask) { Decision::Sure } else { Decision::No });
        Self {
            uniform: first.into_iter().map(|known| known.map(one)).collect(),
            varied: varied.into_iter().map(of_group).collect(),
        }
    }

    fn get(&self, group: u32, mask: Mask) -> Decision {
        match self.uniform.get(group as usize) {
            Some(Some(_)) if !self.varied.is_empty() && self.varied.contains_key(&group) => {
                let known = self.varied[&group].iter().find(|(of, _)| *of == mask);
                known.map_or(Decision::Look, |(_, decision)| *decision)
            }
            Some(Some((_, decision))) => *decision,
            _ => Decision::No,
        }
    }
}

/// The groups whose vulnerabilities do not all answer alike: which of them a record shows depends on its packages.
fn mixed_groups(vulnerabilities: &Vulnerabilities, test: &FindingTest) -> Bits {
    let mut mixed = Bits::none(vulnerabilities.len());
    for (number, row) in (0..).zip(vulnerabilities.rows()) {
        if row.group != number && test.sets().any(|set| set.contains(number) != set.contains(row.group)) {
            mixed.insert(row.group);
        }
    }
    mixed
}

/// The groups for which the test holds where all their places in some inventories are taken together.
pub(super) fn passing(content: Content<'_>, test: &FindingTest, inventories: &[u32]) -> Bits {
    let items = content.inventories.items();
    let mut used = Bits::none(items.len());
    for inventory in inventories {
        let listing = content.inventories.listing(*inventory).map_or(&[][..], |listing| listing.items());
        listing.iter().for_each(|item| used.insert(*item));
    }
    let vulnerabilities = content.packages.vulnerabilities();
    let mut masks: Vec<Option<Mask>> = vec![None; vulnerabilities.len() as usize];
    for place in used.iter().filter_map(|item| content.place(item)).filter(|place| place.is_judged) {
        for row in place.rows {
            if let Some(mask) = masks.get_mut(group_of(vulnerabilities, row) as usize) {
                *mask.get_or_insert(0) |= test.mask(content, row, &place);
            }
        }
    }
    Bits::from_fn(vulnerabilities.len(), |group| {
        masks[group as usize].is_some_and(|mask| test.formula.holds(mask))
    })
}

/// Inventories from which on two threads look at them.
const SHARED: u64 = 500;

/// Those of some inventories that have a vulnerability for which the test holds.
fn looked_at(content: Content<'_>, test: &FindingTest, open: &Bits) -> Bits {
    let look = |mut part: Bits| {
        part.retain(|inventory| has_group(content, test, inventory));
        part
    };
    if open.count() < SHARED {
        return look(open.clone());
    }
    let half = open.len() / 128 * 64;
    let low = Bits::from_words(open.words()[..half as usize / 64].to_vec(), open.len());
    let mut high = open.clone();
    high.subtract(&low);
    std::thread::scope(|scope| {
        let high = scope.spawn(|| look(high));
        let mut found = look(low);
        found.or(&high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        found
    })
}

/// Whether an inventory has a vulnerability for which the test holds.
fn has_group(content: Content<'_>, test: &FindingTest, inventory: u32) -> bool {
    let vulnerabilities = content.packages.vulnerabilities();
    let whole = test.whole_bits();
    let mut groups: HashMap<u32, (Mask, Mask, model::Severity)> = HashMap::new();
    let items = content.inventories.items();
    let listed = content.inventories.listing(inventory).map_or(&[][..], |listing| listing.items());
    // most packages have no findings, so that is asked first
    let has_rows = |item: &&u32| !content.packages.findings(items.package(**item)).is_empty();
    let places = listed.iter().filter(has_rows).filter_map(|item| content.place(*item));
    for place in places.filter(|place| place.is_judged) {
        for row in place.rows {
            let mask = test.mask(content, row, &place);
            let (of_places, of_worst, worst) =
                groups.entry(group_of(vulnerabilities, row)).or_insert((0, mask & whole, row.severity));
            *of_places |= mask & !whole;
            // the record shows the vulnerability of the worst place, of several the last
            if row.severity >= *worst {
                (*of_worst, *worst) = (mask & whole, row.severity);
            }
        }
    }
    groups.values().any(|(of_places, of_worst, _)| test.formula.holds(of_places | of_worst))
}
