//! Reading a bundle from end to end: does everything that lies in it come out again?
//!
//! What it is for: bundles that arrive from outside, and `feeds verify`. A lookup passes over what is damaged, so this
//! is the one place that tells. The decision a reader may doubt: a checksum that is right is not taken as proof, for a
//! program with a fault writes right checksums over wrong tables.

use model::Vulnerability;

use super::format::{self, Frame, u32_at};
use super::read::Section;
use super::row::Row;
use super::stored::{StoredOrigin, StoredProduct};
use super::{Bundle, index};
use crate::error::KnowledgeError;

/// What a bundle holds, counted entry by entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Pairs of namespace and package.
    pub rows: u64,
    /// Statements about them.
    pub statements: u64,
    /// Vulnerabilities.
    pub vulnerabilities: u64,
    /// Exploit predictions.
    pub predictions: u64,
    /// Records whose origin is known.
    pub records: u64,
    /// Products with lifecycles.
    pub products: u64,
    /// Numbers that no other vulnerability may get.
    pub numbers: u64,
}

impl Bundle {
    /// Compares the checksum of the content and reads every entry of every table.
    ///
    /// # Errors
    /// [`KnowledgeError::Damaged`] that names the first entry that cannot be read.
    pub fn read_everything(&self) -> Result<Contents, KnowledgeError> {
        self.verify()?;
        let walk = Walk { bundle: self, file: self.bytes.as_slice() };
        walk.contents().map_err(|reason| KnowledgeError::Damaged { path: "bundle".into(), reason })
    }
}

struct Walk<'a> {
    bundle: &'a Bundle,
    file: &'a [u8],
}

impl Walk<'_> {
    fn contents(&self) -> Result<Contents, String> {
        let frame = Frame::read(self.file).map_err(|error| format!("{error:?}"))?;
        let table = |section| {
            Section::open(self.file, &frame, section)
                .ok_or_else(|| format!("its table of {section:?} does not fit"))
        };
        let manifest = self.bundle.manifest();
        let products = table(format::Section::Lifecycles)?;
        let mut statements = 0;
        let contents = Contents {
            vulnerabilities: each("vulnerability", &self.bundle.vulnerabilities, self.file, |key, blob| {
                let found: Vulnerability = postcard::from_bytes(blob).map_err(|error| error.to_string())?;
                expect(found.qid.to_be_bytes()[..] == *key, "it has another number than its key")
            })?,
            predictions: each("prediction", &self.bundle.predictions, self.file, |key, blob| {
                self.speaks_of_known(key)?;
                expect(blob.len() == 8, "it does not have 8 bytes")
            })?,
            rows: each("row", &self.bundle.advisories, self.file, |key, blob| {
                statements += self.row(key, blob)?;
                Ok(())
            })?,
            records: each("origin", &self.bundle.records, self.file, |_, blob| {
                let origins: Vec<StoredOrigin> =
                    postcard::from_bytes(blob).map_err(|error| error.to_string())?;
                let named = |origin: &StoredOrigin| !origin.to_origin(&manifest.sources).file.is_empty();
                expect(origins.iter().all(named), "it names a file that is not in the manifest")
            })?,
            products: each("product", &products, self.file, |_, blob| {
                postcard::from_bytes::<StoredProduct<'_>>(blob).map(drop).map_err(|error| error.to_string())
            })?,
            numbers: each("number", &self.bundle.registry, self.file, |_, blob| {
                expect(blob.len() == 4, "it does not have 4 bytes")
            })?,
            statements: 0,
        };
        each("product name", &table(format::Section::LifecycleNames)?, self.file, |_, blob| {
            let product = u32_at(blob, 0) as usize;
            expect(blob.len() == 5 && product < products.len(), "it leads to no product")
        })?;
        let counted: u64 = manifest.namespaces.values().map(|counts| counts.statements).sum();
        if (contents.vulnerabilities, statements) != (manifest.vulnerabilities, counted) {
            return Err(format!(
                "it holds {} vulnerabilities and {statements} statements, its manifest says {} and {counted}",
                contents.vulnerabilities, manifest.vulnerabilities
            ));
        }
        Ok(Contents { statements, ..contents })
    }

    /// The number of statements of a row that can be found, read and judged.
    fn row(&self, key: &[u8], blob: &[u8]) -> Result<u64, String> {
        let (namespace, _) = std::str::from_utf8(key)
            .ok()
            .and_then(|key| key.split_once('\0'))
            .ok_or("its key is no pair of namespace and package")?;
        expect(
            self.bundle.manifest.namespaces.contains_key(namespace),
            "its namespace is not in the manifest",
        )?;
        let indexed = self.file.get(self.bundle.index.clone()).unwrap_or_default();
        let mut found = index::candidates(indexed, index::hash(&[key]));
        expect(
            found.any(|row| self.bundle.advisories.key(self.file, row) == Some(key)),
            "the index does not know it",
        )?;
        let row = Row::new(blob).ok_or("its parts do not fit its length")?;
        for statement in (0..row.len()).map(|index| row.statement(index)) {
            self.speaks_of_known(&statement.qid().to_be_bytes())?;
            let words = !statement.advisory().is_empty() && !statement.feed().is_empty();
            expect(words, "a statement lacks its advisory or feed")?;
        }
        Ok(row.len() as u64)
    }

    fn speaks_of_known(&self, key: &[u8]) -> Result<(), String> {
        let found = self.bundle.vulnerabilities.find(self.file, |stored| stored.cmp(key));
        expect(found.is_some(), "it speaks of a vulnerability that is not there")
    }
}

/// Visits every entry of a table, whose keys must ascend; gives their number.
fn each(
    what: &str,
    table: &Section,
    file: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
) -> Result<u64, String> {
    let mut last: Option<&[u8]> = None;
    for place in 0..table.len() {
        let wrong = |key: &[u8], reason: &str| {
            let key = String::from_utf8_lossy(key).replace('\0', " ");
            format!("{what} {place} ({}) cannot be read: {reason}", key.escape_debug())
        };
        let (Some(key), Some(blob)) = (table.key(file, place), table.blob(file, place)) else {
            return Err(wrong(b"", "it lies outside of its table"));
        };
        if last.is_some_and(|last| last >= key) {
            return Err(wrong(key, "it is out of order"));
        }
        visit(key, blob).map_err(|reason| wrong(key, &reason))?;
        last = Some(key);
    }
    Ok(table.len() as u64)
}

fn expect(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}
