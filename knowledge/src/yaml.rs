//! YAML of advisory databases: small documents of scalars, lists and maps, read within bounds.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

/// Reads one document; the first line of what is wrong is told.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: 100_000,
            max_nodes: 50_000,
            max_depth: 32,
            max_documents: 1,
            max_aliases: 100,
            max_anchors: 100,
            max_recorded_anchor_events: 10_000,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
}

/// A scalar as text, whatever YAML takes it for: `2.0`, `108575` and `2014-06-30` stay what was written, as far as numbers do.
/// Anything else, and null, is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scalar(pub(crate) Option<String>);

impl Scalar {
    /// The text without blanks around it, if there is any.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_deref().map(str::trim).filter(|text| !text.is_empty() && *text != "~")
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;

        impl<'de> Visitor<'de> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a scalar")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(Some(text.to_owned())))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
                Ok(Scalar(Some(value.to_string())))
            }

            fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_none<E: Error>(self) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
                deserializer.deserialize_any(self)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Scalar(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Scalar(None))
            }
        }

        deserializer.deserialize_any(ScalarVisitor)
    }
}

/// A list of scalars; one that is missing, null or a single scalar is a list as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scalars(pub(crate) Vec<Scalar>);

impl Scalars {
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(Scalar::text)
    }
}

impl<'de> Deserialize<'de> for Scalars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Either {
            Many(Vec<Scalar>),
            One(Scalar),
        }
        Ok(match Option::<Either>::deserialize(deserializer)? {
            None => Self::default(),
            Some(Either::Many(many)) => Self(many),
            Some(Either::One(one)) => Self(vec![one]),
        })
    }
}

/// A map whose keys are scalars of any kind, in the order of the document.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for EntriesVisitor<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Scalar, T>()? {
                    entries.push((key.0.unwrap_or_default(), value));
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Document {
        #[serde(default)]
        id: Scalar,
        #[serde(default)]
        date: Scalar,
        #[serde(default)]
        list: Scalars,
        #[serde(default)]
        map: Entries<Scalars>,
    }

    #[test]
    fn scalars_of_any_kind_are_texts() {
        let text = "id: 108575\ndate: 2014-06-30\nlist: ['>= 1.0', 2]\nmap:\n  2.0.x: [a]\n  3: ~\n";
        let document: Document = read(text).unwrap();
        assert_eq!((document.id.text(), document.date.text()), (Some("108575"), Some("2014-06-30")));
        assert_eq!(document.list.texts().collect::<Vec<_>>(), [">= 1.0", "2"]);
        assert_eq!(document.map.0[0].0, "2.0.x");
        assert_eq!((document.map.0[1].0.as_str(), document.map.0[1].1.0.len()), ("3", 0));
        let nothing: Document = read("id: ~\nlist: '>= 1'\ndate: [1]\n").unwrap();
        assert_eq!((nothing.id.text(), nothing.date.text()), (None, None));
        assert_eq!(nothing.list.texts().collect::<Vec<_>>(), [">= 1"]);
        assert!(read::<Document>("id: [").is_err());
    }

    #[test]
    fn documents_that_grow_while_they_are_read_are_refused() {
        let mut bomb = String::from("list: [&a [x,x,x,x,x,x,x,x,x]");
        for level in 0..8 {
            let (from, to) = ((b'a' + level) as char, (b'b' + level) as char);
            bomb +=
                &format!(", &{to} [*{from},*{from},*{from},*{from},*{from},*{from},*{from},*{from},*{from}]");
        }
        assert!(read::<Document>(&(bomb + "]\n")).is_err());
        assert!(read::<Document>(&format!("id: {}", "[".repeat(10_000))).is_err());
    }
}
