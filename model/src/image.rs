//! Images: identity, names and the attributes of their config document.

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, ImageId};
use crate::layer::LayerFacts;
use crate::time::Timestamp;

/// A name of an image: where it is tagged or which manifest it was pulled by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reference {
    /// Registry host, `docker.io` for short Docker names.
    pub registry: String,
    /// Repository within the registry, `library/` left away for official Docker Hub images.
    pub repository: String,
    /// Tag, if it is tagged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Manifest digest, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

impl Reference {
    /// Reads `[registry/]repository[:tag][@sha256:...]` by the rules of the Docker reference grammar: the part
    /// before the first `/` is a registry only if it holds a `.` or a `:` or is `localhost`.
    /// `None` if the repository is empty or the digest is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.parse().ok()?)),
            None => (text, None),
        };
        let (registry, rest) = match text.split_once('/') {
            Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
            _ => ("docker.io", text),
        };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag.to_owned())),
            _ => (rest, None),
        };
        let repository = match registry {
            "docker.io" => repository.strip_prefix("library/").unwrap_or(repository),
            _ => repository,
        };
        (!repository.is_empty()).then(|| Self {
            registry: registry.to_owned(),
            repository: repository.to_owned(),
            tag: tag.filter(|tag| !tag.is_empty()),
            digest,
        })
    }
}

/// A label of an image or a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// What the config says about the containers of an image (OCI image-spec, `config`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RuntimeFacts {
    /// `User`, as `user[:group]` by name or number; empty is root.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// `ExposedPorts`, as `8080/tcp`, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exposed_ports: Vec<String>,
    /// `Volumes`, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// `Entrypoint`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// `Cmd`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// `WorkingDir`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
}

impl RuntimeFacts {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A known image whose layers are the lowest ones of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BaseImage {
    /// Its id.
    pub id: ImageId,
    /// Its names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
    /// How many of the layers that have a diff-id are its own, counted from the lowest.
    pub layers: u32,
}

/// What is known of an image without looking into its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageFacts {
    /// Digest of the config document. For a plain root file system, which has none: a digest made from the
    /// machine's identity and the path, so that scanning it again finds the same record.
    pub id: ImageId,
    /// Names, in the order of the source.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// When the image was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// `author` of the config.
    #[serde(default)]
    pub author: String,
    /// `architecture` of the config, such as `amd64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// `os` of the config, such as `linux`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// `docker_version` of the config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub docker_version: Option<String>,
    /// Sum of the uncompressed layers in bytes.
    #[serde(default)]
    pub size: u64,
    /// Labels of the config, sorted by key.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// `NAME=value` pairs of the config's environment.
    #[serde(default)]
    pub environment: Vec<String>,
    /// What a container of the image runs, and how.
    #[serde(default, skip_serializing_if = "RuntimeFacts::is_empty")]
    pub runtime: RuntimeFacts,
    /// The image that it was built on, if the one who looked knows that image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<BaseImage>,
    /// History entries with their layers, lowest first.
    #[serde(default)]
    pub layers: Vec<LayerFacts>,
}

impl ImageFacts {
    /// An image of which nothing but its id is known.
    pub fn new(id: ImageId) -> Self {
        Self {
            id,
            references: Vec::new(),
            created: None,
            author: String::new(),
            architecture: None,
            os: None,
            docker_version: None,
            size: 0,
            labels: Vec::new(),
            environment: Vec::new(),
            runtime: RuntimeFacts::default(),
            base: None,
            layers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_as_docker_splits_them() {
        let split = |text: &str| {
            let name = Reference::parse(text).unwrap();
            (name.registry, name.repository, name.tag)
        };
        let own = |a: &str, b: &str, c: Option<&str>| (a.to_owned(), b.to_owned(), c.map(str::to_owned));
        assert_eq!(split("alpine:3.9"), own("docker.io", "alpine", Some("3.9")));
        assert_eq!(split("docker.io/library/alpine"), own("docker.io", "alpine", None));
        assert_eq!(split("team/web"), own("docker.io", "team/web", None));
        assert_eq!(split("localhost:5000/web:1"), own("localhost:5000", "web", Some("1")));
        assert_eq!(split("r.example.com/a/b:1.4"), own("r.example.com", "a/b", Some("1.4")));
        assert!(Reference::parse("").is_none());
        assert!(Reference::parse("x@sha256:zz").is_none());
    }
}
