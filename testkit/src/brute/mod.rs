//! A matcher by brute force: every raw record of the feeds is held against a package, one after the other.
//!
//! What it is for: the answer that the engine is compared with. It shares no code with the engine, reads the publishers'
//! files itself, compares versions by rules of its own and keeps no index but a map from names to records. What it is not for:
//! severities, exploits, lifecycles, explanations, or the feeds that are not listed under [`FEEDS`].
//!
//! The decision a reader may doubt: it follows the same published rules as the engine where feeds leave a choice, such as
//! which of two records names the fix. A comparison of two programs that mean different things would show nothing.

mod answer;
mod compare;
mod distributions;
mod group;
mod languages;
mod order;
mod osv;
mod question;
mod row;
mod source;

use std::collections::BTreeMap;
use std::path::Path;

pub use answer::Found;
pub use compare::{Difference, Tally, differences};
pub use order::Order;
pub use question::Question;
pub use row::{Event, Row, Says, order_of};

use group::Groups;

/// The files that are read, below the folder of the feeds. An engine that is compared must be given these and no others.
pub const FEEDS: [&str; 7] = [
    "osv",
    "debian/tracker-json-reconstructed-2026-11-22.json.gz",
    "alpine-secdb",
    "wolfi/os",
    "ruby-advisory-db",
    "friendsofphp",
    "nodejs-security-wg",
];

/// All rows of all feeds.
#[derive(Debug, Default)]
pub struct BruteForce {
    /// By namespace and package.
    rows: BTreeMap<(String, String), Vec<Row>>,
    /// What could not be read, in words.
    pub passed_over: Vec<String>,
}

impl BruteForce {
    /// Reads the feeds below `data`; `wanted` picks among [`FEEDS`] and the folders of OSV (`osv/PyPI`).
    ///
    /// # Errors
    /// If a file cannot be read at all.
    pub fn read(data: &Path, wanted: impl Fn(&str) -> bool) -> Result<Self, String> {
        let mut rows = Vec::new();
        let mut brute = Self::default();
        let passed = &mut brute.passed_over;
        for ecosystem in source::folders(&data.join("osv"))? {
            let path = format!("osv/{ecosystem}");
            if wanted(&path) {
                osv::read(&data.join(path), &ecosystem, &mut rows, passed)?;
            }
        }
        let readers: [(&str, Reader); 6] = [
            (FEEDS[1], distributions::debian),
            (FEEDS[2], distributions::alpine),
            (FEEDS[3], distributions::wolfi),
            (FEEDS[4], languages::ruby),
            (FEEDS[5], languages::php),
            (FEEDS[6], languages::node),
        ];
        for (path, reader) in readers {
            if wanted(path) && data.join(path).exists() {
                reader(&data.join(path), &mut rows, passed)?;
            }
        }
        osv::fill_in_modules(&mut rows);
        let groups = Groups::of(&rows);
        for mut row in rows {
            row.about = groups.main_ids(&row);
            brute.rows.entry((row.namespace.clone(), row.package.clone())).or_default().push(row);
        }
        Ok(brute)
    }

    /// The packages that a feed speaks of: namespace and name.
    pub fn packages(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows.keys().map(|(namespace, name)| (namespace.as_str(), name.as_str()))
    }

    /// The rows about a package.
    pub fn rows(&self, namespace: &str, name: &str) -> &[Row] {
        self.rows.get(&(namespace.to_owned(), name.to_owned())).map_or(&[], Vec::as_slice)
    }
}

type Reader = fn(&Path, &mut Vec<Row>, &mut Vec<String>) -> Result<(), String>;
