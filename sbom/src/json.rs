//! JSON as foreign programs write it: lists whose entries are read one by one, and words that may be numbers.
//!
//! The decision a reader may doubt: an entry of a list is kept as a slice of the document until its turn comes. So one
//! entry of an odd shape costs itself and not the document, and the memory for a list is two words an entry.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Entries of one list; a document of the largest size can hold a hundred times more, each of them worth nothing.
const MOST: usize = 4_000_000;

/// The entries of a list, each still as text; empty for `null`.
#[derive(Default)]
pub(crate) struct Parts<'a> {
    pub(crate) entries: Vec<&'a RawValue>,
    /// Entries beyond [`MOST`].
    pub(crate) left_out: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartsVisitor)
    }
}

struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Parts::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Parts::default();
        while parts.entries.len() < MOST {
            match list.next_element()? {
                Some(entry) => parts.entries.push(entry),
                None => return Ok(parts),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            parts.left_out += 1;
        }
        Ok(parts)
    }
}

/// A word: a string, or a number or truth value as it is written; empty for `null`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word<'a>(Cow<'a, str>);

impl Word<'_> {
    /// The word, without white space around it.
    pub(crate) fn text(&self) -> &str {
        self.0.trim()
    }

    /// The word as it stands; of our own documents, where white space may belong to a name.
    pub(crate) fn exact(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Word(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Word(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Word(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Word(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Word(Cow::Owned(number.to_string())))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Word(Cow::Owned(truth.to_string())))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Word::default())
    }
}

/// Reads one entry of a list; the error is in words.
pub(crate) fn entry<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| shape(&error))
}

/// What is wrong with an entry. Line and column are left away: they count from the start of the entry.
pub(crate) fn shape(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    let short: String = text[..end].chars().take(200).collect();
    format!("does not have the expected shape: {short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_from_numbers_and_null_and_are_no_lists() {
        for (json, text) in
            [(r#"" a ""#, "a"), ("12", "12"), ("-1.5", "-1.5"), ("true", "true"), ("null", "")]
        {
            assert_eq!(serde_json::from_str::<Word<'_>>(json).unwrap().text(), text);
        }
        assert_eq!(serde_json::from_str::<Word<'_>>(r#""\u0061\n""#).unwrap().exact(), "a\n");
        assert!(serde_json::from_str::<Word<'_>>("[]").is_err());
    }

    #[test]
    fn a_list_is_read_entry_by_entry_whatever_they_are() {
        let parts: Parts<'_> = serde_json::from_str(r#"[1, {"a": [2]}, "x"]"#).unwrap();
        let texts: Vec<&str> = parts.entries.iter().map(|entry| entry.get()).collect();
        assert_eq!(texts, ["1", r#"{"a": [2]}"#, r#""x""#]);
        assert!(serde_json::from_str::<Parts<'_>>("null").unwrap().entries.is_empty());
        assert!(serde_json::from_str::<Parts<'_>>("{}").is_err());
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let bomb = format!("[{}{}]", "[".repeat(2_000_000), "]".repeat(2_000_000));
        let parts: Parts<'_> = serde_json::from_str(&bomb).unwrap();
        assert_eq!(parts.entries.len(), 1);
        assert!(entry::<Word<'_>>(parts.entries[0]).is_err());
    }
}
