//! Components of other programs: what Trivy and Syft say in properties of their own, and what everybody says in the standard fields.

use model::{DiffId, OsRelease};

use super::component::Component;
use crate::draft::{Draft, layer_numbers};
use crate::identity::{self, Stated};
use crate::property::Properties;
use crate::release;

/// Adds a package, or notes why it cannot be understood.
pub(super) fn package(
    component: &Component<'_>,
    properties: &Properties<'_>,
    place: &dyn Fn() -> String,
    draft: &mut Draft,
) {
    // Trivy groups the packages of a lock file or a program under a component of its own.
    if component.purl.text().is_empty() && properties.get("aquasecurity:trivy:Class").is_some() {
        return draft.pass_over("group of packages", place);
    }
    let kind = [properties.text("aquasecurity:trivy:PkgType"), properties.text("syft:package:type")];
    let (source_name, source_version) = source(properties);
    let module = ["aquasecurity:trivy:Modularitylabel", "syft:metadata:modularityLabel"]
        .map(|name| properties.text(name));
    let stated = Stated {
        purl: component.purl.text(),
        group: component.group.text(),
        name: component.name.text(),
        version: component.version.text(),
        kind: either(kind),
        source_name,
        source_version,
        module: either(module),
        arch: properties.text("syft:metadata:architecture"),
    };
    let identified = match identity::identify(&stated) {
        Ok(identified) => identified,
        Err(reason) => return draft.note(place(), reason),
    };
    let path = path(component, properties, place, draft);
    let license = component.license(place, draft);
    let layer = properties
        .get("aquasecurity:trivy:LayerDiffID")
        .or_else(|| properties.get("syft:location:0:layerID"));
    let layer = layer.and_then(|text| text.parse::<DiffId>().ok());
    let layer = layer.and_then(|diff_id| layer_numbers(&draft.report.image).get(&diff_id).copied());
    let declared = matches!(component.scope.text(), "optional" | "excluded")
        || is_declared(properties.text("aquasecurity:trivy:PkgType"))
        || is_declared(properties.text("syft:package:metadataType"));
    draft.add(identified, &path, |record| {
        record.license = license;
        record.layer = layer;
        record.declared = declared;
        record.found_by = properties.text("syft:package:foundBy").to_owned();
    });
}

fn either(words: [&str; 2]) -> &str {
    if words[0].is_empty() { words[1] } else { words[0] }
}

/// Name and version of the source package, as each program takes it apart.
fn source(properties: &Properties<'_>) -> (String, String) {
    let trivy = |part: &str| properties.text(&format!("aquasecurity:trivy:Src{part}"));
    if !trivy("Name").is_empty() {
        let mut version = String::new();
        if !matches!(trivy("Epoch"), "" | "0") {
            version.push_str(trivy("Epoch"));
            version.push(':');
        }
        version.push_str(trivy("Version"));
        if !trivy("Release").is_empty() {
            version.push('-');
            version.push_str(trivy("Release"));
        }
        return (trivy("Name").to_owned(), version);
    }
    let syft = |part: &str| properties.text(&format!("syft:metadata:{part}"));
    let name = ["source", "originPackage", "sourceRpm"].map(syft).into_iter().find(|name| !name.is_empty());
    (name.unwrap_or_default().to_owned(), syft("sourceVersion").to_owned())
}

/// The file that proves the package: of several the package manager's own record, else the first.
fn path(
    component: &Component<'_>,
    properties: &Properties<'_>,
    place: &dyn Fn() -> String,
    draft: &mut Draft,
) -> String {
    if let Some(path) = properties.get("aquasecurity:trivy:FilePath") {
        return path.to_owned();
    }
    let numbers = 0..32;
    let places: Vec<&str> =
        numbers.map_while(|number| properties.get(&format!("syft:location:{number}:path"))).collect();
    match crate::place::best_path(places.iter().copied()) {
        Some(path) => path.to_owned(),
        None => component.occurrence(place, draft),
    }
}

/// Whether packages of this kind come from a file that only speaks of them: Trivy's names of lock files, Syft's kinds of entries.
pub(crate) fn is_declared(kind: &str) -> bool {
    matches!(
        kind,
        "npm"
            | "yarn"
            | "pnpm"
            | "bun"
            | "pip"
            | "pipenv"
            | "poetry"
            | "uv"
            | "bundler"
            | "cargo"
            | "composer"
            | "gomod"
            | "pom"
            | "gradle"
            | "sbt"
            | "nuget"
            | "packages-props"
            | "cocoapods"
            | "swift"
            | "pub"
            | "hex"
            | "conan"
            | "julia"
            | "conda-environment"
            | "go-module-entry"
    ) || kind.contains("-lock")
        || kind.contains("-requirements-")
}

/// The release as Syft writes it, with its code name.
pub(super) fn release(component: &Component<'_>, properties: &Properties<'_>) -> Option<OsRelease> {
    let id = properties.get("syft:distro:id")?;
    let mut made =
        release::of(id, properties.get("syft:distro:versionID").unwrap_or(component.version.text()));
    made.version_codename =
        made.version_codename.or(properties.get("syft:distro:versionCodename").map(str::to_owned));
    made.id_like.extend(properties.below("syft:distro:idLike:").into_iter().map(|(_, word)| word.to_owned()));
    let pretty = component.description.text();
    if made.display_name.starts_with(&made.id) && !pretty.is_empty() {
        made.display_name = pretty.to_owned();
    }
    Some(made)
}
