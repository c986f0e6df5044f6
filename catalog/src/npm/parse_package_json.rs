//! `package.json` (docs.npmjs.com): `name`, `version` and the licence.
//!
//! A manifest without them, or with a template in their place, describes no installed module and is passed
//! over without a note: many modules carry such files to mark a folder as `"type": "module"`. JSON that
//! cannot be read is noted, and so are names that hide what they are from a reader.

use model::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Largest manifest that is read.
pub(super) const MAX_MANIFEST: u64 = 16 << 20;

/// Licences of one module.
const MAX_LICENSES: usize = 50;

#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    version: Option<&'a RawValue>,
    #[serde(borrow)]
    license: Option<&'a RawValue>,
    #[serde(borrow)]
    licenses: Option<&'a RawValue>,
}

/// A licence as old manifests state it.
#[derive(Deserialize)]
#[serde(untagged)]
enum License {
    Name(String),
    Object {
        #[serde(rename = "type")]
        name: Option<String>,
        url: Option<String>,
    },
    /// The user may choose one.
    List(Vec<License>),
    Other(IgnoredAny),
}

/// Keeps the module if the manifest names one.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_MANIFEST)?;
    parse(&bytes, facts)
}

/// The same from the bytes of a manifest.
pub(super) fn parse(bytes: &[u8], facts: &mut Facts) -> Result<(), Problem> {
    let manifest: Manifest<'_> = serde_json::from_slice(without_mark(bytes))
        .map_err(|error| Problem::Malformed(format!("no valid JSON: {error}")))?;
    let (Some(name), Some(version)) = (text(manifest.name), text(manifest.version)) else { return Ok(()) };
    let version = version.trim().trim_start_matches(['v', '=']).trim_start();
    if is_name(&name) && is_version(version) {
        let license = license_of(manifest.license).or_else(|| license_of(manifest.licenses));
        facts.packages.push(Found { license, ..Found::language(Ecosystem::Npm, name, version) });
    } else if name.chars().chain(version.chars()).any(char::is_control) {
        facts.note("name or version holds control characters");
    }
    Ok(())
}

fn license_of(value: Option<&RawValue>) -> Option<String> {
    let mut names = Vec::new();
    names_of(serde_json::from_str(value?.get()).ok()?, &mut names);
    license::any_of(names.iter().map(String::as_str))
}

fn names_of(license: License, names: &mut Vec<String>) {
    match license {
        License::Name(name) => names.push(name),
        License::Object { name, url } => names.extend(name.or(url)),
        License::List(list) => list.into_iter().take(MAX_LICENSES).for_each(|one| names_of(one, names)),
        License::Other(_) => {}
    }
}

fn text(value: Option<&RawValue>) -> Option<String> {
    serde_json::from_str(value?.get()).ok()
}

/// The characters that npm has ever allowed in a name, and its limit of length.
fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!'()*@/".contains(&byte);
    !name.is_empty() && name.len() <= 214 && name.bytes().all(allowed)
}

fn is_version(version: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-+_".contains(&byte);
    version.len() <= 256
        && version.starts_with(|first: char| first.is_ascii_digit())
        && version.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8]) -> Facts {
        let path = b"node_modules/a/package.json";
        let mut content = text;
        let index = crate::registry::wanted(path).unwrap();
        crate::registry::read(index, Input { path, size: text.len() as u64, content: &mut content })
    }

    #[test]
    fn a_byte_order_mark_and_a_leading_v_are_tolerated() {
        let facts = parse(b"\xef\xbb\xbf{\"version\":\"v7.0.0\",\"x\":[{}],\"name\":\"@babel/core\"}");
        assert_eq!(facts.packages, [Found::language(Ecosystem::Npm, "@babel/core", "7.0.0")]);
    }

    #[test]
    fn the_licence_is_told_in_its_form_of_today_and_in_the_old_ones() {
        let cases = [
            (r#""license":"(MIT or Apache-2.0)""#, Some("MIT OR Apache-2.0")),
            (r#""license":{"type":"BSD-3-Clause","url":"x"}"#, Some("BSD-3-Clause")),
            (r#""licenses":[{"type":"MIT","url":"x"},"GPL-2.0+",[7]]"#, Some("MIT OR GPL-2.0-or-later")),
            (r#""licenses":[{"url":"http://opensource.org/licenses/MIT"}]"#, Some("MIT")),
            (r#""license":"SEE LICENSE IN x","licenses":"ISC""#, Some("ISC")),
            (r#""license":7"#, None),
            (r#""x":{"license":"MIT"}"#, None),
        ];
        for (field, license) in cases {
            let facts = parse(format!("{{\"name\":\"a\",\"version\":\"1.0.0\",{field}}}").as_bytes());
            assert_eq!(facts.packages[0].license.as_deref(), license, "{field}");
        }
    }

    #[test]
    fn templates_and_manifests_without_name_or_version_are_no_modules() {
        for text in [
            r#"{"name":"<%= name %>","version":"1.0.0"}"#,
            r#"{"name":"a","version":"{{version}}"}"#,
            r#"{"name":"a"}"#,
            r#"{"name":7,"version":"1.0.0"}"#,
            r#"{"type":"module"}"#,
        ] {
            assert_eq!(parse(text.as_bytes()), Facts::default(), "{text}");
        }
    }

    #[test]
    fn a_name_that_would_write_to_a_terminal_is_noted_and_no_module() {
        let facts = parse(br#"{"name":"z\u001b[31m","version":"1.0.0"}"#);
        assert!(facts.packages.is_empty());
        assert_eq!(facts.notes, ["name or version holds control characters"]);
    }

    #[test]
    fn broken_json_is_noted() {
        assert!(parse(b"{\"name\":").notes[0].starts_with("no valid JSON"));
        assert!(parse(&b"[".repeat(100_000)).notes[0].starts_with("no valid JSON"));
    }
}
