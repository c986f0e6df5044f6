//! NVD's CVE records in the envelope of the 2.0 feeds and API pages
//! (<https://nvd.nist.gov/developers/vulnerabilities>): CVSS, description, dates, rejection.
//!
//! Used for facts about CVEs only; products (CPE) never decide a match here.

use model::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::{FeedFile, LIMITS, read_document};
use crate::rating::rated;
use crate::record::{CveFacts, FileHarvest, Rated, Rater};
use crate::registry::Recognised;
use crate::text::{first_sentence, is_id};

pub(crate) const FEED: &str = "nvd";

/// CISA's organisation id in the CVE Program, which NVD gives as the source of CISA's ratings.
const CISA: &str = "134c704f-9b21-4f2e-91b3-4a467353bcc0";

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(borrow)]
    vulnerabilities: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Item {
    cve: Cve,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve {
    id: String,
    #[serde(default)]
    published: Option<String>,
    #[serde(default)]
    last_modified: Option<String>,
    #[serde(default)]
    vuln_status: Option<String>,
    #[serde(default)]
    descriptions: Vec<Description>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Description {
    lang: String,
    value: String,
}

#[derive(Deserialize)]
struct Reference {
    url: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metrics {
    #[serde(default, rename = "cvssMetricV2")]
    v2: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV30")]
    v30: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV31")]
    v31: Vec<Metric>,
    #[serde(default, rename = "cvssMetricV40")]
    v40: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default)]
    source: String,
    cvss_data: CvssData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
    #[serde(default)]
    vector_string: String,
    base_score: f64,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let feed = file.name.starts_with("nvdcve-2.0") && file.is("json");
    let page = file.folder() == "nvd" && file.is("json");
    if file.name.starts_with("nvdcve-1") {
        return Recognised::NotUsed("the 1.x format is no longer published, use the 2.0 feeds".into());
    }
    Recognised::when(feed || page)
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    let page: Page<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    out.date = page.timestamp.as_deref().and_then(parse_time).or_else(|| file.date());
    for raw in page.vulnerabilities {
        match serde_json::from_str::<Item>(raw.get()) {
            Ok(item) if is_id(&item.cve.id) => {
                out.records += 1;
                let id = item.cve.id.clone();
                if out.wanted.contains(&id) {
                    out.add_cve(&id, facts(item.cve));
                }
            }
            Ok(item) => out.quarantine(&item.cve.id, "it is no identifier"),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(())
}

/// NVD's times have no zone; they are UTC.
fn parse_time(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}Z")))
}

fn facts(cve: Cve) -> CveFacts {
    let english = cve.descriptions.iter().find(|description| description.lang == "en");
    let rejected = cve.vuln_status.is_some_and(|status| status.eq_ignore_ascii_case("rejected"));
    let versions = [(4, cve.metrics.v40), (3, cve.metrics.v31), (3, cve.metrics.v30), (2, cve.metrics.v2)];
    let cvss: Vec<Rated> = versions
        .into_iter()
        .flat_map(|(version, metrics)| metrics.into_iter().filter_map(move |metric| rate(version, &metric)))
        .collect();
    CveFacts {
        title: None,
        sentence: english.and_then(|description| first_sentence(&description.value)),
        cvss,
        published: cve.published.as_deref().and_then(parse_time),
        modified: cve.last_modified.as_deref().and_then(parse_time),
        references: cve.references.into_iter().map(|reference| reference.url).take(16).collect(),
        rejected,
        ..CveFacts::default()
    }
}

fn rate(version: u8, metric: &Metric) -> Option<Rated> {
    let rater = match metric.source.as_str() {
        "nvd@nist.gov" => Rater::Nvd,
        CISA => Rater::CisaAdp,
        _ => Rater::Cna,
    };
    rated(version, metric.cvss_data.base_score, &metric.cvss_data.vector_string, rater)
}
