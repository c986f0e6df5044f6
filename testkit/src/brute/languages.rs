//! The advisory databases that ecosystems keep in formats of their own: Ruby's and PHP's YAML, read line by line, and the JSON
//! of the Node.js Security Working Group.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::osv::key;
use super::row::{Row, Says};
use super::source;

fn row(
    namespace: &str,
    package: &str,
    feed: &'static str,
    mut ids: Vec<String>,
    says: Says,
    raw: &str,
) -> Row {
    let id = ids.remove(0);
    Row {
        namespace: namespace.to_owned(),
        package: key(namespace, package),
        feed,
        rank: 5,
        id,
        aliases: ids,
        withdrawn: false,
        module: None,
        arch: None,
        says,
        raw: source::shown(raw),
        about: BTreeSet::new(),
    }
}

/// A value without its quotes and comments.
fn plain(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some((inner, _)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    text.split(" #").next().unwrap_or_default().trim().to_owned()
}

/// The value of a key at the start of a line.
fn scalar(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(plain(line)).filter(|value| !value.is_empty() && !matches!(value.as_str(), "~" | "null" | "|" | ">"))
}

/// The lines below a key at the start of a line that belong to it.
fn block<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let mut lines = text.lines().skip_while(|line| line.strip_suffix(':').unwrap_or(line).trim_end() != key);
    lines.next();
    lines.take_while(|line| line.is_empty() || line.starts_with([' ', '-', '#'])).collect()
}

/// The elements of a list below a key, which may go on in the next line.
fn list(text: &str, key: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in block(text, key) {
        match (line.trim().strip_prefix("- "), items.last_mut()) {
            (Some(item), _) => items.push(item.trim().to_owned()),
            (None, Some(last)) if !line.trim().is_empty() => *last = format!("{last} {}", line.trim()),
            _ => {}
        }
    }
    items.iter().map(|item| plain(item)).collect()
}

/// `gems/<gem>/<id>.yml`.
pub(super) fn ruby(folder: &Path, rows: &mut Vec<Row>, passed: &mut Vec<String>) -> Result<(), String> {
    for (name, text) in source::tar(folder)? {
        if name.rsplit('/').nth(2) != Some("gems") || !name.ends_with(".yml") {
            continue;
        }
        let id = |key: &str, prefix: &str| scalar(&text, key).map(|number| format!("{prefix}-{number}"));
        let ids: Vec<String> =
            [id("cve", "CVE"), id("ghsa", "GHSA"), id("osvdb", "OSVDB")].into_iter().flatten().collect();
        let Some(gem) = scalar(&text, "gem").filter(|_| !ids.is_empty()) else {
            passed.push(format!("{name}: no gem or no id"));
            continue;
        };
        let safe = [list(&text, "patched_versions"), list(&text, "unaffected_versions")].concat();
        rows.push(row(
            "gem",
            &gem,
            "ruby-advisory-db",
            ids,
            Says::UnlessRuby(safe.clone()),
            &safe.join(" || "),
        ));
    }
    Ok(())
}

/// `<vendor>/<package>/<id>.yaml`.
pub(super) fn php(folder: &Path, rows: &mut Vec<Row>, passed: &mut Vec<String>) -> Result<(), String> {
    for (path, text) in source::tar(folder)? {
        let file = path.rsplit('/').next().unwrap_or_default();
        let Some(stem) = file.strip_suffix(".yaml") else { continue };
        let Some(package) =
            scalar(&text, "reference").and_then(|name| Some(name.strip_prefix("composer://")?.to_owned()))
        else {
            continue;
        };
        let cve = scalar(&text, "cve").filter(|id| id.starts_with("CVE-"));
        let made = || match stem.starts_with("CVE-") {
            true => stem.to_owned(),
            false => format!("FRIENDSOFPHP-{}/{stem}", package.to_lowercase()),
        };
        let mut ids = vec![cve.unwrap_or_else(made)];
        let link = scalar(&text, "link").unwrap_or_default();
        let ghsa = link.find("GHSA-").and_then(|at| link.get(at..at + 19)).map(str::to_owned);
        ids.extend(ghsa.filter(|id| *id != ids[0]));
        let mut branches = Vec::new();
        let lines = block(&text, "branches");
        let mut open: Option<String> = None;
        for line in lines {
            if let Some((_, start)) = line.split_once("versions:") {
                open = Some(start.to_owned());
            } else if let Some(open) = &mut open {
                open.push_str(line);
            }
            let whole = |open: &String| open.contains(']');
            if let Some(versions) = open.take_if(|open| whole(open)) {
                let inner = versions.trim().trim_start_matches('[').split(']').next().unwrap_or_default();
                branches.push(inner.split(',').map(|text| condition(&plain(text))).collect::<Vec<_>>());
            }
        }
        if branches.is_empty() || branches.iter().flatten().any(|(_, version)| version.is_empty()) {
            passed.push(format!("{path}: its branches could not be read"));
            continue;
        }
        let raw = format!("{branches:?}");
        rows.push(row("composer", &package, "friendsofphp", ids, Says::AnyOf(branches, Vec::new()), &raw));
    }
    Ok(())
}

/// `>=1.0` in two.
fn condition(text: &str) -> (String, String) {
    let text = text.trim();
    let at = text.find(|c: char| !"<>=!".contains(c)).unwrap_or(text.len());
    (text[..at].to_owned(), text[at..].trim().to_owned())
}

/// `vuln/npm/<number>.json`.
pub(super) fn node(folder: &Path, rows: &mut Vec<Row>, passed: &mut Vec<String>) -> Result<(), String> {
    for (path, text) in source::tar(folder)? {
        let numbered =
            path.rsplit('/').next().and_then(|file| file.strip_suffix(".json")?.parse::<u32>().ok());
        if numbered.is_none() || path.rsplit('/').nth(1) != Some("npm") {
            continue;
        }
        let record: Value = match serde_json::from_str(&text) {
            Ok(record) => record,
            Err(error) => {
                passed.push(format!("{path}: {error}"));
                continue;
            }
        };
        let (Some(package), Some(vulnerable)) =
            (record["module_name"].as_str(), record["vulnerable_versions"].as_str())
        else {
            passed.push(format!("{path}: no module or no versions"));
            continue;
        };
        let mut ids = vec![format!("NSWG-ECO-{}", record["id"])];
        let cves = record["cves"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::trim);
        ids.extend(cves.filter(|id| id.starts_with("CVE-")).map(str::to_owned));
        let patched = npm_range(record["patched_versions"].as_str().unwrap_or("<0.0.0")).unwrap_or_default();
        let Some(branches) = npm_range(vulnerable) else {
            passed.push(format!("{path}: {vulnerable}"));
            continue;
        };
        let starts =
            patched.into_iter().flatten().filter(|(operator, _)| operator == ">=" || operator == "=");
        let says = Says::AnyOf(branches, starts.map(|(_, version)| version).collect());
        rows.push(row("npm", package, "nodejs-security-wg", ids, says, &record.to_string()));
    }
    Ok(())
}

/// An npm range as lists of plain conditions; `None` for a form that none of the records has.
fn npm_range(range: &str) -> Option<Vec<Vec<(String, String)>>> {
    range.split("||").map(npm_conditions).collect()
}

fn npm_conditions(text: &str) -> Option<Vec<(String, String)>> {
    let mut text = text.trim().to_owned();
    for operator in ["<=", ">=", "<", ">", "=", "~", "^"] {
        text = text.replace(&format!("{operator} "), operator);
    }
    if text.contains(" - ") {
        return None;
    }
    let mut conditions = Vec::new();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let at = word.find(|c: char| !"<>=~^".contains(c)).unwrap_or(word.len());
        let (operator, version) = (&word[..at], word[at..].trim_start_matches('v'));
        if version == "*" || version == "x" {
            continue;
        }
        let numbers: Vec<u64> =
            version.split(['.', '-']).map_while(|part| part.parse().ok()).take(3).collect();
        let wild = numbers.len() < 3;
        let low = |numbers: &[u64]| {
            let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
            format!("{}.{}.{}", number(0), number(1), number(2))
        };
        let next = |count: usize| {
            let mut up: Vec<u64> = numbers.iter().copied().take(count).collect();
            if let Some(last) = up.last_mut() {
                *last += 1;
            }
            low(&up)
        };
        let from = if wild { low(&numbers) } else { version.to_owned() };
        let mut add = |operator: &str, version: String| conditions.push((operator.to_owned(), version));
        match operator {
            "<" => add("<", if wild { low(&numbers) } else { from }),
            ">=" => add(">=", from),
            "<=" if wild => add("<", next(numbers.len())),
            ">" if wild => add(">=", next(numbers.len())),
            "<=" | ">" => add(operator, from),
            "=" | "" if !wild => add("=", from),
            "=" | "" => {
                add(">=", from);
                add("<", next(numbers.len()));
            }
            "~" => {
                add(">=", from);
                add("<", next(numbers.len().min(2)));
            }
            "^" => {
                let significant =
                    numbers.iter().position(|number| *number != 0).unwrap_or(numbers.len() - 1) + 1;
                add(">=", from);
                add("<", next(significant));
            }
            _ => return None,
        }
    }
    // `<99.999.99999` says "all"
    conditions.retain(|(operator, version)| !(operator.starts_with('<') && version.starts_with("99.99")));
    Some(conditions)
}
