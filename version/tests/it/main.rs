//! The version schemes against their tables, their laws and their reference programs.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking, wherever the helper stands")]

mod corpus;
mod laws;
mod oracle;
mod tables;
