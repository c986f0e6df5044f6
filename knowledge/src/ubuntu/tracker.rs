//! The Ubuntu CVE tracker (<https://git.launchpad.net/ubuntu-cve-tracker>): one text file a CVE, with a line for every source
//! package and series.
//!
//! The decision a reader may doubt: `DNE` (the package does not exist in the series) states nothing, and neither do the
//! lines for `upstream` and `devel`, which are no release.

use std::sync::Arc;

use model::{Digest, FixState, Named, NamespaceFamily, Severity, Timestamp};

use super::namespace_of_series;
use crate::input::{FeedFile, LIMITS, for_each_tar_member, open_decompressed, read_document};
use crate::oval::ignored;
use crate::rating::rate_vector;
use crate::record::{FileHarvest, Rater, Record, Statement};
use crate::registry::Recognised;
use crate::text::{first_sentence, is_id, is_name, is_version, one_line};

pub(crate) const FEED: &str = "ubuntu-cve-tracker";

/// Characters of a reason.
const REASON: usize = 160;
const MAX_REFERENCES: usize = 16;

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let is_archive = file.name.starts_with("ubuntu-cve-tracker") && file.name.contains(".tar");
    Recognised::when(is_archive || (is_cve_file(&file.name) && is_of_tracker(file)))
}

/// Files are named `CVE-2020-0009`, without an extension.
fn is_cve_file(name: &str) -> bool {
    name.starts_with("CVE-") && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_of_tracker(file: &FeedFile) -> bool {
    use std::io::Read as _;
    let mut head = Vec::new();
    let read =
        open_decompressed(&file.path).is_ok_and(|reader| reader.take(4096).read_to_end(&mut head).is_ok());
    let head = String::from_utf8_lossy(&head);
    read && head.lines().any(|line| line.starts_with("Candidate:"))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    if is_cve_file(&file.name) {
        let text = read_document(&file.path, &LIMITS)?;
        document(&file.name, &text, out);
        return Ok(());
    }
    let wanted = |name: &str| {
        let mut parts = name.rsplit('/');
        parts.next().is_some_and(is_cve_file)
            && matches!(parts.next(), Some("active" | "retired" | "ignored"))
    };
    for_each_tar_member(&file.path, &LIMITS, out, wanted, |name, text, out| document(name, text, out))
}

/// A field with the lines that continue it.
struct Field<'a> {
    key: &'a str,
    value: &'a str,
    lines: Vec<&'a str>,
}

fn fields(text: &str) -> Vec<Field<'_>> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    for line in text.lines() {
        if line.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) || line.trim().is_empty() {
            if let Some(field) = fields.last_mut() {
                field.lines.push(line.trim());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            fields.push(Field { key: key.trim(), value: value.trim(), lines: Vec::new() });
        }
    }
    fields
}

fn document(name: &str, text: &str, out: &mut FileHarvest<'_>) {
    let fields = fields(text);
    let value = |key: &str| fields.iter().find(|field| field.key == key);
    let Some(id) = value("Candidate").map(|field| field.value).filter(|id| is_id(id)) else {
        return out.quarantine(name, "it names no candidate");
    };
    let mut record = Record::new(NamespaceFamily::Ubuntu, FEED, id.to_owned());
    record.digest = Some(Digest::of(text.as_bytes()));
    record.published = value("PublicDate").and_then(|field| Timestamp::parse(field.value.get(..10)?));
    let description = value("Description").map(|field| field.lines.join("\n"));
    record.sentence = description.as_deref().and_then(|text| first_sentence(text.trim()));
    record.references = vec![format!("https://ubuntu.com/security/{id}")];
    let listed = value("References").into_iter().flat_map(|field| &field.lines);
    let urls = listed.filter(|line| line.starts_with("http")).map(|line| (*line).to_owned());
    record.references.extend(urls.take(MAX_REFERENCES - 1));
    for line in value("CVSS").into_iter().flat_map(|field| &field.lines) {
        let Some((rater, vector)) = line.split_once(": ") else { continue };
        let rater = if rater == "nvd" { Rater::Nvd } else { Rater::Cna };
        record.cvss.extend(vector.split(' ').next().and_then(|vector| rate_vector(vector, rater)));
    }
    for field in &fields {
        match statement(field, &fields) {
            Ok(statement) => record.statements.extend(statement),
            Err(reason) => out.quarantine(&format!("{id} {}", field.key), reason),
        }
    }
    out.records += 1;
    if !record.statements.is_empty() {
        out.harvest.records.push(record);
    }
}

/// Reads `bionic_linux-oem: released (4.15.0-1080.90)`; nothing for other fields and for series that are no release.
fn statement(field: &Field<'_>, fields: &[Field<'_>]) -> Result<Option<Statement>, String> {
    let Some((series, package)) = field.key.split_once('_') else { return Ok(None) };
    let Some(namespace) = namespace_of_series(series) else { return Ok(None) };
    let (status, rest) = field.value.split_once([' ', '(']).unwrap_or((field.value, ""));
    let note = rest.trim().trim_start_matches('(').trim_end_matches(')').trim();
    if !is_name(package) {
        return Err("it names no package".into());
    }
    let said = Statement::new(Arc::from(namespace.as_str()), package.to_owned(), Named::Source);
    let open = |state| Some(said.clone().affects_everything(state));
    let ended = ignored(note) == FixState::EndOfLife;
    let statement = match status {
        "released" | "released-esm" if is_version(note) && !note.contains([' ', ',']) => {
            return Ok(Some(rated(said.fixed_in(note.to_owned()), package, fields)));
        }
        "released" | "released-esm" => return Err("it is released without a version".into()),
        "not-affected" => Some(said.not_affected()),
        "ignored" => open(ignored(note)),
        "needed" | "needs-triage" if ended => open(FixState::EndOfLife),
        "needed" | "active" | "pending" | "in-progress" | "vulnerable" => open(FixState::Affected),
        "needs-triage" => open(FixState::UnderInvestigation),
        "deferred" => open(FixState::FixDeferred),
        "DNE" | "" => None,
        other => return Err(format!("status `{other}` is not known")),
    };
    let note = one_line(note, REASON);
    Ok(statement.map(|said| rated(Statement { note, ..said }, package, fields)))
}

/// Adds the priority of the package, else of the CVE.
fn rated(mut statement: Statement, package: &str, fields: &[Field<'_>]) -> Statement {
    let of = |wanted: &dyn Fn(&str) -> bool| {
        let found = fields.iter().find(|field| wanted(field.key))?;
        Severity::of_rating(found.value.split(' ').next()?)
    };
    let own = of(&|key| key.strip_prefix("Priority_") == Some(package));
    statement.vendor = own.or_else(|| of(&|key| key == "Priority"));
    statement
}
