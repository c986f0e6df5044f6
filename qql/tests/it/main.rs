//! The language as the reference describes it: what parses to what, what it means, what is refused and where.

mod completion;
mod conformance;
mod fuzzcopy;
mod laws;
mod laws_meaning;
mod meaning;
mod mistakes;
mod record;
mod reference;
mod resolved;
mod table;
