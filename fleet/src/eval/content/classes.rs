//! Records told apart by where their own times lie among the ends of a query's ranges.

use qql::fields::{FieldId, FindingField};
use qql::{Condition, Test};

use super::{Own, Records};
use crate::table::Bits;

/// The moments at which an answer may change with a record's time: within each stretch between two of them it is one.
#[derive(Debug, Default)]
pub(super) struct Classes {
    /// Of the time at which a record was first stored.
    first_stored: Vec<i64>,
    /// Of the later of that and the last scan.
    latest: Vec<i64>,
}

impl Classes {
    /// The moments that a condition on elements names.
    pub(super) fn of(condition: &Condition) -> Self {
        let mut classes = Self::default();
        classes.gather(condition);
        for moments in [&mut classes.first_stored, &mut classes.latest] {
            moments.sort_unstable();
            moments.dedup();
        }
        classes
    }

    fn gather(&mut self, condition: &Condition) {
        match condition {
            Condition::And(operands) | Condition::Or(operands) => {
                operands.iter().for_each(|operand| self.gather(operand));
            }
            Condition::Not(inner) | Condition::Any { inner, .. } => self.gather(inner),
            Condition::Test { field: FieldId::Finding(field), test: Test::Date(test) } => {
                let moments = match field {
                    FindingField::FirstFound => &mut self.first_stored,
                    FindingField::LastFound => &mut self.latest,
                    _ => return,
                };
                for (from, to) in test.ranges() {
                    moments.push(*from);
                    moments.extend(to.checked_add(1));
                }
            }
            Condition::Test { .. } | Condition::IsNull(_) | Condition::All => {}
        }
    }

    /// Whether no answer depends on times.
    pub(super) fn is_single(&self) -> bool {
        self.first_stored.is_empty() && self.latest.is_empty()
    }

    /// Whether an answer may change when something came to a record of such times as late as `last`.
    pub(super) fn tell(&self, own: Own, last: i64) -> bool {
        let (first_stored, latest) = (own.first_stored.max(last), own.latest.max(last));
        self.of_times(own.first_stored, own.latest) != self.of_times(first_stored, latest)
    }

    /// The candidates by class, each with times that stand for all of its members.
    pub(super) fn split(&self, records: &Records<'_>, candidates: &Bits) -> Vec<(Own, Bits)> {
        if self.is_single() {
            return vec![(Own::NONE, candidates.clone())];
        }
        let classifier = Classifier::new(self, records);
        let words = candidates.words();
        let part = |first: usize, words: &[u64]| classifier.split(first, words, candidates.len());
        let parts = if candidates.count() < SHARED {
            vec![part(0, words)]
        } else {
            let half = words.len() / 2;
            std::thread::scope(|scope| {
                let high = scope.spawn(|| part(half, &words[half..]));
                vec![
                    part(0, &words[..half]),
                    high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                ]
            })
        };
        let mut all: Vec<(Class, u32, Bits)> = Vec::new();
        for (class, member, members) in parts.into_iter().flatten() {
            match all.iter_mut().find(|(known, ..)| *known == class) {
                Some((.., known)) => known.or(&members),
                None => all.push((class, member, members)),
            }
        }
        all.into_iter().map(|(_, member, members)| (records.own(member), members)).collect()
    }

    fn of_times(&self, first_stored: i64, latest: i64) -> Class {
        let at = |moments: &[i64], time: i64| moments.partition_point(|moment| *moment <= time) as u32;
        (at(&self.first_stored, first_stored), at(&self.latest, latest))
    }
}

/// Between which moments the two times lie.
type Class = (u32, u32);

/// Candidates from which on the work is shared by two threads.
const SHARED: u64 = 500_000;

/// Tells the classes of records.
///
/// A time of a container is the later of its own and its image's, so its class is the later of both classes: those of images
/// are worked out once, and take less room than their times.
struct Classifier<'c> {
    classes: &'c Classes,
    records: &'c Records<'c>,
    of_images: Vec<Class>,
}

impl<'c> Classifier<'c> {
    fn new(classes: &'c Classes, records: &'c Records<'c>) -> Self {
        let images = &records.tenant.images;
        let of_image = |(first_stored, last_scanned): (&i64, &i64)| {
            classes.of_times(*first_stored, (*first_stored).max(*last_scanned))
        };
        let of_images = images.first_stored.iter().zip(images.last_scanned.iter()).map(of_image).collect();
        Self { classes, records, of_images }
    }

    fn class(&self, position: u32) -> Class {
        let stored = self.records.times.first_stored.get(position).copied().unwrap_or(i64::MIN);
        let own = self.classes.of_times(stored, stored);
        let image = self.of_images.get(self.records.image(position) as usize).copied().unwrap_or_default();
        (own.0.max(image.0), own.1.max(image.1))
    }

    /// The classes of the positions in some words, each with one of its members.
    fn split(&self, first: usize, words: &[u64], len: u32) -> Vec<(Class, u32, Bits)> {
        let mut known: Vec<(Class, u32, Bits)> = Vec::new();
        let mut last = 0;
        for (index, word) in words.iter().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let position = (first + index) as u32 * 64 + rest.trailing_zeros();
                rest &= rest - 1;
                let class = self.class(position);
                if known.get(last).is_none_or(|(of, ..)| *of != class) {
                    last = known.iter().position(|(of, ..)| *of == class).unwrap_or(known.len());
                    if last == known.len() {
                        known.push((class, position, Bits::none(len)));
                    }
                }
                known[last].2.insert(position);
            }
        }
        known
    }
}
