//! Inventories that are being made: the packages and places of a report, before the packages have numbers.
//!
//! Making one costs more than writing it and needs no database, so it is done before the writer's turn. Its texts are
//! apart, each once, so that entries are small and are compared and written by the places of their texts.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};
use model::Ecosystem;

use crate::found::Found;
use crate::inventory::{Columns, Details};
use crate::path;
use crate::record::InventoryEntry;

/// An inventory that is not encoded yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) texts: Vec<String>,
    pub(crate) entries: Vec<DraftEntry>,
}

/// An entry of an inventory by the places of its texts, see [`InventoryEntry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftEntry {
    /// The number of the package.
    pub package: u32,
    /// See [`InventoryEntry::layer`].
    pub layer: Option<u32>,
    /// See [`InventoryEntry::path`].
    pub path: u32,
    /// See [`InventoryEntry::owned_by`].
    pub owned_by: Option<u32>,
    /// See [`InventoryEntry::license`]. An empty text is none.
    pub license: Option<u32>,
    /// See [`InventoryEntry::found_by`].
    pub found_by: u32,
    /// See [`InventoryEntry::declared`].
    pub declared: bool,
    /// The template of the path, see [`crate::path`]. It follows from path and package.
    pub(crate) template: u32,
}

/// Makes a draft.
#[derive(Default)]
pub(crate) struct Drafting {
    texts: Interned,
    entries: Vec<DraftEntry>,
    /// The places of the last path, its template and the last cataloger: neighbours are often alike.
    last: Option<(u32, u32, u32)>,
}

impl Drafting {
    /// For so many entries.
    pub(crate) fn new(count: usize) -> Self {
        let texts = Interned { places: HashTable::with_capacity(count), ..Interned::default() };
        Self { texts, entries: Vec::with_capacity(count), last: None }
    }

    /// Adds an entry; of the package, which has this number, name and version are looked at.
    pub(crate) fn add(&mut self, package: u32, found: &Found<'_>) {
        let Found { name, version, layer, path, owned_by, license, found_by, declared, .. } = *found;
        let texts = &mut self.texts;
        let is_last =
            |place: Option<u32>, text: &str| place.filter(|place| texts.all[*place as usize] == text);
        let last_path = is_last(self.last.map(|(path, ..)| path), path);
        let last_finder = is_last(self.last.map(|(.., finder)| finder), found_by);
        let (path, template) = match (last_path, self.last) {
            (Some(path), Some((_, template, _))) if !texts.has_marks(template) => (path, template),
            _ => texts.place_path(path, name, version),
        };
        let owned_by = owned_by.map(|text| texts.place(text));
        let license = license.map(|text| texts.place(text));
        let found_by = last_finder.unwrap_or_else(|| texts.place(found_by));
        self.last = Some((path, template, found_by));
        self.entries.push(DraftEntry {
            package,
            layer,
            path,
            owned_by,
            license,
            found_by,
            declared,
            template,
        });
    }

    pub(crate) fn finish(self) -> Draft {
        Draft { texts: self.texts.all, entries: self.entries }
    }
}

impl Draft {
    /// A draft of entries whose packages are those that `names` gives name and version of; where it knows none, paths
    /// are written out.
    pub(crate) fn of<'a>(
        entries: Vec<InventoryEntry>,
        names: impl Fn(u32) -> Option<(&'a str, &'a str)>,
    ) -> Self {
        let mut drafting = Drafting::default();
        for entry in &entries {
            let (name, version) = names(entry.package).unwrap_or_default();
            let found = Found {
                ecosystem: Ecosystem::Generic,
                name,
                version,
                arch: None,
                distro: None,
                source: None,
                module: None,
                vendor: None,
                path: &entry.path,
                layer: entry.layer,
                owned_by: entry.owned_by.as_deref(),
                license: entry.license.as_deref(),
                found_by: &entry.found_by,
                declared: entry.declared,
            };
            drafting.add(entry.package, &found);
        }
        drafting.finish()
    }

    /// Puts other numbers in place of the packages, `numbers[n]` for n, and brings the entries into their order, each once.
    pub(crate) fn numbered(&self, numbers: &[u32]) -> Vec<DraftEntry> {
        let entry = |entry: &DraftEntry| DraftEntry { package: numbers[entry.package as usize], ..*entry };
        self.ordered(self.entries.iter().map(entry).collect())
    }

    /// Entries in the order of [`InventoryEntry`], each once.
    pub(crate) fn ordered(&self, mut entries: Vec<DraftEntry>) -> Vec<DraftEntry> {
        let text = |place: u32| &self.texts[place as usize];
        entries.sort_unstable_by(|a, b| {
            (a.package, a.layer).cmp(&(b.package, b.layer)).then_with(|| {
                let rest = |entry: &DraftEntry| {
                    let optional = (entry.owned_by.map(text), entry.license.map(text));
                    (text(entry.path), optional, text(entry.found_by), entry.declared)
                };
                rest(a).cmp(&rest(b))
            })
        });
        // equal texts have one place
        entries.dedup_by(|a, b| DraftEntry { template: b.template, ..*a } == *b);
        entries
    }

    /// Writes entries of the draft, which are in order, in the form that is digested.
    pub(crate) fn encode(&self, entries: &[DraftEntry]) -> Vec<u8> {
        let count = entries.len();
        let mut texts = Texts::new(&self.texts);
        let list = || Vec::with_capacity(count);
        let mut columns =
            Columns { packages: list(), layers: list(), texts: Vec::new(), paths: list(), owners: list() };
        let mut last = 0;
        for entry in entries {
            columns.packages.push(entry.package - last);
            last = entry.package;
            columns.layers.push(entry.layer.map_or(0, |layer| layer + 1));
            columns.paths.push(texts.index(entry.path));
            columns.owners.push(entry.owned_by.map_or(0, |owner| texts.index(owner) + 1));
        }
        columns.texts = texts.list;
        let bytes: usize = columns.texts.iter().map(|(_, text)| text.len() + 4).sum();
        let out = Vec::with_capacity(bytes + count * 12 + 64);
        let out = postcard::to_extend(&columns, out).expect("plain lists can be written into memory");
        match self.details(entries) {
            None => out,
            Some(details) => {
                postcard::to_extend(&details, out).expect("plain lists can be written into memory")
            }
        }
    }

    /// What the first form has no place for; `None` if that is nothing.
    fn details(&self, entries: &[DraftEntry]) -> Option<Details<'_>> {
        let mut texts = Texts::new(&self.texts);
        let (mut licenses, mut found_by) =
            (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        for entry in entries {
            licenses.push(entry.license.map_or(0, |license| texts.index_or_none(license)));
            found_by.push(texts.index_or_none(entry.found_by));
        }
        let declared: Vec<u32> = (0_u32..)
            .zip(entries)
            .filter(|(_, entry)| entry.declared)
            .map(|(position, _)| position)
            .collect();
        let says_nothing = texts.list.is_empty() && declared.is_empty();
        (!says_nothing).then_some(Details { texts: texts.list, licenses, found_by, declared })
    }
}

/// Distinct texts in the order of first use.
#[derive(Default)]
struct Interned {
    all: Vec<String>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interned {
    fn place(&mut self, text: &str) -> u32 {
        self.place_or_known(text).0
    }

    /// The place of a text, and whether it was there.
    fn place_or_known(&mut self, text: &str) -> (u32, bool) {
        let Self { all, places, hasher } = self;
        let hash = hasher.hash_one(text);
        if let Some(place) = places.find(hash, |place| all[*place as usize] == text) {
            return (*place, true);
        }
        let place = all.len() as u32;
        all.push(text.to_owned());
        places.insert_unique(hash, place, |place| hasher.hash_one(all[*place as usize].as_str()));
        (place, false)
    }

    /// The places of a path and its template.
    fn place_path(&mut self, path: &str, name: &str, version: &str) -> (u32, u32) {
        let (place, known) = self.place_or_known(path);
        // what several packages share is named after none of them
        let template = if known { path::literal(path) } else { path::template_of(path, name, version) };
        (place, template.map_or(place, |template| self.place(&template)))
    }

    fn has_marks(&self, template: u32) -> bool {
        path::has_marks(&self.all[template as usize])
    }
}

/// The table of distinct texts while it is filled.
struct Texts<'a> {
    /// All texts of the draft.
    all: &'a [String],
    /// The table's index of each of them.
    indexes: Vec<Option<u32>>,
    list: Vec<(u32, &'a str)>,
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
        let mut shared = shared_start(self.last.as_bytes(), text.as_bytes());
        while !text.is_char_boundary(shared) {
            shared -= 1;
        }
        self.list.push((shared as u32, &text[shared..]));
        self.indexes[place as usize] = Some(index);
        self.last = text;
        index
    }
}

/// How many bytes two texts begin with in common.
fn shared_start(a: &[u8], b: &[u8]) -> usize {
    // whole words first: paths share long beginnings
    let words = a.chunks_exact(8).zip(b.chunks_exact(8)).take_while(|(a, b)| a == b).count() * 8;
    words + a[words..].iter().zip(&b[words..]).take_while(|(a, b)| a == b).count()
}
