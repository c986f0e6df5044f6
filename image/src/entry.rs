//! What a layer is made of, as its visitor sees it.

use std::io::Read;

use model::Unreadable;

/// What an entry of a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A regular file with content.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name of a file, which may lie in a lower layer.
    HardLink,
    /// Removes [`Entry::path`], and all below it, of the lower layers (OCI image-layer specification,
    /// "Whiteouts").
    Whiteout,
    /// Hides all that the lower layers hold in the directory [`Entry::path`]; the directory itself stays.
    Opaque,
    /// A device, fifo or socket.
    Other,
}

/// One entry of a layer. It borrows from the reader and lives for one call.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Where it is: no leading or trailing `/`, no `.`, `..` or empty components. For a whiteout the path
    /// that is removed; for an opaque mark the directory, empty for the root. Any bytes but NUL: not always
    /// UTF-8.
    pub path: &'a [u8],
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of content; 0 for all but files. Of a sparse file: the bytes stored, which is what `content`
    /// gives.
    pub size: u64,
    /// Target of a link: of a hard link a path in the form of `path`, of a symbolic link the text as stored.
    pub link: Option<&'a [u8]>,
    /// Permission bits.
    pub mode: u32,
}

/// Takes the entries of a layer one after the other, in stored order. The same path may come twice: the later
/// one counts.
pub trait LayerVisitor {
    /// Takes one entry. `content` gives exactly `entry.size` bytes unless the layer is damaged, which shows
    /// as an error of the reader; not reading it, or not to its end, skips the rest at no cost beyond
    /// decompression.
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read);

    /// Whether it will read the content of a file, asked beforehand where that saves fetching it. What it
    /// says no to must not be read by [`Self::entry`].
    fn wants(&self, entry: &Entry<'_>) -> bool {
        let _ = entry;
        true
    }

    /// Is told now and then how many bytes of the stored blob were read since the last call.
    fn progress(&mut self, stored_bytes: u64) {
        let _ = stored_bytes;
    }
}

/// What reading a layer showed beside its entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerSummary {
    /// Bytes of the uncompressed tar stream; of a root file system the bytes of its files.
    pub uncompressed_bytes: u64,
    /// Bytes of the stored blob that were read.
    pub stored_bytes: u64,
    /// Entries given to the visitor.
    pub entries: u64,
    /// Whether the bytes were found to have the digest that they are known by.
    pub verified: bool,
    /// Entries and parts that were passed over or read with a doubt.
    pub notes: Vec<Unreadable>,
}
