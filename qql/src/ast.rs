//! The syntax tree of a query.
//!
//! It covers the whole language, also constructs that no index answers yet, so that widening the search does
//! not change the tree. What a token means and which type it has is not known here; see [`crate::fields`].
//!
//! A reader may doubt [`Place`]: it takes part in no comparison, so that two trees are equal when they say the
//! same, wherever it was written. That is what makes "parse after print gives the tree back" a law to test.

/// Where something was written: a column counted in characters from 1, 0 if it was not written at all.
/// All places are equal to each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place(pub u32);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

/// A whole query; the empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// `None` for the empty query.
    pub root: Option<Expr>,
}

/// A condition on a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All hold; at least two.
    And(Vec<Expr>),
    /// One holds; at least two.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// `token:value`, `token>=value`, ...
    Term(Term),
    /// `token:(...)`: one element of the array satisfies the inner condition; inner tokens are relative.
    Nested {
        /// The array.
        token: Token,
        /// The condition on one element.
        inner: Box<Expr>,
    },
    /// `token is null`; `is not null` is read as its negation.
    IsNull(Token),
    /// Words without a token.
    FreeText(Scalar),
}

/// A token with an operator and a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What is compared.
    pub token: Token,
    /// How.
    pub op: Op,
    /// With what.
    pub value: Value,
}

/// A dotted name, such as `repo.registry`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// As written: letters, digits, underscores and dots.
    pub name: String,
    /// Where it begins.
    pub place: Place,
}

/// An operator between token and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `:`, matching by the rules of the token's type.
    Match,
    /// `=`, the whole value.
    Equal,
    /// `!=`, not the whole value.
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

impl Op {
    /// How it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => ":",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

/// What stands to the right of an operator. Only [`Op::Match`] takes anything but a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One value.
    Scalar(Scalar),
    /// `[a, b]`: any of them. May be empty: then nothing matches.
    List(Vec<Scalar>),
    /// `[a ... b]`, `(a .. b)`, also written inside quotes.
    Range(Range),
}

/// How a scalar was quoted; that decides how text is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// Bare words.
    Bare,
    /// Back-ticks: the exact, whole value.
    Back,
    /// Double quotes: words adjacent and in order.
    Double,
    /// Single quotes: exact, blanks inside the quotes trimmed.
    Single,
}

/// One written value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// Without quotes, escapes resolved; the words of a bare value are joined by one blank.
    pub text: String,
    /// How it was written.
    pub quote: Quote,
    /// Where it begins.
    pub place: Place,
}

/// A range; at least one end is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// `None` is unbounded.
    pub lower: Option<Scalar>,
    /// `[` rather than `(`.
    pub lower_inclusive: bool,
    /// `None` is unbounded.
    pub upper: Option<Scalar>,
    /// `]` rather than `)`.
    pub upper_inclusive: bool,
}
