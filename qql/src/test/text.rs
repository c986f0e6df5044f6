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
    text.len() == 36
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

    /// Whether the words or phrases are in a value that was put in lower case by [`fold`].
    fn matches_folded(&self, folded: &str) -> bool {
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
        let longest = |phrase: &Vec<String>| phrase.iter().max_by_key(|word| word.len()).cloned();
        let mut needles = self.words.clone();
        needles.extend(self.phrases.iter().filter_map(longest));
        needles.extend(self.exact.iter().map(|value| fold(value)));
        Some(needles)
    }
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
