//! The Debian security tracker's JSON (<https://security-tracker.debian.org/tracker/data/json>):
//! source package → CVE or TEMP id → release → status.
//!
//! Status and urgency are per release. This is Debian's statement of record; the tracker's lists ([`lists`]) tell what it
//! does not speak of: a package or release that is missing here says nothing.
//!
//! The decision a reader may doubt: `unimportant` is taken as an urgency (severity
//! rule d) although it is Debian's own word, because a flaw that is exploited elsewhere should not be hidden by it.

mod line;
pub(crate) mod lists;

use std::collections::BTreeMap;
use std::sync::Arc;

use model::distro::DEBIAN_RELEASES;
use model::{Digest, FixState, Named, NamespaceFamily, Severity};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::{FeedFile, LIMITS, read_document};
use crate::json;
use crate::record::{FileHarvest, Record, Statement};
use crate::registry::Recognised;
use crate::text::{TITLE, is_id, is_name, is_version, one_line};

pub(crate) const FEED: &str = "debian";

/// Where the tracker tells of a CVE or advisory.
const TRACKER: &str = "https://security-tracker.debian.org/tracker/";

/// The longest reason that is kept.
const NOTE: usize = 160;

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    debianbug: Option<u32>,
    #[serde(borrow, default)]
    releases: BTreeMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct Release {
    status: String,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: Option<String>,
    /// Why there is no advisory, in Debian's words.
    #[serde(default)]
    nodsa: Option<String>,
    #[serde(default)]
    nodsa_reason: Option<String>,
    /// The versions in the archive, by suite.
    #[serde(default)]
    repositories: BTreeMap<String, String>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let plain = matches!(file.name.as_str(), "json" | "json.gz");
    let named = file.name.starts_with("tracker-json") && file.is("json");
    if plain || named {
        return Recognised::Yes;
    }
    Recognised::No
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    out.date = file.date();
    let mut namespaces = Namespaces::default();
    for (package, raw) in json::entries(&text).map_err(|error| error.to_string())? {
        if !is_name(&package) {
            out.quarantine(&package, "it is no package name");
            continue;
        }
        match json::entries(raw.get()) {
            Ok(entries) => {
                for (id, raw) in entries {
                    read_entry(&package, &id, raw, &mut namespaces, out);
                }
            }
            Err(error) => out.quarantine(&package, error),
        }
    }
    Ok(())
}

fn read_entry(
    package: &str,
    id: &str,
    raw: &RawValue,
    namespaces: &mut Namespaces,
    out: &mut FileHarvest<'_>,
) {
    if !is_id(id) {
        return out.quarantine(id, format_args!("it is no identifier (package {package})"));
    }
    let entry: Entry<'_> = match serde_json::from_str(raw.get()) {
        Ok(entry) => entry,
        Err(error) => return out.quarantine(&format!("{package} {id}"), error),
    };
    let mut record = Record::new(NamespaceFamily::Debian, FEED, id.to_owned());
    record.sentence = entry.description.as_deref().and_then(|text| one_line(text, TITLE));
    record.references.push(format!("{TRACKER}{id}"));
    record.references.extend(entry.debianbug.map(|bug| format!("https://bugs.debian.org/{bug}")));
    record.digest = Some(Digest::of(raw.get().as_bytes()));
    for (codename, raw) in entry.releases {
        let statement = serde_json::from_str::<Release>(raw.get())
            .map_err(|error| error.to_string())
            .and_then(|release| state(package, namespaces.of(&codename), release));
        match statement {
            Ok(statement) => record.statements.push(statement),
            Err(reason) => out.quarantine(&format!("{package} {id} {codename}"), reason),
        }
    }
    out.records += 1;
    out.harvest.records.push(record);
}

/// Releases from before code names and numbers went together in [`DEBIAN_RELEASES`].
const OLD_RELEASES: [(&str, &str); 2] = [("lenny", "5"), ("etch", "4")];

/// Namespaces by code name, each made once.
#[derive(Default)]
struct Namespaces(BTreeMap<String, Arc<str>>);

impl Namespaces {
    /// `bookworm` → `debian:12`; a codename that this program does not know yet stays a codename.
    fn of(&mut self, codename: &str) -> Arc<str> {
        if let Some(namespace) = self.0.get(codename) {
            return Arc::clone(namespace);
        }
        let known = DEBIAN_RELEASES.iter().chain(&OLD_RELEASES).find(|(name, _)| *name == codename);
        let number = known.map_or(codename, |(_, number)| number);
        let namespace: Arc<str> = format!("debian:{number}").into();
        self.0.insert(codename.to_owned(), Arc::clone(&namespace));
        namespace
    }
}

/// What the tracker says about one release, in our terms.
fn state(package: &str, namespace: Arc<str>, release: Release) -> Result<Statement, String> {
    let urgency = release.urgency.unwrap_or_default();
    let urgency = urgency.trim().trim_end_matches('*');
    let said = Statement::new(namespace, package.to_owned(), Named::Source);
    let mut statement = match release.status.as_str() {
        "resolved" => match release.fixed_version {
            Some(fixed) if fixed == "0" => said.not_affected(),
            Some(fixed) if is_version(&fixed) => said.fixed_in(fixed),
            Some(_) => return Err("its fixed version is no version".into()),
            None => return Err("it is resolved without a fixed version".into()),
        },
        "open" => said.affects_everything(open_state(urgency, release.nodsa_reason.as_deref())),
        "undetermined" => said.affects_everything(FixState::UnderInvestigation),
        other => return Err(format!("status `{other}` is not known")),
    };
    statement.urgency = urgency_severity(urgency);
    statement.note = release.nodsa.as_deref().and_then(|reason| one_line(reason, NOTE));
    if statement.note.is_none() && is_yet_to_come(&statement, &release.repositories) {
        statement.note = Some("The fixed version is not in the archive yet".to_owned());
    }
    Ok(statement)
}

/// Whether the archive holds no version that has the fix.
fn is_yet_to_come(statement: &Statement, repositories: &BTreeMap<String, String>) -> bool {
    let Some(fixed) = &statement.fix_version else { return false };
    let is_older = |version: &String| {
        version::compare(version::Scheme::Deb, version, fixed) == Ok(std::cmp::Ordering::Less)
    };
    !repositories.is_empty() && repositories.values().all(is_older)
}

fn open_state(urgency: &str, nodsa_reason: Option<&str>) -> FixState {
    match (urgency, nodsa_reason) {
        ("end-of-life", _) => FixState::EndOfLife,
        (_, Some("ignored")) => FixState::WillNotFix,
        (_, Some("postponed")) => FixState::FixDeferred,
        _ => FixState::Affected,
    }
}

/// Debian's urgency; `not yet assigned` and `end-of-life` rate nothing.
fn urgency_severity(urgency: &str) -> Option<Severity> {
    match urgency {
        "high" | "medium" | "low" | "unimportant" => Severity::of_rating(urgency),
        _ => None,
    }
}
