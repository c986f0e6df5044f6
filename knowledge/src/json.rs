//! Splitting a large JSON document into its records without giving up on all for the sake of one.
//!
//! The outer objects are read with every value left as raw text, which borrows from the document. Each value is
//! then read by itself, so that a record of a wrong shape, or nested too deep, costs only itself.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Entries of one object or list. A few bytes of text make one, which takes ten times as much memory.
const MAX_ENTRIES: usize = 4_000_000;

fn too_many<E: serde::de::Error>() -> E {
    E::custom(format_args!("it has more than {MAX_ENTRIES} entries"))
}

/// Reads a list with its values unread; for `deserialize_with`.
pub(crate) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<&'de RawValue>, D::Error> {
    struct ListVisitor;

    impl<'de> Visitor<'de> for ListVisitor {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = list.next_element::<&'de RawValue>()? {
                if values.len() == MAX_ENTRIES {
                    return Err(too_many());
                }
                values.push(value);
            }
            Ok(values)
        }
    }

    deserializer.deserialize_seq(ListVisitor)
}

/// Like [`list`], for a list that may be missing.
pub(crate) fn some_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<&'de RawValue>>, D::Error> {
    list(deserializer).map(Some)
}

/// The entries of an object in document order, values unread.
pub(crate) struct Entries<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    if entries.len() == MAX_ENTRIES {
                        return Err(too_many());
                    }
                    entries.push((key.0, value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}

/// A key, borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the entries of an object.
pub(crate) fn entries(text: &str) -> Result<Vec<(Cow<'_, str>, &RawValue)>, serde_json::Error> {
    serde_json::from_str::<Entries<'_>>(text).map(|entries| entries.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deeply_nested_value_costs_only_itself() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = format!("{{\"bad\": {deep}, \"g\\u006fod\": 1}}");
        let entries = entries(&text).unwrap();
        assert_eq!(entries[1].0, "good");
        assert!(serde_json::from_str::<serde_json::Value>(entries[0].1.get()).is_err());
    }
}
