//! JSON, YAML and TOML of lock files, read into the few fields that count, within limits.
//!
//! The decision a reader may doubt: maps become lists of pairs that know a limit, and entries of JSON stay text until
//! their turn comes, and a TOML file is cut into its tables. A tree of the whole document would take many times the file's
//! size, and one odd entry would cost all the others.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::MAX_FILE;
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem, read_all, without_mark};

/// Entries of one map or list.
const MAX_ENTRIES: usize = 250_000;
/// Largest table of a TOML file with its sub-tables; its reader makes a tree of some eighty times that size of it.
const MAX_TABLE: usize = 512 << 10;

/// The whole file as text without a byte order mark, if it is UTF-8.
pub(crate) fn read_text(input: &mut Input<'_>) -> Result<String, Problem> {
    let bytes = read_all(input.content, input.size, MAX_FILE)?;
    let bytes = if without_mark(&bytes).len() < bytes.len() { bytes[3..].to_vec() } else { bytes };
    String::from_utf8(bytes).map_err(|_| Problem::Malformed("content is no UTF-8".to_owned()))
}

/// Reads JSON; `what` says what the file should be.
pub(crate) fn json<'de, T: Deserialize<'de>>(text: &'de str, what: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::Malformed(format!("no {what}: {error}")))
}

/// Reads YAML; `what` says what the file should be.
pub(crate) fn yaml<'de, T: Deserialize<'de>>(text: &'de str, what: &str) -> Result<T, Problem> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            // a node takes some two hundred bytes while the document is read
            max_events: 1_500_000,
            max_nodes: 600_000,
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

/// Reads a TOML file table by table: each table, with its sub-tables, as the document that it is by itself. `begins` says of a
/// header, such as `[[package]]`, whether a new table begins with it. A table that cannot be read is noted in `facts`,
/// and the others stay; `what` says what the file should be.
pub(crate) fn toml<T: DeserializeOwned>(
    input: &mut Input<'_>,
    facts: &mut Facts,
    what: &str,
    begins: fn(&str) -> bool,
) -> Result<Vec<T>, Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut tables = Vec::new();
    let mut table = String::new();
    loop {
        let line = lines.next_line()?.map(String::from_utf8_lossy);
        if line.as_deref().is_none_or(|line| is_header(line) && begins(line.trim_end())) {
            if table.len() > MAX_TABLE {
                facts.note(format!("no {what}: a table is larger than {MAX_TABLE} bytes"));
            } else {
                match toml::from_str(&table) {
                    Ok(read) => tables.push(read),
                    Err(error) => facts.note(format!("no {what}: {}", error.message())),
                }
            }
            if tables.len() > MAX_ENTRIES {
                return Err(Problem::Malformed(format!("no {what}: more than {MAX_ENTRIES} tables")));
            }
            table.clear();
        }
        let Some(line) = line else { return Ok(tables) };
        if table.len() <= MAX_TABLE {
            table.push_str(line.trim_start_matches('\u{feff}'));
            table.push('\n');
        }
    }
}

/// Whether a header begins an entry of the list `package`, or anything that is no part of one.
pub(crate) fn is_package(header: &str) -> bool {
    header == "[[package]]" || !header.trim_start_matches('[').starts_with("package.")
}

/// Whether a line at the margin is the header of a table. What programs write inside of arrays is indented.
fn is_header(line: &str) -> bool {
    let allowed = |one: char| one.is_alphanumeric() || "[]._-+\"' ".contains(one);
    line.starts_with('[') && line.trim_end().ends_with(']') && line.trim_end().chars().all(allowed)
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

#[cfg(test)]
mod tests {
    use crate::declared::testing::{facts, notes};

    #[test]
    fn one_table_that_cannot_be_read_costs_itself_alone() {
        let text = "\u{feff}version = 1\n[[package]]\nname = \"a\"\nversion = \"1\"\n[[package]]\nname = 7\n[package.x]\n\
            [[package]]\nname = \"b\"\nversion = \"2\"\nfiles = [\n    [1],\n]\n";
        let facts = facts("app/poetry.lock", text);
        assert_eq!((facts.packages.len(), facts.notes.len()), (2, 1));
    }

    #[test]
    fn documents_made_to_fill_memory_are_given_up() {
        let table = "a = 0\n".repeat(200_000);
        assert_eq!(notes("app/uv.lock", table), ["no lock file of uv: a table is larger than 524288 bytes"]);
        let line = format!("a = [{}]", "[],".repeat(400_000));
        assert_eq!(notes("app/uv.lock", line), ["line 1 is longer than 1048576 bytes"]);
        let list = format!("{{\"packages\":[{}0]}}", "0,".repeat(1_000_000));
        assert!(notes("app/composer.lock", list)[0].contains("more than 250000 entries"));
        let map: String = (0..300_000).map(|number| format!(",\"a{number}\":0")).collect();
        assert!(
            notes("app/renv.lock", format!("{{\"Packages\":{{\"a\":0{map}}}}}"))[0]
                .contains("more than 250000 entries")
        );
        let nodes = format!("package:\n{}", "- [[[[]]]]\n".repeat(200_000));
        assert!(notes("app/conda-lock.yml", nodes)[0].starts_with("no conda-lock file"));
        assert!(
            notes("app/environment.yml", "[".repeat(1_000_000))[0].starts_with("no environment of conda")
        );
    }

    #[test]
    fn a_file_larger_than_the_limit_is_not_held() {
        assert_eq!(
            notes("app/composer.lock", vec![b' '; 33 << 20]),
            ["file of 34603008 bytes is larger than the limit of 33554432 bytes"]
        );
    }
}
