//! The behaviour of the image crate, on images that `testkit` writes and on bytes that no honest tool would.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod collect;
mod hostile_layer;
mod hostile_source;
mod law;
mod parts;
mod real_tool;
mod registry;
mod registry_dialects;
mod registry_hostile;
mod registry_listing;
mod registry_login;
mod root_fs;
mod selection;
mod source_suite;
