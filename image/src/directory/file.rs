//! The content of one file of a directory.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// A file's content, opened when it is first read and held to the size that the walk saw.
pub(super) struct LazyFile<'w> {
    path: &'w Path,
    identity: (u64, u64),
    remaining: u64,
    file: Option<File>,
    /// Why the content is not what the walk saw.
    pub(super) doubt: Option<String>,
}

impl<'w> LazyFile<'w> {
    /// The file at `path`, of which the walk saw `metadata`.
    pub(super) fn new(path: &'w Path, metadata: &Metadata) -> Self {
        let identity = (metadata.dev(), metadata.ino());
        Self { path, identity, remaining: metadata.len(), file: None, doubt: None }
    }
}

/// Opens the file that the walk saw: neither a link nor a fifo that took its place in between.
fn open_same(path: &Path, identity: (u64, u64)) -> io::Result<File> {
    // the value of Linux on all its common processors; a fifo must not hold up the walk
    const O_NONBLOCK: i32 = 0o4000;
    let file = File::options().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() && (metadata.dev(), metadata.ino()) == identity {
        return Ok(file);
    }
    Err(io::Error::other("it was replaced while the directory was walked"))
}

impl Read for LazyFile<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let want = (out.len() as u64).min(self.remaining) as usize;
        if want == 0 {
            return Ok(0);
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => match open_same(self.path, self.identity) {
                Ok(file) => none.insert(file),
                Err(error) => {
                    self.doubt = Some(format!("cannot be read: {error}"));
                    return Err(error);
                }
            },
        };
        match file.read(&mut out[..want]) {
            Ok(0) => {
                self.doubt = Some(format!("became {} bytes shorter while it was read", self.remaining));
                self.remaining = 0;
                Ok(0)
            }
            Ok(count) => {
                self.remaining -= count as u64;
                Ok(count)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.doubt = Some(format!("cannot be read: {error}"));
                }
                Err(error)
            }
        }
    }
}
