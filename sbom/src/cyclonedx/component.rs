//! A component as the document holds it, and the ones of our own documents as records.

use model::PackageRecord;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::draft::Draft;
use crate::identity;
use crate::json::{Parts, Word, entry};
use crate::license;
use crate::property::{self, Properties};

/// The fields that are read; parts that may have odd shapes are kept as text until they are asked for.
#[derive(Deserialize)]
pub(super) struct Component<'a> {
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Word<'a>,
    #[serde(borrow, default)]
    pub(super) group: Word<'a>,
    #[serde(borrow, default)]
    pub(super) name: Word<'a>,
    #[serde(borrow, default)]
    pub(super) version: Word<'a>,
    #[serde(borrow, default)]
    pub(super) purl: Word<'a>,
    #[serde(borrow, default)]
    pub(super) scope: Word<'a>,
    #[serde(borrow, default)]
    pub(super) description: Word<'a>,
    #[serde(borrow)]
    pub(super) licenses: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) evidence: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) properties: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) components: Parts<'a>,
}

#[derive(Deserialize)]
pub(super) struct Property<'a> {
    #[serde(borrow, default)]
    pub(super) name: Word<'a>,
    #[serde(borrow, default)]
    pub(super) value: Word<'a>,
}

#[derive(Deserialize)]
struct Evidence<'a> {
    #[serde(borrow, default)]
    occurrences: Vec<Occurrence<'a>>,
}

#[derive(Deserialize)]
struct Occurrence<'a> {
    #[serde(borrow, default)]
    location: Word<'a>,
}

#[derive(Deserialize)]
struct LicenseChoice<'a> {
    #[serde(borrow, default)]
    expression: Word<'a>,
    #[serde(borrow)]
    license: Option<License<'a>>,
}

#[derive(Deserialize)]
struct License<'a> {
    #[serde(borrow, default)]
    id: Word<'a>,
    #[serde(borrow, default)]
    name: Word<'a>,
}

/// A list of properties; what has another shape is noted and empty.
pub(super) fn properties_of<'a>(
    raw: Option<&'a RawValue>,
    place: &dyn Fn() -> String,
    draft: &mut Draft,
) -> Vec<Property<'a>> {
    match raw.map(entry::<Vec<Property<'a>>>) {
        None => Vec::new(),
        Some(Ok(list)) => list,
        Some(Err(reason)) => {
            draft.note(format!("{}.properties", place()), reason);
            Vec::new()
        }
    }
}

impl Component<'_> {
    /// The first place where it was seen, exactly as it is written; empty if none is told.
    pub(super) fn occurrence(&self, place: &dyn Fn() -> String, draft: &mut Draft) -> String {
        let evidence = match self.evidence.map(entry::<Evidence<'_>>) {
            None => return String::new(),
            Some(Ok(evidence)) => evidence,
            Some(Err(reason)) => {
                draft.note(format!("{}.evidence", place()), reason);
                return String::new();
            }
        };
        evidence.occurrences.first().map(|first| first.location.exact().to_owned()).unwrap_or_default()
    }

    /// Its licences as one expression.
    pub(super) fn license(&self, place: &dyn Fn() -> String, draft: &mut Draft) -> Option<String> {
        let list = match self.licenses.map(entry::<Vec<LicenseChoice<'_>>>)? {
            Ok(list) => list,
            Err(reason) => {
                draft.note(format!("{}.licenses", place()), reason);
                return None;
            }
        };
        license::all_of(list.iter().filter_map(|choice| match &choice.license {
            None => license::of_expression(choice.expression.text()),
            Some(License { id, .. }) if !id.text().is_empty() => license::of_expression(id.text()),
            Some(License { name, .. }) => license::reference_of(name.text()),
        }))
    }

    /// The record of a package of our own document.
    pub(super) fn record(
        &self,
        properties: &Properties<'_>,
        place: &dyn Fn() -> String,
        draft: &mut Draft,
    ) -> Result<PackageRecord, String> {
        let path = self.occurrence(place, draft);
        let ecosystem = properties.text(property::ECOSYSTEM).parse();
        let name = match ecosystem {
            Ok(ecosystem) => identity::join(ecosystem, self.group.exact(), self.name.exact()),
            Err(_) => self.name.exact().to_owned(),
        };
        let version = properties.get(property::VERSION).unwrap_or(self.version.exact());
        let mut record = properties.record(&name, version, &path)?;
        record.license = match properties.get(property::LICENSE) {
            Some(word) => Some(word.to_owned()),
            None => self.expression(),
        };
        Ok(record)
    }

    /// The one expression that we write, exactly as it is.
    fn expression(&self) -> Option<String> {
        let list = self.licenses.map(entry::<Vec<LicenseChoice<'_>>>)?.ok()?;
        let [only] = list.as_slice() else { return None };
        Some(only.expression.exact().to_owned()).filter(|text| !text.is_empty())
    }
}
