//! The API as clients meet it: over HTTP, against a real store and a real index.
#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod auth;
mod bulk;
mod client;
mod compat;
mod hostile;
mod ingest;
mod openapi;
mod oracle;
mod oracle_world;
mod pattern;
mod query;
mod registries;
mod scope;
mod scope_routes;
mod sensor_lists;
mod sensor_words;
mod sensors;
mod server;
mod shapes;
mod statistics;
