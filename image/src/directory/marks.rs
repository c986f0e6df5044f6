//! What the entries of an overlay directory say about the layers below (Linux, Documentation/filesystems/overlayfs.rst,
//! "whiteouts and opaque directories", "Metadata only copy up"; fuse-overlayfs(1)).
//!
//! Only the marks that the store's own mounts obey are obeyed. A process in a container may create a file
//! called `.wh.bin` or set `user.overlay.opaque`; where these mean nothing to the runtime, they must not hide
//! anything from a scan either.

use std::io;
use std::path::Path;

use rustix::io::Errno;

/// Bytes of a list of attribute names that Linux gives at most (`XATTR_LIST_MAX`).
const MAX_LIST: usize = 64 << 10;

/// Bytes of a redirect that are read: a path.
const MAX_VALUE: usize = 4 << 10;

/// Which marks a store uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlayNames {
    /// Attributes `trusted.overlay.…`, as mounts by root have them.
    Trusted,
    /// Attributes `user.overlay.…`, as mounts in a user namespace have them (`userxattr`).
    User,
    /// Those of fuse-overlayfs: either, its own, and files called `.wh.…`.
    Fuse,
}

impl OverlayNames {
    fn prefixes(self) -> &'static [&'static [u8]] {
        match self {
            Self::Trusted => &[b"trusted.overlay."],
            Self::User => &[b"user.overlay."],
            Self::Fuse => &[b"user.fuseoverlayfs.", b"trusted.overlay.", b"user.overlay."],
        }
    }

    /// Whether files called `.wh.…` are whiteouts.
    pub fn has_file_names(self) -> bool {
        self == Self::Fuse
    }

    /// Whether marks may be there and not be seen, for want of `CAP_SYS_ADMIN`.
    pub fn may_be_hidden(self) -> bool {
        self == Self::Trusted && !super::capability::sees_trusted()
    }
}

/// The marks of one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OverlayMarks {
    /// A directory that hides what the layers below hold in it.
    pub opaque: bool,
    /// A directory whose empty files may be whiteouts by attribute (Linux 6.7).
    pub holds_whiteouts: bool,
    /// A file that is a whiteout by attribute.
    pub whiteout: bool,
    /// A file whose content is that of the same name below.
    pub metacopy: bool,
    /// The former name of what was renamed: absolute from the root of the layer, or a name beside it.
    pub redirect: Option<Vec<u8>>,
}

/// Reads the marks at `path`, which is not followed if it is a link. `buffer` is kept from call to call.
pub fn read_overlay_marks(
    path: &Path,
    names: OverlayNames,
    buffer: &mut Vec<u8>,
) -> io::Result<OverlayMarks> {
    buffer.resize(MAX_LIST, 0);
    let length = match rustix::fs::llistxattr(path, buffer.as_mut_slice()) {
        Ok(length) => length,
        Err(Errno::NOTSUP | Errno::NOSYS) => 0,
        Err(error) => return Err(error.into()),
    };
    let mut marks = OverlayMarks::default();
    for name in buffer[..length].split(|&byte| byte == 0) {
        let Some(mark) = names.prefixes().iter().find_map(|prefix| name.strip_prefix(*prefix)) else {
            continue;
        };
        match mark {
            b"opaque" => {
                let value = value(path, name)?;
                marks.opaque |= value == b"y";
                marks.holds_whiteouts |= value == b"x";
            }
            b"whiteout" => marks.whiteout = true,
            b"metacopy" => marks.metacopy = true,
            b"redirect" => marks.redirect = Some(value(path, name)?),
            _ => {}
        }
    }
    Ok(marks)
}

fn value(path: &Path, name: &[u8]) -> io::Result<Vec<u8>> {
    let mut value = vec![0; MAX_VALUE];
    match rustix::fs::lgetxattr(path, name, value.as_mut_slice()) {
        Ok(length) => {
            value.truncate(length);
            Ok(value)
        }
        Err(Errno::NODATA) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(path: &Path, name: &str, value: &str) -> bool {
        rustix::fs::setxattr(path, name, value.as_bytes(), rustix::fs::XattrFlags::empty()).is_ok()
    }

    #[test]
    fn only_the_marks_that_the_mounts_of_a_store_obey_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let mut buffer = Vec::new();
        if !set(path, "user.overlay.opaque", "y") || !set(path, "user.other", "y") {
            return; // a file system without user attributes, such as older tmpfs
        }
        let mut read = |names| read_overlay_marks(path, names, &mut buffer).unwrap();
        assert!(read(OverlayNames::User).opaque && read(OverlayNames::Fuse).opaque);
        assert_eq!(read(OverlayNames::Trusted), OverlayMarks::default());
        assert!(set(path, "user.overlay.opaque", "x"));
        assert!(read(OverlayNames::User).holds_whiteouts && !read(OverlayNames::User).opaque);
        assert!(set(path, "user.overlay.redirect", "/old/place"));
        assert_eq!(read(OverlayNames::User).redirect.as_deref(), Some(b"/old/place".as_slice()));
    }
}
