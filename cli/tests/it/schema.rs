//! The published schema of `--format json` holds for real output, and says no less than that: what it allows is listed.
//!
//! The checker knows exactly the words that our schema uses and fails at any other, so that none of them is passed over.

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

use crate::made::Made;

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/report.schema.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn real_output_is_as_the_published_schema_says() {
    let schema = schema();
    let made = Made::new();
    made.write(
        "ignore",
        "ignore:\n  - {package: zlib, reason: x, expires: 2999-01-01}\n  - {secret: '*', reason: x}\n",
    );
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fixtures");
    let fixture = |name: &str| target.join(name).to_str().unwrap().to_owned();
    let (python, java) = (fixture("debian-python.oci"), fixture("java.docker.tar"));
    let folder = format!("dir:{}", made.path().display());
    let scans: [&[&str]; 6] = [
        &["sbom:report.json", "--feeds", "feeds", "--fail-on", "any"],
        &["sbom:report.json", "--feeds", "feeds", "--ignore-file", "ignore"],
        &["sbom:report.json"],
        &[&python, "--feeds", "feeds"],
        &[&java],
        &[&folder],
    ];
    for arguments in scans {
        let output = made.run(&[arguments, &["--format", "json"]].concat());
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut faults = Vec::new();
        check(&schema, &schema, &report, "report", &mut faults);
        assert!(faults.is_empty(), "{arguments:?}: {:#?}", &faults[..faults.len().min(10)]);
    }
}

#[test]
fn sarif_and_json_are_valid_by_a_validator_that_is_not_ours() {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let (python, sarif) = (target.join("schemas/bin/python3"), target.join("schemas/sarif-2.1.0.json"));
    for needed in [&python, &sarif] {
        assert!(
            needed.exists(),
            "{} is missing: make it with `cargo xtask setup --schemas`",
            needed.display()
        );
    }
    let made = Made::new();
    made.write("ignore", "ignore:\n  - {package: zlib, reason: x}\n  - {secret: '*', reason: x}\n");
    made.stdout(&["-o", "all.sarif", "-o", "all.json"]);
    made.stdout(&["-o", "aside.sarif", "-o", "aside.json", "--ignore-file", "ignore", "--show-suppressed"]);
    let fixture = target.join("fixtures/debian-python.oci");
    let output =
        made.run(&[fixture.to_str().unwrap(), "-o", "real.sarif", "-o", "real.json", "--feeds", "feeds"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = made.run(&["sbom:report.json", "-o", "unjudged.sarif", "-o", "unjudged.json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reference/report.schema.json");
    for (schema, ending) in [(&sarif, "sarif"), (&own, "json")] {
        let documents = ["all", "aside", "real", "unjudged"].map(|name| format!("{name}.{ending}"));
        let mut validator = Command::new(&python);
        validator.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/validate.py")).arg(schema);
        let output = validator.args(documents).current_dir(made.path()).output().unwrap();
        let said =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success() && said.contains("4 documents are valid"), "{said}");
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let schema = schema();
    let made = Made::new();
    let good: Value = serde_json::from_str(&made.stdout(&["--format", "json"])).unwrap();
    let cases: [(&str, Value); 6] = [
        ("/schema", Value::from(2)),
        ("/packages/0/surprise", Value::Null),
        ("/packages/0/ecosystem", Value::from("made-up")),
        ("/findings/0/severity", Value::from(6)),
        ("/image/id", Value::from("sha256:00")),
        ("/summary/findings", Value::from("many")),
    ];
    for (pointer, value) in cases {
        let mut bad = good.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        bad.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(key.to_owned(), value);
        let mut faults = Vec::new();
        check(&schema, &schema, &bad, "report", &mut faults);
        assert_eq!(faults.len(), 1, "{pointer}: {faults:?}");
    }
    let mut bad = good;
    bad.as_object_mut().unwrap().remove("findings");
    let mut faults = Vec::new();
    check(&schema, &schema, &bad, "report", &mut faults);
    assert_eq!(faults, ["report lacks findings"]);
}

/// Adds to `faults` what `value` has that `schema` does not allow.
fn check(root: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "$defs" | "title" | "description" => {}
            "$ref" => {
                let target = root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                check(root, target, value, place, faults);
            }
            "type" if !has_type(value, rule) => faults.push(format!("{place} is no {rule}")),
            "const" if value != rule => faults.push(format!("{place} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => faults.push(format!("{place} is {value}")),
            "minimum" if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap()) => {
                faults.push(format!("{place} is below {rule}"));
            }
            "maximum" if value.as_f64().is_some_and(|number| number > rule.as_f64().unwrap()) => {
                faults.push(format!("{place} is above {rule}"));
            }
            "pattern" => {
                assert_eq!(rule, "^sha256:[0-9a-f]{64}$", "the only pattern that is known here");
                if value.as_str().is_some_and(|text| text.parse::<model::Digest>().is_err()) {
                    faults.push(format!("{place} is no digest"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, item, &format!("{place}[{index}]"), faults);
                }
            }
            "required" => {
                for name in value.as_object().into_iter().flat_map(|object| missing(rule, object)) {
                    faults.push(format!("{place} lacks {name}"));
                }
            }
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(rule) => check(root, rule, field, &format!("{place}.{name}"), faults),
                        None => faults.push(format!("{place} has {name}")),
                    }
                }
            }
            "additionalProperties" => assert_eq!(*rule, Value::Bool(false), "every object is closed"),
            "type" | "const" | "enum" | "minimum" | "maximum" => {}
            other => panic!("the checker does not know `{other}`"),
        }
    }
}

fn missing<'a>(required: &'a Value, object: &Map<String, Value>) -> Vec<&'a str> {
    let names = required.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
    names.filter(|name| !object.contains_key(*name)).collect()
}

fn has_type(value: &Value, rule: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no type {other}"),
    };
    rule.as_array().map_or_else(|| is(rule), |types| types.iter().any(is))
}
