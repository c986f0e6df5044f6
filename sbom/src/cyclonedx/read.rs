//! Reads a document: the image that it is about, then its components, nested ones too.

use model::{DiffId, ImageId, Label, Reference, ScanReport};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::component::{Component, Property, properties_of};
use super::{VERSIONS, foreign};
use crate::draft::Draft;
use crate::json::{Parts, Word, entry};
use crate::property::{self, Properties};
use crate::{Limits, SbomError, identity, release};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    spec_version: Word<'a>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    components: Parts<'a>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    timestamp: Word<'a>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    component: Option<&'a RawValue>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tool<'a> {
    #[serde(borrow, default)]
    name: Word<'a>,
    #[serde(borrow, default)]
    version: Word<'a>,
}

/// Reads the report of a CycloneDX document.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<ScanReport, SbomError> {
    let document: Document<'_> =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("CycloneDX", &error))?;
    let version = document.spec_version.text();
    if !VERSIONS.contains(&version) {
        let known = VERSIONS.join(", ");
        let reason =
            format!("CycloneDX {} is not read; known are the versions {known}", identity::short(version));
        return Err(SbomError::Unsupported(reason));
    }
    let mut draft = Draft::new("cyclonedx", limits);
    if let Some(raw) = document.metadata {
        metadata(raw, &mut draft);
    }
    components(document.components, &mut draft);
    Ok(draft.finish(bytes))
}

fn metadata(raw: &RawValue, draft: &mut Draft) {
    let metadata: Metadata<'_> = match entry(raw) {
        Ok(metadata) => metadata,
        Err(reason) => return draft.note("metadata", reason),
    };
    draft.made_at(metadata.timestamp.text());
    if let Some(scanner) = metadata.tools.and_then(scanner) {
        draft.report.scanner = scanner;
    }
    let document = properties_of(metadata.properties, &|| "metadata".to_owned(), draft);
    let Some(raw) = metadata.component else { return };
    match entry::<Component<'_>>(raw) {
        Ok(component) => image(&component, &document, draft),
        Err(reason) => draft.note("metadata.component", reason),
    }
}

/// `name/version` of the first tool: a list up to 1.4, `components` of an object since.
fn scanner(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Tools<'a> {
        #[serde(borrow)]
        components: Vec<Tool<'a>>,
    }
    let list = entry::<Vec<Tool<'_>>>(raw)
        .or_else(|_| entry::<Tools<'_>>(raw).map(|tools| tools.components))
        .ok()?;
    let tool = list.first()?;
    let (name, version) = (tool.name.text(), tool.version.text());
    (!name.is_empty()).then(|| format!("{name}/{version}").trim_end_matches('/').to_owned())
}

/// What the document says of the image that it is about.
fn image(component: &Component<'_>, document: &[Property<'_>], draft: &mut Draft) {
    let own = properties_of(component.properties, &|| "metadata.component".to_owned(), draft);
    let pairs = || own.iter().chain(document).map(|property| (property.name.exact(), property.value.exact()));
    let properties = Properties::new(pairs());
    if let Some(text) = properties.get(property::IMAGE_ID) {
        match text.parse::<ImageId>() {
            Ok(id) => draft.id = Some(id),
            Err(error) => draft.note("metadata.component", error.to_string()),
        }
        let problems = property::read_report(&properties, &mut draft.report);
        return problems.into_iter().for_each(|reason| draft.note("metadata.component", reason));
    }
    draft.id = properties.get("aquasecurity:trivy:ImageID").and_then(|text| text.parse().ok());
    // The manifest digest as version, as Syft writes it.
    draft.stand_in = component.version.text().parse().ok();
    let facts = &mut draft.report.image;
    let names = ["RepoTag", "RepoDigest", "Reference"].map(|name| format!("aquasecurity:trivy:{name}"));
    let names = names.iter().flat_map(|name| properties.all(name)).copied();
    for name in names.chain(image_name(component)) {
        let Some(mut reference) = Reference::parse(name) else { continue };
        if reference.digest.is_none() && name == component.name.text() {
            reference.digest = draft.stand_in;
        }
        if !facts.references.contains(&reference) {
            facts.references.push(reference);
        }
    }
    facts.size = properties.text("aquasecurity:trivy:Size").parse().unwrap_or_default();
    for prefix in ["aquasecurity:trivy:Labels:", "syft:image:labels:"] {
        let labels = properties.below(prefix).into_iter();
        facts
            .labels
            .extend(labels.map(|(key, value)| Label { key: key.to_owned(), value: value.to_owned() }));
    }
    // Trivy sorts them by digest, so that of several the order is lost.
    if let [only] = properties.all("aquasecurity:trivy:DiffID") {
        let diff_id = only.parse::<DiffId>().ok();
        facts.layers.extend(diff_id.map(|diff_id| property::layer_facts(diff_id, None, 0)));
    }
}

/// The name of an image, if it is one and no file.
fn image_name<'a>(component: &'a Component<'_>) -> Option<&'a str> {
    let name = component.name.text();
    (component.kind.text() == "container" && crate::place::names_an_image(name)).then_some(name)
}

/// Lists within lists; each is looked at from an own place in memory, so that nesting costs no stack.
fn components(list: Parts<'_>, draft: &mut Draft) {
    let mut waiting = vec![(String::new(), list, 0_usize)];
    while let Some((parent, list, depth)) = waiting.pop() {
        draft.note_left_out(&format!("{parent}components"), list.left_out);
        for (index, raw) in list.entries.into_iter().enumerate() {
            let place = || format!("{parent}components[{index}]");
            let component: Component<'_> = match entry(raw) {
                Ok(component) => component,
                Err(reason) => {
                    draft.note(place(), reason);
                    continue;
                }
            };
            one(&component, &place, draft);
            if component.components.entries.is_empty() {
                continue;
            }
            if depth == draft.limits().depth {
                draft.note(place(), "components within it are nested too deep and left out");
            } else {
                waiting.push((format!("{}.", place()), component.components, depth + 1));
            }
        }
    }
}

fn one(component: &Component<'_>, place: &dyn Fn() -> String, draft: &mut Draft) {
    let list = properties_of(component.properties, place, draft);
    let properties =
        Properties::new(list.iter().map(|property| (property.name.exact(), property.value.exact())));
    if properties.get(property::ECOSYSTEM).is_some() {
        return match component.record(&properties, place, draft) {
            Ok(record) => drop(draft.add_exact(record)),
            Err(reason) => draft.note(place(), reason),
        };
    }
    match component.kind.text() {
        "operating-system" => {
            let release =
                property::read_release(&properties).or_else(|| foreign::release(component, &properties));
            match release {
                Some(release) => draft.release(release),
                None => draft.release(release::of(component.name.text(), component.version.text())),
            }
        }
        "library" | "framework" | "application" | "" => {
            foreign::package(component, &properties, place, draft)
        }
        _ if !component.purl.text().is_empty() => foreign::package(component, &properties, place, draft),
        kind => draft.pass_over(kind, place),
    }
}
