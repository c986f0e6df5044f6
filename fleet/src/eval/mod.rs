//! Queries over the columns: a syntax tree is resolved into a predicate once, then asked for each record.

pub(crate) mod cursor;
mod predicate;

pub(crate) use predicate::Predicate;
