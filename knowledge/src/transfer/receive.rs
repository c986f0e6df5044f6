//! A bundle arrives from outside: whole, packed or as a delta.
//!
//! The decision a reader may doubt: everything is copied into the data directory first and checked there. What was checked is
//! then what is put in force, whoever writes to the file that was given meanwhile; and that file is left as it is.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use model::Digest;

use super::delta::{self, apply};
use super::key::PublicKey;
use super::seal::{Signature, signature_path};
use super::{MAX_BUNDLE, unpack};
use crate::bundle::write::write_whole;
use crate::bundle::{Bundle, Contents, format};
use crate::dir::KnowledgeDir;
use crate::error::KnowledgeError;

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The forms in which a bundle travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleForm {
    /// As it is.
    Whole,
    /// Packed by zstd.
    Packed,
    /// As what changes since another one.
    Delta,
}

/// Tells by its first bytes what a file is.
///
/// # Errors
/// If it cannot be read, or is none of the forms.
pub fn form_of(path: &Path) -> Result<BundleForm, KnowledgeError> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(KnowledgeError::io("open", path))?;
    file.take(8).read_to_end(&mut head).map_err(KnowledgeError::io("read", path))?;
    match &head[..] {
        head if *head == format::MAGIC => Ok(BundleForm::Whole),
        head if *head == delta::MAGIC => Ok(BundleForm::Delta),
        head if head.starts_with(&ZSTD) => Ok(BundleForm::Packed),
        head => Err(KnowledgeError::Unusable {
            path: path.to_owned(),
            what: "bundle, packed bundle or delta",
            reason: format!("it begins with `{}`", head.escape_ascii()),
        }),
    }
}

/// What was put in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The form in which it came.
    pub form: BundleForm,
    /// The bundle that is in force now.
    pub id: Digest,
    /// Its size.
    pub size: u64,
    /// What is in it.
    pub contents: Contents,
    /// The number of the key whose signature was checked; `None` if no key is trusted.
    pub signed_by: Option<String>,
    /// The bundle that was in force before.
    pub replaced: Option<Digest>,
    /// Whether its newest feed is older than that of the bundle before.
    pub is_older: bool,
}

/// Files that are taken away again.
struct Staged(Vec<PathBuf>);

impl Drop for Staged {
    fn drop(&mut self) {
        self.0.iter().for_each(|path| drop(fs::remove_file(path)));
    }
}

/// The signatures that may speak for a file: over it as it came, and over the bundle that comes out of it.
#[derive(Default)]
struct Signatures {
    outer: Option<Signature>,
    inner: Option<Signature>,
}

impl KnowledgeDir {
    /// Checks a bundle in any form, from the first byte to the last, and puts it in force.
    ///
    /// It must be signed if `keys` names a file of public keys or the directory has one ([`Self::trusted`]): beside the file
    /// that came, or for the bundle inside of it.
    ///
    /// # Errors
    /// If it is not signed as it must be, is damaged or of a newer program, or a delta of another bundle; the bundle in force
    /// stays in force.
    pub fn receive(&self, file: &Path, keys: Option<&Path>) -> Result<Received, KnowledgeError> {
        let keys = self.keys(keys)?;
        let form = form_of(file)?;
        fs::create_dir_all(self.path()).map_err(KnowledgeError::io("make", self.path()))?;
        let (arrived, made) = (self.staging().with_extension("arrived"), self.staging());
        let _staged = Staged(vec![arrived.clone(), made.clone()]);
        copy(file, &arrived)?;
        let current = self.current().map(|path| Bundle::open(&path)).transpose();
        let mut signatures = Signatures::default();
        let mut outer_path = signature_path(file);
        if outer_path.is_file() {
            signatures.outer = Some(Signature::read(&outer_path)?);
        }
        if let (Some(keys), Some(signature)) = (&keys, &signatures.outer) {
            signature.verify_file(&arrived, keys).map_err(|error| error.named(file))?;
        }
        match form {
            BundleForm::Whole => {
                fs::rename(&arrived, &made).map_err(KnowledgeError::io("move", &arrived))?;
                signatures.inner.clone_from(&signatures.outer);
            }
            BundleForm::Packed => {
                unpack(&arrived, &made).map_err(|error| error.named(file))?;
                outer_path = signature_path(&file.with_extension(""));
                if outer_path.is_file() {
                    signatures.inner = Some(Signature::read(&outer_path)?);
                }
            }
            BundleForm::Delta => {
                let bytes = delta::read(&arrived).map_err(|error| error.named(file))?;
                let info = delta::delta_info(&arrived).map_err(|error| error.named(file))?;
                let Some(old) = current? else {
                    return Err(KnowledgeError::WrongBase {
                        path: file.to_owned(),
                        wanted: info.old,
                        found: None,
                    });
                };
                let applied = apply::apply_read(&old, file, &bytes)?;
                signatures.inner = applied.signature.and_then(|text| Signature::parse(&text).ok());
                write_whole(&made, &applied.file)?;
                return self.finish(file, form, &made, keys.as_deref(), &signatures, Some(&old));
            }
        }
        // A bundle in force that cannot be opened is a reason to put another one there, not to refuse it.
        let current = current.ok().flatten();
        self.finish(file, form, &made, keys.as_deref(), &signatures, current.as_ref())
    }

    fn finish(
        &self,
        file: &Path,
        form: BundleForm,
        made: &Path,
        keys: Option<&[PublicKey]>,
        signatures: &Signatures,
        current: Option<&Bundle>,
    ) -> Result<Received, KnowledgeError> {
        let signed_by = match keys {
            None => None,
            Some(keys) => Some(check(file, made, keys, signatures)?),
        };
        let bundle = Bundle::open(made).map_err(|error| error.named(file))?;
        let contents = bundle.read_everything().map_err(|error| error.named(file))?;
        let received = Received {
            form,
            id: bundle.id(),
            size: bundle.size(),
            contents,
            signed_by,
            replaced: current.map(Bundle::id),
            is_older: current.is_some_and(|current| bundle.date() < current.date()),
        };
        drop(bundle);
        // Beside the bundle in force lies only what speaks for it.
        let own = signatures.inner.as_ref();
        let own = own.filter(|own| keys.is_none_or(|keys| own.verify_file(made, keys).is_ok()));
        self.install_signed(made, own)?;
        Ok(received)
    }

    /// The keys that a bundle must be signed by one of; `None` if it need not be signed.
    fn keys(&self, given: Option<&Path>) -> Result<Option<Vec<PublicKey>>, KnowledgeError> {
        if let Some(path) = given {
            return PublicKey::read_all(path).map(Some);
        }
        // A name that is there and leads nowhere, or cannot be looked at, must not switch the check off.
        match fs::symlink_metadata(self.trusted()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            _ => PublicKey::read_all(&self.trusted()).map(Some),
        }
    }
}

/// Gives the number of the key that speaks for the file; the outer signature was checked when it came.
fn check(
    file: &Path,
    made: &Path,
    keys: &[PublicKey],
    signatures: &Signatures,
) -> Result<String, KnowledgeError> {
    match (&signatures.outer, &signatures.inner) {
        (Some(outer), _) => Ok(outer.number()),
        (None, Some(inner)) => {
            inner.verify_file(made, keys).map_err(|error| error.named(file))?;
            Ok(inner.number())
        }
        (None, None) => Err(KnowledgeError::Refused {
            path: file.to_owned(),
            reason: format!(
                "it is not signed: there is no {}; bring the signature along, or sign the bundle with \
                 `plimsoll feeds build --sign KEY`",
                signature_path(file).display()
            ),
        }),
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), KnowledgeError> {
    let input = File::open(from).map_err(KnowledgeError::io("open", from))?;
    let mut output = File::create(to).map_err(KnowledgeError::io("write", to))?;
    let copied = std::io::copy(&mut input.take(MAX_BUNDLE + 1), &mut output);
    match copied.map_err(KnowledgeError::io("copy", from))? {
        length if length <= MAX_BUNDLE => Ok(()),
        _ => Err(KnowledgeError::Unusable {
            path: from.to_owned(),
            what: "bundle",
            reason: format!("it has more than {MAX_BUNDLE} bytes"),
        }),
    }
}
