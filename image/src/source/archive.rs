//! The table of contents of an archive: read once, header to header, without touching the contents.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::blob::FileRun;
use crate::error::{ImageError, Place};
use crate::limits::Limits;
use crate::note::Notes;
use crate::stream::{FileSupply, Window};
use crate::tar::{Cleaned, Member, TarReader, clean};

/// Headers lie far apart, so little is read around each.
const WINDOW: usize = 4 << 10;

/// Links are followed this often; `docker save` needs one step.
const MAX_LINKS: usize = 8;

#[derive(Debug)]
enum Item {
    File { offset: u64, size: u64 },
    Link(Vec<u8>),
}

/// An uncompressed tar with the places of its members.
#[derive(Debug)]
pub(crate) struct Archive {
    path: PathBuf,
    items: HashMap<Vec<u8>, Item>,
}

impl Archive {
    /// Reads the headers. Of two members with one path the later counts.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Self, ImageError> {
        let size = std::fs::metadata(path)
            .map_err(|source| ImageError::Io { place: Place::whole(path), source })?
            .len();
        let mut supply = FileSupply::open(path)?;
        let max_headers = ("max_archive_entries", limits.max_archive_entries);
        let mut tar = TarReader::new(Window::new(&mut supply, WINDOW), limits, max_headers);
        let mut notes = Notes::new(None, 0);
        let mut archive = Self { path: path.to_owned(), items: HashMap::new() };
        let mut name = Vec::new();
        while let Some(member) = tar.next(&mut notes)? {
            if tar.path().len() > limits.max_path || clean(tar.path(), &mut name) != Cleaned::Path {
                continue;
            }
            if member.is_file() && member.content_at + member.size > size {
                let item = format!("`{}`", String::from_utf8_lossy(&name));
                return Err(ImageError::Truncated { place: Place::new(path, item), offset: size });
            }
            if let Some(item) = item(&member, &name, tar.link()) {
                archive.items.insert(name.clone(), item);
            }
        }
        Ok(archive)
    }

    /// Whether there is a file or link of this name.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.items.contains_key(name.as_bytes())
    }

    /// The place of a file; links are followed within the archive.
    pub(crate) fn find(&self, name: &str) -> Option<FileRun> {
        let mut key = Vec::new();
        if clean(name.as_bytes(), &mut key) != Cleaned::Path {
            return None;
        }
        for _ in 0..MAX_LINKS {
            match self.items.get(&key)? {
                Item::File { offset, size } => {
                    return Some(FileRun {
                        path: self.path.clone(),
                        offset: *offset,
                        size: *size,
                        kept: None,
                    });
                }
                Item::Link(target) => key.clone_from(target),
            }
        }
        None
    }
}

/// What a member is; a link's target as a path from the root of the archive.
fn item(member: &Member, name: &[u8], link: &[u8]) -> Option<Item> {
    if member.is_file() {
        return Some(Item::File { offset: member.content_at, size: member.size });
    }
    let raw = match member.typeflag {
        b'1' => link.to_vec(),
        b'2' if link.starts_with(b"/") => link.to_vec(),
        b'2' => {
            let folder = memchr::memrchr(b'/', name).map_or(&[][..], |slash| &name[..slash]);
            [folder, b"/", link].concat()
        }
        _ => return None,
    };
    let mut target = Vec::new();
    matches!(clean(&raw, &mut target), Cleaned::Path | Cleaned::Resolved).then_some(Item::Link(target))
}
