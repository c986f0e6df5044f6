//! NVD's CVE records in the envelope of the 2.0 feeds and API pages
//! (<https://nvd.nist.gov/developers/vulnerabilities>): CVSS by rater, weaknesses, description, dates, rejection, and the
//! copies of CISA's catalogue and SSVC decision.
//!
//! Used for facts about CVEs only; products (CPE) never decide a match here. NVD's own ratings and those that it quotes
//! are told apart by their source and not by `type`, which only says which one NVD displays first.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::Timestamp;
use model::advisory::KnownExploited;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cvelist::{CISA, Options, exploitation_of};
use crate::facts::{FactSource, add_weaknesses, is_cve, parse_date};
use crate::input::{FeedFile, LIMITS, for_each_zip_member, read_document};
use crate::rating::CvssData;
use crate::record::{CveFacts, FileHarvest, Rated, Rater};
use crate::registry::Recognised;
use crate::text::first_sentence;

pub(crate) const FEED: &str = "nvd";

const MAX_REFERENCES: usize = 16;

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(borrow, default, deserialize_with = "crate::json::some_list")]
    vulnerabilities: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    format: Option<String>,
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    cve: HeadCve<'a>,
}

#[derive(Deserialize)]
struct HeadCve<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    cve: Cve<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve<'a> {
    id: String,
    #[serde(default)]
    source_identifier: Option<String>,
    #[serde(default)]
    published: Option<String>,
    #[serde(default)]
    last_modified: Option<String>,
    #[serde(default)]
    vuln_status: Option<String>,
    #[serde(default)]
    cisa_exploit_add: Option<String>,
    #[serde(default)]
    cisa_action_due: Option<String>,
    #[serde(default)]
    descriptions: Vec<Text>,
    /// By kind, such as `cvssMetricV31` or `ssvcV203`.
    #[serde(default, borrow)]
    metrics: BTreeMap<Cow<'a, str>, &'a RawValue>,
    #[serde(default)]
    weaknesses: Vec<Weakness>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    url: String,
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
struct Ssvc {
    #[serde(default)]
    source: String,
    ssvc_data: Options,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    if file.name.starts_with("nvdcve-1") {
        return Recognised::NotUsed("the 1.x format is no longer published, use the 2.0 feeds".into());
    }
    if file.name.starts_with("nvdcve-2.0") && file.is("meta") {
        return Recognised::NotUsed("it holds the checksum of a feed".into());
    }
    let feed = file.name.starts_with("nvdcve-2.0") && (file.is("json") || file.is("zip"));
    let page = file.parents.iter().any(|folder| folder == "nvd") && file.is("json");
    Recognised::when(feed || page)
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    if !file.is("zip") {
        return read_page(&read_document(&file.path, &LIMITS)?, file, out);
    }
    let mut failed = None;
    let is_page = |name: &str| name.ends_with(".json");
    for_each_zip_member(&file.path, &LIMITS, out, is_page, |_, text, out| {
        if let Err(reason) = read_page(text, file, out) {
            failed.get_or_insert(reason);
        }
    })?;
    failed.map_or(Ok(()), Err)
}

fn read_page(text: &str, file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let page: Page<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let Some(vulnerabilities) = page.vulnerabilities else {
        let format = page.format.unwrap_or_default();
        return Err(format!("it holds no vulnerabilities (its format is \"{format}\")"));
    };
    out.date = page.timestamp.as_deref().and_then(|text| parse_date(text, None)).or_else(|| file.date());
    let as_of = out.date;
    for raw in vulnerabilities {
        match serde_json::from_str::<Head<'_>>(raw.get()) {
            Ok(head) if !is_cve(&head.cve.id) => out.quarantine(&head.cve.id, "it is no CVE"),
            Ok(head) if !out.wanted.contains(&*head.cve.id) => out.records += 1,
            Ok(_) => read_item(raw.get(), as_of, out),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(())
}

fn read_item(text: &str, as_of: Option<Timestamp>, out: &mut FileHarvest<'_>) {
    match serde_json::from_str::<Item<'_>>(text) {
        Ok(item) => {
            out.records += 1;
            let id = item.cve.id.clone();
            let facts = facts(item.cve, as_of, out);
            out.say(&id, FactSource::Nvd, facts);
        }
        Err(error) => out.quarantine(text, error),
    }
}

fn facts(cve: Cve<'_>, as_of: Option<Timestamp>, out: &mut FileHarvest<'_>) -> CveFacts {
    let date = |text: &Option<String>| text.as_deref().and_then(|text| parse_date(text, as_of));
    let english = cve.descriptions.iter().find(|description| description.lang.starts_with("en"));
    let rejected = cve.vuln_status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("rejected"));
    let known_exploited = cve.cisa_exploit_add.as_ref().map(|_| KnownExploited {
        added: date(&cve.cisa_exploit_add),
        due: cve.cisa_action_due.as_deref().and_then(|text| parse_date(text, None)),
        ransomware: false,
    });
    let mut facts = CveFacts {
        sentence: english.and_then(|description| first_sentence(&description.value)),
        published: date(&cve.published),
        modified: date(&cve.last_modified),
        references: cve.references.into_iter().map(|reference| reference.url).take(MAX_REFERENCES).collect(),
        rejected,
        known_exploited,
        ..CveFacts::default()
    };
    for description in cve.weaknesses.iter().flat_map(|weakness| &weakness.description) {
        add_weaknesses(&mut facts.cwes, &description.value);
    }
    let assigner = cve.source_identifier.as_deref().unwrap_or_default();
    for (version, kind) in
        [(4, "cvssMetricV40"), (3, "cvssMetricV31"), (3, "cvssMetricV30"), (2, "cvssMetricV2")]
    {
        if let Some(raw) = cve.metrics.get(kind) {
            facts.cvss.extend(ratings(&cve.id, version, assigner, raw, out));
        }
    }
    for (_, raw) in cve.metrics.iter().filter(|(kind, _)| kind.starts_with("ssvc")) {
        let decisions: Vec<Ssvc> = serde_json::from_str(raw.get()).unwrap_or_default();
        let own = decisions.iter().filter(|decision| decision.source == CISA);
        facts.exploitation =
            facts.exploitation.max(own.filter_map(|own| exploitation_of(&own.ssvc_data)).max());
    }
    facts
}

/// The ratings of one version of CVSS, those of the CVE's own assigner before other organisations'. One that cannot be
/// is set aside by itself.
fn ratings(id: &str, version: u8, assigner: &str, raw: &RawValue, out: &mut FileHarvest<'_>) -> Vec<Rated> {
    let Ok(metrics) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        out.quarantine(id, "its CVSS ratings are no list");
        return Vec::new();
    };
    let mut found = Vec::new();
    for raw in metrics {
        let metric: Option<Metric> = serde_json::from_str(raw.get()).ok();
        match metric.as_ref().and_then(|metric| Some((metric, rate(version, metric)?))) {
            Some((metric, rating)) => found.push((metric.source != assigner, rating)),
            None => out.quarantine(id, format!("its CVSS rating is none: {}", raw.get())),
        }
    }
    found.sort_by_key(|(foreign, _)| *foreign);
    found.into_iter().map(|(_, rating)| rating).collect()
}

fn rate(version: u8, metric: &Metric) -> Option<Rated> {
    let rater = match metric.source.as_str() {
        "nvd@nist.gov" => Rater::Nvd,
        CISA => Rater::CisaAdp,
        _ => Rater::Cna,
    };
    metric.cvss_data.rate(version, rater)
}
