//! The order of two records by a column.

use std::cmp::Ordering;

use super::column::Column;
use crate::table::NONE;

/// The key of a missing value.
const LAST: u64 = u64::MAX;

impl Column<'_> {
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
            Self::Number(numbers) | Self::Flag(numbers) => {
                numbers.number(position).map_or(LAST, |number| number as u64 ^ 1 << 63)
            }
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

fn head(bytes: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first)
}

/// The bytes of which the first twelve digits are written, or all.
fn shortened(digest: &[u8], short: bool) -> &[u8] {
    if short { &digest[..6] } else { digest }
}
