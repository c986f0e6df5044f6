//! The schemes against the programs that define them. A program that is not on this machine is skipped with a line
//! that says so.

use std::cmp::Ordering;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use version::{Scheme, compare};

use crate::corpus;

type Pairs = Vec<(String, String)>;

/// Feeds `pairs` to `command` as `A<TAB>B` lines and reads back one of `<`, `=`, `>`, `?` a line.
/// `None` when the program cannot be started or does not answer.
fn ask(command: &mut Command, pairs: &Pairs) -> Option<Vec<char>> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let input: String = pairs.iter().map(|(a, b)| format!("{a}\t{b}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().ok()?;
    let _ = writer.join();
    let text = String::from_utf8_lossy(&output.stdout);
    let answers: Vec<char> = text.lines().filter_map(|line| line.chars().next()).collect();
    (answers.len() == pairs.len()).then_some(answers)
}

fn assert_agreement(scheme: Scheme, program: &str, pairs: &Pairs, answers: Option<Vec<char>>) {
    let Some(answers) = answers else {
        eprintln!("skipped: {program} is not on this machine, {scheme} is only checked by its table");
        return;
    };
    let mut differences = Vec::new();
    for ((a, b), expected) in pairs.iter().zip(answers) {
        let found = match compare(scheme, a, b) {
            Ok(Ordering::Less) => '<',
            Ok(Ordering::Equal) => '=',
            Ok(Ordering::Greater) => '>',
            Err(_) => '?',
        };
        if found != expected {
            differences.push(format!("{a} {found} {b}, but {program} says {expected}"));
        }
    }
    let count = differences.len();
    differences.truncate(40);
    assert!(differences.is_empty(), "{count} of {} differ:\n{}", pairs.len(), differences.join("\n"));
    eprintln!("{scheme}: {} pairs agree with {program}", pairs.len());
}

const DPKG: &str = r#"
while IFS="$(printf '\t')" read -r a b; do
  if dpkg --compare-versions "$a" lt "$b"; then echo '<'
  elif dpkg --compare-versions "$a" eq "$b"; then echo '='
  else echo '>'
  fi
done"#;

#[test]
fn debian_versions_are_ordered_as_dpkg_orders_them() {
    let mut pairs = corpus::pairs(Scheme::Deb, &corpus::debian_versions(), 300);
    let pieces = ["0", "1", "10", "01", ".", "~", "+", "a", "z", "-1", "Z", "~~", "."];
    pairs.extend(
        corpus::made_pairs(&pieces, 200).into_iter().filter(|(a, b)| compare(Scheme::Deb, a, b).is_ok()),
    );
    let answers = ask(
        Command::new("sh").args(["-c", &format!("command -v dpkg >/dev/null || exit 1; {DPKG}")]),
        &pairs,
    );
    assert_agreement(Scheme::Deb, "dpkg", &pairs, answers);
}

const PACKAGING: &str = r#"
import sys
try:
    from packaging.version import Version, InvalidVersion
except ImportError:
    from pip._vendor.packaging.version import Version, InvalidVersion
for line in sys.stdin.read().split("\n")[:-1]:
    a, b = line.split("\t")
    try:
        a, b = Version(a), Version(b)
        print("<" if a < b else "=" if a == b else ">")
    except InvalidVersion:
        print("?")
"#;

#[test]
fn python_versions_are_read_and_ordered_as_packaging_does() {
    let mut pairs = corpus::pairs(Scheme::Pep440, &corpus::osv_versions("PyPI"), 4000);
    let pieces = [
        "0", "1", "10", ".", ".", "-", "_", "a", "b1", "rc", "c", ".post", "r", "-1", ".dev", "+x", "+1",
        "1!", "pre", "preview", "alpha", "rev", "X",
    ];
    pairs.extend(corpus::made_pairs(&pieces, 4000));
    let answers = ask(Command::new("python3").args(["-c", PACKAGING]), &pairs);
    assert_agreement(Scheme::Pep440, "packaging", &pairs, answers);
}

/// `LOOSE` is filled in.
const SEMVER: &str = r#"
const semver = require(['/usr/lib/node_modules/npm/node_modules/semver',
  '/usr/local/lib/node_modules/npm/node_modules/semver', '/usr/share/nodejs/semver']
  .find(folder => require('fs').existsSync(folder)));
const read = text => semver.parse(text, { loose: LOOSE });
const lines = require('fs').readFileSync(0, 'utf8').split('\n').slice(0, -1);
for (const line of lines) {
  const [a, b] = line.split('\t').map(read);
  console.log(a && b ? '<=>'[a.compare(b) + 1] : '?');
}
"#;

#[test]
fn npm_versions_are_ordered_as_nodes_semver_orders_them() {
    let mut pairs = corpus::pairs(Scheme::Npm, &corpus::osv_versions("npm"), 4000);
    let pieces =
        ["0", "1", "10", ".0", ".1", ".2", ".0.0", "-a", "-1", ".x", "+b", "beta", ".rc", "-0a", "."];
    pairs.extend(corpus::made_pairs(&pieces, 4000));
    let answers = ask(Command::new("node").args(["-e", &SEMVER.replace("LOOSE", "false")]), &pairs);
    assert_agreement(Scheme::Semver, "semver", &pairs, answers);
    // node's loose mode reads two things by accident that are unreadable here: a trailing hyphen as a pre-release, and
    // four numbers by cutting the third in two (`2.1.10.5` as `2.1.1-0.5`)
    pairs.retain(|(a, b)| [a, b].into_iter().all(|text| !text.ends_with('-') && !has_four_numbers(text)));
    let answers = ask(Command::new("node").args(["-e", &SEMVER.replace("LOOSE", "true")]), &pairs);
    assert_agreement(Scheme::Npm, "semver in loose mode", &pairs, answers);
}

fn has_four_numbers(text: &str) -> bool {
    let mut parts = text.split('.');
    let numbers =
        parts.by_ref().take(3).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).count();
    numbers == 3 && parts.next().is_some()
}

const MAVEN: &str = r#"
import java.io.*;
import org.apache.maven.artifact.versioning.ComparableVersion;
public class Oracle {
    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        StringBuilder out = new StringBuilder();
        for (String line; (line = in.readLine()) != null; ) {
            String[] pair = line.split("\t", -1);
            int order = new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1]));
            out.append(order < 0 ? "<\n" : order > 0 ? ">\n" : "=\n");
        }
        System.out.print(out);
    }
}
"#;

#[test]
fn maven_versions_are_ordered_as_comparable_version_orders_them() {
    let mut pairs = corpus::pairs(Scheme::Maven, &corpus::osv_versions("Maven"), 4000);
    let pieces = [
        "0", "1", "10", "00", ".", ".", "-", "-", "a", "b", "m", "x", "alpha", "rc", "CR", "sp", "SNAPSHOT",
        "Final", "ga", "RELEASE", "-1", "_",
    ];
    pairs.extend(corpus::made_pairs(&pieces, 8000));
    let jar = Path::new("/usr/share/java/maven-artifact-3.x.jar");
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("Oracle.java");
    std::fs::write(&source, MAVEN).unwrap();
    let class_path = format!("{}:/usr/share/java/commons-lang3.jar", jar.display());
    let answers = jar
        .exists()
        .then(|| ask(Command::new("java").arg("-cp").arg(class_path).arg(&source), &pairs))
        .flatten();
    assert_agreement(Scheme::Maven, "ComparableVersion", &pairs, answers);
}

#[test]
fn rpm_versions_are_ordered_as_rpm_orders_them() {
    let mut versions = corpus::osv_versions("AlmaLinux");
    versions.extend(corpus::osv_versions("Rocky Linux"));
    let mut pairs = corpus::pairs(Scheme::Rpm, &versions, 4000);
    let pieces = ["0", "1", "10", "01", ".", "~", "^", "a", "z", "-1", "Z", "_", "el8", "+"];
    pairs.extend(corpus::made_pairs(&pieces, 4000));
    pairs.retain(|(a, b)| compare(Scheme::Rpm, a, b).is_ok());
    let input = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rpm-pairs.txt");
    let text: String = pairs.iter().map(|(a, b)| format!("{a}\t{b}\n")).collect();
    std::fs::write(&input, text).unwrap();
    let script = format!(
        "%{{lua: for line in io.lines('{}') do local a, b = line:match('(.-)\\t(.*)'); \
         local order = rpm.vercmp(a, b); print(order < 0 and '<\\n' or order > 0 and '>\\n' or '=\\n') end}}",
        input.display()
    );
    let answers = ask(Command::new("rpm").args(["--eval", &script]), &pairs);
    assert_agreement(Scheme::Rpm, "rpm", &pairs, answers);
}
