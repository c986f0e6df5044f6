//! The one error type of this crate. A bad record or a bad feed file is not an error but a line of the
//! report; an error means that no bundle could be made, opened or put in place.

use std::io;
use std::path::{Path, PathBuf};

/// Why a bundle could not be compiled, opened, checked or installed.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// A file or folder of our own could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read` or `write`.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The input folder holds no feed.
    #[error("{} holds no feed that can be used{}", path.display(), first_skip(.skipped))]
    NothingToCompile {
        /// The folder.
        path: PathBuf,
        /// What was found there and why it was not used.
        skipped: Vec<(PathBuf, String)>,
    },
    /// The file is not a bundle, or is cut short or damaged.
    #[error("{} is not a usable bundle: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the byte offset where there is one.
        reason: String,
    },
    /// The bundle was written by a newer Plimsoll.
    #[error(
        "{} is a bundle of format {found}, this program reads up to {known}: update plimsoll or fetch an older bundle",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: u32,
        /// The newest format that is understood.
        known: u32,
    },
    /// A key, a signature, a delta or a packed bundle is damaged, or is something else.
    #[error("{} is not a usable {what}: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file arrived that nobody who is trusted has signed.
    #[error("{} is refused: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A delta starts from another bundle than the one at hand.
    #[error(
        "{} leads from bundle {wanted} to another one, and the bundle at hand is {}; make a delta since that one, or          carry the whole bundle over",
        path.display(),
        found.map_or_else(|| "none".to_owned(), |found| found.to_string())
    )]
    WrongBase {
        /// The delta.
        path: PathBuf,
        /// The bundle that it starts from.
        wanted: model::Digest,
        /// The bundle that it was to be applied to.
        found: Option<model::Digest>,
    },
    /// A document that must be written could not be encoded.
    #[error("cannot encode the bundle's {what}: {reason}")]
    Encode {
        /// Which part.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// The block of numbers for vulnerabilities without a CVE is used up.
    #[error("no free number is left for `{key}`")]
    NumbersExhausted {
        /// The vulnerability that got none.
        key: String,
    },
    /// A feed has far fewer records than before.
    #[error(
        "feed {feed} has lost more than a tenth of its records: {now} now, {before} before{}; the data in force is \
         unchanged; if the loss is right, repeat with `--allow-shrink {feed}`",
        path.as_ref().map_or_else(String::new, |path| format!(" ({path})"))
    )]
    Shrunk {
        /// The feed.
        feed: String,
        /// The file, if one file is to blame.
        path: Option<String>,
        /// Records in the bundle that it was compared with.
        before: u64,
        /// Records found.
        now: u64,
    },
    /// A feed is asked for that does not exist.
    #[error("there is no feed `{name}`; there are: {known}")]
    UnknownFeed {
        /// The name given.
        name: String,
        /// The names that can be given.
        known: String,
    },
    /// The client for downloads could not be made.
    #[error("cannot prepare downloads: {0}")]
    Client(String),
}

impl KnowledgeError {
    /// The same fault told of another file: of the one that was given, where a copy of it was looked at.
    #[must_use]
    pub fn named(self, file: &Path) -> Self {
        let path = file.to_owned();
        match self {
            Self::Damaged { reason, .. } => Self::Damaged { path, reason },
            Self::Newer { found, known, .. } => Self::Newer { path, found, known },
            Self::Unusable { what, reason, .. } => Self::Unusable { path, what, reason },
            Self::Refused { reason, .. } => Self::Refused { path, reason },
            other => other,
        }
    }

    /// Makes an adapter for `map_err` that adds the action and the place.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

fn first_skip(skipped: &[(PathBuf, String)]) -> String {
    match skipped.first() {
        Some((path, reason)) => format!(" ({}: {reason})", path.display()),
        None => String::new(),
    }
}
