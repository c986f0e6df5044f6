//! The matcher against labelled cases, a brute-force twin, small made feeds and the real ones.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking, wherever the helper stands")]

mod brute;
mod bundle;
mod changes;
mod labels;
mod lifecycle;
mod make;
mod raw_rows;
mod real;
mod risk;
mod streams;
