//! The language as the reference describes it: what parses to what, what it means, what is refused and where.

mod conformance;
mod laws;
mod meaning;
mod mistakes;
mod record;
mod resolved;
