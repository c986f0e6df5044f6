//! `tests/labels/*.json`: packages, what publishers say of them, and what must come out. A finding is written as
//! `id state fix confidence`, optionally followed by `by ADVISORY` and `severity N`.
//!
//! A statement is about the source package in the package's own namespace, unless it says otherwise: `"named": "binary"`,
//! `"package"`, `"namespace"`, `"module"`, `"arches"`.

use knowledge::Bundle;
use matcher::{Coverage, Judgement};
use model::{
    Affected, AffectedRange, Finding, FixState, Named, Namespace, Package, Severity, SeverityRule, Timestamp,
};
use serde_json::{Value, json};

use crate::make;

fn statement(label: &Value) -> knowledge::BundleAffected {
    let id = label["id"].as_str().unwrap();
    let field = |name: &str, default: Value| label.get(name).cloned().unwrap_or(default);
    let affected = Affected {
        advisory: field("advisory", json!(id)).as_str().unwrap().to_owned(),
        feed: "label".to_owned(),
        ranges: serde_json::from_value::<Vec<AffectedRange>>(field("ranges", json!([]))).unwrap(),
        versions: serde_json::from_value(field("versions", json!([]))).unwrap(),
        state: serde_json::from_value::<FixState>(field("state", json!("affected"))).unwrap(),
        fix_version: serde_json::from_value(field("fix", Value::Null)).unwrap(),
        severity: serde_json::from_value::<Severity>(field("severity", json!(3))).unwrap(),
        severity_rule: serde_json::from_value::<SeverityRule>(field("rule", json!("default"))).unwrap(),
        named: match label["named"].as_str() {
            Some("binary") => Named::Binary,
            _ => Named::Source,
        },
        module: label["module"].as_str().map(str::to_owned),
        arches: strings(&label["arches"]),
        ..Affected::default()
    };
    make::statement(u32::try_from(label["qid"].as_u64().unwrap()).unwrap(), id, affected)
}

/// The statement with its place in the bundle.
fn placed(label: &Value, package: &Package) -> (Namespace, String, knowledge::BundleAffected) {
    let mut given = statement(label);
    if !package.ecosystem.is_os() {
        given.affected.named = Affected::default().named;
    }
    let name = match given.affected.named {
        Named::Binary if package.ecosystem.is_os() => package.name.clone(),
        _ => knowledge::advisory_key(package),
    };
    let own = || knowledge::namespace_of(package).unwrap();
    let namespace = label["namespace"].as_str().map_or_else(own, |name| Namespace(name.to_owned()));
    (namespace, label["package"].as_str().map_or(name, str::to_owned), given)
}

fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_lowercase()
}

/// Writes a finding in as many words as the label uses.
fn shown(finding: &Finding, label: &str) -> String {
    let fix = finding.fix_version.as_deref().unwrap_or("-");
    let mut text =
        format!("{} {} {fix} {}", finding.vulnerability.id, word(finding.state), word(finding.confidence));
    if label.contains(" by ") {
        text.push_str(&format!(" by {}", finding.advisory));
    }
    if label.contains(" severity ") {
        text.push_str(&format!(" severity {}", finding.severity.get()));
    }
    text
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn check(case: &Value) -> Result<(), String> {
    let name = case["case"].as_str().unwrap();
    let package: Package = serde_json::from_value(case["package"].clone()).unwrap();
    let labels = case["statements"].as_array().unwrap();
    let mut statements: Vec<_> = labels.iter().map(|label| placed(label, &package)).collect();
    let coverage = if case["covered"] == json!(false) { Coverage::NotCovered } else { Coverage::Covered };
    let expected = strings(&case["findings"]);
    // the outcome must not depend on the order in which statements come
    for _ in 0..statements.len() {
        statements.rotate_left(1);
        let bundle = Bundle::of_statements(&statements);
        let judgement = matcher::judge(&package, &bundle, Timestamp(1_700_000_000_000));
        if judgement.coverage != coverage {
            return Err(format!("{name}: {:?}", judgement.coverage));
        }
        let Judgement { findings, undecided, fix_version, .. } = judgement;
        let found: Vec<String> = findings
            .iter()
            .enumerate()
            .map(|(index, finding)| shown(finding, expected.get(index).map_or("", String::as_str)))
            .collect();
        if found != expected {
            return Err(format!("{name}: found {found:#?}, expected {expected:#?}"));
        }
        let undecided: Vec<String> = undecided.into_iter().map(|entry| entry.vulnerability).collect();
        if undecided != strings(&case["undecided"]) {
            return Err(format!("{name}: undecided are {undecided:?}"));
        }
        if fix_version.as_deref() != case["fix"].as_str() {
            return Err(format!("{name}: cleared by {fix_version:?}"));
        }
    }
    Ok(())
}

#[test]
fn every_labelled_case_comes_out_as_labelled() {
    let folder = format!("{}/tests/labels", env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let labels: Vec<Value> = serde_json::from_str(&text).unwrap();
        cases += labels.len();
        wrong.extend(labels.iter().filter_map(|case| check(case).err()));
    }
    assert!(cases >= 40, "only {cases} cases were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
