//! Alpine's security database (<https://secdb.alpinelinux.org>, `<version>/<repository>.json`): source package →
//! fixed version → ids.
//!
//! A value may hold several ids and free words, blank-separated. Its ids that are no CVE become aliases of its CVE if it
//! names exactly one; otherwise nobody can tell which belongs to which and each id stands for itself. The fixed version
//! `0`, and a remark that says "not affected" or "not applicable", mean not affected. The database knows fixes only.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Named, NamespaceFamily};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::{FeedFile, LIMITS, read_document};
use crate::qid::parse_cve;
use crate::record::{FileHarvest, Record, Statement};
use crate::registry::Recognised;
use crate::text::{is_id, is_name, is_version};

pub(crate) const FEED: &str = "alpine";

#[derive(Deserialize)]
struct Database<'a> {
    #[serde(rename = "distroversion", default)]
    version: Option<String>,
    #[serde(borrow, default)]
    packages: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Wrapped {
    pkg: SourcePackage,
}

#[derive(Deserialize)]
struct SourcePackage {
    name: String,
    #[serde(default)]
    secfixes: Option<BTreeMap<String, serde_json::Value>>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let repository = matches!(file.name.as_str(), "main.json" | "community.json" | "testing.json");
    if repository && release(file.folder()).is_some() {
        return Recognised::Yes;
    }
    if file.name.starts_with("alpine-secdb-yaml") {
        return Recognised::NotUsed("the YAML form of 2020 is not used, the JSON is".into());
    }
    Recognised::No
}

/// `v3.18` → `3.18`, `edge` → `edge`.
fn release(folder: &str) -> Option<&str> {
    if folder == "edge" {
        return Some(folder);
    }
    let version = folder.strip_prefix('v')?;
    let (major, minor) = version.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(major) && digits(minor)).then_some(version)
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    out.date = file.date();
    let database: Database<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let folder = file.folder();
    let release = release(folder).ok_or("its folder names no release")?;
    if let Some(version) = database.version.filter(|version| version != folder) {
        return Err(format!("it speaks of {version} but lies in {folder}"));
    }
    let namespace: Arc<str> = format!("alpine:{release}").into();
    for raw in database.packages {
        match serde_json::from_str::<Wrapped>(raw.get()) {
            Ok(Wrapped { pkg }) if is_name(&pkg.name) => read_package(pkg, &namespace, out),
            Ok(Wrapped { pkg }) => out.quarantine(&pkg.name, "it is no package name"),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(())
}

fn read_package(package: SourcePackage, namespace: &Arc<str>, out: &mut FileHarvest<'_>) {
    for (version, values) in package.secfixes.unwrap_or_default() {
        let place = format!("{} {version}", package.name);
        let version = version.trim();
        if !is_version(version) {
            out.quarantine(&place, "its fixed version is no version");
            continue;
        }
        // An empty list is written as null; both say nothing.
        let values = match values {
            serde_json::Value::Array(values) => values,
            serde_json::Value::Null => continue,
            _ => {
                out.quarantine(&place, "its value is no list");
                continue;
            }
        };
        for value in values {
            match value.as_str().map(split_value) {
                Some(ids) if !ids.ids.is_empty() => {
                    out.records += 1;
                    let version = if ids.not_affected { "0" } else { version };
                    add_records(&package.name, namespace, version, ids.ids, out);
                }
                _ => out.quarantine(&place, format_args!("{value} holds no identifier")),
            }
        }
    }
}

fn add_records(
    package: &str,
    namespace: &Arc<str>,
    version: &str,
    ids: Vec<String>,
    out: &mut FileHarvest<'_>,
) {
    let (cves, mut others): (Vec<String>, Vec<String>) =
        ids.into_iter().partition(|id| parse_cve(id).is_some());
    let mut records = Vec::new();
    if let [cve] = cves.as_slice() {
        let mut record = Record::new(NamespaceFamily::Alpine, FEED, cve.clone());
        record.aliases = std::mem::take(&mut others);
        records.push(record);
    } else {
        let each = cves.into_iter().chain(others);
        records.extend(each.map(|id| Record::new(NamespaceFamily::Alpine, FEED, id)));
    }
    for mut record in records {
        record.references.push(format!("https://security.alpinelinux.org/vuln/{}", record.id));
        record.statements.push(statement(package, namespace, version));
        out.harvest.records.push(record);
    }
}

fn statement(package: &str, namespace: &Arc<str>, version: &str) -> Statement {
    let statement = Statement::new(Arc::clone(namespace), package.to_owned(), Named::Source);
    match version {
        "0" => statement.not_affected(),
        fixed => statement.fixed_in(fixed.to_owned()),
    }
}

/// Remarks behind an id which say that the package never had the flaw.
const NOT_AFFECTED: [&str; 3] = ["not affected", "not applicable", "not actually applicable"];

struct Value {
    ids: Vec<String>,
    not_affected: bool,
}

/// Takes the ids out of a value; `CVE-2017-12893 (SMB/CIFS)` holds one.
fn split_value(value: &str) -> Value {
    let mut ids: Vec<String> = Vec::new();
    for word in value.split_whitespace() {
        if let Some(id) = identifier(word).filter(|id| !ids.contains(id)) {
            ids.push(id);
        }
    }
    let remark = value.to_ascii_lowercase();
    Value { ids, not_affected: NOT_AFFECTED.iter().any(|words| remark.contains(words)) }
}

/// An id as its publisher would write it: `CVE_2019-2426`, `CVE-2021-35940.patch` and `CVE-2017-17434-1` are slips for
/// the CVE in them. A word without a letter first and a digit somewhere is no id.
fn identifier(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| matches!(c, ',' | ';' | ':' | '.'));
    if let Some(rest) = word.strip_prefix("CVE-").or_else(|| word.strip_prefix("CVE_")) {
        let (year, number) = rest.split_once(['-', '_'])?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let id = format!("CVE-{year}-{}", &number[..digits]);
        return parse_cve(&id).map(|_| id);
    }
    let plain =
        word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    let letter = word.starts_with(|first: char| first.is_ascii_alphabetic());
    let digit = word.bytes().any(|byte| byte.is_ascii_digit());
    (plain && letter && digit && word.len() >= 6 && is_id(word)).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_taken_out_of_values_with_slips_and_remarks() {
        let ids = |value: &str| split_value(value).ids;
        assert_eq!(ids("CVE-2020-11501 GNUTLS-SA-2020-03-31"), ["CVE-2020-11501", "GNUTLS-SA-2020-03-31"]);
        assert_eq!(ids("CVE_2019-2426"), ["CVE-2019-2426"]);
        assert_eq!(ids("CVE-2021-35940.patch"), ["CVE-2021-35940"]);
        assert_eq!(ids("CVE-2017-17434-1"), ["CVE-2017-17434"]);
        assert_eq!(ids("CVE-2017-12893 (SMB/CIFS)"), ["CVE-2017-12893"]);
        assert_eq!(ids("CVE-2022-????? XSA-398"), ["XSA-398"]);
        assert_eq!(ids("CVE N/A ZBX-11023"), ["ZBX-11023"]);
        assert_eq!(ids("CVE-2022-45059 VSV00010"), ["CVE-2022-45059", "VSV00010"]);
        assert!(ids("").is_empty());
        assert!(split_value("CVE-2020-14342 (Not affected, requires --with-systemd)").not_affected);
        assert!(split_value("CVE-2020-14342 (not actually applicable)").not_affected);
        assert!(!split_value("CVE-2018-16301 (was fixed in libpcap)").not_affected);
    }

    #[test]
    fn releases_are_named_by_folders() {
        assert_eq!(release("v3.18"), Some("3.18"));
        assert_eq!(release("edge"), Some("edge"));
        assert_eq!(release("v3"), None);
        assert_eq!(release("main"), None);
    }
}
