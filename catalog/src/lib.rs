//! Packages out of files: what an image holds, told from the files that package managers leave behind.
//!
//! What it is for: one pass over each layer ([`scan()`]), one folder per ecosystem with its parsers, the exact
//! squashed view over the layers, and the [`model::ScanReport`] that comes of it. What it is not for: reading
//! archives of layers (crate `image`), and any judgement about a package (crate `matcher`).
//!
//! The decision a reader may doubt: no file tree is ever built. A layer keeps the facts of the few files that
//! prove packages, and for all other entries a 64-bit hash of the path, which is enough to say what an upper
//! layer hides. So an image of a million files costs 8 MB and not a gigabyte, and a layer's result can
//! be cached without knowing the layers below it.

mod alpm;
mod apk;
mod binary;
mod bounds;
mod cache;
mod compose;
mod composer;
mod dpkg;
mod facts;
mod gem;
mod java;
mod layer;
mod license;
mod link;
mod npm;
mod nuget;
mod opkg;
mod os;
mod owner;
mod path;
mod portage;
mod python;
mod registry;
mod report;
mod rpm;
mod scan;
mod text;

pub use registry::{catalogers, fingerprint};
pub use scan::{Progress, ScanError, ScanOptions, Silent, scan};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
