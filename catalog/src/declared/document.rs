//! JSON, YAML and TOML of lock files, read into the few fields that count, within limits.
//!
//! The decision a reader may doubt: maps become lists of pairs that know a limit, and entries of JSON stay text until
//! their turn comes. A tree of the whole document would take many times the file's size, and one odd entry would cost
//! all the others.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::MAX_FILE;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Entries of one map or list.
const MAX_ENTRIES: usize = 250_000;
/// Largest TOML file that is read; its reader holds it as a tree.
const MAX_TOML: u64 = 16 << 20;

/// The whole file, without a byte order mark, if it is UTF-8 and no larger than `limit`.
fn text(input: &mut Input<'_>, limit: u64) -> Result<String, Problem> {
    let bytes = read_all(input.content, input.size, limit)?;
    let bytes = if without_mark(&bytes).len() < bytes.len() { bytes[3..].to_vec() } else { bytes };
    String::from_utf8(bytes).map_err(|_| Problem::Malformed("content is no UTF-8".to_owned()))
}

/// The whole file as text.
pub(crate) fn read_text(input: &mut Input<'_>) -> Result<String, Problem> {
    text(input, MAX_FILE)
}

/// Reads JSON; `what` says what the file should be.
pub(crate) fn json<'de, T: Deserialize<'de>>(text: &'de str, what: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::Malformed(format!("no {what}: {error}")))
}

/// Reads YAML; `what` says what the file should be.
pub(crate) fn yaml<'de, T: Deserialize<'de>>(text: &'de str, what: &str) -> Result<T, Problem> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 8_000_000,
            max_nodes: 4_000_000,
            max_depth: 64,
            max_documents: 1,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_recorded_anchor_events: 100_000,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let message = error.to_string();
        Problem::Malformed(format!("no {what}: {}", message.lines().next().unwrap_or_default()))
    })
}

/// Reads a TOML file; `what` says what it should be.
pub(crate) fn toml<T: serde::de::DeserializeOwned>(input: &mut Input<'_>, what: &str) -> Result<T, Problem> {
    let text = text(input, MAX_TOML)?;
    toml::from_str(&text).map_err(|error| Problem::Malformed(format!("no {what}: {}", error.message())))
}

/// A map as pairs in the order of the document. What is no map is an empty one: some programs write `null` or `[]`.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T>(pub Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    if pairs.len() == MAX_ENTRIES {
                        return Err(A::Error::custom(format!("more than {MAX_ENTRIES} entries")));
                    }
                    pairs.push(pair);
                }
                Ok(Entries(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entries<T>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Entries::default())
            }

            fn visit_unit<E: Error>(self) -> Result<Entries<T>, E> {
                Ok(Entries::default())
            }
        }

        deserializer.deserialize_any(Pairs(PhantomData))
    }
}

/// A list that knows a limit; `null` is an empty one.
#[derive(Clone, Debug)]
pub(crate) struct Items<T>(pub Vec<T>);

impl<T> Default for Items<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Items<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    if items.len() == MAX_ENTRIES {
                        return Err(A::Error::custom(format!("more than {MAX_ENTRIES} entries")));
                    }
                    items.push(item);
                }
                Ok(Items(items))
            }

            fn visit_unit<E: Error>(self) -> Result<Items<T>, E> {
                Ok(Items::default())
            }
        }

        deserializer.deserialize_any(List(PhantomData))
    }
}

/// A text or number, or something else that does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word(pub String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Word, E> {
                Ok(Word(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Word, E> {
                Ok(Word(text))
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<Word, E> {
                Ok(Word::default())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Word, E> {
                Ok(Word(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Word, E> {
                Ok(Word(number.to_string()))
            }

            // A number with a point has lost its last zeros; only numbers of file formats are read this way.
            fn visit_f64<E: Error>(self, number: f64) -> Result<Word, E> {
                Ok(Word(number.to_string()))
            }

            fn visit_unit<E: Error>(self) -> Result<Word, E> {
                Ok(Word::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Word, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Word::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Word::default())
            }
        }

        deserializer.deserialize_any(Any)
    }
}
