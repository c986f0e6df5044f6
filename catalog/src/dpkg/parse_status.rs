//! The package database in deb822 form (deb822(5), dpkg's `status`), read as a stream.
//!
//! A package counts when its files are on disk: state `installed`, and the states that dpkg passes through
//! after unpacking (`unpacked`, `half-configured`, `triggers-...`). `config-files`, `half-installed` and
//! `not-installed` do not count. A stanza without `Status`, as distroless images have them, counts.

use model::Ecosystem;

use super::components::{self, Components};
use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Lines, Problem, field, owned};
use crate::vendor;

/// Largest database that is read.
const MAX_STATUS: u64 = 512 << 20;
/// Packages kept of one database.
const MAX_PACKAGES: usize = 500_000;

#[derive(Default)]
struct Stanza {
    first_line: u64,
    package: String,
    version: String,
    arch: String,
    source: String,
    status: Option<String>,
    maintainer: String,
    origin: String,
    license: String,
    components: Components,
    /// Whether the field of the last line lists components, which goes on over line ends.
    lists_components: bool,
}

/// Keeps the packages of the database; a malformed stanza becomes a note with its line and the rest goes on.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    read_as(Ecosystem::Deb, input, facts)
}

/// The same for the database of opkg, which states a licence, and where `Source` is a path or a file of the build and no package.
pub(crate) fn read_opkg(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    read_as(Ecosystem::Opkg, input, facts)
}

fn read_as(ecosystem: Ecosystem, input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_STATUS);
    let mut stanza = Stanza::default();
    let mut bad_lines: Option<u64> = None;
    loop {
        let number = lines.number() + 1;
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(problem) => {
                // The lines before are whole, and may already tell a package.
                finish(ecosystem, stanza, facts)?;
                return Err(problem);
            }
        };
        if line.trim_ascii().is_empty() {
            finish(ecosystem, std::mem::take(&mut stanza), facts)?;
            bad_lines = None;
            continue;
        }
        if stanza.first_line == 0 {
            stanza.first_line = number;
        }
        if matches!(line[0], b' ' | b'\t') {
            if stanza.lists_components {
                stanza.components.add(line);
            }
            continue;
        }
        match field(line) {
            Some((key, value)) => set(&mut stanza, key, value),
            None if bad_lines.is_none() => {
                bad_lines = Some(number);
                facts.note(format!("line {number} is no field"));
            }
            None => {}
        }
    }
    finish(ecosystem, stanza, facts)
}

fn set(stanza: &mut Stanza, key: &[u8], value: &[u8]) {
    stanza.lists_components = components::is_field(key);
    if stanza.lists_components {
        stanza.components.add(value);
    } else if key.eq_ignore_ascii_case(b"Package") {
        stanza.package = owned(value);
    } else if key.eq_ignore_ascii_case(b"Version") {
        stanza.version = owned(value);
    } else if key.eq_ignore_ascii_case(b"Architecture") {
        stanza.arch = owned(value);
    } else if key.eq_ignore_ascii_case(b"Source") {
        stanza.source = owned(value);
    } else if key.eq_ignore_ascii_case(b"Status") {
        stanza.status = Some(owned(value));
    } else if key.eq_ignore_ascii_case(b"Maintainer") {
        stanza.maintainer = owned(value);
    } else if key.eq_ignore_ascii_case(b"Origin") {
        stanza.origin = owned(value);
    } else if key.eq_ignore_ascii_case(b"License") {
        stanza.license = owned(value);
    }
}

fn finish(ecosystem: Ecosystem, stanza: Stanza, facts: &mut Facts) -> Result<(), Problem> {
    if stanza.first_line == 0 || !is_installed(stanza.status.as_deref()) {
        return Ok(());
    }
    if stanza.package.is_empty() || stanza.version.is_empty() {
        let missing = if stanza.package.is_empty() { "Package" } else { "Version" };
        facts.note(format!("stanza at line {} has no {missing}", stanza.first_line));
        return Ok(());
    }
    if facts.packages.len() >= MAX_PACKAGES {
        return Err(Problem::Malformed(format!("more than {MAX_PACKAGES} packages")));
    }
    let source = source_of(&stanza);
    if stanza.components.left_out > 0 {
        let (count, line) = (stanza.components.left_out, stanza.first_line);
        facts.note(format!("{count} items of Built-Using in the stanza at line {line} are left out"));
    }
    let room = MAX_PACKAGES - facts.packages.len();
    facts.packages.extend(stanza.components.packages(&stanza.package).take(room - 1));
    let is_deb = ecosystem == Ecosystem::Deb;
    let vendor =
        is_deb.then(|| vendor::of_deb(&stanza.version, &stanza.maintainer, &stanza.origin)).flatten();
    facts.packages.push(Found {
        ecosystem,
        name: stanza.package,
        version: stanza.version,
        arch: Some(stanza.arch).filter(|arch| !arch.is_empty()),
        source: is_deb.then_some(source),
        module: None,
        vendor,
        license: license::expression(&stanza.license),
        declared: false,
        part_of: None,
        inside: String::new(),
    });
    Ok(())
}

/// The third word of `Status` (dpkg(1), "package states").
fn is_installed(status: Option<&str>) -> bool {
    let Some(status) = status else { return true };
    match status.split_ascii_whitespace().nth(2) {
        Some(state) => {
            state == "installed"
                || state == "unpacked"
                || state == "half-configured"
                || state.starts_with("triggers-")
        }
        None => false,
    }
}

/// `Source: name (version)`; what it leaves out is the binary package's own.
fn source_of(stanza: &Stanza) -> (String, String) {
    let (name, version) = match stanza.source.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.trim_end().trim_end_matches(')').trim()),
        None => (stanza.source.trim(), ""),
    };
    let or = |text: &str, own: &str| if text.is_empty() { own.to_owned() } else { text.to_owned() };
    (or(name, &stanza.package), or(version, &stanza.version))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn parse(content: &mut dyn Read) -> Facts {
        let index = crate::registry::wanted(b"var/lib/dpkg/status").unwrap();
        crate::registry::read(index, Input { path: b"var/lib/dpkg/status", size: 0, content })
    }

    const STATUS: &str = "\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.11-1~deb12u2)
Version: 3.0.11-1~deb12u2+b1
Description: toolkit
 Version: 9 is not a field here
 .

Package: git
Status: deinstall ok config-files
Version: 1:2.39.2-1.1

Package: base-files
Status: install ok installed
Version: 12.4+deb12u5

Package: broken
this line is no field
Status: install ok installed

Package: bind9
Status: install ok triggers-pending
Architecture: all
Source: bind9
Version: 1:9.18.24-1
";

    #[test]
    fn installed_packages_have_a_source_and_removed_ones_are_left_out() {
        let facts = parse(&mut STATUS.as_bytes());
        let names: Vec<_> = facts.packages.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["libssl3", "base-files", "bind9"]);
        let source = |index: usize| facts.packages[index].source.clone().unwrap();
        assert_eq!(source(0), ("openssl".into(), "3.0.11-1~deb12u2".into()));
        assert_eq!(source(1), ("base-files".into(), "12.4+deb12u5".into()));
        assert_eq!(source(2), ("bind9".into(), "1:9.18.24-1".into()));
        assert_eq!(facts.packages[0].arch.as_deref(), Some("amd64"));
    }

    #[test]
    fn what_a_package_was_built_with_is_a_part_of_it_also_over_line_ends() {
        let text = "Package: ripgrep\nVersion: 13.0.0-4\nBuilt-Using: rustc (= 1.63-2)\n\
                    X-Cargo-Built-Using: rust-atty (= 0.2.14-2),\n rust-libc (= 0.2.139-1), odd\nDescription: a\n b (= 1)\n\n\
                    Package: gone\nStatus: deinstall ok config-files\nVersion: 1\nBuilt-Using: x (= 1)\n";
        let facts = parse(&mut text.as_bytes());
        let shown: Vec<String> = facts
            .packages
            .iter()
            .map(|found| format!("{} {} {:?} {:?}", found.name, found.version, found.arch, found.part_of))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        rust-atty 0.2.14-2 Some("source") Some("ripgrep")
        rust-libc 0.2.139-1 Some("source") Some("ripgrep")
        rustc 1.63-2 Some("source") Some("ripgrep")
        ripgrep 13.0.0-4 None None
        "#);
        assert_eq!(facts.notes, ["1 items of Built-Using in the stanza at line 1 are left out"]);
    }

    #[test]
    fn a_malformed_stanza_is_noted_with_its_line_and_the_rest_is_read() {
        let facts = parse(&mut STATUS.as_bytes());
        assert_eq!(facts.notes, ["line 19 is no field", "stanza at line 18 has no Version"]);
    }

    #[test]
    fn a_huge_sparse_database_is_given_up_early_and_noted() {
        let head = STATUS.as_bytes();
        let mut content = head.chain(std::io::repeat(0).take(2 << 30));
        let facts = parse(&mut content);
        assert_eq!(facts.packages.len(), 3, "what came before the zeros stands");
        assert!(facts.notes.last().unwrap().contains("is longer than"), "{:?}", facts.notes);
    }

    #[test]
    fn notes_of_one_file_are_bounded() {
        let text = "Package: x\n\n".repeat(10_000);
        assert_eq!(parse(&mut text.as_bytes()).notes.len(), crate::facts::MAX_NOTES + 1);
    }
}
