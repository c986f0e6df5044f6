//! An open directory of a tree that a container may be changing at this moment.
//!
//! Everything is reached from an open directory by one name at a time, and no name is followed if it is a link. So a
//! container that puts a link in the place of a directory, at whatever moment, leads nobody out of its own layer.

use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use image::{OverlayMarks, OverlayNames, read_overlay_marks};
use model::Timestamp;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};

/// Bytes of a link's target.
const MAX_LINK: usize = 64 << 10;

/// An open directory.
#[derive(Debug)]
pub(crate) struct Folder(OwnedFd);

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    File,
    Directory,
    Symlink,
    /// A character device without number.
    Whiteout,
    Other,
}

/// What a directory knows of an entry without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Meta {
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) size: u64,
    /// Blocks of 512 bytes.
    pub(crate) blocks: u64,
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) links: u64,
    /// Seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
    /// When the kernel last saw content or attributes change.
    pub(crate) changed: (i64, i64),
}

impl Meta {
    #[allow(clippy::unnecessary_cast, reason = "the fields have other types on other processors")]
    fn of(stat: &Stat) -> Self {
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Directory,
            FileType::Symlink => Kind::Symlink,
            FileType::CharacterDevice if stat.st_rdev == 0 => Kind::Whiteout,
            _ => Kind::Other,
        };
        Self {
            kind,
            mode: stat.st_mode as u32 & 0o7777,
            size: stat.st_size as u64,
            blocks: stat.st_blocks as u64,
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            links: stat.st_nlink as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// Whether anybody may run it.
    pub(crate) fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    /// When it was last changed, by the kernel's word.
    pub(crate) fn changed_at(&self) -> Timestamp {
        let (seconds, nanoseconds) = self.changed;
        Timestamp(seconds.saturating_mul(1_000).saturating_add(nanoseconds / 1_000_000))
    }
}

impl Folder {
    /// Opens the directory at a path of the host, which may lead over links: it is the runtime that names it.
    pub(crate) fn open_root(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::openat(CWD, path, flags, Mode::empty())?))
    }

    /// Opens a directory in it. What is none, or a link, is [`io::ErrorKind::NotADirectory`].
    pub(crate) fn open(&self, name: &[u8]) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.0, c_name(name)?, flags, Mode::empty()) {
            Ok(fd) => Ok(Self(fd)),
            Err(rustix::io::Errno::LOOP) => Err(io::ErrorKind::NotADirectory.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is known of an entry.
    pub(crate) fn meta(&self, name: &[u8]) -> io::Result<Meta> {
        let stat = rustix::fs::statat(&self.0, c_name(name)?, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(Meta::of(&stat))
    }

    /// What is known of the directory itself.
    pub(crate) fn own_meta(&self) -> io::Result<Meta> {
        Ok(Meta::of(&rustix::fs::fstat(&self.0)?))
    }

    /// Starts a listing, in no order.
    pub(crate) fn list(&self) -> io::Result<Listing> {
        Ok(Listing(Dir::read_from(&self.0)?))
    }

    /// Opens the file that `meta` was seen of, and not what took its place in between.
    pub(crate) fn file(&self, name: &[u8], meta: &Meta) -> io::Result<File> {
        // a fifo must not hold up whoever opens it
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.0, c_name(name)?, flags, Mode::empty())?;
        let now = Meta::of(&rustix::fs::fstat(&file)?);
        if now.kind == Kind::File && (now.device, now.inode) == (meta.device, meta.inode) {
            return Ok(File::from(file));
        }
        Err(io::Error::other("it was replaced while the layer was read"))
    }

    /// Where a link points to.
    pub(crate) fn link(&self, name: &[u8]) -> io::Result<Vec<u8>> {
        let mut target = rustix::fs::readlinkat(&self.0, c_name(name)?, Vec::new())?.into_bytes();
        target.truncate(MAX_LINK);
        Ok(target)
    }

    /// The marks of an entry, or of the directory itself for `.`.
    pub(crate) fn marks(
        &self,
        name: &[u8],
        names: OverlayNames,
        buffer: &mut Vec<u8>,
    ) -> io::Result<OverlayMarks> {
        // the descriptor's own entry leads to the open directory wherever it lies by now; the name is not followed
        let mut path = PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()));
        path.push(OsStr::from_bytes(name));
        read_overlay_marks(&path, names, buffer)
    }
}

/// The names in a directory.
pub(crate) struct Listing(Dir);

impl Iterator for Listing {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.0.read()? {
                Ok(entry) => {
                    let name = entry.file_name().to_bytes();
                    if name != b"." && name != b".." {
                        return Some(Ok(name.to_vec()));
                    }
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

fn c_name(name: &[u8]) -> io::Result<CString> {
    if name.contains(&b'/') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    CString::new(name).map_err(|_| io::ErrorKind::InvalidInput.into())
}
