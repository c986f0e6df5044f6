//! The sensor's behaviour beside real runtimes.

mod docker;
