//! An OCI layout's files, in a folder or in an archive.

use std::path::{Path, PathBuf};

use model::Digest;

use super::archive::Archive;
use crate::blob::FileRun;
use crate::error::{ImageError, Place};

/// Where the files of a layout are.
pub(super) enum Files {
    Folder(PathBuf),
    /// A folder from which files may vanish at any moment; what was found in it stays readable.
    Store(PathBuf),
    Archive {
        path: PathBuf,
        archive: Archive,
    },
}

impl Files {
    /// The folder or archive.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Store(path) | Self::Archive { path, .. } => path,
        }
    }

    /// The file of this name; `None` if there is none.
    pub(super) fn find(&self, name: &str) -> Result<Option<FileRun>, ImageError> {
        let folder = match self {
            Self::Archive { archive, .. } => return Ok(archive.find(name)),
            Self::Folder(folder) | Self::Store(folder) => folder,
        };
        let path = folder.join(name);
        let place = Place::whole(&path);
        let found = match std::fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() => return Ok(None),
            Ok(metadata) => {
                let run = FileRun { path, offset: 0, size: metadata.len(), kept: None };
                if matches!(self, Self::Store(_)) { run.keep() } else { Ok(run) }
            }
            Err(error) => Err(error),
        };
        match found {
            Ok(run) => Ok(Some(run)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ImageError::Io { place, source }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_in_a_store_stays_readable_after_it_was_deleted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("layer"), b"bytes").unwrap();
        let files = Files::Store(folder.path().to_owned());
        let run = files.find("layer").unwrap().unwrap();
        std::fs::remove_file(folder.path().join("layer")).unwrap();
        assert_eq!(run.head(9).unwrap(), b"bytes");
        assert!(files.find("layer").unwrap().is_none());
    }
}
