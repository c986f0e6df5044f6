//! The forms in which lifecycles and the origins of records lie in a bundle (postcard).
//!
//! A change here raises [`crate::bundle::format::FORMAT`].

use std::collections::HashMap;

use model::{Digest, Lifecycle, Timestamp};
use serde::{Deserialize, Serialize};

use super::manifest::Source;

/// A product, as stored; its name is the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredProduct<'a> {
    pub(crate) label: &'a str,
    pub(crate) page: Option<&'a str>,
    #[serde(borrow)]
    pub(crate) cycles: Vec<StoredCycle<'a>>,
}

/// A product release cycle, as stored; `qid` is the number of its end-of-life finding.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredCycle<'a> {
    pub(crate) qid: u32,
    pub(crate) cycle: &'a str,
    pub(crate) ga: Option<Timestamp>,
    pub(crate) eoas: Option<Timestamp>,
    pub(crate) eol: Option<Timestamp>,
    pub(crate) eos: Option<Timestamp>,
    pub(crate) ended: bool,
    #[serde(borrow)]
    pub(crate) ends: Vec<StoredEnd<'a>>,
}

/// When the support of a source package, or of those whose names begin so, ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredEnd<'a> {
    pub(crate) package: &'a str,
    pub(crate) is_prefix: bool,
    pub(crate) as_release: bool,
    pub(crate) on: Option<Timestamp>,
}

impl<'a> StoredCycle<'a> {
    pub(crate) fn of(qid: u32, lifecycle: &'a Lifecycle, ends: Vec<StoredEnd<'a>>) -> Self {
        let Lifecycle { cycle, ga, eoas, eol, eos, ended, .. } = lifecycle;
        Self { qid, cycle, ga: *ga, eoas: *eoas, eol: *eol, eos: *eos, ended: *ended, ends }
    }

    pub(crate) fn lifecycle(&self, product: &str) -> Lifecycle {
        let Self { cycle, ga, eoas, eol, eos, ended, .. } = *self;
        let product = product.to_owned();
        Lifecycle { product, cycle: cycle.to_owned(), ga, eoas, eol, eos, ended, ..Lifecycle::default() }
    }
}

/// Where a record of a feed came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The file, relative to the folder that was compiled.
    pub file: String,
    /// SHA-256 of the record as its publisher wrote it.
    pub digest: Option<Digest>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    pub modified: Option<Timestamp>,
    /// When its publisher withdrew it.
    pub withdrawn: Option<Timestamp>,
}

/// An origin as stored: the file by its place in the manifest's list of sources.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredOrigin {
    file: u32,
    digest: Option<[u8; 32]>,
    published: Option<Timestamp>,
    modified: Option<Timestamp>,
    withdrawn: Option<Timestamp>,
}

impl StoredOrigin {
    /// `places` tells where in the list a file is.
    pub(crate) fn of(origin: &Origin, places: &HashMap<&str, u32>) -> Self {
        Self {
            file: places.get(origin.file.as_str()).copied().unwrap_or(u32::MAX),
            digest: origin.digest.map(|digest| *digest.as_bytes()),
            published: origin.published,
            modified: origin.modified,
            withdrawn: origin.withdrawn,
        }
    }

    /// Follows the list of sources where another bundle has it in another order; `places` tells where each file is now.
    pub(crate) fn renumber(&mut self, places: &[u32]) {
        self.file = places.get(self.file as usize).copied().unwrap_or(u32::MAX);
    }

    pub(crate) fn to_origin(&self, sources: &[Source]) -> Origin {
        Origin {
            file: sources.get(self.file as usize).map(|source| source.path.clone()).unwrap_or_default(),
            digest: self.digest.map(Digest::from_bytes),
            published: self.published,
            modified: self.modified,
            withdrawn: self.withdrawn,
        }
    }
}
