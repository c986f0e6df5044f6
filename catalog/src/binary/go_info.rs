//! Go's build information: a record with a magic at the begin of the writable data, or inside of them where another
//! linker put the program together (Go, package debug/buildinfo).
//!
//! Since Go 1.18 the record holds two texts. Before, it held the addresses of two variables of type string, whose
//! bytes lie in the read-only data, before the record in the file: those that may be meant are kept while they stream
//! by ([`OldStrings`]).

use memchr::memmem;

use super::bytes::Bytes;
use super::go_strings::OldStrings;
use super::layout::{Layout, Range};
use super::stream::{Stream, WINDOW};
use crate::text::Problem;

const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Bytes of the record before its texts.
const HEAD: usize = 32;
/// The record begins at addresses that are multiples of this.
const ALIGNMENT: u64 = 16;
/// Bytes of a length; nine hold 63 bits.
const MAX_LENGTH: usize = 9;
/// Longest version of Go.
pub(super) const MAX_VERSION: usize = 1_024;
/// Longest list of modules; a program of 10,000 modules has one of a megabyte.
pub(super) const MAX_MODULES: usize = 8 << 20;
/// Bytes of the writable data that are searched.
const MAX_SEARCH: u64 = 1 << 30;

/// What Go's linker wrote into a program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BuildInfo {
    /// The version of Go, such as `go1.22.3`; empty if it cannot be told.
    pub version: String,
    /// The list of modules, in lines; empty for a program that was built without modules.
    pub modules: String,
}

/// Looks for the record; `None` if there is none. Leaves the stream before all that is not loaded in that case.
pub(super) fn find(stream: &mut Stream<'_>, layout: &Layout) -> Result<Option<BuildInfo>, Problem> {
    let mut strings = OldStrings::default();
    if let Some(data) = layout.data.first().filter(|_| layout.marked) {
        strings.collect(stream, data.offset)?;
    }
    for data in &layout.data {
        if stream.skip_to(data.offset)?
            && let Some(info) = search(stream, *data, layout, &strings)?
        {
            return Ok(Some(info));
        }
    }
    Ok(None)
}

/// Looks for the record in one part, whose begin is where the stream is.
fn search(
    stream: &mut Stream<'_>,
    data: Range,
    layout: &Layout,
    strings: &OldStrings,
) -> Result<Option<BuildInfo>, Problem> {
    let end = data.offset.saturating_add(data.size.min(MAX_SEARCH));
    let magic = memmem::Finder::new(MAGIC);
    while stream.position() < end {
        let here = stream.position();
        let window = stream.fill(WINDOW)?;
        let within = usize::try_from(end - here).map_or(window, |left| &window[..left.min(window.len())]);
        let Some(at) = magic.find(within) else {
            // A record may begin in the last bytes of this window.
            let searched = within.len().saturating_sub(MAGIC.len() - 1);
            if searched == 0 || window.len() < WINDOW {
                break;
            }
            stream.consume(searched);
            continue;
        };
        let address = (here - data.offset).wrapping_add(data.address).wrapping_add(at as u64);
        stream.consume(at);
        if address.is_multiple_of(ALIGNMENT)
            && let Some(info) = read(stream, layout, strings)?
        {
            return Ok(Some(info));
        }
        if stream.position() == here + at as u64 {
            stream.consume(1);
        }
    }
    Ok(None)
}

/// Reads the record where the stream is; `None` if it is none, and then the stream has not moved.
fn read(
    stream: &mut Stream<'_>,
    layout: &Layout,
    strings: &OldStrings,
) -> Result<Option<BuildInfo>, Problem> {
    let window = stream.fill(HEAD + MAX_LENGTH + MAX_VERSION)?;
    let Some((head, rest)) = window.split_at_checked(HEAD) else { return Ok(None) };
    let (pointer, flags) = (head[14], head[15]);
    if flags & 2 != 0 {
        let Some((bytes, size)) = short_text(rest) else { return Ok(None) };
        let version = String::from_utf8_lossy(bytes).into_owned();
        stream.consume(HEAD + size);
        let modules = modules(stream)?;
        return Ok(Some(BuildInfo { version, modules }));
    }
    let (wide, big) = (pointer == 8, flags & 1 != 0);
    if !wide && pointer != 4 {
        return Ok(None);
    }
    let bytes = Bytes::new(head, big);
    let pointers = (bytes.word(16, wide), bytes.word(16 + u64::from(pointer), wide));
    let (Some(version), Some(modules)) = pointers else { return Ok(None) };
    strings.resolve(stream, layout, (wide, big), (version, modules)).map(Some)
}

/// The version of Go after its length, and the bytes of both; `None` if it is no text.
fn short_text(window: &[u8]) -> Option<(&[u8], usize)> {
    let (length, size) = varint(window)?;
    let length = usize::try_from(length).ok().filter(|length| (1..=MAX_VERSION).contains(length))?;
    let text = window.get(size..size + length)?;
    text.iter().all(|byte| (b' '..=b'~').contains(byte)).then_some((text, size + length))
}

/// The list of modules after its length.
fn modules(stream: &mut Stream<'_>) -> Result<String, Problem> {
    let length = varint(stream.fill(MAX_LENGTH)?);
    let known = length.and_then(|(length, size)| Some((usize::try_from(length).ok()?, size)));
    if let Some((length, size)) = known.filter(|(length, _)| *length <= MAX_MODULES) {
        stream.consume(size);
        let bytes = stream.take(length)?;
        if bytes.len() == length {
            return Ok(between_marks(&bytes));
        }
    }
    Err(Problem::Malformed("the list of Go modules is cut off or too long".to_owned()))
}

/// A number of seven bits a byte, least significant first (protocol buffers' encoding), and its bytes.
fn varint(window: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in window.iter().take(MAX_LENGTH).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// The list of modules without the 16 bytes before and after it that mark it in memory. As Go itself has it, what does
/// not end in a line end before the mark is no list.
pub(super) fn between_marks(bytes: &[u8]) -> String {
    const MARK: usize = 16;
    if bytes.len() < 2 * MARK + 1 || bytes[bytes.len() - MARK - 1] != b'\n' {
        return String::new();
    }
    String::from_utf8_lossy(&bytes[MARK..bytes.len() - MARK]).into_owned()
}
