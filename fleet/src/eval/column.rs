//! How the values of a field are held, and tests on them by whole columns.
//!
//! Tests on text are answered twice over: once for the distinct texts, which are few, and once for the numbers in the
//! column, which are many but compare at the speed of memory. A column may lead through a number into another table: a
//! container to its image, an image to its inventory; then the test is answered over that table first.

use std::ops::Bound;

use model::Digest;
use qql::fields::Form;
use qql::{IpTest, KeywordTest, Test, TextTest, fold};
use uuid::Uuid;

use super::order::{fill_keys, key_of};
use super::pass::{pass, through};
use super::row::{Value, passes};
use crate::table::{Bits, Chunked, Dictionary, Digests, Lists, Lookup, NONE, Need};

/// Candidates up to which each is asked for its value instead of passing over tables.
const FEW: u64 = if cfg!(test) { 1 } else { 64 };

/// Substrings up to which texts are searched for each of them; with more, each text is looked at once instead.
const MAX_NEEDLES: usize = 8;

/// The values of one field.
pub(crate) enum Column<'t> {
    /// Nothing reports it.
    Missing,
    /// All records have these.
    Fixed(&'static [&'static str]),
    /// One text, or none.
    Text(&'t Chunked<u32>, &'t Dictionary),
    /// A list of texts.
    Texts(&'t Chunked<u32>, &'t Lists, &'t Dictionary),
    /// A few words, each known by one or more numbers below 256.
    Word(Box<dyn Numbers + 't>, fn(u8) -> Option<&'static str>),
    /// Numbers, times, and answers of yes (1) and no (0).
    Number(Box<dyn Numbers + 't>),
    /// The same; yes and no.
    Flag(Box<dyn Numbers + 't>),
    /// Uuids, with a way to find them if there is one.
    Uuid(&'t Chunked<Uuid>, Option<&'t Lookup>),
    /// Digests, with a way to find them; whether only their first twelve digits are meant.
    Digest(&'t Chunked<Digest>, &'t Lookup, bool),
    /// Numbers of digests; whether only their first twelve digits are meant.
    Digests(&'t Chunked<u32>, &'t Digests, bool),
    /// A number in another table, and the field there.
    Through(&'t Chunked<u32>, u32, Box<Column<'t>>),
}

/// Numbers by position.
pub(crate) trait Numbers: Sync {
    fn number(&self, position: u32) -> Option<i64>;
    /// The candidates whose number lies in one of the ranges, which are sorted and apart from each other.
    fn within(&self, candidates: &Bits, ranges: &[(i64, i64)]) -> Bits;
    /// Writes the keys of neighbouring positions from `first` on, see [`Column::key`].
    fn keys(&self, first: u32, keys: &mut [u64]) {
        (first..).zip(keys).for_each(|(position, key)| *key = key_of(self.number(position)));
    }
}

struct NumberColumn<'t, T, F> {
    column: &'t Chunked<T>,
    read: F,
}

impl<T: Copy + Sync + Send, F: Fn(T) -> Option<i64> + Sync> Numbers for NumberColumn<'_, T, F> {
    fn number(&self, position: u32) -> Option<i64> {
        self.column.get(position).and_then(|value| (self.read)(*value))
    }

    fn keys(&self, first: u32, keys: &mut [u64]) {
        fill_keys(self.column, first, keys, |value| key_of((self.read)(*value)));
    }

    fn within(&self, candidates: &Bits, ranges: &[(i64, i64)]) -> Bits {
        match ranges {
            [] => Bits::none(candidates.len()),
            [(lower, upper)] => pass(self.column, candidates, |value| {
                (self.read)(value).is_some_and(|number| *lower <= number && number <= *upper)
            }),
            _ => pass(self.column, candidates, |value| {
                (self.read)(value).is_some_and(|number| lies_in(number, ranges))
            }),
        }
    }
}

/// Whether a number lies in one of sorted ranges.
pub(crate) fn lies_in(number: i64, ranges: &[(i64, i64)]) -> bool {
    let next = ranges.partition_point(|(_, upper)| *upper < number);
    ranges.get(next).is_some_and(|(lower, _)| *lower <= number)
}

/// A column of numbers that are read so.
pub(crate) fn numbers<'t, T: Copy + Sync + Send>(
    column: &'t Chunked<T>,
    read: impl Fn(T) -> Option<i64> + Sync + 't,
) -> Column<'t> {
    Column::Number(Box::new(NumberColumn { column, read }))
}

/// A column of words that are known by numbers.
pub(crate) fn words<'t, T: Copy + Sync + Send>(
    column: &'t Chunked<T>,
    read: impl Fn(T) -> Option<u8> + Sync + 't,
    word: fn(u8) -> Option<&'static str>,
) -> Column<'t> {
    Column::Word(Box::new(NumberColumn { column, read: move |value| read(value).map(i64::from) }), word)
}

/// A column of yes and no.
pub(crate) fn flags<'t, T: Copy + Sync + Send>(
    column: &'t Chunked<T>,
    read: impl Fn(T) -> Option<bool> + Sync + 't,
) -> Column<'t> {
    Column::Flag(Box::new(NumberColumn { column, read: move |value| read(value).map(i64::from) }))
}

/// A column of times. Where the API writes 0, or its own sign for "no date", there is none.
pub(crate) fn times(column: &Chunked<i64>) -> Column<'_> {
    numbers(column, time)
}

/// A time, if there is one; see [`times`].
pub(crate) fn time(millis: i64) -> Option<i64> {
    const NO_DATE: i64 = -631_152_000_000;
    (millis != 0 && millis != crate::facts::NO_TIME && millis != NO_DATE).then_some(millis)
}

impl Column<'_> {
    /// The candidates of which a value passes.
    pub(crate) fn find(&self, test: &Test, candidates: &Bits) -> Bits {
        if candidates.count() < FEW {
            let mut found = candidates.clone();
            found.retain(|position| self.any_value(position, &mut |value| passes(test, value)));
            return found;
        }
        match self {
            Self::Missing => Bits::none(candidates.len()),
            Self::Fixed(words) => {
                let holds = words.iter().any(|word| passes(test, Value::Text(word)));
                if holds { candidates.clone() } else { Bits::none(candidates.len()) }
            }
            Self::Text(codes, texts) => through(codes, candidates, &texts_passing(texts, test)),
            Self::Texts(numbers, lists, texts) => {
                let texts = texts_passing(texts, test);
                if texts.is_empty() {
                    return Bits::none(candidates.len());
                }
                through(numbers, candidates, &lists.search(1, Need::Member(0, &texts), |_| true))
            }
            Self::Word(numbers, word) => {
                let passes = |word: &str| passes(test, Value::Text(word));
                numbers.within(candidates, &numbers_of(|number| word(number).is_some_and(passes)))
            }
            Self::Number(numbers) => numbers.within(candidates, ranges_of(test)),
            Self::Flag(numbers) => match test {
                Test::Bool(wanted) => numbers.within(candidates, &[(i64::from(*wanted), i64::from(*wanted))]),
                _ => Bits::none(candidates.len()),
            },
            Self::Uuid(values, lookup) => find_uuid(values, *lookup, test, candidates),
            Self::Digest(values, lookup, short) => find_digest(values, lookup, *short, test, candidates),
            Self::Digests(numbers, digests, short) => {
                through(numbers, candidates, &digests_passing(digests, *short, test))
            }
            Self::Through(numbers, len, inner) => {
                through(numbers, candidates, &inner.find(test, &Bits::all(*len)))
            }
        }
    }

    /// The candidates that have a value.
    pub(crate) fn present(&self, candidates: &Bits) -> Bits {
        match self {
            Self::Missing => Bits::none(candidates.len()),
            Self::Fixed(_) => candidates.clone(),
            Self::Text(numbers, _) | Self::Digests(numbers, ..) => {
                pass(numbers, candidates, |number| number != NONE)
            }
            Self::Texts(numbers, ..) => pass(numbers, candidates, |list| list != Lists::EMPTY),
            Self::Word(numbers, word) => {
                numbers.within(candidates, &numbers_of(|number| word(number).is_some()))
            }
            Self::Number(numbers) | Self::Flag(numbers) => {
                numbers.within(candidates, &[(i64::MIN, i64::MAX)])
            }
            Self::Uuid(values, _) => pass(values, candidates, |uuid| !uuid.is_nil()),
            Self::Digest(values, ..) => pass(values, candidates, |_| true),
            Self::Through(numbers, len, inner) => {
                through(numbers, candidates, &inner.present(&Bits::all(*len)))
            }
        }
    }

    /// Calls `see` for each value of one record until it says that it has seen enough; whether it did.
    pub(crate) fn any_value(&self, position: u32, see: &mut dyn FnMut(Value<'_>) -> bool) -> bool {
        match self {
            Self::Missing => false,
            Self::Fixed(words) => words.iter().any(|word| see(Value::Text(word))),
            Self::Text(codes, texts) => {
                let text = codes.get(position).and_then(|code| texts.get(*code));
                text.is_some_and(|text| see(Value::Text(text)))
            }
            Self::Texts(numbers, lists, texts) => {
                let mut codes = lists.get(numbers.get(position).copied().unwrap_or(Lists::EMPTY));
                codes.any(|code| texts.get(code).is_some_and(|text| see(Value::Text(text))))
            }
            Self::Word(numbers, word) => {
                let number = numbers.number(position).and_then(|number| u8::try_from(number).ok());
                number.and_then(word).is_some_and(|word| see(Value::Text(word)))
            }
            Self::Number(numbers) => {
                numbers.number(position).is_some_and(|number| see(Value::Number(number)))
            }
            Self::Flag(numbers) => {
                numbers.number(position).is_some_and(|number| see(Value::Flag(number != 0)))
            }
            Self::Uuid(values, _) => {
                let uuid = values.get(position).filter(|uuid| !uuid.is_nil());
                uuid.is_some_and(|uuid| see(Value::Text(uuid.hyphenated().encode_lower(&mut [0; 36]))))
            }
            Self::Digest(values, _, short) => values
                .get(position)
                .is_some_and(|digest| see(Value::Text(shown(digest, *short, &mut [0; 64])))),
            Self::Digests(numbers, digests, short) => {
                let digest = numbers.get(position).and_then(|number| digests.get(*number));
                digest.is_some_and(|digest| see(Value::Text(shown(digest, *short, &mut [0; 64]))))
            }
            Self::Through(numbers, len, inner) => {
                let number = numbers.get(position).copied().filter(|number| number < len);
                number.is_some_and(|number| inner.any_value(number, see))
            }
        }
    }
}

/// The ranges of a test on numbers or times; none of any other.
fn ranges_of(test: &Test) -> &[(i64, i64)] {
    match test {
        Test::Number(test) => test.ranges(),
        Test::Date(test) => test.ranges(),
        _ => &[],
    }
}

/// The numbers of words that pass, as ranges.
fn numbers_of(passes: impl Fn(u8) -> bool) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for number in (0..=u8::MAX).filter(|number| passes(*number)).map(i64::from) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// The texts of a dictionary that pass.
pub(crate) fn texts_passing(texts: &Dictionary, test: &Test) -> Bits {
    match test {
        Test::Text(test) => text_passing(texts, test),
        Test::Keyword(test) => keyword_passing(texts, test),
        Test::Ip(test) => {
            let beginning = beginning_of(test);
            // an address of IPv4 may be written as one of IPv6
            let may_match = |text: &str| text.starts_with(&*beginning) || text.contains(':');
            texts.search(&[], |text| may_match(text.trim()) && test.matches_text(text))
        }
        Test::Number(_) | Test::Date(_) | Test::Bool(_) => Bits::none(texts.len()),
    }
}

/// How all addresses that pass begin where they are written as IPv4: to read an address takes ten times as long as to compare
/// its beginning.
fn beginning_of(test: &IpTest) -> String {
    let ranges = test.ranges();
    let (Some(first), Some(last)) = (ranges.first(), ranges.last().filter(|last| !last.v6)) else {
        return String::new();
    };
    let octets = |number: u128| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    let pairs = octets(first.lower).into_iter().zip(octets(last.upper)).take(3);
    pairs.take_while(|(low, high)| low == high).map(|(octet, _)| format!("{octet}.")).collect()
}

fn text_passing(texts: &Dictionary, test: &TextTest) -> Bits {
    let Some(mut needles) = test.needles() else { return Bits::all(texts.len()) };
    let mut found = known(texts, test.exact().iter().map(String::as_str));
    if !test.is_exact() {
        needles.truncate(test.words().len() + test.phrases().len());
        if needles.len() > MAX_NEEDLES {
            needles.clear();
        }
        found.or(&texts.search_lower(
            &needles,
            |needle, text, at| test.glance(needle, text, at),
            |text| test.matches_folded(text),
        ));
    }
    found
}

fn keyword_passing(texts: &Dictionary, test: &KeywordTest) -> Bits {
    if test.form() == Form::Exact && test.prefixes().is_empty() && test.range().is_none() {
        return known(texts, test.values().iter().map(String::as_str));
    }
    match test.needles() {
        Some(needles) if needles.is_empty() => Bits::none(texts.len()),
        Some(needles) if needles.len() <= MAX_NEEDLES => {
            let needles: Vec<String> = needles.into_iter().map(fold).collect();
            texts.search(&needles, |text| test.matches(text))
        }
        _ => texts.search(&[], |text| test.matches(text)),
    }
}

fn known<'v>(texts: &Dictionary, values: impl Iterator<Item = &'v str>) -> Bits {
    let mut found = Bits::none(texts.len());
    values.filter_map(|value| texts.find(value)).filter(|number| *number < texts.len()).for_each(|number| {
        found.insert(number);
    });
    found
}

/// A digest as the API shows it.
pub(crate) fn shown<'b>(digest: &Digest, short: bool, buffer: &'b mut [u8; 64]) -> &'b str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in buffer.chunks_exact_mut(2).zip(digest.as_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(&buffer[..if short { 12 } else { 64 }]).unwrap_or_default()
}

/// The digests that pass; the whole ones among those that are asked for are found at once.
pub(crate) fn digests_passing(digests: &Digests, short: bool, test: &Test) -> Bits {
    let Test::Keyword(test) = test else { return Bits::none(digests.len()) };
    if !short && test.prefixes().is_empty() && test.range().is_none() {
        let whole = test.values().iter().filter_map(|value| Digest::from_hex(value).ok());
        let mut found = Bits::none(digests.len());
        whole.filter_map(|digest| digests.find(&digest)).filter(|at| *at < digests.len()).for_each(|at| {
            found.insert(at);
        });
        return found;
    }
    digests.search(|digest| test.matches_normalised(shown(digest, short, &mut [0; 64])))
}

/// The first 64 bits of all keys whose hexadecimal digits begin so; `None` if no key does.
fn key_range(beginning: &str) -> Option<(u64, u64)> {
    let (mut key, mut digits) = (0_u64, 0);
    for character in beginning.chars().filter(|character| *character != '-') {
        let digit = character.to_digit(16)?;
        if digits < 16 {
            key = key << 4 | u64::from(digit);
            digits += 1;
        }
    }
    let open = 64 - digits * 4;
    let from = key.checked_shl(open).unwrap_or(0);
    Some((from, from | (u64::MAX.checked_shr(digits * 4).unwrap_or(0))))
}

/// The candidates among those that a lookup gives for the values and beginnings of a test.
fn look_up(lookup: &Lookup, test: &KeywordTest, candidates: &Bits, matches: impl Fn(u32) -> bool) -> Bits {
    let mut found = Bits::none(candidates.len());
    for beginning in test.values().iter().chain(test.prefixes()) {
        let Some((from, to)) = key_range(beginning) else { continue };
        for (_, position) in lookup.range(from, to) {
            if candidates.contains(position) && !found.contains(position) && matches(position) {
                found.insert(position);
            }
        }
    }
    found
}

fn find_digest(
    values: &Chunked<Digest>,
    lookup: &Lookup,
    short: bool,
    test: &Test,
    candidates: &Bits,
) -> Bits {
    let Test::Keyword(test) = test else { return Bits::none(candidates.len()) };
    look_up(lookup, test, candidates, |position| {
        values.get(position).is_some_and(|digest| test.matches_normalised(shown(digest, short, &mut [0; 64])))
    })
}

fn find_uuid(values: &Chunked<Uuid>, lookup: Option<&Lookup>, test: &Test, candidates: &Bits) -> Bits {
    let Test::Keyword(test) = test else { return Bits::none(candidates.len()) };
    let matches =
        |uuid: Uuid| !uuid.is_nil() && test.matches_normalised(uuid.hyphenated().encode_lower(&mut [0; 36]));
    if let Some((lower, upper)) = test.range().and_then(uuid_bounds) {
        return pass(values, candidates, |uuid| !uuid.is_nil() && lower <= uuid && uuid <= upper);
    }
    match lookup {
        Some(lookup) if test.range().is_none() => look_up(lookup, test, candidates, |position| {
            values.get(position).is_some_and(|uuid| matches(*uuid))
        }),
        _ => pass(values, candidates, matches),
    }
}

/// Both ends of a range of uuids, included; `None` if an end is no uuid.
fn uuid_bounds((lower, upper): &(Bound<String>, Bound<String>)) -> Option<(Uuid, Uuid)> {
    let lower = match lower {
        Bound::Unbounded => Uuid::nil(),
        Bound::Included(text) => text.parse().ok()?,
        Bound::Excluded(text) => Uuid::from_u128(text.parse::<Uuid>().ok()?.as_u128().checked_add(1)?),
    };
    let upper = match upper {
        Bound::Unbounded => Uuid::max(),
        Bound::Included(text) => text.parse().ok()?,
        Bound::Excluded(text) => Uuid::from_u128(text.parse::<Uuid>().ok()?.as_u128().checked_sub(1)?),
    };
    Some((lower, upper))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;
    use qql::IpRange;

    use super::*;

    proptest! {
        #[test]
        fn every_address_that_passes_begins_as_is_told(
            lower: u32, length in 0_u32..70_000, more in 0_u32..70_000, address: u32,
        ) {
            let upper = lower.saturating_add(length);
            let range = |lower: u32, upper: u32| IpRange { v6: false, lower: lower.into(), upper: upper.into() };
            let second = range(upper.saturating_add(2), upper.saturating_add(2).saturating_add(more));
            let test = IpTest::new(vec![range(lower, upper), second]);
            for address in [lower, upper, address, lower.saturating_add(address % (length + 1))] {
                let text = Ipv4Addr::from(address).to_string();
                prop_assert!(text.starts_with(&beginning_of(&test)) || !test.matches_text(&text), "{}", text);
            }
        }
    }

    #[test]
    fn addresses_of_a_network_are_found_in_both_ways_of_writing_them() {
        let mut texts = Dictionary::default();
        for text in
            ["10.1.2.3", " 10.1.2.4 ", "10.1.20.3", "::ffff:10.1.2.5", "::ffff:a01:206", "fe80::1", "x"]
        {
            texts.intern(text);
        }
        let range = IpRange { v6: false, lower: 0x0a01_0200, upper: 0x0a01_02ff };
        let found = texts_passing(&texts, &Test::Ip(IpTest::new(vec![range])));
        assert_eq!(found.iter().collect::<Vec<_>>(), [0, 1, 3, 4]);
    }
}
