//! What tables are made of: columns, sets of positions, interned text, orders and lookups.
//!
//! Everything here is cheap to clone and changes by copying what is touched, so that a reader's snapshot stays as it is
//! while the next one is made. Nothing here knows images, containers or packages.

mod bits;
mod bytes;
mod chunked;
mod dictionary;
mod digests;
mod lists;
mod lookup;
mod order;
mod paged;

pub(crate) use bits::Bits;
pub(crate) use bytes::Bytes;
pub(crate) use chunked::{CHUNK, Chunked};
pub(crate) use dictionary::{Dictionary, NONE, spread};
pub(crate) use digests::Digests;
pub(crate) use lists::{Lists, Need};
pub(crate) use lookup::Lookup;
pub(crate) use order::{OrderLog, Stamp};
pub(crate) use paged::PagedBits;
