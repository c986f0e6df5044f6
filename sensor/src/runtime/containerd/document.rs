//! Index, manifest and config of an image (OCI image-spec), as far as they tell which image a container runs.

use model::{Digest, ImageId};
use serde::Deserialize;

/// Manifests of an index that are looked at.
const MAX_MANIFESTS: usize = 64;

/// Layers of an image that are counted.
const MAX_LAYERS: usize = 1000;

/// What a name of an image leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document {
    /// Manifests of several platforms, those of this machine first.
    Index(Vec<Digest>),
    /// The digest of the config, which is the image's id.
    Manifest(ImageId),
}

#[derive(Deserialize)]
struct Either {
    #[serde(default)]
    manifests: Option<Vec<Entry>>,
    #[serde(default)]
    config: Option<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    digest: String,
    #[serde(default)]
    platform: Option<Platform>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
}

#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

/// Reads an index or a manifest.
pub(super) fn read(json: &[u8]) -> Option<Document> {
    let either: Either = serde_json::from_slice(json).ok()?;
    if let Some(config) = either.config {
        return Some(Document::Manifest(config.digest.parse().ok()?));
    }
    let mut manifests: Vec<(u8, Digest)> = Vec::new();
    for entry in either.manifests?.into_iter().take(MAX_MANIFESTS) {
        if let Ok(digest) = entry.digest.parse() {
            manifests.push((distance(entry.platform.as_ref()), digest));
        }
    }
    manifests.sort_by_key(|(distance, _)| *distance);
    Some(Document::Index(manifests.into_iter().map(|(_, digest)| digest).collect()))
}

/// How far a platform is from this machine's: the same, unsaid, another, none (what is attested of an image).
fn distance(platform: Option<&Platform>) -> u8 {
    let Some(platform) = platform else { return 1 };
    match (platform.os.as_str(), platform.architecture.as_str()) {
        ("linux", architecture) if architecture == machine() => 0,
        ("unknown", _) | (_, "unknown") => 3,
        _ => 2,
    }
}

/// This machine's architecture by the name that images have for it.
fn machine() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

/// The chain id of the uppermost layer in a config (OCI image-spec, "Layer ChainID"), which is the name of the snapshot that
/// containers of the image begin with. An empty text if it has no layers.
pub(super) fn chain(json: &[u8]) -> Option<String> {
    let config: Config = serde_json::from_slice(json).ok()?;
    let mut chain = String::new();
    if config.rootfs.diff_ids.len() > MAX_LAYERS {
        return None;
    }
    for diff_id in config.rootfs.diff_ids {
        let diff_id: Digest = diff_id.parse().ok()?;
        chain = match chain.as_str() {
            "" => diff_id.to_string(),
            below => Digest::of(format!("{below} {diff_id}").as_bytes()).to_string(),
        };
    }
    Some(chain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn digest(number: u8) -> Digest {
        Digest::from_bytes([number; 32])
    }

    #[test]
    fn a_manifest_names_the_config_and_an_index_the_manifests_of_this_machine_first() {
        let manifest = json!({ "config": { "digest": digest(1) }, "layers": [] });
        let expected = Document::Manifest(ImageId(digest(1)));
        assert_eq!(read(manifest.to_string().as_bytes()), Some(expected));
        let entry = |number, architecture: &str| json!({ "digest": digest(number), "platform": { "os": "linux", "architecture": architecture } });
        let manifests = [entry(1, "s390x"), entry(2, "unknown"), entry(3, machine())];
        let index = json!({ "manifests": manifests }).to_string();
        let expected = Document::Index([3, 1, 2].map(digest).to_vec());
        assert_eq!(read(index.as_bytes()), Some(expected));
    }

    #[test]
    fn what_is_neither_is_none() {
        for text in ["", "{}", "[]", r#"{"config":{"digest":"sha512:00"}}"#, r#"{"config":{}}"#] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_chain_id_is_that_of_the_uppermost_layer() {
        let config = |diff_ids: &[Digest]| json!({ "rootfs": { "diff_ids": diff_ids } }).to_string();
        assert_eq!(chain(config(&[]).as_bytes()).as_deref(), Some(""));
        assert_eq!(chain(config(&[digest(1)]).as_bytes()), Some(digest(1).to_string()));
        let both = Digest::of(format!("{} {}", digest(1), digest(2)).as_bytes());
        assert_eq!(chain(config(&[digest(1), digest(2)]).as_bytes()), Some(both.to_string()));
        assert_eq!(chain(b"{}"), None);
    }
}
