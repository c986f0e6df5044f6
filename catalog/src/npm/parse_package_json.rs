//! `package.json` (docs.npmjs.com): `name` and `version`.
//!
//! A manifest without them, or with a template in their place, describes no installed module and is passed
//! over without a note: many modules carry such files to mark a folder as `"type": "module"`. JSON that
//! cannot be read is noted.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::facts::{Facts, Found};
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Largest manifest that is read.
const MAX_MANIFEST: u64 = 16 << 20;

#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    version: Option<&'a RawValue>,
}

/// Keeps the module if the manifest names one.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_MANIFEST)?;
    let manifest: Manifest<'_> = serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no valid JSON: {error}")))?;
    let (Some(name), Some(version)) = (text(manifest.name), text(manifest.version)) else { return Ok(()) };
    let version = version.trim().trim_start_matches(['v', '=']).trim_start();
    if is_name(&name) && is_version(version) {
        facts.packages.push(Found::language(Ecosystem::Npm, name, version));
    }
    Ok(())
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
    fn broken_json_is_noted() {
        assert!(parse(b"{\"name\":").notes[0].starts_with("no valid JSON"));
        assert!(parse(&b"[".repeat(100_000)).notes[0].starts_with("no valid JSON"));
    }
}
