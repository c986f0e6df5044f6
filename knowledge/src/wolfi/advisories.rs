//! The original advisories (`<package>.advisories.yaml`, schema 2: <https://github.com/wolfi-dev/advisories>), single or in a
//! tar archive.
//!
//! An advisory is about one source package and one flaw, and tells what happened in order; the last event counts. Only a
//! determination, a fix or a plan is a position: a detection is a scanner's word that nobody has looked at yet.

use std::sync::Arc;

use model::{Digest, FixState, Named, NamespaceFamily, Timestamp};
use serde::Deserialize;
use serde_saphyr::options::NonFiniteFloatPolicy;

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::record::{FileHarvest, Record, Statement};
use crate::registry::Recognised;
use crate::text::{is_id, is_name, is_version, one_line};

use super::PAGE;

pub(crate) const FEED: &str = "wolfi-advisories";

/// Letters of a note that are kept.
const NOTE: usize = 200;

#[derive(Deserialize)]
struct Document {
    package: Package,
    #[serde(default)]
    advisories: Option<Vec<Advisory>>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

#[derive(Deserialize)]
struct Advisory {
    #[serde(default)]
    id: String,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    timestamp: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Clone, Default, Deserialize)]
struct Data {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    note: Option<String>,
    #[serde(rename = "fixed-version", default)]
    fixed_version: Option<String>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let archive = file.name.starts_with("wolfi-advisories") && file.name.contains(".tar");
    Recognised::when(archive || is_document(&file.name))
}

fn is_document(name: &str) -> bool {
    name.ends_with(".advisories.yaml")
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let chainguard = file.parents.iter().any(|folder| folder.to_ascii_lowercase().contains("chainguard"));
    let namespace: Arc<str> = if chainguard { "chainguard" } else { "wolfi" }.into();
    if is_document(&file.name) {
        add(&read_document(&file.path, &LIMITS)?, &namespace, out)?;
    } else {
        for_each_tar_member(&file.path, &LIMITS, out, is_document, |name, text, out| {
            if let Err(reason) = add(text, &namespace, out) {
                out.quarantine(name, reason);
            }
        })?;
    }
    out.date = file.date();
    Ok(())
}

/// Takes over a document; an advisory that makes no sense is quarantined.
fn add(text: &str, namespace: &Arc<str>, out: &mut FileHarvest<'_>) -> Result<(), String> {
    // A component's id is hexadecimal and looks like a number now and then, such as 5e01539330380570.
    let options = serde_saphyr::options! { non_finite_float_policy: NonFiniteFloatPolicy::AsString };
    let document: Document =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())?;
    let package = document.package.name;
    if !is_name(&package) {
        return Err("it names no package".into());
    }
    let digest = Digest::of(text.as_bytes());
    for advisory in document.advisories.unwrap_or_default() {
        let place = format!("{package} {}", advisory.id);
        match record(&package, advisory, namespace) {
            Ok(mut record) => {
                record.digest = Some(digest);
                out.records += 1;
                out.harvest.records.push(record);
            }
            Err(reason) => out.quarantine(&place, reason),
        }
    }
    Ok(())
}

fn record(package: &str, advisory: Advisory, namespace: &Arc<str>) -> Result<Record, String> {
    let mut ids: Vec<String> = vec![advisory.id];
    ids.extend(advisory.aliases.unwrap_or_default());
    ids.retain(|id| is_id(id));
    let mut ids = ids.into_iter();
    let id = ids.next().ok_or("it has no identifier")?;
    let mut events: Vec<(Option<Timestamp>, Event)> = advisory
        .events
        .unwrap_or_default()
        .into_iter()
        .map(|event| (Timestamp::parse(&event.timestamp), event))
        .collect();
    // Stable: of events at one moment the last in the file is the last.
    events.sort_by_key(|(moment, _)| *moment);
    let mut record = Record::new(NamespaceFamily::Wolfi, FEED, id);
    record.aliases = ids.collect();
    record.references.push(format!("{PAGE}{}", record.id));
    record.published = events.iter().find_map(|(moment, _)| *moment);
    record.modified = events.last().and_then(|(moment, _)| *moment);
    let (_, last) = events.pop().ok_or("nothing happened to it")?;
    let statement = Statement::new(Arc::clone(namespace), package.to_owned(), Named::Source);
    record.statements.push(position(statement, &last.kind, last.data.unwrap_or_default())?);
    Ok(record)
}

/// What an event says.
fn position(said: Statement, event: &str, data: Data) -> Result<Statement, String> {
    let note = data.note.as_deref().and_then(|note| one_line(note, NOTE));
    let (mut statement, note) = match event {
        "fixed" => match data.fixed_version {
            Some(version) if version == "0" => (said.not_affected(), None),
            Some(version) if is_version(&version) => (said.fixed_in(version), None),
            _ => return Err("it is fixed without a version".into()),
        },
        // The reason is one of a few fixed words, better than the prose beside it.
        "false-positive-determination" => {
            (said.not_affected(), data.kind.and_then(|kind| one_line(&kind, NOTE)).or(note))
        }
        "true-positive-determination" => (said.affects_everything(FixState::Affected), note),
        "pending-upstream-fix" => (
            said.affects_everything(FixState::Affected),
            note.or_else(|| Some("Pending upstream fix".into())),
        ),
        "fix-not-planned" => (said.affects_everything(FixState::WillNotFix), note),
        "analysis-not-planned" => (
            said.affects_everything(FixState::Affected),
            note.or_else(|| Some("Analysis not planned".into())),
        ),
        "detection" => (said.affects_everything(FixState::UnderInvestigation), None),
        other => return Err(format!("event `{other}` is not known")),
    };
    statement.note = note;
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(event: &str, data: Data) -> Option<(FixState, Option<String>, Option<String>)> {
        let statement = Statement::new("wolfi".into(), "p".into(), Named::Source);
        let statement = position(statement, event, data).ok()?;
        Some((statement.state, statement.fix_version, statement.note))
    }

    #[test]
    fn every_event_is_a_position() {
        let note = || Data { note: Some("Some\n words".into()), ..Data::default() };
        let words = || Some("Some words".to_owned());
        assert_eq!(said("pending-upstream-fix", note()), Some((FixState::Affected, None, words())));
        assert_eq!(said("true-positive-determination", note()), Some((FixState::Affected, None, words())));
        assert_eq!(said("fix-not-planned", note()), Some((FixState::WillNotFix, None, words())));
        assert_eq!(said("analysis-not-planned", note()), Some((FixState::Affected, None, words())));
        assert_eq!(said("detection", note()), Some((FixState::UnderInvestigation, None, None)));
        let refuted = Data { kind: Some("inline-mitigations-exist".into()), ..note() };
        let reason = Some("inline-mitigations-exist".to_owned());
        assert_eq!(
            said("false-positive-determination", refuted),
            Some((FixState::NotAffected, None, reason))
        );
        let fixed = |version: &str| Data { fixed_version: Some(version.into()), ..note() };
        assert_eq!(said("fixed", fixed("1.2-r0")), Some((FixState::Fixed, Some("1.2-r0".into()), None)));
        assert_eq!(said("fixed", fixed("0")), Some((FixState::NotAffected, None, None)));
        assert_eq!(said("fixed", note()), None);
        assert_eq!(said("perhaps", note()), None);
    }
}
