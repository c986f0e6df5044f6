//! Databases put together page by page.

use super::page::{ELEMENT, HEAD, META, fnv};
use super::*;

const SIZE: usize = 1024;

/// A key with a value, or with a bucket: the bytes of its value.
enum Entry<'e> {
    Value(&'e str, &'e str),
    Bucket(&'e str, Vec<u8>),
}

use Entry::{Bucket as In, Value};

fn head(id: u64, flags: u16, count: usize) -> Vec<u8> {
    let mut page = id.to_le_bytes().to_vec();
    page.extend_from_slice(&flags.to_le_bytes());
    page.extend_from_slice(&(count as u16).to_le_bytes());
    page.extend_from_slice(&[0; 4]);
    page
}

fn leaf(id: u64, entries: &[Entry<'_>]) -> Vec<u8> {
    let mut page = head(id, 2, entries.len());
    let mut body = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let (flags, key, value) = match entry {
            Value(key, value) => (0_u32, key, value.as_bytes()),
            In(key, value) => (1, key, value.as_slice()),
        };
        let position = (entries.len() - index) * ELEMENT + body.len();
        for number in [flags, position as u32, key.len() as u32, value.len() as u32] {
            page.extend_from_slice(&number.to_le_bytes());
        }
        body.extend_from_slice(key.as_bytes());
        body.extend_from_slice(value);
    }
    [page, body].concat()
}

fn branch(id: u64, below: &[u64]) -> Vec<u8> {
    let mut page = head(id, 1, below.len());
    for id in below {
        page.extend_from_slice(&[0; 8]);
        page.extend_from_slice(&id.to_le_bytes());
    }
    page
}

/// The value of a bucket with its own page.
fn at(root: u64) -> Vec<u8> {
    [root.to_le_bytes(), [0; 8]].concat()
}

/// The value of a small bucket.
fn inline(entries: &[Entry<'_>]) -> Vec<u8> {
    [at(0), leaf(0, entries)].concat()
}

fn meta(id: u64, root: u64, pages: u64, transaction: u64) -> Vec<u8> {
    let mut page = head(id, 4, 0);
    for number in [0xED0C_DAED_u32, 2, SIZE as u32, 0] {
        page.extend_from_slice(&number.to_le_bytes());
    }
    for number in [root, 0, 2, pages, transaction] {
        page.extend_from_slice(&number.to_le_bytes());
    }
    let checksum = fnv(&page[HEAD..]);
    page.extend_from_slice(&checksum.to_le_bytes());
    assert_eq!(page.len(), META);
    page
}

/// A database of these pages, the first of which gets number 3.
fn database(folder: &Path, root: u64, pages: &[Vec<u8>]) -> std::path::PathBuf {
    let count = 3 + pages.len() as u64;
    let first = [meta(0, root, count, 8), meta(1, root, count, 7), head(2, 0x10, 0)];
    let mut bytes = Vec::new();
    for page in first.iter().chain(pages) {
        bytes.extend_from_slice(page);
        bytes.resize(bytes.len().next_multiple_of(SIZE), 0);
    }
    let path = folder.join("meta.db");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn keys(bucket: &super::Bucket<'_>) -> Result<Vec<String>, ImageError> {
    let values = bucket.values()?;
    Ok(values.into_iter().map(|(key, _)| String::from_utf8(key).unwrap()).collect())
}

#[test]
fn keys_are_found_in_pages_below_branches_and_in_buckets_inside_values() {
    let folder = tempfile::tempdir().unwrap();
    let small = inline(&[Value("digest", "sha256:00"), Value("size", "7")]);
    let pages = [
        leaf(3, &[In("v1", at(4))]),
        branch(4, &[5, 6]),
        leaf(5, &[Value("a", "1"), In("image", small)]),
        leaf(6, &[Value("b", "2"), Value("c", "")]),
    ];
    let path = database(folder.path(), 3, &pages);
    read(&path, |bolt| {
        let bucket = bolt.bucket(&[b"v1"])?.unwrap();
        assert_eq!(keys(&bucket)?, ["a", "b", "c"]);
        assert_eq!(bucket.get(b"b")?.as_deref(), Some(b"2".as_slice()));
        assert_eq!(bucket.get(b"image")?, None, "a bucket is no value");
        assert!(bucket.bucket(b"a")?.is_none(), "a value is no bucket");
        assert_eq!(bolt.bucket(&[b"v1", b"image"])?.unwrap().text(b"digest")?.as_deref(), Some("sha256:00"));
        assert!(bolt.bucket(&[b"v2", b"image"])?.is_none());
        assert_eq!(bolt.root().buckets()?.len(), 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn the_meta_page_with_the_newest_whole_transaction_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path(), 3, &[leaf(3, &[Value("old", "")]), leaf(4, &[Value("new", "")])]);
    let found = |path: &Path| read(path, |bolt| keys(&bolt.root())).unwrap();
    assert_eq!(found(&path), ["old"]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[SIZE..SIZE + META].copy_from_slice(&meta(1, 4, 5, 9));
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(found(&path), ["new"]);
    // as if the machine had stopped while it was written
    bytes[SIZE + META - 1] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(found(&path), ["old"]);
    // the first one is broken, and the page size with it
    bytes[SIZE + META - 1] ^= 1;
    bytes[20] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(found(&path), ["new"]);
}

#[test]
fn pages_that_lie_are_errors_with_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let failure = |root: u64, pages: &[Vec<u8>]| {
        let path = database(folder.path(), root, pages);
        read(&path, |bolt| keys(&bolt.root())).unwrap_err().to_string()
    };
    let mut far = leaf(3, &[Value("key", "value")]);
    far[HEAD + 4] = 0xff;
    far[HEAD + 5] = 0xff;
    let mut long = leaf(3, &[]);
    long[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut many = leaf(3, &[]);
    many[10] = 0xff;
    for (root, pages, reason) in [
        (3, vec![branch(3, &[4]), branch(4, &[3])], "page 3 comes twice in one tree"),
        (3, vec![branch(3, &[3])], "page 3 comes twice"),
        (3, vec![branch(3, &[9])], "it leads to page 9, which it does not have"),
        (3, vec![branch(3, &[0])], "it leads to page 0"),
        (u64::MAX, vec![], "which it does not have"),
        (3, vec![leaf(4, &[])], "page 3 has the number of another one"),
        (3, vec![head(3, 0x10, 0)], "page 3 is neither branch nor leaf"),
        (3, vec![far], "page 3 has a key or value that leads out of it"),
        (3, vec![long], "page 3 is longer than the file or the limit"),
        (3, vec![many], "page 3 has more keys than fit"),
    ] {
        let said = failure(root, &pages);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn a_tree_of_endless_depth_and_a_bucket_that_is_cut_off_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let chain: Vec<Vec<u8>> = (3..60).map(|id| branch(id, &[id + 1])).collect();
    let path = database(folder.path(), 3, &chain);
    let said = read(&path, |bolt| keys(&bolt.root())).unwrap_err().to_string();
    assert!(said.contains("is too many levels deep"), "{said}");
    let path = database(folder.path(), 3, &[leaf(3, &[In("v1", vec![1; 8])])]);
    let said = read(&path, |bolt| bolt.bucket(&[b"v1"]).map(|_| ())).unwrap_err().to_string();
    assert!(said.contains("the value of a bucket is too short"), "{said}");
}

#[test]
fn a_file_that_is_no_database_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meta.db");
    for bytes in [&b""[..], b"sqlite", &[0; 9000]] {
        std::fs::write(&path, bytes).unwrap();
        let said = read(&path, |_| Ok(())).unwrap_err().to_string();
        assert!(said.contains("it is no bbolt database"), "{said}");
    }
    assert!(read(folder.path(), |_| Ok(())).is_err(), "a directory");
}

#[test]
fn what_was_read_while_a_transaction_was_committed_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path(), 3, &[leaf(3, &[Value("a", "")])]);
    let mut readings = 0;
    let commit = |transaction: u64| {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[SIZE..SIZE + META].copy_from_slice(&meta(1, 3, 4, transaction));
        std::fs::write(&path, &bytes).unwrap();
    };
    let result = read(&path, |bolt| {
        readings += 1;
        if readings <= 2 {
            commit(10 + readings);
            return Err(bolt.broken("what an overwritten page looks like"));
        }
        keys(&bolt.root())
    });
    assert_eq!(result.unwrap(), ["a"]);
    assert_eq!(readings, 3);
}
