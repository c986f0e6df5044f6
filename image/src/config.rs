//! The config document of an image (OCI image-spec "Image Configuration", Docker Image Specification v1.2).
//!
//! Only the list of diff-ids must be right. Any other field that has an odd form counts as absent, because
//! builders of every age have written them and none of them decides what is in the image.

use std::collections::BTreeMap;

use model::{DiffId, ImageFacts, ImageId, Label, LayerFacts, RuntimeFacts, Timestamp};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use crate::error::{ImageError, Place};
use crate::platform::Platform;

/// The parts of a config that are of interest.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    #[serde(deserialize_with = "lenient")]
    created: String,
    #[serde(deserialize_with = "lenient")]
    author: String,
    #[serde(deserialize_with = "lenient")]
    architecture: String,
    #[serde(deserialize_with = "lenient")]
    variant: String,
    #[serde(deserialize_with = "lenient")]
    os: String,
    #[serde(deserialize_with = "lenient")]
    docker_version: String,
    #[serde(deserialize_with = "lenient")]
    config: Runtime,
    #[serde(deserialize_with = "lenient")]
    history: Vec<History>,
    rootfs: RootFs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Runtime {
    #[serde(rename = "Env", deserialize_with = "lenient")]
    environment: Vec<Value>,
    #[serde(rename = "Labels", deserialize_with = "lenient")]
    labels: BTreeMap<String, Value>,
    #[serde(rename = "User", deserialize_with = "lenient")]
    user: String,
    #[serde(rename = "ExposedPorts", deserialize_with = "lenient")]
    exposed_ports: BTreeMap<String, Value>,
    #[serde(rename = "Volumes", deserialize_with = "lenient")]
    volumes: BTreeMap<String, Value>,
    #[serde(rename = "Entrypoint", deserialize_with = "lenient")]
    entrypoint: Vec<Value>,
    #[serde(rename = "Cmd", deserialize_with = "lenient")]
    command: Vec<Value>,
    #[serde(rename = "WorkingDir", deserialize_with = "lenient")]
    working_dir: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct History {
    #[serde(deserialize_with = "lenient")]
    created: String,
    #[serde(deserialize_with = "lenient")]
    created_by: String,
    #[serde(deserialize_with = "lenient")]
    comment: String,
    #[serde(deserialize_with = "lenient")]
    empty_layer: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// A value of the wrong type, or null, is the default.
fn lenient<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

impl Config {
    pub(crate) fn parse(bytes: &[u8], place: &Place) -> Result<Self, ImageError> {
        serde_json::from_slice(bytes)
            .map_err(|error| ImageError::Metadata { place: place.clone(), reason: error.to_string() })
    }

    /// The diff-ids, lowest layer first.
    pub(crate) fn diff_ids(&self, place: &Place) -> Result<Vec<DiffId>, ImageError> {
        let parse = |text: &String| {
            text.parse().map_err(|source| ImageError::Digest { place: place.clone(), source })
        };
        self.rootfs.diff_ids.iter().map(parse).collect()
    }

    /// The platform, if the config names one.
    pub(crate) fn platform(&self) -> Option<Platform> {
        let variant = Some(self.variant.as_str()).filter(|variant| !variant.is_empty());
        (!self.os.is_empty() && !self.architecture.is_empty())
            .then(|| Platform::new(&self.os, &self.architecture, variant))
    }

    /// The facts without references and without anything that needs the layers.
    pub(crate) fn into_facts(self, id: ImageId, diff_ids: &[DiffId]) -> ImageFacts {
        let layers = layers(&self.history, diff_ids);
        let config = self.config;
        let runtime = RuntimeFacts {
            user: config.user,
            exposed_ports: config.exposed_ports.into_keys().collect(),
            volumes: config.volumes.into_keys().collect(),
            entrypoint: texts(config.entrypoint),
            command: texts(config.command),
            working_dir: config.working_dir,
        };
        ImageFacts {
            id,
            references: Vec::new(),
            created: Timestamp::parse(&self.created),
            author: self.author,
            architecture: some(self.architecture),
            os: some(self.os),
            docker_version: some(self.docker_version),
            size: 0,
            labels: config.labels.into_iter().filter_map(label).collect(),
            environment: texts(config.environment),
            runtime,
            base: None,
            layers,
        }
    }
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The texts of a list; what is none is passed over.
fn texts(values: Vec<Value>) -> Vec<String> {
    let text = |value| match value {
        Value::String(text) => Some(text),
        _ => None,
    };
    values.into_iter().filter_map(text).collect()
}

fn label((key, value): (String, Value)) -> Option<Label> {
    match value {
        Value::Null => None,
        Value::String(value) => Some(Label { key, value }),
        other => Some(Label { key, value: other.to_string() }),
    }
}

/// Gives each history entry that made a layer its diff-id, in order. The history is optional and may be
/// shorter than the list of layers; what it does not tell is left empty.
fn layers(history: &[History], diff_ids: &[DiffId]) -> Vec<LayerFacts> {
    let mut rest = diff_ids.iter().copied();
    let mut layers: Vec<LayerFacts> = history
        .iter()
        .map(|entry| LayerFacts {
            diff_id: if entry.empty_layer { None } else { rest.next() },
            digest: None,
            size: 0,
            created_by: entry.created_by.clone(),
            created: Timestamp::parse(&entry.created),
            comment: entry.comment.clone(),
        })
        .collect();
    layers.extend(rest.map(|diff_id| LayerFacts {
        diff_id: Some(diff_id),
        digest: None,
        size: 0,
        created_by: String::new(),
        created: None,
        comment: String::new(),
    }));
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(json: &str) -> ImageFacts {
        let place = Place::new("x", "config");
        let config = Config::parse(json.as_bytes(), &place).unwrap();
        let diff_ids = config.diff_ids(&place).unwrap();
        config.into_facts(ImageId(model::Digest::of(json.as_bytes())), &diff_ids)
    }

    #[test]
    fn odd_fields_count_as_absent() {
        let facts = facts(
            r#"{ "created": 5, "author": null, "os": ["linux"], "history": {}, "rootfs": {}, "more": { "a": 1 },
                 "config": { "Env": ["A=1", 2, null], "Labels": { "b": 7, "a": "x", "c": null } } }"#,
        );
        assert_eq!(facts.created, None);
        assert_eq!(facts.author, "");
        assert_eq!(facts.os, None);
        assert_eq!(facts.environment, ["A=1"]);
        let labels: Vec<_> =
            facts.labels.iter().map(|label| (label.key.as_str(), label.value.as_str())).collect();
        assert_eq!(labels, [("a", "x"), ("b", "7")]);
    }

    #[test]
    fn history_entries_are_matched_to_layers_in_order_and_missing_ones_are_made_up() {
        let [a, b, c] = ["aa", "bb", "cc"].map(|byte| format!("sha256:{}", byte.repeat(32)));
        let facts = facts(&format!(
            r#"{{ "rootfs": {{ "diff_ids": ["{a}", "{b}", "{c}"] }},
                  "history": [ {{ "created_by": "one" }}, {{ "created_by": "env", "empty_layer": true }}, {{ "created_by": "two" }} ] }}"#
        ));
        let layers: Vec<_> = facts
            .layers
            .iter()
            .map(|layer| (layer.created_by.as_str(), layer.diff_id.map(|diff_id| diff_id.to_string())))
            .collect();
        assert_eq!(layers, [("one", Some(a)), ("env", None), ("two", Some(b)), ("", Some(c))]);
    }

    #[test]
    fn a_broken_diff_id_is_an_error() {
        let place = Place::new("x", "config");
        let config = Config::parse(br#"{ "rootfs": { "diff_ids": ["md5:00"] } }"#, &place).unwrap();
        assert!(matches!(config.diff_ids(&place), Err(ImageError::Digest { .. })));
    }
}
