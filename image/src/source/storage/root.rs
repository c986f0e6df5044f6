//! The directory of a storage: files and directories by their place in it, and never outside of it.
//!
//! The names in a path come from the storage's own records. Each must be a plain name, and what a path leads
//! to must lie below the root after all symbolic links: a record or a link that was tampered with must not
//! make a scan running as root read the rest of the machine.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{Engine, StorageError};
use crate::blob::FileRun;
use crate::directory::Names;
use crate::error::{ImageError, Place};
use crate::limits::Limits;

/// Bytes of one document of a storage: podman keeps the records of all layers in one.
const MAX_DOCUMENT: u64 = 64 << 20;

/// Names in one directory that are looked at.
const MAX_NAMES: usize = 200_000;

/// An engine's storage.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) engine: Engine,
    /// Without symbolic links.
    pub(super) path: PathBuf,
    limits: Limits,
}

impl Root {
    /// The storage at `path`, which must exist.
    pub(super) fn open(engine: Engine, path: &Path, limits: &Limits) -> Result<Self, ImageError> {
        let limits = Limits { max_metadata: MAX_DOCUMENT, ..limits.clone() };
        let root = Self { engine, path: path.to_owned(), limits };
        let found = path.canonicalize().and_then(|path| Ok((path.metadata()?.is_dir(), path)));
        match found {
            Ok((true, path)) => Ok(Self { path, ..root }),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(root.failed(path, error)),
            _ => {
                let hint = engine.save();
                Err(StorageError::NoStorage { engine, path: path.to_owned(), hint }.into())
            }
        }
    }

    /// The document at this place; `None` if it is not there.
    pub(super) fn read(&self, parts: &[&str]) -> Result<Option<Vec<u8>>, ImageError> {
        let Some(path) = self.resolve(parts)? else { return Ok(None) };
        let metadata = path.metadata().map_err(|error| self.failed(&path, error))?;
        if !metadata.is_file() {
            return Ok(None);
        }
        let run = FileRun { path: path.clone(), offset: 0, size: metadata.len(), kept: None };
        match run.read_document(&Place::whole(&path), &self.limits) {
            Err(ImageError::Io { source, .. }) => Err(self.failed(&path, source)),
            result => result.map(Some),
        }
    }

    /// A document that holds one line.
    pub(super) fn line(&self, parts: &[&str]) -> Result<Option<String>, ImageError> {
        let bytes = self.read(parts)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    /// A JSON document, and its place.
    pub(super) fn json<T: serde::de::DeserializeOwned>(
        &self,
        parts: &[&str],
    ) -> Result<Option<T>, ImageError> {
        let Some(bytes) = self.read(parts)? else { return Ok(None) };
        let value = serde_json::from_slice(&bytes);
        value.map(Some).map_err(|error| {
            let place = Place::whole(&self.path.join(parts.join("/")));
            ImageError::Metadata { place, reason: error.to_string() }
        })
    }

    /// The directory at this place without symbolic links; `None` if there is none.
    pub(super) fn directory(&self, parts: &[&str]) -> Result<Option<PathBuf>, ImageError> {
        let path = self.resolve(parts)?;
        Ok(path.filter(|path| path.is_dir()))
    }

    /// The file at this place without symbolic links; `None` if there is none.
    pub(super) fn file(&self, parts: &[&str]) -> Result<Option<PathBuf>, ImageError> {
        let path = self.resolve(parts)?;
        Ok(path.filter(|path| path.is_file()))
    }

    /// The names in a directory, sorted; none if it is not there. Names that are no UTF-8 are none of an engine.
    pub(super) fn list(&self, parts: &[&str]) -> Result<Vec<String>, ImageError> {
        let Some(path) = self.directory(parts)? else { return Ok(Vec::new()) };
        let entries = std::fs::read_dir(&path).map_err(|error| self.failed(&path, error))?;
        let mut names = Vec::new();
        for entry in entries.take(MAX_NAMES) {
            let name = entry.map_err(|error| self.failed(&path, error))?.file_name();
            names.extend(name.into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// The marks that overlay mounts of this storage obey.
    pub(super) fn marks(&self) -> Names {
        let owner = self.path.metadata().map_or(0, |metadata| metadata.uid());
        if owner == 0 && is_first_namespace() { Names::Trusted } else { Names::User }
    }

    fn resolve(&self, parts: &[&str]) -> Result<Option<PathBuf>, ImageError> {
        let mut path = self.path.clone();
        for part in parts {
            if part.is_empty() || *part == "." || *part == ".." || part.contains(['/', '\0']) {
                let name = (*part).to_owned();
                return Err(StorageError::BadName { root: self.path.clone(), name }.into());
            }
            path.push(part);
        }
        match path.canonicalize() {
            Ok(real) if real.starts_with(&self.path) => Ok(Some(real)),
            Ok(_) => Err(StorageError::LeadsOut { path, root: self.path.clone() }.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&path, error)),
        }
    }

    /// What to say when the system refuses something.
    pub(super) fn failed(&self, path: &Path, source: io::Error) -> ImageError {
        match source.kind() {
            io::ErrorKind::PermissionDenied => {
                StorageError::Denied { path: path.to_owned(), hint: self.engine.save() }.into()
            }
            _ => ImageError::Io { place: Place::whole(path), source },
        }
    }

    /// What to say when something is missing.
    pub(super) fn gone(&self, what: impl Into<String>) -> ImageError {
        StorageError::Gone { what: what.into(), path: self.path.clone() }.into()
    }

    /// What to say when the layers cannot be read in place.
    pub(super) fn unsupported(&self, driver: impl Into<String>) -> ImageError {
        let (engine, path) = (self.engine, self.path.clone());
        StorageError::UnsupportedDriver { engine, driver: driver.into(), path, hint: engine.save() }.into()
    }
}

/// Whether user numbers are those of the machine (user_namespaces(7)).
pub(super) fn is_first_namespace() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().eq(["0", "0", "4294967295"])
}

/// Whether this process is root of the machine, and no root in a user namespace.
pub(super) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) && is_first_namespace()
}
