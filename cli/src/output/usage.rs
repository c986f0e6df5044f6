//! Flags that are understood one by one and have no meaning together, or values that only their reader can refuse: wrong
//! usage like any other, with its exit code (docs/reference/exit-codes.md).

use std::error::Error;
use std::fmt;

/// The words of the refusal.
#[derive(Debug)]
struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Usage {}

/// An error that says how the program is not to be used.
pub(crate) fn usage(words: impl Into<String>) -> anyhow::Error {
    anyhow::Error::new(Usage(words.into()))
}

/// Whether it is such an error.
pub(crate) fn is_usage(error: &anyhow::Error) -> bool {
    error.is::<Usage>()
}
