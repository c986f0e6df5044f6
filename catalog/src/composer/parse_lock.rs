//! `composer.lock` (getcomposer.org, "Basic usage"): `packages`, and `packages-dev` for development only.
//!
//! Several licences of a package mean that its user may choose one. A package out of a folder is local.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Items, Word, json, read_text};
use crate::facts::Facts;
use crate::license;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    packages: Items<&'a RawValue>,
}

#[derive(Deserialize)]
struct Package<'a> {
    name: String,
    version: String,
    #[serde(default)]
    dist: Option<Dist>,
    #[serde(borrow, default)]
    license: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Dist {
    #[serde(default, rename = "type")]
    kind: Word,
}

/// Keeps what production needs.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "lock file of Composer")?;
    let mut list = Declared::new(facts, Ecosystem::Composer);
    for package in document.packages.0 {
        let Ok(package) = serde_json::from_str::<Package<'_>>(package.get()) else {
            list.note("a package cannot be read");
            continue;
        };
        if package.dist.is_none_or(|dist| dist.kind.0 != "path") {
            list.add_licensed(&package.name, &package.version, package.license.and_then(expression))?;
        }
    }
    Ok(())
}

/// One licence as a text, or a list of them.
fn expression(stated: &RawValue) -> Option<String> {
    match serde_json::from_str::<Vec<String>>(stated.get()) {
        Ok(several) => license::any_of(several.iter().map(String::as_str)),
        Err(_) => license::expression(&serde_json::from_str::<String>(stated.get()).ok()?),
    }
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{facts, notes};

    #[test]
    fn packages_for_development_and_folders_are_left_out_and_licences_kept() {
        let text = r#"{"content-hash":"x","packages":[
            {"name":"monolog/monolog","version":"2.9.1","dist":{"type":"zip","url":"x"},"license":["MIT"]},
            {"name":"acme/two","version":"v1.0.0","source":{"type":"git"},"license":["MIT","Apache-2.0"]},
            {"name":"acme/own","version":"dev-main","dist":{"type":"path","url":"own"}},{"name":"acme/odd"}],
            "packages-dev":[{"name":"phpunit/phpunit","version":"9.0.0"}],"aliases":[],"platform":{"php":">=8"}}"#;
        let facts = facts("app/composer.lock", text);
        let found: Vec<_> = facts
            .packages
            .iter()
            .map(|found| (found.name.as_str(), found.version.as_str(), found.license.as_deref()))
            .collect();
        assert_eq!(
            found,
            [("monolog/monolog", "2.9.1", Some("MIT")), ("acme/two", "v1.0.0", Some("MIT OR Apache-2.0"))]
        );
        assert_eq!(facts.notes, ["a package cannot be read"]);
    }

    #[test]
    fn what_is_no_lock_file_is_noted() {
        for text in ["", "[", "{\"packages\":{}}"] {
            assert!(notes("composer.lock", text)[0].starts_with("no lock file of Composer"), "{text}");
        }
    }
}
