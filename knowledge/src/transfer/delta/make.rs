//! Making a delta.

use std::cmp::Ordering;
use std::io::Write as _;
use std::path::Path;

use super::plan::{How, OldTable, Step, moved, section_of};
use super::{DELTA_FORMAT, HEADER, MAGIC, MAX_PREFIX, SEALED, apply};
use crate::bundle::format::{FORMAT, Frame, Section};
use crate::bundle::table::{Layout, TableWriter};
use crate::bundle::write::write_whole;
use crate::bundle::{Bundle, index};
use crate::error::KnowledgeError;
use crate::transfer::pack::WINDOW;
use crate::transfer::seal::Signature;

const LEVEL: i32 = 15;

/// Writes what leads from `old` to `new` to a file; gives its size. `signature` is that of the new bundle, which travels along.
///
/// # Errors
/// If one of the bundles is damaged or the file cannot be written.
pub fn delta_between(
    old: &Bundle,
    new: &Bundle,
    signature: Option<&Signature>,
    path: &Path,
) -> Result<u64, KnowledgeError> {
    old.verify()?;
    new.verify()?;
    let encode = |reason: String| KnowledgeError::Encode { what: "delta", reason };
    let delta = make(old, new, signature).map_err(encode)?;
    // A delta that does not lead where it says is found here and not where it is needed.
    if apply::apply_bytes(old, &delta).map_err(encode)?.file != new.file() {
        return Err(encode("it does not lead to the new bundle".into()));
    }
    write_whole(path, &delta)?;
    Ok(delta.len() as u64)
}

/// What a delta is made of.
#[derive(Default)]
struct Parts {
    plan: Vec<u8>,
    blobs: Vec<u8>,
    prefix: Prefix,
}

/// Old bytes that new ones are likely to resemble, up to a bound.
#[derive(Default)]
pub(super) struct Prefix(Vec<u8>);

impl Prefix {
    /// Adds them if there is room.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if self.0.len() + bytes.len() <= MAX_PREFIX {
            self.0.extend(bytes);
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

fn make(old: &Bundle, new: &Bundle, signature: Option<&Signature>) -> Result<Vec<u8>, String> {
    let frame = |bundle: &Bundle| Frame::read(bundle.file()).map_err(|error| format!("{error:?}"));
    let (old_frame, new_frame) = (frame(old)?, frame(new)?);
    let mut parts = Parts::default();
    put(&mut parts.plan, &signature.map(Signature::to_text))?;
    put(&mut parts.plan, &(new_frame.sections().len() as u32))?;
    for &(tag, start, end) in new_frame.sections() {
        let section = Section::of(tag).ok_or_else(|| format!("section {tag} is not known"))?;
        let after = new.file().get(start..end).unwrap_or_default();
        let before = section_of(old.file(), &old_frame, section);
        put(&mut parts.plan, &tag)?;
        let advisories = || section_of(new.file(), &new_frame, Section::Advisories);
        if before == after {
            put(&mut parts.plan, &How::Same)?;
        } else if section == Section::AdvisoryIndex && index::build(advisories()) == after {
            put(&mut parts.plan, &How::Index)?;
        } else if let Some(layout) = Layout::read(after).filter(|_| is_table(section) && is_tight(after)) {
            put(&mut parts.plan, &How::Table)?;
            let before = OldTable::new(before, moved(section, old.manifest(), Some(new.manifest())))?;
            parts.table(&before, after, layout)?;
        } else {
            put(&mut parts.plan, &How::Whole(after.len() as u64))?;
            parts.prefix.add(before);
            parts.blobs.extend(after);
        }
    }
    assemble(old, new, &parts)
}

impl Parts {
    /// Walks both tables side by side.
    fn table(&mut self, old: &OldTable<'_>, section: &[u8], new: Layout) -> Result<(), String> {
        let (mut left, mut right) = (0, 0);
        let mut run: Option<Step<'_>> = None;
        while left < old.len() || right < new.len() {
            let key = new.key(section, right).unwrap_or_default();
            let blob = new.blob(section, right).unwrap_or_default();
            let order = match (left < old.len(), right < new.len()) {
                (true, true) => old.key(left).cmp(key),
                (true, false) => Ordering::Less,
                (false, _) => Ordering::Greater,
            };
            let length = blob.len() as u64;
            let step = match order {
                Ordering::Less => Step::Drop(1),
                Ordering::Greater => Step::Insert(key, length),
                Ordering::Equal if *old.blob(left) == *blob => Step::Keep(1),
                Ordering::Equal => Step::Replace(1, length),
            };
            if matches!(step, Step::Replace(..)) {
                self.prefix.add(old.stored(left));
            }
            if matches!(step, Step::Replace(..) | Step::Insert(..)) {
                self.blobs.extend(blob);
            }
            run = Some(match (run, step) {
                (Some(Step::Keep(count)), Step::Keep(_)) => Step::Keep(count + 1),
                (Some(Step::Drop(count)), Step::Drop(_)) => Step::Drop(count + 1),
                (Some(Step::Replace(count, each)), Step::Replace(_, length)) if each == length => {
                    Step::Replace(count + 1, each)
                }
                (done, step) => {
                    done.map_or(Ok(()), |done| put(&mut self.plan, &done))?;
                    step
                }
            });
            left += usize::from(order.is_le());
            right += usize::from(order.is_ge());
        }
        run.map_or(Ok(()), |done| put(&mut self.plan, &done))?;
        put(&mut self.plan, &Step::End)
    }
}

fn put<T: serde::Serialize>(plan: &mut Vec<u8>, value: &T) -> Result<(), String> {
    let taken = std::mem::take(plan);
    *plan = postcard::to_extend(value, taken).map_err(|error| error.to_string())?;
    Ok(())
}

fn is_table(section: Section) -> bool {
    !matches!(section, Section::Manifest | Section::AdvisoryIndex)
}

/// Whether a table lies as the writer lays it, so that it can be written again from its rows.
fn is_tight(section: &[u8]) -> bool {
    let Some(layout) = Layout::read(section).filter(|_| !section.is_empty()) else { return false };
    let mut writer = TableWriter::default();
    for row in 0..layout.len() {
        let (Some(key), Some(blob)) = (layout.key(section, row), layout.blob(section, row)) else {
            return false;
        };
        if writer.add(key, blob).is_err() {
            return false;
        }
    }
    writer.finish() == section
}

fn assemble(old: &Bundle, new: &Bundle, parts: &Parts) -> Result<Vec<u8>, String> {
    let plan = packed(&parts.plan, &[])?;
    let blobs = packed(&parts.blobs, parts.prefix.bytes())?;
    let mut delta = Vec::with_capacity(HEADER + plan.len() + blobs.len());
    delta.extend(MAGIC);
    delta.extend(DELTA_FORMAT.to_le_bytes());
    delta.extend(FORMAT.to_le_bytes());
    delta.extend(((HEADER + plan.len() + blobs.len()) as u64).to_le_bytes());
    delta.extend([0; 32]);
    delta.extend(old.id().as_bytes());
    delta.extend(new.id().as_bytes());
    for length in [new.file().len(), parts.plan.len(), plan.len(), parts.blobs.len()] {
        delta.extend((length as u64).to_le_bytes());
    }
    delta.extend(plan);
    delta.extend(blobs);
    let checksum = *model::Digest::of(&delta[SEALED..]).as_bytes();
    delta[24..SEALED].copy_from_slice(&checksum);
    Ok(delta)
}

/// One zstd frame whose window reaches back over all of `prefix`.
fn packed(bytes: &[u8], prefix: &[u8]) -> Result<Vec<u8>, String> {
    let window = (bytes.len() + prefix.len()).next_power_of_two().ilog2().clamp(17, WINDOW);
    let pack = || -> std::io::Result<Vec<u8>> {
        let mut encoder = zstd::stream::write::Encoder::with_ref_prefix(Vec::new(), LEVEL, prefix)?;
        encoder.window_log(window)?;
        encoder.long_distance_matching(window > 22)?;
        encoder.write_all(bytes)?;
        encoder.finish()
    };
    pack().map_err(|error| format!("it cannot be packed: {error}"))
}
