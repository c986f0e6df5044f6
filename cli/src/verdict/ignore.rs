//! Ignore files: findings and secrets that somebody has decided not to count, each with a reason.
//!
//! ```text
//! ignore:
//!   - vulnerability: CVE-2023-4911     # an id, an alias or a number of the knowledge base
//!     package: pkg:deb/debian/libc6    # a package URL, or the name of a package or of its source package
//!     path: usr/lib/**                 # a pattern
//!     reason: no program of ours is setuid
//!     expires: 2026-12-31              # the last day on which it holds, in UTC
//!   - secret: private-key
//!     path: srv/test/**
//!     reason: made for the tests
//! ```
//!
//! An entry names at least a vulnerability, a package or a secret, and everything that it names must fit. The decision a
//! reader may doubt: a reason is demanded, because half a year later nobody knows it any more. The other
//! form, one id a line, is that of `.trivyignore`, which has none.

use anyhow::{anyhow, bail};
use model::{SecretRecord, Timestamp};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Hit, Subject, glob, plain, purl};

/// One day in milliseconds.
const DAY: i64 = 24 * 3600 * 1000;

/// Something that does not count.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// File and line.
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) vulnerability: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) package: Option<String>,
    pub(super) path: Option<String>,
    pub(super) reason: String,
    /// The first moment at which it does not hold any more.
    pub(super) expires: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    ignore: Vec<Spanned<Written>>,
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    vulnerability: Option<Id>,
    secret: Option<String>,
    package: Option<String>,
    path: Option<String>,
    reason: Option<String>,
    expires: Option<Spanned<String>>,
}

/// A number of the knowledge base may be written as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(u32),
    Text(String),
}

/// Reads either form. An error names the line.
pub(super) fn parse(text: &str, file: &str) -> anyhow::Result<Vec<Entry>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if plain::is_plain(text) {
        return plain::parse(text, file);
    }
    let document: Document = serde_saphyr::from_str(text).map_err(|error| {
        let message = error.without_snippet().to_string();
        match error.location() {
            Some(place) if !message.contains("line ") => anyhow!("line {}: {message}", place.line()),
            _ => anyhow!(message),
        }
    })?;
    document.ignore.into_iter().map(|written| entry(written, file)).collect()
}

fn entry(written: Spanned<Written>, file: &str) -> anyhow::Result<Entry> {
    let line = written.referenced.line();
    let Written { vulnerability, secret, package, path, reason, expires } = written.value;
    let vulnerability = vulnerability.map(|id| match id {
        Id::Number(number) => number.to_string(),
        Id::Text(text) => text,
    });
    match (&vulnerability, &secret, &package) {
        (None, None, None) => bail!("line {line}: an entry names a vulnerability, a package or a secret"),
        (Some(_), Some(_), _) | (_, Some(_), Some(_)) => {
            bail!("line {line}: a secret has neither vulnerability nor package")
        }
        _ => {}
    }
    for (key, value) in
        [("vulnerability", &vulnerability), ("secret", &secret), ("package", &package), ("path", &path)]
    {
        if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
            bail!("line {line}: `{key}` is empty");
        }
    }
    let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    let Some(reason) = reason else {
        bail!("line {line}: an entry needs a reason");
    };
    let expires = match expires {
        None => None,
        Some(text) => Some(end_of(&text.value).ok_or_else(|| {
            anyhow!("line {}: `{}` is no date such as 2026-12-31", text.referenced.line(), text.value)
        })?),
    };
    let path = path.map(|path| path.trim_start_matches('/').to_owned());
    Ok(Entry { file: file.to_owned(), line, vulnerability, secret, package, path, reason, expires })
}

/// The moment after a day, or a moment itself.
pub(super) fn end_of(text: &str) -> Option<Timestamp> {
    let moment = Timestamp::parse(text)?;
    Some(if text.len() == 10 { Timestamp(moment.0 + DAY) } else { moment })
}

impl Entry {
    /// Whether its time is over.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// File and line, for people.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// What it names, for people.
    pub(super) fn what(&self) -> &str {
        let named = [&self.vulnerability, &self.secret, &self.package];
        named.into_iter().flatten().next().map_or("", String::as_str)
    }

    /// Whether it speaks of this finding.
    pub(super) fn covers(&self, hit: Hit<'_>) -> bool {
        let known = |id: &String| {
            hit.ids().iter().any(|known| known.eq_ignore_ascii_case(id))
                || hit.finding.vulnerability.qid.to_string() == *id
        };
        self.secret.is_none()
            && self.vulnerability.as_ref().is_none_or(known)
            && self.package.as_ref().is_none_or(|package| is_of(package, hit.subject))
            && self.path.as_ref().is_none_or(|pattern| glob::matches(pattern, hit.subject.path()))
    }

    /// Whether it speaks of this secret.
    pub(super) fn covers_secret(&self, secret: &SecretRecord) -> bool {
        self.secret.as_ref().is_some_and(|rule| rule == "*" || *rule == secret.rule)
            && self.path.as_ref().is_none_or(|pattern| glob::matches(pattern, &secret.path))
    }
}

/// Whether `package` names what the finding is about.
fn is_of(package: &str, subject: Subject<'_>) -> bool {
    match subject {
        Subject::Package(_, record) if package.starts_with("pkg:") => purl::matches(package, &record.purl),
        Subject::Package(_, record) => {
            record.name == package || record.source.as_ref().is_some_and(|source| source.name == package)
        }
        Subject::System(release) => release.id == package,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        format!("{:#}", parse(text, "f").unwrap_err())
    }

    #[test]
    fn an_entry_keeps_its_line_and_its_last_day_is_whole() {
        let text = "# ours\nignore:\n  - vulnerability: CVE-2023-4911\n    package: libc6\n    path: /usr/lib/**\n    \
                    reason: not reachable\n    expires: 2026-12-31\n  - vulnerability: 268435461\n    reason: x\n";
        let entries = parse(text, "f.yaml").unwrap();
        assert_eq!((entries[0].line, entries[0].path.as_deref()), (3, Some("usr/lib/**")));
        assert_eq!(entries[0].place(), "f.yaml:3");
        assert!(!entries[0].is_over(Timestamp::parse("2026-12-31T23:59:59Z").unwrap()));
        assert!(entries[0].is_over(Timestamp::parse("2027-01-01").unwrap()));
        assert_eq!((entries[1].line, entries[1].vulnerability.as_deref()), (8, Some("268435461")));
        assert_eq!(parse("ignore: []\n", "f").unwrap(), []);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_its_line() {
        let cases = [
            ("ignore:\n  - vulnerability: CVE-1\n    reason: x\n    until: 2026\n", "line 4", "until"),
            ("ignore:\n  - vulnerability: CVE-1\n", "line 2", "needs a reason"),
            ("ignore:\n  - vulnerability: CVE-1\n    reason: '  '\n", "line 2", "needs a reason"),
            ("ignore:\n  - reason: x\n", "line 2", "names a vulnerability"),
            ("ignore:\n  - path: usr/**\n    reason: x\n", "line 2", "names a vulnerability"),
            ("ignore:\n  - secret: k\n    package: p\n    reason: x\n", "line 2", "neither"),
            ("ignore:\n  - package: ''\n    reason: x\n", "line 2", "`package` is empty"),
            ("ignore:\n  - package: p\n    reason: x\n    expires: soon\n", "line 4", "`soon` is no date"),
            ("ignored:\n  - package: p\n", "line 1", "ignored"),
            ("ignore:\n  - package: [p\n", "line ", ""),
        ];
        for (text, line, word) in cases {
            let said = refused(text);
            assert!(said.contains(line) && said.contains(word), "{text}: {said}");
        }
    }
}
