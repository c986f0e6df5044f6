//! From a condition on vulnerabilities to the inventories that have one which satisfies it.
//!
//! All findings are gone through once or twice. Where a place answers for its group (see [`formula`](crate::eval::formula)), that
//! is all; the few inventories where several unlike places of one vulnerability come together are looked at.

use std::collections::HashMap;

use super::Content;
use super::finding::FindingTest;
use super::look::looked_at;
use super::software::Place;
use crate::eval::formula::{Decision, Mask, decide};
use crate::facts::{FindingRow, Vulnerabilities};
use crate::table::{Bits, NONE};

/// The inventories that have a vulnerability for which the test holds. Of those that must be looked at only `used` matter, if it
/// is given.
pub(super) fn inventories_with(
    content: Content<'_>,
    test: &FindingTest,
    used: Option<&dyn Fn() -> Bits>,
) -> Bits {
    if test.formula == crate::eval::formula::Formula::Constant(false) {
        return Bits::none(content.inventories.end());
    }
    let mixed = mixed_groups(content.packages.vulnerabilities(), test);
    let groups = content.packages.vulnerabilities().rows().map(|row| row.group).collect();
    let pass = Pass { content, test, by_place: test.asks_for_places(), groups };
    if test.formula.is_separable() && mixed.is_empty() {
        return pass.holding(&pass.with_one_alone());
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
        if let Some(used) = used {
            open.and(&used());
        }
        found.or(&looked_at(&pass, &decisions.undecided(), &open));
    }
    found
}

/// Goes through all findings: of packages, or of items if the condition asks for paths.
pub(super) struct Pass<'p> {
    pub(super) content: Content<'p>,
    pub(super) test: &'p FindingTest,
    pub(super) by_place: bool,
    /// By number of the vulnerability.
    groups: Vec<u32>,
}

impl Pass<'_> {
    /// No package or item.
    pub(super) fn nothing(&self) -> Bits {
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

    /// The packages or items with a finding for which the test holds where it stands alone.
    fn with_one_alone(&self) -> Bits {
        let (content, test) = (self.content, self.test);
        let holds = |place: &Place<'_>| place.rows.iter().any(|row| test.holds_alone(content, row, place));
        if self.by_place {
            let is_it = |item| content.place(item).is_some_and(|place| place.is_judged && holds(&place));
            return content.inventories.items().where_path(|item, _| is_it(item));
        }
        content.packages.rows_where(|package, head, rows| {
            holds(&Place { package, head, rows, path: NONE, is_judged: true })
        })
    }

    /// Calls `see` with each package or item, the group of each of its findings, and what the finding shows there.
    fn each(&self, mut see: impl FnMut(u32, u32, Mask)) {
        self.each_row(|subject, group, mask, _| see(subject, group, mask));
    }

    /// [`Self::each`] with the finding itself; packages or items come in the order of their numbers.
    pub(super) fn each_row(&self, mut see: impl FnMut(u32, u32, Mask, &FindingRow)) {
        let mut one = |subject: u32, place: &Place<'_>| {
            for row in place.rows {
                let group = self.groups.get(row.vulnerability as usize).copied().unwrap_or(NONE);
                see(subject, group, self.test.mask(self.content, row, place), row);
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

/// Something for each of the different masks that the places of a group have.
type Masks<T> = Vec<(Mask, T)>;

/// What is decided about the places of each group, by what they show.
struct Decisions {
    /// By group, for those whose places all show the same.
    uniform: Vec<Option<(Mask, Decision)>>,
    /// By group, the place of the others in `varied`, or [`NONE`].
    places: Vec<u32>,
    varied: Vec<(u32, Masks<Decision>)>,
}

impl Decisions {
    fn of(pass: &Pass<'_>, mixed: &Bits) -> Self {
        let len = pass.groups.len();
        let mut first: Vec<Option<(Mask, u32)>> = vec![None; len];
        let mut places = vec![NONE; len];
        let mut varied: Vec<(u32, Masks<u32>)> = Vec::new();
        pass.each(|_, group, mask| match first.get_mut(group as usize) {
            Some(Some((known, count))) if *known == mask => *count += 1,
            Some(Some(known)) => {
                let place = &mut places[group as usize];
                if *place == NONE {
                    *place = varied.len() as u32;
                    varied.push((group, vec![*known]));
                }
                let masks = &mut varied[*place as usize].1;
                match masks.iter_mut().find(|(of, _)| *of == mask) {
                    Some((_, count)) => *count += 1,
                    None => masks.push((mask, 1)),
                }
            }
            Some(none) => *none = Some((mask, 1)),
            None => {}
        });
        let formula = &pass.test.formula;
        // what is decided depends on the masks and which of them is most frequent; few such lists differ
        let mut known: HashMap<Vec<Mask>, Masks<Decision>> = HashMap::new();
        let of_group = |(group, mut masks): (u32, Masks<u32>)| {
            masks.sort_unstable_by_key(|(mask, count)| (std::cmp::Reverse(*count), *mask));
            let masks: Vec<Mask> = masks.into_iter().map(|(mask, _)| mask).collect();
            if mixed.contains(group) {
                return (group, masks.into_iter().map(|mask| (mask, Decision::Look)).collect());
            }
            let decisions = known.entry(masks).or_insert_with_key(|masks| {
                let ranked: Masks<u32> = masks.iter().copied().zip((0..masks.len() as u32).rev()).collect();
                masks.iter().copied().zip(decide(formula, &ranked)).collect()
            });
            (group, decisions.clone())
        };
        let one = |(mask, _)| (mask, if formula.holds(mask) { Decision::Sure } else { Decision::No });
        Self {
            uniform: first.into_iter().map(|known| known.map(one)).collect(),
            places,
            varied: varied.into_iter().map(of_group).collect(),
        }
    }

    fn get(&self, group: u32, mask: Mask) -> Decision {
        let place = self.places.get(group as usize).copied().unwrap_or(NONE);
        match (self.varied.get(place as usize), self.uniform.get(group as usize)) {
            (Some((_, masks)), _) => {
                let known = masks.iter().find(|(of, _)| *of == mask);
                known.map_or(Decision::Look, |(_, decision)| *decision)
            }
            (None, Some(Some((_, decision)))) => *decision,
            (None, _) => Decision::No,
        }
    }

    /// The groups that not every place answers for.
    fn undecided(&self) -> Bits {
        let mut groups = Bits::none(self.uniform.len() as u32);
        let is_open = |(_, decision): &(Mask, Decision)| matches!(decision, Decision::Look | Decision::Alone);
        let open = self.varied.iter().filter(|(_, masks)| masks.iter().any(is_open));
        open.for_each(|(group, _)| groups.insert(*group));
        groups
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
    let mut asked = Bits::none(content.inventories.end());
    inventories.iter().for_each(|inventory| asked.insert(*inventory));
    let used = content.inventories.held_by(&asked);
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
