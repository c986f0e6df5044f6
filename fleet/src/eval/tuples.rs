//! Conditions on the elements of small arrays: names, labels, ports, secrets.
//!
//! An element is a tuple of numbers. What is asked of its members is answered once for all texts or digests that a number may
//! stand for; what is left to be asked of each tuple is whether its numbers are in sets. Equal lists of tuples are held once,
//! so each distinct list is looked at once.

use qql::{Condition, FieldId, Test};

use super::column::{digests_passing, lies_in, texts_passing};
use super::row::{Value, passes};
use crate::table::{Bits, Dictionary, Digests, NONE, Need};

/// How a field of an element is held.
pub(crate) enum Member<'t> {
    /// Nothing reports it.
    Missing,
    /// All elements have this.
    Fixed(&'static str),
    /// The number at this place is one of a text.
    Text(usize, &'t Dictionary),
    /// The number at this place is one of a digest.
    Digest(usize, &'t Digests),
    /// The number at this place is the value.
    Number(usize),
    /// The number at this place stands for a word.
    Word(usize, fn(u32) -> &'static str),
}

/// A condition on a tuple.
#[derive(Debug)]
pub(crate) enum TupleTest {
    Constant(bool),
    /// The number at this place is in the set.
    In(usize, Bits),
    /// The number at this place is this one, of so many.
    Is(usize, u32, u32),
    /// The number at this place lies in one of the ranges.
    Within(usize, Vec<(i64, i64)>),
    /// The word at this place passes.
    Word(usize, fn(u32) -> &'static str, Test),
    /// There is a number at this place.
    Present(usize),
    And(Vec<TupleTest>),
    Or(Vec<TupleTest>),
    Not(Box<TupleTest>),
}

impl TupleTest {
    /// Prepares a condition on an element whose fields are held as `member` says.
    pub(crate) fn of<'t>(condition: &Condition, member: &dyn Fn(FieldId) -> Member<'t>) -> Self {
        let all = |operands: &[Condition]| operands.iter().map(|operand| Self::of(operand, member)).collect();
        match condition {
            Condition::All => Self::Constant(true),
            Condition::And(operands) => {
                let mut operands: Vec<Self> = all(operands);
                // most tuples are turned away by the first
                operands.sort_by_key(Self::share);
                Self::And(operands)
            }
            Condition::Or(operands) => Self::Or(all(operands)),
            Condition::Not(inner) => Self::Not(Box::new(Self::of(inner, member))),
            Condition::Test { field, test } => Self::test(&member(*field), test),
            Condition::IsNull(field) => match member(*field) {
                Member::Missing => Self::Constant(true),
                Member::Fixed(_) | Member::Word(..) => Self::Constant(false),
                Member::Text(at, _) | Member::Digest(at, _) | Member::Number(at) => {
                    Self::Not(Box::new(Self::Present(at)))
                }
            },
            // no element of a small array has arrays in turn
            Condition::Any { .. } => Self::Constant(false),
        }
    }

    fn test(member: &Member<'_>, test: &Test) -> Self {
        match member {
            Member::Missing => Self::Constant(false),
            Member::Fixed(word) => Self::Constant(passes(test, Value::Text(word))),
            Member::Text(at, texts) => Self::within(*at, texts_passing(texts, test)),
            Member::Digest(at, digests) => Self::within(*at, digests_passing(digests, false, test)),
            Member::Number(at) => match test {
                Test::Number(test) => Self::Within(*at, test.ranges().to_vec()),
                _ => Self::Constant(false),
            },
            Member::Word(at, word) => Self::Word(*at, *word, test.clone()),
        }
    }

    fn within(at: usize, set: Bits) -> Self {
        let first = set.iter().next();
        match (set.count(), first) {
            (1, Some(only)) => Self::Is(at, only, set.len()),
            (0, _) => Self::Constant(false),
            _ => Self::In(at, set),
        }
    }

    /// How many of so many tuples are likely to pass, by what is known without looking at any.
    fn share(&self) -> u32 {
        const ALL: u64 = 1 << 16;
        match self {
            Self::Is(_, _, len) => (ALL / u64::from(*len).max(1)) as u32,
            Self::In(_, set) => (set.count() * ALL / u64::from(set.len()).max(1)) as u32 + 1,
            Self::Constant(_) | Self::Within(..) | Self::Present(_) => ALL as u32 + 2,
            Self::And(_) | Self::Or(_) | Self::Not(_) | Self::Word(..) => ALL as u32 + 3,
        }
    }

    /// What every tuple has for which it holds.
    pub(crate) fn need(&self) -> Need<'_> {
        match self {
            Self::Is(at, only, _) => Need::Number(*at, *only),
            Self::In(at, set) => Need::Member(*at, set),
            Self::And(operands) => operands.first().map_or(Need::Nothing, Self::need),
            _ => Need::Nothing,
        }
    }

    /// Whether it holds for a tuple; a place that the tuple does not have holds nothing.
    pub(crate) fn holds(&self, tuple: &[u32]) -> bool {
        let number = |at: usize| tuple.get(at).copied().unwrap_or(NONE);
        match self {
            Self::Constant(holds) => *holds,
            Self::Is(at, only, _) => number(*at) == *only,
            Self::In(at, set) => set.contains(number(*at)),
            Self::Within(at, ranges) => number(*at) != NONE && lies_in(i64::from(number(*at)), ranges),
            Self::Word(at, word, test) => passes(test, Value::Text(word(number(*at)))),
            Self::Present(at) => number(*at) != NONE,
            Self::And(operands) => operands.iter().all(|operand| operand.holds(tuple)),
            Self::Or(operands) => operands.iter().any(|operand| operand.holds(tuple)),
            Self::Not(inner) => !inner.holds(tuple),
        }
    }

    /// Whether it cannot hold for any tuple.
    pub(crate) fn is_never(&self) -> bool {
        match self {
            Self::Constant(holds) => !holds,
            Self::In(_, set) => set.is_empty(),
            Self::Within(_, ranges) => ranges.is_empty(),
            Self::And(operands) => operands.iter().any(Self::is_never),
            Self::Or(operands) => operands.iter().all(Self::is_never),
            Self::Is(..) | Self::Word(..) | Self::Present(_) | Self::Not(_) => false,
        }
    }
}
