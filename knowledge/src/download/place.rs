//! Putting files in their places: the old one stays until the new one is whole, and is kept until a compilation has taken the new one.

use std::fs::{self, File};
use std::path::Path;

use super::sidecar::{Sidecar, last_good};
use crate::bundle::write::{part_path, rename_synced};
use crate::compile::CompileReport;

/// A checksum that the publisher gives, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Checksum {
    Sha256(String),
    Sha512(String),
}

impl Checksum {
    /// Reads a checksum by its length; anything else is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text.len() {
            64 if hexadecimal => Some(Self::Sha256(text)),
            128 if hexadecimal => Some(Self::Sha512(text)),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Sha256(text) | Self::Sha512(text) => text,
        }
    }

    /// Compares it with everything that `reader` gives.
    pub(super) fn check(&self, reader: impl std::io::Read) -> Result<(), String> {
        let found = match self {
            Self::Sha256(_) => hexadecimal::<sha2::Sha256>(reader),
            Self::Sha512(_) => hexadecimal::<sha2::Sha512>(reader),
        }
        .map_err(|error| error.to_string())?;
        if found == self.text() {
            return Ok(());
        }
        Err(format!("its checksum is {found} and not the published {}", self.text()))
    }

    /// Compares it with a file as it lies there.
    pub(super) fn check_file(&self, path: &Path) -> Result<(), String> {
        self.check(File::open(path).map_err(|error| error.to_string())?)
    }
}

fn hexadecimal<D: sha2::Digest>(mut reader: impl std::io::Read) -> std::io::Result<String> {
    let mut hasher = D::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect());
        }
        hasher.update(&buffer[..count]);
    }
}

/// Makes the whole file `part` the file `target`. The one that it replaces becomes the last good copy, unless there is one
/// that is still waiting for a successor to be accepted.
pub(super) fn install(part: &Path, target: &Path) -> Result<(), String> {
    let copy = last_good(target);
    if target.is_file() && !copy.is_file() {
        let staged = part_path(&copy);
        let _ = fs::remove_file(&staged);
        fs::hard_link(target, &staged)
            .or_else(|_| fs::copy(target, &staged).map(drop))
            .map_err(|error| error.to_string())?;
        rename_synced(&staged, &copy).map_err(|error| error.to_string())?;
    }
    File::open(part).and_then(|file| file.sync_all()).map_err(|error| error.to_string())?;
    rename_synced(part, target).map_err(|error| error.to_string())
}

/// Tells the download folder what a compilation made of it. Last good copies of files that were accepted are taken away; a file
/// in whose stead its last good copy was used is fetched whole next time.
pub fn accept(feeds: &Path, report: &CompileReport) {
    for source in &report.sources {
        let file = feeds.join(&source.path);
        if source.older_copy {
            Sidecar::forget(&file);
        } else if last_good(&file).is_file() {
            let _ = fs::remove_file(last_good(&file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_copy_stays_until_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let (target, part) = (folder.path().join("f"), folder.path().join("f.part"));
        for text in ["one", "two", "three"] {
            fs::write(&part, text).unwrap();
            install(&part, &target).unwrap();
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "three");
        assert_eq!(fs::read_to_string(last_good(&target)).unwrap(), "one");
        assert!(!part.exists());
    }

    #[test]
    fn checksums_are_known_by_their_length() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let checksum = Checksum::parse(&format!(" {}\n", empty.to_uppercase())).unwrap();
        assert_eq!(checksum, Checksum::Sha256(empty.into()));
        assert!(checksum.check(&b""[..]).is_ok());
        assert!(checksum.check(&b"x"[..]).unwrap_err().contains("not the published e3b0c442"));
        assert!(matches!(Checksum::parse(&"0".repeat(128)), Some(Checksum::Sha512(_))));
        assert_eq!(Checksum::parse("da39a3ee5e6b4b0d3255bfef95601890afd80709"), None, "SHA-1 proves nothing");
        assert_eq!(Checksum::parse(&"g".repeat(64)), None);
    }
}
