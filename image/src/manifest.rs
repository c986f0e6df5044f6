//! Manifests and indexes (OCI image-spec "Image Manifest" and "Image Index"; Docker schema 2 has the same
//! keys).
//!
//! Which of both a document is, its own keys say and not the media type that points to it. A document with
//! the keys of both is refused: readers disagree on such ones (OCI distribution advisory
//! GHSA-mc8v-mgrf-8f4m).

use std::collections::BTreeMap;

use model::Digest;
use serde::Deserialize;

use crate::error::{ImageError, Place};
use crate::platform::Platform;

/// A pointer to a blob.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: Option<String>,
    pub(crate) digest: String,
    #[serde(default)]
    pub(crate) size: Option<u64>,
    #[serde(default)]
    platform: Option<DescriptorPlatform>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize)]
struct DescriptorPlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: Option<String>,
}

/// A manifest or an index.
#[derive(Debug)]
pub(crate) enum Document {
    Manifest { config: Descriptor, layers: Vec<Descriptor> },
    Index(Vec<Descriptor>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    schema_version: Option<u64>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
}

const REFERENCE_NAME: &str = "org.opencontainers.image.ref.name";
const CONTAINERD_NAME: &str = "io.containerd.image.name";
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

impl Document {
    pub(crate) fn parse(bytes: &[u8], place: &Place) -> Result<Self, ImageError> {
        let wrong = |reason: String| ImageError::Metadata { place: place.clone(), reason };
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        match (raw.config, raw.layers, raw.manifests) {
            (Some(config), layers, None) => Ok(Self::Manifest { config, layers: layers.unwrap_or_default() }),
            (None, None, Some(manifests)) => Ok(Self::Index(manifests)),
            (None, _, None) if raw.schema_version == Some(1) => Err(wrong(
                "docker schema 1 manifests are not supported, pull the image again with a newer tool".into(),
            )),
            (_, _, None) => Err(wrong("neither `config` and `layers` nor `manifests`".into())),
            _ => Err(wrong("the keys of a manifest and of an index at once".into())),
        }
    }
}

impl Descriptor {
    pub(crate) fn digest(&self, place: &Place) -> Result<Digest, ImageError> {
        self.digest.parse().map_err(|source| ImageError::Digest { place: place.clone(), source })
    }

    pub(crate) fn platform(&self) -> Option<Platform> {
        let platform = self.platform.as_ref()?;
        (!platform.os.is_empty() && !platform.architecture.is_empty())
            .then(|| Platform::new(&platform.os, &platform.architecture, platform.variant.as_deref()))
    }

    /// The name that the layout gives it; the full one of containerd where both are there, as the other is
    /// then only the tag.
    pub(crate) fn name(&self) -> Option<&str> {
        let named = self.annotation(CONTAINERD_NAME).or_else(|| self.annotation(REFERENCE_NAME));
        named.filter(|name| !name.is_empty())
    }

    /// The value of an annotation.
    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }

    /// Whether its media type says that it is an index.
    pub(crate) fn is_index(&self) -> bool {
        const INDEXES: [&str; 2] = [
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
        ];
        self.media_type.as_deref().is_some_and(|media_type| INDEXES.contains(&media_type))
    }

    /// The media type of a config if it says that this is no image: charts and signatures have the form of
    /// images otherwise.
    pub(crate) fn artifact_type(&self) -> Option<&str> {
        const IMAGE_CONFIGS: [&str; 3] = [
            "application/vnd.oci.image.config.v1+json",
            "application/vnd.docker.container.image.v1+json",
            "application/octet-stream",
        ];
        let media_type = self.media_type.as_deref()?;
        (!media_type.is_empty() && !IMAGE_CONFIGS.contains(&media_type)).then_some(media_type)
    }

    /// Whether it says of itself that it is an attestation and no image.
    pub(crate) fn is_attestation(&self) -> bool {
        self.platform().is_some_and(|platform| platform.is_unknown())
            || self.annotations.as_ref().is_some_and(|annotations| annotations.contains_key(REFERENCE_TYPE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_with_the_keys_of_manifest_and_index_is_refused() {
        let digest = Digest::of(b"");
        let text = format!(
            r#"{{ "config": {{ "digest": "{digest}", "size": 0 }}, "layers": [], "manifests": [] }}"#
        );
        let place = Place::new("x", "manifest");
        let error = Document::parse(text.as_bytes(), &place).unwrap_err();
        assert_eq!(
            error.to_string(),
            "manifest in `x` is not valid: the keys of a manifest and of an index at once"
        );
        assert!(Document::parse(br#"{ "schemaVersion": 1, "fsLayers": [] }"#, &place).is_err());
        assert!(Document::parse(b"{}", &place).is_err());
        assert!(Document::parse(b"[1", &place).is_err());
    }
}
