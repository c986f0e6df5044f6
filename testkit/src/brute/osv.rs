//! OSV records, by the schema's own words.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::order::Order;
use super::row::{Event, Row, Says, is_distribution};
use super::source;

/// Reads `all.zip` of one ecosystem's folder.
pub(super) fn read(
    folder: &Path,
    ecosystem: &str,
    rows: &mut Vec<Row>,
    passed: &mut Vec<String>,
) -> Result<(), String> {
    if namespace(ecosystem).is_none() && namespace(&format!("{ecosystem}:9")).is_none() {
        passed.push(format!("osv/{ecosystem}: no packages of this kind are judged"));
        return Ok(());
    }
    for (name, text) in source::zip(&folder.join("all.zip"))? {
        match serde_json::from_str::<Value>(&text) {
            Ok(record) => rows.extend(rows_of(&record, ecosystem)),
            Err(error) => passed.push(format!("{name}: {error}")),
        }
    }
    Ok(())
}

fn strings(value: &Value) -> Vec<String> {
    let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.filter(|word| !word.contains(char::is_whitespace)).map(str::to_owned).collect()
}

fn rows_of(record: &Value, database: &str) -> Vec<Row> {
    let Some(id) = record["id"].as_str() else { return Vec::new() };
    let mut rows: Vec<Row> = Vec::new();
    for affected in record["affected"].as_array().into_iter().flatten() {
        let package = &affected["package"];
        let (Some(ecosystem), Some(name)) = (package["ecosystem"].as_str(), package["name"].as_str()) else {
            continue;
        };
        let Some(namespace) = namespace(ecosystem).filter(|_| ecosystem.split(':').next() == Some(database))
        else {
            continue;
        };
        let mut lists: Vec<Vec<Event>> = Vec::new();
        for range in
            affected["ranges"].as_array().into_iter().flatten().filter(|range| range["type"] != "GIT")
        {
            lists.push(range["events"].as_array().into_iter().flatten().flat_map(events).collect());
        }
        lists.retain(|list| !list.is_empty());
        let listed = strings(&affected["versions"]);
        if lists.is_empty() && listed.is_empty() {
            continue;
        }
        let arch = package["purl"]
            .as_str()
            .and_then(|purl| purl.split_once("arch="))
            .map(|(_, rest)| rest.split('&').next().unwrap_or_default().to_owned());
        let is_rpm = super::row::order_of(&namespace) == Some(Order::Rpm);
        if is_rpm && arch.as_deref() == Some("src") {
            continue;
        }
        let modular = is_rpm && lists.iter().flatten().any(|event| is_modular(event.version()));
        let modules = match modular {
            true => modules(record["summary"].as_str().unwrap_or_default()),
            false => Vec::new(),
        };
        let modules: Vec<Option<String>> =
            if modules.is_empty() { vec![None] } else { modules.into_iter().map(Some).collect() };
        for module in modules {
            let row = Row {
                package: key(&namespace, name),
                namespace: namespace.clone(),
                feed: "osv",
                rank: 5,
                id: id.to_owned(),
                aliases: aliases(record, &namespace, database),
                withdrawn: !record["withdrawn"].is_null(),
                module,
                arch: arch.clone().filter(|arch| is_rpm && arch != "noarch"),
                says: Says::Events(lists.clone(), listed.clone()),
                raw: source::shown(&affected.to_string()),
                about: BTreeSet::new(),
            };
            add(&mut rows, row);
        }
    }
    // advisories of bugs that fix no flaw
    let bug = |id: &str| {
        ["ALBA-", "ALEA-", "RHBA-", "RHEA-", "RLBA-", "RLEA-"].iter().any(|kind| id.starts_with(kind))
    };
    rows.retain(|row| !bug(&row.id) || row.aliases.iter().any(|alias| alias.starts_with("CVE-")));
    if rows.is_empty() && namespace(database).is_some_and(|namespace| !is_distribution(&namespace)) {
        let namespace = namespace(database).unwrap_or_default();
        rows.push(Row {
            aliases: strings(&record["aliases"]),
            namespace,
            package: String::new(),
            feed: "osv",
            rank: 5,
            id: id.to_owned(),
            withdrawn: !record["withdrawn"].is_null(),
            module: None,
            arch: None,
            says: Says::Nothing,
            raw: String::new(),
            about: BTreeSet::new(),
        });
    }
    rows
}

/// A distribution lists a package once for each build: those entries are one.
fn add(rows: &mut Vec<Row>, row: Row) {
    let same = |known: &&mut Row| {
        (&known.namespace, &known.package, &known.module, &known.arch)
            == (&row.namespace, &row.package, &row.module, &row.arch)
    };
    let known = rows.iter_mut().find(same).filter(|_| is_distribution(&row.namespace));
    match (known.map(|known| &mut known.says), row.says.clone()) {
        (Some(Says::Events(lists, listed)), Says::Events(more, versions)) => {
            lists.extend(more);
            listed.extend(versions);
        }
        _ => rows.push(row),
    }
}

/// An event's name, and what is made of it.
type Kind = (&'static str, fn(String) -> Event);

fn events(event: &Value) -> Vec<Event> {
    let kinds: [Kind; 4] = [
        ("introduced", Event::Introduced),
        ("fixed", Event::Fixed),
        ("last_affected", Event::LastAffected),
        ("limit", Event::Limit),
    ];
    let of_kind = |(name, kind): Kind| Some(kind(event[name].as_str()?.trim().to_owned()));
    kinds.into_iter().filter_map(of_kind).collect()
}

/// Where an ecosystem's packages are looked up.
fn namespace(ecosystem: &str) -> Option<String> {
    let (database, release) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let language = match database {
        "Bitnami" => "bitnami",
        "Go" => "golang",
        "Hex" => "hex",
        "Maven" => "maven",
        "NuGet" => "nuget",
        "Packagist" => "composer",
        "Pub" => "pub",
        "PyPI" => "pypi",
        "RubyGems" => "gem",
        "SwiftURL" => "swift",
        "crates.io" => "cargo",
        "npm" => "npm",
        "Wolfi" => "wolfi",
        "Chainguard" => "chainguard",
        _ => "",
    };
    if !language.is_empty() {
        return Some(language.to_owned());
    }
    if release.is_empty() {
        return None;
    }
    match database {
        "Debian" => Some(format!("debian:{}", release.trim_end_matches(".0"))),
        "Alpine" => Some(format!("alpine:{}", release.trim_start_matches('v'))),
        "AlmaLinux" => Some(format!("almalinux:{release}")),
        "Rocky Linux" => Some(format!("rocky:{release}")),
        "openEuler" => Some(format!("openEuler:{}", release.split('-').next()?)),
        // what is more than a release and its kind is a stream for subscribers or for some hardware
        "Ubuntu" if release.split(':').skip(1).all(|part| part == "LTS") && !release.starts_with("Pro") => {
            Some(format!("ubuntu:{}", release.split(':').next()?))
        }
        "Red Hat" => {
            let release = release.strip_prefix("enterprise_linux:")?;
            Some(format!("rhel:{}", release.split([':', '.']).next()?))
        }
        _ => None,
    }
}

/// A name in the form under which both sides look it up.
pub(super) fn key(namespace: &str, name: &str) -> String {
    match namespace {
        "pypi" => {
            let mut key = String::new();
            for sign in name.to_ascii_lowercase().chars() {
                let sign = if "-_.".contains(sign) { '-' } else { sign };
                if sign != '-' || !key.ends_with('-') {
                    key.push(sign);
                }
            }
            key
        }
        "nuget" | "composer" | "hex" | "pub" | "bitnami" | "swift" => {
            let name = name.to_ascii_lowercase();
            name.trim_start_matches("https://").trim_end_matches(".git").to_owned()
        }
        _ => name.to_owned(),
    }
}

/// The other ids of a record. A distribution's advisory tells in `upstream`, or else `related`, what it is about.
fn aliases(record: &Value, namespace: &str, database: &str) -> Vec<String> {
    let mut own = strings(&record["aliases"]);
    if !is_distribution(namespace) {
        if database == "npm" {
            own.extend(number_at_npm(record));
        }
        return own;
    }
    let id = record["id"].as_str().unwrap_or_default();
    let of = |ids: Vec<String>| ids.iter().filter_map(|id| cve(id)).collect::<Vec<_>>();
    let mut about = of(vec![id.to_owned()]);
    for field in ["aliases", "upstream", "related"] {
        if about.is_empty() {
            about = of(strings(&record[field]));
        }
    }
    if about.is_empty() {
        let others = [strings(&record["upstream"]), strings(&record["related"])].concat();
        about.extend(others.into_iter().filter(|id| id.starts_with("GHSA-")));
    }
    about.extend(own.into_iter().filter(|alias| !alias.starts_with("CVE-")));
    about.retain(|alias| alias != id);
    about
}

/// The CVE in an id such as `UBUNTU-CVE-2020-1234`.
fn cve(id: &str) -> Option<String> {
    let at = id.find("CVE-").filter(|at| *at == 0 || id[..*at].ends_with('-'))?;
    let parts: Vec<&str> = id[at..].split('-').collect();
    let number = |text: &&str| text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts[1..].iter().all(number)).then(|| id[at..].to_owned())
}

/// The page at npm that the record links to, as far as it is exactly one of those that the Node.js Security Working Group
/// numbered.
fn number_at_npm(record: &Value) -> Option<String> {
    let mut numbers = BTreeSet::new();
    for reference in record["references"].as_array().into_iter().flatten() {
        let url = reference["url"].as_str().unwrap_or_default();
        let page = url.trim_start_matches("https://").trim_start_matches("www.");
        for site in ["npmjs.com/advisories/", "nodesecurity.io/advisories/"] {
            let number =
                page.strip_prefix(site).and_then(|rest| rest.trim_end_matches('/').parse::<u16>().ok());
            numbers.extend(number.filter(|number| *number < 388));
        }
    }
    (numbers.len() == 1).then(|| numbers.first().map(|number| format!("NSWG-ECO-{number}")))?
}

fn is_modular(version: &str) -> bool {
    version.contains(".module_el") || version.contains(".module+el")
}

/// `name:stream` among the words of a summary.
fn modules(summary: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in summary.split_whitespace() {
        let word = word.trim_end_matches([',', ';']).split('/').next().unwrap_or_default();
        let fine = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
        };
        let is_module = word.split_once(':').is_some_and(|(name, stream)| fine(name) && fine(stream));
        if is_module && !found.iter().any(|known| known == word) {
            found.push(word.to_owned());
        }
    }
    found
}

/// Gives fixes that were built in a module and do not say in which the stream that other advisories name for the package
/// and the first two numbers of the version; all such packages of an advisory are of one stream, or none is.
pub(super) fn fill_in_modules(rows: &mut [Row]) {
    let place = |row: &Row| -> Option<(String, String, String)> {
        let Says::Events(lists, _) = &row.says else { return None };
        let mut fix = lists.iter().flatten().filter_map(|event| match event {
            Event::Fixed(fix) => Some(fix.as_str()),
            _ => None,
        });
        let fix = fix.next_back()?;
        let version = fix.split_once(':').map_or(fix, |(_, version)| version).split('-').next()?;
        let numbers: Vec<&str> = version.split('.').take(2).collect();
        Some((row.namespace.clone(), row.package.clone(), numbers.join(".")))
    };
    let lacks = |row: &Row| match &row.says {
        Says::Events(lists, _) => {
            let mut fixes = lists.iter().flatten().filter(|event| matches!(event, Event::Fixed(_)));
            row.module.is_none() && row.feed == "osv" && fixes.any(|event| is_modular(event.version()))
        }
        _ => false,
    };
    let mut streams: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.module.is_some()) {
        if let (Some(place), Some(module)) = (place(row), row.module.clone()) {
            streams.entry(place).or_default().insert(module);
        }
    }
    let mut told: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| lacks(row)) {
        let known = place(row).and_then(|place| streams.get(&place)).filter(|known| known.len() == 1);
        told.entry(row.id.clone()).or_default().extend(known.into_iter().flatten().cloned());
    }
    for row in rows.iter_mut().filter(|row| lacks(row)) {
        if let Some(known) = told.get(&row.id).filter(|known| known.len() == 1) {
            row.module = known.first().cloned();
        }
    }
}

/// Whether a version is affected, by the schema's algorithm over each list of events, or because it is listed.
pub(super) fn is_affected(
    lists: &[Vec<Event>],
    listed: &[String],
    version: &str,
    order: Order,
    namespace: &str,
) -> bool {
    // distributions list versions as they write them
    let verbatim = is_distribution(namespace);
    let same = |other: &String| {
        other == version || (!verbatim && order.compare(other, version) == Some(Ordering::Equal))
    };
    listed.iter().any(same) || lists.iter().any(|list| is_on(list, version, order))
}

fn is_on(list: &[Event], version: &str, order: Order) -> bool {
    let compare = |a: &str, b: &str| match (a == "0", b == "0") {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => order.compare(a, b),
    };
    // a bound that nobody can read leaves the whole list undecided
    if list.iter().any(|event| !matches!(event.version(), "0" | "*") && !order.reads(event.version())) {
        return false;
    }
    let limits: Vec<&Event> = list.iter().filter(|event| matches!(event, Event::Limit(_))).collect();
    let below = |limit: &&Event| {
        limit.version() == "*" || order.compare(version, limit.version()) == Some(Ordering::Less)
    };
    if !limits.is_empty() && !limits.iter().any(below) {
        return false;
    }
    let mut list: Vec<&Event> = list.iter().filter(|event| !matches!(event, Event::Limit(_))).collect();
    list.sort_by(|a, b| compare(a.version(), b.version()).unwrap_or(Ordering::Equal));
    let mut on = false;
    for event in list {
        // "0" of an event is before all versions, "0" of a package is a version
        let at = event.version();
        let order = if at == "0" { Some(Ordering::Greater) } else { order.compare(version, at) };
        let Some(order) = order else { continue };
        match event {
            Event::Introduced(_) if order.is_ge() => on = true,
            Event::Fixed(_) if order.is_ge() => on = false,
            Event::LastAffected(_) if order.is_gt() => on = false,
            _ => {}
        }
    }
    on
}

/// The fixes that a list names.
pub(super) fn fixes(list: &[Event], order: Order) -> Vec<String> {
    let fixed = list.iter().filter_map(|event| match event {
        Event::Fixed(fix) => Some(fix.clone()),
        _ => None,
    });
    fixed.filter(|fix| order.reads(fix)).collect()
}
