//! The compiled bundle: one immutable file that is mapped into memory and searched in place.
//!
//! What it is for: opening in milliseconds whatever its size, sharing between processes, being equal byte for
//! byte when it is compiled twice. What it is not for: judging; it hands out what publishers say.
//!
//! The decision a reader may doubt: a lookup never fails. A statement that cannot be decoded (the file was damaged
//! after it was installed) is logged and left out, because the rest of the bundle is still the best knowledge
//! there is. [`Bundle::verify`] finds such damage for certain.

mod changes;
mod code;
mod contents;
pub(crate) mod format;
pub(crate) mod index;
mod lifecycle;
mod manifest;
pub(crate) mod map;
mod read;
mod row;
pub(crate) mod row_write;
mod stated;
pub(crate) mod stored;
pub(crate) mod table;
pub(crate) mod write;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use model::advisory::Epss;
use model::{Affected, Digest, Namespace, Timestamp, Vulnerability};

pub use changes::Changes;
pub use contents::Contents;
pub use lifecycle::{ProductCycle, ProductInfo, is_dotnet_runtime};
pub use manifest::{Manifest, NamespaceCounts, Source};
pub use row::{Fix, Row, StatementView, Verdict};
pub use stored::Origin;
use stored::StoredOrigin;

use lifecycle::Lifecycles;
use version::Scheme;

use map::Bytes;
use read::Section;

/// A statement about a package together with its vulnerability.
#[derive(Clone, Debug, PartialEq)]
pub struct BundleAffected {
    /// What the publisher says; `severity` is already raised.
    pub affected: Affected,
    /// The vulnerability; equal ones share one allocation.
    pub vulnerability: Arc<Vulnerability>,
}

/// An open bundle. Cheap to share behind an `Arc`, usable from any thread.
#[derive(Debug)]
pub struct Bundle {
    bytes: Bytes,
    id: Digest,
    manifest: Manifest,
    advisories: Section,
    vulnerabilities: Section,
    lifecycles: Lifecycles,
    registry: Section,
    predictions: Section,
    records: Section,
    index: std::ops::Range<usize>,
    covered: HashMap<String, Option<Scheme>>,
    date: Option<Timestamp>,
    decoded: Vec<OnceLock<Arc<Vulnerability>>>,
}

impl Bundle {
    /// The digest of the bundle's content: its identity.
    pub fn id(&self) -> Digest {
        self.id
    }

    /// The whole file.
    pub(crate) fn file(&self) -> &[u8] {
        self.bytes.as_slice()
    }

    /// The length of the whole file.
    pub fn size(&self) -> u64 {
        self.bytes.as_slice().len() as u64
    }

    /// What the bundle says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The date of the newest feed; `None` if no feed tells one.
    pub fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// Whether any feed of the bundle speaks of this namespace. If not, no finding does not mean clean.
    pub fn covers(&self, namespace: &Namespace) -> bool {
        self.covered.contains_key(&namespace.0)
    }

    /// The order of versions in a namespace that the bundle speaks of; `None` if it does not, or if the order is not known.
    pub fn scheme(&self, namespace: &Namespace) -> Option<Scheme> {
        self.covered.get(&namespace.0).copied().flatten()
    }

    /// What is said about a package; `package` is the name that [`crate::advisory_key`] gives, or another one under
    /// which publishers may list it.
    pub fn row(&self, namespace: &str, package: &str) -> Option<Row<'_>> {
        let bytes = self.bytes.as_slice();
        let hash = index::hash(&[namespace.as_bytes(), &[0], package.as_bytes()]);
        let found = index::candidates(bytes.get(self.index.clone())?, hash).find(|&row| {
            let key = self.advisories.key(bytes, row).unwrap_or_default();
            table::compare_pair(key, namespace, package).is_eq()
        })?;
        Row::new(self.advisories.blob(bytes, found)?)
    }

    /// Everything that is said about a package as plain data, sorted by vulnerability number, advisory and feed.
    /// Statements that do not count are among it.
    pub fn affected(&self, namespace: &Namespace, package: &str) -> Vec<BundleAffected> {
        let Some(row) = self.row(&namespace.0, package) else { return Vec::new() };
        let statements = (0..row.len()).map(|index| row.statement(index));
        statements
            .filter_map(|statement| {
                let vulnerability = self.vulnerability(statement.qid())?;
                Some(BundleAffected { affected: statement.to_model(), vulnerability })
            })
            .collect()
    }

    /// All rows with their namespace and package, in the order of their keys.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &str, Row<'_>)> {
        let bytes = self.bytes.as_slice();
        (0..self.advisories.len()).filter_map(move |index| {
            let key = std::str::from_utf8(self.advisories.key(bytes, index)?).ok()?;
            let (namespace, package) = key.split_once('\0')?;
            Some((namespace, package, Row::new(self.advisories.blob(bytes, index)?)?))
        })
    }

    /// Where the records of a feed with this id came from; several if the feed writes one for each package.
    pub fn origins(&self, feed: &str, advisory: &str) -> Vec<Origin> {
        let blob = self.records.pair(self.bytes.as_slice(), feed, advisory);
        let stored: Vec<StoredOrigin> =
            blob.and_then(|blob| postcard::from_bytes(blob).ok()).unwrap_or_default();
        stored.iter().map(|origin| origin.to_origin(&self.manifest.sources)).collect()
    }

    /// The numbers of a vulnerability in all families, by its main id or one of its aliases. Looks at every vulnerability.
    pub fn numbers_of(&self, id: &str) -> Vec<u32> {
        let is_named = |vulnerability: &Vulnerability| {
            vulnerability.id.eq_ignore_ascii_case(id)
                || vulnerability.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(id))
        };
        self.vulnerabilities().filter(is_named).map(|vulnerability| vulnerability.qid).collect()
    }

    /// The vulnerability with this number.
    pub fn vulnerability(&self, qid: u32) -> Option<Arc<Vulnerability>> {
        let key = qid.to_be_bytes();
        let index = self.vulnerabilities.find(self.bytes.as_slice(), |stored| stored.cmp(&key[..]))?;
        self.vulnerability_at(index)
    }

    /// All vulnerabilities in order of their numbers; each is decoded on the way and not kept.
    pub fn vulnerabilities(&self) -> impl Iterator<Item = Vulnerability> + '_ {
        (0..self.decoded.len()).filter_map(|index| self.decode_vulnerability(index))
    }

    /// The numbers that are not CVE codes, `family|id` and number, in order; a later bundle carries them over.
    pub(crate) fn registered(&self) -> impl Iterator<Item = (String, u32)> + '_ {
        let bytes = self.bytes.as_slice();
        (0..self.registry.len()).filter_map(move |index| {
            let key = std::str::from_utf8(self.registry.key(bytes, index)?).ok()?;
            let number = <[u8; 4]>::try_from(self.registry.blob(bytes, index)?).ok()?;
            Some((key.to_owned(), u32::from_le_bytes(number)))
        })
    }

    fn vulnerability_at(&self, index: usize) -> Option<Arc<Vulnerability>> {
        let slot = self.decoded.get(index)?;
        if let Some(ready) = slot.get() {
            return Some(Arc::clone(ready));
        }
        let decoded = Arc::new(self.decode_vulnerability(index)?);
        Some(Arc::clone(slot.get_or_init(|| decoded)))
    }

    fn decode_vulnerability(&self, index: usize) -> Option<Vulnerability> {
        let blob = self.vulnerabilities.blob(self.bytes.as_slice(), index)?;
        match postcard::from_bytes::<Vulnerability>(blob) {
            Ok(mut vulnerability) => {
                vulnerability.epss = self.prediction(vulnerability.qid);
                Some(vulnerability)
            }
            Err(error) => {
                tracing::warn!(
                    bundle = %self.id, index,
                    "vulnerability {index} of the bundle is damaged and left out: {error}"
                );
                None
            }
        }
    }

    fn prediction(&self, qid: u32) -> Option<Epss> {
        let bytes = self.bytes.as_slice();
        let key = qid.to_be_bytes();
        let index = self.predictions.find(bytes, |stored| stored.cmp(&key[..]))?;
        let blob = self.predictions.blob(bytes, index)?;
        let [score, percentile] = [0, 4].map(|at| f32::from_bits(format::u32_at(blob, at)));
        Some(Epss { score, percentile })
    }
}
