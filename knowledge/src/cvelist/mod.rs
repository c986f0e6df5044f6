//! CVE 5.x records of the CVE Program (cvelistV5 zip, `cves/<year>/<N>xxx/CVE-*.json`), with CISA's container:
//! title, description, CVSS by the CNA and by CISA, SSVC, rejection.
//!
//! Used for facts about CVEs only; `affected` never decides a match here.

use model::Timestamp;
use serde::Deserialize;

use crate::input::{FeedFile, LIMITS, for_each_zip_member};
use crate::rating::rated;
use model::advisory::Exploitation;

use crate::record::{CveFacts, FileHarvest, Rated, Rater};
use crate::registry::Recognised;
use crate::text::{TITLE, first_sentence, is_id, one_line};

pub(crate) const FEED: &str = "cvelist";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CveRecord {
    cve_metadata: Metadata,
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    date_published: Option<String>,
    #[serde(default)]
    date_updated: Option<String>,
}

#[derive(Deserialize)]
struct Containers {
    #[serde(default)]
    cna: Container,
    #[serde(default)]
    adp: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    provider_metadata: Provider,
    #[serde(default)]
    descriptions: Vec<Description>,
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    #[serde(default)]
    short_name: String,
}

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct Metric {
    #[serde(rename = "cvssV4_0")]
    v40: Option<CvssData>,
    #[serde(rename = "cvssV3_1")]
    v31: Option<CvssData>,
    #[serde(rename = "cvssV3_0")]
    v30: Option<CvssData>,
    #[serde(rename = "cvssV2_0")]
    v2: Option<CvssData>,
    #[serde(default)]
    other: Option<Other>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
    #[serde(default)]
    vector_string: String,
    base_score: f64,
}

#[derive(Deserialize)]
struct Other {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    content: serde_json::Value,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let named = file.name.contains("_CVEs") || file.name.contains("cvelist");
    Recognised::when(file.is("zip") && (named || file.folder() == "cvelist"))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let is_record = |name: &str| {
        name.rsplit('/').next().is_some_and(|name| name.starts_with("CVE-") && name.ends_with(".json"))
    };
    for_each_zip_member(&file.path, &LIMITS, out, is_record, |name, text, out| {
        let record: CveRecord = match serde_json::from_str(text) {
            Ok(record) => record,
            Err(error) => return out.quarantine(name, error),
        };
        if !is_id(&record.cve_metadata.cve_id) {
            return out.quarantine(name, "it has no usable id");
        }
        out.records += 1;
        let id = record.cve_metadata.cve_id.clone();
        if out.wanted.contains(&id) {
            out.add_cve(&id, facts(record));
        }
    })?;
    out.date = file.date();
    if out.records == 0 && out.quarantined_count == 0 {
        return Err("it holds no CVE records; an archive inside an archive must be unpacked once".into());
    }
    Ok(())
}

fn facts(record: CveRecord) -> CveFacts {
    let Containers { cna, adp } = record.containers;
    let cisa = adp.into_iter().find(|container| container.provider_metadata.short_name == "CISA-ADP");
    let description = cna.descriptions.iter().find(|description| description.lang.starts_with("en"));
    let mut cvss = ratings(&cna.metrics, Rater::Cna);
    let mut active = false;
    if let Some(cisa) = &cisa {
        cvss.extend(ratings(&cisa.metrics, Rater::CisaAdp));
        active = cisa.metrics.iter().filter_map(|metric| metric.other.as_ref()).any(is_active);
    }
    let metadata = record.cve_metadata;
    CveFacts {
        title: cna.title.as_deref().and_then(|title| one_line(title, TITLE)),
        sentence: description.and_then(|description| first_sentence(&description.value)),
        cvss,
        published: metadata.date_published.as_deref().and_then(Timestamp::parse),
        modified: metadata.date_updated.as_deref().and_then(Timestamp::parse),
        references: cna.references.into_iter().map(|reference| reference.url).take(16).collect(),
        rejected: metadata.state.eq_ignore_ascii_case("rejected"),
        exploitation: active.then_some(Exploitation::Active),
        ..CveFacts::default()
    }
}

fn ratings(metrics: &[Metric], rater: Rater) -> Vec<Rated> {
    let mut found = Vec::new();
    for metric in metrics {
        let versions = [(4, &metric.v40), (3, &metric.v31), (3, &metric.v30), (2, &metric.v2)];
        for (version, data) in versions {
            if let Some(data) = data {
                found.extend(rated(version, data.base_score, &data.vector_string, rater));
            }
        }
    }
    found
}

/// SSVC `Exploitation: active`; both spellings of the value occur.
fn is_active(other: &Other) -> bool {
    let options = other.content.get("options").and_then(serde_json::Value::as_array);
    let value = |option: &serde_json::Value| {
        option.get("Exploitation").and_then(serde_json::Value::as_str).map(str::to_ascii_lowercase)
    };
    other.kind == "ssvc"
        && options.is_some_and(|options| options.iter().filter_map(value).any(|word| word == "active"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_facts(containers: &str) -> CveFacts {
        let text = format!(
            r#"{{"cveMetadata": {{"cveId": "CVE-2024-0001", "state": "PUBLISHED"}}, "containers": {containers}}}"#
        );
        facts(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn ratings_carry_their_rater_and_others_are_left_out() {
        let facts = read_facts(
            r#"{"cna": {"title": " A\n title", "metrics": [{"cvssV4_0": {"baseScore": 8.7, "vectorString": "v"}}, {"other": {"type": "x"}}]},
                "adp": [{"providerMetadata": {"shortName": "someone"}, "metrics": [{"cvssV3_1": {"baseScore": 1.0}}]},
                        {"providerMetadata": {"shortName": "CISA-ADP"}, "metrics": [{"cvssV3_1": {"baseScore": 9.8}}]}]}"#,
        );
        let ratings: Vec<_> =
            facts.cvss.iter().map(|rated| (rated.version, rated.rater, rated.cvss.base)).collect();
        assert_eq!(ratings, [(4, Rater::Cna, 8.7), (3, Rater::CisaAdp, 9.8)]);
        assert_eq!(facts.title.as_deref(), Some("A title"));
        assert!(facts.exploitation.is_none() && !facts.rejected);
    }

    #[test]
    fn active_exploitation_is_read_in_both_spellings() {
        for (word, active) in [("active", true), ("Active", true), ("poc", false)] {
            let metric = format!(
                r#"{{"other": {{"type": "ssvc", "content": {{"options": [{{"Exploitation": "{word}"}}, {{"Automatable": "no"}}]}}}}}}"#
            );
            let facts = read_facts(&format!(
                r#"{{"adp": [{{"providerMetadata": {{"shortName": "CISA-ADP"}}, "metrics": [{metric}]}}]}}"#
            ));
            assert_eq!(facts.exploitation.is_some(), active, "{word}");
        }
    }
}
