//! The sensor's behaviour beside real runtimes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod containerd;
mod deploy;
mod docker;
mod registry;
