//! `judge` in a pipeline: one answer a line, in the order of the questions, whatever they are.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::{plimsoll, run};
use crate::small_feeds::feeds;

fn command(folder: &Path) -> Command {
    let mut command = plimsoll();
    command.args(["judge", "--feeds"]).arg(feeds(folder)).env("PLIMSOLL_CACHE_DIR", folder.join("cache"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn judge(input: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn answers(input: &[u8]) -> Vec<Value> {
    let output = judge(input);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*said), (Some(0), ""));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `covered`, and id, state and fix of each finding.
fn short(answer: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let found = answer["findings"].as_array().unwrap().iter().map(|finding| {
        format!(" {} {} {}", word(&finding["id"]), word(&finding["state"]), word(&finding["fixVersion"]))
    });
    format!("{}{}", answer["covered"], found.collect::<String>())
}

#[test]
fn a_finding_has_every_field_of_the_contract() {
    let answers =
        answers(b"pkg:deb/debian/openssl@3.0.11-1~deb12u2?distro=debian-12\npkg:pypi/requests@2.19.1\n");
    let [openssl, requests] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(
        *openssl,
        serde_json::json!({
            "purl": "pkg:deb/debian/openssl@3.0.11-1~deb12u2?distro=debian-12",
            "covered": true, "fixVersion": "3.0.13-1~deb12u1",
            "findings": [
                {"id": "CVE-2024-0727", "aliases": [], "qid": 93323991, "severity": 2, "state": "fixed",
                 "fixVersion": "3.0.13-1~deb12u1", "source": "debian", "advisory": "CVE-2024-0727",
                 "confidence": "CONFIRMED", "risk": openssl["findings"][0]["risk"]},
                {"id": "CVE-2024-4444", "aliases": [], "qid": 93327708, "severity": 3, "state": "will_not_fix",
                 "fixVersion": null, "source": "debian", "advisory": "CVE-2024-4444",
                 "confidence": "CONFIRMED", "risk": openssl["findings"][1]["risk"]},
                {"id": "CVE-2024-5555", "aliases": [], "qid": 93328819, "severity": 3, "state": "affected",
                 "fixVersion": null, "source": "debian", "advisory": "CVE-2024-5555",
                 "confidence": "CONFIRMED", "risk": openssl["findings"][2]["risk"]},
            ],
        })
    );
    let found = &requests["findings"][0];
    assert_eq!(
        (found["id"].as_str(), found["aliases"][0].as_str()),
        (Some("CVE-2024-1111"), Some("GHSA-1111-2222-3333"))
    );
    assert_eq!(found["source"], "osv");
    assert_eq!(requests["findings"].as_array().unwrap().len(), 1, "a withdrawn record is no finding");
}

#[test]
fn every_type_of_package_url_is_understood_with_and_without_qualifiers() {
    let openssl =
        "true CVE-2024-0727 fixed 3.0.13-1~deb12u1 CVE-2024-4444 will_not_fix - CVE-2024-5555 affected -";
    let ghsa = |number: u32| format!("true GHSA-0000-0000-000{number} fixed 2.20.0");
    let requests = "true CVE-2024-1111 fixed 2.20.0";
    let cases: Vec<(&str, String)> = vec![
        ("pkg:deb/debian/openssl@3.0.11-1~deb12u2?distro=debian-12", openssl.into()),
        ("pkg:deb/debian/openssl@3.0.11-1~deb12u2?distro=debian-12.5&arch=source", openssl.into()),
        ("pkg:deb/debian/openssl@3.0.11-1~deb12u2?distro=bookworm", openssl.into()),
        ("pkg:deb/debian/openssl@3.0.11-1%7Edeb12u2?arch=amd64&distro=debian-bookworm", openssl.into()),
        ("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12&upstream=openssl", openssl.into()),
        (
            "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12&upstream=openssl%403.0.13-1~deb12u1",
            "true CVE-2024-4444 will_not_fix - CVE-2024-5555 affected -".into(),
        ),
        ("pkg:deb/debian/libssl3@3.0.11-1~deb12u2?distro=debian-12", "true".into()),
        ("pkg:deb/debian/openssl@3.0.11-1~deb12u2", "false".into()),
        ("pkg:deb/debian/openssl@3.0.11-1~deb12u2?distro=debian-13", "false".into()),
        ("pkg:deb/ubuntu/openssl@3.0.11-1~deb12u2?distro=ubuntu-22.04", "false".into()),
        (
            "pkg:apk/alpine/busybox@1.36.1-r0?distro=alpine-3.18.4",
            "true CVE-2022-48174 fixed 1.36.1-r1".into(),
        ),
        (
            "pkg:apk/alpine/busybox-binsh@1.36.1-r0?distro=3.18&upstream=busybox",
            "true CVE-2022-48174 fixed 1.36.1-r1".into(),
        ),
        ("pkg:apk/alpine/busybox@1.36.1-r1?arch=x86_64&distro=alpine-3.18", "true".into()),
        ("pkg:apk/alpine/busybox@1.36.1-r0", "false".into()),
        ("pkg:apk/wolfi/curl@8.3.0-r0", "true CVE-2023-38545 fixed 8.4.0-r0".into()),
        ("pkg:apk/wolfi/curl@8.3.0-r0?distro=wolfi-20230201", "true CVE-2023-38545 fixed 8.4.0-r0".into()),
        ("pkg:rpm/redhat/openssl@3.0.7-1.el9?epoch=1&distro=rhel-9", "false".into()),
        ("pkg:rpm/redhat/nodejs@18.0-1.el8?distro=rhel-8&rpmmod=nodejs:18", "false".into()),
        ("pkg:pypi/requests@2.19.1", requests.into()),
        ("pkg:pypi/Requests@2.19.1?file_name=requests.whl#sub", requests.into()),
        ("pkg:pypi/requests@2.20.0", "true".into()),
        ("pkg:npm/%40scope/lib@1.0.0", ghsa(1)),
        ("pkg:npm/@scope/lib@1.0.0", ghsa(1)),
        ("pkg:npm/lib@1.0.0", "true".into()),
        ("pkg:golang/example.com/mod@v1.5.0", ghsa(2)),
        ("pkg:golang/example.com/mod@1.5.0?type=module", ghsa(2)),
        ("pkg:golang/example.com/mod@v0.0.0-20240101000000-abcdefabcdef", ghsa(2)),
        ("pkg:maven/org.x/lib@1.0?type=jar", ghsa(3)),
        ("pkg:nuget/newtonsoft.json@1.0.0", ghsa(4)),
        ("pkg:nuget/Newtonsoft.Json@1.0.0", ghsa(4)),
        ("pkg:composer/Vendor/Pkg@1.0", ghsa(5)),
        ("pkg:cargo/tokio@1.0.0", ghsa(6)),
        ("pkg:gem/rack@2.0.1?platform=ruby", ghsa(7)),
        ("pkg:hex/plug@1.0.0", ghsa(8)),
        ("pkg:pub/http@1.0.0", ghsa(9)),
        ("pkg:bitnami/nginx@1.25.0-2?arch=amd64", "true BIT-nginx-2024-0001 fixed 2.20.0".into()),
        ("pkg:generic/openssl@1.0", "false".into()),
    ];
    let input: String = cases.iter().map(|(purl, _)| format!("{purl}\n")).collect();
    let answers = answers(input.as_bytes());
    for ((purl, expected), answer) in cases.iter().zip(&answers) {
        assert_eq!(answer["purl"], *purl);
        assert_eq!(short(answer), *expected, "{purl}");
        assert_eq!(answer["covered"] == false, answer.get("notCovered").is_some(), "{purl}");
    }
    assert_eq!(answers.len(), cases.len());
}

#[test]
fn odd_lines_are_answered_in_their_place_and_never_end_the_program() {
    let mut input =
        b"garbage\r\n\n  pkg:pypi/requests@2.19.1  \r\npkg:foo/bar@1\n\xff\xfe\n{\"a\":1}\n".to_vec();
    input.extend(std::iter::repeat_n(b'a', 1_000_000));
    input.extend(
        b"\npkg:pypi/requests\npkg:deb/debian/openssl@%zz?distro=debian-12\npkg:pypi/requests@2.19.1",
    );
    let answers = answers(&input);
    let told: Vec<(&str, String)> =
        answers.iter().map(|answer| (answer["error"].as_str().unwrap_or_default(), short(answer))).collect();
    let none = || "false".to_owned();
    let found = || "true CVE-2024-1111 fixed 2.20.0".to_owned();
    assert_eq!(told[0], ("`garbage` is no package URL", none()));
    assert_eq!(told[1].1, none());
    assert!(!told[1].0.is_empty(), "a blank line is answered, too");
    assert_eq!(told[2], ("", found()));
    assert_eq!(told[3], ("packages of type `foo` are not known", none()));
    assert_eq!(told[4], ("the line is not UTF-8", none()));
    assert_eq!(told[5], ("`{\"a\":1}` is no package URL", none()));
    assert_eq!(told[6], ("the line is too long", none()));
    assert_eq!(told[7], ("", "true".to_owned()));
    assert!(answers[7]["undecided"][0].as_str().unwrap().contains("GHSA-1111-2222-3333"), "{}", answers[7]);
    assert_eq!(told[9], ("", found()), "the last line needs no end");
    assert_eq!(answers.len(), 10);
}

#[test]
fn nothing_is_answered_by_nothing() {
    assert!(answers(b"").is_empty());
}

#[test]
fn answers_come_as_soon_as_the_input_pauses() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for version in ["2.19.1", "2.20.0"] {
        writeln!(stdin, "pkg:pypi/requests@{version}").unwrap();
        // the input stays open: an answer that waits for more input would never come
        let answer: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["findings"].as_array().unwrap().is_empty(), version == "2.20.0");
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn without_data_it_fails_and_says_how_to_get_some() {
    let folder = tempfile::tempdir().unwrap();
    let output = plimsoll().arg("judge").current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("--feeds"), "{said}");
    assert_eq!(run(&["judge", "--feeds", "a", "--bundle", "b"]).status.code(), Some(2));
}
