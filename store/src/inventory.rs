//! Inventories: the packages of an image with their places, stored once for all images with equal content.
//!
//! The stored form keeps columns apart (numbers, layers, places, owners; behind them licences and catalogers), each value as its difference to the one
//! before it or as an index into a table of distinct texts, because hundreds of packages share one path. The digest
//! is over this form before compression, so that a newer compressor does not change it. Package numbers are
//! those of this database; the digest means nothing elsewhere.

use std::collections::HashMap;

use model::Digest;
use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Form};
use crate::dialect::with_list;
use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::record::{Inventory, InventoryEntry};
use crate::sql::sql;
use crate::work::Work;

/// Inventories fetched by one statement.
const BATCH: usize = 50;

/// The form that is stored and digested. Fields are never changed; a new form gets a new [`Form`].
#[derive(Serialize, Deserialize)]
struct Columns {
    /// Package numbers, each as the difference to the one before.
    packages: Vec<u32>,
    /// Layers plus one, 0 for none.
    layers: Vec<u32>,
    /// Distinct texts in the order of first use, each as the number of bytes shared with the one before, and the rest.
    texts: Vec<(u32, String)>,
    /// Indexes into `texts`.
    paths: Vec<u32>,
    /// Indexes into `texts` plus one, 0 for none.
    owners: Vec<u32>,
}

/// What came to the form later, behind [`Columns`]; absent if it would say nothing.
#[derive(Serialize, Deserialize)]
struct Details {
    /// Distinct texts, as in [`Columns`].
    texts: Vec<(u32, String)>,
    /// Indexes into `texts` plus one, 0 for none.
    licenses: Vec<u32>,
    /// Indexes into `texts` plus one, 0 for an empty one.
    found_by: Vec<u32>,
    /// Positions of the entries that are only declared.
    declared: Vec<u32>,
}

/// An inventory that is not encoded yet: its texts apart, each once and sorted, so that entries are compared and
/// written by the places of their texts. Making one costs more than writing it, and is done before the writer's turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Draft {
    texts: Vec<String>,
    entries: Vec<DraftEntry>,
}

/// An entry by the places of its texts; in the order of [`InventoryEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct DraftEntry {
    package: u32,
    layer: Option<u32>,
    path: u32,
    owned_by: Option<u32>,
    license: Option<u32>,
    found_by: u32,
    declared: bool,
}

impl Draft {
    /// Sets the texts of `entries` apart.
    pub(crate) fn of(entries: Vec<InventoryEntry>) -> Self {
        let mut texts = Interned::default();
        let (mut paths, mut finders) = (Recent::default(), Recent::default());
        let mut drafts: Vec<DraftEntry> = Vec::with_capacity(entries.len());
        for entry in entries {
            let InventoryEntry { package, layer, path, owned_by, license, found_by, declared } = entry;
            let path = texts.place_like(path, &mut paths);
            let owned_by = owned_by.map(|text| texts.place(text));
            let license = license.map(|text| texts.place(text));
            let found_by = texts.place_like(found_by, &mut finders);
            drafts.push(DraftEntry { package, layer, path, owned_by, license, found_by, declared });
        }
        let mut texts: Vec<(String, u32)> = texts.places.into_iter().collect();
        texts.sort_unstable();
        let mut ranks = vec![0; texts.len()];
        for (rank, (_, place)) in (0..).zip(&texts) {
            ranks[*place as usize] = rank;
        }
        for draft in &mut drafts {
            draft.path = ranks[draft.path as usize];
            draft.owned_by = draft.owned_by.map(|place| ranks[place as usize]);
            draft.license = draft.license.map(|place| ranks[place as usize]);
            draft.found_by = ranks[draft.found_by as usize];
        }
        Self { texts: texts.into_iter().map(|(text, _)| text).collect(), entries: drafts }
    }

    /// Puts other numbers in place of the packages: `numbers[n]` for n.
    pub(crate) fn renumber(&mut self, numbers: &[u32]) {
        for entry in &mut self.entries {
            entry.package = numbers[entry.package as usize];
        }
    }

    /// Sorts the entries, drops repetitions and writes them in the form that is digested.
    pub(crate) fn encode(mut self) -> Vec<u8> {
        self.entries.sort_unstable();
        self.entries.dedup();
        let count = self.entries.len();
        let mut texts = Texts::new(&self.texts);
        let list = || Vec::with_capacity(count);
        let mut columns =
            Columns { packages: list(), layers: list(), texts: Vec::new(), paths: list(), owners: list() };
        let mut last = 0;
        for entry in &self.entries {
            columns.packages.push(entry.package - last);
            last = entry.package;
            columns.layers.push(entry.layer.map_or(0, |layer| layer + 1));
            columns.paths.push(texts.index(entry.path));
            columns.owners.push(entry.owned_by.map_or(0, |owner| texts.index(owner) + 1));
        }
        columns.texts = texts.list;
        let mut encoded = postcard::to_stdvec(&columns).expect("plain lists can be written into memory");
        if let Some(details) = self.details() {
            encoded.extend(postcard::to_stdvec(&details).expect("plain lists can be written into memory"));
        }
        encoded
    }

    /// What the first form has no place for; `None` if that is nothing.
    fn details(&self) -> Option<Details> {
        let mut texts = Texts::new(&self.texts);
        let count = self.entries.len();
        let (mut licenses, mut found_by) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for entry in &self.entries {
            licenses.push(entry.license.map_or(0, |license| texts.index_or_none(license)));
            found_by.push(texts.index_or_none(entry.found_by));
        }
        let entries = (0_u32..).zip(&self.entries);
        let declared: Vec<u32> =
            entries.filter(|(_, entry)| entry.declared).map(|(position, _)| position).collect();
        let says_nothing = texts.list.is_empty() && declared.is_empty();
        (!says_nothing).then_some(Details { texts: texts.list, licenses, found_by, declared })
    }
}

/// Distinct texts while a draft is made, with their places in the order of first use.
#[derive(Default)]
struct Interned {
    places: HashMap<String, u32>,
}

/// The text that was seen last in a column: neighbours are often alike.
#[derive(Default)]
struct Recent(Option<(String, u32)>);

impl Interned {
    fn place(&mut self, text: String) -> u32 {
        let next = self.places.len() as u32;
        *self.places.entry(text).or_insert(next)
    }

    fn place_like(&mut self, text: String, recent: &mut Recent) -> u32 {
        match &recent.0 {
            Some((known, place)) if *known == text => *place,
            _ => {
                let place = self.place(text.clone());
                recent.0 = Some((text, place));
                place
            }
        }
    }
}

/// The table of distinct texts while it is filled.
struct Texts<'a> {
    /// All texts of the draft.
    all: &'a [String],
    /// The table's index of each of them.
    indexes: Vec<Option<u32>>,
    list: Vec<(u32, String)>,
    last: &'a str,
}

impl<'a> Texts<'a> {
    fn new(all: &'a [String]) -> Self {
        Self { all, indexes: vec![None; all.len()], list: Vec::new(), last: "" }
    }

    /// The index plus one, 0 for an empty text.
    fn index_or_none(&mut self, place: u32) -> u32 {
        if self.all[place as usize].is_empty() { 0 } else { self.index(place) + 1 }
    }

    fn index(&mut self, place: u32) -> u32 {
        if let Some(index) = self.indexes[place as usize] {
            return index;
        }
        let index = self.list.len() as u32;
        let text = self.all[place as usize].as_str();
        let mut shared = self.last.bytes().zip(text.bytes()).take_while(|(a, b)| a == b).count();
        while !text.is_char_boundary(shared) {
            shared -= 1;
        }
        self.list.push((shared as u32, text[shared..].to_owned()));
        self.indexes[place as usize] = Some(index);
        self.last = text;
        index
    }
}

/// Sorts `entries`, drops repetitions and writes them in the form that is digested.
#[cfg(any(test, fuzzing))]
pub(crate) fn encode(entries: Vec<InventoryEntry>) -> Vec<u8> {
    Draft::of(entries).encode()
}

/// Reads what [`Draft::encode`] wrote; every index is checked.
pub(crate) fn decode(bytes: &[u8]) -> std::result::Result<Vec<InventoryEntry>, String> {
    let (columns, rest): (Columns, _) =
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

/// Reads what [`Draft::details`] made.
fn add_details(entries: &mut [InventoryEntry], bytes: &[u8]) -> std::result::Result<(), String> {
    let details: Details = postcard::from_bytes(bytes).map_err(|error| error.to_string())?;
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

fn expand_texts(shortened: Vec<(u32, String)>) -> std::result::Result<Vec<String>, String> {
    let mut texts: Vec<String> = Vec::with_capacity(shortened.len());
    for (shared, rest) in shortened {
        let before = texts.last().map_or("", String::as_str);
        let start = before.get(..shared as usize).ok_or("shares more of a text than there is")?;
        texts.push(format!("{start}{rest}"));
    }
    Ok(texts)
}

/// Stores an inventory in its encoded form, unless an equal one is there; gives its digest.
pub(crate) fn put(work: &mut Work<'_>, encoded: &[u8]) -> Result<Digest> {
    let digest = Digest::of(encoded);
    // where asking is dear, it is sent unasked; the statement leaves one alone that is there
    let known = !work.connection.is_remote() && {
        let mut rows = work.connection.query(sql!("inventory/exists"), &[Value::from(&digest)])?;
        rows.first_mut().map(|row| row.int(0)).transpose()?.unwrap_or(0) > 0
    };
    if !known {
        let content = work.memory.codec.pack(Form::Plain, encoded)?;
        work.connection.execute_later(sql!("inventory/insert"), &[Value::from(&digest), content.into()])?;
    }
    Ok(digest)
}

/// The inventories of `digests`, in their order; one that is not there is damage.
pub(crate) fn all(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    digests: &[Digest],
) -> Result<Vec<Inventory>> {
    let mut found: HashMap<Digest, Vec<InventoryEntry>> = HashMap::with_capacity(digests.len());
    for batch in digests.chunks(BATCH) {
        let size = if batch.len() == 1 { 1 } else { BATCH };
        let mut values: Vec<Value> = batch.iter().map(Value::from).collect();
        values.resize(size, Value::Null);
        for mut row in connection.query(&with_list(sql!("inventory/by_digest"), size), &values)? {
            let digest = row.digest(0)?;
            let what = format!("inventory {digest}");
            let encoded = codec.unpack(&what, &row.bytes(1)?)?;
            let entries = decode(&encoded).map_err(|reason| StoreError::damaged(what, reason))?;
            found.insert(digest, entries);
        }
    }
    let entries_of = |digest: &Digest| {
        let missing = || StoreError::NotFound { what: format!("inventory {digest}") };
        Ok(Inventory { digest: *digest, entries: found.get(digest).cloned().ok_or_else(missing)? })
    };
    digests.iter().map(entries_of).collect()
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
    fn details_of(entries: &[InventoryEntry]) -> Option<Details> {
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
        list: Vec<(u32, String)>,
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
            self.list.push((shared as u32, text[shared..].to_owned()));
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
        let bare = postcard::take_from_bytes::<Columns>(&encoded).unwrap().1.len();
        encoded.truncate(encoded.len() - bare);
        let texts = vec![(0, String::new()), (0, "dpkg-status".to_owned())];
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
