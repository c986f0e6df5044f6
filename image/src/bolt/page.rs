//! Pages of a bbolt database: heads, elements, meta pages. All numbers are little-endian, as on every
//! processor that containerd runs on but s390x.

/// Bytes of a page's head: number, flags, count, overflow.
pub(super) const HEAD: usize = 16;

/// Bytes of a meta page up to the end of its checksum, the head included.
pub(super) const META: usize = HEAD + 64;

/// Bytes before the inline page in the value of a bucket: root page and sequence.
pub(super) const BUCKET: usize = 16;

/// Bytes of an element in a branch or leaf page.
pub(super) const ELEMENT: usize = 16;

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;

const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;

/// What a meta page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) page_size: u64,
    /// Page of the root bucket.
    pub(super) root: u64,
    /// Pages in use, those of the freelist included: all numbers are below.
    pub(super) pages: u64,
    pub(super) transaction: u64,
}

impl Meta {
    /// `None` if it is no meta page or was written in part only.
    pub(super) fn parse(bytes: &[u8; META]) -> Option<Self> {
        let meta = &bytes[HEAD..];
        let checksum = number(&meta[56..]);
        if short(meta) != MAGIC || short(&meta[4..]) != VERSION || checksum != fnv(&meta[..56]) {
            return None;
        }
        let page_size = u64::from(short(&meta[8..]));
        let (root, pages) = (number(&meta[16..]), number(&meta[40..]));
        let is_sane = page_size.is_power_of_two() && (512..=1 << 16).contains(&page_size);
        // so that a page number times the page size is no overflow
        (is_sane && pages < 1 << 40).then(|| Self {
            page_size,
            root,
            pages,
            transaction: number(&meta[48..]),
        })
    }
}

/// FNV-1a with 64 bits.
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The head of a page.
#[derive(Debug)]
pub(super) struct Page {
    flags: u16,
    count: usize,
    pub(super) overflow: u32,
}

/// A key and its value.
pub(super) struct Leaf<'p> {
    pub(super) key: &'p [u8],
    pub(super) value: &'p [u8],
    pub(super) is_bucket: bool,
}

/// The way to a page below.
pub(super) struct Branch {
    pub(super) page: u64,
}

/// What is wrong with a page.
type Reason = &'static str;

impl Page {
    /// Reads the head of page number `id`.
    pub(super) fn parse(bytes: &[u8], id: u64) -> Result<Self, Reason> {
        if bytes.len() < HEAD {
            return Err("is too short");
        }
        if number(bytes) != id {
            return Err("has the number of another one");
        }
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        Ok(Self { flags: half(8), count: half(10).into(), overflow: short(&bytes[12..]) })
    }

    /// The elements of a leaf page; `None` if it is none.
    pub(super) fn leaves<'p>(
        &self,
        bytes: &'p [u8],
    ) -> Option<impl Iterator<Item = Result<Leaf<'p>, Reason>> + use<'p>> {
        let count = self.count;
        (self.flags == LEAF).then(|| {
            (0..count).map(|index| {
                let at = HEAD + index * ELEMENT;
                let element = bytes.get(at..at + ELEMENT).ok_or("has more keys than fit")?;
                let [flags, position, key, value] = [0, 4, 8, 12].map(|at| short(&element[at..]) as usize);
                let key = slice(bytes, at + position, key)?;
                let value = slice(bytes, at + position + key.len(), value)?;
                Ok(Leaf { key, value, is_bucket: flags & 1 != 0 })
            })
        })
    }

    /// The elements of a branch page; `None` if it is none.
    pub(super) fn branches<'p>(
        &self,
        bytes: &'p [u8],
    ) -> Option<impl Iterator<Item = Result<Branch, Reason>> + use<'p>> {
        let count = self.count;
        (self.flags == BRANCH).then(|| {
            (0..count).map(|index| {
                let at = HEAD + index * ELEMENT;
                let element = bytes.get(at..at + ELEMENT).ok_or("has more branches than fit")?;
                Ok(Branch { page: number(&element[8..]) })
            })
        })
    }
}

fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], Reason> {
    bytes.get(at..).and_then(|rest| rest.get(..length)).ok_or("has a key or value that leads out of it")
}

/// The first four bytes as a number; the caller has seen to it that they are there.
fn short(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// The first eight bytes as a number; the caller has seen to it that they are there.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
