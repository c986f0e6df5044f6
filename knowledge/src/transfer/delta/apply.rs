//! Applying a delta.
//!
//! The decision a reader may doubt: the new bundle is made in memory. It has to be read as a whole for its checksum anyway,
//! and its length is bounded before it is begun.

use std::io::Read as _;
use std::path::Path;

use super::make::Prefix;
use super::plan::{How, OldTable, Reader, Step, moved, section_of};
use super::{HEADER, Header, read, unusable};
use crate::bundle::format::{self, Frame, Section};
use crate::bundle::table::{ENTRY, TableWriter};
use crate::bundle::write::write_whole;
use crate::bundle::{Bundle, Manifest, index};
use crate::error::KnowledgeError;
use crate::transfer::pack::WINDOW;

/// What came of a delta.
pub(crate) struct Applied {
    /// The new bundle.
    pub(crate) file: Vec<u8>,
    /// The text of the signature that travelled along.
    pub(crate) signature: Option<String>,
}

/// Applies the delta at `delta` to `old` and writes the new bundle to `to`; gives the text of its signature, if one travelled along.
///
/// # Errors
/// If the delta is damaged, leads from another bundle, or a file cannot be read or written; then nothing is written.
pub fn apply_delta(old: &Bundle, delta: &Path, to: &Path) -> Result<Option<String>, KnowledgeError> {
    let bytes = read(delta)?;
    let applied = apply_read(old, delta, &bytes)?;
    write_whole(to, &applied.file)?;
    Ok(applied.signature)
}

/// Applies a delta that was read from `path`.
pub(crate) fn apply_read(old: &Bundle, path: &Path, bytes: &[u8]) -> Result<Applied, KnowledgeError> {
    let header = Header::read(bytes).map_err(unusable(path))?;
    if header.info.old != old.id() {
        return Err(KnowledgeError::WrongBase {
            path: path.to_owned(),
            wanted: header.info.old,
            found: Some(old.id()),
        });
    }
    old.verify()?;
    apply_bytes(old, bytes).map_err(unusable(path))
}

pub(crate) fn apply_bytes(old: &Bundle, delta: &[u8]) -> Result<Applied, String> {
    let header = Header::read(delta)?;
    let (packed_plan, packed_blobs) = delta[HEADER..].split_at(header.packed_plan);
    let plan = unpacked(packed_plan, header.plan, &[])?;
    let frame = Frame::read(old.file()).map_err(|error| format!("{error:?}"))?;
    let base = Base { old, frame: &frame };
    let needs = base.survey(&plan)?;
    if needs.blobs != header.blobs || needs.least > header.info.length {
        return Err("its plan does not fit its blobs".into());
    }
    let blobs = unpacked(packed_blobs, header.blobs, needs.prefix.bytes())?;
    let (signature, sections) = base.build(&plan, &blobs, header.info.length)?;
    let file = format::assemble(&sections);
    let content = file.get(24..56).unwrap_or_default();
    if file.len() as u64 != header.info.length || content != header.info.new.as_bytes() {
        return Err(format!("what it leads to is not the bundle {}", header.info.new));
    }
    Ok(Applied { file, signature })
}

/// What a plan asks for.
#[derive(Default)]
struct Needs {
    prefix: Prefix,
    blobs: u64,
    /// The new bundle is at least so long.
    least: u64,
}

struct Base<'a> {
    old: &'a Bundle,
    frame: &'a Frame,
}

impl<'a> Base<'a> {
    fn section(&self, section: Section) -> &'a [u8] {
        section_of(self.old.file(), self.frame, section)
    }

    /// Walks a plan without making anything: which old bytes the blobs were packed against, and how many blobs it takes.
    fn survey(&self, plan: &[u8]) -> Result<Needs, String> {
        let mut needs = Needs::default();
        let mut reader = Reader(plan);
        let _: Option<String> = reader.next()?;
        let count: u32 = reader.next()?;
        for _ in 0..count {
            let section = kind(reader.next()?)?;
            match reader.next()? {
                How::Same => needs.least += self.section(section).len() as u64,
                How::Index => {}
                How::Whole(length) => {
                    needs.prefix.add(self.section(section));
                    needs.takes(1, length)?;
                }
                How::Table => self.survey_table(section, &mut reader, &mut needs)?,
            }
        }
        Ok(needs)
    }

    fn survey_table(
        &self,
        section: Section,
        reader: &mut Reader<'_>,
        needs: &mut Needs,
    ) -> Result<(), String> {
        let table = OldTable::new(self.section(section), None)?;
        let mut row = 0;
        loop {
            match reader.next()? {
                Step::Keep(count) | Step::Drop(count) => row = advanced(row, count, &table)?,
                Step::Replace(count, length) => {
                    let end = advanced(row, count, &table)?;
                    (row..end).for_each(|row| needs.prefix.add(table.stored(row)));
                    needs.takes(count, length)?;
                    row = end;
                }
                Step::Insert(_, length) => needs.takes(1, length)?,
                Step::End => return Ok(()),
            }
        }
    }

    #[expect(clippy::type_complexity, reason = "what a bundle is put together from")]
    fn build(
        &self,
        plan: &[u8],
        blobs: &[u8],
        limit: u64,
    ) -> Result<(Option<String>, Vec<(Section, Vec<u8>)>), String> {
        let mut reader = Reader(plan);
        let signature = reader.next()?;
        let count: u32 = reader.next()?;
        let mut blobs = Blobs(blobs);
        let mut sections: Vec<(Section, Vec<u8>)> = Vec::new();
        let mut manifest: Option<Manifest> = None;
        let mut total = 0;
        for _ in 0..count {
            let section = kind(reader.next()?)?;
            if sections.iter().any(|(made, _)| *made == section) {
                return Err(format!("its plan makes the section {section:?} twice"));
            }
            let made = match reader.next()? {
                How::Same => self.section(section).to_vec(),
                How::Index => {
                    let advisories = sections.iter().find(|(made, _)| *made == Section::Advisories);
                    index::build(advisories.map(|(_, bytes)| &bytes[..]).unwrap_or_default())
                }
                How::Whole(length) => blobs.take(length)?.to_vec(),
                How::Table => {
                    let moved = moved(section, self.old.manifest(), manifest.as_ref());
                    let room = limit.saturating_sub(total);
                    table(&OldTable::new(self.section(section), moved)?, &mut reader, &mut blobs, room)?
                }
            };
            if section == Section::Manifest {
                manifest = serde_json::from_slice(&made).ok();
            }
            total += made.len() as u64;
            if total > limit {
                return Err("it leads to more bytes than it claims".into());
            }
            sections.push((section, made));
        }
        Ok((signature, sections))
    }
}

impl Needs {
    fn takes(&mut self, count: u64, length: u64) -> Result<(), String> {
        let bytes = count.checked_mul(length).and_then(|bytes| bytes.checked_add(self.blobs));
        self.blobs = bytes.ok_or("its plan takes more blobs than can be")?;
        self.least = self.least.saturating_add(count.saturating_mul(length));
        Ok(())
    }
}

/// The blobs in order.
struct Blobs<'a>(&'a [u8]);

impl<'a> Blobs<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        let split = usize::try_from(length).ok().and_then(|length| self.0.split_at_checked(length));
        let (taken, rest) = split.ok_or("its plan takes more blobs than there are")?;
        self.0 = rest;
        Ok(taken)
    }
}

fn table(
    old: &OldTable<'_>,
    reader: &mut Reader<'_>,
    blobs: &mut Blobs<'_>,
    mut room: u64,
) -> Result<Vec<u8>, String> {
    let mut writer = TableWriter::default();
    let mut row = 0;
    let mut add = |key: &[u8], blob: &[u8]| {
        room = room
            .checked_sub((ENTRY + key.len() + blob.len()) as u64)
            .ok_or("it leads to more bytes than it claims")?;
        writer.add(key, blob).map_err(|error| error.to_string())
    };
    loop {
        match reader.next()? {
            Step::Keep(count) => {
                let end = advanced(row, count, old)?;
                for row in row..end {
                    add(old.key(row), &old.blob(row))?;
                }
                row = end;
            }
            Step::Drop(count) => row = advanced(row, count, old)?,
            Step::Replace(count, length) => {
                let end = advanced(row, count, old)?;
                for row in row..end {
                    add(old.key(row), blobs.take(length)?)?;
                }
                row = end;
            }
            Step::Insert(key, length) => add(key, blobs.take(length)?)?,
            Step::End => return Ok(writer.finish()),
        }
    }
}

fn kind(tag: u32) -> Result<Section, String> {
    Section::of(tag).ok_or_else(|| format!("its plan makes a section {tag}, which is not known"))
}

fn advanced(row: usize, count: u64, table: &OldTable<'_>) -> Result<usize, String> {
    let end = usize::try_from(count).ok().and_then(|count| row.checked_add(count));
    end.filter(|end| *end <= table.len())
        .ok_or_else(|| "its plan speaks of more rows than the old bundle has".into())
}

/// Unpacks a frame that must give exactly `length` bytes.
fn unpacked(packed: &[u8], length: u64, prefix: &[u8]) -> Result<Vec<u8>, String> {
    let unpack = || -> std::io::Result<Vec<u8>> {
        let mut decoder = zstd::stream::read::Decoder::with_ref_prefix(packed, prefix)?;
        decoder.window_log_max(WINDOW)?;
        let mut bytes = Vec::new();
        decoder.take(length + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = unpack().map_err(|error| format!("it cannot be unpacked: {error}"))?;
    if bytes.len() as u64 != length {
        return Err(format!("it does not hold the {length} bytes that it claims"));
    }
    Ok(bytes)
}
