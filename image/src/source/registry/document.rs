//! Manifest, index and config of an image in a registry.
//!
//! Unlike in a layout on disk, every document costs a request, and registries count them. So of an index only
//! the manifest that is chosen is fetched, as long as the index itself names the platforms.

use std::path::PathBuf;
use std::sync::Arc;

use model::{Digest, ImageId, Reference};

use super::error::RegistryError;
use super::name::RegistryName;
use super::remote::RemoteBlob;
use super::session::{Ask, Session};
use super::toc::TocPlace;
use crate::blob::Blob;
use crate::config::Config;
use crate::error::{ImageError, Place};
use crate::manifest::{Descriptor, Document};
use crate::open::OpenImage;
use crate::select::{Choice, select};
use crate::source::OpenOptions;
use crate::source::layers::{StoredLayer, assemble};

/// All forms of manifests, so that a registry need not convert any.
pub(super) const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json";

/// Manifests that are fetched only to learn their platform.
const MAX_PROBES: usize = 16;

/// Reads the documents of one image.
pub(super) struct Documents<'d> {
    pub(super) name: &'d RegistryName,
    pub(super) session: Arc<Session>,
    pub(super) options: &'d OpenOptions,
}

/// A manifest with its own digest.
struct Manifest {
    digest: Digest,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

/// A manifest that an index lists.
struct Listed {
    choice: Choice,
    descriptor: Descriptor,
}

impl Documents<'_> {
    /// Follows name, index, manifest and config.
    pub(super) fn open(&self) -> Result<OpenImage, ImageError> {
        let (place, digest, document) =
            self.fetch(&self.name.pointer(), self.name.reference().digest, None)?;
        let (index, manifest) = match document {
            Document::Manifest { config, layers } => (None, Manifest { digest, config, layers }),
            Document::Index(descriptors) => (Some(digest), self.choose(descriptors, &place)?),
        };
        let place = self.place(&format!("manifest {}", manifest.digest));
        if let Some(media_type) = manifest.config.artifact_type() {
            let reason = format!("it is an artifact with a config of type `{media_type}`");
            return Err(ImageError::NotAnImage { path: self.path(), reason });
        }
        let (config, id) = self.config(&manifest.config, &place)?;
        if let (None, Some(_)) = (index, &self.options.platform) {
            self.check_platform(&config, manifest.digest)?;
        }
        let layers = manifest.layers.iter().map(|layer| self.layer(layer, &place));
        let layers = layers.collect::<Result<Vec<_>, _>>()?;
        let config_place = self.place(&format!("config {id}"));
        assemble(config, id, &config_place, self.references(manifest.digest, index), layers, self.options)
    }

    /// The name as it was asked for with the manifest's digest, and the index that led there.
    fn references(&self, manifest: Digest, index: Option<Digest>) -> Vec<Reference> {
        let named = self.name.reference();
        let mut references = vec![Reference { digest: Some(manifest), ..named.clone() }];
        references.extend(index.map(|index| Reference { digest: Some(index), tag: None, ..named.clone() }));
        references
    }

    /// Fetches a manifest or index; its bytes must have the digest by which it is asked for.
    fn fetch(
        &self,
        pointer: &str,
        expected: Option<Digest>,
        size: Option<u64>,
    ) -> Result<(Place, Digest, Document), ImageError> {
        let limits = &self.options.limits;
        let place = self.place(&format!("manifest {pointer}"));
        let ask = Ask { path: &format!("manifests/{pointer}"), accept: Some(MANIFESTS), ..Ask::default() };
        let stated = |response: &reqwest::blocking::Response| {
            let header = response.headers().get("docker-content-digest")?;
            header.to_str().ok()?.parse::<Digest>().ok()
        };
        let (bytes, stated) =
            self.session.read(ask, limits.max_metadata, stated).map_err(|error| failed(&place, error))?;
        let found = Digest::of(&bytes);
        if let Some(expected) = expected.or(stated).filter(|expected| *expected != found) {
            return Err(ImageError::DigestMismatch { place, expected, found });
        }
        check_size(&place, size, &bytes)?;
        let document = Document::parse(&bytes, &place)?;
        let (limit, value, count) = match &document {
            Document::Index(descriptors) => ("max_descriptors", limits.max_descriptors, descriptors.len()),
            Document::Manifest { layers, .. } => ("max_layers", limits.max_layers, layers.len()),
        };
        match count > value {
            true => Err(ImageError::Limit { place, limit, value: value as u64, offset: 0 }),
            false => Ok((place, found, document)),
        }
    }

    /// Picks a manifest of an index by the platform that is wished for.
    fn choose(&self, descriptors: Vec<Descriptor>, place: &Place) -> Result<Manifest, ImageError> {
        let mut listed = Vec::new();
        let mut probes = 0;
        self.list(descriptors, place, 0, &mut probes, &mut listed)?;
        if listed.is_empty() {
            let reason = "its index lists no image".to_owned();
            return Err(ImageError::NotAnImage { path: self.path(), reason });
        }
        let choices: Vec<Choice> = listed.iter().map(|listed| listed.choice.clone()).collect();
        let chosen = select(&self.path(), &choices, None, self.options.platform.as_ref())?;
        self.manifest(&listed[chosen].descriptor, place)
    }

    /// Adds the manifests that an index, and the indexes in it, list. `depth` counts the indexes above.
    fn list(
        &self,
        descriptors: Vec<Descriptor>,
        place: &Place,
        depth: usize,
        probes: &mut usize,
        listed: &mut Vec<Listed>,
    ) -> Result<(), ImageError> {
        let limits = &self.options.limits;
        for descriptor in descriptors.into_iter().filter(|descriptor| !descriptor.is_attestation()) {
            let digest = descriptor.digest(place)?;
            let mut platform = descriptor.platform();
            if platform.is_none() || descriptor.is_index() {
                *probes += 1;
                if *probes > MAX_PROBES {
                    let (limit, value) = ("manifests without platform", MAX_PROBES as u64);
                    return Err(ImageError::Limit { place: place.clone(), limit, value, offset: 0 });
                }
                let (place, _, document) = self.fetch(&digest.to_string(), Some(digest), descriptor.size)?;
                match document {
                    Document::Index(_) if depth >= limits.max_index_depth => {
                        return Err(ImageError::IndexDepth { place, limit: limits.max_index_depth });
                    }
                    Document::Index(inner) => {
                        self.list(inner, &place, depth + 1, probes, listed)?;
                        continue;
                    }
                    Document::Manifest { config, .. } if config.artifact_type().is_some() => continue,
                    Document::Manifest { config, .. } => {
                        platform = self.config(&config, &place)?.0.platform();
                    }
                }
            }
            if listed.len() >= limits.max_descriptors {
                let (limit, value) = ("max_descriptors", limits.max_descriptors as u64);
                return Err(ImageError::Limit { place: place.clone(), limit, value, offset: 0 });
            }
            let choice = Choice { group: 0, names: Vec::new(), digests: vec![digest], platform };
            listed.push(Listed { choice, descriptor });
        }
        Ok(())
    }

    fn manifest(&self, descriptor: &Descriptor, parent: &Place) -> Result<Manifest, ImageError> {
        let digest = descriptor.digest(parent)?;
        let (place, digest, document) = self.fetch(&digest.to_string(), Some(digest), descriptor.size)?;
        match document {
            Document::Manifest { config, layers } => Ok(Manifest { digest, config, layers }),
            Document::Index(_) => {
                let reason = "it is an index, and was listed as an image for one platform".to_owned();
                Err(ImageError::Metadata { place, reason })
            }
        }
    }

    fn config(&self, descriptor: &Descriptor, parent: &Place) -> Result<(Config, ImageId), ImageError> {
        let digest = descriptor.digest(parent)?;
        let place = self.place(&format!("config {digest}"));
        let ask = Ask { path: &format!("blobs/{digest}"), ..Ask::default() };
        let (bytes, ()) = self
            .session
            .read(ask, self.options.limits.max_metadata, |_| ())
            .map_err(|error| failed(&place, error))?;
        check_size(&place, descriptor.size, &bytes)?;
        let found = Digest::of(&bytes);
        if found != digest {
            return Err(ImageError::DigestMismatch { place, expected: digest, found });
        }
        Ok((Config::parse(&bytes, &place)?, ImageId(digest)))
    }

    /// An only image must be for the platform, if one is asked for.
    fn check_platform(&self, config: &Config, digest: Digest) -> Result<(), ImageError> {
        let platform = config.platform();
        let choice = Choice { group: 0, names: Vec::new(), digests: vec![digest], platform };
        select(&self.path(), &[choice], None, self.options.platform.as_ref()).map(drop)
    }

    fn layer(&self, layer: &Descriptor, parent: &Place) -> Result<StoredLayer, ImageError> {
        let digest = layer.digest(parent)?;
        let place = self.place(&format!("layer {digest}"));
        if layer.media_type.as_deref().is_some_and(|media_type| media_type.contains("+encrypted")) {
            return Err(ImageError::UnsupportedLayer { place, form: "encrypted" });
        }
        let Some(size) = layer.size else {
            let reason = format!("layer {digest} has no size");
            return Err(ImageError::Metadata { place: parent.clone(), reason });
        };
        let blob = RemoteBlob::new(self.session.clone(), digest, size, TocPlace::of(layer, size));
        Ok(StoredLayer { place, blob: Blob::Remote(blob), digest: Some(digest) })
    }

    fn path(&self) -> PathBuf {
        PathBuf::from(self.name.to_string())
    }

    fn place(&self, item: &str) -> Place {
        Place::new(self.path(), item)
    }
}

fn failed(place: &Place, source: RegistryError) -> ImageError {
    ImageError::Registry { place: place.clone(), source: Box::new(source) }
}

fn check_size(place: &Place, expected: Option<u64>, bytes: &[u8]) -> Result<(), ImageError> {
    let found = bytes.len() as u64;
    match expected.filter(|expected| *expected != found) {
        Some(expected) => Err(ImageError::SizeMismatch { place: place.clone(), expected, found }),
        None => Ok(()),
    }
}
