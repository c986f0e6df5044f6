//! SARIF 2.1.0 (OASIS standard, errata 01), as code scanning services read it: one rule for each vulnerability and each kind of
//! secret, one result for each place.
//!
//! The decision a reader may doubt: what is set aside is left out unless it is asked for, although the format has a word
//! for it (`suppressions`), because the services that take such files show those results as open ones. What could not be
//! read is a notification of the tool, so that an empty list of results is not taken for a whole look.

mod location;
mod rule;

use std::io::Write;

use model::Digest;
use serde::Serialize;
use serde_json::{Value, json};

use self::location::{Location, location};
use self::rule::{Rule, Rules};
use super::printable;
use crate::verdict::{Hit, Suppression, Verdict, word};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Outcome>,
    properties: RunProperties<'a>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    end_time_utc: String,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Value>,
    properties: Value,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunProperties<'a> {
    image_id: String,
    image_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    knowledge: Option<String>,
    source: &'a str,
    not_covered: usize,
}

/// Writes the log and a line end.
pub(super) fn write(out: &mut dyn Write, verdict: &Verdict<'_>, show_suppressed: bool) -> anyhow::Result<()> {
    let mut rules = Rules::default();
    for hit in verdict.findings.iter().chain(verdict.suppressed.iter().map(|(hit, _)| hit)) {
        rules.add_finding(*hit);
    }
    let aside = verdict.suppressed_secrets.iter().map(|(secret, _)| secret);
    verdict.secrets.iter().chain(aside).for_each(|secret| rules.add_secret(secret));
    let rules = rules.finish();

    let mut results: Vec<Outcome> =
        verdict.findings.iter().map(|hit| finding(verdict, &rules, *hit, None)).collect();
    results.extend(verdict.secrets.iter().map(|secret| self::secret(verdict, &rules, secret, None)));
    if show_suppressed {
        let findings = verdict.suppressed.iter();
        results.extend(findings.map(|(hit, why)| finding(verdict, &rules, *hit, Some(why))));
        let secrets = verdict.suppressed_secrets.iter();
        results.extend(secrets.map(|(found, why)| secret(verdict, &rules, found, Some(why))));
    }
    let report = verdict.report;
    let names = report.image.references.iter().map(|name| {
        let tag = name.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        plain(&format!("{}/{}{tag}", name.registry, name.repository))
    });
    let run = Run {
        tool: Tool {
            driver: Driver { name: "Plimsoll", semantic_version: env!("CARGO_PKG_VERSION"), rules },
        },
        invocations: [Invocation {
            execution_successful: true,
            end_time_utc: report.scanned_at.to_rfc3339(),
            tool_execution_notifications: notifications(verdict),
        }],
        column_kind: "utf16CodeUnits",
        results,
        properties: RunProperties {
            image_id: report.image.id.to_string(),
            image_names: names.collect(),
            knowledge: verdict.knowledge.map(|bundle| bundle.to_string()),
            source: &report.source,
            not_covered: verdict.not_covered.len(),
        },
    };
    serde_json::to_writer(&mut *out, &Log { schema: SCHEMA, version: "2.1.0", runs: [run] })?;
    writeln!(out)?;
    Ok(())
}

/// What could not be read, and that nothing was judged, if so.
fn notifications(verdict: &Verdict<'_>) -> Vec<Notification> {
    let unjudged = verdict.knowledge.is_none().then(|| Notification {
        level: "warning",
        message: Message { text: "there was no vulnerability data: nothing was judged".into() },
        locations: Vec::new(),
    });
    let unreadable = verdict.report.unreadable.iter().map(|unreadable| Notification {
        level: "warning",
        message: Message { text: format!("could not be read: {}", printable(&unreadable.reason)) },
        locations: match unreadable.path.as_str() {
            "" => Vec::new(),
            path => vec![location(verdict.report, path, 0, unreadable.layer, None)],
        },
    });
    unjudged.into_iter().chain(unreadable).collect()
}

fn finding(verdict: &Verdict<'_>, rules: &[Rule], hit: Hit<'_>, why: Option<&Suppression>) -> Outcome {
    let (finding, subject) = (hit.finding, hit.subject);
    let id = &finding.vulnerability.id;
    let fix = match &finding.fix_version {
        Some(version) => format!("fixed in {version}"),
        None => "no fix is known".into(),
    };
    let declared = if subject.declared() { ", declared only" } else { "" };
    let (name, version) = (subject.name(), subject.version());
    let text = format!(
        "{name} {version} ({}{declared}) has {id}: {}; {fix}",
        subject.ecosystem(),
        finding.vulnerability.title
    );
    let parts = [id, subject.ecosystem(), name, subject.path()];
    Outcome {
        rule_index: rule::index(rules, id),
        rule_id: id.clone(),
        level: rule::level(finding.severity),
        message: Message { text: plain(&text) },
        locations: [location(verdict.report, subject.path(), 0, subject.layer(), Some(subject))],
        partial_fingerprints: json!({ "plimsollFinding/v1": fingerprint(&parts) }),
        suppressions: why.map(suppression).into_iter().collect(),
        properties: json!({
            "severity": word(finding.severity),
            "risk": finding.risk,
            "state": finding.state,
            "fixVersion": finding.fix_version,
            "inBase": verdict.in_base(subject.layer()),
        }),
    }
}

fn secret(
    verdict: &Verdict<'_>,
    rules: &[Rule],
    secret: &model::SecretRecord,
    why: Option<&Suppression>,
) -> Outcome {
    let id = rule::id_of_secret(secret);
    let parts = [&*id, &secret.path, &secret.masked];
    Outcome {
        rule_index: rule::index(rules, &id),
        level: rule::level(secret.severity),
        message: Message { text: plain(&format!("{}: {}", secret.title, secret.masked)) },
        locations: [location(verdict.report, &secret.path, secret.line, secret.layer, None)],
        partial_fingerprints: json!({ "plimsollSecret/v1": fingerprint(&parts) }),
        suppressions: why.map(suppression).into_iter().collect(),
        properties: json!({ "severity": word(secret.severity), "inBase": verdict.in_base(secret.layer) }),
        rule_id: id,
    }
}

/// SARIF 2.1.0, §3.35.
fn suppression(why: &Suppression) -> Value {
    json!({
        "kind": "external",
        "status": "accepted",
        "justification": plain(&format!("{} ({}): {}", why.status, why.source, why.words())),
    })
}

/// What stays equal when a package comes in a newer version that is no better, so that a service knows the result again.
fn fingerprint(parts: &[&str]) -> String {
    Digest::of(parts.join("\u{0}").as_bytes()).to_hex()
}

fn plain(text: &str) -> String {
    printable(text).into_owned()
}
