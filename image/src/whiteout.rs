//! Whiteout marks (OCI image-layer specification, "Whiteouts"; the names come from aufs).

use crate::entry::EntryKind;

const PREFIX: &[u8] = b".wh.";
const META_PREFIX: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What a path says by its last component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// An ordinary path.
    No,
    /// A whiteout or an opaque mark; `path` was changed to what it is about.
    Is(EntryKind),
    /// Bookkeeping of aufs that no runtime shows.
    Meta,
    /// A whiteout of nothing, `.` or `..`.
    Broken,
}

/// Tells marks from paths and reduces a mark's path to the path that it is about.
pub(crate) fn reduce(path: &mut Vec<u8>) -> Mark {
    // most paths hold no such component, and the search for it is one pass of SIMD
    if memchr::memmem::find(path, PREFIX).is_none() {
        return Mark::No;
    }
    let base = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    let name = &path[base..];
    if name == OPAQUE {
        path.truncate(base.saturating_sub(1));
        return Mark::Is(EntryKind::Opaque);
    }
    if path.split(|&byte| byte == b'/').any(|component| component.starts_with(META_PREFIX)) {
        return Mark::Meta;
    }
    match path[base..].strip_prefix(PREFIX) {
        None => Mark::No,
        Some(b"" | b"." | b"..") => Mark::Broken,
        Some(_) => {
            path.drain(base..base + PREFIX.len());
            Mark::Is(EntryKind::Whiteout)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduced(path: &str) -> (Mark, String) {
        let mut path = path.as_bytes().to_vec();
        let mark = reduce(&mut path);
        (mark, String::from_utf8(path).unwrap())
    }

    #[test]
    fn a_mark_is_reduced_to_the_path_that_it_is_about() {
        assert_eq!(reduced("a/.wh.b"), (Mark::Is(EntryKind::Whiteout), "a/b".to_owned()));
        assert_eq!(reduced(".wh.b"), (Mark::Is(EntryKind::Whiteout), "b".to_owned()));
        assert_eq!(reduced("a/b/.wh..wh..opq"), (Mark::Is(EntryKind::Opaque), "a/b".to_owned()));
        assert_eq!(reduced(".wh..wh..opq"), (Mark::Is(EntryKind::Opaque), String::new()));
    }

    #[test]
    fn names_that_merely_look_like_marks_are_paths() {
        for path in ["a/b", "a/b.wh.c", "a/.wh", ".wh.a/b"] {
            assert_eq!(reduced(path), (Mark::No, path.to_owned()));
        }
    }

    #[test]
    fn aufs_bookkeeping_and_whiteouts_of_dots_are_neither() {
        for path in [".wh..wh.plnk", ".wh..wh.plnk/12.34", "a/.wh..wh.aufs"] {
            assert_eq!(reduced(path).0, Mark::Meta, "{path}");
        }
        for path in [".wh.", "a/.wh..", "a/.wh..."] {
            assert_eq!(reduced(path).0, Mark::Broken, "{path}");
        }
    }
}
