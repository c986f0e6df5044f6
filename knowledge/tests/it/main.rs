//! The behaviour of the knowledge crate on real feeds and on small hand-written ones.

#![allow(clippy::unwrap_used, reason = "helpers of tests stop where they stand, like tests")]

mod bundle;
mod download;
mod feeds;
mod hostile;
mod real;
mod support;
