//! The head of a Windows program (Microsoft, "PE Format"): its section table.

use super::bytes::{Bytes, until_zero};
use super::layout::{Layout, Range};

/// Initialised data that may be read and written, and nothing else but an alignment.
const DATA: u32 = 0xc000_0040;
const ALIGNMENT: u32 = 0x00f0_0000;

/// Reads the head; `None` if it is no such program or has no sections.
pub(super) fn layout(head: &[u8]) -> Option<Layout> {
    let bytes = Bytes::new(head, false);
    let signature = u64::from(bytes.u32(0x3c)?);
    if bytes.slice(signature, 4)? != b"PE\0\0" {
        return None;
    }
    let header = signature + 4;
    let count = bytes.u16(header + 2)?;
    let optional = header + 20;
    let sections = optional + u64::from(bytes.u16(header + 16)?);
    let base = match bytes.u16(optional)? {
        0x10b => bytes.word(optional + 28, false)?,
        0x20b => bytes.word(optional + 24, true)?,
        _ => return None,
    };
    let mut layout = Layout::default();
    for index in 0..u64::from(count) {
        let at = sections + index * 40;
        let name = until_zero(bytes.slice(at, 8)?);
        let (used, size) = (u64::from(bytes.u32(at + 8)?), u64::from(bytes.u32(at + 16)?));
        let address = base.checked_add(u64::from(bytes.u32(at + 12)?))?;
        let offset = u64::from(bytes.u32(at + 20)?);
        let range = Range { offset, size, address };
        if name == b".dep-v0" {
            // The file holds whole blocks; what is used of them is less.
            layout.audit = Some((offset, if used == 0 { size } else { used.min(size) }));
        }
        if bytes.u32(at + 36)? & !ALIGNMENT == DATA {
            layout.data.push(range);
        }
        layout.ranges.push(range);
    }
    Some(layout).filter(|layout| !layout.ranges.is_empty())
}
