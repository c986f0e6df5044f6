//! The note beside a downloaded file: where it came from, how far it goes, and what to ask with next time.
//!
//! It is written after the file. A process that is killed between the two fetches a little again and loses nothing.

use std::fs;
use std::path::{Path, PathBuf};

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::retry::http_date;
use crate::bundle::write::write_whole;
use crate::error::KnowledgeError;

/// What the note's name adds to the file's.
pub(crate) const SIDECAR: &str = ".source.json";

/// What the name of a file's last good copy adds to the file's.
pub(crate) const LAST_GOOD: &str = ".last-good";

/// A note is never larger.
const LIMIT: u64 = 16 << 20;

/// What a publisher told to ask with next time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Validators {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified: Option<String>,
}

/// How far a list of changes has been followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// Changes before this time are in the file.
    pub(crate) watermark: Timestamp,
    /// Lines of the list from this time on, or with a time in the future, that are in the file too.
    #[serde(default)]
    pub(crate) seen: Vec<String>,
    /// When everything was fetched anew.
    pub(crate) complete: Timestamp,
    /// Of the list.
    #[serde(default)]
    pub(crate) list: Validators,
}

/// Contents of a note; deleting it costs one full download.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sidecar {
    pub(crate) url: String,
    #[serde(flatten)]
    pub(crate) validators: Validators,
    /// The publisher's own name of this state: a commit, a checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<Progress>,
}

impl Sidecar {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }

    /// The note of `file`; `None` if there is none or it cannot be read.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        let path = Self::path(file);
        // a pipe or a device of that name would never end
        let small = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file() && metadata.len() < LIMIT);
        small.then(|| fs::read(&path).ok())?.and_then(|bytes| serde_json::from_slice(&bytes).ok())
    }

    /// The note of `file`, if the file is there and came from `url`.
    pub(crate) fn of(file: &Path, url: &str) -> Option<Self> {
        file.is_file().then(|| Self::read(file)).flatten().filter(|note| note.url == url)
    }

    /// Writes the note of `file`.
    pub(crate) fn write(&self, file: &Path) -> Result<(), KnowledgeError> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| KnowledgeError::Encode { what: "note", reason: error.to_string() })?;
        write_whole(&Self::path(file), &bytes)
    }

    /// Takes the note of `file` away, so that it is fetched whole next time.
    pub(crate) fn forget(file: &Path) {
        let _ = fs::remove_file(Self::path(file));
    }

    /// `Last-Modified` as a time; of a file with changes merged into it, how far those go.
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        let followed = self.progress.as_ref().map(|progress| progress.watermark);
        followed.or_else(|| http_date(self.validators.last_modified.as_deref()?))
    }

    fn path(file: &Path) -> PathBuf {
        with_suffix(file, SIDECAR)
    }
}

/// Where the copy of `file` lies that was in force before it, until a compilation has accepted the file.
pub(crate) fn last_good(file: &Path) -> PathBuf {
    with_suffix(file, LAST_GOOD)
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    file.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_modified_is_read_as_a_time() {
        let last_modified = Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
        let validators = Validators { last_modified, etag: None };
        let sidecar = Sidecar { validators, ..Sidecar::default() };
        assert_eq!(sidecar.modified(), Timestamp::parse("1994-11-06T08:49:37Z"));
    }

    #[test]
    fn a_note_is_read_back_and_one_of_an_older_program_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.zip");
        let note = Sidecar {
            revision: Some("abc".into()),
            validators: Validators { etag: Some("\"1\"".into()), last_modified: None },
            progress: Some(Progress { seen: vec!["x".into()], ..Progress::default() }),
            ..Sidecar::new("https://example.com/all.zip")
        };
        note.write(&file).unwrap();
        assert_eq!(Sidecar::read(&file), Some(note.clone()));
        assert_eq!(Sidecar::of(&file, &note.url), None, "the file itself is not there");
        fs::write(&file, "x").unwrap();
        assert_eq!(Sidecar::of(&file, &note.url), Some(note));
        assert_eq!(Sidecar::of(&file, "https://example.com/other"), None);
        fs::write(Sidecar::path(&file), r#"{"url":"u","etag":"\"2\"","lastModified":null}"#).unwrap();
        assert_eq!(Sidecar::read(&file).unwrap().validators.etag.as_deref(), Some("\"2\""));
    }
}
