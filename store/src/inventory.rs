//! Inventories: the packages of an image with their places, stored once for all images with equal content.
//!
//! An inventory has two forms. The first, which its digest is taken over, keeps columns apart (numbers, layers, places,
//! owners; behind them licences and catalogers), each value as its difference to the one before it or as an index
//! into a table of distinct texts. It is never changed, so that equal content has an equal digest whatever program wrote
//! it, and older databases hold it compressed. What is stored today is the second, [`crate::packed_inventory`]. Package numbers
//! are those of this database; the digest means nothing elsewhere.

use std::collections::{BTreeSet, HashMap};

use model::Digest;
use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Form};
use crate::dialect::with_list;
use crate::draft::{Draft, DraftEntry};
use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::names::{self, Names};
use crate::packed_inventory::{self, Packed};
use crate::record::{Inventory, InventoryEntry};
use crate::sql::sql;
use crate::work::Work;

/// Inventories fetched by one statement.
const BATCH: usize = 50;

/// The form that is digested. Fields are never changed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Columns<'a> {
    /// Package numbers, each as the difference to the one before.
    pub(crate) packages: Vec<u32>,
    /// Layers plus one, 0 for none.
    pub(crate) layers: Vec<u32>,
    /// Distinct texts in the order of first use, each as the number of bytes shared with the one before, and the rest.
    #[serde(borrow)]
    pub(crate) texts: Vec<(u32, &'a str)>,
    /// Indexes into `texts`.
    pub(crate) paths: Vec<u32>,
    /// Indexes into `texts` plus one, 0 for none.
    pub(crate) owners: Vec<u32>,
}

/// What came to the form later, behind [`Columns`]; absent if it would say nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct Details<'a> {
    /// Distinct texts, as in [`Columns`].
    #[serde(borrow)]
    pub(crate) texts: Vec<(u32, &'a str)>,
    /// Indexes into `texts` plus one, 0 for none.
    pub(crate) licenses: Vec<u32>,
    /// Indexes into `texts` plus one, 0 for an empty one.
    pub(crate) found_by: Vec<u32>,
    /// Positions of the entries that are only declared.
    pub(crate) declared: Vec<u32>,
}

/// Sorts `entries`, drops repetitions and writes them in the form that is digested.
#[cfg(any(test, fuzzing))]
pub(crate) fn encode(entries: Vec<InventoryEntry>) -> Vec<u8> {
    let draft = Draft::of(entries, |_| None);
    draft.encode(&draft.ordered(draft.entries.clone()))
}

/// Writes entries as they were read in the form that is digested.
pub(crate) fn encode_ordered(entries: Vec<InventoryEntry>) -> Vec<u8> {
    let draft = Draft::of(entries, |_| None);
    draft.encode(&draft.entries)
}

/// Reads what [`Draft::encode`] wrote; every index is checked.
pub(crate) fn decode(bytes: &[u8]) -> std::result::Result<Vec<InventoryEntry>, String> {
    let (columns, rest): (Columns<'_>, _) =
        postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
    let count = columns.packages.len();
    if [columns.layers.len(), columns.paths.len(), columns.owners.len()] != [count; 3] {
        return Err("has columns of different lengths".to_owned());
    }
    let texts = expand_texts(columns.texts)?;
    let text = |index: u32| texts.get(index as usize).cloned().ok_or("points at a text that it lacks");
    let mut entries = Vec::with_capacity(count);
    let mut package = 0_u32;
    for index in 0..count {
        package = package.checked_add(columns.packages[index]).ok_or("has a package number above 32 bits")?;
        entries.push(InventoryEntry {
            package,
            layer: columns.layers[index].checked_sub(1),
            path: text(columns.paths[index])?,
            owned_by: columns.owners[index].checked_sub(1).map(text).transpose()?,
            license: None,
            found_by: String::new(),
            declared: false,
        });
    }
    if !rest.is_empty() {
        add_details(&mut entries, rest)?;
    }
    Ok(entries)
}

/// Reads what `Draft::details` made.
fn add_details(entries: &mut [InventoryEntry], bytes: &[u8]) -> std::result::Result<(), String> {
    let details: Details<'_> = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
    if [details.licenses.len(), details.found_by.len()] != [entries.len(); 2] {
        return Err("has details of different lengths".to_owned());
    }
    let texts = expand_texts(details.texts)?;
    let text = |index: u32| match index.checked_sub(1) {
        None => Ok(None),
        Some(index) => texts.get(index as usize).cloned().map(Some).ok_or("points at a text that it lacks"),
    };
    for (index, entry) in entries.iter_mut().enumerate() {
        // an empty one is none, as when it is written
        entry.license = text(details.licenses[index])?.filter(|license| !license.is_empty());
        entry.found_by = text(details.found_by[index])?.unwrap_or_default();
    }
    for position in details.declared {
        let entry = entries.get_mut(position as usize).ok_or("declares an entry that it lacks")?;
        entry.declared = true;
    }
    Ok(())
}

fn expand_texts(shortened: Vec<(u32, &str)>) -> std::result::Result<Vec<String>, String> {
    let mut texts: Vec<String> = Vec::with_capacity(shortened.len());
    for (shared, rest) in shortened {
        let before = texts.last().map_or("", String::as_str);
        let start = before.get(..shared as usize).ok_or("shares more of a text than there is")?;
        texts.push(format!("{start}{rest}"));
    }
    Ok(texts)
}

/// Stores the inventory of a draft whose packages have `numbers`, unless an equal one is there; gives its digest, and its
/// entries if they were stored.
pub(crate) fn put(
    work: &mut Work<'_>,
    draft: &Draft,
    numbers: &[u32],
) -> Result<(Digest, Option<Vec<DraftEntry>>)> {
    let entries = draft.numbered(numbers);
    let (digest, is_new) = put_ordered(work, draft, &entries)?;
    Ok((digest, is_new.then_some(entries)))
}

/// [`put`] for entries whose packages have their numbers.
pub(crate) fn put_entries(work: &mut Work<'_>, entries: Vec<InventoryEntry>) -> Result<Digest> {
    let packages = entries.iter().map(|entry| entry.package).collect();
    work.memory.names.fetch(work.connection, packages)?;
    let draft = {
        let known = work.memory.names.known();
        Draft::of(entries, |package| known.get(package))
    };
    put_ordered(work, &draft, &draft.ordered(draft.entries.clone())).map(|(digest, _)| digest)
}

/// Gives the digest, and whether it was not there as far as that is known.
fn put_ordered(work: &mut Work<'_>, draft: &Draft, entries: &[DraftEntry]) -> Result<(Digest, bool)> {
    let digest = Digest::of(&draft.encode(entries));
    // where asking is dear, it is sent unasked; the statement leaves one alone that is there
    let known = !work.connection.is_remote() && {
        let mut rows = work.connection.query(sql!("inventory/exists"), &[Value::from(&digest)])?;
        rows.first_mut().map(|row| row.int(0)).transpose()?.unwrap_or(0) > 0
    };
    if !known {
        let content = packed_inventory::pack(&mut work.memory.codec, draft, entries)?;
        work.connection.execute_later(sql!("inventory/insert"), &[Value::from(&digest), content.into()])?;
    }
    Ok((digest, !known))
}

/// A stored inventory as far as it can be read without names.
pub(crate) enum Stored {
    /// In the first form.
    Whole(Vec<InventoryEntry>),
    /// In the second.
    Packed(Packed),
}

impl Stored {
    /// Reads what a row holds.
    pub(crate) fn read(codec: &mut Codec, what: &str, content: &[u8]) -> Result<Self> {
        let damaged = |reason| StoreError::damaged(what, reason);
        if content.first() == Some(&(Form::InventoryColumns as u8)) {
            return packed_inventory::unpack(codec, what, content).map(Self::Packed);
        }
        let encoded = codec.unpack(what, content)?;
        decode(&encoded).map(Self::Whole).map_err(damaged)
    }

    /// The numbers of its packages.
    pub(crate) fn packages(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            Self::Whole(entries) => Box::new(entries.iter().map(|entry| entry.package)),
            Self::Packed(packed) => Box::new(packed.packages()),
        }
    }

    /// Its entries. All packages whose names are wanted must be known.
    pub(crate) fn entries<'a>(
        self,
        what: &str,
        name_of: impl Fn(u32) -> Option<(&'a str, &'a str)>,
    ) -> Result<Vec<InventoryEntry>> {
        match self {
            Self::Whole(entries) => Ok(entries),
            Self::Packed(packed) => packed.entries(name_of).map_err(|package| names::unknown(what, package)),
        }
    }
}

fn name(digest: &Digest) -> String {
    format!("inventory {digest}")
}

/// The rows of `digests`, in no order.
fn rows(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    digests: &[Digest],
) -> Result<Vec<(Digest, Stored)>> {
    let size = if digests.len() == 1 { 1 } else { BATCH };
    let mut found = Vec::with_capacity(digests.len());
    for batch in digests.chunks(size) {
        let mut values: Vec<Value> = batch.iter().map(Value::from).collect();
        values.resize(size, Value::Null);
        for mut row in connection.query(&with_list(sql!("inventory/by_digest"), size), &values)? {
            let digest = row.digest(0)?;
            let content = row.bytes(1)?;
            found.push((digest, Stored::read(codec, &name(&digest), &content)?));
        }
    }
    Ok(found)
}

/// The inventories of `digests`, in their order; one that is not there is damage.
pub(crate) fn all(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    names: &Names,
    digests: &[Digest],
) -> Result<Vec<Inventory>> {
    let stored = rows(connection, codec, digests)?;
    let named = stored.iter().filter_map(|(_, stored)| match stored {
        Stored::Whole(_) => None,
        Stored::Packed(packed) => Some(packed.named()),
    });
    names.fetch(connection, named.flatten().collect())?;
    let known = names.known();
    let mut found: HashMap<Digest, Vec<InventoryEntry>> = HashMap::with_capacity(stored.len());
    for (digest, stored) in stored {
        found.insert(digest, stored.entries(&name(&digest), |package| known.get(package))?);
    }
    let mut last_use: HashMap<&Digest, usize> = HashMap::with_capacity(digests.len());
    for (place, digest) in digests.iter().enumerate() {
        last_use.insert(digest, place);
    }
    let entries_of = |(place, digest): (usize, &Digest)| {
        let entries = match last_use.get(digest) {
            Some(last) if *last == place => found.remove(digest),
            _ => found.get(digest).cloned(),
        };
        let missing = || StoreError::NotFound { what: name(digest) };
        Ok(Inventory { digest: *digest, entries: entries.ok_or_else(missing)? })
    };
    digests.iter().enumerate().map(entries_of).collect()
}

/// The numbers of the packages of an inventory.
pub(crate) fn packages(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    digest: &Digest,
) -> Result<BTreeSet<u32>> {
    match rows(connection, codec, std::slice::from_ref(digest))?.pop() {
        Some((_, stored)) => Ok(stored.packages().collect()),
        None => Err(StoreError::NotFound { what: name(digest) }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry() -> impl Strategy<Value = InventoryEntry> {
        let path = prop_oneof![Just("var/lib/dpkg/status".to_owned()), ".*", "(é|ü|a){0,6}"];
        let place =
            (any::<u32>(), proptest::option::of(0..u32::MAX), path, proptest::option::of("[a-zé]{0,4}"));
        (place, proptest::option::of("[A-Z]{1,3}"), "[a-z]{0,2}", any::<bool>()).prop_map(
            |((package, layer, path, owned_by), license, found_by, declared)| InventoryEntry {
                package,
                layer,
                path,
                owned_by,
                license,
                found_by,
                declared,
            },
        )
    }

    /// The same form, written the plain way.
    fn encode_plainly(mut entries: Vec<InventoryEntry>) -> Vec<u8> {
        entries.sort_unstable();
        entries.dedup();
        let mut texts = PlainTexts::default();
        let mut columns = Columns {
            packages: Vec::with_capacity(entries.len()),
            layers: Vec::with_capacity(entries.len()),
            texts: Vec::new(),
            paths: Vec::with_capacity(entries.len()),
            owners: Vec::with_capacity(entries.len()),
        };
        let mut last = 0;
        for entry in &entries {
            columns.packages.push(entry.package - last);
            last = entry.package;
            columns.layers.push(entry.layer.map_or(0, |layer| layer + 1));
            columns.paths.push(texts.index(&entry.path));
            columns.owners.push(entry.owned_by.as_deref().map_or(0, |owner| texts.index(owner) + 1));
        }
        columns.texts = texts.list;
        let mut encoded = postcard::to_stdvec(&columns).expect("plain lists can be written into memory");
        if let Some(details) = details_of(&entries) {
            encoded.extend(postcard::to_stdvec(&details).expect("plain lists can be written into memory"));
        }
        encoded
    }

    /// What the first form has no place for; `None` if that is nothing.
    fn details_of(entries: &[InventoryEntry]) -> Option<Details<'_>> {
        let mut texts = PlainTexts::default();
        let (mut licenses, mut found_by) =
            (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for entry in entries {
            licenses.push(texts.index_or_none(entry.license.as_deref().unwrap_or_default()));
            found_by.push(texts.index_or_none(&entry.found_by));
        }
        let declared: Vec<u32> = (0_u32..)
            .zip(entries)
            .filter(|(_, entry)| entry.declared)
            .map(|(position, _)| position)
            .collect();
        let says_nothing = texts.list.is_empty() && declared.is_empty();
        (!says_nothing).then_some(Details { texts: texts.list, licenses, found_by, declared })
    }

    /// The table of distinct texts while it is filled.
    #[derive(Default)]
    struct PlainTexts<'a> {
        list: Vec<(u32, &'a str)>,
        known: HashMap<&'a str, u32>,
        last: &'a str,
    }

    impl<'a> PlainTexts<'a> {
        /// The index plus one, 0 for an empty text.
        fn index_or_none(&mut self, text: &'a str) -> u32 {
            if text.is_empty() { 0 } else { self.index(text) + 1 }
        }

        fn index(&mut self, text: &'a str) -> u32 {
            if let Some(index) = self.known.get(text) {
                return *index;
            }
            let index = self.list.len() as u32;
            let mut shared = self.last.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
            while !text.is_char_boundary(shared) {
                shared -= 1;
            }
            self.list.push((shared as u32, &text[shared..]));
            self.known.insert(text, index);
            self.last = text;
            index
        }
    }

    proptest! {
        #[test]
        fn a_draft_is_written_as_its_entries_are(
            entries in proptest::collection::vec(entry(), 0..60), repeated in 0..5_usize,
        ) {
            let mut entries = entries;
            entries.extend(entries.clone().into_iter().take(repeated));
            for entry in entries.iter_mut().step_by(3) {
                entry.path = "var/lib/dpkg/status".to_owned();
                entry.license = Some(String::new());
            }
            prop_assert_eq!(encode(entries.clone()), encode_plainly(entries));
        }

        #[test]
        fn entries_come_back_sorted_and_once(mut entries in proptest::collection::vec(entry(), 0..60)) {
            let decoded = decode(&encode(entries.clone())).unwrap();
            entries.sort();
            entries.dedup();
            prop_assert_eq!(decoded, entries);
        }

        #[test]
        fn equal_sets_have_equal_bytes_in_any_order(entries in proptest::collection::vec(entry(), 0..30)) {
            let mut turned = entries.clone();
            turned.reverse();
            turned.extend(entries.first().cloned());
            prop_assert_eq!(encode(entries), encode(turned));
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_licence_without_a_letter_is_none() {
        let entry = |license: Option<&str>| InventoryEntry {
            package: 1,
            layer: None,
            path: "a".into(),
            owned_by: None,
            license: license.map(str::to_owned),
            found_by: "dpkg-status".into(),
            declared: false,
        };
        let mut encoded = encode(vec![entry(None)]);
        let bare = postcard::take_from_bytes::<Columns<'_>>(&encoded).unwrap().1.len();
        encoded.truncate(encoded.len() - bare);
        let texts = vec![(0, ""), (0, "dpkg-status")];
        let details = Details { texts, licenses: vec![1], found_by: vec![2], declared: vec![] };
        encoded.extend(postcard::to_stdvec(&details).unwrap());
        assert_eq!(decode(&encoded), Ok(vec![entry(None)]));
    }

    #[test]
    fn three_hundred_packages_of_one_file_take_few_bytes() {
        let entries = (0..300_u32).map(|index| InventoryEntry {
            package: 1_000 + index * 37,
            layer: Some(0),
            path: "var/lib/dpkg/status".into(),
            owned_by: None,
            license: None,
            found_by: "dpkg-status".into(),
            declared: false,
        });
        let packed = Codec::new().pack(Form::Plain, &encode(entries.collect())).unwrap();
        assert!(packed.len() < 200, "{} bytes", packed.len());
    }
}
