//! A reader of bbolt databases (go.etcd.io/bbolt, `page.go`, `meta.go`, `bucket.go`), as containerd keeps its
//! records in.
//!
//! What it is for: looking up a few values in a database that a daemon holds open. What it is not for:
//! writing, and reading the freelist.
//!
//! The decision a reader may doubt: no lock is taken, since the daemon holds an exclusive one for as long as
//! it runs. bbolt never writes to the pages of the newest committed transaction until a later one is
//! committed, so what was read is consistent exactly if the newest transaction is still the same afterwards;
//! [`read`] looks at that, and reads anew if it is not.

mod page;

use std::cell::Cell;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use crate::error::{ImageError, Place};
use page::{Branch, Leaf, Meta, Page};

/// How often a database that changes under the reader is read anew.
const ATTEMPTS: u32 = 20;

/// Pages of all sizes that one reading looks at, in bytes.
const MAX_READ: u64 = 256 << 20;

/// Bytes of one page with its overflow.
const MAX_PAGE: u64 = 16 << 20;

/// Levels of one tree. Four levels hold millions of keys.
const MAX_DEPTH: usize = 32;

/// Gives the database at `path` to `read`, again and again until no transaction was committed meanwhile.
///
/// An error of `read` counts only under the same condition: it may come from a page that was overwritten.
pub(crate) fn read<T>(
    path: &Path,
    mut read: impl FnMut(&Bolt) -> Result<T, ImageError>,
) -> Result<T, ImageError> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(Duration::from_millis(5 << attempt.min(6)));
        }
        let bolt = match Bolt::open(path) {
            Ok(bolt) => bolt,
            // both meta pages may be caught in the middle of being written
            Err(ImageError::Metadata { .. }) if attempt == 0 => continue,
            Err(error) => return Err(error),
        };
        let result = read(&bolt);
        if bolt.newest().is_ok_and(|meta| meta.transaction == bolt.meta.transaction) {
            return result;
        }
    }
    let reason = "it is being changed all the time, try again";
    Err(ImageError::Metadata { place: Place::whole(path), reason: reason.to_owned() })
}

/// An open database at one transaction.
pub(crate) struct Bolt {
    file: File,
    size: u64,
    place: Place,
    meta: Meta,
    read: Cell<u64>,
}

/// A bucket: a sorted map of keys to values and further buckets.
pub(crate) struct Bucket<'b> {
    bolt: &'b Bolt,
    tree: Tree,
}

enum Tree {
    /// The page of the root.
    Page(u64),
    /// The leaf page of a small bucket, which lies in the value of its parent.
    Inline(Vec<u8>),
}

/// A key and its value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// What a key leads to.
enum Item<'p> {
    Value(&'p [u8]),
    /// The value that says where the bucket is.
    Bucket(&'p [u8]),
}

/// Takes the keys of a bucket, one after the other.
type Take<'t> = &'t mut dyn FnMut(&[u8], Item<'_>);

impl Bolt {
    fn open(path: &Path) -> Result<Self, ImageError> {
        let place = Place::whole(path);
        let failed = |source| ImageError::Io { place: place.clone(), source };
        let file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            let reason = "it is no file".to_owned();
            return Err(ImageError::Metadata { place, reason });
        }
        let size = metadata.len();
        let mut bolt = Self { file, size, place, meta: Meta::default(), read: Cell::new(0) };
        bolt.meta = bolt.newest()?;
        Ok(bolt)
    }

    /// The valid meta page with the highest transaction. There are two, written in turn; the second one lies at
    /// a page size that only the first one states, or else is one of the sizes of common systems.
    fn newest(&self) -> Result<Meta, ImageError> {
        let first = self.meta_at(0);
        let sizes = match &first {
            Some(meta) => vec![meta.page_size],
            None => (10..=16).map(|shift| 1_u64 << shift).collect(),
        };
        let second = sizes.into_iter().find_map(|size| self.meta_at(size).filter(|m| m.page_size == size));
        match (first, second) {
            (Some(first), Some(second)) if second.transaction > first.transaction => Ok(second),
            (Some(meta), _) | (None, Some(meta)) => Ok(meta),
            (None, None) => Err(self.broken("it has no valid meta page, so it is no bbolt database")),
        }
    }

    fn meta_at(&self, offset: u64) -> Option<Meta> {
        let mut bytes = [0; page::META];
        self.file.read_exact_at(&mut bytes, offset).ok()?;
        Meta::parse(&bytes)
    }

    /// The bucket that holds all others.
    pub(crate) fn root(&self) -> Bucket<'_> {
        Bucket { bolt: self, tree: Tree::Page(self.meta.root) }
    }

    /// The bucket at the end of a path of names; `None` if one of them is not there.
    pub(crate) fn bucket(&self, path: &[&[u8]]) -> Result<Option<Bucket<'_>>, ImageError> {
        let mut bucket = self.root();
        for name in path {
            match bucket.bucket(name)? {
                Some(next) => bucket = next,
                None => return Ok(None),
            }
        }
        Ok(Some(bucket))
    }

    /// Reads a page with its overflow.
    fn page(&self, id: u64) -> Result<Vec<u8>, ImageError> {
        let size = self.meta.page_size;
        if id < 2 || id >= self.meta.pages {
            return Err(self.broken(&format!("it leads to page {id}, which it does not have")));
        }
        let mut head = [0; page::HEAD];
        self.read_at(&mut head, id * size)?;
        let overflow = Page::parse(&head, id).map_err(|reason| self.broken_page(id, reason))?.overflow;
        let length = (u64::from(overflow) + 1) * size;
        if length > MAX_PAGE || id * size + length > self.size {
            return Err(self.broken_page(id, "is longer than the file or the limit"));
        }
        let total = self.read.get() + length;
        if total > MAX_READ {
            let (limit, value) = ("bytes of a bbolt database", MAX_READ);
            return Err(ImageError::Limit { place: self.place.clone(), limit, value, offset: id * size });
        }
        self.read.set(total);
        let mut bytes = vec![0; length as usize];
        self.read_at(&mut bytes, id * size)?;
        Ok(bytes)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<(), ImageError> {
        self.file.read_exact_at(bytes, offset).map_err(|source| match source.kind() {
            std::io::ErrorKind::UnexpectedEof => ImageError::Truncated { place: self.place.clone(), offset },
            _ => ImageError::Io { place: self.place.clone(), source },
        })
    }

    fn broken(&self, reason: &str) -> ImageError {
        ImageError::Metadata { place: self.place.clone(), reason: reason.to_owned() }
    }

    fn broken_page(&self, id: u64, reason: &str) -> ImageError {
        self.broken(&format!("page {id} {reason}"))
    }
}

impl<'b> Bucket<'b> {
    /// The value of `key`; `None` if there is none or it is a bucket.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, ImageError> {
        let mut found = None;
        self.visit(&mut |name, item| {
            if let (true, Item::Value(value)) = (name == key, item) {
                found = Some(value.to_vec());
            }
        })?;
        Ok(found)
    }

    /// The value of `key` as text.
    pub(crate) fn text(&self, key: &[u8]) -> Result<Option<String>, ImageError> {
        Ok(self.get(key)?.map(|value| String::from_utf8_lossy(&value).into_owned()))
    }

    /// The bucket called `name`; `None` if there is none or it is a value.
    pub(crate) fn bucket(&self, name: &[u8]) -> Result<Option<Bucket<'b>>, ImageError> {
        let mut found = None;
        self.visit(&mut |key, item| {
            if let (true, Item::Bucket(value)) = (key == name, item) {
                found = Some(value.to_vec());
            }
        })?;
        found.map(|value| self.open(&value)).transpose()
    }

    /// All buckets in this one with their names, in order.
    pub(crate) fn buckets(&self) -> Result<Vec<(Vec<u8>, Bucket<'b>)>, ImageError> {
        let mut found = Vec::new();
        self.visit(&mut |name, item| {
            if let Item::Bucket(value) = item {
                found.push((name.to_vec(), value.to_vec()));
            }
        })?;
        found.into_iter().map(|(name, value)| Ok((name, self.open(&value)?))).collect()
    }

    /// All values in this bucket with their keys, in order.
    pub(crate) fn values(&self) -> Result<Vec<Pair>, ImageError> {
        let mut found = Vec::new();
        self.visit(&mut |name, item| {
            if let Item::Value(value) = item {
                found.push((name.to_vec(), value.to_vec()));
            }
        })?;
        Ok(found)
    }

    /// The value of a bucket's key is its root page and a sequence number; root 0 says that a leaf page follows.
    fn open(&self, value: &[u8]) -> Result<Bucket<'b>, ImageError> {
        let Some((head, inline)) = value.split_at_checked(page::BUCKET) else {
            return Err(self.bolt.broken("the value of a bucket is too short"));
        };
        let tree = match page::number(head) {
            0 => Tree::Inline(inline.to_vec()),
            root => Tree::Page(root),
        };
        Ok(Bucket { bolt: self.bolt, tree })
    }

    /// Walks the whole tree of this bucket. A page that comes twice is a cycle and an error.
    fn visit(&self, take: Take<'_>) -> Result<(), ImageError> {
        let mut seen = HashSet::new();
        match &self.tree {
            Tree::Page(root) => self.visit_page(*root, 0, &mut seen, take),
            Tree::Inline(bytes) => {
                let broken = |reason| self.bolt.broken(&format!("a bucket inside a value {reason}"));
                match Page::parse(bytes, 0).map_err(broken)?.leaves(bytes) {
                    Some(leaves) => leaves.into_iter().try_for_each(|leaf| {
                        let leaf = leaf.map_err(broken)?;
                        give(&leaf, take);
                        Ok(())
                    }),
                    None => Err(broken("is no leaf")),
                }
            }
        }
    }

    fn visit_page(
        &self,
        id: u64,
        depth: usize,
        seen: &mut HashSet<u64>,
        take: Take<'_>,
    ) -> Result<(), ImageError> {
        let broken = |reason| self.bolt.broken_page(id, reason);
        if !seen.insert(id) {
            return Err(broken("comes twice in one tree"));
        }
        if depth > MAX_DEPTH {
            return Err(broken("is too many levels deep"));
        }
        let bytes = self.bolt.page(id)?;
        let page = Page::parse(&bytes, id).map_err(broken)?;
        if let Some(leaves) = page.leaves(&bytes) {
            return leaves.into_iter().try_for_each(|leaf| {
                give(&leaf.map_err(broken)?, take);
                Ok(())
            });
        }
        let Some(branches) = page.branches(&bytes) else {
            return Err(broken("is neither branch nor leaf"));
        };
        let below: Vec<Branch> = branches.collect::<Result<_, _>>().map_err(broken)?;
        drop(bytes);
        below.into_iter().try_for_each(|Branch { page }| self.visit_page(page, depth + 1, seen, take))
    }
}

fn give(leaf: &Leaf<'_>, take: Take<'_>) {
    take(leaf.key, if leaf.is_bucket { Item::Bucket(leaf.value) } else { Item::Value(leaf.value) });
}

#[cfg(test)]
mod tests;
