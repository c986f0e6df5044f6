//! `installed.json` of Composer 1 (a list of packages) and 2 (an object with the list in `packages`).
//!
//! Versions stay as the package's author tagged them, with a `v` or without, and `dev-main` for a branch.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Largest list that is read; a package takes some two kilobytes.
const MAX_LIST: u64 = 32 << 20;
/// Packages kept of one list.
const MAX_PACKAGES: usize = 100_000;
/// Licences of one package.
const MAX_LICENSES: usize = 50;
/// Longest name or version.
const MAX_WORD: usize = 256;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    packages: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Package<'a> {
    name: String,
    version: String,
    /// Identifiers, of which the user may choose one (getcomposer.org, "The composer.json schema").
    #[serde(borrow, default)]
    license: Option<&'a RawValue>,
}

/// Keeps the packages; one that cannot be read is noted and the others stay.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_LIST)?;
    let text = without_mark(&bytes).trim_ascii_start();
    let packages = if text.starts_with(b"[") {
        serde_json::from_slice(text)
    } else {
        serde_json::from_slice(text).map(|document: Document<'_>| document.packages)
    };
    let packages: Vec<&RawValue> =
        packages.map_err(|error| Problem::Malformed(format!("no list of Composer: {error}")))?;
    for (index, package) in packages.into_iter().enumerate() {
        if facts.packages.len() == MAX_PACKAGES {
            return Err(Problem::Malformed(format!("more than {MAX_PACKAGES} packages")));
        }
        match serde_json::from_str::<Package<'_>>(package.get()) {
            Ok(Package { name, version, license }) if is_word(&name) && is_word(&version) => {
                let license = license_of(license);
                facts.packages.push(Found { license, ..Found::language(Ecosystem::Composer, name, version) });
            }
            _ => facts.note(format!("package {index} has no name or version")),
        }
    }
    Ok(())
}

fn license_of(value: Option<&RawValue>) -> Option<String> {
    let text = value?.get();
    let names = serde_json::from_str::<Vec<String>>(text)
        .or_else(|_| serde_json::from_str::<String>(text).map(|name| vec![name]));
    license::any_of(names.ok()?.iter().take(MAX_LICENSES).map(String::as_str))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_WORD && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<String>, Vec<String>) {
        let path = b"app/vendor/composer/installed.json";
        let index = crate::registry::wanted(path).unwrap();
        let mut content = text.as_bytes();
        let facts = crate::registry::read(index, Input { path, size: 0, content: &mut content });
        (
            facts.packages.iter().map(|found| format!("{} {}", found.name, found.version)).collect(),
            facts.notes,
        )
    }

    #[test]
    fn the_lists_of_both_composers_are_read() {
        let one =
            r#"[{"name":"monolog/monolog","version":"2.9.1","version_normalized":"2.9.1.0","require":{}}]"#;
        assert_eq!(parse(one).0, ["monolog/monolog 2.9.1"]);
        let two = r#"{"packages":[{"name":"symfony/http-kernel","version":"v5.4.20"},
            {"name":"acme/lib","version":"dev-main"}],"dev":false,"dev-package-names":[]}"#;
        assert_eq!(parse(two).0, ["symfony/http-kernel v5.4.20", "acme/lib dev-main"]);
    }

    #[test]
    fn of_several_licences_one_may_be_chosen() {
        let text = r#"[{"name":"a/a","version":"1","license":["MIT","GPL-2.0-or-later"]},
            {"name":"b/b","version":"1","license":"proprietary"},{"name":"c/c","version":"1","license":7}]"#;
        let path = b"app/vendor/composer/installed.json";
        let index = crate::registry::wanted(path).unwrap();
        let facts = crate::registry::read(index, Input { path, size: 0, content: &mut text.as_bytes() });
        let licenses: Vec<_> = facts.packages.iter().map(|found| found.license.as_deref()).collect();
        assert_eq!(licenses, [Some("MIT OR GPL-2.0-or-later"), Some("LicenseRef-Proprietary"), None]);
    }

    #[test]
    fn a_package_that_cannot_be_read_is_noted_and_the_others_stay() {
        let (packages, notes) = parse(r#"{"packages":[{"name":"a/a"},7,{"name":"b/b","version":"1"}]}"#);
        assert_eq!(packages, ["b/b 1"]);
        assert_eq!(notes, ["package 0 has no name or version", "package 1 has no name or version"]);
    }

    #[test]
    fn what_is_no_list_is_noted() {
        for text in ["", "{}", "[", "{\"packages\":3}"] {
            assert!(parse(text).1[0].starts_with("no list of Composer"), "{text}");
        }
        assert!(parse(&"[".repeat(200_000)).1[0].starts_with("no list of Composer"));
    }
}
