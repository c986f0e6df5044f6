//! `pdm.lock` (pdm-project.org, "Lock file"): TOML, one `[[package]]` each.
//!
//! The groups of a package do not tell which are for development and which are extras of the project, except for `dev`,
//! the group that PDM itself chooses for development.

use model::Ecosystem;
use serde::Deserialize;

use crate::declared::Declared;
use crate::declared::document::{is_package, toml};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    /// The folder or file of a local package.
    path: Option<String>,
}

/// Keeps the packages that are in another group than `dev`, or in none.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let documents: Vec<Document> = toml(input, facts, "lock file of PDM", is_package)?;
    let mut list = Declared::new(facts, Ecosystem::Pypi);
    for package in documents.iter().flat_map(|document| &document.package) {
        let for_development = !package.groups.is_empty() && package.groups.iter().all(|group| group == "dev");
        if let Some(version) = package.version.as_ref().filter(|_| !for_development && package.path.is_none())
        {
            list.add(&package.name, version)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn folders_and_what_is_only_in_the_group_of_development_are_left_out() {
        let text = "[metadata]\ngroups = [\"default\", \"dev\"]\n\n[[package]]\nname = \"flask\"\nversion = \"2.0.1\"\ngroups = [\"default\"]\n\n\
            [[package]]\nname = \"both\"\nversion = \"1.0\"\ngroups = [\"default\", \"dev\"]\n\n\
            [[package]]\nname = \"pytest\"\nversion = \"7.0.0\"\ngroups = [\"dev\"]\n\n\
            [[package]]\nname = \"old\"\nversion = \"0.1\"\n\n[[package]]\nname = \"own\"\nversion = \"1.0\"\npath = \"./own\"\n";
        assert_eq!(packages("app/pdm.lock", text), ["flask 2.0.1", "both 1.0", "old 0.1"]);
        assert!(notes("app/pdm.lock", "package = 1")[0].starts_with("no lock file of PDM"));
    }
}
