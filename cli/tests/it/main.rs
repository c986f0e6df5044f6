//! The program as its users meet it: real processes, real files, HTTP on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod admin_sensor;
mod bad_input;
mod compare_versions;
mod crash;
mod durability;
mod explain;
mod export;
mod feeds_bundle;
mod fixtures;
mod format;
mod harness;
mod import;
mod judge;
mod known;
mod made;
mod policy;
mod postgres;
mod query;
mod registry;
mod round_trip;
mod scan;
mod schema;
mod sensor;
mod serve;
mod small_feeds;
mod storage;
mod vex;
mod walk;
