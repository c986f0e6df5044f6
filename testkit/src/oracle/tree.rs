//! A question as a tree of our own.

/// A condition on a record or on an element of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// All hold.
    All(Vec<Ask>),
    /// One holds.
    Any(Vec<Ask>),
    /// It does not hold.
    Not(Box<Ask>),
    /// A value of the token passes.
    Term(String, Test),
    /// One element of the array passes the whole condition, whose tokens are relative.
    Element(String, Box<Ask>),
    /// The token has no value.
    Missing(String),
}

/// What a value has to pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `:`
    Is(Word),
    /// `: [a, b]`
    OneOf(Vec<Word>),
    /// `: [a .. b)`
    Within(Span),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`
    Compare(Sign, Word),
}

/// An operator without a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// `=`
    Equal,
    /// `!=`
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

impl Sign {
    /// All of them; longer ones before those that begin like them.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        (">=", Self::GreaterEqual),
        ("<=", Self::LessEqual),
        ("!=", Self::NotEqual),
        (">", Self::Greater),
        ("<", Self::Less),
        ("=", Self::Equal),
    ];

    pub(super) fn text(self) -> &'static str {
        Self::ALL.iter().find(|(_, sign)| *sign == self).map_or("", |(text, _)| text)
    }
}

/// A written value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Without its quotes.
    pub text: String,
    /// How it is quoted.
    pub quotes: Quotes,
}

impl Word {
    /// A value with these quotes.
    pub fn new(text: impl Into<String>, quotes: Quotes) -> Self {
        Self { text: text.into(), quotes }
    }
}

/// Quotes around a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// None.
    None,
    /// `` ` ``
    Back,
    /// `'`
    Single,
    /// `"`
    Double,
}

/// From one value to another; at least one is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The lower end, and whether it belongs to the span.
    pub from: Option<(Word, bool)>,
    /// The upper end, and whether it belongs to the span.
    pub to: Option<(Word, bool)>,
}
