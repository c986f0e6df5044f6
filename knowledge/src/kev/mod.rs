//! CISA's catalogue of known exploited vulnerabilities (JSON,
//! <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>).
//!
//! Only the date and the ransomware flag are kept; the CSV form of the same catalogue is passed over.

use model::Timestamp;
use model::advisory::KnownExploited;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::{FeedFile, LIMITS, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;
use crate::text::is_id;

pub(crate) const FEED: &str = "kev";

#[derive(Deserialize)]
struct Catalogue<'a> {
    #[serde(rename = "dateReleased", default)]
    released: Option<String>,
    #[serde(borrow)]
    vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(rename = "dateAdded", default)]
    added: Option<String>,
    #[serde(rename = "knownRansomwareCampaignUse", default)]
    ransomware: Option<String>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    if !file.name.starts_with("known_exploited_vulnerabilities") {
        return Recognised::No;
    }
    if file.name.contains("schema") {
        return Recognised::NotUsed("the schema is not needed".into());
    }
    if file.is("csv") {
        return Recognised::NotUsed("the JSON form of the catalogue is read instead".into());
    }
    Recognised::when(file.is("json"))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    let catalogue: Catalogue<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    out.date = catalogue.released.as_deref().and_then(Timestamp::parse).or_else(|| file.date());
    for raw in catalogue.vulnerabilities {
        match serde_json::from_str::<Entry>(raw.get()) {
            Ok(entry) if is_id(entry.cve.trim()) => {
                let added = entry.added.as_deref().and_then(Timestamp::parse);
                let ransomware = entry.ransomware.is_some_and(|word| word.eq_ignore_ascii_case("known"));
                let id = entry.cve.trim().to_owned();
                out.harvest.exploited.insert(id, KnownExploited { added, ransomware });
                out.records += 1;
            }
            Ok(entry) => out.quarantine(&entry.cve, "it is no identifier"),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(())
}
