//! One page of a list, as registries write it: OCI distribution-spec "Listing Tags", distribution's "Catalog", with what Google's
//! registries add, and Azure's own list of tags.
//!
//! A page may be 64 MiB of whatever a registry sends, so only names that can be names are ever kept, and only so many.

use std::collections::HashMap;
use std::fmt;

use model::{Digest, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::listing::RemoteTag;

/// A list of names under one key of a document.
#[derive(Debug)]
pub(super) struct Names(pub(super) Vec<String>);

impl Names {
    /// Reads the list under `key`; `null` is an empty one.
    pub(super) fn parse(
        bytes: &[u8],
        key: &'static str,
        most: usize,
        is_name: impl Fn(&str) -> bool,
    ) -> Result<Self, String> {
        let mut sink = Sink { most, is_name: &is_name, names: Vec::new() };
        let mut document = serde_json::Deserializer::from_slice(bytes);
        document.deserialize_map(KeyVisitor { key, sink: &mut sink }).map_err(|error| error.to_string())?;
        Ok(Self(sink.names))
    }
}

/// Names as they are read.
struct Sink<'s> {
    most: usize,
    is_name: &'s dyn Fn(&str) -> bool,
    names: Vec<String>,
}

impl Sink<'_> {
    fn take<E: serde::de::Error>(&mut self, name: &str) -> Result<(), E> {
        if (self.is_name)(name) {
            if self.names.len() > self.most {
                return Err(E::custom(format!("it lists more than {} names", self.most)));
            }
            self.names.push(name.to_owned());
        }
        Ok(())
    }
}

struct KeyVisitor<'v, 's> {
    key: &'static str,
    sink: &'v mut Sink<'s>,
}

impl<'de> Visitor<'de> for KeyVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a document with the list `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key == self.key {
                true => map.next_value_seed(ListSeed(&mut *self.sink))?,
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct ListSeed<'v, 's>(&'v mut Sink<'s>);

impl<'de> serde::de::DeserializeSeed<'de> for ListSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ListSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of names")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(name) = list.next_element::<std::borrow::Cow<'de, str>>()? {
            self.0.take(&name)?;
        }
        Ok(())
    }
}

/// A page of tags.
#[derive(Debug)]
pub(super) struct TagPage {
    pub(super) tags: Vec<RemoteTag>,
}

/// What Google's registries add: each manifest with its tags.
#[derive(Deserialize)]
struct WithManifests {
    #[serde(default)]
    manifest: HashMap<String, Tagged>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tagged {
    #[serde(default)]
    tag: Vec<String>,
    /// Milliseconds since 1970, in a text.
    #[serde(default)]
    time_uploaded_ms: Option<String>,
}

/// Azure's list: each tag with its manifest.
#[derive(Deserialize)]
struct OfAzure {
    tags: Option<Vec<AzureTag>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AzureTag {
    name: String,
    #[serde(default)]
    digest: Option<Digest>,
    #[serde(default)]
    last_update_time: Option<String>,
}

impl TagPage {
    /// Reads a page of either form. Tags that cannot be tags are left out.
    pub(super) fn parse(bytes: &[u8], most: usize, is_tag: impl Fn(&str) -> bool) -> Result<Self, String> {
        // the plain form first: it is the one that may be large
        let plain = Names::parse(bytes, "tags", most, &is_tag);
        let mut names = match plain {
            Ok(names) => names.0,
            Err(reason) => return Self::of_azure(bytes, most, is_tag).ok_or(reason),
        };
        let mut stated: HashMap<String, (Digest, Option<Timestamp>)> = HashMap::new();
        if let Ok(more) = serde_json::from_slice::<WithManifests>(bytes) {
            for (digest, tagged) in more.manifest {
                let Ok(digest) = digest.parse::<Digest>() else { continue };
                let pushed = tagged.time_uploaded_ms.and_then(|text| text.parse().ok()).map(Timestamp);
                stated.extend(tagged.tag.into_iter().map(|tag| (tag, (digest, pushed))));
            }
        }
        let tags = names.drain(..).map(|name| {
            let (digest, pushed) = stated.remove(&name).unzip();
            RemoteTag { name, digest, pushed: pushed.flatten() }
        });
        Ok(Self { tags: tags.collect() })
    }

    fn of_azure(bytes: &[u8], most: usize, is_tag: impl Fn(&str) -> bool) -> Option<Self> {
        let page: OfAzure = serde_json::from_slice(bytes).ok()?;
        let tags = page.tags.unwrap_or_default().into_iter().filter(|tag| is_tag(&tag.name));
        let read = |tag: AzureTag| {
            let pushed = tag.last_update_time.as_deref().and_then(Timestamp::parse);
            RemoteTag { name: tag.name, digest: tag.digest, pushed }
        };
        Some(Self { tags: tags.take(most + 1).map(read).collect() })
    }
}

/// The address of the next page in a `Link` header (RFC 8288): `</v2/_catalog?last=b&n=2>; rel="next"`.
pub(super) fn next_page(header: &str) -> Option<String> {
    let (mut rest, mut read) = (header, 0);
    while let Some(open) = rest.find('<') {
        let (target, after) = rest[open + 1..].split_once('>')?;
        // up to the next link; a comma within quotes is none of ours
        let end = after.find(",<").or_else(|| after.find(", <")).unwrap_or(after.len());
        let is_next = after[..end].split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else { return false };
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && value.split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
        });
        if is_next && !target.is_empty() {
            return Some(target.to_owned());
        }
        rest = &after[end..];
        read += 1;
        if read == 16 {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::name::is_tag;
    use super::*;

    /// Name, manifest and time.
    type Shown = (String, Option<String>, Option<i64>);

    fn tags(text: &str) -> Result<Vec<Shown>, String> {
        let page = TagPage::parse(text.as_bytes(), 100, is_tag)?;
        let show = |tag: RemoteTag| {
            (tag.name, tag.digest.map(|digest| digest.to_hex()), tag.pushed.map(|pushed| pushed.0))
        };
        Ok(page.tags.into_iter().map(show).collect())
    }

    #[test]
    fn lists_of_tags_are_read_as_each_registry_writes_them() {
        let digest = "ab".repeat(32);
        let plain = tags(r#"{"name":"a","tags":["1","2","no tag",".x"]}"#).unwrap();
        assert_eq!(plain, [("1".into(), None, None), ("2".into(), None, None)]);
        assert!(tags(r#"{"name":"a","tags":null}"#).unwrap().is_empty());
        assert!(tags(r#"{"name":"a"}"#).unwrap().is_empty());
        let google = format!(
            r#"{{"child":[],"manifest":{{"sha256:{digest}":{{"tag":["1"],"timeUploadedMs":"5"}},"x":{{}}}},"tags":["1","2"]}}"#
        );
        assert_eq!(
            tags(&google).unwrap(),
            [("1".into(), Some(digest.clone()), Some(5)), ("2".into(), None, None)]
        );
        let azure = format!(
            r#"{{"registry":"r","imageName":"a","tags":[{{"name":"1","digest":"sha256:{digest}","lastUpdateTime":"1970-01-01T00:00:07.1234567Z","signed":false}}]}}"#
        );
        assert_eq!(tags(&azure).unwrap(), [("1".into(), Some(digest), Some(7_123))]);
        for broken in ["", "[]", "{\"tags\":5}", "{\"tags\":[5]}", "{\"tags\":[\"1\""] {
            assert!(tags(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_page_of_very_many_names_is_an_error_and_of_what_are_no_names_nothing_is_kept() {
        let list = |name: &str, count: usize| format!("{{\"tags\":[{}]}}", vec![name; count].join(","));
        assert!(tags(&list("\"a\"", 102)).unwrap_err().contains("more than 100 names"));
        assert!(tags(&list("\"\"", 100_000)).unwrap().is_empty());
    }

    #[test]
    fn the_next_page_is_found_among_links() {
        let cases = [
            ("</v2/_catalog?last=b&n=2>; rel=\"next\"", Some("/v2/_catalog?last=b&n=2")),
            ("<https://r/v2/a/tags/list?n=2>;rel=next", Some("https://r/v2/a/tags/list?n=2")),
            ("</first>; rel=\"first\", </x>; title=\"a\"; rel=\"prev next\"", Some("/x")),
            ("</first>; rel=\"first\"", None),
            ("<>; rel=next", None),
            ("</x", None),
            ("", None),
        ];
        for (header, expected) in cases {
            assert_eq!(next_page(header).as_deref(), expected, "{header}");
        }
    }
}
