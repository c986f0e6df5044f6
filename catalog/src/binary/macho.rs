//! The head of a Mach-O file for one processor (Apple, "OS X ABI Mach-O File Format Reference"): its load commands.
//!
//! Files for several processors in one are not read: nothing in a container runs them.

use super::bytes::{Bytes, until_zero};
use super::layout::{Layout, Range};

/// Load commands that are looked at.
const MAX_COMMANDS: u32 = 4_096;
const READ_WRITE: u32 = 3;

/// Reads the head; `None` if nothing in it is loaded.
pub(super) fn layout(head: &[u8]) -> Option<Layout> {
    let big = *head.first()? == 0xfe;
    let bytes = Bytes::new(head, big);
    let wide = bytes.u32(0)? == 0xfeed_facf;
    let mut layout = Layout::default();
    let mut at = if wide { 32 } else { 28 };
    for _ in 0..bytes.u32(16)?.min(MAX_COMMANDS) {
        let (command, size) = (bytes.u32(at)?, bytes.u32(at + 4)?);
        if command == if wide { 0x19 } else { 0x01 } {
            segment(&bytes, at, wide, &mut layout)?;
        }
        at = at.checked_add(u64::from(size.max(8)))?;
    }
    Some(layout).filter(|layout| !layout.ranges.is_empty())
}

fn segment(bytes: &Bytes<'_>, at: u64, wide: bool, layout: &mut Layout) -> Option<()> {
    let pick = |narrow: u64, of_64_bits: u64| at + if wide { of_64_bits } else { narrow };
    let range = Range {
        address: bytes.word(pick(24, 24), wide)?,
        offset: bytes.word(pick(32, 40), wide)?,
        size: bytes.word(pick(36, 48), wide)?,
    };
    if bytes.u32(pick(44, 60))? == READ_WRITE {
        layout.data.push(range);
    }
    let (first, step) = (pick(56, 72), if wide { 80 } else { 68 });
    for index in 0..u64::from(bytes.u32(pick(48, 64))?) {
        let section = first.checked_add(index * step)?;
        let size = bytes.word(section + if wide { 40 } else { 36 }, wide)?;
        let offset = u64::from(bytes.u32(section + if wide { 48 } else { 40 })?);
        if until_zero(bytes.slice(section, 16)?) == b".dep-v0" {
            layout.audit = Some((offset, size));
        }
    }
    layout.ranges.push(range);
    Some(())
}
