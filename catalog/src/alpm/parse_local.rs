//! The files `desc` and `files` of an installed package (alpm's `lib/libalpm/be_local.c`): sections that a line
//! `%NAME%` opens and a blank line ends.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::owner::OwnedFiles;
use crate::path;
use crate::registry::Input;
use crate::text::{Lines, Problem, owned};

/// Largest file that is read.
const MAX_FILE: u64 = 256 << 20;
/// Licences of one package.
const MAX_LICENSES: usize = 100;

/// Reads name, version, architecture and base of one package.
pub(super) fn read_description(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let (mut name, mut version) = (String::new(), String::new());
    let (mut arch, mut base, mut licenses) = (String::new(), String::new(), Vec::new());
    let outcome = sections(input, |section, line| match section {
        b"%NAME%" => name = owned(line),
        b"%VERSION%" => version = owned(line),
        b"%ARCH%" => arch = owned(line),
        b"%BASE%" => base = owned(line),
        b"%LICENSE%" if licenses.len() < MAX_LICENSES => licenses.push(license_of(line)),
        _ => {}
    });
    if name.is_empty() || version.is_empty() {
        let missing = if name.is_empty() { "%NAME%" } else { "%VERSION%" };
        facts.note(format!("package has no {missing}"));
        return outcome;
    }
    let base = if base.is_empty() { name.clone() } else { base };
    facts.packages.push(Found {
        ecosystem: Ecosystem::Alpm,
        name,
        source: Some((base, version.clone())),
        version,
        arch: Some(arch).filter(|arch| !arch.is_empty()),
        module: None,
        vendor: None,
        license: license::all_of(licenses.iter().map(String::as_str)),
        declared: false,
        part_of: None,
        inside: String::new(),
    });
    outcome
}

/// A licence as packages before the change to SPDX identifiers have it, where `GPL` and `GPL3` stood for any later
/// version, too (ArchWiki, "PKGBUILD", section "license").
fn license_of(line: &[u8]) -> String {
    match line.trim_ascii() {
        b"GPL" => "GPL-2.0-or-later".to_owned(),
        b"GPL3" => "GPL-3.0-or-later".to_owned(),
        b"LGPL" => "LGPL-2.1-or-later".to_owned(),
        b"LGPL3" => "LGPL-3.0-or-later".to_owned(),
        b"LGPL2.1" => "LGPL-2.1-only".to_owned(),
        other => owned(other.strip_prefix(b"custom:").unwrap_or(other)),
    }
}

/// Reads the file list of one package, whose name is that of the folder up to version and release.
pub(super) fn read_files(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let folder = path::text(path::name(path::parent(input.path)));
    let package = folder.rsplitn(3, '-').nth(2).unwrap_or(&folder).to_owned();
    let mut files = OwnedFiles::of(facts);
    let outcome = sections(input, |section, line| {
        if section == b"%FILES%" {
            files.add(line);
        }
    });
    files.finish(&package, facts);
    outcome
}

/// Hands out every line with the section that it is in.
fn sections(input: &mut Input<'_>, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut section: Vec<u8> = Vec::new();
    while let Some(line) = lines.next_line()? {
        if line.is_empty() {
            section.clear();
        } else if section.is_empty() {
            section.extend_from_slice(line);
        } else {
            each(&section, line);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str, text: &str) -> Facts {
        let index = crate::registry::wanted(path.as_bytes()).unwrap();
        let mut content = text.as_bytes();
        crate::registry::read(index, Input { path: path.as_bytes(), size: 0, content: &mut content })
    }

    #[test]
    fn a_package_has_its_base_as_source_and_owns_its_language_files() {
        let folder = "var/lib/pacman/local/python-six-1.16.0-9";
        let facts = parse(
            &format!("{folder}/desc"),
            "%NAME%\npython-six\n\n%VERSION%\n1.16.0-9\n\n%BASE%\nsix\n\n%LICENSE%\nMIT\nGPL3\ncustom:x\n\n%DESC%\n%NAME%\nno name\n\n%ARCH%\nany\n\n",
        );
        let found = &facts.packages[0];
        assert_eq!((found.name.as_str(), found.version.as_str()), ("python-six", "1.16.0-9"));
        assert_eq!(found.source, Some(("six".into(), "1.16.0-9".into())));
        assert_eq!(found.arch.as_deref(), Some("any"));
        assert_eq!(found.license.as_deref(), Some("MIT AND GPL-3.0-or-later AND LicenseRef-x"));

        let file = "usr/lib/python3.11/site-packages/six-1.16.0.egg-info/PKG-INFO";
        let facts =
            parse(&format!("{folder}/files"), &format!("%FILES%\nusr/\n{file}\n\n%BACKUP%\na.jar\tx\n"));
        assert_eq!(facts.owners[0].package, "python-six");
        assert_eq!(facts.owners[0].paths, [file.as_bytes()]);
    }

    #[test]
    fn a_description_without_version_is_noted() {
        let facts = parse("var/lib/pacman/local/a-1-1/desc", "%NAME%\na\n");
        assert_eq!(facts.notes, ["package has no %VERSION%"]);
    }
}
