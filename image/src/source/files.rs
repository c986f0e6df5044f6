//! An OCI layout's files, in a folder or in an archive.

use std::path::{Path, PathBuf};

use model::Digest;

use super::archive::Archive;
use crate::blob::FileRun;
use crate::error::{ImageError, Place};

/// Where the files of a layout are.
pub(super) enum Files {
    Folder(PathBuf),
    Archive { path: PathBuf, archive: Archive },
}

impl Files {
    /// The folder or archive.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Archive { path, .. } => path,
        }
    }

    /// The file of this name; `None` if there is none.
    pub(super) fn find(&self, name: &str) -> Result<Option<FileRun>, ImageError> {
        let folder = match self {
            Self::Archive { archive, .. } => return Ok(archive.find(name)),
            Self::Folder(folder) => folder,
        };
        let path = folder.join(name);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(FileRun { path, offset: 0, size: metadata.len() })),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ImageError::Io { place: Place::whole(&path), source }),
        }
    }

    /// The blob with this digest, whose size must be the declared one; `what` is the word for it in errors.
    pub(super) fn blob(
        &self,
        what: &str,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<(FileRun, Place), ImageError> {
        let place = Place::new(self.path(), format!("{what} {digest}"));
        let Some(blob) = self.find(&format!("blobs/sha256/{}", digest.to_hex()))? else {
            return Err(ImageError::Missing { place });
        };
        match size {
            Some(expected) if expected != blob.size => {
                Err(ImageError::SizeMismatch { place, expected, found: blob.size })
            }
            _ => Ok((blob, place)),
        }
    }
}
