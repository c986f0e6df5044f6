//! The rules of a log: one for each vulnerability and each kind of secret, SARIF 2.1.0 §3.49.

use std::collections::BTreeMap;

use model::{SecretRecord, Severity, Vulnerability};
use serde::Serialize;
use serde_json::{Value, json};

use crate::output::printable;
use crate::verdict::{Hit, word};

/// The longest short description that services take.
const SHORT: usize = 1000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) id: String,
    name: &'static str,
    short_description: Value,
    full_description: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    help: Value,
    default_configuration: Value,
    properties: Value,
}

/// Rules under construction, by their ids: with the highest severity of all their results.
#[derive(Default)]
pub(super) struct Rules<'a>(BTreeMap<String, (Severity, Kind<'a>)>);

#[derive(Clone, Copy)]
enum Kind<'a> {
    Vulnerability(&'a Vulnerability),
    Secret(&'a SecretRecord),
}

impl<'a> Rules<'a> {
    pub(super) fn add_finding(&mut self, hit: Hit<'a>) {
        let finding = hit.finding;
        let known = &*finding.vulnerability;
        self.add(&known.id, finding.severity, Kind::Vulnerability(known));
    }

    pub(super) fn add_secret(&mut self, secret: &'a SecretRecord) {
        self.add(&id_of_secret(secret), secret.severity, Kind::Secret(secret));
    }

    fn add(&mut self, id: &str, severity: Severity, kind: Kind<'a>) {
        match self.0.get_mut(id) {
            Some((highest, _)) => *highest = severity.max(*highest),
            None => {
                self.0.insert(id.to_owned(), (severity, kind));
            }
        }
    }

    /// Sorted by id.
    pub(super) fn finish(self) -> Vec<Rule> {
        self.0.into_iter().map(|(id, (severity, kind))| rule(id, severity, kind)).collect()
    }
}

/// The place of a rule that is there.
pub(super) fn index(rules: &[Rule], id: &str) -> usize {
    rules.binary_search_by(|rule| rule.id.as_str().cmp(id)).expect("every result has added its rule")
}

/// Rules of secrets have names of their own, apart from those of vulnerabilities.
pub(super) fn id_of_secret(secret: &SecretRecord) -> String {
    format!("secret/{}", secret.rule)
}

/// SARIF 2.1.0 §3.27.10.
pub(super) fn level(severity: Severity) -> &'static str {
    match severity.get() {
        4 | 5 => "error",
        3 => "warning",
        _ => "note",
    }
}

/// The score that services sort by, as text. It lies in the CVSS band of our severity: the base score if that does,
/// else the middle of the band, so that a service shows the same word as we do.
fn score(severity: Severity, known: Option<&Vulnerability>) -> String {
    let bases = known.into_iter().flat_map(|known| [&known.cvss3, &known.cvss2]).flatten();
    let fitting = bases.map(|cvss| cvss.base).find(|base| Severity::of_cvss(*base) == severity);
    let middle = match severity.get() {
        5 => 9.5,
        4 => 8.0,
        3 => 5.5,
        2 => 2.0,
        _ => 0.0,
    };
    format!("{:.1}", fitting.unwrap_or(middle))
}

fn rule(id: String, severity: Severity, kind: Kind<'_>) -> Rule {
    let (name, title, known) = match kind {
        Kind::Vulnerability(known) => ("VulnerablePackage", &known.title, Some(known)),
        Kind::Secret(secret) => ("Secret", &secret.title, None),
    };
    let title = printable(title).into_owned();
    let help_uri = known.and_then(|known| known.references.iter().find(|uri| is_web_address(uri))).cloned();
    let (text, markdown) = help(&id, &title, severity, kind, help_uri.as_deref());
    let what = if known.is_some() { "vulnerability" } else { "secret" };
    let mut properties = json!({
        "precision": "very-high",
        "security-severity": score(severity, known),
        "tags": ["security", what, word(severity)],
    });
    if let (Some(known), Some(object)) = (known, properties.as_object_mut()) {
        object.insert("aliases".into(), json!(known.aliases));
        object.insert("qid".into(), json!(known.qid));
        object.insert("knownExploited".into(), json!(known.known_exploited.is_some()));
    }
    Rule {
        id,
        name,
        short_description: json!({ "text": title.chars().take(SHORT).collect::<String>() }),
        full_description: json!({ "text": title.chars().take(SHORT).collect::<String>() }),
        help_uri,
        help: json!({ "text": text, "markdown": markdown }),
        default_configuration: json!({ "level": level(severity) }),
        properties,
    }
}

/// The same in plain text and in Markdown. Which version has a fix stands in the results: it differs by package.
fn help(id: &str, title: &str, severity: Severity, kind: Kind<'_>, uri: Option<&str>) -> (String, String) {
    let advice = match kind {
        Kind::Vulnerability(_) => "Each result names the version that ends it, if there is one.",
        Kind::Secret(_) => {
            "Revoke it, and take it out of the layer that brought it in: a later layer only hides it."
        }
    };
    let (word, title) = (word(severity), title.trim_end_matches('.'));
    let see = uri.map(|uri| format!(" See {uri}")).unwrap_or_default();
    let link = match uri {
        Some(uri) => format!("[{}](<{uri}>)", escaped(id)),
        None => escaped(id),
    };
    let text = format!("{id} ({word}): {title}. {advice}{see}");
    (text, format!("**{link}** ({word})\n\n{}.\n\n{advice}", escaped(title)))
}

fn is_web_address(uri: &str) -> bool {
    (uri.starts_with("https://") || uri.starts_with("http://"))
        && uri.chars().all(|character| character.is_ascii_graphic() && !"<>\"{}|\\^`".contains(character))
}

/// Text that Markdown takes for text.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_ascii_punctuation() && !".,:;/-".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
