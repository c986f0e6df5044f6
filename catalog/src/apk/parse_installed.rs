//! The database of apk-tools (apk-package(5), "installed database v2"): `X:value` lines, a blank line ends a
//! package.
//!
//! `F:` opens a directory and `R:` names a file in it. Of these only paths that may prove a language package
//! are kept.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::owner::OwnedFiles;
use crate::registry::Input;
use crate::text::{Lines, Problem, owned};

/// Largest database that is read.
const MAX_INSTALLED: u64 = 512 << 20;
/// Packages kept of one database.
const MAX_PACKAGES: usize = 500_000;

#[derive(Default)]
struct Record {
    first_line: u64,
    name: String,
    version: String,
    arch: String,
    origin: String,
    license: String,
    files: OwnedFiles,
}

/// Keeps packages and the files of theirs that may prove a language package.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_INSTALLED);
    let mut record = Record { files: OwnedFiles::of(facts), ..Record::default() };
    let mut file: Vec<u8> = Vec::new();
    let mut directory = 0;
    loop {
        let number = lines.number() + 1;
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(problem) => {
                // The lines before are whole, and may already tell a package.
                finish(record, facts)?;
                return Err(problem);
            }
        };
        if line.is_empty() {
            let next = Record { files: OwnedFiles::of(facts), ..Record::default() };
            finish(std::mem::replace(&mut record, next), facts)?;
            file.clear();
            directory = 0;
            continue;
        }
        if record.first_line == 0 {
            record.first_line = number;
        }
        let [key, b':', value @ ..] = line else {
            facts.note(format!("line {number} is no field"));
            continue;
        };
        match key {
            b'P' => record.name = owned(value),
            b'V' => record.version = owned(value),
            b'A' => record.arch = owned(value),
            b'o' => record.origin = owned(value),
            b'L' => record.license = owned(value),
            b'F' => {
                file.clear();
                file.extend_from_slice(value);
                if !value.is_empty() {
                    file.push(b'/');
                }
                directory = file.len();
            }
            b'R' => {
                file.truncate(directory);
                file.extend_from_slice(value);
                record.files.add(&file);
            }
            _ => {}
        }
    }
    finish(record, facts)
}

fn finish(record: Record, facts: &mut Facts) -> Result<(), Problem> {
    if record.first_line == 0 {
        return Ok(());
    }
    if record.name.is_empty() || record.version.is_empty() {
        let missing = if record.name.is_empty() { "name" } else { "version" };
        facts.note(format!("package at line {} has no {missing}", record.first_line));
        return Ok(());
    }
    if facts.packages.len() == MAX_PACKAGES {
        return Err(Problem::Malformed(format!("more than {MAX_PACKAGES} packages")));
    }
    let origin = if record.origin.is_empty() { record.name.clone() } else { record.origin };
    record.files.finish(&record.name, facts);
    facts.packages.push(Found {
        ecosystem: Ecosystem::Apk,
        name: record.name,
        source: Some((origin, record.version.clone())),
        version: record.version,
        arch: Some(record.arch).filter(|arch| !arch.is_empty()),
        module: None,
        vendor: None,
        license: license::expression(&record.license),
        declared: false,
        part_of: None,
        inside: String::new(),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Facts {
        let index = crate::registry::wanted(b"lib/apk/db/installed").unwrap();
        let mut content = text.as_bytes();
        crate::registry::read(index, Input { path: b"lib/apk/db/installed", size: 0, content: &mut content })
    }

    #[test]
    fn a_package_has_its_origin_as_source_and_owns_its_language_files() {
        let facts = parse(
            "C:Q1\nP:py3-six\nV:1.16.0-r6\nA:x86_64\nL:MIT GPL2+\no:python-six\nF:usr\n\
             F:usr/lib/python3.11/site-packages/six-1.16.0.dist-info\nR:METADATA\nZ:Q1\nR:RECORD\n\n\
             P:musl\nV:1.2.4-r1\nA:x86_64\n\n",
        );
        assert_eq!(facts.packages[0].source, Some(("python-six".into(), "1.16.0-r6".into())));
        assert_eq!(facts.packages[1].source, Some(("musl".into(), "1.2.4-r1".into())));
        assert_eq!(facts.packages[0].license.as_deref(), Some("MIT AND GPL-2.0-or-later"));
        assert_eq!(facts.packages[1].license, None);
        assert_eq!(facts.owners.len(), 1);
        let path = String::from_utf8(facts.owners[0].paths[0].clone()).unwrap();
        assert_eq!(path, "usr/lib/python3.11/site-packages/six-1.16.0.dist-info/METADATA");
        assert!(facts.notes.is_empty());
    }

    #[test]
    fn a_record_without_version_is_noted_and_the_next_is_read() {
        let facts = parse("P:a\n\ngarbage\nP:b\nV:1\n");
        assert_eq!(facts.packages.len(), 1);
        assert_eq!(facts.notes, ["package at line 1 has no version", "line 3 is no field"]);
    }
}
