//! Which image a container runs.
//!
//! containerd keeps images by name, and a container's record has the name that its image was called by when the container was made.
//! Names move on. What stays is the snapshot that the container's own begins with: it is called by the chain id of the image's layers.
//! So the name is believed if the chain id fits, and else the image is looked for among all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use model::{Digest, ImageId};

use super::document::{self, Document};
use super::message::{All, First, Image, Piece};
use crate::runtime::grpc::{Call, CallError, Channel, Writer};

/// Bytes of an index, manifest or config that are read.
const MAX_DOCUMENT: usize = 4 << 20;

/// Documents that one name may lead to, for an index may hold an index.
const MAX_DOCUMENTS: usize = 64;

/// Images that are remembered; what they are does not change.
const MAX_REMEMBERED: usize = 4096;

/// An image in the content store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) id: ImageId,
    pub(super) manifest: Digest,
    /// The chain id of its layers, empty if it has none.
    chain: String,
}

/// An image and what it is called.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    /// Digest of its manifest or index.
    pub(super) target: Digest,
    pub(super) resolved: Resolved,
}

/// What was found out about images, by the digest that their names lead to.
#[derive(Debug, Default)]
pub(super) struct Images {
    known: Mutex<HashMap<Digest, Vec<Resolved>>>,
}

impl Images {
    /// The images of a namespace that are there with their manifests and configs.
    pub(super) async fn list(&self, channel: &Channel, namespace: &str) -> Result<Vec<Listed>, CallError> {
        let call = Call::new("/containerd.services.images.v1.Images/List").within(namespace);
        let All::<Image>(images) = channel.ask(call).await?;
        let mut listed = Vec::new();
        for image in images {
            let Ok(target) = image.target.digest.parse() else { continue };
            let resolved = self.resolve(channel, namespace, target).await?.into_iter().next();
            listed.extend(resolved.map(|resolved| Listed { name: image.name, target, resolved }));
        }
        Ok(listed)
    }

    /// The image of a container whose record calls it `name` and whose snapshot begins with `parent`.
    pub(super) async fn of_container(
        &self,
        channel: &Channel,
        namespace: &str,
        name: &str,
        parent: Option<&str>,
    ) -> Result<Option<Listed>, CallError> {
        if name.is_empty() {
            return Ok(None);
        }
        let fits = |resolved: &Resolved| parent.is_none_or(|parent| parent == resolved.chain);
        let call = Call::new("/containerd.services.images.v1.Images/Get").within(namespace);
        match channel.ask::<First<Image>>(call.with(Writer::default().text(1, name).finish())).await {
            Ok(First(image)) => {
                if let Ok(target) = image.target.digest.parse() {
                    let all = self.resolve(channel, namespace, target).await?;
                    if let Some(resolved) = all.into_iter().find(fits) {
                        return Ok(Some(Listed { name: name.to_owned(), target, resolved }));
                    }
                }
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        let Some(parent) = parent.filter(|parent| !parent.is_empty()) else { return Ok(None) };
        let listed = self.list(channel, namespace).await?;
        Ok(listed.into_iter().find(|listed| listed.resolved.chain == parent))
    }

    /// The images behind a digest, the likeliest first: one, or those of an index that are there.
    async fn resolve(
        &self,
        channel: &Channel,
        namespace: &str,
        target: Digest,
    ) -> Result<Vec<Resolved>, CallError> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&target) {
            return Ok(known.clone());
        }
        let mut found = Vec::new();
        let mut waiting = vec![target];
        for _ in 0..MAX_DOCUMENTS {
            let Some(digest) = waiting.pop() else { break };
            let Some(json) = content(channel, namespace, &digest).await? else { continue };
            match document::read(&json) {
                Some(Document::Index(manifests)) => waiting.extend(manifests.into_iter().rev()),
                Some(Document::Manifest(id)) => {
                    let config = content(channel, namespace, &id.0).await?;
                    if let Some(chain) = config.as_deref().and_then(document::chain) {
                        found.push(Resolved { id, manifest: digest, chain });
                    }
                }
                None => {}
            }
        }
        // What is not there now may be pulled later.
        if !found.is_empty() {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MAX_REMEMBERED {
                known.clear();
            }
            known.insert(target, found.clone());
        }
        Ok(found)
    }
}

/// A document of the content store. `None` if it is not there, is too long, or is not what its digest says.
async fn content(channel: &Channel, namespace: &str, digest: &Digest) -> Result<Option<Vec<u8>>, CallError> {
    let question = Writer::default().text(1, &digest.to_string()).finish();
    let call = Call::new("/containerd.services.content.v1.Content/Read").within(namespace).with(question);
    let mut document = Vec::new();
    let mut length = 0;
    let read = channel.collect::<Piece>(call, |Piece(bytes)| {
        length += bytes.len();
        if length <= MAX_DOCUMENT {
            document.extend_from_slice(&bytes);
        }
    });
    match read.await {
        Ok(()) => Ok(Some(document).filter(|document| Digest::of(document) == *digest)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
