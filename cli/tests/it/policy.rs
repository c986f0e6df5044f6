//! Gates: exit codes, what is set aside, and what is never passed over in silence.

use serde_json::Value;

use crate::harness::{PASSWORD, Server, plimsoll, stdout_of};
use crate::made::Made;

#[test]
fn every_exit_code_has_its_reason() {
    let made = Made::new();
    made.write("good.yaml", "ignore: []\n");
    made.write("bad.yaml", "ignore:\n  - vulnerability: CVE-1\n");
    let cases: [(&str, i32, &str); 25] = [
        ("", 0, ""),
        ("--fail-on critical", 3, "findings of severity critical or above (exit code 3)"),
        ("--fail-on high --exit-code 9", 9, "exit code 9"),
        ("--fail-on 5 --severity low", 0, ""),
        ("--fail-on any --exit-code 0", 0, "exit code 0"),
        ("--exit-code 1", 1, "4 findings"),
        ("--exit-code 7 --severity medium,negligible", 7, "2 findings"),
        ("--exit-code 7 --severity low", 0, ""),
        ("--fail-on kev", 3, "1 finding known to be exploited"),
        ("--fail-on kev --severity low", 0, ""),
        ("--fail-on fixable", 3, "1 finding with a fix"),
        ("--fail-on eol", 3, "1 release past its end of life"),
        ("--fail-on eol --ignore-unfixed", 3, "end of life"),
        ("--fail-on medium --ignore-unfixed", 3, "2 findings"),
        ("--fail-on secrets", 3, "1 secret"),
        ("--fail-on secrets --severity critical", 0, ""),
        ("--fail-on unreadable", 3, "1 place that"),
        ("--fail-on secrets --no-secrets --ignore-file good.yaml", 2, "contradict"),
        ("--fail-on kev,secrets", 3, "1 finding known to be exploited, 1 secret"),
        ("--fail-on severe", 2, "no condition"),
        ("--severity unknown", 2, "no severity"),
        ("--exit-code 256", 2, "256"),
        ("--exit-code -1", 2, ""),
        ("--ignore-file bad.yaml", 1, "bad.yaml"),
        ("--ignore-file none.yaml", 1, "none.yaml"),
    ];
    for (flags, code, word) in cases {
        let output = made.scan(&flags.split_whitespace().collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{flags}: {said}");
        assert!(said.contains(word), "{flags}: {said}");
        assert_eq!(
            said.contains("policy:"),
            word.contains("exit code") || code == 3 || matches!(code, 7 | 9) || flags == "--exit-code 1",
            "{flags}: {said}"
        );
        // A gate stops after the result is written.
        assert_eq!(output.stdout.is_empty(), code == 2 || flags.contains("ignore-file"), "{flags}");
    }
}

#[test]
fn a_gate_on_findings_does_not_open_because_there_is_no_data() {
    let made = Made::new();
    for flags in [["--fail-on", "critical"], ["--exit-code", "5"]] {
        let output = made.run(&[&["sbom:report.json"][..], &flags].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("there is no vulnerability data"), "{said}");
    }
    let output = made.run(&["sbom:report.json", "--fail-on", "secrets"]);
    assert_eq!(output.status.code(), Some(3), "secrets need none");
}

#[test]
fn a_gate_stops_even_if_nobody_reads_the_result() {
    let made = Made::new();
    let mut child = plimsoll()
        .args([
            "scan",
            "sbom:report.json",
            "--feeds",
            "feeds",
            "--fail-on",
            "any",
            "-o",
            "json=late.json",
            "--format",
            "table",
        ])
        .current_dir(made.path())
        .env("PLIMSOLL_CACHE_DIR", made.path().join("cache"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert!(made.path().join("late.json").exists());
}

#[test]
fn quiet_says_nothing_but_why_it_stops() {
    let made = Made::new();
    let loud = made.scan(&[]);
    let said = String::from_utf8_lossy(&loud.stderr);
    assert!(said.contains("unreadable: layer 1") && said.contains("1 place could not be read"), "{said}");
    assert_eq!(made.scan(&["--quiet"]).stderr, b"");
    let stopped = made.scan(&["--quiet", "--fail-on", "kev"]);
    let said = String::from_utf8_lossy(&stopped.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn what_an_ignore_file_names_does_not_count_until_it_expires() {
    let made = Made::new();
    let ids = |flags: &[&str]| {
        let report: Value =
            serde_json::from_str(&made.stdout(&[flags, &["--format", "json"]].concat())).unwrap();
        let id = |finding: &Value| finding["id"].as_str().unwrap().to_owned();
        let findings: Vec<String> = report["findings"].as_array().unwrap().iter().map(id).collect();
        let suppressed = report["suppressed"].as_array().unwrap().iter();
        let suppressed: Vec<String> =
            suppressed.filter(|item| item["finding"].is_object()).map(|item| id(&item["finding"])).collect();
        (findings.len(), suppressed)
    };
    let cases = [
        ("ignore:\n  - {vulnerability: cve-2023-4911, reason: x}\n", &["CVE-2023-4911"][..]),
        ("ignore:\n  - {package: glibc, reason: by the source package}\n", &["CVE-2023-4911"]),
        ("ignore:\n  - {package: 'pkg:deb/debian/zlib', reason: x}\n", &["CVE-2020-0002", "CVE-2023-45853"]),
        ("ignore:\n  - {package: 'pkg:deb/debian/zlib@9', reason: x}\n", &[]),
        ("ignore:\n  - {package: zlib, path: 'srv/**', reason: elsewhere}\n", &[]),
        ("ignore:\n  - {vulnerability: EOL-debian-12, package: debian, reason: x}\n", &["EOL-debian-12"]),
        ("ignore:\n  - {package: zlib, reason: x, expires: 2020-01-01}\n", &[]),
        ("CVE-2023-4911\n# remark\nCVE-2020-0002 exp:2020-01-01\n", &["CVE-2023-4911"]),
        ("ignore: []\n", &[]),
    ];
    for (text, expected) in cases {
        made.write("ignore", text);
        let (open, suppressed) = ids(&["--ignore-file", "ignore"]);
        assert_eq!(suppressed, expected, "{text}");
        assert_eq!(open, 4 - expected.len(), "{text}");
    }
    made.write("ignore", "ignore:\n  - {package: zlib, reason: x, expires: 2020-01-01}\n");
    let said = made.scan(&["--ignore-file", "ignore"]).stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("ignore:2: the entry for zlib has expired"), "{said}");
}

#[test]
fn a_suppliers_statement_suppresses_what_it_calls_not_affected_and_nothing_else() {
    let made = Made::new();
    let vex = |status: &str, product: &str| {
        format!(
            r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "us", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
            "statements": [{{"vulnerability": {{"name": "CVE-2023-45853"}}, "products": [{{"@id": "{product}"}}], "status": "{status}",
            "justification": "vulnerable_code_not_present", "impact_statement": "MiniZip is not built"}}]}}"#
        )
    };
    let suppressed = || -> Value {
        let out = made.stdout(&["--vex", "vex.json", "--format", "json"]);
        serde_json::from_str::<Value>(&out).unwrap()["suppressed"].clone()
    };
    made.write("vex.json", &vex("not_affected", "pkg:deb/debian/zlib"));
    let found = suppressed();
    assert_eq!(found[0]["finding"]["id"], "CVE-2023-45853", "{found}");
    assert_eq!(found[0]["status"], "not_affected");
    assert_eq!(found[0]["justification"], "vulnerable_code_not_present");
    assert!(found[0]["source"].as_str().unwrap().contains("vex.json"), "{found}");
    for (status, product) in [
        ("affected", "pkg:deb/debian/zlib"),
        ("under_investigation", "pkg:deb/debian/zlib"),
        ("not_affected", "pkg:deb/debian/glibc"),
    ] {
        made.write("vex.json", &vex(status, product));
        assert_eq!(suppressed(), Value::Array(Vec::new()), "{status} {product}");
    }
    made.write("vex.json", "{}");
    let output = made.scan(&["--vex", "vex.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("vex.json"));
}

#[test]
fn a_gate_at_a_server_decides_by_the_data_that_is_in_force_there() {
    let made = Made::new();
    let data = made.path().join("data");
    let feeds = made.path().join("feeds");
    stdout_of(&["feeds", "import", feeds.to_str().unwrap(), "--data", data.to_str().unwrap()]);
    let server = Server::start(&data);
    let push = |flags: &[&str]| {
        made.run(
            &[
                &["sbom:report.json", "--push", &server.base, "--user", "admin", "--password", PASSWORD],
                flags,
            ]
            .concat(),
        )
    };
    let cases: [(&[&str], i32, &str); 5] = [
        (&[], 0, ""),
        (&["--fail-on", "kev"], 3, "1 finding known to be exploited"),
        (&["--fail-on", "eol"], 3, "1 release past its end of life"),
        (&["--fail-on", "kev", "--severity", "low"], 0, ""),
        (&["--exit-code", "7"], 7, "4 findings"),
    ];
    for (flags, code, word) in cases {
        let output = push(flags);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {said}");
        assert!(said.contains(word) && said.contains("sent to"), "{flags:?}: {said}");
    }
    let there = push(&["-o", "json=there.json", "-o", "sarif=there.sarif", "--fail-on", "any"]);
    assert_eq!(there.status.code(), Some(3), "{}", String::from_utf8_lossy(&there.stderr));
    made.scan(&["-o", "json=here.json", "-o", "sarif=here.sarif"]);
    let findings = |name: &str| serde_json::from_str::<Value>(&made.read(name)).unwrap()["findings"].clone();
    assert_eq!(findings("there.json"), findings("here.json"), "both judge by the same feeds");
    assert!(findings("here.json").as_array().is_some_and(|findings| !findings.is_empty()));
    assert_eq!(made.read("there.sarif"), made.read("here.sarif"));
    assert_eq!(server.export("/csapi/v1.3/images/list").len(), 1);
}

#[test]
fn a_scan_in_a_build_says_so() {
    let made = Made::new();
    let server = Server::start(&made.path().join("data"));
    let source = |ci: &str| {
        let mut scan = plimsoll();
        scan.args([
            "scan",
            "sbom:report.json",
            "--push",
            &server.base,
            "--user",
            "admin",
            "--password",
            PASSWORD,
        ]);
        assert!(scan.current_dir(made.path()).env("CI", ci).output().unwrap().status.success());
        server.export("/csapi/v1.3/images/list")[0]["source"].clone()
    };
    assert_eq!(source("false"), serde_json::json!(["COMMAND_LINE"]));
    assert_eq!(source("true"), serde_json::json!(["COMMAND_LINE", "CICD"]));
}

#[test]
fn the_build_of_an_image_is_told_with_it_and_a_later_look_elsewhere_leaves_it() {
    let made = Made::new();
    let server = Server::start(&made.path().join("data"));
    let scan = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut scan = plimsoll();
        scan.args([
            "scan",
            "sbom:report.json",
            "--push",
            &server.base,
            "--user",
            "admin",
            "--password",
            PASSWORD,
        ]);
        scan.args(arguments).envs(variables.iter().copied()).current_dir(made.path());
        let output = scan.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let sha =
        |server: &Server| server.export("/csapi/v1.3/images/list")[0]["sha"].as_str().unwrap().to_owned();
    let gitlab = [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_JOB_NAME", "scan"),
        ("CI_JOB_URL", "https://git.example.com/a/b/-/jobs/7"),
        ("CI_COMMIT_SHA", "0f3c"),
        ("CI_REPOSITORY_URL", "https://gitlab-ci-token:glcbt-1@git.example.com/a/b.git"),
    ];
    scan(&["--build", "number=41"], &gitlab);
    let build =
        |server: &Server| server.json(&format!("/api/v1/images/{}", &sha(server)[..12]))["build"].clone();
    let told = build(&server);
    let expected = serde_json::json!({
        "system": "gitlab-ci",
        "job": "scan",
        "number": "41",
        "url": "https://git.example.com/a/b/-/jobs/7",
        "commit": "0f3c",
        "repository": "https://git.example.com/a/b.git",
    });
    assert_eq!(told["build"], expected);
    scan(&[], &[]);
    assert_eq!(build(&server), told);
}
