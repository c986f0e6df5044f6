//! Background jobs of a server, one file each.

pub mod deletions;
pub mod feeds;
pub mod watch_bundle;
