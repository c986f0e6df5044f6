//! Pages of lists that say which manifest a tag names, as each sort of registry writes them.
//!
//! Rows are read one by one and only what is a tag is kept, so that a page of whatever costs no more than what is in it.

use std::fmt;
use std::marker::PhantomData;

use model::{Digest, Timestamp};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::source::registry::listing::RemoteTag;
use crate::source::registry::name::{is_component, is_tag};

/// What a page says beside its rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    /// The address, or the word, of the next page.
    pub(super) next: Option<String>,
    /// Whether there is a next page.
    pub(super) has_more: bool,
    /// Rows of all pages together.
    pub(super) total: Option<u64>,
}

/// Artifacts of a repository in Harbor; the document is the list.
pub(super) fn harbor_tags(bytes: &[u8], tags: &mut Vec<RemoteTag>) -> Result<Rest, String> {
    #[derive(Deserialize)]
    struct Artifact {
        digest: String,
        #[serde(default)]
        push_time: Option<String>,
        #[serde(default)]
        tags: Option<Vec<Tag>>,
    }
    #[derive(Deserialize)]
    struct Tag {
        name: String,
        #[serde(default)]
        push_time: Option<String>,
    }
    each(bytes, "", &mut |artifact: Artifact| {
        for tag in artifact.tags.unwrap_or_default() {
            let pushed = tag.push_time.as_ref().or(artifact.push_time.as_ref());
            keep(tags, tag.name, Some(&artifact.digest), time(pushed));
        }
    })
}

/// Repositories in Harbor; the document is the list.
pub(super) fn harbor_repositories(bytes: &[u8], names: &mut Vec<String>) -> Result<Rest, String> {
    #[derive(Deserialize)]
    struct Repository {
        name: String,
    }
    each(bytes, "", &mut |repository: Repository| keep_repository(names, repository.name))
}

/// Tags of a repository on Docker Hub.
pub(super) fn hub_tags(bytes: &[u8], tags: &mut Vec<RemoteTag>) -> Result<Rest, String> {
    #[derive(Deserialize)]
    struct Tag {
        name: String,
        #[serde(default)]
        digest: Option<String>,
        #[serde(default)]
        last_updated: Option<String>,
        #[serde(default)]
        tag_last_pushed: Option<String>,
    }
    each(bytes, "results", &mut |tag: Tag| {
        let pushed = tag.tag_last_pushed.as_ref().or(tag.last_updated.as_ref());
        keep(tags, tag.name, tag.digest.as_deref(), time(pushed));
    })
}

/// Repositories of a namespace on Docker Hub.
pub(super) fn hub_repositories(
    bytes: &[u8],
    namespace: &str,
    names: &mut Vec<String>,
) -> Result<Rest, String> {
    #[derive(Deserialize)]
    struct Repository {
        name: String,
    }
    each(bytes, "results", &mut |repository: Repository| {
        keep_repository(names, format!("{namespace}/{}", repository.name));
    })
}

/// Tags of a repository in Quay.
pub(super) fn quay_tags(bytes: &[u8], tags: &mut Vec<RemoteTag>) -> Result<Rest, String> {
    #[derive(Deserialize)]
    struct Tag {
        name: String,
        #[serde(default)]
        manifest_digest: Option<String>,
        #[serde(default)]
        start_ts: Option<i64>,
    }
    each(bytes, "tags", &mut |tag: Tag| {
        let pushed = tag.start_ts.map(|seconds| Timestamp(seconds.saturating_mul(1_000)));
        keep(tags, tag.name, tag.manifest_digest.as_deref(), pushed);
    })
}

/// Images of a repository in ECR, each with its tags.
pub(super) fn ecr_tags(bytes: &[u8], tags: &mut Vec<RemoteTag>) -> Result<Rest, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Image {
        image_digest: String,
        #[serde(default)]
        image_tags: Option<Vec<String>>,
        /// Seconds, with a fraction.
        #[serde(default)]
        image_pushed_at: Option<f64>,
    }
    each(bytes, "imageDetails", &mut |image: Image| {
        // a cast that does not fit gives the nearest that does
        let pushed = image.image_pushed_at.map(|seconds| Timestamp((seconds * 1_000.0) as i64));
        for tag in image.image_tags.unwrap_or_default() {
            keep(tags, tag, Some(&image.image_digest), pushed);
        }
    })
}

/// Repositories in ECR.
pub(super) fn ecr_repositories(bytes: &[u8], names: &mut Vec<String>) -> Result<Rest, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Repository {
        repository_name: String,
    }
    each(bytes, "repositories", &mut |repository: Repository| {
        keep_repository(names, repository.repository_name);
    })
}

fn keep(tags: &mut Vec<RemoteTag>, name: String, digest: Option<&str>, pushed: Option<Timestamp>) {
    if is_tag(&name) {
        // one of another algorithm is asked for like one that is not stated
        let digest = digest.and_then(|digest| digest.parse::<Digest>().ok());
        tags.push(RemoteTag { name, digest, pushed });
    }
}

fn keep_repository(names: &mut Vec<String>, name: String) {
    if name.len() <= 255 && name.split('/').all(is_component) {
        names.push(name);
    }
}

fn time(text: Option<&String>) -> Option<Timestamp> {
    Timestamp::parse(text?)
}

/// Gives each row of the list under `key`, or of the document itself if that is empty.
fn each<T>(bytes: &[u8], key: &'static str, take: &mut dyn FnMut(T)) -> Result<Rest, String>
where
    T: for<'de> Deserialize<'de>,
{
    let mut rest = Rest::default();
    let mut document = serde_json::Deserializer::from_slice(bytes);
    let list = List { take, row: PhantomData };
    let read = match key {
        "" => list.deserialize(&mut document),
        key => document.deserialize_map(Document { key, list, rest: &mut rest }),
    };
    read.and_then(|()| document.end()).map_err(|error| error.to_string())?;
    Ok(rest)
}

struct Document<'s, T> {
    key: &'static str,
    list: List<'s, T>,
    rest: &'s mut Rest,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Document<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a document with the list `{}`", self.key)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { key: wanted, list, rest } = self;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match key.as_ref() {
                key if key == wanted => {
                    map.next_value_seed(List { take: &mut *list.take, row: PhantomData })?;
                }
                "next" | "nextToken" => rest.next = map.next_value()?,
                "has_additional" => rest.has_more = map.next_value()?,
                "count" => rest.total = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct List<'s, T> {
    take: &'s mut dyn FnMut(T),
    row: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for List<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(row) = list.next_element::<T>()? {
            (self.take)(row);
        }
        Ok(())
    }
}

/// Entry for the fuzz target.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8]) {
    let (mut tags, mut names) = (Vec::new(), Vec::new());
    for read in [harbor_tags, hub_tags, quay_tags, ecr_tags] {
        let _ = read(bytes, &mut tags);
    }
    let _ = (harbor_repositories(bytes, &mut names), ecr_repositories(bytes, &mut names));
    let _ = hub_repositories(bytes, "team", &mut names);
    assert!(tags.iter().all(|tag| is_tag(&tag.name)));
    assert!(names.iter().all(|name| name.split('/').all(is_component)));
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = fn(&[u8], &mut Vec<RemoteTag>) -> Result<Rest, String>;

    fn shown(read: Read, text: &str) -> Result<(Vec<String>, Rest), String> {
        let mut tags = Vec::new();
        let rest =
            read(text.replace("DIGEST", &format!("sha256:{}", "ab".repeat(32))).as_bytes(), &mut tags)?;
        let show = |tag: RemoteTag| {
            let digest = if tag.digest.is_some() { "stated" } else { "not stated" };
            format!("{} {digest} {}", tag.name, tag.pushed.map_or(-1, |pushed| pushed.0))
        };
        Ok((tags.into_iter().map(show).collect(), rest))
    }

    #[test]
    fn tags_are_read_as_each_sort_of_registry_writes_them() {
        let cases: [(Read, &str, &[&str]); 4] = [
            (
                harbor_tags,
                r#"[{"id":1,"digest":"DIGEST","push_time":"1970-01-01T00:00:01.000Z","tags":[{"name":"1","push_time":"1970-01-01T00:00:02Z"},{"name":"latest"},{"name":"no tag"}]},
                    {"digest":"DIGEST","tags":null}]"#,
                &["1 stated 2000", "latest stated 1000"],
            ),
            (
                hub_tags,
                r#"{"count":2,"next":"https://hub.example/x?page=2","previous":null,"results":[{"name":"1","digest":"DIGEST","last_updated":"1970-01-01T00:00:01.123456Z","images":[{"digest":"DIGEST"}]},{"name":"2","last_updated":null}]}"#,
                &["1 stated 1123", "2 not stated -1"],
            ),
            (
                quay_tags,
                r#"{"tags":[{"name":"1","start_ts":3,"manifest_digest":"DIGEST"},{"name":"2","manifest_digest":"sha512:ab"}],"page":1,"has_additional":true}"#,
                &["1 stated 3000", "2 not stated -1"],
            ),
            (
                ecr_tags,
                r#"{"imageDetails":[{"imageDigest":"DIGEST","imageTags":["1","2"],"imagePushedAt":4.5},{"imageDigest":"DIGEST"}],"nextToken":"more"}"#,
                &["1 stated 4500", "2 stated 4500"],
            ),
        ];
        for (read, text, expected) in cases {
            assert_eq!(shown(read, text).unwrap().0, expected, "{text}");
        }
        let rest = shown(hub_tags, cases[1].1).unwrap().1;
        assert_eq!((rest.next.as_deref(), rest.total), (Some("https://hub.example/x?page=2"), Some(2)));
        assert!(shown(quay_tags, cases[2].1).unwrap().1.has_more);
        assert_eq!(shown(ecr_tags, cases[3].1).unwrap().1.next.as_deref(), Some("more"));
    }

    #[test]
    fn repositories_that_cannot_be_any_are_left_out() {
        let mut names = Vec::new();
        harbor_repositories(br#"[{"name":"team/app"},{"name":"../x"},{"name":"A"}]"#, &mut names).unwrap();
        hub_repositories(br#"{"results":[{"name":"app"},{"name":"a/../b"}]}"#, "team", &mut names).unwrap();
        ecr_repositories(br#"{"repositories":[{"repositoryName":"a/b"}]}"#, &mut names).unwrap();
        assert_eq!(names, ["team/app", "team/app", "a/b"]);
    }

    #[test]
    fn what_is_no_such_list_is_an_error() {
        for text in
            ["", "{", "[]x", "{\"tags\":[{}]}", "{\"tags\":7}", "<html>", "{\"tags\":[{\"name\":\"1\"", "7"]
        {
            assert!(shown(quay_tags, text).is_err(), "{text}");
        }
        for text in ["{}", "{\"errors\":[]}", "[{}]"] {
            assert!(shown(harbor_tags, text).is_err(), "{text}");
        }
        assert_eq!(shown(hub_tags, "{\"results\":null}").unwrap().0, [""; 0]);
    }
}
