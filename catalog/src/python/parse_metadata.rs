//! Core metadata (packaging.python.org, "Core metadata specifications"): mail headers, of which `Name` and
//! `Version` are read.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::registry::Input;
use crate::text::{Lines, Problem, field, owned, without_mark};

/// How far into the file the two headers are looked for.
const MAX_HEADERS: u64 = 8 << 20;

/// Keeps the package; stops as soon as both headers are known, at the latest at the blank line that ends them.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_HEADERS);
    let (mut name, mut version) = (String::new(), String::new());
    while let Some(line) = lines.next_line()? {
        let line = without_mark(line);
        if line.trim_ascii().is_empty() {
            break;
        }
        match field(line) {
            Some((key, value)) if key.eq_ignore_ascii_case(b"Name") => name = owned(value),
            Some((key, value)) if key.eq_ignore_ascii_case(b"Version") => version = owned(value),
            _ => continue,
        }
        if !name.is_empty() && !version.is_empty() {
            facts.packages.push(Found::language(Ecosystem::Pypi, name, version));
            return Ok(());
        }
    }
    let missing = if name.is_empty() { "name" } else { "version" };
    Err(Problem::Malformed(format!("metadata has no {missing}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Facts {
        let path = b"lib/a-1.dist-info/METADATA";
        let mut content = text;
        let index = crate::registry::wanted(path).unwrap();
        crate::registry::read(index, Input { path, size: 0, content: &mut content })
    }

    #[test]
    fn name_and_version_are_kept_as_written() {
        let facts = parse(b"\xef\xbb\xbfMetadata-Version: 2.1\r\nName: Jinja2\r\nVersion: 3.0.1\r\n\r\nbody");
        assert_eq!(facts.packages, [Found::language(Ecosystem::Pypi, "Jinja2", "3.0.1")]);
    }

    #[test]
    fn the_body_is_not_read_for_headers() {
        let facts = parse(b"Name: a\nLicense: x\n Version: 2\n\nVersion: 1\n");
        assert!(facts.packages.is_empty());
        assert_eq!(facts.notes, ["metadata has no version"]);
    }
}
