//! Background jobs of a server, one file each.

pub mod feeds;
pub mod watch_bundle;
