//! The scanning phase: each manifest that nobody knows is read once, and sent with all its names.

use std::collections::BTreeMap;

use catalog::{ScanError, ScanOptions, Silent};
use image::{ImageError, OpenImage, RegistryError, RegistryName, Source};
use model::registry::{ManifestOutcome, ManifestState};
use model::report::limits::REFERENCES;
use model::{Digest, Reference};

use super::desk::ServerError;
use super::list::Work;
use super::parallel;
use super::state::{image_error, registry_error, run_error};
use super::walk::{Stop, Walk};

/// Who reports it.
const SOURCE: &str = "REGISTRY";

/// Scans all of it.
pub(super) fn scan(walk: &Walk<'_>, work: Work) -> Result<(), Stop> {
    let work: Vec<(Digest, BTreeMap<String, Vec<String>>)> = work.into_iter().collect();
    let outcomes = parallel::map(&work, walk.options.images.max(1), |(digest, names)| {
        if walk.state.is_over() {
            return Err(Stop::Over);
        }
        scan_one(walk, *digest, names)
    });
    outcomes.into_iter().collect()
}

/// Scans one manifest. What fails at the registry is noted; what fails at the server ends the walk.
fn scan_one(walk: &Walk<'_>, digest: Digest, names: &BTreeMap<String, Vec<String>>) -> Result<(), Stop> {
    let Some((repository, tag)) = names.iter().find_map(|(name, tags)| Some((name, tags.first()?))) else {
        return Ok(());
    };
    let place = walk.place(repository, tag);
    let opened = match open(walk, repository, tag, digest) {
        Ok(opened) => opened,
        Err(error) if is_gone(&error) => {
            note_false_list(walk, repository, tag, digest);
            return Ok(());
        }
        Err(error) => return outcome_of(walk, digest, &place, &error),
    };
    let options = ScanOptions {
        threads: walk.options.layers.max(1),
        cache: walk.options.cache.clone(),
        trusts_unpacked: false,
        source: SOURCE.to_owned(),
        tags: Vec::new(),
        secrets: walk.options.secrets,
        progress: &Silent,
    };
    let scanned = catalog::scan(&opened, &options);
    if let Some(pulled) = opened.pulled() {
        walk.door.count(pulled.requests, pulled.bytes);
    }
    let mut report = match scanned {
        Ok(report) => report,
        Err(ScanError::Layer { source, .. }) => return outcome_of(walk, digest, &place, &source),
    };
    name(&mut report.image.references, names);
    match walk.desk.report(&report) {
        Ok(()) => {}
        Err(ServerError::Refused(reason)) => {
            walk.state.note(run_error("REFUSED_BY_SERVER", &place, &reason));
            return Ok(());
        }
        Err(error) => return walk.told(Err(error)),
    }
    let (image, built) = (Some(report.image.id), report.image.created);
    let outcome = ManifestOutcome { digest, state: ManifestState::Scanned, image, built };
    walk.told(walk.desk.manifests(&[outcome]))?;
    walk.state.update(|progress| progress.scanned += 1);
    Ok(())
}

/// Adds the other names of an image to those that it was opened by.
fn name(references: &mut Vec<Reference>, names: &BTreeMap<String, Vec<String>>) {
    let Some(first) = references.first().cloned() else { return };
    for (repository, tags) in names {
        for tag in tags {
            let shown = match first.registry.as_str() {
                "docker.io" => repository.strip_prefix("library/").unwrap_or(repository),
                _ => repository,
            };
            let other = Reference { repository: shown.to_owned(), tag: Some(tag.clone()), ..first.clone() };
            let is_there = references
                .iter()
                .any(|known| (&known.repository, &known.tag) == (&other.repository, &other.tag));
            if !is_there && references.len() < REFERENCES {
                references.push(other);
            }
        }
    }
}

fn open(walk: &Walk<'_>, repository: &str, tag: &str, digest: Digest) -> Result<OpenImage, ImageError> {
    let text = format!("{}/{repository}:{tag}@{digest}", walk.job.settings.host());
    let failed = |source: RegistryError| {
        let place = image::Place::whole(std::path::Path::new(&text));
        ImageError::Registry { place, source: Box::new(source) }
    };
    let name: RegistryName = text.parse().map_err(failed)?;
    let options = walk.door.open_options().map_err(failed)?;
    image::open(&Source::Registry(name), &options)
}

/// What is known of a manifest by its documents; `None` if they could not be read, which is noted.
pub(super) fn look_at(
    walk: &Walk<'_>,
    repository: &str,
    tag: &str,
    digest: Digest,
) -> Option<ManifestOutcome> {
    if walk.state.is_over() {
        return None;
    }
    match open(walk, repository, tag, digest) {
        Ok(opened) => {
            if let Some(pulled) = opened.pulled() {
                walk.door.count(pulled.requests, pulled.bytes);
            }
            let (image, built) = (Some(opened.facts.id), opened.facts.created);
            Some(ManifestOutcome { digest, state: ManifestState::LeftOut, image, built })
        }
        Err(error) if is_no_image(&error) => {
            Some(ManifestOutcome { digest, state: ManifestState::NoImage, image: None, built: None })
        }
        Err(error) => {
            if !is_gone(&error) {
                walk.state.note(image_error(&walk.place(repository, tag), &error));
            }
            None
        }
    }
}

/// Notes if a manifest is not gone with its tag, but was never there: a list of the registry named it, and the tag names another one.
fn note_false_list(walk: &Walk<'_>, repository: &str, tag: &str, digest: Digest) {
    let named = walk.door.catalogue().and_then(|catalogue| catalogue.digest_of(repository, tag));
    if let Ok(Some(named)) = named {
        let message =
            format!("the registry's list says {digest}, which it does not have; the tag names {named}");
        walk.state.note(run_error("DAMAGED", &walk.place(repository, tag), &message));
    }
}

/// Notes why a manifest was not scanned.
fn outcome_of(walk: &Walk<'_>, digest: Digest, place: &str, error: &ImageError) -> Result<(), Stop> {
    if is_no_image(error) {
        let outcome = ManifestOutcome { digest, state: ManifestState::NoImage, image: None, built: None };
        walk.state.update(|progress| progress.left_out += 1);
        return walk.told(walk.desk.manifests(&[outcome]));
    }
    if !is_gone(error) {
        walk.state.note(match error {
            ImageError::Registry { source, .. } => registry_error(place, source),
            error => image_error(place, error),
        });
    }
    Ok(())
}

/// Whether what a tag names is no image for anybody here, today and tomorrow.
fn is_no_image(error: &ImageError) -> bool {
    matches!(error, ImageError::NotAnImage { .. } | ImageError::NoPlatform { .. })
}

/// Whether it was removed while we walked. A manifest goes with its tag; one that is there without its blobs is damaged.
fn is_gone(error: &ImageError) -> bool {
    let ImageError::Registry { source, .. } = error else { return false };
    matches!(&**source, RegistryError::NotFound { what, .. } if !what.starts_with("blob "))
}
