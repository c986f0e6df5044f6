//! The brute-force matcher as a program: it writes the packages that an engine is to be asked about, and holds the answers of
//! `plimsoll judge` against its own.
//!
//! `brute ask FEEDS CAP` prints package URLs; `brute compare FEEDS CAP ANSWERS [SHOWN]` prints a table and the differences;
//! `brute scans FEEDS REPORT…` does so for the packages in reports of `plimsoll scan --format json`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;
use testkit::brute::{BruteForce, Found, Question, Tally, differences};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["ask", feeds, cap] => ask(feeds, cap),
        ["compare", feeds, cap, answers] => compare(feeds, cap, answers, "10"),
        ["compare", feeds, cap, answers, shown] => compare(feeds, cap, answers, shown),
        ["scans", feeds, reports @ ..] => scans(feeds, reports),
        _ => Err("usage: brute scans FEEDS REPORT… | brute ask FEEDS CAP | brute compare FEEDS CAP ANSWERS [SHOWN]".to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// The questions with their package URLs, those without one left out.
fn questions(brute: &BruteForce, cap: &str) -> Result<Vec<(Question, String)>, String> {
    let cap: usize = cap.parse().map_err(|_| format!("`{cap}` is no number"))?;
    let all = brute.packages().flat_map(|(namespace, name)| brute.questions(namespace, name, cap));
    Ok(all.filter_map(|question| question.purl().map(|purl| (question, purl))).collect())
}

fn ask(feeds: &str, cap: &str) -> Result<bool, String> {
    let brute = BruteForce::read(Path::new(feeds), |_| true)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (_, purl) in questions(&brute, cap)? {
        writeln!(out, "{purl}").map_err(|error| error.to_string())?;
    }
    out.flush().map_err(|error| error.to_string())?;
    Ok(true)
}

fn compare(feeds: &str, cap: &str, answers: &str, shown: &str) -> Result<bool, String> {
    let shown: usize = shown.parse().map_err(|_| format!("`{shown}` is no number"))?;
    let brute = BruteForce::read(Path::new(feeds), |_| true)?;
    let questions = questions(&brute, cap)?;
    let file = std::fs::File::open(answers).map_err(|error| format!("{answers}: {error}"))?;
    let mut lines = BufReader::new(file).lines();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut last = String::new();
    for (question, purl) in &questions {
        let line = lines
            .next()
            .ok_or("there are fewer answers than questions")?
            .map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        if answer["purl"] != purl.as_str() || !answer["error"].is_null() {
            return Err(format!("{purl} was answered with {line}"));
        }
        let tally = tallies.entry(question.namespace.clone()).or_default();
        tally.questions += 1;
        tally.packages += usize::from(last != question.name);
        last.clone_from(&question.name);
        let (findings, different) = differences(&brute, question, &found(&answer));
        tally.findings += findings;
        for difference in different {
            tally.differences += 1;
            if tally.differences <= shown {
                eprintln!("{purl}\n{difference}");
            }
        }
    }
    for line in &brute.passed_over {
        eprintln!("passed over: {line}");
    }
    eprintln!(
        "{:<18} {:>9} {:>10} {:>10} {:>11}",
        "namespace", "packages", "questions", "findings", "differences"
    );
    let mut all = Tally::default();
    for (namespace, tally) in &tallies {
        show(namespace, tally);
        all.packages += tally.packages;
        all.questions += tally.questions;
        all.findings += tally.findings;
        all.differences += tally.differences;
    }
    show("all", &all);
    Ok(all.differences == 0)
}

/// The packages and findings of scans. The engine's advisories for a release as a whole are left out.
fn scans(feeds: &str, reports: &[&str]) -> Result<bool, String> {
    let brute = BruteForce::read(Path::new(feeds), |_| true)?;
    let mut equal = true;
    eprintln!(
        "{:<18} {:>9} {:>10} {:>10} {:>11}",
        "image", "packages", "questions", "findings", "differences"
    );
    for report in reports {
        let text = std::fs::read_to_string(report).map_err(|error| format!("{report}: {error}"))?;
        let scan: Value = serde_json::from_str(&text).map_err(|error| format!("{report}: {error}"))?;
        let mut tally = Tally::default();
        for package in scan["packages"].as_array().into_iter().flatten() {
            let Some(question) = question(package) else { continue };
            let own = |finding: &&Value| {
                ["purl", "path"].iter().all(|key| finding["package"][*key] == package[*key])
            };
            let own: Vec<&Value> = scan["findings"].as_array().into_iter().flatten().filter(own).collect();
            let (findings, different) =
                differences(&brute, &question, &found(&serde_json::json!({ "findings": own })));
            tally.questions += 1;
            tally.packages += usize::from(!brute.rows(&question.namespace, &question.name).is_empty());
            tally.findings += findings;
            tally.differences += different.len();
            different.iter().for_each(|difference| eprintln!("{report}\n{difference}"));
        }
        let name = Path::new(report).file_stem().unwrap_or_default().to_string_lossy();
        show(&name, &tally);
        equal &= tally.differences == 0;
    }
    Ok(equal)
}

/// A package of a scan; `None` if its kind is not judged by the brute force, or another package owns its files.
fn question(package: &Value) -> Option<Question> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if package["ownedBy"].is_string() {
        return None;
    }
    let ecosystem = text(&package["ecosystem"])?;
    let (name, version) = (text(&package["name"])?, text(&package["version"])?);
    let (namespace, name, version) = match ecosystem.as_str() {
        "deb" | "apk" => {
            let source = &package["source"];
            let name = text(&source["name"]).unwrap_or(name);
            (text(&package["distro"])?, name, text(&source["version"]).unwrap_or(version))
        }
        "pypi" => (ecosystem, name.to_lowercase().replace(['_', '.'], "-"), version),
        "rpm" | "os" | "generic" => return None,
        "composer" | "nuget" | "hex" | "pub" => (ecosystem, name.to_lowercase(), version),
        _ => (ecosystem, name, version),
    };
    Some(Question { namespace, name, version, module: None, arch: None })
}

fn show(name: &str, tally: &Tally) {
    let Tally { packages, questions, findings, differences } = tally;
    eprintln!("{name:<18} {packages:>9} {questions:>10} {findings:>10} {differences:>11}");
}

/// The findings in an answer of the engine, those about lifecycles left out.
fn found(answer: &Value) -> Vec<Found> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = answer["findings"].as_array().into_iter().flatten();
    let findings = findings.filter(|finding| !text(&finding["id"]).starts_with("EOL"));
    let of = |finding: &Value| Found {
        id: text(&finding["id"]),
        state: text(&finding["state"]),
        fix: finding["fixVersion"].as_str().map(str::to_owned),
        advisory: text(&finding["advisory"]),
    };
    findings.map(of).collect()
}
