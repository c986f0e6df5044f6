//! The language as the reference describes it: what parses to what, what is refused and where.

mod conformance;
mod laws;
