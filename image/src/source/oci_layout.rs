//! OCI image layout (OCI image-spec "Image Layout"): `index.json`, `oci-layout` and blobs named by digest.

use std::collections::HashSet;

use model::{DiffId, Digest, ImageId};

use super::OpenOptions;
use super::files::Files;
use super::layers::{AnyLayer, StoredLayer, UnpackedLayer, assemble};
use crate::blob::Blob;
use crate::config::Config;
use crate::error::{ImageError, Place};
use crate::limits::Limits;
use crate::manifest::{Descriptor, Document};
use crate::open::OpenImage;
use crate::select::{Choice, references, select};

const INDEX: &str = "index.json";

/// Gives a layer that is not among the files, from the diff-ids of the image and the layer's number.
pub(super) type Fallback<'f> = &'f dyn Fn(&[DiffId], usize) -> Result<Option<UnpackedLayer>, ImageError>;

/// Opens the image that the options choose.
pub(super) fn open(files: &Files, options: &OpenOptions) -> Result<OpenImage, ImageError> {
    let place = Place::new(files.path(), INDEX);
    let Some(blob) = files.find(INDEX)? else {
        let reason = "it holds no index.json".to_owned();
        return Err(ImageError::NotAnImage { path: files.path().to_owned(), reason });
    };
    let index = blob.read_document(&place, &options.limits)?;
    open_listed(files, &index, &|_, _| Ok(None), options)
}

/// The same, with an index that is no file; layers that are not among the files come from `fallback`.
pub(super) fn open_listed(
    files: &Files,
    index: &[u8],
    fallback: Fallback<'_>,
    options: &OpenOptions,
) -> Result<OpenImage, ImageError> {
    let mut found = Search {
        files,
        limits: &options.limits,
        seen: HashSet::new(),
        candidates: Vec::new(),
        missing: None,
    };
    found.read_root(index)?;
    let mut candidates = found.candidates;
    if let (true, Some(place)) = (candidates.is_empty(), found.missing) {
        return Err(ImageError::Missing { place });
    }
    if candidates.is_empty() {
        let reason = "its index lists no image".to_owned();
        return Err(ImageError::NotAnImage { path: files.path().to_owned(), reason });
    }
    if candidates.iter().any(|candidate| candidate.config.artifact_type().is_none()) {
        candidates.retain(|candidate| candidate.config.artifact_type().is_none());
    }
    // an only image is taken as it is, so its platform is of no interest
    if candidates.len() > 1 || options.platform.is_some() {
        for candidate in &mut candidates {
            if candidate.choice.platform.is_none() {
                candidate.choice.platform = candidate.read_config(files, options)?.0.platform();
            }
        }
    }
    let choices: Vec<Choice> = candidates.iter().map(|candidate| candidate.choice.clone()).collect();
    let index = select(files.path(), &choices, options.reference.as_deref(), options.platform.as_ref())?;
    candidates[index].open(files, fallback, options)
}

/// A manifest that may be the image asked for.
struct Candidate {
    choice: Choice,
    digest: Digest,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

impl Candidate {
    fn place(&self, files: &Files) -> Place {
        Place::new(files.path(), format!("manifest {}", self.digest))
    }

    fn read_config(
        &self,
        files: &Files,
        options: &OpenOptions,
    ) -> Result<(Config, Digest, Place), ImageError> {
        let digest = self.config.digest(&self.place(files))?;
        let (bytes, place) = read_blob(files, "config", &digest, self.config.size, &options.limits)?;
        Ok((Config::parse(&bytes, &place)?, digest, place))
    }

    fn open(
        &self,
        files: &Files,
        fallback: Fallback<'_>,
        options: &OpenOptions,
    ) -> Result<OpenImage, ImageError> {
        if let Some(media_type) = self.config.artifact_type() {
            let reason =
                format!("manifest {} is an artifact with a config of type `{media_type}`", self.digest);
            return Err(ImageError::NotAnImage { path: files.path().to_owned(), reason });
        }
        let (config, id, place) = self.read_config(files, options)?;
        let diff_ids = config.diff_ids(&place)?;
        let mut layers: Vec<AnyLayer> = Vec::with_capacity(self.layers.len());
        for (number, layer) in self.layers.iter().enumerate() {
            layers.push(match self.find_layer(files, layer) {
                Err(missing @ ImageError::Missing { .. }) => {
                    let mut unpacked = fallback(&diff_ids, number)?.ok_or(missing)?;
                    unpacked.digest = Some(layer.digest(&self.place(files))?);
                    unpacked.into()
                }
                found => found?.into(),
            });
        }
        let references = references(&self.choice.names, Some(self.digest));
        assemble(config, ImageId(id), &place, references, layers, options)
    }

    fn find_layer(&self, files: &Files, layer: &Descriptor) -> Result<StoredLayer, ImageError> {
        let digest = layer.digest(&self.place(files))?;
        let (blob, place) = files.blob("layer", &digest, layer.size)?;
        if layer.media_type.as_deref().is_some_and(|media_type| media_type.contains("+encrypted")) {
            return Err(ImageError::UnsupportedLayer { place, form: "encrypted" });
        }
        Ok(StoredLayer { place, blob: Blob::File(blob), digest: Some(digest) })
    }
}

/// The way down from `index.json`.
struct Search<'f> {
    files: &'f Files,
    limits: &'f Limits,
    /// What was read, with the number of the root that led there: a document that comes again is not read
    /// again.
    seen: HashSet<(usize, Digest)>,
    candidates: Vec<Candidate>,
    /// The first manifest that an index lists and the layout does not hold.
    missing: Option<Place>,
}

/// What the descriptors on the way to a manifest said of it.
#[derive(Clone)]
struct Trail {
    group: usize,
    names: Vec<String>,
    digests: Vec<Digest>,
}

impl Search<'_> {
    fn read_root(&mut self, index: &[u8]) -> Result<(), ImageError> {
        let place = Place::new(self.files.path(), INDEX);
        let Document::Index(descriptors) = self.parse(index, &place)? else {
            return Err(ImageError::Metadata {
                place,
                reason: "a manifest where an index is due".to_owned(),
            });
        };
        // an image with several names is listed once for each
        let mut roots: Vec<(Digest, Descriptor, Vec<String>)> = Vec::new();
        for descriptor in descriptors {
            let digest = descriptor.digest(&place)?;
            let name = descriptor.name().map(str::to_owned);
            match roots.iter_mut().find(|(known, ..)| *known == digest) {
                Some((_, _, names)) => names.extend(name),
                None => roots.push((digest, descriptor, name.into_iter().collect())),
            }
        }
        for (group, (_, descriptor, names)) in roots.into_iter().enumerate() {
            let trail = Trail { group, names, digests: Vec::new() };
            self.descend(&descriptor, trail, &place, 0)?;
        }
        Ok(())
    }

    /// Follows a descriptor to a manifest, or to an index and all manifests behind it. `depth` counts the
    /// indexes above.
    fn descend(
        &mut self,
        descriptor: &Descriptor,
        mut trail: Trail,
        parent: &Place,
        depth: usize,
    ) -> Result<(), ImageError> {
        if descriptor.is_attestation() {
            return Ok(());
        }
        let digest = descriptor.digest(parent)?;
        if !self.seen.insert((trail.group, digest)) {
            return Ok(());
        }
        if self.seen.len() > self.limits.max_descriptors {
            return Err(self.limit(parent, "max_descriptors", self.limits.max_descriptors));
        }
        let read = read_blob(self.files, "manifest", &digest, descriptor.size, self.limits);
        let (bytes, place) = match read {
            // tools save a multi-platform index whole, but of its platforms only those that they hold themselves
            Err(ImageError::Missing { place }) if depth > 0 => {
                self.missing.get_or_insert(place);
                return Ok(());
            }
            read => read?,
        };
        trail.digests.insert(0, digest);
        match self.parse(&bytes, &place)? {
            Document::Manifest { config, layers } => {
                let Trail { group, names, digests } = trail;
                let choice = Choice { group, names, digests, platform: descriptor.platform() };
                self.candidates.push(Candidate { choice, digest, config, layers });
            }
            Document::Index(descriptors) => {
                if depth >= self.limits.max_index_depth {
                    return Err(ImageError::IndexDepth { place, limit: self.limits.max_index_depth });
                }
                for descriptor in &descriptors {
                    self.descend(descriptor, trail.clone(), &place, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// Reads a document whose lists are not too long.
    fn parse(&self, bytes: &[u8], place: &Place) -> Result<Document, ImageError> {
        let document = Document::parse(bytes, place)?;
        match &document {
            Document::Index(descriptors) if descriptors.len() > self.limits.max_descriptors => {
                Err(self.limit(place, "max_descriptors", self.limits.max_descriptors))
            }
            Document::Manifest { layers, .. } if layers.len() > self.limits.max_layers => {
                Err(self.limit(place, "max_layers", self.limits.max_layers))
            }
            _ => Ok(document),
        }
    }

    fn limit(&self, place: &Place, limit: &'static str, value: usize) -> ImageError {
        ImageError::Limit { place: place.clone(), limit, value: value as u64, offset: 0 }
    }
}

/// Reads a document and holds it against its digest.
fn read_blob(
    files: &Files,
    what: &str,
    digest: &Digest,
    size: Option<u64>,
    limits: &Limits,
) -> Result<(Vec<u8>, Place), ImageError> {
    let (blob, place) = files.blob(what, digest, size)?;
    let bytes = blob.read_document(&place, limits)?;
    let found = Digest::of(&bytes);
    if found != *digest {
        return Err(ImageError::DigestMismatch { place, expected: *digest, found });
    }
    Ok((bytes, place))
}
