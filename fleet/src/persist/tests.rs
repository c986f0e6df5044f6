//! The file as a whole: what is read is what was written, and whatever is not as it was written is refused.

use std::path::Path;

use model::{Digest, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

use super::{Head, Pace, Part, PersistError, Source, read, read_head, write};
use crate::facts::Index;
use crate::simulation::{dump, example};

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
    let (index, folder) = (example(7, 300), tempfile::tempdir().unwrap());
    let path = folder.path().join("index");
    write(&path, &head(&index), &index, Pace::Fast).unwrap();
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
    write(&other, &head(&index), &again, Pace::Fast).unwrap();
    assert_eq!(std::fs::read(other).unwrap(), bytes);
    let mut empty = Index::default();
    empty.clock = Timestamp(5);
    write(&path, &head(&empty), &empty, Pace::Fast).unwrap();
    assert_eq!(read(&path).unwrap().clock, Timestamp(5));
}

#[test]
fn a_file_with_any_byte_changed_is_refused() {
    let (_, bytes) = saved();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        assert!(read_bytes(&path, &damaged).is_err(), "byte {at}");
    }
}

#[test]
fn a_file_that_is_cut_or_goes_on_is_refused() {
    let (_, bytes) = saved();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    for length in (0..bytes.len()).step_by(3) {
        assert!(read_bytes(&path, &bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(read_bytes(&path, &[&bytes[..], &[0]].concat()).is_err());
    assert!(read_bytes(&path, &[&bytes[..], &bytes[..]].concat()).is_err());
}

/// Where the parts are written otherwise, the mark at the beginning of files must become another one.
#[test]
fn parts_are_written_as_they_were() {
    let (_, bytes) = saved();
    let tail = bytes.len() - 20;
    let directory = usize::try_from(u64::from_le_bytes(bytes[tail..tail + 8].try_into().unwrap())).unwrap();
    assert_eq!(Digest::of(&bytes[..directory]).to_hex(), "");
}

#[test]
fn one_that_is_written_in_the_background_is_given_up_when_told_so() {
    let stop = std::sync::atomic::AtomicBool::new(true);
    let folder = tempfile::tempdir().unwrap();
    let index = example(7, 30);
    let error = write(&folder.path().join("index"), &head(&index), &index, Pace::Gentle(&stop)).unwrap_err();
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
        let (_, bytes) = saved();
        let mut at = 16;
        for kind in 0..7 {
            let (mut part, end) = block(&bytes, at);
            at = end;
            for (place, byte) in &changes {
                let place = place.index(part.len());
                part[place] = *byte;
            }
            drop(Part::load(kind, &mut Source::of_block(part)));
        }
    }
}
