//! The forms of output, whole, over a report that holds one of everything.

use serde_json::Value;

use crate::made::Made;

const IGNORE: &str = "ignore:\n  - vulnerability: CVE-2023-45853\n    package: zlib\n    reason: MiniZip is not built\n    \
                      expires: 2999-12-31\n  - secret: aws-access-key-id\n    path: srv/app/**\n    reason: made for the tests\n";

fn check(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r#""(bundle|knowledge)": "sha256:[0-9a-f]{64}""#, "\"$1\": \"<bundle>\"");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn pretty(text: &str) -> String {
    serde_json::to_string_pretty(&serde_json::from_str::<Value>(text).unwrap()).unwrap()
}

#[test]
fn every_form_looks_as_reviewed() {
    let made = Made::new();
    made.write("ignore.yaml", IGNORE);
    let outputs = ["-o", "t.txt", "-o", "r.json", "-o", "s.sarif", "-o", "h.html", "-o", "@junit=j.xml"];
    let out =
        made.stdout(&[&outputs[..], &["--ignore-file", "ignore.yaml", "--fail-on", "kev,eol"]].concat());
    assert_eq!(out, "", "files only");
    check("table", &made.read("t.txt"));
    check("json", &pretty(&made.read("r.json")));
    check("sarif", &pretty(&made.read("s.sarif")));
    check("html", &made.read("h.html"));
    check("junit", &made.read("j.xml"));
}

#[test]
fn what_is_set_aside_is_listed_when_it_is_asked_for() {
    let made = Made::new();
    made.write("ignore.yaml", IGNORE);
    let flags = ["--ignore-file", "ignore.yaml", "--show-suppressed"];
    check("table-suppressed", &made.stdout(&flags));
    let log: Value =
        serde_json::from_str(&made.stdout(&[&flags[..], &["--format", "sarif"]].concat())).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<&Value> = results.iter().filter(|result| result["suppressions"].is_array()).collect();
    let ids: Vec<&str> = suppressed.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["CVE-2023-45853", "secret/aws-access-key-id"]);
    let why = suppressed[0]["suppressions"][0]["justification"].as_str().unwrap();
    assert!(why.contains("ignore.yaml:2") && why.contains("MiniZip is not built"), "{why}");
}

#[test]
fn nothing_in_an_image_reaches_a_terminal_or_a_browser_as_a_command() {
    let made = Made::new();
    for format in ["table", "json", "cyclonedx-json", "spdx-json", "sarif"] {
        let out = made.stdout(&["--format", format, "--color", "never"]);
        assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "{format}");
        assert!(!out.contains("\nforged line"), "{format}");
    }
    for template in ["@html", "@junit"] {
        let out = made.stdout(&["--template", template]);
        assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "{template}");
        assert!(!out.contains("<script") && !out.contains("<b>"), "{template}");
    }
    let log: Value = serde_json::from_str(&made.stdout(&["--format", "sarif"])).unwrap();
    let mut texts = Vec::new();
    collect_texts(&log, &mut texts);
    assert!(texts.iter().all(|text| !text.contains('\u{1b}')), "code scanning pages show these texts");
}

fn collect_texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(values) => values.iter().for_each(|value| collect_texts(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect_texts(value, texts)),
        _ => {}
    }
}

#[test]
fn colours_are_used_when_they_are_wanted_and_never_in_files_unasked() {
    let made = Made::new();
    let coloured = |out: &str| out.contains("\u{1b}[");
    assert!(!coloured(&made.stdout(&[])), "standard output is no terminal");
    let out = made.stdout(&["--color", "always"]);
    assert!(coloured(&out) && out.contains("high"), "{out}");
    assert!(out.contains("e\\u{1b}[31mvil"), "names stay escaped");
    made.stdout(&["--format", "table", "-o", "t.txt"]);
    assert!(!coloured(&made.read("t.txt")));
}

#[test]
fn a_template_sees_what_json_says() {
    let made = Made::new();
    made.write(
        "own.txt",
        "{% for finding in findings %}{{ finding.id }} {{ finding.package.name }}\n{% endfor %}{{ summary.secrets }}\n",
    );
    assert_eq!(
        made.stdout(&["--format", "template", "--template", "own.txt"]),
        "CVE-2023-4911 libc6\nCVE-2020-0002 zlib\nCVE-2023-45853 zlib\nEOL-debian-12 debian\n1\n"
    );
    made.write("bad.txt", "one\n{% if %}\n");
    let output = made.scan(&["--template", "bad.txt", "-o", "json=kept.json", "-o", "template=x"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("bad.txt line 2"), "{said}");
    assert!(!made.path().join("kept.json").exists(), "told before anything is written");
}

#[test]
fn a_file_that_cannot_be_written_fails_and_the_others_are_whole() {
    let made = Made::new();
    std::fs::create_dir(made.path().join("folder.json")).unwrap();
    let output = made.scan(&["-o", "a.json", "-o", "folder.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("folder.json"));
    serde_json::from_str::<Value>(&made.read("a.json")).unwrap();
}
