//! The release files: `os-release` (freedesktop.org, os-release(5)), `alpine-release`, `debian_version`; others by
//! [`parse_older`].

use super::{MAX_RELEASE, parse_older};
use crate::facts::{Facts, OsReleaseFields, ReleaseFacts};
use crate::path;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Reads whichever of the release files it is.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_RELEASE)?;
    let text = String::from_utf8_lossy(without_mark(&bytes));
    let first_line = text.lines().next().unwrap_or_default().trim().to_owned();
    facts.release = match path::name(input.path) {
        b"alpine-release" => (!first_line.is_empty()).then_some(ReleaseFacts::Alpine(first_line)),
        b"debian_version" => (!first_line.is_empty()).then_some(ReleaseFacts::Debian(first_line)),
        b"os-release" => Some(ReleaseFacts::OsRelease(parse(&text))),
        _ => parse_older::parse(input.path, &text).map(ReleaseFacts::Older),
    };
    Ok(())
}

fn parse(text: &str) -> OsReleaseFields {
    let mut fields = OsReleaseFields::default();
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once('=') else { continue };
        let field = match key {
            "ID" => &mut fields.id,
            "ID_LIKE" => &mut fields.id_like,
            "NAME" => &mut fields.name,
            "PRETTY_NAME" => &mut fields.pretty_name,
            "VERSION" => &mut fields.version,
            "VERSION_ID" => &mut fields.version_id,
            "VERSION_CODENAME" => &mut fields.version_codename,
            _ => continue,
        };
        *field = unquote(value);
    }
    fields
}

/// Takes away shell quotes: `'x'` as it stands, `"x"` and bare words with backslash escapes.
fn unquote(value: &str) -> String {
    let value = value.trim();
    if let Some(inner) = value.strip_prefix('\'') {
        return inner.strip_suffix('\'').unwrap_or(inner).to_owned();
    }
    let inner = match value.strip_prefix('"') {
        Some(inner) => inner.strip_suffix('"').unwrap_or(inner),
        None => value,
    };
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes_are_taken_away() {
        let fields = parse(
            "ID=debian\nVERSION='12 (bookworm)'\nPRETTY_NAME=\"a \\\"b\\\"\"\n#ID=x\nVERSION_ID=\"12\"",
        );
        assert_eq!(fields.id, "debian");
        assert_eq!(fields.version, "12 (bookworm)");
        assert_eq!(fields.pretty_name, "a \"b\"");
        assert_eq!(fields.version_id, "12");
    }
}
