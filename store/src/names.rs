//! Names and versions of packages by their numbers, remembered for those who read inventories.
//!
//! Packages are never changed nor removed, so what is remembered stays true, and all readers share it. It costs about 50
//! bytes a package.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::dialect::with_list;
use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::package;
use crate::sql::sql;

/// Packages asked for by one statement.
const BATCH: usize = 200;
/// Bytes of texts that are remembered at most; then all are forgotten, between two questions.
const MAX_TEXTS: usize = 512 << 20;

/// What is remembered.
#[derive(Default)]
pub(crate) struct Names {
    known: RwLock<Known>,
}

/// Names and versions, one behind the other.
#[derive(Default)]
pub(crate) struct Known {
    texts: String,
    places: HashMap<u32, Place>,
}

/// Where the texts of a package are.
#[derive(Clone, Copy)]
struct Place {
    start: u32,
    name: u32,
    version: u32,
}

impl Known {
    /// Name and version of a package.
    pub(crate) fn get(&self, package: u32) -> Option<(&str, &str)> {
        let Place { start, name, version } = *self.places.get(&package)?;
        let name_end = start as usize + name as usize;
        let name = self.texts.get(start as usize..name_end)?;
        Some((name, self.texts.get(name_end..name_end + version as usize)?))
    }

    fn put(&mut self, package: u32, name: &str, version: &str) {
        let start = self.texts.len() as u32;
        self.texts.push_str(name);
        self.texts.push_str(version);
        self.places.insert(package, Place { start, name: name.len() as u32, version: version.len() as u32 });
    }
}

impl Names {
    /// What is known; writers wait for as long as it is held.
    pub(crate) fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers packages as number, name and version.
    pub(crate) fn learn<'a>(&self, packages: impl Iterator<Item = (u32, &'a str, &'a str)>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for (package, name, version) in packages {
            if known.texts.len() < 2 * MAX_TEXTS && !known.places.contains_key(&package) {
                known.put(package, name, version);
            }
        }
    }

    /// Makes sure that those of the packages are known that exist.
    pub(crate) fn fetch(&self, connection: &mut dyn Connection, mut packages: Vec<u32>) -> Result<()> {
        packages.sort_unstable();
        packages.dedup();
        if self.known().texts.len() > MAX_TEXTS {
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known::default();
        }
        {
            let known = self.known();
            packages.retain(|package| !known.places.contains_key(package));
        }
        for part in packages.chunks(BATCH) {
            let size = if part.len() == 1 { 1 } else { BATCH };
            let mut values: Vec<Value> = part.iter().map(|package| Value::from(*package)).collect();
            values.resize(size, Value::Null);
            let rows = connection.query(&with_list(sql!("package/of_numbers"), size), &values)?;
            let mut found = Vec::with_capacity(rows.len());
            for mut row in rows {
                found.push((row.u32(0)?, package::name_and_version(&row.text(1)?)?));
            }
            self.learn(found.iter().map(|(package, (name, version))| (*package, &**name, &**version)));
        }
        Ok(())
    }
}

/// The error of an inventory that names a package which there is not.
pub(crate) fn unknown(what: &str, package: u32) -> StoreError {
    StoreError::damaged(what, format!("names package {package}, which does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learnt_is_known_by_its_number() {
        let names = Names::default();
        names.learn([(7, "curl", "8.0"), (9, "", ""), (7, "other", "1")].into_iter());
        let known = names.known();
        assert_eq!(known.get(7), Some(("curl", "8.0")));
        assert_eq!(known.get(9), Some(("", "")));
        assert_eq!(known.get(8), None);
    }
}
