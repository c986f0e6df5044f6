//! The note beside a downloaded file: where it came from and what to ask with next time.

use std::fs;
use std::path::{Path, PathBuf};

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bundle::write::write_whole;
use crate::error::KnowledgeError;

/// What the note's name adds to the file's.
pub(crate) const SIDECAR: &str = ".source.json";

/// Contents of a note; deleting it costs one full download.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sidecar {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) etag: Option<String>,
    #[serde(default)]
    pub(crate) last_modified: Option<String>,
}

impl Sidecar {
    /// The note of `file`; `None` if there is none or it cannot be read.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        let path = Self::path(file);
        let small = fs::metadata(&path).is_ok_and(|metadata| metadata.len() < 65_536);
        small.then(|| fs::read(&path).ok())?.and_then(|bytes| serde_json::from_slice(&bytes).ok())
    }

    /// Writes the note of `file`.
    pub(crate) fn write(&self, file: &Path) -> Result<(), KnowledgeError> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| KnowledgeError::Encode { what: "note", reason: error.to_string() })?;
        write_whole(&Self::path(file), &bytes)
    }

    /// `Last-Modified` as a time (RFC 9110 section 5.6.7, the preferred form).
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        let text = self.last_modified.as_deref()?.replace("GMT", "+0000");
        let zoned = jiff::fmt::rfc2822::parse(&text).ok()?;
        Some(Timestamp(zoned.timestamp().as_millisecond()))
    }

    fn path(file: &Path) -> PathBuf {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(SIDECAR);
        file.with_file_name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_modified_is_read_as_a_time() {
        let last_modified = Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
        let sidecar = Sidecar { last_modified, ..Sidecar::default() };
        assert_eq!(sidecar.modified(), Timestamp::parse("1994-11-06T08:49:37Z"));
    }
}
