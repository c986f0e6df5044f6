//! A streaming tar reader of our own: version 7, ustar, GNU and PAX archives.
//!
//! What it is for: walking foreign tar streams at the speed of memory, with bounds, and reading them as Go's
//! `archive/tar` does, because that is what the common runtimes unpack images with: a reader that sees other
//! files than the runtime is a way to smuggle. What it is not for: writing or unpacking.
//!
//! The decision a reader may doubt: not using the `tar` crate. Its reader hides entries behind iterators that
//! allocate for each, and skips content by copying it; both show when half of the budget is the inflate.

mod header;
mod name;
mod number;
mod pax;
mod reader;

pub(crate) use header::is_header;
pub(crate) use name::{Cleaned, clean};
pub(crate) use reader::{Member, TarReader};
