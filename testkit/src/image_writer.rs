//! The forms in which an image lies on disk.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use model::Digest;
use serde_json::{Value, json};

use crate::image_builder::{BuiltImage, Compression, ImageBuilder, to_bytes};
use crate::layer_builder::LayerBuilder;

/// The files of a form by their path, before they become a folder or a tar: tests may add, change or remove
/// some.
#[derive(Clone, Debug, Default)]
pub struct Blobs {
    /// Path to content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Path to the target of a symbolic link; tar only.
    pub symlinks: BTreeMap<String, String>,
}

impl Blobs {
    /// Adds a file.
    pub fn put(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }

    /// Adds a blob under its digest and gives the digest back.
    pub fn put_blob(&mut self, content: &[u8]) -> Digest {
        let digest = Digest::of(content);
        self.put(blob_path(&digest), content);
        digest
    }

    /// Writes the files below `folder`.
    pub fn write_dir(&self, folder: &Path) -> io::Result<()> {
        for (path, content) in &self.files {
            let place = folder.join(path);
            if let Some(parent) = place.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(place, content)?;
        }
        Ok(())
    }

    /// Writes the files as a tar.
    pub fn write_tar(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, self.to_tar())
    }

    /// The files as a tar in memory.
    pub fn to_tar(&self) -> Vec<u8> {
        let mut tar = LayerBuilder::new();
        for (path, content) in &self.files {
            tar = tar.file(path, content);
        }
        for (path, target) in &self.symlinks {
            tar = tar.symlink(path, target);
        }
        tar.build()
    }
}

pub(crate) fn blob_path(digest: &Digest) -> String {
    format!("blobs/sha256/{}", digest.to_hex())
}

impl ImageBuilder {
    /// Writes a docker-archive as `docker save` before version 25 and skopeo do.
    pub fn write_docker_archive(&self, path: &Path) -> io::Result<()> {
        self.docker_archive().write_tar(path)
    }

    /// Writes an OCI layout as a directory.
    pub fn write_oci_dir(&self, folder: &Path) -> io::Result<()> {
        self.oci_layout().write_dir(folder)
    }

    /// Writes an OCI layout as a tar.
    pub fn write_oci_archive(&self, path: &Path) -> io::Result<()> {
        self.oci_layout().write_tar(path)
    }

    /// Writes an archive that is an OCI layout with a `manifest.json` beside it, as `docker save` does from
    /// version 25 on.
    pub fn write_hybrid_archive(&self, path: &Path) -> io::Result<()> {
        self.hybrid_archive().write_tar(path)
    }

    /// Writes the layers one over the other into a plain directory; whiteouts are passed over.
    pub fn write_root_fs(&self, folder: &Path) -> io::Result<()> {
        self.layers().try_for_each(|layer| layer.write_root_fs(folder))
    }

    /// The files of a docker-archive.
    pub fn docker_archive(&self) -> Blobs {
        let compression = if self.compressed_docker_archive { self.compression } else { Compression::None };
        let image = self.build_with(compression);
        let mut blobs = Blobs::default();
        let config = format!("{}.json", image.id.0.to_hex());
        let mut layers = Vec::new();
        for (index, layer) in image.layers.iter().enumerate() {
            let path = format!("{index:064x}/layer.tar");
            blobs.put(&path, layer.stored.clone());
            layers.push(path);
        }
        blobs.put(&config, image.config);
        let entry = json!([{ "Config": config, "RepoTags": self.names, "Layers": layers }]);
        blobs.put("manifest.json", to_bytes(&entry));
        blobs
    }

    /// The files of an OCI layout.
    pub fn oci_layout(&self) -> Blobs {
        let mut blobs = Blobs::default();
        let image = self.build();
        image.put_into(&mut blobs);
        put_index(&mut blobs, self.descriptors(&image));
        blobs
    }

    /// The files of an OCI layout with a `manifest.json`.
    pub fn hybrid_archive(&self) -> Blobs {
        let mut blobs = self.oci_layout();
        let image = self.build();
        let layers: Vec<String> = image.layers.iter().map(|layer| blob_path(&layer.digest)).collect();
        let entry = json!([{ "Config": blob_path(&image.id.0), "RepoTags": self.names, "Layers": layers }]);
        blobs.put("manifest.json", to_bytes(&entry));
        blobs
    }

    /// One descriptor for each name, or a single one without a name.
    pub(crate) fn descriptors(&self, image: &BuiltImage) -> Vec<Value> {
        let plain = self.descriptor(image);
        if self.names.is_empty() {
            return vec![plain];
        }
        let named = |name: &String| {
            let mut descriptor = plain.clone();
            let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
            descriptor["annotations"] = json!({
                "io.containerd.image.name": name,
                "org.opencontainers.image.ref.name": tag,
            });
            descriptor
        };
        self.names.iter().map(named).collect()
    }

    /// The descriptor with its platform.
    pub(crate) fn descriptor(&self, image: &BuiltImage) -> Value {
        let mut platform = json!({ "os": self.os, "architecture": self.architecture });
        if let Some(variant) = &self.variant {
            platform["variant"] = json!(variant);
        }
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": image.manifest_digest.to_string(),
            "size": image.manifest.len(),
            "platform": platform,
        })
    }
}

impl BuiltImage {
    /// Adds manifest, config and layers as blobs.
    pub fn put_into(&self, blobs: &mut Blobs) {
        blobs.put_blob(&self.config);
        blobs.put_blob(&self.manifest);
        for layer in &self.layers {
            blobs.put(blob_path(&layer.digest), layer.stored.clone());
        }
    }
}

pub(crate) fn put_index(blobs: &mut Blobs, descriptors: Vec<Value>) {
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": descriptors,
    });
    blobs.put("index.json", to_bytes(&index));
    blobs.put("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#.as_slice());
}
