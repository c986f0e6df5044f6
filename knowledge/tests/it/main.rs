//! The behaviour of the knowledge crate on real feeds and on small hand-written ones.

#![allow(clippy::unwrap_used, reason = "helpers of tests stop where they stand, like tests")]

mod alpine;
mod bundle;
mod debian;
mod download;
mod download_facts;
mod download_guard;
mod download_hostile;
mod download_protocols;
mod download_server;
mod facts;
mod feeds;
mod hostile;
mod hostile_size;
mod language;
mod lifecycle;
mod osv;
mod oval;
mod real;
mod redhat;
mod row;
mod support;
mod suse;
mod transfer;
mod transfer_signed;
mod ubuntu;
mod updateinfo;
mod wolfi;
