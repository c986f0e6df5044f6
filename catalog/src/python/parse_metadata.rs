//! Core metadata (packaging.python.org, "Core metadata specifications"): mail headers, of which `Name`, `Version` and
//! those about the licence are read.
//!
//! `License-Expression` is one by its definition (PEP 639). Before it came, `License` was free text and classifiers of
//! the index named licences, several of them without saying whether all hold; they are taken as all, and only where
//! the text names nothing.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Lines, Problem, field, owned, without_mark};

/// How far into the file headers are read.
const MAX_HEADERS: u64 = 8 << 20;
/// Bytes of a licence's text.
const MAX_LICENSE: usize = 64 << 10;
/// Classifiers of licences.
const MAX_CLASSIFIERS: usize = 50;

#[derive(Default)]
struct Headers {
    name: String,
    version: String,
    expression: String,
    license: String,
    classifiers: Vec<String>,
    /// Whether the last header was `License`, whose lines may go on.
    in_license: bool,
}

/// Keeps the package; reads to the blank line that ends the headers.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_HEADERS);
    let mut headers = Headers::default();
    let outcome = loop {
        match lines.next_line() {
            Ok(Some(line)) => {
                let line = without_mark(line);
                if line.is_empty() {
                    break Ok(());
                }
                set(&mut headers, line);
            }
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    if headers.name.is_empty() || headers.version.is_empty() {
        outcome?;
        let missing = if headers.name.is_empty() { "name" } else { "version" };
        return Err(Problem::Malformed(format!("metadata has no {missing}")));
    }
    let license = license_of(&headers);
    let found = Found::language(Ecosystem::Pypi, headers.name, headers.version);
    facts.packages.push(Found { license, ..found });
    outcome
}

fn set(headers: &mut Headers, line: &[u8]) {
    if matches!(line[0], b' ' | b'\t') {
        if headers.in_license && headers.license.len() < MAX_LICENSE {
            headers.license.push('\n');
            headers.license.push_str(&owned(line.trim_ascii()));
        }
        return;
    }
    headers.in_license = false;
    let Some((key, value)) = field(line) else { return };
    let is = |name: &[u8]| key.eq_ignore_ascii_case(name);
    if is(b"Name") {
        headers.name = owned(value);
    } else if is(b"Version") {
        headers.version = owned(value);
    } else if is(b"License-Expression") {
        headers.expression = owned(value);
    } else if is(b"License") {
        headers.in_license = true;
        headers.license = owned(value);
    } else if is(b"Classifier")
        && value.starts_with(b"License ::")
        && headers.classifiers.len() < MAX_CLASSIFIERS
    {
        headers.classifiers.push(owned(value));
    }
}

fn license_of(headers: &Headers) -> Option<String> {
    let stated = license::expression(&headers.expression).or_else(|| license::expression(&headers.license));
    match stated {
        // `BSD` is less than what a classifier may say
        Some(stated) if !stated.starts_with("LicenseRef-") => Some(stated),
        stated => license::all_of(headers.classifiers.iter().map(String::as_str))
            .filter(|all| stated.is_none() || !all.contains("LicenseRef-"))
            .or(stated),
    }
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
    fn the_licence_is_told_by_its_expression_else_its_text_else_classifiers() {
        let of = |headers: &str| {
            let facts = parse(format!("Name: a\nVersion: 1\n{headers}\nLicense: GPL\n").as_bytes());
            facts.packages[0].license.clone()
        };
        let classifier = "Classifier: License :: OSI Approved :: Apache Software License\n";
        let cases = [
            (format!("License-Expression: MIT or isc\n{classifier}"), Some("MIT OR ISC")),
            (format!("License: BSD 3-Clause\n{classifier}"), Some("BSD-3-Clause")),
            (format!("License: BSD\n{classifier}"), Some("Apache-2.0")),
            (
                format!("License: UNKNOWN\nClassifier: License :: OSI Approved\n{classifier}"),
                Some("Apache-2.0"),
            ),
            (
                "License: BSD\nClassifier: License :: OSI Approved :: BSD License\n".into(),
                Some("LicenseRef-BSD"),
            ),
            ("License: MIT License\n        \n        Copyright (c) A\n        |\n".into(), Some("MIT")),
            ("License: MIT License\n        .\n        Copyright (c) A\nSummary: x\n".into(), Some("MIT")),
            ("Summary: x\n License: MIT\n".into(), None),
        ];
        for (headers, license) in cases {
            assert_eq!(of(&headers).as_deref(), license, "{headers}");
        }
    }

    #[test]
    fn the_body_is_not_read_for_headers() {
        let facts = parse(b"Name: a\nLicense: x\n Version: 2\n\nVersion: 1\n");
        assert!(facts.packages.is_empty());
        assert_eq!(facts.notes, ["metadata has no version"]);
    }
}
