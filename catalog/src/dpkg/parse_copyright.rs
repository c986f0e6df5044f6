//! `usr/share/doc/<package>/copyright` in the machine-readable form (Debian, "Machine-readable debian/copyright file"): the
//! licences of all its `Files` paragraphs, which hold together.
//!
//! The decision a reader may doubt: a copyright file is evidence of a licence and of nothing else, so what is free text, or
//! too long, or names one licence by its text alone, gives no licence and no note. An image has hundreds of these files,
//! so they are searched for their few lines instead of read line by line.

use std::io::Read;

use memchr::memmem::{find, rfind};

use crate::facts::Facts;
use crate::license;
use crate::registry::Input;
use crate::text::Problem;

/// Where the form is named, which the first paragraph must do.
const HEAD: usize = 1_024;
/// Largest file that is read; the longest of Debian have some megabytes.
const MAX_FILE: u64 = 4 << 20;
/// Different licences of one file; beyond it the expression would be too long in any case.
const MAX_LICENSES: usize = 200;

/// Keeps the licence of the package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut head = [0; HEAD];
    let mut length = 0;
    while length < HEAD {
        match input.content.read(&mut head[length..])? {
            0 => break,
            count => length += count,
        }
    }
    if !is_machine_readable(&head[..length]) {
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(input.size.clamp(HEAD as u64, 64 << 10) as usize);
    bytes.extend_from_slice(&head[..length]);
    (&mut *input.content).take(MAX_FILE).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= MAX_FILE {
        facts.license = license_of(&bytes);
    }
    Ok(())
}

/// Whether the first field is `Format`, whatever address of the specification's history it names.
fn is_machine_readable(head: &[u8]) -> bool {
    let start = crate::text::without_mark(head).trim_ascii_start();
    start.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"Format"))
}

/// All licences of `Files` paragraphs together; `None` if one of them has no name.
fn license_of(text: &[u8]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(start) = find(rest, b"\nFiles:") {
        rest = &rest[start + 1..];
        let end = find(rest, b"\n\n").unwrap_or(rest.len());
        let paragraph = &rest[..end];
        rest = &rest[end..];
        let name = name_of(paragraph)?;
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() > MAX_LICENSES {
            return None;
        }
    }
    license::all_known(names)
}

/// What the first line of the field `License` says, or its only other line.
fn name_of(paragraph: &[u8]) -> Option<&str> {
    let field = &paragraph[rfind(paragraph, b"\nLicense:")? + b"\nLicense:".len()..];
    let mut lines = field.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let name = match lines.next()? {
        b"" => lines.next().filter(|_| lines.next().is_none())?,
        name => name,
    };
    std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn license(text: &str) -> Option<String> {
        let path = b"usr/share/doc/a/copyright";
        let index = crate::registry::wanted(path).unwrap();
        let input = Input { path, size: text.len() as u64, content: &mut text.as_bytes() };
        let facts = crate::registry::read(index, input);
        assert!(facts.notes.is_empty(), "{:?}", facts.notes);
        facts.license
    }

    const FORMAT: &str =
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: a\n\n";

    #[test]
    fn the_licences_of_all_files_hold_together() {
        let text = format!(
            "{FORMAT}Files: *\nCopyright: 2020 A\nLicense: GPL-2+ or Artistic\n\n\
             Files: debian/*\nCopyright: 2020 B\nLicense: Expat\n Permission is\n\n\
             Files: x\nLicense:\n BSD-3-clause\n\nLicense: GPL-2+\n text\n .\n License: no field\n"
        );
        assert_eq!(
            license(&text).as_deref(),
            Some("(GPL-2.0-or-later OR Artistic-1.0) AND MIT AND BSD-3-Clause")
        );
    }

    #[test]
    fn free_text_and_files_with_a_licence_without_a_name_tell_nothing() {
        assert_eq!(license("This package was debianized by\nFiles: *\nLicense: MIT\n"), None);
        assert_eq!(license(&format!("{FORMAT}License: MIT\n text\n")), None);
        let unnamed =
            format!("{FORMAT}Files: *\nLicense: MIT\n\nFiles: x\nLicense:\n All rights\n reserved\n");
        assert_eq!(license(&unnamed), None);
        assert_eq!(license(&format!("{FORMAT}Files: *\nCopyright: A\n")), None);
        assert_eq!(license(""), None);
    }

    #[test]
    fn a_file_that_is_too_long_and_one_with_too_many_licences_tell_nothing() {
        let long = format!("{FORMAT}Files: *\nLicense: MIT\n{}", " x\n".repeat(2 << 20));
        assert!(long.len() as u64 > MAX_FILE);
        assert_eq!(license(&long), None);
        let many: String =
            (0..=MAX_LICENSES).map(|number| format!("Files: x\nLicense: l{number}\n\n")).collect();
        assert_eq!(license(&format!("{FORMAT}{many}")), None);
    }
}
