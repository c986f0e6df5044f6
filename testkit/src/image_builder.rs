//! An image: layers, config and names.
//!
//! The config document is made from the fields below with the keys that Docker writes;
//! [`ImageBuilder::edit_config`] and [`ImageBuilder::edit_manifest`] change the finished documents for tests
//! of odd or lying ones.

use std::io::{self, Write};

use model::{DiffId, Digest, ImageId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::layer_builder::LayerBuilder;

/// How the layers of an OCI layout are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// As tar.
    None,
    /// As gzip.
    #[default]
    Gzip,
    /// As zstd.
    Zstd,
}

impl Compression {
    /// The OCI media type of a layer stored so.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::None => "application/vnd.oci.image.layer.v1.tar",
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Layer(LayerBuilder),
    Empty(String),
}

type Edit = fn(&mut Value);

/// An image under construction: `linux/amd64`, created 2024-01-02T03:04:05Z, gzip layers, unless told
/// otherwise.
#[derive(Clone, Debug)]
pub struct ImageBuilder {
    steps: Vec<Step>,
    pub(crate) names: Vec<String>,
    environment: Vec<String>,
    labels: Vec<(String, String)>,
    created: String,
    author: String,
    docker_version: String,
    pub(crate) os: String,
    pub(crate) architecture: String,
    pub(crate) variant: Option<String>,
    pub(crate) compression: Compression,
    pub(crate) compressed_docker_archive: bool,
    edit_config: Option<Edit>,
    edit_manifest: Option<Edit>,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            names: Vec::new(),
            environment: Vec::new(),
            labels: Vec::new(),
            created: "2024-01-02T03:04:05Z".to_owned(),
            author: String::new(),
            docker_version: String::new(),
            os: "linux".to_owned(),
            architecture: "amd64".to_owned(),
            variant: None,
            compression: Compression::default(),
            compressed_docker_archive: false,
            edit_config: None,
            edit_manifest: None,
        }
    }
}

/// A layer in its stored form.
#[derive(Clone, Debug)]
pub struct BuiltLayer {
    /// The blob.
    pub stored: Vec<u8>,
    /// Digest of the blob.
    pub digest: Digest,
    /// Digest of the tar stream.
    pub diff_id: DiffId,
    /// Bytes of the tar stream.
    pub uncompressed_size: u64,
}

/// Everything of an image that a form writes down.
#[derive(Clone, Debug)]
pub struct BuiltImage {
    /// The config document.
    pub config: Vec<u8>,
    /// Its digest.
    pub id: ImageId,
    /// The layers, lowest first.
    pub layers: Vec<BuiltLayer>,
    /// The OCI manifest.
    pub manifest: Vec<u8>,
    /// Its digest.
    pub manifest_digest: Digest,
}

impl ImageBuilder {
    /// An image without layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a layer on top.
    pub fn layer(mut self, layer: LayerBuilder) -> Self {
        self.steps.push(Step::Layer(layer));
        self
    }

    /// Adds a history entry that made no layer.
    pub fn empty_layer(mut self, created_by: &str) -> Self {
        self.steps.push(Step::Empty(created_by.to_owned()));
        self
    }

    /// Adds a name, `repository:tag` with or without registry.
    pub fn name(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// Adds `NAME=value` to the environment.
    pub fn env(mut self, pair: &str) -> Self {
        self.environment.push(pair.to_owned());
        self
    }

    /// Adds a label.
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets the creation time, RFC 3339.
    pub fn created(mut self, time: &str) -> Self {
        time.clone_into(&mut self.created);
        self
    }

    /// Sets the author.
    pub fn author(mut self, author: &str) -> Self {
        author.clone_into(&mut self.author);
        self
    }

    /// Sets the builder's version.
    pub fn docker_version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.docker_version);
        self
    }

    /// Sets the platform, such as `linux/arm64` or `linux/arm/v7`.
    pub fn platform(mut self, platform: &str) -> Self {
        let mut parts = platform.split('/').map(str::to_owned);
        self.os = parts.next().unwrap_or_default();
        self.architecture = parts.next().unwrap_or_default();
        self.variant = parts.next();
        self
    }

    /// Sets how OCI layouts store the layers.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Keeps the compression inside docker-archives, too, which otherwise hold plain tar layers.
    pub fn compressed_docker_archive(mut self) -> Self {
        self.compressed_docker_archive = true;
        self
    }

    /// Changes the config document before it is digested.
    pub fn edit_config(mut self, edit: Edit) -> Self {
        self.edit_config = Some(edit);
        self
    }

    /// Changes the OCI manifest before it is digested.
    pub fn edit_manifest(mut self, edit: Edit) -> Self {
        self.edit_manifest = Some(edit);
        self
    }

    /// The layers, lowest first.
    pub fn layers(&self) -> impl Iterator<Item = &LayerBuilder> {
        self.steps.iter().filter_map(|step| match step {
            Step::Layer(layer) => Some(layer),
            Step::Empty(_) => None,
        })
    }

    /// Builds it with the layers stored as [`Self::compression`] says.
    pub fn build(&self) -> BuiltImage {
        self.build_with(self.compression)
    }

    pub(crate) fn build_with(&self, compression: Compression) -> BuiltImage {
        let layers: Vec<BuiltLayer> = self.layers().map(|layer| build_layer(layer, compression)).collect();
        let mut config = self.config_document(&layers);
        if let Some(edit) = self.edit_config {
            edit(&mut config);
        }
        let config = to_bytes(&config);
        let id = ImageId(Digest::of(&config));
        let mut manifest = manifest_document(id, config.len(), &layers, compression);
        if let Some(edit) = self.edit_manifest {
            edit(&mut manifest);
        }
        let manifest = to_bytes(&manifest);
        BuiltImage { config, id, layers, manifest_digest: Digest::of(&manifest), manifest }
    }

    fn config_document(&self, layers: &[BuiltLayer]) -> Value {
        let labels: serde_json::Map<String, Value> =
            self.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let diff_ids: Vec<String> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
        let mut document = json!({
            "architecture": self.architecture,
            "os": self.os,
            "created": self.created,
            "author": self.author,
            "docker_version": self.docker_version,
            "config": { "Env": self.environment, "Labels": labels, "Cmd": ["/bin/sh"] },
            "history": self.history(),
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        if let Some(variant) = &self.variant {
            document["variant"] = json!(variant);
        }
        document
    }

    fn history(&self) -> Vec<Value> {
        let mut ordinal = 0;
        let mut history = Vec::new();
        for step in &self.steps {
            history.push(match step {
                Step::Empty(command) => {
                    json!({ "created": self.created, "created_by": command, "empty_layer": true })
                }
                Step::Layer(layer) => {
                    ordinal += 1;
                    let command = layer.created_by.clone().unwrap_or_else(|| format!("LAYER {ordinal}"));
                    json!({ "created": self.created, "created_by": command, "comment": "testkit" })
                }
            });
        }
        history
    }
}

pub(crate) fn to_bytes(document: &Value) -> Vec<u8> {
    serde_json::to_vec(document).expect("a JSON value can always be written")
}

fn manifest_document(id: ImageId, size: usize, layers: &[BuiltLayer], compression: Compression) -> Value {
    let layers: Vec<Value> = layers
        .iter()
        .map(|layer| {
            json!({
                "mediaType": compression.media_type(),
                "digest": layer.digest.to_string(),
                "size": layer.stored.len(),
            })
        })
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": id.to_string(),
            "size": size,
        },
        "layers": layers,
    })
}

fn build_layer(layer: &LayerBuilder, compression: Compression) -> BuiltLayer {
    let mut tee = Tee { inner: Vec::new(), hasher: Sha256::new(), count: 0 };
    let stored = match compression {
        Compression::None => {
            layer.write_to(&mut tee).expect("writing to memory does not fail");
            std::mem::take(&mut tee.inner)
        }
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(1));
            write_both(layer, &mut tee, &mut encoder);
            encoder.finish().expect("writing to memory does not fail")
        }
        Compression::Zstd => {
            let mut encoder =
                zstd::stream::write::Encoder::new(Vec::new(), 1).expect("level 1 exists in every zstd");
            write_both(layer, &mut tee, &mut encoder);
            encoder.finish().expect("writing to memory does not fail")
        }
    };
    let diff_id = DiffId(Digest::from_bytes(tee.hasher.finalize().into()));
    BuiltLayer { digest: Digest::of(&stored), stored, diff_id, uncompressed_size: tee.count }
}

fn write_both(layer: &LayerBuilder, tee: &mut Tee, encoder: &mut dyn Write) {
    struct Both<'a>(&'a mut Tee, &'a mut dyn Write);
    impl Write for Both<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.count(bytes);
            self.1.write_all(bytes)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    layer.write_to(&mut Both(tee, encoder)).expect("writing to memory does not fail");
}

/// Keeps the bytes, their digest and their number.
struct Tee {
    inner: Vec<u8>,
    hasher: Sha256,
    count: u64,
}

impl Tee {
    fn count(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.count += bytes.len() as u64;
    }
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.count(bytes);
        self.inner.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
