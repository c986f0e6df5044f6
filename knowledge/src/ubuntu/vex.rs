//! Canonical's OpenVEX (`vex-all.tar.xz` or its files unpacked): one document a CVE, and one a security notice.
//!
//! What it is for: Canonical's position on a source package in a release (affected and why it is not fixed, not affected,
//! not looked into yet), and the versions of its notices. The decision a reader may doubt: `fixed` in a document on a CVE
//! states nothing. Its products carry the version that is current when the document is written, which is often
//! newer than the one that brought the fix; Canonical's OSV and CVE tracker name that one.

use std::sync::Arc;

use model::{Digest, FixState, Named, NamespaceFamily, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::namespace_of_series;
use crate::input::{FeedFile, LIMITS, for_each_tar_member, open_decompressed, read_document};
use crate::oval::cve_in;
use crate::record::{FileHarvest, Record, Statement};
use crate::registry::Recognised;
use crate::text::{first_sentence, is_id, is_name, is_version, one_line};

pub(crate) const FEED: &str = "ubuntu-vex";
/// Notices name every fix again; of two that fix one flaw the later names the later version, so they are weak.
pub(crate) const NOTICES: &str = "ubuntu-vex-notices";

/// Characters of a reason.
const REASON: usize = 160;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    statements: Vec<&'a RawValue>,
    #[serde(default)]
    timestamp: Option<String>,
    /// Until 2025 the head stood in an object of its own.
    #[serde(default)]
    metadata: Option<Head>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    vulnerability: Vulnerability,
    status: String,
    #[serde(default)]
    products: Vec<Product>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    action_statement: Option<String>,
    #[serde(default)]
    status_notes: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(rename = "@id")]
    id: String,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let is_archive = file.name.starts_with("vex-all.tar");
    Recognised::when(is_archive || (file.name.starts_with("CVE-") && is_canonicals(file)))
}

pub(crate) fn recognise_notice(file: &FeedFile) -> Recognised {
    Recognised::when(file.name.starts_with("USN-") && is_canonicals(file))
}

/// Whether a JSON file is a statement of Canonical's; other publishers name their files after CVEs too.
fn is_canonicals(file: &FeedFile) -> bool {
    use std::io::Read as _;
    let mut head = Vec::new();
    let read = file.is("json")
        && open_decompressed(&file.path).is_ok_and(|r| r.take(1024).read_to_end(&mut head).is_ok());
    let head = String::from_utf8_lossy(&head);
    read && head.contains("openvex.dev") && head.contains("Canonical")
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    if file.is("json") {
        let text = read_document(&file.path, &LIMITS)?;
        out.date = document(&file.name, &text, out).or_else(|| file.date());
        return Ok(());
    }
    let mut newest: Option<Timestamp> = None;
    for_each_tar_member(
        &file.path,
        &LIMITS,
        out,
        |name| name.ends_with(".json"),
        |name, text, out| newest = newest.max(document(name, text, out)),
    )?;
    out.date = newest.or_else(|| file.date());
    Ok(())
}

/// Reads one document; gives its date.
fn document(name: &str, text: &str, out: &mut FileHarvest<'_>) -> Option<Timestamp> {
    let document: Document<'_> = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            out.quarantine(name, error);
            return None;
        }
    };
    let stamp = document.timestamp.or(document.metadata.and_then(|head| head.timestamp));
    let made = stamp.as_deref().and_then(day);
    let mut record: Option<Record> = None;
    for raw in document.statements {
        let said: Said = match serde_json::from_str(raw.get()) {
            Ok(said) => said,
            Err(error) => {
                out.quarantine(name, error);
                continue;
            }
        };
        if !is_id(&said.vulnerability.name) {
            out.quarantine(name, "its vulnerability has no identifier");
            continue;
        }
        let record = record.get_or_insert_with(|| record_of(&said, text, made));
        if record.id != said.vulnerability.name {
            out.quarantine(name, "it speaks of more than one vulnerability");
            continue;
        }
        if let Err(reason) = add(record, &said) {
            out.quarantine(name, reason);
        }
    }
    out.records += 1;
    out.harvest.records.extend(record.filter(|record| !record.statements.is_empty()));
    made
}

fn record_of(said: &Said, text: &str, made: Option<Timestamp>) -> Record {
    let id = said.vulnerability.name.clone();
    let is_notice = id.starts_with("USN-");
    let feed = if is_notice { NOTICES } else { FEED };
    let page = if is_notice { "notices/" } else { "" };
    let mut record = Record::new(NamespaceFamily::Ubuntu, feed, id);
    record.references = vec![format!("https://ubuntu.com/security/{page}{}", record.id)];
    if is_notice {
        let cves = said.vulnerability.aliases.iter().filter_map(|alias| cve_in(alias));
        record.aliases = cves.map(str::to_owned).collect();
        record.aliases.sort();
        record.aliases.dedup();
    } else {
        let urls = said.vulnerability.aliases.iter().filter(|alias| alias.starts_with("http"));
        record
            .references
            .extend(urls.filter(|url| **url != record.references[0]).cloned().collect::<Vec<_>>());
    }
    record.sentence = said.vulnerability.description.as_deref().and_then(first_sentence);
    record.published = said.timestamp.as_deref().and_then(day);
    record.modified = made;
    record.digest = Some(Digest::of(text.as_bytes()));
    record
}

/// Adds what one statement says of source packages.
fn add(record: &mut Record, said: &Said) -> Result<(), String> {
    let is_notice = record.id.starts_with("USN-");
    for product in &said.products {
        let Some(source) = source(&product.id) else { continue };
        let statement = Statement::new(Arc::from(source.namespace.as_str()), source.name, Named::Source);
        let statement = match (said.status.as_str(), is_notice) {
            ("fixed", true) if is_version(&source.version) => statement.fixed_in(source.version),
            ("fixed", _) => continue,
            ("not_affected", _) => match said.impact_statement.as_deref() {
                Some(text) if text.contains("does not exist in the archive") => continue,
                _ => Statement { note: said.justification.clone(), ..statement.not_affected() },
            },
            ("affected", _) => {
                let words =
                    said.action_statement.as_deref().or(said.status_notes.as_deref()).unwrap_or_default();
                Statement { note: reason(words), ..statement.affects_everything(position(words)) }
            }
            ("under_investigation", _) => statement.affects_everything(FixState::UnderInvestigation),
            (other, _) => return Err(format!("status `{other}` is not known")),
        };
        record.statements.push(statement);
    }
    Ok(())
}

/// Canonical's set phrases.
fn position(words: &str) -> FixState {
    let has = |part: &str| words.contains(part);
    if has("decided to not fix") || has("decided not to fix") || has("will not be fixed") {
        FixState::WillNotFix
    } else if has("no longer supported") || has("end of life") {
        FixState::EndOfLife
    } else if has("deferred") {
        FixState::FixDeferred
    } else {
        FixState::Affected
    }
}

/// What stands behind the set phrase.
fn reason(words: &str) -> Option<String> {
    let (_, reason) = words.split_once("CVE Notes / justification:")?;
    one_line(reason, REASON)
}

struct Source {
    namespace: String,
    name: String,
    version: String,
}

/// `pkg:deb/ubuntu/curl@7.81.0-1ubuntu1.20?arch=source&distro=esm-infra/focal`; `None` for binary packages, which the source
/// package stands for, and for series that images are no releases of.
fn source(purl: &str) -> Option<Source> {
    let (path, qualifiers) = purl.strip_prefix("pkg:deb/ubuntu/")?.split_once('?')?;
    let qualifier =
        |key: &str| qualifiers.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    if qualifier("arch") != Some("source") {
        return None;
    }
    let (name, version) = path.split_once('@').unwrap_or((path, ""));
    let namespace = namespace_of_series(&decoded(qualifier("distro")?))?;
    Some(Source { namespace, name: decoded(name), version: decoded(version) })
        .filter(|source| is_name(&source.name))
}

/// Percent-decoded, as far as it is ASCII.
fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let code = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()).filter(u8::is_ascii);
        match code {
            Some(code) => {
                out.push(char::from(code));
                rest = &after[2..];
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out + rest
}

/// The day of `2025-02-06T16:37:20.173026`, `2025-03-26 02:44:10.025070` or `2025-02-05`.
fn day(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text.trim().get(..10)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_packages_are_told_with_release_and_stream() {
        let read = |purl: &str| {
            source(purl).map(|found| format!("{} {} {}", found.namespace, found.name, found.version))
        };
        let esm = "pkg:deb/ubuntu/curl@7.68.0-1ubuntu2.25+esm3?arch=source&distro=esm-infra/focal";
        assert_eq!(read(esm).as_deref(), Some("ubuntu:20.04:esm curl 7.68.0-1ubuntu2.25+esm3"));
        let coded = "pkg:deb/ubuntu/libsigc%2B%2B@1%3A2-1?distro=esm-apps%2Fjammy&arch=source";
        assert_eq!(read(coded).as_deref(), Some("ubuntu:22.04:esm libsigc++ 1:2-1"));
        assert_eq!(read("pkg:deb/ubuntu/curl@1?arch=amd64&distro=jammy"), None);
        assert_eq!(read("pkg:deb/ubuntu/curl@1?arch=source"), None);
        assert_eq!(decoded("a%zz%e4%2"), "a%zz%e4%2");
    }
}
