//! The stored form of an inventory: small columns, and paths as templates.
//!
//! Hundreds of packages have paths that follow from their names, which the dictionary of packages holds already (see
//! [`crate::path`]). What is left are numbers: gaps between packages, layers, and for each text its place in a table or
//! 0 for the next one that was not used yet, so that a column of new texts is a column of zeros. The decision a reader may
//! doubt: who reads places needs the names of the packages, which are remembered for all readers ([`crate::names`]). This form
//! cannot grow; an entry that gains a field gets a new form with a new number.

use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Form};
use crate::draft::{Draft, DraftEntry};
use crate::error::{Result, StoreError};
use crate::path;
use crate::record::InventoryEntry;

/// What is compressed. Fields are never changed.
#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    /// Distinct texts in the order of first use, column after column.
    #[serde(borrow)]
    texts: Vec<&'a str>,
    /// Package numbers, each as the difference to the one before.
    packages: Vec<u32>,
    /// Layers plus one, 0 for none.
    layers: Vec<u32>,
    /// Templates of paths: 0 for the next text, else the place of a known one plus one.
    paths: Vec<u32>,
    /// 0 for none, 1 for the next text, else the place of a known one plus two; also the next one.
    owners: Vec<u32>,
    licenses: Vec<u32>,
    /// As `paths`.
    found_by: Vec<u32>,
    /// Positions of the entries that are only declared.
    declared: Vec<u32>,
}

/// Packs entries of a draft, which are in order and have numbers.
pub(crate) fn pack(codec: &mut Codec, draft: &Draft, entries: &[DraftEntry]) -> Result<Vec<u8>> {
    let mut table = Table { all: &draft.texts, places: vec![None; draft.texts.len()], texts: Vec::new() };
    let mut last = 0;
    let gap = |entry: &DraftEntry| entry.package - std::mem::replace(&mut last, entry.package);
    let packages = entries.iter().map(gap).collect();
    let layers = entries.iter().map(|entry| entry.layer.map_or(0, |layer| layer + 1)).collect();
    let paths = entries.iter().map(|entry| table.code(entry.template)).collect();
    let owners = entries.iter().map(|entry| table.optional(entry.owned_by)).collect();
    // an empty one is none, as in the form that is digested
    let license = |entry: &DraftEntry| entry.license.filter(|text| !draft.texts[*text as usize].is_empty());
    let licenses = entries.iter().map(|entry| table.optional(license(entry))).collect();
    let found_by = entries.iter().map(|entry| table.code(entry.found_by)).collect();
    let positions = (0..).zip(entries).filter(|(_, entry)| entry.declared);
    let declared = positions.map(|(position, _)| position).collect();
    let columns =
        Columns { texts: table.texts, packages, layers, paths, owners, licenses, found_by, declared };
    let content = postcard::to_stdvec(&columns).expect("plain columns can be written into memory");
    let mut packed = vec![Form::InventoryColumns as u8];
    packed.append(&mut codec.pack_bare(Form::InventoryColumns, &content)?);
    Ok(packed)
}

/// The table of texts while it is filled.
struct Table<'a> {
    /// All texts of the draft.
    all: &'a [String],
    /// The place in `texts` of each of them.
    places: Vec<Option<u32>>,
    texts: Vec<&'a str>,
}

impl Table<'_> {
    fn code(&mut self, text: u32) -> u32 {
        if let Some(place) = self.places[text as usize] {
            return place + 1;
        }
        self.places[text as usize] = Some(self.texts.len() as u32);
        self.texts.push(&self.all[text as usize]);
        0
    }

    fn optional(&mut self, text: Option<u32>) -> u32 {
        text.map_or(0, |text| self.code(text) + 1)
    }
}

/// An inventory whose paths are not filled in yet.
pub(crate) struct Packed {
    texts: Vec<String>,
    entries: Vec<PackedEntry>,
}

/// An entry by the places of its texts, which are there.
struct PackedEntry {
    package: u32,
    layer: Option<u32>,
    template: u32,
    owned_by: Option<u32>,
    license: Option<u32>,
    found_by: u32,
    declared: bool,
    /// Whether the template needs the package's name.
    named: bool,
}

/// Reads what [`pack`] wrote; every place is checked.
pub(crate) fn unpack(codec: &mut Codec, what: &str, packed: &[u8]) -> Result<Packed> {
    let frame = packed.get(1..).unwrap_or_default();
    let content = codec.unpack_bare(what, Form::InventoryColumns, frame)?;
    let columns: Columns<'_> =
        postcard::from_bytes(&content).map_err(|error| StoreError::damaged(what, error))?;
    read(columns).map_err(|reason| StoreError::damaged(what, reason))
}

fn read(columns: Columns<'_>) -> std::result::Result<Packed, &'static str> {
    let Columns { texts, packages, layers, paths, owners, licenses, found_by, declared } = columns;
    let count = packages.len();
    if [layers.len(), paths.len(), owners.len(), licenses.len(), found_by.len()] != [count; 5] {
        return Err("has columns of different lengths");
    }
    let mut taken = Taken { next: 0, count: texts.len() as u32 };
    let marked: Vec<bool> = texts.iter().map(|text| path::has_marks(text)).collect();
    let mut entries = Vec::with_capacity(count);
    let mut package = 0_u32;
    for ((gap, layer), code) in packages.into_iter().zip(layers).zip(paths) {
        package = package.checked_add(gap).ok_or("has a package number above 32 bits")?;
        let template = taken.place(code)?;
        entries.push(PackedEntry {
            package,
            layer: layer.checked_sub(1),
            template,
            owned_by: None,
            license: None,
            found_by: 0,
            declared: false,
            named: marked[template as usize],
        });
    }
    for (entry, code) in entries.iter_mut().zip(owners) {
        entry.owned_by = taken.optional(code)?;
    }
    for (entry, code) in entries.iter_mut().zip(licenses) {
        entry.license = taken.optional(code)?;
    }
    for (entry, code) in entries.iter_mut().zip(found_by) {
        entry.found_by = taken.place(code)?;
    }
    for position in declared {
        entries.get_mut(position as usize).ok_or("declares an entry that it lacks")?.declared = true;
    }
    Ok(Packed { texts: texts.into_iter().map(str::to_owned).collect(), entries })
}

/// How many of the texts were used.
struct Taken {
    next: u32,
    count: u32,
}

impl Taken {
    fn place(&mut self, code: u32) -> std::result::Result<u32, &'static str> {
        let place = code.checked_sub(1).unwrap_or_else(|| {
            self.next += 1;
            self.next - 1
        });
        if place < self.count.min(self.next) { Ok(place) } else { Err("points at a text that it lacks") }
    }

    fn optional(&mut self, code: u32) -> std::result::Result<Option<u32>, &'static str> {
        code.checked_sub(1).map(|code| self.place(code)).transpose()
    }
}

impl Packed {
    /// The numbers of its packages, ascending.
    pub(crate) fn packages(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries.iter().map(|entry| entry.package)
    }

    /// The numbers of packages whose names are needed for [`Self::entries`].
    pub(crate) fn named(&self) -> impl Iterator<Item = u32> + '_ {
        self.entries.iter().filter(|entry| entry.named).map(|entry| entry.package)
    }

    /// Its entries, by names and versions of packages; the error is a package that has none.
    pub(crate) fn entries<'a>(
        &self,
        name_of: impl Fn(u32) -> Option<(&'a str, &'a str)>,
    ) -> std::result::Result<Vec<InventoryEntry>, u32> {
        let text = |place: u32| self.texts[place as usize].clone();
        let entry = |entry: &PackedEntry| {
            let template = &self.texts[entry.template as usize];
            let path = match entry.named {
                false => path::fill(template, "", ""),
                true => {
                    let (name, version) = name_of(entry.package).ok_or(entry.package)?;
                    path::fill(template, name, version)
                }
            };
            Ok(InventoryEntry {
                package: entry.package,
                layer: entry.layer,
                path,
                owned_by: entry.owned_by.map(text),
                license: entry.license.map(text),
                found_by: text(entry.found_by),
                declared: entry.declared,
            })
        };
        self.entries.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Short texts out of few, so that they meet.
    fn entry() -> impl Strategy<Value = InventoryEntry> {
        let word = || "[ab/]{0,3}";
        let path = ("[ab/:_.\u{1}\u{6}-]{0,4}", any::<bool>(), any::<bool>());
        let texts = (path, proptest::option::of(word()), proptest::option::of(word()), word());
        (1_u32..9, proptest::option::of(0_u32..3), texts, any::<bool>()).prop_map(
            |(package, layer, ((start, named, versioned), owned_by, license, found_by), declared)| {
                let (name, version) = name_of(package).unwrap();
                let path = format!(
                    "{start}/{}-{}",
                    if named { name } else { "x" },
                    if versioned { version } else { "" }
                );
                let license = license.filter(|license| !license.is_empty());
                InventoryEntry { package, layer, path, owned_by, license, found_by, declared }
            },
        )
    }

    fn name_of(package: u32) -> Option<(&'static str, &'static str)> {
        const NAMES: [(&str, &str); 9] = [
            ("", ""),
            ("a", "1"),
            ("a-b", "1.0"),
            ("g:a", "2"),
            ("h/b", ""),
            ("", "3"),
            ("\u{1}", "4"),
            ("b_a", "b"),
            ("ab", "ab"),
        ];
        NAMES.get(package as usize).copied()
    }

    proptest! {
        #[test]
        fn entries_come_back_sorted_and_once(entries in proptest::collection::vec(entry(), 0..40)) {
            let mut codec = Codec::new();
            let draft = Draft::of(entries.clone(), name_of);
            let ordered = draft.ordered(draft.entries.clone());
            let packed = pack(&mut codec, &draft, &ordered).unwrap();
            let read = unpack(&mut codec, "it", &packed).unwrap();
            let mut sorted = entries;
            sorted.sort();
            sorted.dedup();
            prop_assert_eq!(read.packages().collect::<Vec<_>>(), sorted.iter().map(|e| e.package).collect::<Vec<_>>());
            prop_assert_eq!(read.entries(name_of), Ok(sorted));
        }

        #[test]
        fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(columns) = postcard::from_bytes::<Columns<'_>>(&bytes)
                && let Ok(read) = read(columns)
            {
                let _ = read.entries(name_of);
            }
            let _ = unpack(&mut Codec::new(), "it", &bytes);
        }
    }

    #[test]
    fn a_package_without_a_name_is_told() {
        let mut codec = Codec::new();
        let entry = InventoryEntry {
            package: 2,
            layer: None,
            path: "lib/a-b/x".into(),
            owned_by: None,
            license: None,
            found_by: String::new(),
            declared: false,
        };
        let draft = Draft::of(vec![entry], name_of);
        let packed = pack(&mut codec, &draft, &draft.entries).unwrap();
        let read = unpack(&mut codec, "it", &packed).unwrap();
        assert_eq!(read.entries(|_| None), Err(2));
    }

    #[test]
    fn a_hundred_packages_of_one_kind_take_few_bytes() {
        let names: Vec<String> = (0..100).map(|number| format!("package-{}", number * 7919 % 1000)).collect();
        let entries = (0..).zip(&names).map(|(package, name)| InventoryEntry {
            package: package * 3,
            layer: Some(2),
            path: format!("app/node_modules/{name}/package.json"),
            owned_by: None,
            license: Some("MIT".into()),
            found_by: "npm-package".into(),
            declared: false,
        });
        let draft = Draft::of(entries.collect(), |package| Some((&*names[package as usize / 3], "1")));
        let packed = pack(&mut Codec::new(), &draft, &draft.entries).unwrap();
        assert!(packed.len() < 120, "{} bytes", packed.len());
    }
}
