//! The NDB store (`Packages.db`, rpm's `lib/backend/ndb/rpmpkg.c`): a table of sixteen-byte slots at the front,
//! each naming a run of sixteen-byte blocks that holds one header. All numbers are little-endian.

use super::bytes::{Order, u32_at};
use super::{Budget, Damage, Sink};

/// First bytes of the file.
pub(super) const MAGIC: &[u8] = b"RpmP";

const PAGE: usize = 4096;
const SLOT: usize = 16;
const BLOCK: usize = 16;
/// The file's head takes the place of the first two slots.
const HEAD: usize = 2 * SLOT;
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";

/// Hands out the headers in the order of the slots. Slots of removed packages name no blocks.
pub(super) fn read(file: &[u8], sink: &mut Sink<'_>) -> Result<(), Damage> {
    let number = |at| u32_at(file, at, Order::Little);
    if number(4) != Some(0) {
        return Err(Damage::Head("version of the store is not known"));
    }
    let pages = number(12).ok_or(Damage::Head("cut off"))? as usize;
    let end = pages.saturating_mul(PAGE);
    let slots = file.get(HEAD..end).ok_or(Damage::Head("slots lie outside of the file"))?;
    let mut budget = Budget::of(file);
    for (index, slot) in slots.chunks_exact(SLOT).enumerate() {
        let offset = HEAD + index * SLOT;
        let damage = |reason| Damage::Entry { offset: offset as u64, reason };
        if !slot.starts_with(SLOT_MAGIC) {
            if !sink(Err(damage("no slot"))) {
                return Ok(());
            }
            continue;
        }
        let field = |at| u32_at(slot, at, Order::Little).unwrap_or_default();
        let (package, block) = (field(4), field(8) as usize);
        if package == 0 || block == 0 {
            continue;
        }
        let blob = blob(file, package, block.saturating_mul(BLOCK)).map_err(damage);
        if let Ok(blob) = blob {
            budget.take(blob.len())?;
        }
        if !sink(blob) {
            return Ok(());
        }
    }
    Ok(())
}

fn blob(file: &[u8], package: u32, at: usize) -> Result<&[u8], &'static str> {
    let head = file.get(at..at.saturating_add(BLOCK)).ok_or("its blocks lie outside of the file")?;
    let field = |at| u32_at(head, at, Order::Little).unwrap_or_default();
    if !head.starts_with(BLOB_MAGIC) || field(4) != package {
        return Err("its blocks belong to no package or to another one");
    }
    let from = at + BLOCK;
    file.get(from..from.saturating_add(field(12) as usize)).ok_or("its blocks lie outside of the file")
}
