//! One CVE record (schema 5.0 to 5.2, <https://cveproject.github.io/cve-schema/schema/docs/>).

use model::Timestamp;
use model::advisory::{Exploitation, KnownExploited};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::facts::{add_weaknesses, parse_date};
use crate::rating::CvssData;
use crate::record::{CveFacts, FileHarvest, Rated, Rater};
use crate::text::{TITLE, first_sentence, one_line};

/// CISA's organisation id in the CVE Program.
pub(crate) const CISA: &str = "134c704f-9b21-4f2e-91b3-4a467353bcc0";

const MAX_REFERENCES: usize = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    cve_metadata: HeadMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeadMetadata {
    cve_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CveRecord<'a> {
    cve_metadata: Metadata,
    #[serde(borrow)]
    containers: Containers<'a>,
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
struct Containers<'a> {
    #[serde(default, borrow)]
    cna: Container<'a>,
    #[serde(default, borrow)]
    adp: Vec<Container<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container<'a> {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    provider_metadata: Provider,
    #[serde(default)]
    descriptions: Vec<Description>,
    #[serde(default, borrow)]
    metrics: Vec<&'a RawValue>,
    #[serde(default)]
    problem_types: Vec<ProblemType>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    #[serde(default)]
    org_id: String,
    #[serde(default)]
    short_name: String,
    #[serde(default)]
    date_updated: Option<String>,
}

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct ProblemType {
    #[serde(default)]
    descriptions: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    #[serde(default)]
    cwe_id: Option<String>,
    #[serde(default)]
    description: String,
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
struct Other {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    content: serde_json::Value,
}

/// The decision points of an SSVC decision.
#[derive(Default, Deserialize)]
pub(crate) struct Options {
    #[serde(default)]
    options: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// The decision on exploitation; its name and its values occur with and without a capital.
pub(crate) fn exploitation_of(decision: &Options) -> Option<Exploitation> {
    let points = decision.options.iter().flatten();
    let words = points.filter(|(name, _)| name.eq_ignore_ascii_case("exploitation"));
    let read = |word: &str| match word.trim().to_ascii_lowercase().as_str() {
        "none" => Some(Exploitation::None),
        "poc" | "public poc" => Some(Exploitation::Poc),
        "active" => Some(Exploitation::Active),
        _ => None,
    };
    words.filter_map(|(_, value)| value.as_str().and_then(read)).max()
}

/// The id that a record names.
pub(super) fn id_of(text: &str) -> Result<String, serde_json::Error> {
    serde_json::from_str::<Head>(text).map(|head| head.cve_metadata.cve_id)
}

/// What the CNA says, and what CISA says if its container is there.
pub(super) fn read(
    text: &str,
    out: &mut FileHarvest<'_>,
) -> Result<(CveFacts, Option<CveFacts>), serde_json::Error> {
    let CveRecord { cve_metadata, containers } = serde_json::from_str(text)?;
    let Containers { cna, adp } = containers;
    let id = &cve_metadata.cve_id;
    let description = cna.descriptions.iter().find(|description| description.lang.starts_with("en"));
    let (title, sentence) = (cna.title.clone(), description.map(|description| description.value.clone()));
    let mut own = facts(id, cna, Rater::Cna, out);
    own.title = title.as_deref().and_then(|title| one_line(title, TITLE));
    own.sentence = sentence.as_deref().and_then(first_sentence);
    own.published = date(&cve_metadata.date_published);
    own.modified = date(&cve_metadata.date_updated);
    own.rejected = cve_metadata.state.eq_ignore_ascii_case("rejected");
    let cisa = adp.into_iter().find(|container| {
        let provider = &container.provider_metadata;
        provider.short_name == "CISA-ADP" || provider.org_id == CISA
    });
    let cisa = cisa.map(|container| {
        let modified = date(&container.provider_metadata.date_updated);
        let mut facts = facts(id, container, Rater::CisaAdp, out);
        facts.references.clear();
        facts.modified = modified;
        facts
    });
    Ok((own, cisa))
}

fn date(text: &Option<String>) -> Option<Timestamp> {
    text.as_deref().and_then(|text| parse_date(text, None))
}

/// What any container can say. A rating that cannot be is set aside by itself.
fn facts(id: &str, container: Container<'_>, rater: Rater, out: &mut FileHarvest<'_>) -> CveFacts {
    let urls = container.references.into_iter().map(|reference| reference.url);
    let mut facts = CveFacts { references: urls.take(MAX_REFERENCES).collect(), ..CveFacts::default() };
    for problem in container.problem_types.iter().flat_map(|problem| &problem.descriptions) {
        add_weaknesses(&mut facts.cwes, problem.cwe_id.as_deref().unwrap_or(&problem.description));
    }
    for raw in container.metrics {
        let metric: Metric = match serde_json::from_str(raw.get()) {
            Ok(metric) => metric,
            Err(error) => {
                out.quarantine(id, format!("one of its ratings: {error}"));
                continue;
            }
        };
        rate(id, &metric, rater, &mut facts, out);
        if let Some(other) = metric.other.filter(|_| rater == Rater::CisaAdp) {
            note(other, &mut facts);
        }
    }
    facts
}

fn rate(id: &str, metric: &Metric, rater: Rater, facts: &mut CveFacts, out: &mut FileHarvest<'_>) {
    let versions = [(4, &metric.v40), (3, &metric.v31), (3, &metric.v30), (2, &metric.v2)];
    for (version, data) in versions {
        let Some(data) = data else { continue };
        let rating: Option<Rated> = data.rate(version, rater);
        match rating {
            Some(rating) => facts.cvss.push(rating),
            None => out.quarantine(id, "one of its CVSS ratings has no score between 0 and 10"),
        }
    }
}

/// CISA's SSVC decision, and its note that the CVE is in the catalogue of exploited vulnerabilities.
fn note(other: Other, facts: &mut CveFacts) {
    match other.kind.as_str() {
        "ssvc" => {
            let decision: Options = serde_json::from_value(other.content).unwrap_or_default();
            facts.exploitation = facts.exploitation.max(exploitation_of(&decision));
        }
        "kev" => {
            let added = other.content.get("dateAdded").and_then(serde_json::Value::as_str);
            facts.known_exploited = Some(KnownExploited {
                added: added.and_then(|text| parse_date(text, None)),
                ..KnownExploited::default()
            });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn read_facts(containers: &str) -> (CveFacts, CveFacts, u64) {
        let text = format!(
            r#"{{"cveMetadata": {{"cveId": "CVE-2024-0001", "state": "PUBLISHED"}}, "containers": {containers}}}"#
        );
        let wanted = HashSet::new();
        let mut out = FileHarvest::new(&wanted);
        let (own, cisa) = read(&text, &mut out).unwrap();
        (own, cisa.unwrap_or_default(), out.quarantined_count)
    }

    fn ratings(facts: &CveFacts) -> Vec<(u8, Rater, f32)> {
        facts.cvss.iter().map(|rated| (rated.version, rated.rater, rated.cvss.base)).collect()
    }

    #[test]
    fn ratings_and_weaknesses_carry_their_rater_and_others_are_left_out() {
        let (own, cisa, quarantined) = read_facts(
            r#"{"cna": {"title": " A\n title", "problemTypes": [{"descriptions": [{"cweId": "CWE-79", "description": "x"}, {"description": "CWE-20: y"}, {"description": "n/a"}]}],
                        "metrics": [{"cvssV4_0": {"baseScore": 8.7, "vectorString": "v"}}, {"other": {"type": "x"}}]},
                "adp": [{"providerMetadata": {"shortName": "someone"}, "metrics": [{"cvssV3_1": {"baseScore": 1.0}}]},
                        {"providerMetadata": {"shortName": "CISA-ADP"}, "problemTypes": [{"descriptions": [{"cweId": "CWE-80"}]}],
                         "metrics": [{"cvssV3_1": {"baseScore": 9.8}}]}]}"#,
        );
        assert_eq!(ratings(&own), [(4, Rater::Cna, 8.7)]);
        assert_eq!(ratings(&cisa), [(3, Rater::CisaAdp, 9.8)]);
        assert_eq!((own.cwes, cisa.cwes), (vec!["CWE-79".into(), "CWE-20".into()], vec!["CWE-80".into()]));
        assert_eq!(own.title.as_deref(), Some("A title"));
        assert!(cisa.exploitation.is_none() && !own.rejected);
        assert_eq!(quarantined, 0);
    }

    #[test]
    fn a_rating_that_cannot_be_is_set_aside_by_itself() {
        let (own, _, quarantined) = read_facts(
            r#"{"cna": {"metrics": [{"cvssV3_1": {"baseScore": 11.0}}, {"cvssV3_1": {"baseScore": "high"}}, {"cvssV3_1": 7}, "x",
                {"cvssV3_1": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}}]}}"#,
        );
        assert_eq!(ratings(&own), [(3, Rater::Cna, 7.5)]);
        assert_eq!(quarantined, 4);
    }

    #[test]
    fn exploitation_is_read_in_every_spelling() {
        use Exploitation::{Active, None as Never, Poc};
        for (name, word, expected) in [
            ("Exploitation", "active", Some(Active)),
            ("exploitation", "Active", Some(Active)),
            ("Exploitation", "PoC", Some(Poc)),
            ("Exploitation", "none", Some(Never)),
            ("Exploitation", "maybe", None),
            ("Automatable", "active", None),
        ] {
            let metric = format!(
                r#"{{"other": {{"type": "ssvc", "content": {{"options": [{{"{name}": "{word}"}}, {{"Automatable": "no"}}]}}}}}}"#
            );
            let container = |name: &str| {
                format!(r#"{{"providerMetadata": {{"shortName": "{name}"}}, "metrics": [{metric}]}}"#)
            };
            let (_, cisa, _) = read_facts(&format!(r#"{{"adp": [{}]}}"#, container("CISA-ADP")));
            assert_eq!(cisa.exploitation, expected, "{name} {word}");
            let (own, _, _) = read_facts(&format!(r#"{{"cna": {}}}"#, container("other")));
            assert_eq!(own.exploitation, None, "only CISA's own decision counts");
        }
    }

    #[test]
    fn the_note_on_the_catalogue_of_exploited_vulnerabilities_is_kept() {
        let (_, cisa, _) = read_facts(
            r#"{"adp": [{"providerMetadata": {"orgId": "134c704f-9b21-4f2e-91b3-4a467353bcc0", "dateUpdated": "2024-06-19T17:13:08.969Z"},
                "metrics": [{"other": {"type": "kev", "content": {"dateAdded": "2022-03-03"}}}]}]}"#,
        );
        assert_eq!(cisa.known_exploited.unwrap().added, Timestamp::parse("2022-03-03"));
        assert_eq!(cisa.modified, Timestamp::parse("2024-06-19T17:13:08.969Z"));
    }
}
