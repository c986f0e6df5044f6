//! Syft's own JSON (github.com/anchore/syft, `schema/json`), schemas 6 to 16: the only form of Syft's that tells all it knows.
//!
//! The decision a reader may doubt: later schemas are tried, too. The fields that are read here have kept their names and
//! meanings over ten of them, and a field of a new shape is noted.

use std::collections::{BTreeMap, HashMap};

use model::{DiffId, ImageFacts, Label, PackageRecord, Reference, ScanReport};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::draft::{Draft, layer_numbers};
use crate::identity::{self, Stated};
use crate::json::{Parts, Word, entry};
use crate::place::best_path;
use crate::{Limits, SbomError, cyclonedx, license, property, release};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    artifacts: Parts<'a>,
    #[serde(borrow, default)]
    artifact_relationships: Parts<'a>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    distro: Option<&'a RawValue>,
    #[serde(borrow)]
    descriptor: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Word<'a>,
    /// `target` before schema 8.
    #[serde(borrow, alias = "target")]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Image<'a> {
    #[serde(borrow, default, rename = "imageID")]
    image_id: Word<'a>,
    #[serde(borrow, default)]
    manifest_digest: Word<'a>,
    #[serde(borrow, default)]
    tags: Option<Vec<Word<'a>>>,
    #[serde(borrow, default)]
    repo_digests: Option<Vec<Word<'a>>>,
    #[serde(default)]
    image_size: u64,
    #[serde(borrow, default)]
    architecture: Word<'a>,
    #[serde(borrow, default)]
    os: Word<'a>,
    #[serde(borrow, default)]
    layers: Option<Vec<Layer<'a>>>,
    #[serde(borrow, default)]
    labels: Option<BTreeMap<String, Word<'a>>>,
}

#[derive(Deserialize)]
struct Layer<'a> {
    #[serde(borrow, default)]
    digest: Word<'a>,
    #[serde(default)]
    size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Distro<'a> {
    #[serde(borrow, default)]
    id: Word<'a>,
    #[serde(borrow, default)]
    name: Word<'a>,
    #[serde(borrow, default)]
    pretty_name: Word<'a>,
    #[serde(borrow, default, rename = "versionID")]
    version_id: Word<'a>,
    #[serde(borrow, default)]
    version: Word<'a>,
    #[serde(borrow, default)]
    version_codename: Word<'a>,
    #[serde(borrow)]
    id_like: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact<'a> {
    #[serde(borrow, default)]
    id: Word<'a>,
    #[serde(borrow, default)]
    name: Word<'a>,
    #[serde(borrow, default)]
    version: Word<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Word<'a>,
    #[serde(borrow, default)]
    found_by: Word<'a>,
    #[serde(borrow, default)]
    purl: Word<'a>,
    #[serde(borrow, default)]
    metadata_type: Word<'a>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    locations: Option<&'a RawValue>,
    #[serde(borrow, default)]
    licenses: Parts<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata<'a> {
    #[serde(borrow)]
    source: Word<'a>,
    #[serde(borrow)]
    source_version: Word<'a>,
    #[serde(borrow)]
    origin_package: Word<'a>,
    #[serde(borrow)]
    source_rpm: Word<'a>,
    #[serde(borrow)]
    modularity_label: Word<'a>,
    #[serde(borrow)]
    architecture: Word<'a>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow, default)]
    path: Word<'a>,
    #[serde(borrow, default, rename = "layerID")]
    layer: Word<'a>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct License<'a> {
    #[serde(borrow, default)]
    value: Word<'a>,
    #[serde(borrow, default)]
    spdx_expression: Word<'a>,
}

#[derive(Deserialize)]
struct Relationship<'a> {
    #[serde(borrow, default)]
    parent: Word<'a>,
    #[serde(borrow, default)]
    child: Word<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Word<'a>,
}

/// Reads the report of a Syft document.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<ScanReport, SbomError> {
    let document: Document<'_> =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("Syft", &error))?;
    let mut draft = Draft::new("syft", limits);
    if let Some(Ok(descriptor)) = document.descriptor.map(entry::<Artifact<'_>>) {
        draft.report.scanner = format!("{}/{}", descriptor.name.text(), descriptor.version.text());
    }
    if let Some(raw) = document.source {
        source(raw, &mut draft);
    }
    if let Some(raw) = document.distro {
        distro(raw, &mut draft);
    }
    let layers = layer_numbers(&draft.report.image);
    let mut indexes: HashMap<String, usize> = HashMap::new();
    draft.note_left_out("artifacts", document.artifacts.left_out);
    for (index, raw) in document.artifacts.entries.iter().enumerate() {
        let place = || format!("artifacts[{index}]");
        match entry::<Artifact<'_>>(raw) {
            Ok(artifact) => {
                if let Some(added) = package(&artifact, &layers, &place, &mut draft) {
                    indexes.insert(artifact.id.text().to_owned(), added);
                }
            }
            Err(reason) => draft.note(place(), reason),
        }
    }
    draft.note_left_out("artifactRelationships", document.artifact_relationships.left_out);
    let related =
        document.artifact_relationships.entries.iter().filter_map(|raw| entry::<Relationship<'_>>(raw).ok());
    let owning = related.filter(|relationship| relationship.kind.text() == "ownership-by-file-overlap");
    let links: Vec<(usize, usize)> = owning
        .filter_map(|link| Some((*indexes.get(link.parent.text())?, *indexes.get(link.child.text())?)))
        .collect();
    draft.link(&links);
    Ok(draft.finish(bytes))
}

fn source(raw: &RawValue, draft: &mut Draft) {
    let source: Source<'_> = match entry(raw) {
        Ok(source) => source,
        Err(reason) => return draft.note("source", reason),
    };
    let Some(raw) = source.metadata.filter(|_| source.kind.text() == "image") else { return };
    let image: Image<'_> = match entry(raw) {
        Ok(image) => image,
        Err(reason) => return draft.note("source.metadata", reason),
    };
    draft.id = image.image_id.text().parse().ok();
    draft.stand_in = image.manifest_digest.text().parse().ok();
    let facts: &mut ImageFacts = &mut draft.report.image;
    let names = image.tags.iter().chain(&image.repo_digests).flatten();
    facts.references = names.filter_map(|name| Reference::parse(name.text())).collect();
    let filled = |word: &Word<'_>| Some(word.text().to_owned()).filter(|text| !text.is_empty());
    (facts.architecture, facts.os, facts.size) =
        (filled(&image.architecture), filled(&image.os), image.image_size);
    let layers = image.layers.iter().flatten();
    let read: Vec<_> =
        layers.map(|layer| Some((layer.digest.text().parse::<DiffId>().ok()?, layer.size))).collect();
    // One that cannot be read would shift the numbers of all above it.
    let read: Option<Vec<_>> = read.into_iter().collect();
    facts.layers = read
        .into_iter()
        .flatten()
        .map(|(diff_id, size)| property::layer_facts(diff_id, None, size))
        .collect();
    let labels = image.labels.into_iter().flatten();
    facts.labels = labels.map(|(key, value)| Label { key, value: value.exact().to_owned() }).collect();
}

fn distro(raw: &RawValue, draft: &mut Draft) {
    let distro: Distro<'_> = match entry(raw) {
        Ok(distro) => distro,
        Err(reason) => return draft.note("distro", reason),
    };
    let or = |first: &str, second: &str| if first.is_empty() { second.to_owned() } else { first.to_owned() };
    let id = or(distro.id.text(), distro.name.text());
    if id.is_empty() {
        return;
    }
    // Before schema 4 `version` was the number alone, now it is a sentence.
    let version = match distro.version_id.text() {
        "" if distro.version.text().contains(' ') => "",
        "" => distro.version.text(),
        version => version,
    };
    let mut made = release::of(&id, version);
    made.version_codename = made
        .version_codename
        .or(Some(distro.version_codename.text().to_owned()).filter(|name| !name.is_empty()));
    let one =
        |raw| entry::<Word<'_>>(raw).map(|word| word.text().split_whitespace().map(str::to_owned).collect());
    let many = |raw| entry::<Vec<String>>(raw).or_else(|_| one(raw));
    made.id_like = distro.id_like.and_then(|raw| many(raw).ok()).unwrap_or_default();
    if made.display_name.starts_with(&made.id) && !distro.pretty_name.text().is_empty() {
        made.display_name = distro.pretty_name.text().to_owned();
    }
    draft.release(made);
}

fn package(
    artifact: &Artifact<'_>,
    layers: &HashMap<DiffId, u32>,
    place: &dyn Fn() -> String,
    draft: &mut Draft,
) -> Option<usize> {
    let metadata = artifact.metadata.map(entry::<Metadata<'_>>).and_then(Result::ok).unwrap_or_default();
    let sources = [&metadata.source, &metadata.origin_package, &metadata.source_rpm];
    let source_name = sources.into_iter().map(Word::text).find(|name| !name.is_empty()).unwrap_or_default();
    let stated = Stated {
        purl: artifact.purl.text(),
        name: artifact.name.text(),
        version: artifact.version.text(),
        kind: artifact.kind.text(),
        source_name: source_name.to_owned(),
        source_version: metadata.source_version.text().to_owned(),
        module: metadata.modularity_label.text(),
        arch: metadata.architecture.text(),
        ..Stated::default()
    };
    let identified = match identity::identify(&stated) {
        Ok(identified) => identified,
        Err(reason) => {
            draft.note(place(), reason);
            return None;
        }
    };
    let locations: Vec<Location<'_>> = match artifact.locations.map(entry) {
        Some(Ok(locations)) => locations,
        Some(Err(reason)) => {
            draft.note(format!("{}.locations", place()), reason);
            Vec::new()
        }
        None => Vec::new(),
    };
    let (path, layer) = best_location(&locations);
    let layer = layer.parse::<DiffId>().ok().and_then(|diff_id| layers.get(&diff_id).copied());
    let license = licenses(&artifact.licenses);
    draft.add(identified, path, |record: &mut PackageRecord| {
        record.license = license;
        record.layer = layer;
        record.declared = cyclonedx::is_declared(artifact.metadata_type.text());
        record.found_by = artifact.found_by.text().to_owned();
    })
}

/// Path and layer of the primary evidence, else of the place that proves most.
fn best_location<'a>(locations: &'a [Location<'_>]) -> (&'a str, &'a str) {
    let is_primary = |location: &&Location<'_>| {
        location
            .annotations
            .as_ref()
            .is_some_and(|words| words.get("evidence").is_some_and(|word| word == "primary"))
    };
    let primary: Vec<&Location<'_>> = locations.iter().filter(is_primary).collect();
    let all: Vec<&Location<'_>> = if primary.is_empty() { locations.iter().collect() } else { primary };
    let path = best_path(all.iter().map(|location| location.path.text()));
    let best = all.iter().find(|location| Some(location.path.text()) == path);
    best.map_or(("", ""), |location| (location.path.text(), location.layer.text()))
}

/// Objects since schema 7, plain words before.
fn licenses(list: &Parts<'_>) -> Option<String> {
    license::all_of(list.entries.iter().filter_map(|raw| match entry::<License<'_>>(raw) {
        Ok(stated) if !stated.spdx_expression.text().is_empty() => {
            license::of_expression(stated.spdx_expression.text())
        }
        Ok(stated) => license::reference_of(stated.value.text()),
        Err(_) => entry::<Word<'_>>(raw).ok().and_then(|word| license::reference_of(word.text())),
    }))
}
