//! Builders for tests: things that the rest of Plimsoll reads, written without the code that reads them.
//!
//! What it is for: tests of every crate that need a small image. What it is not for: the programs; nothing
//! that ships may depend on this crate.
//!
//! The decision a reader may doubt: the image builder writes its own tar headers, manifests and configs instead of
//! sharing code with the reader. A mistake in a shared routine would cancel itself out; two independent ones disagree.
//!
//! ```
//! use testkit::{ImageBuilder, LayerBuilder};
//!
//! let folder = std::env::temp_dir().join("testkit-doc");
//! let image = ImageBuilder::new()
//!     .name("example.com/team/web:1.0")
//!     .layer(LayerBuilder::new().file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"))
//!     .layer(LayerBuilder::new().whiteout("etc/motd").created_by("RUN rm /etc/motd"))
//!     .env("PATH=/usr/bin");
//! image.write_oci_dir(&folder).unwrap();
//! println!("{}", image.build().id);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! ```

pub mod brute;
pub mod fleet_builder;
mod image_builder;
mod image_writer;
mod index_builder;
mod layer_builder;
pub mod oracle;
pub mod postgres;
mod registry;
mod report;
pub mod runtime;
mod tar_header;
mod zstd_chunked;

pub use image_builder::{BuiltImage, BuiltLayer, Compression, ImageBuilder};
pub use image_writer::Blobs;
pub use index_builder::IndexBuilder;
pub use layer_builder::{LayerBuilder, LongNames};
pub use registry::{Door, Fault, Seen, TinyRegistry};
pub use report::{ReportBuilder, container_id, container_report, image_id};
pub use tar_header::TarHeader;
pub use zstd_chunked::{ZstdChunked, zstd_chunked};
