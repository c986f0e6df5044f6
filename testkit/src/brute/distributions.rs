//! Debian's tracker and the security databases of Alpine and Wolfi.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::row::{Row, Says};
use super::source;

fn row(namespace: String, package: &str, feed: &'static str, id: &str, says: Says, raw: &Value) -> Row {
    Row {
        namespace,
        package: package.to_owned(),
        feed,
        rank: 0,
        id: id.to_owned(),
        aliases: Vec::new(),
        withdrawn: false,
        module: None,
        arch: None,
        says,
        raw: source::shown(&raw.to_string()),
        about: BTreeSet::new(),
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn parse(path: &Path) -> Result<Value, String> {
    serde_json::from_str(&source::text(path)?).map_err(|error| format!("{}: {error}", path.display()))
}

/// Source package, id, release, status.
pub(super) fn debian(path: &Path, rows: &mut Vec<Row>, passed: &mut Vec<String>) -> Result<(), String> {
    const RELEASES: [(&str, &str); 9] = [
        ("squeeze", "6"),
        ("wheezy", "7"),
        ("jessie", "8"),
        ("stretch", "9"),
        ("buster", "10"),
        ("bullseye", "11"),
        ("bookworm", "12"),
        ("trixie", "13"),
        ("forky", "14"),
    ];
    for (package, entries) in object(&parse(path)?) {
        for (id, entry) in object(entries) {
            for (codename, release) in object(&entry["releases"]) {
                let number = RELEASES
                    .iter()
                    .find(|(name, _)| name == codename)
                    .map_or(codename.as_str(), |known| known.1);
                let urgency = release["urgency"].as_str().unwrap_or_default().trim_end_matches('*');
                let says = match (release["status"].as_str(), release["fixed_version"].as_str()) {
                    (Some("resolved"), Some("0")) => Says::NotAffected,
                    (Some("resolved"), Some(fix)) => Says::Before(fix.to_owned()),
                    (Some("undetermined"), _) => Says::Everything("under_investigation"),
                    (Some("open"), _) => {
                        Says::Everything(match (urgency, release["nodsa_reason"].as_str()) {
                            ("end-of-life", _) => "end_of_life",
                            (_, Some("ignored")) => "will_not_fix",
                            (_, Some("postponed")) => "fix_deferred",
                            _ => "affected",
                        })
                    }
                    _ => {
                        passed.push(format!("{package} {id} {codename}: {release}"));
                        continue;
                    }
                };
                rows.push(row(format!("debian:{number}"), package, "debian", id, says, release));
            }
        }
    }
    Ok(())
}

/// `v3.18/main.json` and its like.
pub(super) fn alpine(path: &Path, rows: &mut Vec<Row>, passed: &mut Vec<String>) -> Result<(), String> {
    for folder in source::folders(path)? {
        for repository in ["main", "community", "testing"] {
            let file = path.join(&folder).join(format!("{repository}.json"));
            if file.exists() {
                let namespace = format!("alpine:{}", folder.trim_start_matches('v'));
                secdb(&parse(&file)?, &namespace, "alpine", rows, passed);
            }
        }
    }
    Ok(())
}

pub(super) fn wolfi(path: &Path, rows: &mut Vec<Row>, passed: &mut Vec<String>) -> Result<(), String> {
    secdb(&parse(&path.join("security.json.gz"))?, "wolfi", "wolfi", rows, passed);
    Ok(())
}

/// Source package, fixed version, ids.
fn secdb(
    database: &Value,
    namespace: &str,
    feed: &'static str,
    rows: &mut Vec<Row>,
    passed: &mut Vec<String>,
) {
    for package in database["packages"].as_array().into_iter().flatten() {
        let Some(name) = package["pkg"]["name"].as_str() else { continue };
        for (version, values) in object(&package["pkg"]["secfixes"]) {
            for value in values.as_array().into_iter().flatten().filter_map(Value::as_str) {
                let ids = ids(value);
                if ids.is_empty() {
                    passed.push(format!("{namespace} {name} {version}: {value}"));
                }
                let lower = value.to_lowercase();
                let never = ["not affected", "not applicable", "not actually applicable"];
                let says = match version.trim() == "0" || never.iter().any(|words| lower.contains(words)) {
                    true => Says::NotAffected,
                    false => Says::Before(version.trim().to_owned()),
                };
                let raw = serde_json::json!({ version: value });
                let (cves, others): (Vec<String>, Vec<String>) =
                    ids.into_iter().partition(|id| id.starts_with("CVE-"));
                if let [cve] = cves.as_slice() {
                    let mut row = row(namespace.to_owned(), name, feed, cve, says, &raw);
                    row.aliases = others;
                    rows.push(row);
                    continue;
                }
                for id in cves.iter().chain(&others) {
                    rows.push(row(namespace.to_owned(), name, feed, id, says.clone(), &raw));
                }
            }
        }
    }
}

/// The ids in a value, in which blanks, underscores and endings have crept.
fn ids(value: &str) -> Vec<String> {
    let value = value.replace("CVE ", "CVE-").replace("CVE_", "CVE-");
    let mut ids = Vec::new();
    for word in value.split_whitespace() {
        let word = word.trim_matches([',', ';', ':', '.']);
        let id = match word.strip_prefix("CVE-") {
            Some(rest) => {
                let Some((year, number)) = rest.split_once(['-', '_']) else { continue };
                let number: String = number.chars().take_while(char::is_ascii_digit).collect();
                let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
                if !is_year || number.len() < 4 {
                    continue;
                }
                format!("CVE-{year}-{number}")
            }
            None => {
                let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
                let digit = word.starts_with("GHSA-") || word.contains(|c: char| c.is_ascii_digit());
                let letter = word.starts_with(|c: char| c.is_ascii_alphabetic());
                if !(plain && digit && letter && word.len() >= 6) {
                    continue;
                }
                word.to_owned()
            }
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}
