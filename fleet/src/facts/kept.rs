//! Which inventories satisfy a condition on software or vulnerabilities, kept for whoever asks the same again.
//!
//! That depends on packages and inventories alone: not on the customer, not on what a reader may see, and not on anything that
//! changes with tags, containers or scans that find nothing new. So an answer outlives most states of the index.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use qql::{Array, Condition};

use crate::table::Bits;

/// Answers that are kept. Each takes one bit for each inventory.
const ANSWERS: usize = 128;

/// An edition of a table: no other content of it, in whatever clone, has the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edition(u64);

impl Edition {
    /// One that was never given before.
    pub(super) fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// The answers for one edition of packages and inventories, the last asked for first.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Answers>);

#[derive(Debug, Default)]
struct Answers {
    of: (Edition, Edition),
    all: VecDeque<(Array, Condition, Arc<Bits>)>,
}

impl Kept {
    /// What is known for an edition of packages and one of inventories.
    pub(crate) fn get(
        &self,
        of: (Edition, Edition),
        array: Array,
        condition: &Condition,
    ) -> Option<Arc<Bits>> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.of != of {
            return None;
        }
        let is_it = |(known, kept, _): &(Array, Condition, _)| *known == array && kept == condition;
        let place = answers.all.iter().position(is_it)?;
        let answer = answers.all.remove(place)?;
        let found = Arc::clone(&answer.2);
        answers.all.push_front(answer);
        Some(found)
    }

    /// Keeps an answer; those for another edition are forgotten.
    pub(crate) fn keep(
        &self,
        of: (Edition, Edition),
        array: Array,
        condition: &Condition,
        answer: Arc<Bits>,
    ) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.of != of {
            answers.all.clear();
            answers.of = of;
        }
        answers.all.truncate(ANSWERS - 1);
        answers.all.push_front((array, condition.clone(), answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_again_for_its_edition_alone_and_the_oldest_is_forgotten() {
        let (kept, one, other) = (Kept::default(), Edition::next(), Edition::next());
        let answer = |number: u32| Arc::new(Bits::from_iter([number]));
        let known = |of, condition: &Condition| {
            kept.get(of, Array::Softwares, condition).map(|bits| bits.iter().next())
        };
        kept.keep((one, one), Array::Softwares, &Condition::All, answer(7));
        assert_eq!(known((one, one), &Condition::All), Some(Some(7)));
        assert_eq!(known((one, other), &Condition::All), None);
        assert!(kept.get((one, one), Array::Vulnerabilities, &Condition::All).is_none());
        for count in 0..ANSWERS {
            let condition = Condition::And(vec![Condition::All; count]);
            kept.keep((one, one), Array::Softwares, &condition, answer(1));
        }
        assert_eq!(known((one, one), &Condition::All), None);
        kept.keep((other, one), Array::Softwares, &Condition::All, answer(8));
        assert_eq!(known((other, one), &Condition::All), Some(Some(8)));
        assert_eq!(known((one, one), &Condition::And(Vec::new())), None);
    }
}
