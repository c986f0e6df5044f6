//! Runtimes and applications that tell their version in a small text file of their own: JDKs, the Go and Dart
//! toolchains, Erlang/OTP.
//!
//! The name of a JDK is `openjdk` whoever built it, because advisories are for the source that all builds share;
//! `graalvm` and `oracle-jdk` are the two that have advisories of their own. So the vendor (`IMPLEMENTOR`) is not
//! reported, and neither is the build behind `+`.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::registry::{Cataloger, Input};
use crate::text::{Problem, read_all};

/// `release`, `VERSION` and the like.
pub(crate) const VERSION_FILE: Cataloger = Cataloger {
    name: "version-file",
    version: 1,
    language: true,
    wants: |path, name| kind(path, name).is_some(),
    read,
};

/// Larger files of these names are something else.
const MAX_FILE: u64 = 64 << 10;

/// Longest version.
const MAX_VERSION: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Jdk,
    Go,
    Dart,
    Erlang,
}

fn kind(path: &[u8], name: &[u8]) -> Option<Kind> {
    let below = |folder: &[u8]| path[..path.len() - name.len()].ends_with(folder);
    match name {
        b"release" => Some(Kind::Jdk),
        b"VERSION" => Some(Kind::Go),
        b"OTP_VERSION" => Some(Kind::Erlang),
        b"version" if below(b"dart-sdk/") || below(b"lib/dart/") => Some(Kind::Dart),
        _ => None,
    }
}

fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let name = crate::path::name(input.path);
    let Some(kind) = kind(input.path, name).filter(|_| input.size <= MAX_FILE) else { return Ok(()) };
    let text = read_all(input.content, input.size, MAX_FILE)?;
    let text = String::from_utf8_lossy(&text);
    let told = match kind {
        Kind::Jdk => jdk(&text),
        Kind::Go => go(&text).map(|version| ("go", version)),
        Kind::Dart => whole_line(&text).map(|version| ("dart", version)),
        Kind::Erlang => whole_line(&text).map(|version| ("erlang", version)),
    };
    if let Some((name, version)) = told {
        facts.packages.push(Found::language(Ecosystem::Generic, name, version));
    }
    Ok(())
}

/// `JAVA_VERSION="17.0.9"` in lines of shell assignments (JEP 223).
fn jdk(text: &str) -> Option<(&'static str, &str)> {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(line.trim().trim_matches('"'))
    };
    let version = value("JAVA_VERSION").filter(|version| is_version(version))?;
    if let Some(graalvm) = value("GRAALVM_VERSION").filter(|version| is_version(version)) {
        return Some(("graalvm", graalvm));
    }
    let is_commercial = value("BUILD_TYPE") == Some("commercial");
    Some((if is_commercial { "oracle-jdk" } else { "openjdk" }, version))
}

/// `go1.24.4` in the first line, as `go version` prints it for the toolchain around it.
fn go(text: &str) -> Option<&str> {
    text.lines().next()?.trim().strip_prefix("go").filter(|version| is_version(version))
}

/// A file of one line.
fn whole_line(text: &str) -> Option<&str> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let version = lines.next()?.trim();
    (lines.next().is_none() && is_version(version)).then_some(version)
}

/// A number, a dot or nothing, and words of versions.
fn is_version(text: &str) -> bool {
    text.len() <= MAX_VERSION
        && text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, content: &str) -> String {
        let mut facts = Facts::default();
        let mut source = content.as_bytes();
        let input = &mut Input { path: path.as_bytes(), size: content.len() as u64, content: &mut source };
        read(input, &mut facts).unwrap();
        assert!(facts.notes.is_empty());
        facts.packages.iter().map(|found| format!("{} {}", found.name, found.version)).collect()
    }

    #[test]
    fn each_file_tells_the_version_of_the_runtime_around_it() {
        let debian =
            "IMPLEMENTOR=\"Debian\"\nJAVA_RUNTIME_VERSION=\"17.0.12+7-Debian-2\"\nJAVA_VERSION=\"17.0.12\"\n";
        let graal =
            "IMPLEMENTOR=\"Oracle Corporation\"\nJAVA_VERSION=\"21.0.2\"\nGRAALVM_VERSION=\"23.1.2\"\n";
        let oracle = "BUILD_TYPE=\"commercial\"\nJAVA_VERSION=\"17.0.10\"\n";
        let cases = [
            ("opt/java/release", debian, "openjdk 17.0.12"),
            ("opt/java/release", "JAVA_VERSION=\"1.8.0_392\"\n", "openjdk 1.8.0_392"),
            ("opt/java/release", graal, "graalvm 23.1.2"),
            ("opt/java/release", oracle, "oracle-jdk 17.0.10"),
            ("opt/java/release", "3.1 of something else\n", ""),
            ("usr/local/go/VERSION", "go1.24.4\ntime 2025-05-29T19:37:36Z\n", "go 1.24.4"),
            ("usr/local/go/VERSION", "go1.19.8", "go 1.19.8"),
            ("srv/app/VERSION", "1.2.3\n", ""),
            ("usr/lib/erlang/releases/25/OTP_VERSION", "25.2.3\n", "erlang 25.2.3"),
            ("usr/lib/dart/version", "3.2.0\n", "dart 3.2.0"),
            ("srv/version", "3.2.0\n", ""),
        ];
        for (path, content, expected) in cases {
            assert_eq!(told(path, content), expected, "{path}");
        }
    }
}
