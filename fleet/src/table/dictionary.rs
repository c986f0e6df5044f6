//! Texts that are stored once and known by a number.
//!
//! A column of numbers and a dictionary answer a filter on text in two passes: over the distinct texts, and over the
//! numbers. The first pass looks for a part that every matching text must contain, which runs at the speed of memory.

use std::hash::BuildHasher as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};
use qql::Glance;

use super::Bits;
use crate::persist::{Persist, PersistError, Sink, Source};

/// The number that stands for no text.
pub(crate) const NONE: u32 = u32::MAX;

/// Texts of one block.
const BLOCK: u32 = 4_096;

/// Texts from which on a search is shared by two threads.
const SHARED: u32 = if cfg!(test) { 5_000 } else { 200_000 };

/// Ends of texts that are looked at one by one before the place of a hit is searched for.
const NEAR: usize = 8;

/// Distinct texts under dense numbers; a text is never taken out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dictionary {
    /// All but the last hold [`BLOCK`] texts.
    blocks: Arc<Vec<Arc<Block>>>,
    len: u32,
    /// From a text's hash to its number, shared by all clones: it may know more texts than an older clone holds.
    numbers: Arc<Mutex<Numbers>>,
}

/// Numbers by the hash of their text, which is worked out again when the table grows: there are tens of millions of texts.
#[derive(Debug, Default)]
struct Numbers {
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Numbers {
    /// Puts a number in, which belongs to a text of that hash.
    fn insert(&mut self, hash: u64, number: u32, texts: &Dictionary) {
        let Self { table, hasher } = self;
        table.insert_unique(hash, number, |number| match texts.get(*number) {
            Some(text) => hasher.hash_one(text),
            // it is left from a clone that was added to and then given up
            None => spread(*number),
        });
    }
}

/// Brings 32 bits to all places that a hash table looks at.
pub(crate) fn spread(short: u32) -> u64 {
    u64::from(short).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[derive(Debug, Default)]
struct Block {
    text: String,
    /// Where each text ends.
    ends: Vec<u32>,
    lower: OnceLock<Lower>,
    /// See [`Dictionary::head`], for each text.
    heads: OnceLock<Box<[u64]>>,
}

/// The texts of a block in lower case.
#[derive(Debug)]
enum Lower {
    /// They are as they stand.
    Same,
    /// They are ASCII: to put them in lower case takes no longer than to read them, and keeping them so as much memory again.
    Ascii,
    Other {
        text: String,
        ends: Vec<u32>,
    },
}

impl Clone for Block {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), ends: self.ends.clone(), ..Self::default() }
    }
}

impl Dictionary {
    /// How many texts there are; numbers are below it.
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// The text of a number; `None` for [`NONE`] and whatever was never given out.
    pub(crate) fn get(&self, number: u32) -> Option<&str> {
        let block = self.blocks.get((number / BLOCK) as usize)?;
        slice(&block.text, &block.ends, (number % BLOCK) as usize)
    }

    /// The first eight bytes of a text as a number, missing ones as 0: texts of which one is less stand in that order. The
    /// greatest number, which no text has, for a number that was never given out.
    pub(crate) fn head(&self, number: u32) -> u64 {
        let Some(block) = self.blocks.get((number / BLOCK) as usize) else { return u64::MAX };
        let heads = block.heads.get_or_init(|| block.all_heads());
        heads.get((number % BLOCK) as usize).copied().unwrap_or(u64::MAX)
    }

    /// The numbers of texts; of a dictionary that was read from a file they are made when they are first needed.
    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if numbers.table.is_empty() && self.len > 0 {
            numbers.table.reserve(self.len as usize, |number| spread(*number));
            for (number, text) in self.iter() {
                let hash = numbers.hasher.hash_one(text);
                numbers.insert(hash, number, self);
            }
        }
        numbers
    }

    /// The number of a text, if it is in the dictionary.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        let numbers = self.numbers();
        let hash = numbers.hasher.hash_one(text);
        numbers.table.find(hash, |number| self.get(*number) == Some(text)).copied()
    }

    /// The number of a text, which is put in if it is new. Only the newest clone may be added to.
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = self.len;
        self.push(text);
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = numbers.hasher.hash_one(text);
        numbers.insert(hash, number, self);
        number
    }

    /// [`Self::intern`], and [`NONE`] for no text.
    pub(crate) fn intern_optional(&mut self, text: Option<&str>) -> u32 {
        text.map_or(NONE, |text| self.intern(text))
    }

    fn push(&mut self, text: &str) {
        let blocks = Arc::make_mut(&mut self.blocks);
        if self.len.is_multiple_of(BLOCK) {
            if let Some(full) = blocks.last_mut() {
                // it holds no more from now on
                let block = Arc::make_mut(full);
                block.text.shrink_to_fit();
                block.ends.shrink_to_fit();
            }
            blocks.push(Arc::default());
        }
        if let Some(last) = blocks.last_mut() {
            let block = Arc::make_mut(last);
            block.text.push_str(text);
            block.ends.push(block.text.len() as u32);
            (block.lower, block.heads) = (OnceLock::new(), OnceLock::new());
        }
        self.len += 1;
    }

    /// The texts that contain one of `needles` in lower case and that `matches`, by number. With no needles, `matches`
    /// is asked for each text.
    pub(crate) fn search(&self, needles: &[String], matches: impl Fn(&str) -> bool + Sync) -> Bits {
        let matches = |block: &Block, _: &str, _: &[u32], index| block.text(index).is_some_and(&matches);
        self.search_with(needles, &|_, _, _| Glance::Unknown, &matches)
    }

    /// [`Self::search`] where both are told texts in lower case. `glance` is told the number of the needle, and where in the
    /// text it begins; only if it cannot tell, `matches` is asked.
    pub(crate) fn search_lower(
        &self,
        needles: &[String],
        glance: impl Fn(usize, &str, usize) -> Glance + Sync,
        matches: impl Fn(&str) -> bool + Sync,
    ) -> Bits {
        let matches =
            |_: &Block, lower: &str, ends: &[u32], index| slice(lower, ends, index).is_some_and(&matches);
        self.search_with(needles, &glance, &matches)
    }

    fn search_with(
        &self,
        needles: &[String],
        glance: &(impl Fn(usize, &str, usize) -> Glance + Sync),
        matches: &(impl Fn(&Block, &str, &[u32], usize) -> bool + Sync),
    ) -> Bits {
        let finders: Vec<_> =
            needles.iter().map(|needle| memchr::memmem::Finder::new(needle.as_bytes())).collect();
        let has_needles = !needles.is_empty() && !needles.iter().any(String::is_empty);
        let run = |blocks: &[Arc<Block>]| {
            let mut words = vec![0_u64; blocks.len() * BLOCK as usize / 64];
            let mut room = String::new();
            for (block, words) in blocks.iter().zip(words.chunks_mut(BLOCK as usize / 64)) {
                let (lower, ends) = block.lower(&mut room);
                let matches = |index| matches(block, lower, ends, index);
                if has_needles {
                    for (number, finder) in finders.iter().enumerate() {
                        let glance = |text: &str, at| glance(number, text, at);
                        search_in((lower, ends), finder, words, &glance, &matches);
                    }
                } else {
                    for index in (0..ends.len()).filter(|index| matches(*index)) {
                        words[index / 64] |= 1 << (index % 64);
                    }
                }
            }
            words
        };
        let blocks = self.blocks.as_slice();
        if self.len < SHARED {
            return Bits::from_words(run(blocks), self.len);
        }
        let (low, high) = blocks.split_at(blocks.len() / 2);
        let words = std::thread::scope(|scope| {
            let high = scope.spawn(|| run(high));
            let mut words = run(low);
            words.extend(high.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            words
        });
        Bits::from_words(words, self.len)
    }

    /// All texts with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        (0..self.len).filter_map(|number| Some((number, self.get(number)?)))
    }
}

/// Puts the texts that contain what is looked for, and that match, into a set; texts are told as one, and where each ends.
fn search_in(
    (lower, ends): (&str, &[u32]),
    finder: &memchr::memmem::Finder<'_>,
    found: &mut [u64],
    glance: &impl Fn(&str, usize) -> Glance,
    matches: &impl Fn(usize) -> bool,
) {
    let bytes = lower.as_bytes();
    let (mut from, mut index, mut text_start) = (0, 0, 0);
    while let Some(at) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
        let (start, end) = (from + at, from + at + finder.needle().len());
        // the next hit is in one of the next texts, or far away
        let near = ends[index..].iter().take(NEAR).take_while(|end| **end as usize <= start).count();
        index += near;
        if near == NEAR {
            index += ends[index..].partition_point(|end| *end as usize <= start);
        }
        if near > 0 {
            text_start = ends[index - 1] as usize;
        }
        let text_end = ends.get(index).map_or(bytes.len(), |end| *end as usize);
        let (word, bit) = (index / 64, 1 << (index % 64));
        // it may lie across two texts
        let is_inside = end <= text_end;
        if is_inside && found[word] & bit != 0 {
            from = text_end;
            continue;
        }
        let text = lower.get(text_start..text_end).unwrap_or_default();
        let glance = if is_inside { glance(text, start - text_start) } else { Glance::NotHere };
        if glance == Glance::Matches || (glance == Glance::Unknown && matches(index)) {
            found[word] |= bit;
        }
        from = if glance == Glance::NotHere { start + 1 } else { text_end };
    }
}

impl Block {
    /// The texts in lower case, and where each of them ends; they may be put into `room`.
    fn lower<'b>(&'b self, room: &'b mut String) -> (&'b str, &'b [u32]) {
        match self.lower.get_or_init(|| self.lowered()) {
            Lower::Same => (&self.text, &self.ends),
            Lower::Ascii => {
                room.clear();
                room.push_str(&self.text);
                room.make_ascii_lowercase();
                (room, &self.ends)
            }
            Lower::Other { text, ends } => (text, ends),
        }
    }

    fn text(&self, index: usize) -> Option<&str> {
        slice(&self.text, &self.ends, index)
    }

    fn all_heads(&self) -> Box<[u64]> {
        let head = |index| {
            let text = slice(&self.text, &self.ends, index).unwrap_or_default();
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(text.as_bytes()).for_each(|(to, from)| *to = *from);
            u64::from_be_bytes(bytes)
        };
        (0..self.ends.len()).map(head).collect()
    }

    fn lowered(&self) -> Lower {
        // every byte is looked at, which is faster than to stop at one
        let see = |(all, upper), byte: u8| (all | byte, upper | u8::from(byte.is_ascii_uppercase()));
        let (all, upper) = self.text.bytes().fold((0_u8, 0_u8), see);
        if all.is_ascii() {
            return if upper == 0 { Lower::Same } else { Lower::Ascii };
        }
        let (mut text, mut ends) = (String::with_capacity(self.text.len()), Vec::new());
        for index in 0..self.ends.len() {
            text.push_str(&qql::fold(slice(&self.text, &self.ends, index).unwrap_or_default()));
            ends.push(text.len() as u32);
        }
        if text == self.text && ends == self.ends { Lower::Same } else { Lower::Other { text, ends } }
    }
}

fn slice<'t>(text: &'t str, ends: &[u32], index: usize) -> Option<&'t str> {
    let end = *ends.get(index)? as usize;
    let start = if index == 0 { 0 } else { ends[index - 1] as usize };
    text.get(start..end)
}

impl Persist for Dictionary {
    fn form(form: &mut String) {
        form.push_str("texts by 4096");
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.len as usize)?;
        self.blocks.iter().try_for_each(|block| {
            sink.plain(&block.ends)?;
            sink.bytes(block.text.as_bytes())
        })
    }

    /// The numbers of texts are found again when they are first asked for.
    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(4)?;
        let len = u32::try_from(count).map_err(|_| PersistError::Damaged("a dictionary holds too much"))?;
        let mut blocks = Vec::new();
        for first in (0..len).step_by(BLOCK as usize) {
            let ends: Vec<u32> = source.many((len - first).min(BLOCK) as usize)?;
            let text = source.text()?;
            let are_texts = ends.is_sorted() && ends.iter().all(|end| text.is_char_boundary(*end as usize));
            if !are_texts || ends.last().map_or(0, |end| *end as usize) != text.len() {
                return Err(PersistError::Damaged("texts do not fill their block"));
            }
            blocks.push(Arc::new(Block { text, ends, ..Block::default() }));
        }
        Ok(Self { blocks: Arc::new(blocks), len, numbers: Arc::default() })
    }

    fn warm(&self) {
        drop(self.numbers());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_keeps_its_number_and_older_clones_do_not_see_newer_texts() {
        let mut dictionary = Dictionary::default();
        assert_eq!((dictionary.intern("b"), dictionary.intern(""), dictionary.intern("b")), (0, 1, 0));
        let before = dictionary.clone();
        for number in 0..10_000 {
            assert_eq!(dictionary.intern(&format!("text-{number}")), number + 2);
        }
        assert_eq!((before.len(), before.get(2), before.find("text-5")), (2, None, None));
        assert_eq!((dictionary.get(9_000), dictionary.find("text-8998")), (Some("text-8998"), Some(9_000)));
        assert_eq!(dictionary.get(NONE), None);
        assert_eq!(dictionary.intern_optional(None), NONE);
    }

    proptest! {
        #[test]
        fn a_search_finds_what_a_look_at_each_text_finds(
            texts in proptest::collection::vec("[aAbBßİ-]{0,6}", 0..40), needle in "[abß]{0,3}",
        ) {
            let mut dictionary = Dictionary::default();
            texts.iter().for_each(|text| _ = dictionary.intern(text));
            let matches = |text: &str| text.to_lowercase().contains(&needle);
            let found = dictionary.search(std::slice::from_ref(&needle), matches);
            for (number, text) in dictionary.iter() {
                prop_assert_eq!(found.contains(number), matches(text), "{}", text);
            }
        }
    }
}
