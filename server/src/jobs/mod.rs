//! Background jobs of a server, one file each.

pub mod days;
pub mod deletions;
pub mod feeds;
pub mod registry_schedules;
pub mod save_index;
pub mod watch_bundle;
