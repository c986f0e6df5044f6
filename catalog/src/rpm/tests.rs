//! Stores made by hand, one writer each, and the laws that hold for all of them: the packages come out again,
//! and no damage makes a reader fail, hang or invent.

use proptest::prelude::*;

use super::*;
use crate::facts::Facts;
use crate::registry::Input;

/// Writes the header of a package.
#[derive(Default)]
pub(super) struct HeaderBuilder {
    index: Vec<u8>,
    data: Vec<u8>,
}

impl HeaderBuilder {
    pub(super) fn new() -> Self {
        Self::default()
    }

    fn field(mut self, tag: u32, kind: u32, count: usize, data: &[u8]) -> Self {
        while kind == 4 && !self.data.len().is_multiple_of(4) {
            self.data.push(0);
        }
        for number in [tag, kind, self.data.len() as u32, count as u32] {
            self.index.extend(number.to_be_bytes());
        }
        self.data.extend(data);
        self
    }

    pub(super) fn text(self, tag: u32, text: &str) -> Self {
        self.field(tag, 6, 1, format!("{text}\0").as_bytes())
    }

    pub(super) fn texts(self, tag: u32, texts: &[&str]) -> Self {
        let data: String = texts.iter().map(|text| format!("{text}\0")).collect();
        self.field(tag, 8, texts.len(), data.as_bytes())
    }

    pub(super) fn number(self, tag: u32, number: u32) -> Self {
        self.numbers(tag, &[number])
    }

    pub(super) fn numbers(self, tag: u32, numbers: &[u32]) -> Self {
        let data: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        self.field(tag, 4, numbers.len(), &data)
    }

    pub(super) fn build(&self) -> Vec<u8> {
        let counts = [(self.index.len() / 16) as u32, self.data.len() as u32];
        let mut blob: Vec<u8> = counts.iter().flat_map(|count| count.to_be_bytes()).collect();
        blob.extend(&self.index);
        blob.extend(&self.data);
        blob
    }
}

/// A package whose header has about `size` bytes more than it needs.
fn package(name: &str, size: usize) -> Vec<u8> {
    use header::tag;
    HeaderBuilder::new()
        .text(tag::NAME, name)
        .text(tag::VERSION, "1.2")
        .text(tag::RELEASE, "3.el9")
        .text(tag::ARCH, "x86_64")
        .text(tag::SOURCE_RPM, &format!("{name}-1.2-3.el9.src.rpm"))
        .text(1004, &"x".repeat(size))
        .build()
}

const PAGE: usize = 512;

fn put(page: &mut [u8], at: usize, bytes: &[u8]) {
    page[at..at + bytes.len()].copy_from_slice(bytes);
}

/// A BerkeleyDB file with one entry a page, key 0 included; every value is a chain of overflow pages.
fn bdb(blobs: &[Vec<u8>], is_tree: bool, is_big: bool) -> Vec<u8> {
    let u32_bytes = |number: u32| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let u16_bytes = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut file = vec![0; PAGE];
    put(&mut file, 12, &u32_bytes(if is_tree { 0x0005_3162 } else { 0x0006_1561 }));
    put(&mut file, 20, &u32_bytes(PAGE as u32));
    for (number, blob) in std::iter::once(&vec![7; 4]).chain(blobs).enumerate() {
        let first = (file.len() / PAGE) as u32 + 1;
        let mut page = vec![0; PAGE];
        page[25] = if is_tree { 5 } else { 13 };
        put(&mut page, 20, &u16_bytes(2));
        let key = u32_bytes(number as u32);
        let [mut key, mut value] = [key.to_vec(), [u32_bytes(first), u32_bytes(blob.len() as u32)].concat()];
        if is_tree {
            key.splice(0..0, [u16_bytes(4).as_slice(), &[1]].concat());
            value.splice(0..0, [0, 0, 3, 0]);
        } else {
            key.insert(0, 1);
            value.splice(0..0, [3, 0, 0, 0]);
        }
        let (key_at, value_at) = (PAGE - key.len(), PAGE - key.len() - value.len());
        put(&mut page, key_at, &key);
        put(&mut page, value_at, &value);
        put(&mut page, 26, &u16_bytes(key_at as u16));
        put(&mut page, 28, &u16_bytes(value_at as u16));
        file.extend(page);
        let parts: Vec<&[u8]> = blob.chunks(PAGE - 26).collect();
        for (index, part) in parts.iter().enumerate() {
            let mut page = vec![0; PAGE];
            page[25] = 7;
            let next = if index + 1 < parts.len() { (file.len() / PAGE) as u32 + 1 } else { 0 };
            put(&mut page, 16, &u32_bytes(next));
            put(&mut page, 22, &u16_bytes(part.len() as u16));
            put(&mut page, 26, part);
            file.extend(page);
        }
    }
    let last = u32_bytes((file.len() / PAGE) as u32 - 1);
    put(&mut file, 32, &last);
    file
}

fn ndb(blobs: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0; 4096];
    put(&mut file, 0, b"RpmP\0\0\0\0");
    put(&mut file, 12, &[1]);
    for slot in 2..256 {
        put(&mut file, slot * 16, b"Slot");
    }
    for (index, blob) in blobs.iter().enumerate() {
        let number = index as u32 + 1;
        let slot = [number, (file.len() / 16) as u32, blob.len().div_ceil(16) as u32 + 2];
        put(&mut file, (index + 2) * 16 + 4, &slot.map(u32::to_le_bytes).concat());
        file.extend(b"BlbS");
        file.extend([number, 0, blob.len() as u32].map(u32::to_le_bytes).concat());
        file.extend(blob);
        file.resize(file.len().next_multiple_of(16), 0);
        file.extend(b"....end of blob.");
    }
    file
}

/// A number in the longest form, which is allowed to be longer than needed.
fn long_varint(number: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (number >> shift) as u8 & 0x7f | if shift > 0 { 0x80 } else { 0 })
}

/// An SQLite file: schema, one interior page, one leaf a row, all values with overflow pages if they are long.
fn sqlite(blobs: &[Vec<u8>]) -> Vec<u8> {
    let mut file = vec![0; PAGE];
    put(&mut file, 0, b"SQLite format 3\0");
    put(&mut file, 16, &(PAGE as u16).to_be_bytes());
    put(&mut file, 59, &[1]);
    // Types: five texts but for the fourth, a number of one byte.
    let schema = [&[6, 23, 29, 29, 1, 13][..], b"tablePackagesPackages", &[2]].concat();
    let cell = [&[schema.len() as u8, 1][..], &schema].concat();
    put(&mut file, 100, &[13, 0, 0, 0, 1]);
    let at = PAGE - cell.len();
    put(&mut file, 108, &(at as u16).to_be_bytes());
    put(&mut file, at, &cell);
    file.extend(vec![0; PAGE]);
    let mut children = Vec::new();
    for blob in blobs {
        let record = [&[6, 0][..], &long_varint(blob.len() * 2 + 12), blob].concat();
        let (most, least) = (PAGE - 35, (PAGE - 12) * 32 / 255 - 23);
        let local = match least + (record.len().max(least) - least) % (PAGE - 4) {
            _ if record.len() <= most => record.len(),
            local if local <= most => local,
            _ => least,
        };
        let number = file.len() / PAGE + 1;
        children.push(number as u32);
        let mut cell = [&long_varint(record.len())[..], &[1], &record[..local]].concat();
        if local < record.len() {
            cell.extend((number as u32 + 1).to_be_bytes());
        }
        let mut page = vec![0; PAGE];
        put(&mut page, 0, &[13, 0, 0, 0, 1]);
        let at = PAGE - cell.len();
        put(&mut page, 8, &(at as u16).to_be_bytes());
        put(&mut page, at, &cell);
        file.extend(page);
        let parts: Vec<&[u8]> = record[local..].chunks(PAGE - 4).collect();
        for (index, part) in parts.iter().enumerate() {
            let next = if index + 1 < parts.len() { number as u32 + 2 + index as u32 } else { 0 };
            let mut page = vec![0; PAGE];
            put(&mut page, 0, &next.to_be_bytes());
            put(&mut page, 4, part);
            file.extend(page);
        }
    }
    let (last, others) = children.split_last().expect("some packages");
    put(&mut file, PAGE, &[5, 0, 0, 0, others.len() as u8]);
    put(&mut file, PAGE + 8, &last.to_be_bytes());
    for (index, child) in others.iter().enumerate() {
        let at = PAGE * 2 - (index + 1) * 5;
        put(&mut file, at, &[&child.to_be_bytes()[..], &[1]].concat());
        put(&mut file, PAGE + 12 + index * 2, &((at - PAGE) as u16).to_be_bytes());
    }
    file
}

type Store = fn(&[Vec<u8>]) -> Vec<u8>;

/// Every store with its name.
const STORES: [(&str, Store); 5] = [
    ("bdb hash", |blobs| bdb(blobs, false, false)),
    ("bdb b-tree", |blobs| bdb(blobs, true, false)),
    ("bdb hash, big-endian", |blobs| bdb(blobs, false, true)),
    ("ndb", ndb),
    ("sqlite", sqlite),
];

fn facts_of(file: &[u8]) -> Facts {
    let mut facts = Facts::default();
    let mut content = file;
    let size = file.len() as u64;
    let mut input = Input { path: b"var/lib/rpm/Packages", size, content: &mut content };
    parse_database::read(&mut input, &mut facts).unwrap();
    facts
}

fn names(facts: &Facts) -> Vec<&str> {
    facts.packages.iter().map(|found| found.name.as_str()).collect()
}

#[test]
fn every_store_gives_its_packages_short_and_long() {
    let blobs =
        [package("bash", 0), package("kernel", 5000), package("glibc", 300), package("gpg-pubkey", 1)];
    for (store, write) in STORES {
        let facts = facts_of(&write(&blobs));
        assert_eq!(names(&facts), ["bash", "kernel", "glibc"], "{store}");
        assert!(facts.notes.is_empty(), "{store}: {:?}", facts.notes);
        let bash = &facts.packages[0];
        assert_eq!(bash.version, "1.2-3.el9", "{store}");
        assert_eq!(bash.arch.as_deref(), Some("x86_64"), "{store}");
        assert_eq!(bash.source, Some(("bash".into(), "1.2-3.el9".into())), "{store}");
    }
}

#[test]
fn a_file_list_owns_only_what_may_prove_a_language_package() {
    use header::tag;
    let egg = "six-1.16.0.egg-info";
    let blob = HeaderBuilder::new()
        .text(tag::NAME, "python3-six")
        .text(tag::VERSION, "1.16.0")
        .text(tag::RELEASE, "9")
        .number(tag::EPOCH, 2)
        .text(tag::MODULARITY_LABEL, "python39:3.9:8040020210811:abc")
        .texts(tag::BASE_NAMES, &["six.py", egg, "README", "lost"])
        .numbers(tag::DIR_INDEXES, &[0, 0, 1, 9])
        .texts(tag::DIR_NAMES, &["/usr/lib/python3.9/site-packages/", "/usr/share/doc/"])
        .texts(tag::OLD_FILE_NAMES, &["/opt/a.jar", "/opt/a.txt"])
        .build();
    let facts = facts_of(&ndb(&[blob]));
    assert_eq!(facts.packages[0].version, "2:1.16.0-9");
    assert_eq!(facts.packages[0].module.as_deref(), Some("python39:3.9"));
    let owner = &facts.owners[0];
    assert_eq!(owner.package, "python3-six");
    let paths: Vec<String> = owner.paths.iter().map(|path| crate::path::text(path)).collect();
    assert_eq!(paths, [format!("usr/lib/python3.9/site-packages/{egg}"), "opt/a.jar".to_owned()]);
}

#[test]
fn one_damaged_header_costs_one_package_and_is_noted() {
    let mut broken = package("broken", 0);
    broken[0] = 0xff;
    for (store, write) in STORES {
        let facts = facts_of(&write(&[package("a", 0), broken.clone(), package("b", 900)]));
        assert_eq!(names(&facts), ["a", "b"], "{store}");
        assert_eq!(facts.notes, ["header of a package is damaged: impossible number of entries"], "{store}");
    }
}

#[test]
fn a_file_that_is_cut_off_says_so_and_keeps_what_is_whole() {
    for (store, write) in STORES {
        let file = write(&[package("a", 0), package("b", 3000)]);
        let facts = facts_of(&file[..file.len() - 1500]);
        assert_eq!(names(&facts), ["a"], "{store}");
        assert!(!facts.notes.is_empty(), "{store}");
    }
}

#[test]
fn a_chain_that_bites_its_tail_ends() {
    // The second package's chain begins on the file's last pages and is led back to its first page.
    let blobs = [package("a", 0), package("b", 100_000)];
    let mut file = bdb(&blobs, false, false);
    let last = file.len() - PAGE;
    let first = file.len() / PAGE - blobs[1].len().div_ceil(PAGE - 26);
    put(&mut file, last - PAGE + 16, &(first as u32).to_le_bytes());
    let facts = facts_of(&file);
    assert_eq!(names(&facts), ["a", "b"], "a wrong tail of a long header is not noticed");

    let mut file = sqlite(&blobs);
    // The interior page names itself as its last child.
    put(&mut file, PAGE + 8, &2_u32.to_be_bytes());
    let facts = facts_of(&file);
    assert_eq!(names(&facts), ["a"]);
    assert_eq!(facts.notes, ["page 2 of the database is damaged: it is part of a cycle"]);
}

#[test]
fn entries_that_share_their_bytes_are_stopped_by_the_size_of_the_file() {
    let long = package("long", 200_000);
    let mut file = ndb(&[long]);
    let blob = [1_u32, (4096 / 16) as u32, 1].map(u32::to_le_bytes).concat();
    for slot in 3..256 {
        put(&mut file, slot * 16 + 4, &blob);
    }
    let facts = facts_of(&file);
    assert_eq!(names(&facts), ["long"]);
    assert_eq!(facts.notes, ["entries of the database overlap, the rest is left out"]);
}

#[test]
fn paths_that_would_fill_memory_are_given_up() {
    use header::tag;
    let directory = format!("/{}/", "d".repeat(4000));
    let names: Vec<&str> = vec!["a.jar"; 70_000];
    let blob = HeaderBuilder::new()
        .text(tag::NAME, "bomb")
        .text(tag::VERSION, "1")
        .text(tag::RELEASE, "1")
        .texts(tag::BASE_NAMES, &names)
        .numbers(tag::DIR_INDEXES, &vec![0; names.len()])
        .texts(tag::DIR_NAMES, &[&directory])
        .build();
    let facts = facts_of(&ndb(&[blob]));
    assert_eq!(facts.notes, ["file lists are too long, the rest is left out"]);
    assert_eq!(facts.packages.len(), 1);
}

#[test]
fn millions_of_empty_names_and_of_empty_entries_are_given_up() {
    use header::tag;
    let count = 5_000_000;
    let zeros = vec![0; count * 4];
    let blob = HeaderBuilder::new()
        .text(tag::NAME, "bomb")
        .text(tag::VERSION, "1")
        .text(tag::RELEASE, "1")
        .field(tag::DIR_NAMES, 8, count, &zeros[..count])
        .field(tag::DIR_INDEXES, 4, count, &zeros)
        .field(tag::BASE_NAMES, 8, count, &zeros[..count])
        .build();
    let facts = facts_of(&ndb(&[blob]));
    assert_eq!(
        facts.notes,
        [
            "a package has too many directories, the rest is left out",
            "file lists are too long, the rest is left out",
        ]
    );
    assert_eq!(names(&facts), ["bomb"]);

    let mut slots = ndb(&[]);
    put(&mut slots, 12, &1000_u32.to_le_bytes());
    slots.resize(1000 * 4096, 0);
    let facts = facts_of(&slots);
    assert_eq!(facts.notes.len(), crate::facts::MAX_NOTES + 1);
}

#[test]
fn what_no_store_writes_is_noted_and_an_empty_file_is_an_empty_database() {
    assert_eq!(facts_of(b"no database").notes, ["no store that rpm writes"]);
    assert_eq!(facts_of(b""), Facts::default());
}

#[test]
fn a_log_is_noted_if_it_holds_a_commit() {
    let path = b"var/lib/rpm/rpmdb.sqlite-wal";
    let index = crate::registry::wanted(path).unwrap();
    let notes = |content: &[u8]| {
        let input = Input { path, size: 0, content: &mut &content[..] };
        crate::registry::read(index, input).notes.len()
    };
    let log = super::log::tests::log;
    assert_eq!(notes(&log(&[(1, 0, 5), (2, 2, 6)])), 1);
    for without in [&b""[..], b"frames", &log(&[(1, 0, 5)]), &log(&[])] {
        assert_eq!(notes(without), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_makes_a_store_fail(
        sizes in prop::collection::vec(0_usize..2500, 1..6),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let blobs: Vec<Vec<u8>> =
            sizes.iter().enumerate().map(|(index, size)| package(&format!("p{index}"), *size)).collect();
        for (store, write) in STORES {
            let whole = write(&blobs);
            let facts = facts_of(&whole);
            prop_assert_eq!(facts.packages.len(), blobs.len(), "{}", store);
            let mut file = whole;
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            if let Some(cut) = cut {
                file.truncate(cut.index(file.len()));
            }
            let facts = facts_of(&file);
            prop_assert!(facts.packages.len() <= blobs.len() * 2, "{}", store);
        }
    }
}
