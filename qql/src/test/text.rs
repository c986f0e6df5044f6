//! Tests on text: words by their beginning, phrases, whole values.
//!
//! Values and queries are put in lower case and cut into tokens in the same way (see [`tokens`]). Bare words match if one token of
//! the query begins one of the value; a phrase matches if its tokens follow each other, the last one being a beginning.

/// A text has one of several words, one of several phrases, or is one of several values.
///
/// A test that was given nothing matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextTest {
    words: Vec<String>,
    phrases: Vec<Vec<String>>,
    exact: Vec<String>,
    present: bool,
}

/// Lower case, letter by letter, without regard to neighbours: what is a beginning stays one.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The tokens of a text that was put in lower case by [`fold`]; they are slices of it, in order, none empty.
///
/// Text is cut at blanks and at `, ; ( ) [ ] { } < > " ' | / \ -`. It is cut at a dot if a part beside it, up to the next
/// dot or cut, consists of digits. A text that is a UUID as a whole is one token.
pub fn tokens(folded: &str) -> impl Iterator<Item = &str> {
    let whole = is_uuid(folded).then_some(folded);
    let pieces = if whole.is_some() { "" } else { folded };
    whole.into_iter().chain(pieces.split(is_separator).filter(|piece| !piece.is_empty()).flat_map(dotted))
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '"' | '\'' | '|' | '/' | '\\' | '-'
        )
}

/// Cuts at dots beside numbers.
fn dotted(piece: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(piece);
    std::iter::from_fn(move || {
        loop {
            let token = next_dotted(&mut rest)?;
            if !token.is_empty() {
                return Some(token);
            }
        }
    })
}

/// Takes what stands before the next dot beside a number; the whole if there is none.
fn next_dotted<'a>(rest: &mut Option<&'a str>) -> Option<&'a str> {
    let piece = (*rest)?;
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut left = 0;
    while let Some(length) = piece[left..].find('.') {
        let dot = left + length;
        let right = &piece[dot + 1..];
        let right = right.split_once('.').map_or(right, |(part, _)| part);
        if is_number(&piece[left..dot]) || is_number(right) {
            *rest = Some(&piece[dot + 1..]);
            return Some(&piece[..dot]);
        }
        left = dot + 1;
    }
    *rest = None;
    Some(piece)
}

/// Whether the text is a UUID with its dashes.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == UUID
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

impl TextTest {
    /// Adds bare words, one of which must begin a token of the value; a word that is cut into several tokens is a phrase. The `*`
    /// at the end of a word is taken away; a `*` alone stands for any value that is present. Puts everything in order each time, so it is not made for thousands.
    pub fn or_words(&mut self, text: &str) {
        self.push_words(text);
        self.tidy();
    }

    /// Adds a phrase: its tokens must follow each other in the value, the last one being the beginning of one. Text without
    /// a token adds nothing.
    pub fn or_phrase(&mut self, text: &str) {
        let phrase: Vec<String> = tokens(&fold(text)).map(str::to_owned).collect();
        if !phrase.is_empty() {
            self.phrases.push(phrase);
        }
    }

    /// Adds a whole value, compared letter by letter. Puts everything in order each time, so it is not made for thousands.
    pub fn or_exact(&mut self, text: &str) {
        self.push_exact(text);
        self.tidy();
    }

    /// Adds bare words; to be followed by [`TextTest::tidy`].
    pub(crate) fn push_words(&mut self, text: &str) {
        if text.trim() == "*" {
            self.present = true;
            return;
        }
        let folded = fold(text);
        for word in folded.split_whitespace().map(|word| word.trim_end_matches('*')) {
            let mut pieces: Vec<String> = tokens(word).map(str::to_owned).collect();
            match pieces.len() {
                0 => {}
                1 => self.words.append(&mut pieces),
                // what is written without a blank belongs together: `1.4` is not found in `1.9`
                _ => self.phrases.push(pieces),
            }
        }
    }

    /// Adds a whole value; to be followed by [`TextTest::tidy`].
    pub(crate) fn push_exact(&mut self, text: &str) {
        self.exact.push(text.to_owned());
    }

    /// One of the tests is enough.
    pub(crate) fn merged(tests: Vec<Self>) -> Self {
        let mut merged = Self::default();
        for test in tests {
            merged.words.extend(test.words);
            merged.phrases.extend(test.phrases);
            merged.exact.extend(test.exact);
            merged.present |= test.present;
        }
        merged.tidy();
        merged
    }

    /// Puts in order what was added: once for many, because it goes over everything.
    pub(crate) fn tidy(&mut self) {
        self.words.sort_unstable();
        // what begins a longer one finds all that the longer one finds
        self.words.dedup_by(|longer, shorter| longer.starts_with(shorter.as_str()));
        self.exact.sort_unstable();
        self.exact.dedup();
    }

    /// Tokens in lower case, one of which must begin a token of the value; in order, none beginning another.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// Sequences of tokens in lower case, none empty.
    pub fn phrases(&self) -> &[Vec<String>] {
        &self.phrases
    }

    /// Whole values, in order.
    pub fn exact(&self) -> &[String] {
        &self.exact
    }

    /// Whether any value that is present matches.
    pub const fn any_present(&self) -> bool {
        self.present
    }

    /// Whether only whole values match: then [`TextTest::exact`] says all.
    pub const fn is_exact(&self) -> bool {
        self.words.is_empty() && self.phrases.is_empty() && !self.present
    }

    /// Whether a value as shown matches.
    pub fn matches(&self, value: &str) -> bool {
        if self.present || self.exact.binary_search_by(|own| own.as_str().cmp(value)).is_ok() {
            return true;
        }
        !self.is_exact() && self.matches_folded(&fold(value))
    }

    /// Whether the words or phrases are in a value that was put in lower case by [`fold`]; whole values are not asked for.
    pub fn matches_folded(&self, folded: &str) -> bool {
        if self.phrases.is_empty() {
            return tokens(folded).any(|token| begins_with_one(token, &self.words));
        }
        let tokens: Vec<&str> = tokens(folded).collect();
        tokens.iter().any(|token| begins_with_one(token, &self.words))
            || self
                .phrases
                .iter()
                .any(|phrase| tokens.windows(phrase.len()).any(|window| is_phrase(window, phrase)))
    }

    /// Substrings, one of which the [`fold`]ed form of every matching value contains; an empty list if nothing matches.
    /// `None` if there are no such, because any present value matches. A substring may be empty.
    pub fn needles(&self) -> Option<Vec<String>> {
        if self.present {
            return None;
        }
        let longest = |phrase: &Vec<String>| phrase.get(rarest(phrase)).cloned();
        let mut needles = self.words.clone();
        needles.extend(self.phrases.iter().filter_map(longest));
        needles.extend(self.exact.iter().map(|value| fold(value)));
        Some(needles)
    }
}

/// What the surroundings of a place in a value tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glance {
    /// The value matches.
    Matches,
    /// Nothing that matches stands at this place; it may at another.
    NotHere,
    /// The whole value must be looked at.
    Unknown,
}

impl TextTest {
    /// Looks at a place where a value in lower case holds one of [`TextTest::needles`], told by its number: most places are
    /// told by the letters beside them, without cutting the value into tokens.
    pub fn glance(&self, needle: usize, folded: &str, at: usize) -> Glance {
        if folded.len() == UUID && at > 0 {
            return Glance::Unknown;
        }
        let bytes = folded.as_bytes();
        if let Some(word) = self.words.get(needle) {
            return match before(bytes, at) {
                // a dot at the end of a word is cut off where digits follow
                Edge::Cut if !word.ends_with('.') => Glance::Matches,
                Edge::Inside => Glance::NotHere,
                _ => Glance::Unknown,
            };
        }
        match needle.checked_sub(self.words.len()).and_then(|phrase| self.phrases.get(phrase)) {
            Some(phrase) if may_be_phrase(phrase, bytes, at) => Glance::Unknown,
            Some(_) => Glance::NotHere,
            None => Glance::Unknown,
        }
    }
}

/// Bytes of a UUID with its dashes.
const UUID: usize = 36;

/// What stands at the edge of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// The end of the text, or something that texts are cut at.
    Cut,
    /// Something that belongs to the same token.
    Inside,
    Unknown,
}

fn kind(byte: u8) -> Edge {
    match byte {
        b'.' | 128.. => Edge::Unknown,
        _ if is_separator(char::from(byte)) => Edge::Cut,
        _ => Edge::Inside,
    }
}

/// Whether a token may begin at a place that is no separator.
fn before(bytes: &[u8], at: usize) -> Edge {
    let Some(before) = at.checked_sub(1) else { return Edge::Cut };
    if bytes[before] != b'.' {
        return kind(bytes[before]);
    }
    let left = bytes[..before].iter().rev().take_while(|byte| !ends_part(**byte)).count();
    let right = bytes[at..].iter().take_while(|byte| !ends_part(**byte)).count();
    let (left, right) = (&bytes[before - left..before], &bytes[at..at + right]);
    let is_number = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    match left.is_ascii() && right.is_ascii() {
        true if is_number(left) || is_number(right) => Edge::Cut,
        true => Edge::Inside,
        false => Edge::Unknown,
    }
}

fn ends_part(byte: u8) -> bool {
    byte == b'.' || kind(byte) == Edge::Cut
}

/// The number of the word by which a phrase is looked for: the longest.
fn rarest(phrase: &[String]) -> usize {
    (0..phrase.len()).max_by_key(|word| phrase[*word].len()).unwrap_or(0)
}

/// Whether the neighbours of a phrase's [`rarest`] word, which stands there, may be those of the phrase.
fn may_be_phrase(phrase: &[String], bytes: &[u8], at: usize) -> bool {
    if phrase.iter().any(|word| word.starts_with('.') || word.ends_with('.')) {
        return true;
    }
    let (middle, last) = (rarest(phrase), phrase.len() - 1);
    let is_inside = |byte: Option<&u8>| byte.is_some_and(|byte| kind(*byte) == Edge::Inside);
    let ends_inside = |end: usize| is_inside(bytes.get(end));
    let begins_inside = |start: usize| start > 0 && is_inside(bytes.get(start - 1));
    let (mut start, mut end) = (at, at + phrase[middle].len());
    if begins_inside(start) || (middle < last && ends_inside(end)) {
        return false;
    }
    for (number, word) in phrase.iter().enumerate().skip(middle + 1) {
        end += bytes[end.min(bytes.len())..].iter().take_while(|byte| ends_part(**byte)).count();
        let rest = bytes.get(end..).unwrap_or_default();
        if rest.first().is_some_and(|byte| !byte.is_ascii()) {
            return true;
        }
        end += word.len();
        if !rest.starts_with(word.as_bytes()) || (number < last && ends_inside(end)) {
            return false;
        }
    }
    for word in phrase[..middle].iter().rev() {
        start -= bytes[..start].iter().rev().take_while(|byte| ends_part(**byte)).count();
        if start > 0 && !bytes[start - 1].is_ascii() {
            return true;
        }
        if !bytes[..start].ends_with(word.as_bytes()) {
            return false;
        }
        start -= word.len();
        if begins_inside(start) {
            return false;
        }
    }
    true
}

/// Whether a token begins with one of sorted words, none of which begins another.
fn begins_with_one(token: &str, words: &[String]) -> bool {
    let next = words.partition_point(|word| word.as_str() <= token);
    next > 0 && token.starts_with(words[next - 1].as_str())
}

/// Whether as many tokens are the phrase.
fn is_phrase(window: &[&str], phrase: &[String]) -> bool {
    let last = phrase.len() - 1;
    let begins = window[..last].iter().zip(phrase).all(|(token, word)| token == word);
    begins && window[last].starts_with(phrase[last].as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_glance_never_contradicts_a_look_at_the_whole_value(
            value in "[a.1_ \\-é\u{a0}]{0,12}", words in "[a.1_é]{1,3}( [a.1_]{1,2})?", phrase in "[a.1_ \\-é]{0,6}",
        ) {
            let mut test = TextTest::default();
            test.or_words(&words);
            test.or_phrase(&phrase);
            let (folded, mut hopes) = (fold(&value), false);
            for (number, needle) in test.needles().unwrap_or_default().iter().enumerate() {
                for at in (0..folded.len()).filter(|at| folded.as_bytes()[*at..].starts_with(needle.as_bytes())) {
                    let glance = test.glance(number, &folded, at);
                    prop_assert!(glance != Glance::Matches || test.matches(&value), "{:?} {}", test, value);
                    hopes |= glance != Glance::NotHere;
                }
            }
            prop_assert!(hopes || !test.matches(&value), "{:?} {}", test, value);
        }
    }
}
