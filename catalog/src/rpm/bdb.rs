//! The BerkeleyDB store (`Packages`): hash tables as rpm wrote them until 4.16, and B-trees as Yocto builds
//! write them. Layout of pages: Berkeley DB's `dbinc/db_page.h`.
//!
//! A database is not walked from its root: all pages are looked at in turn, and those of the kind that holds
//! entries give theirs. That finds every entry of a sound file, each once, and in a damaged file what is left.
//! Pages that were freed are of another kind.

use super::bytes::{Order, u16_at, u32_at};
use super::{Budget, Damage, Sink};

const HASH_MAGIC: u32 = 0x0006_1561;
const BTREE_MAGIC: u32 = 0x0005_3162;
/// Where the magic number stands in the first page.
const MAGIC_AT: usize = 12;

/// Bytes of a page before its table of offsets.
const PAGE_HEAD: usize = 26;

const PAGE_HASH_UNSORTED: u8 = 2;
const PAGE_BTREE_LEAF: u8 = 5;
const PAGE_OVERFLOW: u8 = 7;
const PAGE_HASH: u8 = 13;

/// Kinds of items of a hash page.
const HASH_INLINE: u8 = 1;
const HASH_OFF_PAGE: u8 = 3;

/// Kinds of items of a B-tree page; the highest bit marks a deleted one.
const BTREE_INLINE: u8 = 1;
const BTREE_OVERFLOW: u8 = 3;

#[derive(Clone, Copy, PartialEq)]
enum Method {
    Hash,
    BTree,
}

/// The byte order and the method that the file's magic number tells.
fn recognise(file: &[u8]) -> Option<(Order, Method)> {
    for order in [Order::Little, Order::Big] {
        match u32_at(file, MAGIC_AT, order) {
            Some(HASH_MAGIC) => return Some((order, Method::Hash)),
            Some(BTREE_MAGIC) => return Some((order, Method::BTree)),
            _ => {}
        }
    }
    None
}

/// Whether the file begins like a BerkeleyDB database.
pub(super) fn is_database(file: &[u8]) -> bool {
    recognise(file).is_some()
}

struct Pages<'a> {
    file: &'a [u8],
    order: Order,
    size: usize,
    budget: Budget,
}

/// An item: its bytes in the page, or the first page of a chain and its length.
enum Item<'a> {
    Inline(&'a [u8]),
    Chain(u32, usize),
}

/// Hands out the headers page by page.
pub(super) fn read(file: &[u8], sink: &mut Sink<'_>) -> Result<(), Damage> {
    let (order, method) = recognise(file).ok_or(Damage::UnknownStore)?;
    let size = u32_at(file, 20, order).unwrap_or_default() as usize;
    if !size.is_power_of_two() || !(512..=64 << 10).contains(&size) {
        return Err(Damage::Head("impossible size of a page"));
    }
    if file.get(24).is_some_and(|algorithm| *algorithm != 0) {
        return Err(Damage::Head("database is encrypted"));
    }
    let last = u32_at(file, 32, order).unwrap_or_default() as usize;
    if last >= file.len() / size && !sink(Err(Damage::Head("file is shorter than it says"))) {
        return Ok(());
    }
    let mut pages = Pages { file, order, size, budget: Budget::of(file) };
    let mut chained = Vec::new();
    for number in 1..file.len() / size {
        let page = &file[number * size..(number + 1) * size];
        let holds_entries = match method {
            Method::Hash => matches!(page[25], PAGE_HASH_UNSORTED | PAGE_HASH),
            Method::BTree => page[25] == PAGE_BTREE_LEAF,
        };
        if !holds_entries {
            continue;
        }
        let count = u16_at(page, 20, order).unwrap_or_default();
        for pair in 0..count / 2 {
            let item = match pages.entry(page, method, pair * 2) {
                Ok(Some(item)) => item,
                Ok(None) => continue,
                Err(reason) => {
                    if !sink(Err(Damage::Page { page: number as u64, reason })) {
                        return Ok(());
                    }
                    break;
                }
            };
            let goes_on = match item {
                Item::Inline(bytes) => {
                    pages.budget.take(bytes.len())?;
                    sink(Ok(bytes))
                }
                Item::Chain(first, length) => match pages.collect(first, length, &mut chained) {
                    Ok(()) => sink(Ok(&chained)),
                    Err(Damage::Overlap) => return Err(Damage::Overlap),
                    Err(damage) => sink(Err(damage)),
                },
            };
            if !goes_on {
                return Ok(());
            }
        }
    }
    Ok(())
}

impl<'a> Pages<'a> {
    /// The value of the pair whose key is item `index`. `None` for what is no package: the entry under key 0,
    /// which holds the next number to give, and what is deleted.
    fn entry(&self, page: &'a [u8], method: Method, index: usize) -> Result<Option<Item<'a>>, &'static str> {
        let item = |index| match method {
            Method::Hash => self.hash_item(page, index),
            Method::BTree => self.btree_item(page, index),
        };
        let key = item(index)?;
        match key {
            Some(Item::Inline(key)) if key.iter().any(|byte| *byte != 0) => item(index + 1),
            _ => Ok(None),
        }
    }

    fn offset(&self, page: &[u8], index: usize) -> Option<usize> {
        let table = PAGE_HEAD + index * 2;
        u16_at(page, table, self.order).filter(|offset| *offset >= PAGE_HEAD && *offset < self.size)
    }

    /// Items lie from the end of the page towards its front, each up to where the one before it begins.
    fn hash_item(&self, page: &'a [u8], index: usize) -> Result<Option<Item<'a>>, &'static str> {
        let from = self.offset(page, index).ok_or("item outside of the page")?;
        let to = match index {
            0 => self.size,
            _ => self.offset(page, index - 1).ok_or("item outside of the page")?,
        };
        let bytes = page.get(from..to).ok_or("items are not in order")?;
        match bytes.first() {
            Some(&HASH_INLINE) => Ok(Some(Item::Inline(&bytes[1..]))),
            Some(&HASH_OFF_PAGE) => self.chain(bytes).map(Some),
            _ => Ok(None),
        }
    }

    fn btree_item(&self, page: &'a [u8], index: usize) -> Result<Option<Item<'a>>, &'static str> {
        let from = self.offset(page, index).ok_or("item outside of the page")?;
        let kind = page.get(from + 2).ok_or("item outside of the page")?;
        match *kind {
            BTREE_INLINE => {
                let length = u16_at(page, from, self.order).unwrap_or_default();
                let bytes = page.get(from + 3..from + 3 + length).ok_or("item outside of the page")?;
                Ok(Some(Item::Inline(bytes)))
            }
            BTREE_OVERFLOW => self.chain(&page[from..]).map(Some),
            _ => Ok(None),
        }
    }

    /// Both methods write page and length of a long item at the same place.
    fn chain(&self, bytes: &[u8]) -> Result<Item<'a>, &'static str> {
        let number = |at| u32_at(bytes, at, self.order).ok_or("item outside of the page");
        Ok(Item::Chain(number(4)?, number(8)? as usize))
    }

    /// Puts a long item together in `bytes`.
    fn collect(&mut self, first: u32, length: usize, bytes: &mut Vec<u8>) -> Result<(), Damage> {
        bytes.clear();
        let mut next = first;
        while bytes.len() < length {
            let damage = |reason| Damage::Page { page: u64::from(next), reason };
            let from = (next as usize).saturating_mul(self.size);
            let page = self.file.get(from..from.saturating_add(self.size));
            let page = page.filter(|_| next != 0).ok_or(damage("it lies outside of the file"))?;
            if page[25] != PAGE_OVERFLOW {
                return Err(damage("it does not continue a long entry"));
            }
            let filled = u16_at(page, 22, self.order).unwrap_or_default();
            let part = page.get(PAGE_HEAD..PAGE_HEAD + filled.min(length - bytes.len()));
            let part = part.filter(|part| !part.is_empty()).ok_or(damage("it says a wrong length"))?;
            self.budget.take(part.len())?;
            bytes.extend_from_slice(part);
            next = u32_at(page, 16, self.order).unwrap_or_default();
        }
        Ok(())
    }
}
