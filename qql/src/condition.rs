//! A query with all knowledge of tokens applied: what an index or a naive pass has to evaluate.
//!
//! A condition is about one record of the entity that was searched. How it is to be understood:
//!
//! - [`Condition::Test`] holds if the record has a value of the field and the test matches it; of a field that may
//!   have several values ([`crate::fields::Spec::many`]) one of them must match. A missing value never passes a test.
//! - [`Condition::IsNull`] holds if the record has no value of the field; an empty list is no value, an empty text is one.
//! - [`Condition::Any`] holds if one element of the array satisfies the inner condition, whose fields are the element's.
//! - Alternatives on one field, or on elements of one array, stand in one [`Condition::Test`] or [`Condition::Any`]: `a:1 or a:2`
//!   is resolved to the same as `a:[1, 2]`. Two tests on one field in one [`Condition::Or`] are of different kinds.
//! - [`Condition::Not`] holds if the inner condition does not: records with missing values are among those.
//!
//! A [`FieldId`] means the member of the API's record of the same name and path (see [`crate::fields`] for the sentence on
//! each), as the details call of the newest version shows it. Times are milliseconds, decimals thousandths. Where the
//! API has no such member:
//!
//! - [`ImageField::ImagesInUse`](crate::fields::ImageField::ImagesInUse): a date test holds if `lastUsedDate` is within,
//!   or, when `now` is within, if a container of the image is created, running, paused or stopped; [`Test::Bool`] asks only
//!   for such a container; `is null` holds if there is neither such a container nor a `lastUsedDate`. The ranges carry
//!   whether `now` is within in [`DateTest::now`].
//! - `isEol`: the operating system's life has ended. `hasSecrets`, `hasMalware`: the list is not empty; missing if
//!   the image was not searched for them.
//! - `threatIntel.*` are true or missing, as the API shows them.
//! - `tags.name`: the names of `assignedTags`.
//! - `Source` and `Reason` of findings: of a container's drift.
//!
//! What nothing reports is a missing value everywhere.

use crate::fields::{Array, FieldId};
use crate::test::{DateTest, IpTest, KeywordTest, NumberTest, TextTest};

/// What must hold for a record or for an element of one of its arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always holds.
    All,
    /// All hold; two or more.
    And(Vec<Condition>),
    /// One holds; never does if there is none.
    Or(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// A value of the field matches.
    Test {
        /// Whose values.
        field: FieldId,
        /// What they must match.
        test: Test,
    },
    /// The field has no value.
    IsNull(FieldId),
    /// One element of the array satisfies the inner condition.
    Any {
        /// Whose elements.
        array: Array,
        /// What one of them must satisfy.
        inner: Box<Condition>,
    },
}

/// What a value must match; the variant follows the type of the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Of [`crate::fields::FieldType::Text`].
    Text(TextTest),
    /// Of [`crate::fields::FieldType::Keyword`].
    Keyword(KeywordTest),
    /// Of integers, and of decimals in thousandths.
    Number(NumberTest),
    /// Of dates.
    Date(DateTest),
    /// Of booleans, and of `imagesInUse`.
    Bool(bool),
    /// Of addresses.
    Ip(IpTest),
}

impl Condition {
    /// Holds for nothing.
    pub const fn never() -> Self {
        Self::Or(Vec::new())
    }

    /// It does not hold; a double negation cancels out.
    pub(crate) fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// All hold.
    pub(crate) fn all_of(mut operands: Vec<Self>) -> Self {
        match operands.len() {
            0 => Self::All,
            1 => operands.swap_remove(0),
            _ => Self::And(operands),
        }
    }

    /// Below arrays, the first the outermost: some element of each.
    pub(crate) fn below(self, path: &[Array]) -> Self {
        path.iter().rev().fold(self, |inner, array| Self::Any { array: *array, inner: Box::new(inner) })
    }
}
