//! What can be wrong with a query, always with the place.
//!
//! Columns count characters from 1, because that is what an editor and a person count. The kinds matter to
//! callers: a syntax error, a token nobody knows and a token that is documented but cannot be searched yet
//! are three different things to tell a client, though all of them are its mistake (HTTP 400).

/// Why a query was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The text is longer than [`crate::MAX_LENGTH`] bytes.
    #[error("filter is {length} bytes long, at most {limit} are accepted")]
    TooLong {
        /// Bytes given.
        length: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// Groups and negations are nested deeper than [`crate::MAX_DEPTH`].
    #[error("filter is nested deeper than {limit} levels (column {column})")]
    TooDeep {
        /// Where the first level too many begins.
        column: u32,
        /// Levels accepted.
        limit: usize,
    },
    /// The text is not a query.
    #[error("filter has a syntax error at column {column}: {message}")]
    Syntax {
        /// Where.
        column: u32,
        /// What was expected or found.
        message: String,
    },
    /// The entity has no such token, or not where it stands.
    #[error("filter token `{token}` (column {column}) is unknown{hint}")]
    UnknownToken {
        /// As written.
        token: String,
        /// Where.
        column: u32,
        /// What may have been meant, as the end of the message: `; did you mean ...?`. Empty if nothing is near.
        hint: String,
    },
    /// A construct of the language that cannot be searched yet.
    #[error("{what} (column {column}) is not supported yet")]
    ConstructNotSupportedYet {
        /// The construct, in words.
        what: String,
        /// Where.
        column: u32,
    },
    /// The value does not fit the token's type.
    #[error("value `{value}` (column {column}) of filter token `{token}` is not {expected}")]
    WrongType {
        /// As written.
        token: String,
        /// As written, shortened.
        value: String,
        /// The type, in words: `a date`.
        expected: &'static str,
        /// Where the value begins.
        column: u32,
    },
    /// The token has a closed set of values, and the value is none of them.
    #[error(
        "value `{value}` (column {column}) of filter token `{token}` does not exist; the values are {allowed}"
    )]
    UnknownValue {
        /// As written.
        token: String,
        /// As written, shortened.
        value: String,
        /// The values, with commas between them.
        allowed: String,
        /// Where the value begins.
        column: u32,
    },
    /// The token exists, but not with this operator, in this group, or for sorting.
    #[error("filter token `{token}` (column {column}) {problem}")]
    Misused {
        /// As written.
        token: String,
        /// Where.
        column: u32,
        /// What is wrong and how to mend it, as the end of the sentence.
        problem: String,
    },
    /// The query comes to more than [`crate::MAX_TESTS`] tests.
    #[error(
        "filter has {count} conditions, at most {limit} are accepted; write alternatives on one token as a list"
    )]
    TooManyTests {
        /// Tests that it comes to.
        count: usize,
        /// Tests accepted.
        limit: usize,
    },
    /// A list has more than [`crate::MAX_LIST`] values.
    #[error(
        "the list of filter token `{token}` (column {column}) has {length} values, at most {limit} are accepted"
    )]
    TooMany {
        /// As written.
        token: String,
        /// Where.
        column: u32,
        /// Values given.
        length: usize,
        /// Values accepted.
        limit: usize,
    },
}

impl QueryError {
    /// Where the mistake is, 1 for the whole text.
    pub fn column(&self) -> u32 {
        match self {
            Self::TooLong { .. } | Self::TooManyTests { .. } => 1,
            Self::TooDeep { column, .. }
            | Self::Syntax { column, .. }
            | Self::UnknownToken { column, .. }
            | Self::ConstructNotSupportedYet { column, .. }
            | Self::UnknownValue { column, .. }
            | Self::Misused { column, .. }
            | Self::TooMany { column, .. }
            | Self::WrongType { column, .. } => *column,
        }
    }
}

/// Cuts foreign text to what fits in a message.
pub(crate) fn shorten(text: &str) -> String {
    const LIMIT: usize = 60;
    if text.chars().count() <= LIMIT {
        return text.to_owned();
    }
    text.chars().take(LIMIT).chain("…".chars()).collect()
}
