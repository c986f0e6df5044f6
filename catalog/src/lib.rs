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
mod bitnami;
mod cache;
mod cargo;
mod cocoapods;
mod compose;
mod composer;
mod conan;
mod conda;
mod cpan;
mod cran;
mod dart;
mod declared;
mod doubles;
mod dpkg;
mod erlang;
mod facts;
mod gem;
mod golang;
mod hackage;
mod homebrew;
mod java;
mod journal;
mod julia;
mod layer;
mod license;
mod link;
mod luarocks;
mod npm;
mod nuget;
mod opkg;
mod os;
mod owner;
mod packed;
mod path;
mod pear;
mod portage;
mod python;
mod registry;
mod report;
mod rpm;
mod runtime;
mod scan;
mod secret;
mod swift;
mod terms;
mod text;
#[cfg(test)]
mod trial;
mod vendor;
mod view;
mod word;
mod wordpress;

pub use registry::{catalogers, fingerprint};
pub use scan::{Progress, ScanError, ScanOptions, Silent, scan};
pub use secret::{mask_container, reference_page as secrets_page};
pub use view::{
    AllOwners, FileFacts, ImageView, UpperLayer, Wanted, is_program, read_file, scan_and_keep, wanted_file,
};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
