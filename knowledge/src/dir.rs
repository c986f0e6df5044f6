//! The knowledge folder of a data directory: the bundle in force, the one before it, and downloaded feeds.
//!
//! The decision a reader may doubt: a new bundle is read in full and its checksum compared before it replaces the old
//! one. That takes a second, and means that whatever is in force was whole when it was put there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::bundle::Bundle;
use crate::bundle::write::{part_path, remove_stale, rename_synced, write_whole};
use crate::error::KnowledgeError;
use crate::transfer::{Signature, signature_path};

/// `DATA/knowledge/` with `current.bundle`, `previous.bundle`, their signatures, `trusted.pub` and `feeds/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnowledgeDir {
    root: PathBuf,
}

impl KnowledgeDir {
    /// Names the folder inside a data directory; nothing is created yet.
    pub fn new(data_dir: impl AsRef<Path>) -> Self {
        Self { root: data_dir.as_ref().join("knowledge") }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Where [`crate::download`] puts feeds and [`crate::compile`] finds them.
    pub fn feeds(&self) -> PathBuf {
        self.root.join("feeds")
    }

    /// Where a new bundle is compiled to before [`Self::install`]: on the same file system, unique to this process.
    pub fn staging(&self) -> PathBuf {
        self.root.join(format!("staging-{}.bundle", std::process::id()))
    }

    /// The bundle in force, if one was ever installed.
    pub fn current(&self) -> Option<PathBuf> {
        Some(self.current_path()).filter(|path| path.is_file())
    }

    /// The bundle that was in force before.
    pub fn previous(&self) -> Option<PathBuf> {
        Some(self.previous_path()).filter(|path| path.is_file())
    }

    /// A file of public keys: if it is there, a bundle that comes from outside must be signed by one of them.
    pub fn trusted(&self) -> PathBuf {
        self.root.join("trusted.pub")
    }

    /// The signature that came with the bundle in force.
    pub fn current_signature(&self) -> Option<PathBuf> {
        Some(signature_path(&self.current_path())).filter(|path| path.is_file())
    }

    /// Checks a bundle file and puts it in force; the old one becomes the previous one, the given file is used up.
    ///
    /// At every moment, also across a crash, `current.bundle` is a whole bundle.
    ///
    /// # Errors
    /// If the file is no whole bundle or cannot be moved here; the old bundle stays in force.
    pub fn install(&self, bundle: &Path) -> Result<PathBuf, KnowledgeError> {
        self.install_signed(bundle, None)
    }

    /// Like [`Self::install`]; the signature is kept beside the bundle. It is not checked here.
    pub(crate) fn install_signed(
        &self,
        bundle: &Path,
        signature: Option<&Signature>,
    ) -> Result<PathBuf, KnowledgeError> {
        Bundle::open(bundle)?.verify().map_err(|error| match error {
            KnowledgeError::Damaged { reason, .. } => {
                KnowledgeError::Damaged { path: bundle.to_owned(), reason }
            }
            other => other,
        })?;
        fs::create_dir_all(&self.root).map_err(KnowledgeError::io("make", &self.root))?;
        let current = self.current_path();
        self.keep_previous(&current)?;
        let staged = self.bring_here(bundle)?;
        File::open(&staged).and_then(|file| file.sync_all()).map_err(KnowledgeError::io("sync", &staged))?;
        // The old signature goes before the old bundle does: at no moment does one lie beside a bundle that it is not of.
        self.move_signature(&current)?;
        rename_synced(&staged, &current)?;
        if let Some(signature) = signature {
            write_whole(&signature_path(&current), signature.to_text().as_bytes())?;
        }
        remove_stale(&self.root, "staging-", ".bundle");
        remove_stale(&self.root, "", ".part");
        Ok(current)
    }

    /// Makes `previous.bundle` a second name of the current file.
    fn keep_previous(&self, current: &Path) -> Result<(), KnowledgeError> {
        if !current.is_file() {
            return Ok(());
        }
        let previous = self.previous_path();
        let part = part_path(&previous);
        let _ = fs::remove_file(&part);
        fs::hard_link(current, &part)
            .or_else(|_| fs::copy(current, &part).map(drop))
            .map_err(KnowledgeError::io("keep", current))?;
        rename_synced(&part, &previous)?;
        // If another process has just done the same, both names are one file, and renaming does nothing.
        let _ = fs::remove_file(&part);
        Ok(())
    }

    /// Makes the signature of the bundle in force that of the previous one, which is the same bundle by now.
    fn move_signature(&self, current: &Path) -> Result<(), KnowledgeError> {
        let (from, to) = (signature_path(current), signature_path(&self.previous_path()));
        if from.is_file() {
            return rename_synced(&from, &to);
        }
        match fs::remove_file(&to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(KnowledgeError::Io { action: "remove", path: to, source: error })
            }
            _ => Ok(()),
        }
    }

    /// A file on our own file system: the given one, or a copy if it lies elsewhere.
    fn bring_here(&self, bundle: &Path) -> Result<PathBuf, KnowledgeError> {
        let here = part_path(&self.current_path());
        if fs::rename(bundle, &here).is_err() {
            fs::copy(bundle, &here).map_err(KnowledgeError::io("copy", bundle))?;
            let _ = fs::remove_file(bundle);
        }
        Ok(here)
    }

    fn current_path(&self) -> PathBuf {
        self.root.join("current.bundle")
    }

    fn previous_path(&self) -> PathBuf {
        self.root.join("previous.bundle")
    }
}
