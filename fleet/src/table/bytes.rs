//! Byte strings by position, many to one allocation.

use std::io;
use std::sync::Arc;

use super::Chunked;
use crate::persist::{Persist, PersistError, Sink, Source};

/// Strings of one block: small enough that the copy for one change is cheap, large enough that what a string costs besides
/// its bytes is next to nothing.
const BLOCK: u32 = 64;

/// A byte string for each position; the empty one where none was put.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bytes(Chunked<Arc<Block>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Block {
    bytes: Box<[u8]>,
    /// Where each string ends.
    ends: Box<[u32]>,
}

impl Block {
    fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The same strings with those of `changes`, which are sorted by index.
    fn with(&self, changes: &[(u32, &[u8])]) -> Self {
        let last = changes.last().map_or(0, |(index, _)| *index as usize + 1);
        let count = self.ends.len().max(last);
        let grown: usize = changes.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut bytes = Vec::with_capacity(self.bytes.len() + grown);
        let mut ends = Vec::with_capacity(count);
        let mut changes = changes.iter().peekable();
        for index in 0..count {
            let mut own = self.get(index);
            while let Some((_, new)) = changes.next_if(|(place, _)| *place as usize == index) {
                own = new;
            }
            bytes.extend_from_slice(own);
            ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        }
        Self { bytes: bytes.into_boxed_slice(), ends: ends.into_boxed_slice() }
    }
}

impl Bytes {
    pub(crate) fn get(&self, position: u32) -> &[u8] {
        self.0.get(position / BLOCK).map_or(&[], |block| block.get((position % BLOCK) as usize))
    }

    /// Puts strings at their positions; of several for one position the last one stays.
    pub(crate) fn put_all(&mut self, changes: &mut [(u32, &[u8])]) {
        changes.sort_by_key(|(position, _)| *position);
        for of_block in changes.chunk_by_mut(|a, b| a.0 / BLOCK == b.0 / BLOCK) {
            let index = of_block[0].0 / BLOCK;
            of_block.iter_mut().for_each(|(position, _)| *position %= BLOCK);
            let known = self.0.get(index).cloned().unwrap_or_default();
            if of_block.iter().all(|(place, bytes)| known.get(*place as usize) == *bytes) {
                continue;
            }
            self.0.put(index, Arc::new(known.with(of_block)), &Arc::default());
        }
    }
}

impl Persist for Bytes {
    fn form(form: &mut String) {
        form.push_str("bytes by 64");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.0.len())?;
        self.0.iter().try_for_each(|block| {
            sink.plain(&[block.ends.len() as u32])?;
            sink.plain(&block.ends)?;
            sink.bytes(&block.bytes)
        })
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(12)?;
        let mut blocks = Chunked::default();
        for _ in 0..count {
            let strings: u32 = source.one()?;
            if strings > BLOCK {
                return Err(PersistError::Damaged("a block holds too many strings"));
            }
            let ends: Vec<u32> = source.many(strings as usize)?;
            let bytes = source.bytes()?;
            if !ends.is_sorted() || ends.last().map_or(0, |end| *end as usize) != bytes.len() {
                return Err(PersistError::Damaged("strings do not fill their block"));
            }
            blocks.push(Arc::new(Block { bytes: bytes.into_boxed_slice(), ends: ends.into_boxed_slice() }));
        }
        Ok(Self(blocks))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_put_last_is_there_and_a_clone_keeps_what_it_showed(
            steps in proptest::collection::vec(proptest::collection::vec((0_u32..300, ".{0,6}"), 0..9), 0..9),
        ) {
            let mut bytes = Bytes::default();
            let mut expected = vec![String::new(); 300];
            for step in &steps {
                let (before, seen) = (bytes.clone(), expected.clone());
                let mut changes: Vec<(u32, &[u8])> =
                    step.iter().map(|(position, text)| (*position, text.as_bytes())).collect();
                bytes.put_all(&mut changes);
                step.iter().for_each(|(position, text)| expected[*position as usize].clone_from(text));
                for position in 0..300 {
                    prop_assert_eq!(bytes.get(position), expected[position as usize].as_bytes());
                    prop_assert_eq!(before.get(position), seen[position as usize].as_bytes());
                }
            }
        }
    }
}
