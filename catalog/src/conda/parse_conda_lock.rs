//! `conda-lock.yml` (conda.github.io/conda-lock): one entry for each package and platform, of conda or of pip.
//!
//! Entries of the category `dev` are left out; so are those for other systems than Linux, unless there is no other.

use model::Ecosystem;
use serde::Deserialize;

use crate::declared::Declared;
use crate::declared::document::{Items, Word, read_text, yaml};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    package: Items<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    manager: Word,
    #[serde(default)]
    platform: Word,
    #[serde(default)]
    category: Word,
}

impl Package {
    fn is_for_linux(&self) -> bool {
        self.platform.0.starts_with("linux")
    }
}

/// Keeps what production needs.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document = yaml(&text, "conda-lock file")?;
    let mut list = Declared::new(facts, Ecosystem::Conda);
    let packages = &document.package.0;
    let has_linux = packages.iter().any(Package::is_for_linux);
    for package in packages.iter().filter(|package| package.is_for_linux() || !has_linux) {
        if package.category.0 == "dev" {
            continue;
        }
        let ecosystem = if package.manager.0 == "pip" { Ecosystem::Pypi } else { Ecosystem::Conda };
        list.add_other(ecosystem, &package.name, &package.version)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn entries_for_linux_and_production_count() {
        let package = |name: &str, manager: &str, platform: &str, category: &str| {
            format!(
                "- name: {name}\n  version: 1.10\n  manager: {manager}\n  platform: {platform}\n  category: {category}\n  optional: false\n"
            )
        };
        let entries = [
            package("zlib", "conda", "linux-64", "main"),
            package("zlib", "conda", "linux-aarch64", "main"),
            package("mac", "conda", "osx-64", "main"),
            package("flask", "pip", "linux-64", "main"),
            package("pytest", "conda", "linux-64", "dev"),
        ];
        let text = format!("version: 1\nmetadata:\n  content_hash: {{}}\npackage:\n{}", entries.concat());
        assert_eq!(packages("app/conda-lock.yml", &text), ["zlib 1.10", "flask 1.10"]);
        assert!(notes("app/conda-lock.yml", "package:\n- 3\n")[0].starts_with("no conda-lock file"));
    }
}
