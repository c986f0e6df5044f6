//! From stored bytes to the uncompressed stream: read, digest, decompress.
//!
//! One large buffer on each side of the decompressor and no copy beyond it. The decompressor writes straight
//! into the window that the tar walk looks at.

mod compression;
mod gzip;
mod layer_stream;
mod stored;
mod window;
mod zstd;

pub use compression::Compression;
pub(crate) use layer_stream::{Check, LayerStream};
pub(crate) use window::{FileSupply, Supply, Window};
