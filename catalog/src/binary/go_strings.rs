//! Texts that the build information of Go before 1.18 may point back to.

use memchr::memmem;

use super::bytes::Bytes;
use super::go_info::{BuildInfo, MAX_MODULES, MAX_VERSION, between_marks};
use super::layout::Layout;
use super::stream::{Stream, WINDOW};
use crate::text::Problem;

/// What stands before and after the list of modules (Go, `cmd/go/internal/modload`).
const BEGIN: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const END: &[u8] = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
/// Bytes kept of what may be a version.
const VERSION: usize = 64;
/// Places that may be a version; programs have some dozens.
const MAX_VERSIONS: usize = 4_096;

/// Texts with their places in the file.
#[derive(Default)]
pub(super) struct OldStrings {
    versions: Vec<(u64, Vec<u8>)>,
    modules: Option<(u64, Vec<u8>)>,
}

impl OldStrings {
    /// Keeps what may be meant, up to `end`.
    pub(super) fn collect(&mut self, stream: &mut Stream<'_>, end: u64) -> Result<(), Problem> {
        let version = memmem::Finder::new("go1.");
        let begin = memmem::Finder::new(BEGIN);
        let mut known = 0;
        while stream.position() < end {
            let here = stream.position();
            let window = before(stream.fill(WINDOW)?, end - here);
            let is_last = window.len() < WINDOW;
            for at in version.find_iter(window) {
                let place = here + at as u64;
                // What is too near to the end is seen again, whole, in the next window.
                let is_whole = at + VERSION <= window.len() || is_last;
                if place >= known && is_whole && self.versions.len() < MAX_VERSIONS {
                    known = place + 1;
                    let text = &window[at..window.len().min(at + VERSION)];
                    self.versions.push((place, text.to_vec()));
                }
            }
            let list = if self.modules.is_none() { begin.find(window) } else { None };
            if let Some(at) = list {
                stream.consume(at);
                self.list(stream, end)?;
                continue;
            }
            if is_last {
                break;
            }
            let searched = window.len() - VERSION;
            stream.consume(searched);
        }
        Ok(())
    }

    /// Keeps the list that begins where the stream is, if it ends before `limit`.
    fn list(&mut self, stream: &mut Stream<'_>, limit: u64) -> Result<(), Problem> {
        let end = memmem::Finder::new(END);
        let (place, mut kept) = (stream.position(), Vec::new());
        while kept.len() < MAX_MODULES {
            let left = limit.saturating_sub(stream.position());
            let window = before(stream.fill(WINDOW)?, left);
            if let Some(at) = end.find(window) {
                kept.extend_from_slice(&window[..at + END.len()]);
                // Versions in the same window are still to be seen: the list is left by its mark alone.
                stream.consume(at.max(1));
                self.modules = Some((place, kept));
                return Ok(());
            }
            let searched = window.len().saturating_sub(END.len() - 1);
            if window.len() < WINDOW {
                break;
            }
            kept.extend_from_slice(&window[..searched]);
            stream.consume(searched);
        }
        self.modules = Some((place, Vec::new()));
        Ok(())
    }

    /// The texts of the two variables at these addresses.
    pub(super) fn resolve(
        &self,
        stream: &mut Stream<'_>,
        layout: &Layout,
        (wide, big): (bool, bool),
        (version, modules): (u64, u64),
    ) -> Result<BuildInfo, Problem> {
        let mut variables = [(version, None), (modules, None)];
        let mut order = [0, 1];
        order.sort_by_key(|index| variables[*index].0);
        for index in order {
            let variable = &mut variables[index];
            let Some(offset) = layout.offset_of(variable.0) else { continue };
            if stream.skip_to(offset)? {
                let word = if wide { 8 } else { 4 };
                let bytes = Bytes::new(stream.fill(16)?, big);
                variable.1 = bytes.word(0, wide).zip(bytes.word(word, wide));
            }
        }
        let place = |variable: Option<(u64, u64)>| {
            let (address, length) = variable?;
            Some((layout.offset_of(address)?, usize::try_from(length).ok()?))
        };
        let (version, modules) = (place(variables[0].1), place(variables[1].1));
        if version.is_none() {
            let reason = "build information of Go before 1.18 points to nothing in the file";
            return Err(Problem::Malformed(reason.to_owned()));
        }
        let version = version.and_then(|place| self.version(place)).unwrap_or_default();
        let modules = modules.and_then(|(place, length)| {
            let (known, bytes) = self.modules.as_ref()?;
            (*known == place && length <= bytes.len()).then(|| between_marks(&bytes[..length]))
        });
        Ok(BuildInfo { version, modules: modules.unwrap_or_default() })
    }

    fn version(&self, (place, length): (u64, usize)) -> Option<String> {
        let (_, bytes) = self.versions.iter().find(|(known, _)| *known == place)?;
        let text = bytes.get(..length.min(MAX_VERSION))?;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

/// At most the first `count` bytes.
fn before(window: &[u8], count: u64) -> &[u8] {
    usize::try_from(count).map_or(window, |count| &window[..count.min(window.len())])
}
