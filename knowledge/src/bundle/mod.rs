//! The compiled bundle: one immutable file that is mapped into memory and searched in place.
//!
//! What it is for: opening in milliseconds whatever its size, sharing between processes, being equal byte for
//! byte when it is compiled twice. What it is not for: judging; it hands out what publishers say.
//!
//! The decision a reader may doubt: a lookup never fails. A statement that cannot be decoded (the file was damaged
//! after it was installed) is logged and left out, because the rest of the bundle is still the best knowledge
//! there is. [`Bundle::verify`] finds such damage for certain.

pub(crate) mod format;
mod manifest;
mod map;
mod read;
mod stored;
mod table;
pub(crate) mod write;

use std::sync::{Arc, OnceLock};

use model::{Affected, Digest, Lifecycle, Namespace, Vulnerability};

pub use manifest::{Manifest, NamespaceCounts, Source};
pub(crate) use stored::{StoredAffected, StoredRange};

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

/// A product release cycle as the bundle knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductCycle {
    /// Its dates.
    pub lifecycle: Lifecycle,
    /// The number of the finding that it is past its end of life.
    pub qid: u32,
}

/// An open bundle. Cheap to share behind an `Arc`, usable from any thread.
#[derive(Debug)]
pub struct Bundle {
    bytes: Bytes,
    id: Digest,
    manifest: Manifest,
    advisories: Section,
    vulnerabilities: Section,
    lifecycles: Section,
    registry: Section,
    decoded: Vec<OnceLock<Arc<Vulnerability>>>,
}

impl Bundle {
    /// The digest of the bundle's content: its identity.
    pub fn id(&self) -> Digest {
        self.id
    }

    /// What the bundle says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether any feed of the bundle speaks of this namespace. If not, no finding does not mean clean.
    pub fn covers(&self, namespace: &Namespace) -> bool {
        self.manifest.namespaces.contains_key(&namespace.0)
    }

    /// Everything that is said about a package, sorted by vulnerability number, advisory and feed;
    /// `package` is the name that [`crate::advisory_key`] gives.
    pub fn affected(&self, namespace: &Namespace, package: &str) -> Vec<BundleAffected> {
        let Some(blob) = self.advisories.pair(self.bytes.as_slice(), &namespace.0, package) else {
            return Vec::new();
        };
        let stored: Vec<StoredAffected<'_>> = match postcard::from_bytes(blob) {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(
                    bundle = %self.id, package, %namespace,
                    "statements about {package} in {namespace} are damaged and left out: {error}"
                );
                return Vec::new();
            }
        };
        let mut found = Vec::with_capacity(stored.len());
        for statement in &stored {
            if let Some(vulnerability) = self.vulnerability_at(statement.vulnerability as usize) {
                found.push(BundleAffected { affected: statement.to_model(), vulnerability });
            }
        }
        found
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

    /// The dates of the release cycle that `version` of `product` belongs to.
    ///
    /// Products have the names of endoflife.date, their aliases and the `ID`s of os-release (`debian`, `alpine`,
    /// `python`). The longest cycle that is a whole-part prefix of `version` wins: `3.11.4` finds `3.11`.
    pub fn lifecycle(&self, product: &str, version: &str) -> Option<Lifecycle> {
        self.product_cycle(product, version).map(|cycle| cycle.lifecycle)
    }

    /// Like [`Self::lifecycle`], with the number of the cycle's end-of-life finding.
    pub fn product_cycle(&self, product: &str, version: &str) -> Option<ProductCycle> {
        let mut cycle = version;
        loop {
            if let Some(found) = self.exact_cycle(product, cycle) {
                return Some(found);
            }
            cycle = cycle.rfind(['.', '-', '+', '_']).map(|end| &cycle[..end])?;
        }
    }

    fn exact_cycle(&self, product: &str, cycle: &str) -> Option<ProductCycle> {
        let blob = self.lifecycles.pair(self.bytes.as_slice(), product, cycle)?;
        let stored: stored::StoredLifecycle = postcard::from_bytes(blob).ok()?;
        Some(ProductCycle { lifecycle: stored.lifecycle, qid: stored.qid })
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
        match postcard::from_bytes(blob) {
            Ok(vulnerability) => Some(vulnerability),
            Err(error) => {
                tracing::warn!(
                    bundle = %self.id, index,
                    "vulnerability {index} of the bundle is damaged and left out: {error}"
                );
                None
            }
        }
    }
}
