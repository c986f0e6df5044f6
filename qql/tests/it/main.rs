//! The language as the reference describes it: what parses to what, what it means, what is refused and where.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking, wherever the helper stands")]

mod completion;
mod conformance;
mod laws;
mod laws_meaning;
mod meaning;
mod mistakes;
mod record;
mod reference;
mod resolved;
mod table;
