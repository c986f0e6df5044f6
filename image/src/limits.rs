//! Bounds for foreign input.
//!
//! Every reader of this crate works within them. Reaching one is an error that names the field; nothing is
//! cut off silently.

/// The bounds; the defaults let every honest image through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one uncompressed layer. Default 64 GiB.
    pub max_layer_bytes: u64,
    /// Tar headers of one layer, or entries of a root file system. Default 20 million.
    pub max_entries: u64,
    /// Tar headers of the archive that holds the image. Default 200,000.
    pub max_archive_entries: u64,
    /// Bytes of one path; longer ones are noted and passed over. Default 16 KiB.
    pub max_path: usize,
    /// Uncompressed bytes for each stored byte, looked at from [`Self::ratio_floor`] on. Default 2,000;
    /// gzip cannot exceed 1,032.
    pub max_ratio: u64,
    /// Uncompressed bytes below which no ratio is too high. Default 4 GiB.
    pub ratio_floor: u64,
    /// Bytes of a manifest, index or config. Default 8 MiB.
    pub max_metadata: u64,
    /// Bytes of one PAX header or GNU long name. Default 1 MiB, as in Go's tar reader, which runtimes use.
    pub max_pax: u64,
    /// Levels of index within index. Default 4.
    pub max_index_depth: usize,
    /// Manifests and indexes read to find one image. Default 1,000.
    pub max_descriptors: usize,
    /// Layers of one image. Default 4,096.
    pub max_layers: usize,
    /// Binary logarithm of the window that a zstd frame may ask for. Default 27 (128 MiB), as the format's
    /// reference decoder.
    pub zstd_window_log: u32,
    /// Notes kept for one layer; further ones are counted. Default 1,000.
    pub max_notes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_layer_bytes: 64 << 30,
            max_entries: 20_000_000,
            max_archive_entries: 200_000,
            max_path: 16 << 10,
            max_ratio: 2_000,
            ratio_floor: 4 << 30,
            max_metadata: 8 << 20,
            max_pax: 1 << 20,
            max_index_depth: 4,
            max_descriptors: 1_000,
            max_layers: 4_096,
            zstd_window_log: 27,
            max_notes: 1_000,
        }
    }
}
