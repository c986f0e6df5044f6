//! The SQLite store (`rpmdb.sqlite`): the rows of table `Packages (hnum INTEGER PRIMARY KEY, blob BLOB)`.
//!
//! It reads as much of SQLite's file format (sqlite.org/fileformat2.html) as table scans need: table b-trees and
//! overflow pages. Free pages and indexes are never looked at. Every page of a tree is visited once at most, so
//! a cycle ends where it closes.

use super::bytes::{Order, u16_at, u32_at};
use super::{Budget, Damage, Sink};

/// First bytes of the file.
pub(super) const MAGIC: &[u8] = b"SQLite format 3\0";

/// Bytes of the file's head, which the first page begins with.
const FILE_HEAD: usize = 100;
const INTERIOR: u8 = 5;
const LEAF: u8 = 13;
/// Levels of a tree; SQLite's own largest file has fewer.
const MAX_DEPTH: usize = 20;

struct File<'a> {
    bytes: &'a [u8],
    page: usize,
    /// Bytes of a page that hold content.
    usable: usize,
    budget: Budget,
    visited: Vec<bool>,
}

/// Hands out the headers in the order of the table's rows.
pub(super) fn read(bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Damage> {
    let page = match u16_at(bytes, 16, Order::Big) {
        Some(1) => 64 << 10,
        Some(size) if size >= 512 && size.is_power_of_two() => size,
        _ => return Err(Damage::Head("impossible size of a page")),
    };
    let reserved = usize::from(*bytes.get(20).ok_or(Damage::Head("cut off"))?);
    let usable = page - reserved;
    if usable < 480 {
        return Err(Damage::Head("impossible size of a page"));
    }
    if u32_at(bytes, 56, Order::Big).is_some_and(|encoding| encoding > 1) {
        return Err(Damage::Head("text is not in UTF-8"));
    }
    let pages = bytes.len().div_ceil(page);
    let mut file = File { bytes, page, usable, budget: Budget::of(bytes), visited: vec![false; pages] };

    let mut root = None;
    let mut damaged = None;
    file.table(1, 0, &mut |row| {
        match row {
            Ok(row) => root = root.or(table_of(row)),
            Err(damage) => damaged = damaged.take().or(Some(damage)),
        }
        root.is_none()
    })?;
    let root = root.ok_or(damaged.unwrap_or(Damage::NoTable))?;
    file.visited.fill(false);
    if file.is_cut_off() && !sink(Err(Damage::Head("file is shorter than it says"))) {
        return Ok(());
    }
    file.table(root, 0, &mut |row| match row.map(|row| values(row).nth(1)) {
        Ok(Some(Value::Bytes(blob))) => sink(Ok(blob)),
        Ok(_) => sink(Err(Damage::Header("row without a header"))),
        Err(damage) => sink(Err(damage)),
    })?;
    Ok(())
}

/// The root page of table `Packages`, if this row of the schema tells it.
fn table_of(row: &[u8]) -> Option<u32> {
    let mut values = values(row);
    let (kind, name, root) = (values.next()?, values.next()?, values.nth(1)?);
    match (kind, name, root) {
        (Value::Text(b"table"), Value::Text(b"Packages"), Value::Number(root)) => u32::try_from(root).ok(),
        _ => None,
    }
}

impl<'a> File<'a> {
    /// Whether the file has fewer pages than its head counts; an old head may not count at all.
    fn is_cut_off(&self) -> bool {
        let field = |at| u32_at(self.bytes, at, Order::Big).unwrap_or_default();
        let counts = field(24) == field(92);
        counts && (field(28) as usize).saturating_mul(self.page) > self.bytes.len()
    }

    fn page(&self, number: u32) -> Result<&'a [u8], Damage> {
        let from = (number as usize).checked_sub(1).and_then(|index| index.checked_mul(self.page));
        from.and_then(|from| self.bytes.get(from..from.checked_add(self.usable)?))
            .ok_or(Damage::Page { page: u64::from(number), reason: "it lies outside of the file" })
    }

    /// Hands out the rows of a table b-tree. `Ok(false)` when the receiver asked to stop; damage to one page is
    /// handed out too.
    fn table(&mut self, number: u32, depth: usize, each: &mut Sink<'_>) -> Result<bool, Damage> {
        let damage = |reason| Damage::Page { page: u64::from(number), reason };
        let page = match self.page(number) {
            Ok(page) => page,
            Err(damage) => return Ok(each(Err(damage))),
        };
        if std::mem::replace(&mut self.visited[number as usize - 1], true) || depth == MAX_DEPTH {
            return Ok(each(Err(damage("it is part of a cycle"))));
        }
        let head = if number == 1 { FILE_HEAD } else { 0 };
        let kind = page[head];
        let cells = u16_at(page, head + 3, Order::Big).unwrap_or_default();
        let table = match kind {
            LEAF => head + 8,
            INTERIOR => head + 12,
            _ => return Ok(each(Err(damage("it is no page of a table")))),
        };
        let mut row = Vec::new();
        for cell in 0..cells {
            let Some(at) = u16_at(page, table + cell * 2, Order::Big).filter(|at| *at < page.len()) else {
                return Ok(each(Err(damage("entry outside of the page"))));
            };
            let goes_on = if kind == INTERIOR {
                match u32_at(page, at, Order::Big) {
                    Some(child) => self.table(child, depth + 1, each)?,
                    None => each(Err(damage("entry outside of the page"))),
                }
            } else {
                match self.row(page, at, &mut row) {
                    Ok(Some(inline)) => each(Ok(inline)),
                    Ok(None) => each(Ok(&row)),
                    Err(Fault::Overlap) => return Err(Damage::Overlap),
                    Err(Fault::Cell(reason)) => each(Err(damage(reason))),
                }
            };
            if !goes_on {
                return Ok(false);
            }
        }
        match u32_at(page, head + 8, Order::Big) {
            Some(last) if kind == INTERIOR => self.table(last, depth + 1, each),
            _ => Ok(true),
        }
    }

    /// The record of the cell at `at`: a part of the page, or put together in `row`.
    fn row(&mut self, page: &'a [u8], at: usize, row: &mut Vec<u8>) -> Result<Option<&'a [u8]>, Fault> {
        const OUTSIDE: Fault = Fault::Cell("entry outside of the page");
        let (length, bytes) = varint(&page[at..]).ok_or(OUTSIDE)?;
        let (_, more) = varint(&page[at + bytes..]).ok_or(OUTSIDE)?;
        let from = at + bytes + more;
        let length = usize::try_from(length).map_err(|_| Fault::Cell("entry is longer than the file"))?;
        if length > self.bytes.len() {
            return Err(Fault::Cell("entry is longer than the file"));
        }
        self.budget.take(length).map_err(|_| Fault::Overlap)?;
        let local = self.local(length);
        let inline = page.get(from..from + local).ok_or(OUTSIDE)?;
        if local == length {
            return Ok(Some(inline));
        }
        row.clear();
        row.extend_from_slice(inline);
        let mut next = u32_at(page, from + local, Order::Big).ok_or(OUTSIDE)?;
        while row.len() < length {
            let page = self.page(next).map_err(|_| Fault::Cell("entry continues outside of the file"))?;
            next = u32_at(page, 0, Order::Big).unwrap_or_default();
            let part = (length - row.len()).min(self.usable - 4);
            row.extend_from_slice(&page[4..4 + part]);
        }
        Ok(None)
    }

    /// How many bytes of a record of this length lie in the leaf (section 1.6, "Cell payload").
    fn local(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let local = least + (length - least) % (self.usable - 4);
        if local <= most { local } else { least }
    }
}

/// Why a row cannot be put together.
enum Fault {
    Overlap,
    Cell(&'static str),
}

/// A value of a record.
#[derive(Debug, PartialEq, Eq)]
enum Value<'a> {
    /// Absent, or of a type that no field here has.
    Other,
    Number(u64),
    Text(&'a [u8]),
    Bytes(&'a [u8]),
}

/// The values of a record (section 2.1); ends early when the record does.
fn values(record: &[u8]) -> impl Iterator<Item = Value<'_>> {
    let (length, bytes) = varint(record).unwrap_or((0, 0));
    let end = usize::try_from(length).unwrap_or(usize::MAX).min(record.len());
    let mut kinds = record.get(bytes..end).unwrap_or_default();
    let mut body = &record[end..];
    std::iter::from_fn(move || {
        let (kind, bytes) = varint(kinds)?;
        kinds = &kinds[bytes..];
        let length = match kind {
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            0 | 8..=11 => 0,
            _ => (kind - 12) / 2,
        };
        let value = body.get(..usize::try_from(length).ok()?)?;
        body = &body[value.len()..];
        Some(match kind {
            1..=6 => Value::Number(value.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
            9 => Value::Number(1),
            0..=11 => Value::Other,
            _ if kind % 2 == 0 => Value::Bytes(value),
            _ => Value::Text(value),
        })
    })
}

/// A number of one to nine bytes, seven bits in each but the ninth, and how many bytes it takes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0_u64;
    for (index, byte) in bytes.iter().take(9).enumerate() {
        if index == 8 {
            return Some((number << 8 | u64::from(*byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, index + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_one_to_nine_bytes_are_read() {
        assert_eq!(varint(&[0x7f]), Some((127, 1)));
        assert_eq!(varint(&[0x81, 0x00, 9]), Some((128, 2)));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, 9)));
        assert_eq!(varint(&[0xff; 8]), None);
    }

    #[test]
    fn a_record_that_ends_early_has_fewer_values() {
        // Header of four bytes: NULL, a blob of two bytes, a text of one.
        let record = [4, 0, 16, 15, 1, 2, b'a'];
        let all: Vec<Value<'_>> = values(&record).collect();
        assert_eq!(all, [Value::Other, Value::Bytes(&[1, 2]), Value::Text(b"a")]);
        assert_eq!(values(&record[..6]).count(), 2);
        assert_eq!(values(&[]).count(), 0);
    }
}
