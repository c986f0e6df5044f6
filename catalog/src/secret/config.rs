//! Credentials in the config of an image: environment, labels, commands of the history and of the container. They are
//! reported, and masked where they stood.

use model::{ImageFacts, SecretRecord};

use super::rule::Kind;
use super::search::search;

/// Masks the credentials of the config and gives what was found; layers are numbered among those that have a diff-id.
pub(crate) fn redact(image: &mut ImageFacts) -> Vec<SecretRecord> {
    let mut records = Vec::new();
    for variable in &mut image.environment {
        let name = variable.split('=').next().unwrap_or_default();
        let place = format!("config:env/{name}");
        text(variable, Kind::Environment, &place, None, &mut records);
    }
    for label in &mut image.labels {
        let place = format!("config:label/{}", label.key);
        text(&mut label.value, Kind::Text, &place, None, &mut records);
    }
    for (name, words) in
        [("entrypoint", &mut image.runtime.entrypoint), ("command", &mut image.runtime.command)]
    {
        for (number, word) in words.iter_mut().enumerate() {
            text(word, Kind::Environment, &format!("config:{name}/{number}"), None, &mut records);
        }
    }
    let mut layers = 0;
    for (number, layer) in image.layers.iter_mut().enumerate() {
        let own = layer.diff_id.as_ref().map(|_| layers);
        layers += u32::from(own.is_some());
        let place = format!("config:history/{number}");
        text(&mut layer.created_by, Kind::Environment, &place, own, &mut records);
        text(&mut layer.comment, Kind::Environment, &place, own, &mut records);
    }
    text(&mut image.author, Kind::Text, "config:author", None, &mut records);
    records
}

fn text(text: &mut String, kind: Kind, place: &str, layer: Option<u32>, records: &mut Vec<SecretRecord>) {
    let found = search(text.as_bytes(), kind);
    if found.is_empty() {
        return;
    }
    let mut masked: Vec<u8> = Vec::with_capacity(text.len());
    let mut copied = 0;
    for one in found {
        let fact = one.fact(text.as_bytes());
        masked.extend_from_slice(&text.as_bytes()[copied..one.place().start]);
        masked.extend_from_slice(fact.masked.as_bytes());
        copied = one.place().end;
        // of a key, what follows its label is the secret
        if matches!(fact.rule.as_str(), "private-key" | "putty-private-key") {
            copied = text.len();
        }
        let (rule, title, severity) = (fact.rule, fact.title, fact.severity);
        let path = place.to_owned();
        records.push(SecretRecord { path, line: 0, rule, title, severity, masked: fact.masked, layer });
        if copied == text.len() {
            break;
        }
    }
    masked.extend_from_slice(&text.as_bytes()[copied..]);
    *text = String::from_utf8_lossy(&masked).into_owned();
}
