//! `pylock.toml` (PEP 751, packaging.python.org, "pylock.toml Specification"), the lock file of all installers.
//!
//! A package in a folder is local, and one without a version cannot be judged.

use model::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::declared::Declared;
use crate::declared::document::toml;
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    directory: Option<IgnoredAny>,
}

/// `pylock.toml`, or with one word between.
pub(super) fn is_pylock(name: &[u8]) -> bool {
    let between = name.strip_prefix(b"pylock.").and_then(|rest| rest.strip_suffix(b"toml"));
    between.is_some_and(|between| {
        between.iter().filter(|byte| **byte == b'.').count() == usize::from(!between.is_empty())
    })
}

/// Keeps the packages with a version.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let documents: Vec<Document> = toml(input, facts, "pylock.toml", |header| header == "[[packages]]")?;
    let mut list = Declared::new(facts, Ecosystem::Pypi);
    let packages = documents.iter().flat_map(|document| &document.packages);
    for package in packages.filter(|package| package.directory.is_none()) {
        if let Some(version) = &package.version {
            list.add(&package.name, version)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_pylock;
    use crate::declared::testing::{notes, packages};

    #[test]
    fn packages_with_a_version_count_unless_they_are_folders() {
        let text = "lock-version = \"1.0\"\ncreated-by = \"pip\"\n\n[[packages]]\nname = \"attrs\"\nversion = \"25.1.0\"\n\n\
            [[packages.wheels]]\nname = \"attrs-25.1.0-py3-none-any.whl\"\n\n[[packages]]\nname = \"own\"\nversion = \"1\"\n\n\
            [packages.directory]\npath = \".\"\n\n[[packages]]\nname = \"git\"\n\n[packages.vcs]\ntype = \"git\"\n";
        assert_eq!(packages("app/pylock.prod.toml", text), ["attrs 25.1.0"]);
        assert!(notes("app/pylock.toml", "packages = 1")[0].starts_with("no pylock.toml"));
    }

    #[test]
    fn the_name_has_at_most_one_word_between() {
        let good: [&[u8]; 2] = [b"pylock.toml", b"pylock.dev.toml"];
        let bad: [&[u8]; 4] = [b"pylock.a.b.toml", b"xpylock.toml", b"pylock.tom", b"pylock.xtoml"];
        assert_eq!((good.map(is_pylock), bad.map(is_pylock)), ([true; 2], [false; 4]));
    }
}
