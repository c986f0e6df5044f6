//! What a new bundle says otherwise than the one before: which packages have to be judged again.
//!
//! Both bundles keep their rows in the same order, so that they are compared side by side. The decision a reader may
//! doubt: words count as well. A package is touched if anything changed that its judgement shows, a title or an
//! exploit prediction included.

use std::cmp::Ordering;
use std::collections::HashSet;

use model::{Ecosystem, Namespace, Package};

use super::Bundle;
use super::read::Section;
use super::row::Row;
use crate::lookup::{advisory_key, fallbacks, language_key, namespace_of};

/// The difference of two bundles.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// `namespace NUL package` of rows that came, went or changed, or speak of a vulnerability that did.
    rows: HashSet<Vec<u8>>,
    /// The packages among these.
    names: HashSet<Vec<u8>>,
    /// Namespaces that are covered by one of the two only.
    namespaces: HashSet<String>,
    /// Numbers of vulnerabilities that came, went or changed.
    vulnerabilities: HashSet<u32>,
    /// Whether dates of releases and products changed.
    lifecycles: bool,
}

impl Changes {
    /// Compares two bundles.
    pub fn between(old: &Bundle, new: &Bundle) -> Self {
        let mut changes = Self::default();
        let (old_bytes, new_bytes) = (old.bytes.as_slice(), new.bytes.as_slice());
        let only = |of: &Bundle, other: &Bundle| {
            let names = of.covered.keys().filter(|name| !other.covered.contains_key(*name));
            names.cloned().collect::<Vec<_>>()
        };
        changes.namespaces = only(old, new).into_iter().chain(only(new, old)).collect();
        changes.lifecycles = !old.lifecycles.is_same(old_bytes, &new.lifecycles, new_bytes);
        for (known, section) in
            [(&old.vulnerabilities, &new.vulnerabilities), (&old.predictions, &new.predictions)]
        {
            differing((old_bytes, known), (new_bytes, section), |key| {
                if let Ok(number) = <[u8; 4]>::try_from(key) {
                    changes.vulnerabilities.insert(u32::from_be_bytes(number));
                }
            });
        }
        differing((old_bytes, &old.advisories), (new_bytes, &new.advisories), |key| {
            changes.rows.insert(key.to_owned());
        });
        changes.add_rows_of_vulnerabilities(new);
        let name = |key: &Vec<u8>| key.split(|byte| *byte == 0).nth(1).map(<[u8]>::to_vec);
        changes.names = changes.rows.iter().filter_map(name).collect();
        changes
    }

    fn add_rows_of_vulnerabilities(&mut self, new: &Bundle) {
        if self.vulnerabilities.is_empty() {
            return;
        }
        let bytes = new.bytes.as_slice();
        for index in 0..new.advisories.len() {
            let Some(row) = new.advisories.blob(bytes, index).and_then(Row::new) else { continue };
            let speaks = (0..row.len()).any(|statement| self.vulnerabilities.contains(&row.qid(statement)));
            if let (true, Some(key)) = (speaks, new.advisories.key(bytes, index)) {
                self.rows.insert(key.to_owned());
            }
        }
    }

    /// Whether [`Self::touches`] may say so of a package with this name and this name of its source; told without
    /// making a package of them.
    pub fn may_touch(&self, ecosystem: Ecosystem, name: &str, source: Option<&str>) -> bool {
        if self.lifecycles || !self.namespaces.is_empty() {
            return true;
        }
        let is_named = |name: &str| self.names.contains(name.as_bytes());
        match ecosystem {
            Ecosystem::Os => false,
            Ecosystem::Rpm => is_named(name) || source.is_some_and(is_named),
            system if system.is_os() => is_named(source.unwrap_or(name)),
            language => is_named(&language_key(language, name)),
        }
    }

    /// Whether the judgement of `package` may have changed.
    pub fn touches(&self, package: &Package) -> bool {
        if package.ecosystem == Ecosystem::Os {
            return self.lifecycles;
        }
        let Some(namespace) = namespace_of(package) else { return self.lifecycles };
        let further = fallbacks(&namespace).into_iter().flatten().map(|next| next.namespace);
        self.lifecycles
            || self.touches_in(package, &namespace)
            || further.into_iter().any(|namespace| self.touches_in(package, &namespace))
    }

    fn touches_in(&self, package: &Package, namespace: &Namespace) -> bool {
        let row = |name: &str| self.rows.contains(&super::table::pair_key(&namespace.0, name));
        self.namespaces.contains(&namespace.0)
            || row(&advisory_key(package))
            || (package.ecosystem == Ecosystem::Rpm && row(&package.name))
    }

    /// The numbers of the vulnerabilities that came, went or changed, in no order.
    pub fn vulnerabilities(&self) -> impl Iterator<Item = u32> + '_ {
        self.vulnerabilities.iter().copied()
    }

    /// How many rows differ.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }
}

/// Walks two sorted tables side by side and hands out every key that only one of them has or whose blobs differ.
fn differing(
    (old_bytes, old): (&[u8], &Section),
    (new_bytes, new): (&[u8], &Section),
    mut visit: impl FnMut(&[u8]),
) {
    let (mut left, mut right) = (0, 0);
    while left < old.len() || right < new.len() {
        let old_key = (left < old.len()).then(|| old.key(old_bytes, left).unwrap_or_default());
        let new_key = (right < new.len()).then(|| new.key(new_bytes, right).unwrap_or_default());
        let order = match (old_key, new_key) {
            (Some(old_key), Some(new_key)) => old_key.cmp(new_key),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        if order.is_ne() || old.blob(old_bytes, left) != new.blob(new_bytes, right) {
            let key = if order.is_gt() { new_key } else { old_key };
            key.into_iter().for_each(&mut visit);
        }
        left += usize::from(order.is_le());
        right += usize::from(order.is_ge());
    }
}
