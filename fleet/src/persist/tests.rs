//! The file as a whole: what is read is what was written, and whatever is not as it was written is refused.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::LazyLock;

use model::{Digest, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::file::Part;
use super::{Head, Pace, Persist as _, PersistError, Sink, Source, read, read_head, write};
use crate::facts::{Derived, Index};
use crate::simulation::{dump, example};
use crate::table::{Bits, Bytes, Chunked, Dictionary, Digests, Lists, Lookup, OrderLog, PagedBits, Stamp};

fn head(index: &Index) -> Head {
    Head {
        program: Digest::of(b"program"),
        database: Uuid::from_u128(1),
        series: Uuid::from_u128(2),
        copy: Uuid::from_u128(3),
        clock: index.clock,
        judged_by: Some(Digest::of(b"bundle")),
    }
}

/// An index with something in every table, and the bytes of its file.
fn saved() -> (Index, Vec<u8>) {
    saved_after(300)
}

fn saved_after(events: u32) -> (Index, Vec<u8>) {
    let (index, folder) = (example(7, events), tempfile::tempdir().unwrap());
    let path = folder.path().join("index");
    write(&path, &head(&index), index.clone(), Pace::Fast).unwrap();
    (index, std::fs::read(path).unwrap())
}

fn read_bytes(path: &Path, bytes: &[u8]) -> Result<Index, PersistError> {
    std::fs::write(path, bytes).unwrap();
    read_head(path)?;
    read(path)
}

#[test]
fn an_index_comes_back_as_it_was() {
    let (index, bytes) = saved();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let again = read_bytes(&path, &bytes).unwrap();
    assert_eq!(dump(&again), dump(&index));
    assert_eq!((again.clock, again.judged_by), (index.clock, Some(Digest::of(b"bundle"))));
    assert!(again.rejudgements().iter().eq(index.rejudgements()) && !again.rejudgements().is_empty());
    assert_eq!(read_head(&path).unwrap(), head(&index));
    again.warm();
    // the same index gives the same file: nothing in it depends on chance
    let other = folder.path().join("other");
    write(&other, &head(&index), again.clone(), Pace::Fast).unwrap();
    assert_eq!(std::fs::read(other).unwrap(), bytes);
    let mut empty = Index::default();
    empty.clock = Timestamp(5);
    write(&path, &head(&empty), empty.clone(), Pace::Fast).unwrap();
    assert_eq!(read(&path).unwrap().clock, Timestamp(5));
}

#[test]
fn a_file_with_any_byte_changed_is_refused() {
    let (_, bytes) = saved_after(3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    std::fs::write(&path, &bytes).unwrap();
    let mut file = std::fs::File::options().write(true).open(&path).unwrap();
    let mut put = |at: usize, byte: u8| {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    for (at, byte) in bytes.iter().enumerate() {
        put(at, byte ^ 1 << (at % 8));
        assert!(read(&path).is_err(), "byte {at}");
        put(at, *byte);
    }
    assert!(read(&path).is_ok());
}

#[test]
fn a_file_that_is_cut_or_goes_on_is_refused() {
    let (_, bytes) = saved_after(20);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    for length in (0..bytes.len()).step_by(13) {
        assert!(read_bytes(&path, &bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(read_bytes(&path, &[&bytes[..], &[0]].concat()).is_err());
    assert!(read_bytes(&path, &[&bytes[..], &bytes[..]].concat()).is_err());
}

/// Fields and their types are in [`layout`](super::layout); how each type is written is held here. Where it is written otherwise, its
/// words in [`Persist::form`] must become others.
#[test]
fn tables_are_written_as_they_were() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut sink = Sink::new(file.reopen().unwrap(), Pace::Fast);
    let uuid = Uuid::from_u128(9 << 64);
    let (mut texts, mut digests, mut lists) = (Dictionary::default(), Digests::default(), Lists::default());
    ["one", "", "zw\u{f6}lf"].iter().for_each(|text| _ = texts.intern(text));
    digests.intern(&Digest::of(b"layer"));
    lists.intern(&[3, 1, 2]);
    let (mut bytes, mut paged, mut order) = (Bytes::default(), PagedBits::default(), OrderLog::default());
    bytes.put_all(&mut [(1, b"one"), (70, b"seventy")]);
    paged.set(5_000, true);
    order.append(vec![Stamp::new(Timestamp(4), uuid, 2)], |_| uuid);
    let derived =
        Derived { changed: Timestamp(1), risk: 2, worst: 3, is_os_ended: true, ..Derived::default() };
    texts.save(&mut sink).unwrap();
    digests.save(&mut sink).unwrap();
    lists.save(&mut sink).unwrap();
    bytes.save(&mut sink).unwrap();
    paged.save(&mut sink).unwrap();
    order.save(&mut sink).unwrap();
    Lookup::build(vec![(1, 2), (u64::MAX, 3)]).save(&mut sink).unwrap();
    Bits::from_fn(70, |position| position % 3 == 0).save(&mut sink).unwrap();
    [1_u8, 2].into_iter().collect::<Chunked<u8>>().save(&mut sink).unwrap();
    (uuid, (Digest::of(b""), [true, false])).save(&mut sink).unwrap();
    derived.save(&mut sink).unwrap();
    sink.finish().unwrap();
    let seen = Digest::of(&std::fs::read(file.path()).unwrap()).to_hex();
    assert_eq!(seen, "4d5b295cf6a0be056ee032c6700c26a0261f6b937ba2341009cff56ce8d25832");
}

#[test]
fn one_that_is_written_in_the_background_is_given_up_when_told_so() {
    let stop = std::sync::atomic::AtomicBool::new(true);
    let folder = tempfile::tempdir().unwrap();
    let index = example(7, 30);
    let error =
        write(&folder.path().join("index"), &head(&index), index.clone(), Pace::Gentle(&stop)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::Interrupted);
}

/// The payload of the block that begins at `at`, and where it ends.
fn block(bytes: &[u8], at: usize) -> (Vec<u8>, usize) {
    let length = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    (bytes[at + 8..at + 8 + length].to_vec(), at + 8 + length)
}

proptest! {
    #[test]
    fn parts_with_any_content_are_read_or_refused(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        // checksums tell damage, not a program that writes nonsense
        static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| saved_after(100).1);
        let bytes = &*BYTES;
        let mut at = 16;
        for kind in 0..7 {
            let (mut part, end) = block(bytes, at);
            at = end;
            for (place, byte) in &changes {
                let place = place.index(part.len());
                part[place] = *byte;
            }
            drop(Part::load(kind, &mut Source::of_block(part)));
        }
    }
}
