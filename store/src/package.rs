//! The package dictionary: every distinct package once, under a small number that never changes.
//!
//! Numbers are given inside the writing transaction, which keeps every other writer out, so that they are dense
//! and in the order of first sight whatever number of processes write. The writer remembers the numbers it has
//! seen: rows are never changed in their identity nor removed, so what is remembered stays true.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use model::{Digest, Package, PackageRecord, SourcePackage};

use crate::dialect::{with_list, with_rows};
use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::found::{Found, Release};
use crate::record::PackageRow;
use crate::sql::sql;
use crate::work::Work;

/// Packages looked up or inserted by one statement.
const BATCH: usize = 50;
/// Numbers remembered at most; each takes about 40 bytes.
const MAX_REMEMBERED: usize = 4_000_000;

/// Half of the SHA-256 of an identity: what a remembered number is found by, at a size that does not grow with names.
pub(crate) type PackageKey = [u8; 16];

/// What is known of packages, by their keys.
pub(crate) type KeyMap<T> = HashMap<PackageKey, T, KeyState>;

/// Makes [`KeyHasher`]s that hash alike, and otherwise than those of another process: who sends packages cannot choose
/// them to fall together.
#[derive(Clone)]
pub(crate) struct KeyState(u64);

impl Default for KeyState {
    fn default() -> Self {
        Self(RandomState::new().hash_one(0_u8) | 1)
    }
}

impl BuildHasher for KeyState {
    type Hasher = KeyHasher;

    fn build_hasher(&self) -> KeyHasher {
        KeyHasher { factor: self.0, hash: 0 }
    }
}

/// A key is a part of a digest, as good as random already, so it is only stirred.
pub(crate) struct KeyHasher {
    factor: u64,
    hash: u64,
}

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut number = [0; 8];
            number[..part.len()].copy_from_slice(part);
            let product =
                u128::from(u64::from_le_bytes(number) ^ self.hash ^ self.factor) * u128::from(self.factor);
            self.hash = (product as u64) ^ ((product >> 64) as u64);
        }
    }

    fn finish(&self) -> u64 {
        self.hash
    }
}

/// Numbers of packages that are durable.
#[derive(Default)]
pub(crate) struct Numbers(KeyMap<u32>);

impl Numbers {
    /// The number of a package.
    pub(crate) fn get(&self, key: &PackageKey) -> Option<u32> {
        self.0.get(key).copied()
    }

    /// Remembers a number; forgets all others when there are too many.
    pub(crate) fn insert(&mut self, key: PackageKey, id: u32) {
        if self.0.len() >= MAX_REMEMBERED {
            self.0.clear();
        }
        self.0.insert(key, id);
    }
}

/// A package in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// See [`join`].
    pub(crate) text: String,
    /// See [`PackageKey`].
    pub(crate) key: PackageKey,
}

impl Identity {
    /// Makes the canonical form of a package.
    #[cfg(test)]
    pub(crate) fn of(package: &Package) -> Self {
        Self::from_text(identity_of(package))
    }

    /// Makes the canonical form of the package that a report speaks of.
    pub(crate) fn of_record(record: &PackageRecord) -> Self {
        let found = Found::from(record);
        Self::of_release(&found, &found.distro.map(Release::words).unwrap_or_default())
    }

    /// The canonical form of a package, whose release is given in words.
    pub(crate) fn of_release(found: &Found<'_>, distro: &str) -> Self {
        let (source, source_version) = found.source.unwrap_or_default();
        Self::from_text(join([
            found.ecosystem.as_str(),
            distro,
            found.name,
            found.version,
            found.arch.unwrap_or_default(),
            source,
            source_version,
            found.module.unwrap_or_default(),
            found.vendor.unwrap_or_default(),
        ]))
    }

    fn from_text(text: String) -> Self {
        let mut key = [0; 16];
        key.copy_from_slice(&Digest::of(text.as_bytes()).as_bytes()[..16]);
        Self { text, key }
    }
}

/// The canonical form: a JSON list of ecosystem, distribution release, name, version, architecture, source name,
/// source version, module and vendor; empty for what is not set, empty ones at the end left away.
///
/// JSON, because names come from foreign files and may hold any character.
fn join(parts: [&str; 9]) -> String {
    let used = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
    let parts = &parts[..used];
    let mut text = String::with_capacity(2 + parts.iter().map(|part| part.len() + 3).sum::<usize>());
    for part in parts {
        text.push(if text.is_empty() { '[' } else { ',' });
        // no byte is skipped, so that many are looked at in one go
        let is_odd = |odd: bool, byte: u8| odd | (byte < b' ') | (byte == b'"') | (byte == b'\\');
        if part.bytes().fold(false, is_odd) {
            text += &serde_json::to_string(part).expect("a text can be written as JSON");
        } else {
            text.extend(["\"", part, "\""]);
        }
    }
    text.push_str(if parts.is_empty() { "[]" } else { "]" });
    text
}

/// The canonical form of a package.
#[cfg(test)]
fn identity_of(package: &Package) -> String {
    let distro = package.distro.as_ref().map(ToString::to_string).unwrap_or_default();
    let source = package.source.as_ref();
    join([
        package.ecosystem.as_str(),
        &distro,
        &package.name,
        &package.version,
        package.arch.as_deref().unwrap_or_default(),
        source.map_or("", |source| &source.name),
        source.map_or("", |source| &source.version),
        package.module.as_deref().unwrap_or_default(),
        package.vendor.as_deref().unwrap_or_default(),
    ])
}

/// Reads the canonical form.
fn package_of(text: &str) -> Result<Package> {
    let damaged = |reason: String| StoreError::damaged(format!("package {text}"), reason);
    let parts: Vec<String> = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    if parts.len() > 9 {
        return Err(damaged("has more than 9 parts".to_owned()));
    }
    let mut parts = parts.into_iter();
    let mut next = || parts.next().unwrap_or_default();
    let ecosystem =
        next().parse().map_err(|error: model::package::UnknownEcosystem| damaged(error.to_string()))?;
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let distro = filled(next()).map(|text| {
        let Ok(distro) = text.parse();
        distro
    });
    let (name, version, arch) = (next(), next(), filled(next()));
    let source = SourcePackage { name: next(), version: next() };
    let source = Some(source).filter(|source| !source.name.is_empty() || !source.version.is_empty());
    Ok(Package {
        ecosystem,
        distro,
        name,
        version,
        arch,
        source,
        module: filled(next()),
        vendor: filled(next()),
    })
}

/// Name and version out of the canonical form.
pub(crate) fn name_and_version(text: &str) -> Result<(String, String)> {
    let damaged = |reason: String| StoreError::damaged(format!("package {text}"), reason);
    let parts: Vec<Cow<'_, str>> = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    let mut parts = parts.into_iter().skip(2).map(Cow::into_owned);
    Ok((parts.next().unwrap_or_default(), parts.next().unwrap_or_default()))
}

/// The numbers of `packages`, in their order; unknown ones are added to the dictionary.
pub(crate) fn number_all(work: &mut Work<'_>, packages: &[Identity]) -> Result<Vec<u32>> {
    let mut numbers: Vec<Option<u32>> = packages.iter().map(|package| work.number(&package.key)).collect();
    let known = |numbers: &[Option<u32>]| numbers.iter().all(Option::is_some);
    if !known(&numbers) {
        let unknown = missing(packages, &numbers);
        look_up(work, &unknown)?;
        renew(work, packages, &mut numbers);
        if !known(&numbers) {
            let new = missing(packages, &numbers);
            add(work, &new)?;
            renew(work, packages, &mut numbers);
        }
    }
    let lost = || StoreError::damaged("package dictionary", "lost a package that was just added");
    numbers.into_iter().collect::<Option<Vec<u32>>>().ok_or_else(lost)
}

/// The packages that have no number.
fn missing<'a>(packages: &'a [Identity], numbers: &[Option<u32>]) -> Vec<&'a Identity> {
    packages.iter().zip(numbers).filter(|(_, number)| number.is_none()).map(|(package, _)| package).collect()
}

/// Fills in the numbers that are known now.
fn renew(work: &Work<'_>, packages: &[Identity], numbers: &mut [Option<u32>]) {
    for (package, number) in packages.iter().zip(numbers).filter(|(_, number)| number.is_none()) {
        *number = work.number(&package.key);
    }
}

/// Learns the numbers of packages that another process, or this one before its start, has added.
fn look_up(work: &mut Work<'_>, packages: &[&Identity]) -> Result<()> {
    let by_text: HashMap<&str, PackageKey> =
        packages.iter().map(|package| (package.text.as_str(), package.key)).collect();
    let size = if packages.len() == 1 { 1 } else { BATCH };
    let values = |batch: &[&Identity]| {
        let mut values: Vec<Value> = batch.iter().map(|package| Value::from(package.text.as_str())).collect();
        values.resize(size, Value::Null);
        values
    };
    let sets: Vec<Vec<Value>> = packages.chunks(size).map(values).collect();
    let answers = work.connection.query_many(&with_list(sql!("package/by_identity"), size), &sets)?;
    for mut row in answers.into_iter().flatten() {
        let (id, text) = (row.u32(0)?, row.text(1)?);
        if let Some(key) = by_text.get(text.as_str()) {
            work.remember(*key, id);
        }
    }
    Ok(())
}

/// The numbers of those of `packages` that are in the dictionary, for those who may not write.
pub(crate) fn known(connection: &mut dyn Connection, packages: &[Identity]) -> Result<KeyMap<u32>> {
    let sql = with_list(sql!("package/by_identity"), BATCH);
    let mut known = KeyMap::default();
    for batch in packages.chunks(BATCH) {
        let mut values: Vec<Value> = batch.iter().map(|package| Value::from(package.text.as_str())).collect();
        values.resize(BATCH, Value::Null);
        for mut row in connection.query(&sql, &values)? {
            let (id, text) = (row.u32(0)?, row.text(1)?);
            known.insert(Identity::from_text(text).key, id);
        }
    }
    Ok(known)
}

fn add(work: &mut Work<'_>, packages: &[&Identity]) -> Result<()> {
    let created = work.tick()?;
    let full = || StoreError::damaged("package dictionary", "has no number left");
    let mut id = work.last_package()?;
    for batch in packages.chunks(BATCH) {
        // two sizes of statement only, so that both stay prepared
        for part in batch.chunks(if batch.len() == BATCH { BATCH } else { 1 }) {
            let mut values = Vec::with_capacity(part.len() * 4);
            for package in part {
                id = id.checked_add(1).ok_or_else(full)?;
                work.remember(package.key, id);
                values.extend([
                    Value::from(id),
                    package.text.as_str().into(),
                    created.into(),
                    created.into(),
                ]);
            }
            work.connection.execute_later(&with_rows(sql!("package/insert"), 4, part.len(), ""), &values)?;
        }
    }
    work.gave_package(id);
    Ok(())
}

/// Packages after `id`, in the order of their numbers.
pub(crate) fn after(
    connection: &mut dyn Connection,
    id: Option<u32>,
    limit: usize,
) -> Result<Vec<PackageRow>> {
    let values = [Value::from(id.unwrap_or(0)), page(limit)];
    let rows = connection.query(sql!("package/after"), &values)?;
    rows.into_iter().map(read).collect()
}

/// Packages whose findings changed after `clock`, in the order of their numbers after `id`.
pub(crate) fn changed_after(
    connection: &mut dyn Connection,
    clock: model::Timestamp,
    id: Option<u32>,
    limit: usize,
) -> Result<Vec<PackageRow>> {
    let values = [Value::from(clock), id.unwrap_or(0).into(), page(limit)];
    let rows = connection.query(sql!("package/changed_after"), &values)?;
    rows.into_iter().map(read).collect()
}

/// A page size as a value.
pub(crate) fn page(limit: usize) -> Value {
    Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))
}

/// Reads a row.
pub(crate) fn read(mut row: Row) -> Result<PackageRow> {
    Ok(PackageRow {
        id: row.u32(0)?,
        package: package_of(&row.text(1)?)?,
        created: row.time(2)?,
        changed: row.time(3)?,
        fingerprint: row.optional_int(4)?.map(i64::cast_unsigned),
    })
}

#[cfg(test)]
mod tests {
    use model::{Distro, Ecosystem};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_package_is_read_back_from_its_identity(
            kind in 0..Ecosystem::ALL.len(), name in ".*", version in ".*", arch in proptest::option::of(".+"),
            release in proptest::option::of("[a-z]{1,9}(:[0-9.]{1,5})?"), source in proptest::option::of((".+", ".*")),
            module in proptest::option::of(".+"), vendor in proptest::option::of(".+"),
        ) {
            let package = Package {
                ecosystem: Ecosystem::ALL[kind],
                distro: release.map(|text| text.parse().unwrap()),
                name, version, arch,
                source: source.map(|(name, version)| SourcePackage { name, version }),
                module,
                vendor,
            };
            let record = PackageRecord::new(package.clone(), "");
            prop_assert_eq!(Identity::of_record(&record), Identity::of(&package));
            let named = name_and_version(&identity_of(&package)).unwrap();
            prop_assert_eq!((&named.0, &named.1), (&package.name, &package.version));
            prop_assert_eq!(package_of(&identity_of(&package)).unwrap(), package);
        }
    }

    #[test]
    fn the_identity_is_stable_because_databases_hold_it() {
        let mut package = Package {
            ecosystem: Ecosystem::Deb,
            distro: Some(Distro::new("debian", "12")),
            name: "libssl3".into(),
            version: "3.0.11-1".into(),
            arch: Some("amd64".into()),
            source: Some(SourcePackage { name: "openssl".into(), version: "3.0.11-1".into() }),
            module: None,
            vendor: None,
        };
        let text = r#"["deb","debian:12","libssl3","3.0.11-1","amd64","openssl","3.0.11-1"]"#;
        assert_eq!(identity_of(&package), text);
        package.module = Some("a:b".into());
        package.distro = None;
        let text = r#"["deb","","libssl3","3.0.11-1","amd64","openssl","3.0.11-1","a:b"]"#;
        assert_eq!(identity_of(&package), text);
    }

    #[test]
    fn a_damaged_identity_is_refused_by_name() {
        for text in ["", "[]", "[\"what\"]", "{}", r#"["deb","","a","1","","","","","","more"]"#] {
            assert!(package_of(text).is_err(), "{text}");
        }
    }
}
