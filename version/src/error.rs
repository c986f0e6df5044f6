//! Why a version could not be read.

use std::fmt;

use crate::scheme::Scheme;

/// The most characters of a foreign text that an error repeats.
const EXCERPT: usize = 64;

/// Which of the texts at hand an error speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The first text given to [`crate::compare`].
    Left,
    /// The second text given to [`crate::compare`].
    Right,
    /// The version given to [`crate::in_range`].
    Version,
    /// Where the range begins.
    Introduced,
    /// The fixed version that ends the range.
    Fixed,
    /// The last affected version that ends the range.
    LastAffected,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "the left version",
            Self::Right => "the right version",
            Self::Version => "the version",
            Self::Introduced => "the introduced version",
            Self::Fixed => "the fixed version",
            Self::LastAffected => "the last affected version",
        })
    }
}

/// What is wrong with a text that should be a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// Nothing, or only white space.
    #[error("it is empty")]
    Empty,
    /// More bytes than [`crate::MAX_LENGTH`]; holds their number.
    #[error("it is {0} bytes long")]
    TooLong(usize),
    /// The scheme wants a number first.
    #[error("it does not start with a number")]
    NoNumber,
    /// The epoch is no number, or larger than the scheme allows.
    #[error("its epoch is not a number in range")]
    Epoch,
    /// A part that must hold something is empty; holds the part's name.
    #[error("its {0} is empty")]
    EmptyPart(&'static str),
    /// A character that does not belong where it stands; holds its byte offset.
    #[error("byte {0} does not belong there")]
    Unexpected(usize),
    /// A number with a leading zero where the scheme forbids it; holds its byte offset.
    #[error("the number at byte {0} has a leading zero")]
    LeadingZero(usize),
    /// A number larger than the scheme's reference reads; holds a byte offset at or before it.
    #[error("a number from byte {0} on is too large")]
    NumberTooLarge(usize),
    /// A branch of a repository, asked whether it lies in a range of releases.
    #[error("it is a branch, which has no place among releases")]
    Branch,
    /// A suffix that the scheme does not know; holds its byte offset.
    #[error("the suffix at byte {0} is unknown")]
    UnknownSuffix(usize),
}

/// A version that its scheme cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{side} `{text}` is not a {scheme} version: {reason}")]
pub struct VersionError {
    /// The scheme that was asked for.
    pub scheme: Scheme,
    /// Which text it was.
    pub side: Side,
    /// The text, cut to 64 characters.
    pub text: String,
    /// What is wrong with it.
    pub reason: Reason,
}

impl VersionError {
    pub(crate) fn new(scheme: Scheme, side: Side, text: &str, reason: Reason) -> Self {
        Self { scheme, side, text: text.chars().take(EXCERPT).collect(), reason }
    }
}
