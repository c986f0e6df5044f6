//! What can go wrong with an image, with the place and a way out.
//!
//! Errors are for what stops an image or a layer. What merely costs one entry of a layer is a note in the
//! [`LayerSummary`](crate::LayerSummary).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use model::{Digest, DigestError};

use crate::source::{RegistryError, StorageError};

/// Where in a source something lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The archive or folder.
    pub path: PathBuf,
    /// The part of it, such as `layer sha256:…` or `index.json`; empty for the whole.
    pub item: String,
}

impl Place {
    /// A part of `path`.
    pub fn new(path: impl Into<PathBuf>, item: impl Into<String>) -> Self {
        Self { path: path.into(), item: item.into() }
    }

    /// The whole of `path`.
    pub fn whole(path: &Path) -> Self {
        Self::new(path, "")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item.as_str() {
            "" => write!(f, "`{}`", self.path.display()),
            item => write!(f, "{item} in `{}`", self.path.display()),
        }
    }
}

/// Why an image or one of its layers cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// There is nothing at the path.
    #[error("there is no file or directory `{}`: check the path", path.display())]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// A registry did not give a document of the image. Of a layer, that is an [`Self::Io`].
    #[error("cannot read {place}: {source}")]
    Registry {
        /// What was asked for.
        place: Place,
        /// Why it was not given.
        source: Box<RegistryError>,
    },
    /// The storage of a container engine does not give the image.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The operating system refused to open or read.
    #[error("cannot read {place}: {source}")]
    Io {
        /// What was read.
        place: Place,
        /// The system's answer.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("`{}` is an empty file, not an image: save the image again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file or folder is readable but no image.
    #[error("`{}` is not an image: {reason}", path.display())]
    NotAnImage {
        /// The file or folder.
        path: PathBuf,
        /// What was expected and not found.
        reason: String,
    },
    /// The archive as a whole is compressed, so that its layers cannot be found by seeking.
    #[error("`{}` is compressed with {compression}: decompress it first", path.display())]
    CompressedArchive {
        /// The file.
        path: PathBuf,
        /// How it is compressed.
        compression: &'static str,
    },
    /// A manifest, index or config is no JSON of the expected form.
    #[error("{place} is not valid: {reason}")]
    Metadata {
        /// The document.
        place: Place,
        /// What is wrong, with line and column if known.
        reason: String,
    },
    /// The source holds several images and nothing says which is meant.
    #[error("`{}` holds {} images, choose one by its name: {}", path.display(), names.len(), names.join(", "))]
    Ambiguous {
        /// The archive or folder.
        path: PathBuf,
        /// Their names; digests for those without.
        names: Vec<String>,
    },
    /// No image of the source has the name asked for.
    #[error("`{}` holds no image `{wanted}`, but {}", path.display(), list(names))]
    NoSuchReference {
        /// The archive or folder.
        path: PathBuf,
        /// The name asked for.
        wanted: String,
        /// The names that it holds.
        names: Vec<String>,
    },
    /// The image exists for other platforms only.
    #[error("`{}` has no image for {wanted}, but for {}: choose one of them as platform", path.display(), list(available))]
    NoPlatform {
        /// The archive or folder.
        path: PathBuf,
        /// The platform asked for.
        wanted: String,
        /// The platforms that it has.
        available: Vec<String>,
    },
    /// A digest is malformed or not SHA-256.
    #[error("{place} names an unusable digest: {source}")]
    Digest {
        /// The document that names it.
        place: Place,
        /// What is wrong with it.
        source: DigestError,
    },
    /// Bytes do not have the digest that they are known by: they were damaged or replaced.
    #[error("{place} is damaged: expected {expected}, found {found}; fetch or save the image again")]
    DigestMismatch {
        /// What was read.
        place: Place,
        /// The digest in the document that points to it.
        expected: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
    /// Something is longer or shorter than the document that points to it says.
    #[error("{place} has {found} bytes where {expected} are declared; fetch or save the image again")]
    SizeMismatch {
        /// What was read.
        place: Place,
        /// The declared size in bytes.
        expected: u64,
        /// The real size in bytes.
        found: u64,
    },
    /// Config and manifest disagree about the number of layers.
    #[error(
        "{place} lists {config} layers where the manifest lists {manifest}: the image was put together wrongly"
    )]
    LayerCount {
        /// The config.
        place: Place,
        /// Diff-ids in the config.
        config: usize,
        /// Layers in the manifest.
        manifest: usize,
    },
    /// A document points to something that the source does not hold.
    #[error("{place} is missing: the archive is incomplete, save the image again with all its layers")]
    Missing {
        /// What is missing.
        place: Place,
    },
    /// An index leads into an index too often.
    #[error("{place} is an index more than {limit} levels deep")]
    IndexDepth {
        /// The index.
        place: Place,
        /// The limit.
        limit: usize,
    },
    /// The stored bytes end too early.
    #[error("{place} ends too early at byte {offset}: the file is cut off, copy or save it again")]
    Truncated {
        /// What was read.
        place: Place,
        /// Bytes read before the end, counted in the uncompressed stream for a tar and in the stored one
        /// otherwise.
        offset: u64,
    },
    /// The compressed stream cannot be decompressed.
    #[error(
        "{place} is corrupt at byte {offset} of the stored blob: {reason}; fetch or save the image again"
    )]
    Corrupt {
        /// What was read.
        place: Place,
        /// Position in the stored bytes.
        offset: u64,
        /// The decompressor's words.
        reason: String,
    },
    /// The layer is stored in a way that cannot be read.
    #[error("{place} is {form}, which cannot be read")]
    UnsupportedLayer {
        /// The layer.
        place: Place,
        /// Its form in words.
        form: &'static str,
    },
    /// The tar stream breaks the format, so that nothing behind this point can be trusted. A report of a part would look like one of the whole, so there is none.
    #[error("{place} has no valid tar header at byte {offset}: {reason}")]
    Tar {
        /// The layer or archive.
        place: Place,
        /// Position in the uncompressed stream.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// A limit that guards memory and time was reached.
    #[error("{place} exceeds the limit `{limit}` of {value} at byte {offset}")]
    Limit {
        /// What was read.
        place: Place,
        /// Name of the field of [`Limits`](crate::Limits).
        limit: &'static str,
        /// Its value.
        value: u64,
        /// Position in the uncompressed stream.
        offset: u64,
    },
    /// A layer number out of range was asked for.
    #[error("there is no layer {index}: the image has {count}")]
    NoSuchLayer {
        /// The number asked for, from 0.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "no names at all".to_owned(),
        names => names.join(", "),
    }
}
