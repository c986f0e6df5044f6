//! Credentials in the config of an image: environment, labels, commands of the history and of the container. They are
//! reported, and masked where they stood.

use model::{ImageFacts, SecretRecord};

use super::rule::Kind;
use super::scrub::mask_in;
use super::search::is_secret_name;

/// Masks the credentials of the config and gives what was found; layers are numbered among those that have a diff-id.
pub(crate) fn redact(image: &mut ImageFacts) -> Vec<SecretRecord> {
    let mut records = Vec::new();
    for variable in &mut image.environment {
        let name = variable.split('=').next().unwrap_or_default();
        let place = format!("config:env/{name}");
        text(variable, Kind::Environment, &place, None, &mut records);
    }
    for label in &mut image.labels {
        text(&mut label.key, Kind::Text, "config:label", None, &mut records);
        let place = format!("config:label/{}", label.key);
        text(&mut label.value, Kind::Text, &place, None, &mut records);
    }
    for (name, words) in
        [("entrypoint", &mut image.runtime.entrypoint), ("command", &mut image.runtime.command)]
    {
        let mut flag = String::new();
        for (number, word) in words.iter_mut().enumerate() {
            let place = format!("config:{name}/{number}");
            match flag.is_empty() {
                true => text(word, Kind::Environment, &place, None, &mut records),
                false => value(&flag, word, &place, &mut records),
            }
            flag = secret_flag(word).unwrap_or_default();
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
    let runtime = &mut image.runtime;
    text(&mut runtime.user, Kind::Text, "config:user", None, &mut records);
    text(&mut runtime.working_dir, Kind::Text, "config:working-dir", None, &mut records);
    for (number, volume) in runtime.volumes.iter_mut().enumerate() {
        text(volume, Kind::Text, &format!("config:volume/{number}"), None, &mut records);
    }
    records
}

/// The name of a variable that says the same as a flag whose value is the next word: `--db-password` gives `DB_PASSWORD`.
fn secret_flag(word: &str) -> Option<String> {
    let name = word.strip_prefix('-')?.trim_start_matches('-').replace('-', "_").to_ascii_uppercase();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && is_secret_name(&name)).then_some(name)
}

/// Masks the value of a flag by the rules of a variable.
fn value(flag: &str, word: &mut String, place: &str, records: &mut Vec<SecretRecord>) {
    let mut variable = format!("{flag}={word}");
    text(&mut variable, Kind::Environment, place, None, records);
    *word = match variable.strip_prefix(flag).and_then(|rest| rest.strip_prefix('=')) {
        Some(masked) => masked.to_owned(),
        None => variable,
    };
}

fn text(text: &mut String, kind: Kind, place: &str, layer: Option<u32>, records: &mut Vec<SecretRecord>) {
    mask_in(text, kind, |fact| {
        let (rule, title, severity) = (fact.rule, fact.title, fact.severity);
        let path = place.to_owned();
        records.push(SecretRecord { path, line: 0, rule, title, severity, masked: fact.masked, layer });
    });
}
