//! The head of an ELF file (System V ABI, "Object Files"): program headers, and where the table of sections is.

use super::bytes::Bytes;
use super::layout::{Layout, Range, Table};

const LOADED: u32 = 1;
const EXECUTABLE: u32 = 1;
const WRITABLE: u32 = 2;

/// Reads the head; `None` without program headers in it that load something.
pub(super) fn layout(head: &[u8]) -> Option<Layout> {
    let wide = match head.get(4)? {
        1 => false,
        2 => true,
        _ => return None,
    };
    let big = *head.get(5)? == 2;
    let bytes = Bytes::new(head, big);
    let pick = |narrow: u64, of_64_bits: u64| if wide { of_64_bits } else { narrow };
    let headers = bytes.word(pick(28, 32), wide)?;
    let step = u64::from(bytes.u16(pick(42, 54))?);
    let count = u64::from(bytes.u16(pick(44, 56))?);
    let mut layout = Layout::default();
    let mut loaded_end = 0;
    for index in 0..count {
        let at = headers.checked_add(index * step)?;
        if bytes.u32(at)? != LOADED {
            continue;
        }
        let flags = bytes.u32(at + pick(24, 4))?;
        let offset = bytes.word(at + pick(4, 8), wide)?;
        let address = bytes.word(at + pick(8, 16), wide)?;
        let size = bytes.word(at + pick(16, 32), wide)?;
        let range = Range { offset, size, address };
        loaded_end = loaded_end.max(offset.checked_add(size)?);
        if flags & (WRITABLE | EXECUTABLE) == WRITABLE {
            layout.data.push(range);
        }
        layout.ranges.push(range);
    }
    let table = Table {
        loaded_end,
        offset: bytes.word(pick(32, 40), wide)?,
        count: bytes.u16(pick(48, 60))?,
        names: bytes.u16(pick(50, 62))?,
        wide,
        big,
    };
    layout.sections = Some(table).filter(|table| table.count > 0 && table.offset >= loaded_end);
    Some(layout).filter(|layout| !layout.ranges.is_empty())
}

impl Table {
    /// Offset and size of the section called `name`, and `None` if there is none. `tail` holds the file from `from` on.
    pub(super) fn find(&self, name: &[u8], tail: &[u8], from: u64) -> Option<(u64, u64)> {
        let bytes = Bytes::new(tail, self.big);
        let start = self.offset.checked_sub(from)?;
        let (step, offset, size) = if self.wide { (64, 24, 32) } else { (40, 16, 20) };
        let place = |index: u16| {
            let at = start.checked_add(u64::from(index) * step)?;
            let word = |field: u64| bytes.word(at.checked_add(field)?, self.wide);
            Some((word(offset)?, word(size)?))
        };
        let (names, length) = place(self.names)?;
        let names = bytes.slice(names.checked_sub(from)?, usize::try_from(length).ok()?)?;
        (0..self.count).find_map(|index| {
            let own = bytes.u32(start.checked_add(u64::from(index) * step)?)? as usize;
            let is_it = names.get(own..)?.strip_prefix(name)?.first() == Some(&0);
            is_it.then(|| place(index)).flatten()
        })
    }
}
