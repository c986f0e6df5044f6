//! The vulnerability data of random fleets, in the publishers' formats.
//!
//! One flaw is often told of by several publishers, with different severities and different fixes, so that the packages
//! of one image are judged differently for the same flaw.

use serde_json::{Map, Value, json};

use super::dice::Dice;
use super::packages::{ALPINE, DEBIAN, LANGUAGE};

const URGENCIES: [&str; 5] = ["not yet assigned", "low", "medium", "high", "unimportant"];
const VECTORS: [(&str, f64); 5] = [
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
    ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5),
    ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8),
    ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", 5.5),
    ("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.8),
];
const WORDS: [&str; 5] = [
    "A heap overflow lets local users become root.",
    "EOL/obsolete code in the parser, \"quoted\" and (bracketed).",
    "Denial of service in format_timespan().",
    "Remote code execution in lib-transport 1.6.",
    "An off-by-one error",
];

/// Files by name.
pub(super) fn files(dice: &mut Dice) -> Vec<(String, String)> {
    let count = 8 + dice.below(14);
    let cves: Vec<String> =
        (0..count).map(|index| format!("CVE-20{}-{}", 18 + index % 7, 1_000 + dice.below(9_000))).collect();
    let mut files = vec![
        ("debian/tracker-json.json".to_owned(), debian(dice, &cves).to_string()),
        ("alpine-secdb/v3.18/main.json".to_owned(), alpine(dice, &cves).to_string()),
        ("nvd/nvdcve-2.0-2023.json".to_owned(), nvd(dice, &cves).to_string()),
        ("kev/known_exploited_vulnerabilities.json".to_owned(), kev(dice, &cves).to_string()),
        ("epss/epss_scores-2026-08-16.csv".to_owned(), epss(dice, &cves)),
        ("exploitdb/files_exploits.csv".to_owned(), exploits(dice, &cves)),
        ("endoflife/products-full.json".to_owned(), ends(dice).to_string()),
    ];
    files.extend(osv(dice, &cves));
    files
}

fn debian(dice: &mut Dice, cves: &[String]) -> Value {
    let mut packages = Map::new();
    for (_, source, versions) in DEBIAN.iter().filter(|(_, source, _)| *source != "base-files") {
        let mut says = Map::new();
        let count = dice.below(5);
        for cve in dice.some(cves, count) {
            let mut releases = Map::new();
            for release in ["bookworm", "buster"] {
                if dice.percent(75) {
                    let urgency = *dice.pick(&URGENCIES);
                    let told = match dice.below(3) {
                        0 => json!({"status": "open", "urgency": urgency}),
                        // the later version has it fixed; or one that nobody has
                        1 => {
                            json!({"status": "resolved", "fixed_version": versions[versions.len() - 1], "urgency": urgency})
                        }
                        _ => json!({"status": "resolved", "fixed_version": "9:99-1", "urgency": urgency}),
                    };
                    releases.insert(release.to_owned(), told);
                }
            }
            says.insert(cve, json!({"description": dice.pick(&WORDS), "releases": releases}));
        }
        if !says.is_empty() {
            packages.insert((*source).to_owned(), Value::Object(says));
        }
    }
    if packages.is_empty() {
        packages.insert("zlib".into(), json!({&cves[0]: {"description": WORDS[0], "releases": {"bookworm": {"status": "open", "urgency": "high"}}}}));
    }
    Value::Object(packages)
}

fn alpine(dice: &mut Dice, cves: &[String]) -> Value {
    let packages: Vec<Value> = ALPINE
        .iter()
        .map(|(name, versions)| {
            let mut fixes = Map::new();
            for version in *versions {
                let count = dice.below(4);
                fixes.insert((*version).to_owned(), json!(dice.some(cves, count)));
            }
            fixes.insert("9.9.9-r0".into(), json!([dice.pick(cves)]));
            json!({"pkg": {"name": name, "secfixes": fixes}})
        })
        .collect();
    json!({"apkurl": "", "archs": ["x86_64"], "reponame": "main", "urlprefix": "https://dl-cdn.alpinelinux.org/alpine",
           "distroversion": "v3.18", "packages": packages})
}

fn nvd(dice: &mut Dice, cves: &[String]) -> Value {
    let count = cves.len() * 2 / 3;
    let chosen = dice.some(cves, count);
    let entries: Vec<Value> = chosen
        .iter()
        .map(|cve| {
            let (vector, score) = *dice.pick(&VECTORS);
            let mut metrics = Map::new();
            if dice.percent(85) {
                metrics.insert("cvssMetricV31".into(), json!([{"source": "nvd@nist.gov", "type": "Primary",
                    "cvssData": {"version": "3.1", "vectorString": vector, "baseScore": score, "baseSeverity": "HIGH"}}]));
            }
            if dice.percent(40) {
                metrics.insert("cvssMetricV2".into(), json!([{"source": "nvd@nist.gov", "type": "Primary",
                    "cvssData": {"version": "2.0", "vectorString": "AV:N/AC:M/Au:N/C:N/I:N/A:P", "baseScore": 4.3}}]));
            }
            let published = format!("20{}-{:02}-08T22:15:00.000", 18 + dice.below(6), 1 + dice.below(12));
            json!({"cve": {"id": cve, "sourceIdentifier": "nvd@nist.gov", "published": published, "lastModified": published,
                "vulnStatus": "Analyzed", "descriptions": [{"lang": "en", "value": dice.pick(&WORDS)}], "metrics": metrics,
                "weaknesses": [], "configurations": [], "references": []}})
        })
        .collect();
    json!({"resultsPerPage": entries.len(), "startIndex": 0, "totalResults": entries.len(), "format": "NVD_CVE",
           "version": "2.0", "timestamp": "2026-08-22T00:00:00.000", "vulnerabilities": entries})
}

fn kev(dice: &mut Dice, cves: &[String]) -> Value {
    let entries: Vec<Value> = dice
        .some(cves, 3)
        .iter()
        .map(|cve| {
            json!({"cveID": cve, "vendorProject": "Example", "product": "Example", "vulnerabilityName": "A flaw",
                   "dateAdded": "2022-04-06", "dueDate": "2022-04-27",
                   "knownRansomwareCampaignUse": if dice.percent(50) { "Known" } else { "Unknown" }})
        })
        .collect();
    json!({"title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2026.08.20",
           "dateReleased": "2026-08-20T15:00:00.000Z", "count": entries.len(), "vulnerabilities": entries})
}

fn epss(dice: &mut Dice, cves: &[String]) -> String {
    let mut text =
        "#model_version:v2025.03.14,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\n".to_owned();
    for cve in cves {
        let share = dice.below(100_000);
        text += &format!("{cve},0.{share:05},0.{share:05}\n");
    }
    text
}

fn exploits(dice: &mut Dice, cves: &[String]) -> String {
    let mut text = "id,file,description,date_published,author,type,platform,port,date_added,date_updated,verified,codes,\
                    tags,aliases,screenshot_url,application_url,source_url\n"
        .to_owned();
    for (number, cve) in dice.some(cves, 3).iter().enumerate() {
        let id = 49_500 + number;
        text += &format!(
            "{id},exploits/{id}.py,A flaw,2021-02-03,somebody,local,multiple,,2021-02-03,2021-02-03,1,{cve},,,,,\n"
        );
    }
    text
}

fn ends(dice: &mut Dice) -> Value {
    let later = if dice.percent(50) { "2126-06-10" } else { "2024-06-10" };
    json!({"schema_version": "1.2.0", "generated_at": "2026-08-22T00:00:00Z", "total": 2, "result": [
        {"name": "debian", "aliases": [], "label": "Debian", "releases": [
            {"name": "12", "releaseDate": "2023-06-10", "isEol": false, "eolFrom": later, "eoesFrom": null},
            {"name": "10", "releaseDate": "2019-07-06", "isEol": true, "eolFrom": "2022-09-10", "eoesFrom": "2029-06-30"}]},
        {"name": "alpine-linux", "aliases": ["alpine"], "label": "Alpine Linux", "releases": [
            {"name": "3.18", "releaseDate": "2023-05-09", "isEol": false, "eolFrom": "2125-05-09"}]}]})
}

/// Records of language packages, some of them for flaws that a distribution tells of, too.
fn osv(dice: &mut Dice, cves: &[String]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (place, (_, name, versions, _)) in LANGUAGE.iter().enumerate() {
        let ecosystem = ["PyPI", "PyPI", "npm", "Maven", "Go", "crates.io"][place];
        for number in 0..dice.below(3) {
            let id = format!("GHSA-{place}{place}{place}{place}-{number}{number}{number}{number}-cccc");
            let mut events = vec![json!({"introduced": "0"})];
            if dice.percent(60) {
                let last = versions[versions.len() - 1].trim_start_matches('v');
                events.push(json!({"fixed": if dice.percent(50) { last } else { "99.0.0" }}));
            }
            let aliases = if dice.percent(80) { vec![dice.pick(cves).clone()] } else { Vec::new() };
            let rating = *dice.pick(&["LOW", "MODERATE", "HIGH", "CRITICAL"]);
            let record = json!({"id": id, "modified": "2024-01-01T00:00:00Z", "published": "2023-05-01T00:00:00Z",
                "aliases": aliases, "summary": dice.pick(&WORDS), "database_specific": {"severity": rating},
                "affected": [{"package": {"ecosystem": ecosystem, "name": name},
                    "ranges": [{"type": if ecosystem == "npm" || ecosystem == "Go" { "SEMVER" } else { "ECOSYSTEM" }, "events": events}]}]});
            files.push((format!("osv/{ecosystem}/{id}.json"), record.to_string()));
        }
    }
    files
}
