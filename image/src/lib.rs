//! Where images come from, and the walk through their layers.
//!
//! What it is for: finding an image in an archive, a layout or a directory, reading its documents, and giving
//! the entries of its layers to a visitor in one bounded pass. What it is not for: knowing packages, or what
//! the layers amount to when laid over each other; that is the catalog's.
//!
//! The decision a reader may doubt: nothing is ever unpacked to disk or held as a tree. A layer is a stream,
//! an entry lives for one call, and content that nobody asks for is only decompressed. So there is no path
//! for a hostile archive to bite on, and memory does not grow with the image.
//!
//! ```
//! use std::io::Read;
//!
//! struct List(Vec<String>);
//!
//! impl image::LayerVisitor for List {
//!     fn entry(&mut self, entry: &image::Entry<'_>, _content: &mut dyn Read) {
//!         self.0.push(String::from_utf8_lossy(entry.path).into_owned());
//!     }
//! }
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("image.tar");
//! # testkit::ImageBuilder::new().layer(testkit::LayerBuilder::new().file("etc/motd", "hi")).write_docker_archive(&path).unwrap();
//! let source = image::Source::detect(path.to_str().unwrap())?;
//! let image = image::open(&source, &image::OpenOptions::default())?;
//! let mut list = List(Vec::new());
//! for index in 0..image.layer_count() {
//!     image.read_layer(index, &mut list)?;
//! }
//! assert_eq!(list.0, ["etc/motd"]);
//! # Ok::<(), image::ImageError>(())
//! ```

mod blob;
mod bolt;
mod config;
mod directory;
mod entry;
mod error;
mod layer;
mod limits;
mod manifest;
mod note;
mod open;
mod platform;
mod select;
mod source;
mod stream;
mod tar;
mod whiteout;

pub use directory::{OverlayMarks, OverlayNames, read_overlay_marks};
pub use entry::{Entry, EntryKind, LayerSummary, LayerVisitor};
pub use error::{ImageError, Place};
pub use layer::{LayerOutcome, LayerSource};
pub use limits::Limits;
pub use open::OpenImage;
pub use platform::{Platform, PlatformError};
pub use source::{
    Admission, Catalogue, CloudPlaces, Credentials, Engine, MAX_NAMES, OpenOptions, Patience, Pulled,
    RegistryError, RegistryName, RegistryOptions, RemoteTag, Source, StorageError, StorageOptions, Stored,
    containerd_snapshot, credential_files, credentials_of, open,
};
#[cfg(fuzzing)]
pub use source::{fuzz_registry_documents, fuzz_registry_lists};
pub use stream::Compression;
