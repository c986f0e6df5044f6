//! Tags of registries and the manifests that they name, and what becomes of images when tags come, move and go.
//!
//! An image is named by a tag as long as the tag names its manifest. A tag that moved or is gone is taken off the image it named; with
//! the last tag of a repository go the names by digest alone that the image has there. The image itself stays, whether or not a
//! name is left: containers may run it, and what it was is still true.
//!
//! A list of tags is held against what is known in the order of both, so that a registry in which nothing changed is only read.

use std::collections::BTreeMap;

use model::registry::{ListedTag, ManifestOutcome, ManifestState, Span, TagListing, TagState};
use model::{Digest, ImageId, Reference, Timestamp};
use uuid::Uuid;

use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::package::page;
use crate::record::image_uuid;
use crate::sql::sql;
use crate::work::Work;
use crate::{image, image_listed, registry};

/// Known tags that are read at a time.
const PAGE: usize = 5_000;

/// A repository with its images.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepositoryImages {
    /// Its name.
    pub repository: String,
    /// Different manifests that its tags name.
    pub manifests: u64,
    /// Those of their images that were scanned, sorted.
    pub images: Vec<ImageId>,
}

/// Where work is done: customer, registry and the host that images name the registry by.
struct Place {
    customer: Uuid,
    registry: Uuid,
    host: String,
}

impl Place {
    fn of(work: &mut Work<'_>, customer: Uuid, registry: Uuid) -> Result<Self> {
        let found = registry::one(work.connection, customer, registry)?;
        let found = found.ok_or_else(|| registry::missing(registry))?;
        Ok(Self { customer, registry, host: found.settings.host().to_owned() })
    }

    fn key(&self) -> [Value; 2] {
        [self.customer.into(), self.registry.into()]
    }

    fn tag_key(&self, repository: &str, tag: &str) -> [Value; 4] {
        [self.customer.into(), self.registry.into(), repository.into(), tag.into()]
    }
}

/// Takes a part of a repository's tags in; gives what is known of the manifests on it.
pub(crate) fn list(
    work: &mut Work<'_>,
    (customer, registry): (Uuid, Uuid),
    listing: &TagListing,
) -> Result<Vec<ManifestOutcome>> {
    let place = Place::of(work, customer, registry)?;
    let is_sorted = listing.tags.windows(2).all(|pair| pair[0].tag < pair[1].tag);
    if !is_sorted {
        return Err(StoreError::invalid("tags", "are not in the order of their bytes, each once"));
    }
    let known = known_tags(work.connection, &place, listing)?;
    for listed in &listing.tags {
        let before = known.get(listed.tag.as_str());
        match (&listed.state, before) {
            (TagState::Names(digest), before) if before != Some(digest) => {
                point(work, &place, &listing.repository, &listed.tag, before, digest)?;
            }
            (TagState::Gone, Some(before)) => forget(work, &place, &listing.repository, &listed.tag, before)?,
            _ => {}
        }
    }
    if let Span::Between { .. } = listing.span {
        let is_listed =
            |tag: &str| listing.tags.binary_search_by(|listed| listed.tag.as_str().cmp(tag)).is_ok();
        for (tag, digest) in known.iter().filter(|(tag, _)| !is_listed(tag)) {
            forget(work, &place, &listing.repository, tag, digest)?;
        }
    }
    manifests_of(work.connection, &place, &listing.tags)
}

/// The known tags that a list speaks of.
fn known_tags(
    connection: &mut dyn Connection,
    place: &Place,
    listing: &TagListing,
) -> Result<BTreeMap<String, Digest>> {
    let mut known = BTreeMap::new();
    let Span::Between { after, until } = &listing.span else {
        for listed in &listing.tags {
            let mut rows = connection
                .query(sql!("registry_tag/one"), &place.tag_key(&listing.repository, &listed.tag))?;
            if let Some(row) = rows.first_mut() {
                known.insert(listed.tag.clone(), row.digest(0)?);
            }
        }
        return Ok(known);
    };
    let mut last = after.clone().unwrap_or_default();
    loop {
        let [customer, registry, repository, tag] = place.tag_key(&listing.repository, &last);
        let values = [customer, registry, repository, tag, page(PAGE)];
        let rows = connection.query(sql!("registry_tag/behind"), &values)?;
        let count = rows.len();
        for mut row in rows {
            let tag = row.text(0)?;
            if until.as_ref().is_some_and(|until| tag > *until) {
                return Ok(known);
            }
            last.clone_from(&tag);
            known.insert(tag, row.digest(1)?);
        }
        if count < PAGE {
            return Ok(known);
        }
    }
}

fn manifests_of(
    connection: &mut dyn Connection,
    place: &Place,
    tags: &[ListedTag],
) -> Result<Vec<ManifestOutcome>> {
    let named = |listed: &ListedTag| match listed.state {
        TagState::Names(digest) => Some(digest),
        TagState::There | TagState::Gone => None,
    };
    let mut digests: Vec<Digest> = tags.iter().filter_map(named).collect();
    digests.sort_unstable();
    digests.dedup();
    let mut known = Vec::new();
    for digest in digests {
        known.extend(manifest(connection, place, &digest)?);
    }
    Ok(known)
}

fn manifest(
    connection: &mut dyn Connection,
    place: &Place,
    digest: &Digest,
) -> Result<Option<ManifestOutcome>> {
    let [customer, registry] = place.key();
    let mut rows = connection.query(sql!("registry_manifest/one"), &[customer, registry, digest.into()])?;
    let Some(row) = rows.first_mut() else { return Ok(None) };
    let outcome = ManifestOutcome {
        digest: *digest,
        state: state(row, 0)?,
        image: row.optional_digest(1)?.map(ImageId),
        built: row.optional_int(2)?.map(Timestamp),
    };
    Ok(Some(outcome))
}

pub(crate) fn state(row: &mut Row, column: usize) -> Result<ManifestState> {
    let number = row.int(column)?;
    let found = ManifestState::ALL.into_iter().find(|state| *state as i64 == number);
    found.ok_or_else(|| StoreError::damaged("manifest", format!("has the unknown state {number}")))
}

/// Lets a tag name a manifest, in place of the one that it named before.
fn point(
    work: &mut Work<'_>,
    place: &Place,
    repository: &str,
    tag: &str,
    before: Option<&Digest>,
    digest: &Digest,
) -> Result<()> {
    let [customer, registry, repository_key, tag_key] = place.tag_key(repository, tag);
    let values = [customer, registry, repository_key, tag_key, digest.into()];
    work.connection.execute_later(sql!("registry_tag/put"), &values)?;
    // after that, since it looks at what tags are left
    if let Some(before) = before {
        take_off(work, place, repository, tag, before)?;
    }
    let Some(image) = manifest(work.connection, place, digest)?.and_then(|known| known.image) else {
        return Ok(());
    };
    let name = Reference {
        registry: place.host.clone(),
        repository: shown(place, repository).to_owned(),
        tag: Some(tag.to_owned()),
        digest: Some(*digest),
    };
    image::rename(work, (place.customer, image_uuid(place.customer, &image)), |names| {
        if !names.iter().any(|known| is_tag(known, &name)) {
            names.push(name);
        }
    })?;
    image_listed::renew(work, place.customer, &image)
}

/// Forgets a tag that is gone.
fn forget(work: &mut Work<'_>, place: &Place, repository: &str, tag: &str, digest: &Digest) -> Result<()> {
    work.connection.execute_later(sql!("registry_tag/delete"), &place.tag_key(repository, tag))?;
    take_off(work, place, repository, tag, digest)
}

/// Takes a tag off the image that it named, and with the last tag of the repository the names by digest alone.
fn take_off(work: &mut Work<'_>, place: &Place, repository: &str, tag: &str, digest: &Digest) -> Result<()> {
    let Some(image) = manifest(work.connection, place, digest)?.and_then(|known| known.image) else {
        return Ok(());
    };
    let (host, repository) = (place.host.clone(), shown(place, repository).to_owned());
    image::rename(work, (place.customer, image_uuid(place.customer, &image)), |names| {
        let is_here = |name: &Reference| name.registry == host && name.repository == repository;
        names.retain(|name| !(is_here(name) && name.tag.as_deref() == Some(tag)));
        if !names.iter().any(|name| is_here(name) && name.tag.is_some()) {
            names.retain(|name| !is_here(name));
        }
    })?;
    image_listed::renew(work, place.customer, &image)
}

/// The repository as images name it.
fn shown<'r>(place: &Place, repository: &'r str) -> &'r str {
    match place.host.as_str() {
        "docker.io" => repository.strip_prefix("library/").unwrap_or(repository),
        _ => repository,
    }
}

fn is_tag(known: &Reference, name: &Reference) -> bool {
    (&known.registry, &known.repository, &known.tag) == (&name.registry, &name.repository, &name.tag)
}

/// Notes what came of manifests.
pub(crate) fn note(
    work: &mut Work<'_>,
    (customer, registry): (Uuid, Uuid),
    outcomes: &[ManifestOutcome],
) -> Result<()> {
    let place = Place::of(work, customer, registry)?;
    for outcome in outcomes {
        let [customer, registry] = place.key();
        let values = [
            customer,
            registry,
            (&outcome.digest).into(),
            Value::Int(outcome.state as i64),
            outcome.image.as_ref().map_or(Value::Null, |image| Value::from(&image.0)),
            outcome.built.into(),
        ];
        work.connection.execute_later(sql!("registry_manifest/put"), &values)?;
        work.is_listing_now(place.customer);
        if let Some(image) = &outcome.image {
            image_listed::renew(work, place.customer, image)?;
        }
    }
    Ok(())
}

/// Forgets the tags of all repositories that are not among `listed`, which is sorted; gives the repositories.
pub(crate) fn keep_repositories(
    work: &mut Work<'_>,
    (customer, registry): (Uuid, Uuid),
    listed: &[String],
) -> Result<Vec<String>> {
    if !listed.is_sorted() {
        return Err(StoreError::invalid("repositories", "are not in the order of their bytes"));
    }
    let place = Place::of(work, customer, registry)?;
    let rows = work.connection.query(sql!("registry_tag/repositories"), &place.key())?;
    let mut gone = Vec::new();
    for mut row in rows {
        let repository = row.text(0)?;
        if listed.binary_search(&repository).is_err() {
            let (after, until) = (None, None);
            let span = Span::Between { after, until };
            list(
                work,
                (customer, registry),
                &TagListing { repository: repository.clone(), span, tags: Vec::new() },
            )?;
            gone.push(repository);
        }
    }
    Ok(gone)
}

/// The repositories of a registry with their images, by name.
pub(crate) fn repositories(
    connection: &mut dyn Connection,
    customer: Uuid,
    registry: Uuid,
) -> Result<Vec<RepositoryImages>> {
    let mut all: Vec<RepositoryImages> = Vec::new();
    for mut row in connection.query(sql!("registry_tag/images"), &[customer.into(), registry.into()])? {
        let repository = row.text(0)?;
        if all.last().is_none_or(|last| last.repository != repository) {
            all.push(RepositoryImages { repository, ..RepositoryImages::default() });
        }
        let Some(last) = all.last_mut() else { continue };
        last.manifests += 1;
        if row.optional_int(2)? == Some(ManifestState::Scanned as i64) {
            last.images.extend(row.optional_digest(3)?.map(ImageId));
        }
    }
    for repository in &mut all {
        repository.images.sort_unstable();
        repository.images.dedup();
    }
    Ok(all)
}

/// Repositories and tags that name an image in a registry.
pub(crate) fn of_image(
    connection: &mut dyn Connection,
    customer: Uuid,
    registry: Uuid,
    image: &ImageId,
) -> Result<Vec<(String, String)>> {
    let values = [customer.into(), registry.into(), Value::from(&image.0)];
    let rows = connection.query(sql!("registry_tag/of_image"), &values)?;
    rows.into_iter().map(|mut row| Ok((row.text(1)?, row.text(2)?))).collect()
}
