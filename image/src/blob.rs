//! The stored bytes of a document or a layer: where they are, and reading them from the beginning on.
//!
//! A blob is a place, not an open file or connection, so that several threads can read layers of one image at
//! once, and a layer that is never read costs nothing. Only where somebody else may delete the file meanwhile
//! is it kept open.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{ImageError, Place};
use crate::limits::Limits;
use crate::source::{RemoteBlob, RemoteReader};

/// Where the bytes of a layer are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Blob {
    /// In a file, whole or as a part.
    File(FileRun),
    /// In a registry.
    Remote(RemoteBlob),
}

/// `size` bytes from `offset` on in the file at `path`: a blob of an OCI folder or a member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileRun {
    pub(crate) path: PathBuf,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    /// The file, if it must stay readable after it was deleted.
    pub(crate) kept: Option<Kept>,
}

/// An open file; takes part in no comparison.
#[derive(Clone, Debug)]
pub(crate) struct Kept(Arc<File>);

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Kept {}

/// Reads a blob; ends where the blob ends, or earlier if what holds it does.
#[derive(Debug)]
pub(crate) enum BlobReader {
    /// From a file.
    File(FileReader),
    /// From a registry.
    Remote(Box<RemoteReader>),
}

/// Reads a run of a file.
#[derive(Debug)]
pub(crate) struct FileReader {
    file: Arc<File>,
    offset: u64,
    remaining: u64,
}

impl Blob {
    /// How many bytes there are.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::File(run) => run.size,
            Self::Remote(blob) => blob.size(),
        }
    }

    pub(crate) fn open(&self) -> io::Result<BlobReader> {
        match self {
            Self::File(run) => Ok(BlobReader::File(run.open()?)),
            Self::Remote(blob) => Ok(BlobReader::Remote(Box::new(blob.open()))),
        }
    }
}

impl FileRun {
    /// The run with its file kept open from now on.
    pub(crate) fn keep(mut self) -> io::Result<Self> {
        self.kept = Some(Kept(Arc::new(File::open(&self.path)?)));
        Ok(self)
    }

    pub(crate) fn open(&self) -> io::Result<FileReader> {
        let file = match &self.kept {
            Some(Kept(file)) => Arc::clone(file),
            None => Arc::new(File::open(&self.path)?),
        };
        Ok(FileReader { file, offset: self.offset, remaining: self.size })
    }

    /// The first bytes, at most `count`.
    pub(crate) fn head(&self, count: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.open()?.take(count).read_to_end(&mut head)?;
        Ok(head)
    }

    /// All of a document that must fit `max_metadata`.
    pub(crate) fn read_document(&self, place: &Place, limits: &Limits) -> Result<Vec<u8>, ImageError> {
        if self.size > limits.max_metadata {
            let (limit, value) = ("max_metadata", limits.max_metadata);
            return Err(ImageError::Limit { place: place.clone(), limit, value, offset: 0 });
        }
        let bytes = self.head(self.size).map_err(|source| ImageError::Io { place: place.clone(), source })?;
        if (bytes.len() as u64) < self.size {
            return Err(ImageError::Truncated { place: place.clone(), offset: bytes.len() as u64 });
        }
        Ok(bytes)
    }
}

impl BlobReader {
    /// Moves on without reading; never beyond the blob's end. Gives the bytes passed, 0 if it must be read.
    pub(crate) fn skip(&mut self, count: u64) -> io::Result<u64> {
        match self {
            Self::File(reader) => reader.skip(count),
            Self::Remote(_) => Ok(0),
        }
    }

    /// Bytes that the blob still has to give.
    pub(crate) fn remaining(&self) -> u64 {
        match self {
            Self::File(reader) => reader.remaining,
            Self::Remote(reader) => reader.remaining(),
        }
    }
}

impl Read for BlobReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(reader) => reader.read(out),
            Self::Remote(reader) => reader.read(out),
        }
    }
}

impl FileReader {
    /// Moves on without reading; never beyond the run's end. Gives the bytes passed.
    pub(crate) fn skip(&mut self, count: u64) -> io::Result<u64> {
        let count = count.min(self.remaining);
        self.offset += count;
        self.remaining -= count;
        Ok(count)
    }
}

impl Read for FileReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let want = (out.len() as u64).min(self.remaining) as usize;
        let count = self.file.read_at(&mut out[..want], self.offset)?;
        self.offset += count as u64;
        self.remaining -= count as u64;
        Ok(count)
    }
}
