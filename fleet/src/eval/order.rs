//! The order of two records by a column.

use std::cmp::Ordering;

use super::column::Column;
use crate::table::{Bits, Chunked, NONE};

/// The key of a missing value.
const LAST: u64 = u64::MAX;

/// The keys of a column by position, see [`Column::key`]. What leads through another table is looked up there once for all, if
/// it is worth it.
pub(crate) struct Keys<'c> {
    column: &'c Column<'c>,
    /// The column of numbers in another table, and the keys there.
    through: Option<(&'c Chunked<u32>, Vec<u64>)>,
    /// How most texts begin that are to be put in order: what follows tells them apart.
    beginning: Option<&'c [u8]>,
    is_exact: bool,
}

/// Records that are looked at for how most texts begin.
const SAMPLE: u64 = if cfg!(test) { 2 } else { 32 };

/// Bytes that a beginning must have to be worth anything: as many are told apart without it.
const WORTH: usize = if cfg!(test) { 1 } else { 8 };

impl<'c> Keys<'c> {
    /// The keys of so many records.
    pub(crate) fn of(column: &'c Column<'c>, records: u64) -> Self {
        let through = match column {
            // neighbours cost far less than values here and there
            Column::Through(numbers, len, inner) if records * 8 >= u64::from(*len) => {
                let mut keys = vec![LAST; *len as usize];
                Self::of(inner, u64::from(*len)).fill(0, &mut keys);
                Some((*numbers, keys))
            }
            _ => None,
        };
        Self { column, through, beginning: None, is_exact: column.is_exact() }
    }

    /// The same for some records, of which there are `count`: texts that nearly all begin alike are told apart by what follows.
    pub(crate) fn for_records(mut self, records: &Bits, count: u64) -> Self {
        if let Column::Text(codes, texts) = self.column
            && count >= SAMPLE * SAMPLE
        {
            let text = |position: u32| codes.get(position).and_then(|code| texts.get(*code));
            let some = records.iter().step_by((count / SAMPLE) as usize).filter_map(text).map(str::as_bytes);
            let shared = some.reduce(|a, b| &a[..a.iter().zip(b).take_while(|(a, b)| a == b).count()]);
            self.beginning = shared.filter(|shared| shared.len() >= WORTH);
        }
        self
    }

    /// The key of a text: 0 for all that come before those with the beginning, then these, then the rest.
    fn key_after(beginning: &[u8], text: &[u8]) -> u64 {
        match text.strip_prefix(beginning) {
            Some(rest) => head(rest).clamp(1, LAST - 2),
            None if text < beginning => 0,
            None => LAST - 1,
        }
    }

    /// Whether records of one key have one value, unless that is the key of a missing value.
    pub(crate) fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The key of a missing value.
    pub(crate) const MISSING: u64 = LAST;

    pub(crate) fn key(&self, position: u32) -> u64 {
        match &self.through {
            Some((numbers, keys)) => {
                let number = numbers.get(position).copied().unwrap_or(NONE);
                keys.get(number as usize).copied().unwrap_or(LAST)
            }
            None => match (self.beginning, self.column) {
                (Some(beginning), Column::Text(codes, texts)) => {
                    let text = codes.get(position).and_then(|code| texts.get(*code));
                    text.map_or(LAST, |text| Self::key_after(beginning, text.as_bytes()))
                }
                _ => self.column.key(position),
            },
        }
    }

    /// Writes the keys of neighbouring positions from `first` on.
    pub(crate) fn fill(&self, first: u32, keys: &mut [u64]) {
        match (&self.through, self.column) {
            (Some((numbers, known)), _) => {
                fill_keys(numbers, first, keys, |number| known.get(*number as usize).copied().unwrap_or(LAST))
            }
            (None, Column::Number(numbers) | Column::Flag(numbers)) => {
                numbers.keys(first, keys);
            }
            (None, Column::Text(codes, texts)) => {
                fill_keys(codes, first, keys, |code| match self.beginning {
                    Some(beginning) => {
                        texts.get(*code).map_or(LAST, |text| Self::key_after(beginning, text.as_bytes()))
                    }
                    None => texts.head(*code),
                })
            }
            _ => {
                let positions = first..;
                positions.zip(keys).for_each(|(position, key)| *key = self.column.key(position));
            }
        }
    }
}

/// Writes what `key` says of the values of a column from `first` on; beyond its end they are missing.
pub(super) fn fill_keys<T>(column: &Chunked<T>, first: u32, keys: &mut [u64], key: impl Fn(&T) -> u64) {
    let mut done = 0;
    while let Some(values) = column.piece(first + done as u32).filter(|values| !values.is_empty()) {
        let Some(keys) = keys.get_mut(done..).filter(|keys| !keys.is_empty()) else { return };
        keys.iter_mut().zip(values).for_each(|(to, value)| *to = key(value));
        done += values.len();
    }
    keys.get_mut(done..).unwrap_or_default().fill(LAST);
}

/// The key of a number.
pub(super) fn key_of(number: Option<i64>) -> u64 {
    number.map_or(LAST, |number| number as u64 ^ 1 << 63)
}

impl Column<'_> {
    /// Whether records with equal keys have equal values, those without a value left aside.
    fn is_exact(&self) -> bool {
        match self {
            Self::Missing | Self::Fixed(_) | Self::Texts(..) | Self::Number(_) | Self::Flag(_) => true,
            Self::Word(_, word) => are_told_apart(*word),
            Self::Through(_, _, inner) => inner.is_exact(),
            Self::Text(..) | Self::Uuid(..) | Self::Digest(..) | Self::Digests(..) => false,
        }
    }

    /// A number by which most records can be told apart: those with a lesser one stand first, whatever
    /// [`Self::compare`] says. Missing values have the greatest.
    pub(crate) fn key(&self, position: u32) -> u64 {
        match self {
            Self::Missing | Self::Fixed(_) | Self::Texts(..) => LAST,
            Self::Text(codes, texts) => codes.get(position).map_or(LAST, |code| texts.head(*code)),
            Self::Word(numbers, word) => {
                let number = numbers.number(position).and_then(|number| u8::try_from(number).ok());
                number.and_then(word).map_or(LAST, |word| head(word.as_bytes()))
            }
            Self::Number(numbers) | Self::Flag(numbers) => key_of(numbers.number(position)),
            Self::Uuid(values, _) => {
                let uuid = values.get(position).filter(|uuid| !uuid.is_nil());
                uuid.map_or(LAST, |uuid| head(uuid.as_bytes()))
            }
            Self::Digest(values, _, short) => {
                values.get(position).map_or(LAST, |digest| head(shortened(digest.as_bytes(), *short)))
            }
            Self::Digests(numbers, digests, short) => {
                let digest = numbers.get(position).and_then(|number| digests.get(*number));
                digest.map_or(LAST, |digest| head(shortened(digest.as_bytes(), *short)))
            }
            Self::Through(numbers, len, inner) => {
                let number = numbers.get(position).copied().filter(|number| number < len);
                number.map_or(LAST, |number| inner.key(number))
            }
        }
    }

    /// The order of two records; missing values are last.
    pub(crate) fn compare(&self, a: u32, b: u32) -> Ordering {
        let missing_last = |a: Option<&[u8]>, b: Option<&[u8]>| (a.is_none(), a).cmp(&(b.is_none(), b));
        match self {
            Self::Missing | Self::Fixed(_) | Self::Texts(..) => Ordering::Equal,
            Self::Text(codes, texts) => {
                let code = |position| codes.get(position).copied().unwrap_or(NONE);
                let (a, b) = (code(a), code(b));
                if a == b {
                    return Ordering::Equal;
                }
                missing_last(texts.get(a).map(str::as_bytes), texts.get(b).map(str::as_bytes))
            }
            Self::Word(numbers, word) => {
                let word = |position| {
                    let number = numbers.number(position).and_then(|number| u8::try_from(number).ok());
                    number.and_then(word).map(str::as_bytes)
                };
                missing_last(word(a), word(b))
            }
            Self::Number(numbers) | Self::Flag(numbers) => {
                let (a, b) = (numbers.number(a), numbers.number(b));
                (a.is_none(), a).cmp(&(b.is_none(), b))
            }
            Self::Uuid(values, _) => {
                let bytes = |position| values.get(position).filter(|uuid| !uuid.is_nil());
                missing_last(
                    bytes(a).map(|uuid| uuid.as_bytes().as_slice()),
                    bytes(b).map(|uuid| uuid.as_bytes().as_slice()),
                )
            }
            Self::Digest(values, _, short) => {
                let bytes =
                    |position| values.get(position).map(|digest| shortened(digest.as_bytes(), *short));
                missing_last(bytes(a), bytes(b))
            }
            Self::Digests(numbers, digests, short) => {
                let digest = |position| numbers.get(position).and_then(|number| digests.get(*number));
                let bytes = |position| digest(position).map(|digest| shortened(digest.as_bytes(), *short));
                missing_last(bytes(a), bytes(b))
            }
            Self::Through(numbers, len, inner) => {
                let number = |position| numbers.get(position).copied().filter(|number| number < len);
                match (number(a), number(b)) {
                    (Some(a), Some(b)) if a == b => Ordering::Equal,
                    (a, b) => inner.compare(a.unwrap_or(NONE), b.unwrap_or(NONE)),
                }
            }
        }
    }
}

/// Whether the words of a column differ in their keys.
fn are_told_apart(word: fn(u8) -> Option<&'static str>) -> bool {
    let mut words: Vec<&str> = (0..=u8::MAX).filter_map(word).collect();
    words.sort_unstable();
    words.dedup();
    words.windows(2).all(|pair| head(pair[0].as_bytes()) != head(pair[1].as_bytes()))
}

fn head(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first)
}

/// The bytes of which the first twelve digits are written, or all.
fn shortened(digest: &[u8], short: bool) -> &[u8] {
    if short { &digest[..6] } else { digest }
}
