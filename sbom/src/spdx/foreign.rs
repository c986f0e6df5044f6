//! Packages of other programs: what Trivy says in annotations, Syft in `sourceInfo`, and both in relationships.

use std::collections::HashMap;

use model::{DiffId, Reference};
use serde::Deserialize;

use super::read::{Package, license_of};
use crate::draft::{Draft, layer_numbers};
use crate::identity::{self, Stated};
use crate::json::{Parts, Word, entry};
use crate::place::{best_path, names_an_image};
use crate::property::{self, Properties};
use crate::purl::Purl;

/// Trivy's words for the source package of a package.
const BUILT_FROM: &str = "built package from: ";
/// Syft's words before the files that prove a package.
const ACQUIRED: &str = "acquired package info from ";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'a> {
    #[serde(borrow, default)]
    spdx_element_id: Word<'a>,
    #[serde(borrow, default)]
    related_spdx_element: Word<'a>,
    #[serde(borrow, default)]
    relationship_type: Word<'a>,
    #[serde(borrow, default)]
    comment: Word<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow, default, rename = "SPDXID")]
    id: Word<'a>,
    #[serde(borrow, default)]
    file_name: Word<'a>,
}

/// The element that the document is about, if it is exactly one.
pub(super) fn described(list: &Parts<'_>, relationships: &Parts<'_>) -> Option<String> {
    let listed = list.entries.iter().filter_map(|raw| entry::<Word<'_>>(raw).ok());
    let mut all: Vec<String> = listed.map(|word| word.text().to_owned()).collect();
    let related = relationships.entries.iter().filter_map(|raw| entry::<Relationship<'_>>(raw).ok());
    all.extend(related.filter_map(|relationship| match relationship.relationship_type.text() {
        "DESCRIBES" => Some(relationship.related_spdx_element.text().to_owned()),
        "DESCRIBED_BY" => Some(relationship.spdx_element_id.text().to_owned()),
        _ => None,
    }));
    all.sort_unstable();
    all.dedup();
    (all.len() == 1).then(|| all.remove(0))
}

/// What the document says of the image that it is about.
pub(super) fn image(
    package: &Package<'_>,
    properties: &Properties<'_>,
    place: &dyn Fn() -> String,
    draft: &mut Draft,
) {
    draft.id = draft.id.or(properties.get("ImageID").and_then(|text| text.parse().ok()));
    let purl = package.purl(place, draft);
    let of_purl =
        Purl::parse(&purl).filter(|purl| purl.kind == "oci").and_then(|purl| purl.version.parse().ok());
    draft.stand_in = draft.stand_in.or(package.version_info.text().parse().ok()).or(of_purl);
    let facts = &mut draft.report.image;
    let named =
        ["RepoTag", "RepoDigest", "Reference"].into_iter().flat_map(|name| properties.all(name)).copied();
    let own = Some(package.name.text()).filter(|name| names_an_image(name));
    for reference in named.chain(own).filter_map(Reference::parse) {
        if !facts.references.contains(&reference) {
            facts.references.push(reference);
        }
    }
    facts.size = properties.text("Size").parse().unwrap_or_default();
    // Trivy sorts them by digest, so that of several the order is lost.
    if let [only] = properties.all("DiffID") {
        let diff_id = only.parse::<DiffId>().ok();
        facts.layers.extend(diff_id.map(|diff_id| property::layer_facts(diff_id, None, 0)));
    }
}

/// Adds a package, or notes why it cannot be understood.
pub(super) fn package(
    package: &Package<'_>,
    properties: &Properties<'_>,
    names: &HashMap<String, String>,
    place: &dyn Fn() -> String,
    draft: &mut Draft,
) -> Option<usize> {
    let purl = package.purl(place, draft);
    if purl.is_empty() && properties.get("Class").is_some() {
        draft.pass_over("group of packages", place);
        return None;
    }
    let built_from = package.source_info.text().strip_prefix(BUILT_FROM).unwrap_or_default();
    let (source_name, source_version) = built_from.split_once(' ').unwrap_or((built_from, ""));
    let stated = Stated {
        purl: &purl,
        name: package.name.text(),
        version: package.version_info.text(),
        kind: properties.text("PkgType"),
        source_name: source_name.to_owned(),
        source_version: source_version.trim().to_owned(),
        module: properties.text("Modularitylabel"),
        ..Stated::default()
    };
    let identified = match identity::identify(&stated) {
        Ok(identified) => identified,
        Err(reason) => {
            draft.note(place(), reason);
            return None;
        }
    };
    let license = license_of(package, names);
    let layer = properties.get("LayerDiffID").and_then(|text| text.parse::<DiffId>().ok());
    let layer = layer.and_then(|diff_id| layer_numbers(&draft.report.image).get(&diff_id).copied());
    let declared = crate::cyclonedx::is_declared(properties.text("PkgType"));
    draft.add(identified, acquired_from(package.source_info.text()), |record| {
        record.license = license;
        record.layer = layer;
        record.declared = declared;
    })
}

/// The path in Syft's sentence `acquired package info from WHAT: PATH, PATH`.
fn acquired_from(text: &str) -> &str {
    let paths =
        text.strip_prefix(ACQUIRED).and_then(|rest| rest.split_once(": ")).map_or("", |(_, paths)| paths);
    best_path(paths.split(", ")).unwrap_or_default()
}

/// Takes over what relationships tell: the one file of a package, and the OS package that owns another.
pub(super) fn relate(
    relationships: &Parts<'_>,
    files: &Parts<'_>,
    indexes: &HashMap<String, usize>,
    draft: &mut Draft,
) {
    draft.note_left_out("relationships", relationships.left_out);
    // The only file of a package, by its id; `None` if it has several.
    let mut only: HashMap<usize, Option<String>> = HashMap::new();
    let mut links = Vec::new();
    for (index, raw) in relationships.entries.iter().enumerate() {
        let relationship: Relationship<'_> = match entry(raw) {
            Ok(relationship) => relationship,
            Err(reason) => {
                draft.note(format!("relationships[{index}]"), reason);
                continue;
            }
        };
        let Some(from) = indexes.get(relationship.spdx_element_id.text()) else { continue };
        let to = relationship.related_spdx_element.text();
        match relationship.relationship_type.text() {
            "CONTAINS" if !indexes.contains_key(to) && draft.report.packages[*from].path.is_empty() => {
                only.entry(*from).and_modify(|file| *file = None).or_insert_with(|| Some(to.to_owned()));
            }
            "OTHER" if relationship.comment.text().starts_with("ownership-by-file-overlap") => {
                links.extend(indexes.get(to).map(|to| (*from, *to)));
            }
            _ => {}
        }
    }
    draft.link(&links);
    if only.values().any(Option::is_some) {
        let read = files.entries.iter().filter_map(|raw| entry::<File<'_>>(raw).ok());
        let names: HashMap<String, String> =
            read.map(|file| (file.id.text().to_owned(), file.file_name.text().to_owned())).collect();
        for (index, file) in only {
            if let Some(name) = file.and_then(|file| names.get(&file).cloned()) {
                draft.report.packages[index].path =
                    name.trim_start_matches("./").trim_start_matches('/').to_owned();
            }
        }
    }
}
