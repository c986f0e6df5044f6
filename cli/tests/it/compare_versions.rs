//! `compare-versions` in a pipeline: answers beside their questions, whatever is asked and however it arrives.

use std::io::{BufRead, BufReader, Write};
use std::process::{Output, Stdio};

use crate::harness::plimsoll;

fn compare(scheme: &str, input: &[u8]) -> Output {
    let mut child = plimsoll()
        .args(["compare-versions", scheme])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn answers(scheme: &str, input: &str) -> String {
    let output = compare(scheme, input.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*said), (Some(0), ""), "{scheme}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_scheme_and_alias_compares_by_its_own_rules() {
    // `1.0-1`, `1.0.0-a` and `1.0.0+1` beside `1.0.0`, which no two rules treat alike
    let input = "1.0-1\t1.0.0\n1.0.0-a\t1.0.0\n1.0.0+1\t1.0.0\n1.9.0\t1.10.0\n";
    for (schemes, expected) in [
        (&["dpkg", "deb"][..], "<>><"),
        (&["rpm"], "<>><"),
        (&["apk"], "???<"),
        (&["semver", "cargo", "swift", "npm"], "?<=<"),
        (&["pep440", "pypi"], "><><"),
        (&["maven"], ">>><"),
        (&["gem", "rubygems"], "<<?<"),
        (&["nuget"], "<<=<"),
        (&["composer"], "?<=<"),
        (&["go", "golang"], "?<=<"),
        (&["hex"], "?<=<"),
        (&["pub"], "?<><"),
        (&["alpm"], "<=><"),
        (&["generic"], ">>><"),
    ] {
        for scheme in schemes {
            assert_eq!(answers(scheme, input).replace('\n', ""), expected, "{scheme}");
        }
    }
}

#[test]
fn an_unknown_scheme_is_wrong_usage_and_names_the_known_ones() {
    for scheme in ["debian", "", "DPKG"] {
        let output = compare(scheme, b"1\t2\n");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        for known in
            ["dpkg (deb)", "rpm", "apk", "semver (cargo, swift)", "gem (rubygems)", "go (golang)", "generic"]
        {
            assert!(said.contains(known), "{known}: {said}");
        }
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_line_that_is_no_pair_is_answered_and_named() {
    let output = compare("dpkg", b"1\t2\r\nno tab\n\n2\t1\n1\t\xff\n1\t2\t3");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "<\n?\n?\n>\n?\n?\n");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    for fault in
        ["line 2 has no tab", "line 3 is blank", "line 5 is not UTF-8", "line 6 has more than one tab"]
    {
        assert!(said.contains(fault), "{fault}: {said}");
    }
}

#[test]
fn many_odd_lines_are_counted_instead_of_told() {
    let output = compare("rpm", "x\n".repeat(5000).as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.stdout, "?\n".repeat(5000).as_bytes());
    assert_eq!(said.lines().count(), 21, "{said}");
    assert!(said.contains("5000 lines in all are no pair"), "{said}");
}

#[test]
fn answers_come_as_soon_as_the_input_pauses() {
    let mut child = plimsoll()
        .args(["compare-versions", "semver"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for (pair, sign) in [("1.0.0\t2.0.0\n", "<"), ("2.0.0\t1.0.0\n", ">")] {
        stdin.write_all(pair.as_bytes()).unwrap();
        // the input stays open: an answer that waits for more input would never come
        assert_eq!(lines.next().unwrap().unwrap(), sign);
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = plimsoll()
        .args(["compare-versions", "dpkg"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all("1\t2\n".repeat(100_000).as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}
