//! The API as clients meet it: over HTTP, against a real store and a real index.

mod auth;
mod bulk;
mod client;
mod compat;
mod ingest;
mod openapi;
mod pattern;
mod server;
mod shapes;
mod zz_drive;
