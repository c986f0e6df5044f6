//! A multi-platform image: several images behind one index, as image builders write it.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::image_builder::{ImageBuilder, to_bytes};
use crate::image_writer::{Blobs, put_index};

/// An index of images under one name.
#[derive(Clone, Debug, Default)]
pub struct IndexBuilder {
    images: Vec<ImageBuilder>,
    name: Option<String>,
    with_attestations: bool,
    depth: usize,
}

impl IndexBuilder {
    /// An index without images. Its images are listed in an index blob that `index.json` points to.
    pub fn new() -> Self {
        Self { depth: 1, ..Self::default() }
    }

    /// Adds an image; its own names are not used.
    pub fn image(mut self, image: ImageBuilder) -> Self {
        self.images.push(image);
        self
    }

    /// Names the index.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// Adds an attestation manifest (platform `unknown/unknown`) for each image.
    pub fn with_attestations(mut self) -> Self {
        self.with_attestations = true;
        self
    }

    /// Sets how many index blobs lie between `index.json` and the manifests: 0 lists them in `index.json`
    /// itself.
    pub fn depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// Writes an OCI layout as a directory.
    pub fn write_oci_dir(&self, folder: &Path) -> io::Result<()> {
        self.oci_layout().write_dir(folder)
    }

    /// Writes an OCI layout as a tar.
    pub fn write_oci_archive(&self, path: &Path) -> io::Result<()> {
        self.oci_layout().write_tar(path)
    }

    /// The files of the layout.
    pub fn oci_layout(&self) -> Blobs {
        let mut blobs = Blobs::default();
        let mut descriptors = Vec::new();
        for image in &self.images {
            let built = image.build();
            built.put_into(&mut blobs);
            descriptors.push(image.descriptor(&built));
            if self.with_attestations {
                descriptors.push(put_attestation(&mut blobs, &built.manifest_digest.to_string()));
            }
        }
        for _ in 0..self.depth {
            let index = json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "manifests": descriptors,
            });
            let bytes = to_bytes(&index);
            let digest = blobs.put_blob(&bytes);
            descriptors = vec![json!({
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "digest": digest.to_string(),
                "size": bytes.len(),
            })];
        }
        if let Some(name) = &self.name {
            for descriptor in &mut descriptors {
                descriptor["annotations"] = json!({ "io.containerd.image.name": name });
            }
        }
        put_index(&mut blobs, descriptors);
        blobs
    }
}

fn put_attestation(blobs: &mut Blobs, subject: &str) -> Value {
    let config = blobs.put_blob(b"{}");
    let manifest = to_bytes(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config.to_string(), "size": 2 },
        "layers": [],
    }));
    let digest = blobs.put_blob(&manifest);
    json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "digest": digest.to_string(),
        "size": manifest.len(),
        "platform": { "os": "unknown", "architecture": "unknown" },
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": subject,
        },
    })
}
