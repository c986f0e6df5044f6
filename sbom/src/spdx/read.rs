//! Reads a document: first which package stands for the image, then all others, then what relationships tell of them.

use std::collections::HashMap;

use model::{ImageId, ScanReport};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::foreign;
use crate::draft::Draft;
use crate::json::{Parts, Word, entry};
use crate::property::{self, Properties};
use crate::{Limits, SbomError, identity, license, release};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow, default)]
    spdx_version: Word<'a>,
    #[serde(borrow)]
    creation_info: Option<&'a RawValue>,
    #[serde(borrow, default)]
    document_describes: Parts<'a>,
    #[serde(borrow, default)]
    packages: Parts<'a>,
    #[serde(borrow, default)]
    files: Parts<'a>,
    #[serde(borrow, default)]
    has_extracted_licensing_infos: Parts<'a>,
    #[serde(borrow, default)]
    relationships: Parts<'a>,
}

#[derive(Deserialize)]
struct CreationInfo<'a> {
    #[serde(borrow, default)]
    created: Word<'a>,
    #[serde(borrow, default)]
    creators: Vec<Word<'a>>,
}

/// The fields that are read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package<'a> {
    #[serde(borrow, default, rename = "SPDXID")]
    pub(super) id: Word<'a>,
    #[serde(borrow, default)]
    pub(super) name: Word<'a>,
    #[serde(borrow, default)]
    pub(super) version_info: Word<'a>,
    #[serde(borrow, default)]
    pub(super) source_info: Word<'a>,
    #[serde(borrow, default)]
    pub(super) primary_package_purpose: Word<'a>,
    #[serde(borrow, default)]
    pub(super) license_declared: Word<'a>,
    #[serde(borrow, default)]
    pub(super) license_concluded: Word<'a>,
    #[serde(borrow, default)]
    external_refs: Parts<'a>,
    #[serde(borrow, default)]
    annotations: Parts<'a>,
    #[serde(borrow, default)]
    attribution_texts: Parts<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef<'a> {
    #[serde(borrow, default)]
    reference_type: Word<'a>,
    #[serde(borrow, default)]
    reference_locator: Word<'a>,
}

#[derive(Deserialize)]
struct Annotation<'a> {
    #[serde(borrow, default)]
    comment: Word<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExtractedLicense<'a> {
    #[serde(borrow, default)]
    license_id: Word<'a>,
    #[serde(borrow, default)]
    name: Word<'a>,
}

/// Begins the annotation that holds our own properties, as a list of pairs.
pub(super) const ANNOTATION: &str = "plimsoll:properties ";

/// Reads the report of an SPDX document.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<ScanReport, SbomError> {
    let document: Document<'_> =
        serde_json::from_slice(bytes).map_err(|error| SbomError::malformed("SPDX", &error))?;
    let version = document.spdx_version.text();
    if !matches!(version, "SPDX-2.2" | "SPDX-2.3") {
        let reason = format!("`{}` is not read; known are SPDX-2.2 and SPDX-2.3", identity::short(version));
        return Err(SbomError::Unsupported(reason));
    }
    let mut draft = Draft::new("spdx", limits);
    if let Some(Ok(info)) = document.creation_info.map(entry::<CreationInfo<'_>>) {
        draft.made_at(info.created.text());
        let tool = info.creators.iter().find_map(|creator| creator.text().strip_prefix("Tool:"));
        tool.iter().for_each(|tool| draft.report.scanner = scanner(tool.trim()));
    }
    let described = foreign::described(&document.document_describes, &document.relationships);
    let names = license_names(&document.has_extracted_licensing_infos);
    let mut indexes: HashMap<String, usize> = HashMap::new();
    let alone = document.packages.entries.len() == 1;
    draft.note_left_out("packages", document.packages.left_out);
    for (index, raw) in document.packages.entries.iter().enumerate() {
        let place = || format!("packages[{index}]");
        let package: Package<'_> = match entry(raw) {
            Ok(package) => package,
            Err(reason) => {
                draft.note(place(), reason);
                continue;
            }
        };
        let subject = !alone && described.as_deref() == Some(package.id.text());
        if let Some(added) = one(&package, subject, &names, &place, &mut draft) {
            indexes.insert(package.id.text().to_owned(), added);
        }
    }
    foreign::relate(&document.relationships, &document.files, &indexes, &mut draft);
    Ok(draft.finish(bytes))
}

/// `name/version` of `name-version`.
fn scanner(tool: &str) -> String {
    match tool.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => {
            format!("{name}/{version}")
        }
        _ => tool.to_owned(),
    }
}

/// The names of licences that the document defines.
fn license_names(list: &Parts<'_>) -> HashMap<String, String> {
    let read = list.entries.iter().filter_map(|raw| entry::<ExtractedLicense<'_>>(raw).ok());
    let named = read.filter(|license| !matches!(license.name.text(), "" | "NOASSERTION"));
    named.map(|license| (license.license_id.text().to_owned(), license.name.text().to_owned())).collect()
}

impl Package<'_> {
    /// The first package URL that it refers to.
    pub(super) fn purl(&self, place: &dyn Fn() -> String, draft: &mut Draft) -> String {
        for (index, raw) in self.external_refs.entries.iter().enumerate() {
            match entry::<ExternalRef<'_>>(raw) {
                Ok(found) if found.reference_type.text().ends_with("purl") => {
                    return found.reference_locator.text().to_owned();
                }
                Ok(_) => {}
                Err(reason) => draft.note(format!("{}.externalRefs[{index}]", place()), reason),
            }
        }
        String::new()
    }

    /// Our own properties, and what Trivy says as `name: value`.
    fn pairs(&self, place: &dyn Fn() -> String, draft: &mut Draft) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (index, raw) in self.annotations.entries.iter().enumerate() {
            let comment = match entry::<Annotation<'_>>(raw) {
                Ok(annotation) => annotation.comment.exact().to_owned(),
                Err(reason) => {
                    draft.note(format!("{}.annotations[{index}]", place()), reason);
                    continue;
                }
            };
            match comment.strip_prefix(ANNOTATION).map(serde_json::from_str::<Vec<property::Pair>>) {
                Some(Ok(own)) => pairs.extend(own),
                Some(Err(error)) => {
                    draft.note(format!("{}.annotations[{index}]", place()), crate::json::shape(&error))
                }
                None => pairs.extend(split(&comment)),
            }
        }
        let texts = self.attribution_texts.entries.iter().filter_map(|raw| entry::<Word<'_>>(raw).ok());
        pairs.extend(texts.filter_map(|text| split(text.text())));
        pairs
    }
}

/// `name: value`; the name of a label may hold colons itself.
fn split(comment: &str) -> Option<(String, String)> {
    let (name, value) = comment.split_once(": ")?;
    Some((name.to_owned(), value.trim().to_owned()))
}

/// One package: the image, its release, or something installed. Gives the index if it was added.
fn one(
    package: &Package<'_>,
    subject: bool,
    names: &HashMap<String, String>,
    place: &dyn Fn() -> String,
    draft: &mut Draft,
) -> Option<usize> {
    let pairs = package.pairs(place, draft);
    let properties = Properties::new(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    if let Some(text) = properties.get(property::IMAGE_ID) {
        match text.parse::<ImageId>() {
            Ok(id) => draft.id = Some(id),
            Err(error) => draft.note(place(), error.to_string()),
        }
        let problems = property::read_report(&properties, &mut draft.report);
        problems.into_iter().for_each(|reason| draft.note(place(), reason));
        return None;
    }
    if properties.get(property::ECOSYSTEM).is_some() {
        let path = properties.text(property::PATH);
        return match properties.record(package.name.exact(), package.version_info.exact(), path) {
            Ok(mut record) => {
                let declared = Some(package.license_declared.exact())
                    .filter(|text| !matches!(*text, "" | "NOASSERTION" | "NONE"));
                record.license = properties.get(property::LICENSE).or(declared).map(str::to_owned);
                draft.add_exact(record)
            }
            Err(reason) => {
                draft.note(place(), reason);
                None
            }
        };
    }
    let purpose = package.primary_package_purpose.text();
    if matches!(purpose, "OPERATING-SYSTEM" | "OPERATING_SYSTEM")
        || package.id.text().starts_with("SPDXRef-OperatingSystem-")
    {
        let made = || release::of(package.name.text(), package.version_info.text());
        draft.release(property::read_release(&properties).unwrap_or_else(made));
        return None;
    }
    if subject || purpose == "CONTAINER" {
        foreign::image(package, &properties, place, draft);
        return None;
    }
    foreign::package(package, &properties, names, place, draft)
}

/// The licence of a package of another program, with the names that the document gives to its own words.
pub(super) fn license_of(package: &Package<'_>, names: &HashMap<String, String>) -> Option<String> {
    let expression = [&package.license_declared, &package.license_concluded]
        .into_iter()
        .find_map(|word| license::of_expression(word.text()))?;
    if names.is_empty() || !expression.contains("LicenseRef-") {
        return Some(expression);
    }
    let named = |word: &str| {
        names.get(word).and_then(|name| license::reference_of(name)).unwrap_or_else(|| word.to_owned())
    };
    let spaced = expression.replace('(', "( ").replace(')', " )");
    let words: Vec<String> = spaced.split_ascii_whitespace().map(named).collect();
    Some(words.join(" ").replace("( ", "(").replace(" )", ")"))
}
