//! `poetry.lock` (python-poetry.org): TOML, one `[[package]]` each.
//!
//! What is for development only had the category `dev` before Poetry 1.5, no mark at all until Poetry 2.0, and since then
//! groups of which none is `main`.

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
    version: String,
    category: Option<String>,
    groups: Option<Vec<String>>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl Package {
    fn is_for_development(&self) -> bool {
        self.category.as_deref() == Some("dev")
            || self.groups.as_ref().is_some_and(|groups| !groups.iter().any(|group| group == "main"))
    }

    fn is_local(&self) -> bool {
        let kind = self.source.as_ref().and_then(|source| source.kind.as_deref());
        matches!(kind, Some("directory" | "file"))
    }
}

/// Keeps what production needs.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let documents: Vec<Document> = toml(input, facts, "lock file of Poetry", is_package)?;
    let mut list = Declared::new(facts, Ecosystem::Pypi);
    let packages = documents.iter().flat_map(|document| &document.package);
    for package in packages.filter(|package| !package.is_for_development() && !package.is_local()) {
        list.add(&package.name, &package.version)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn categories_and_groups_tell_what_is_for_development() {
        let old = "[[package]]\nname = \"flask\"\nversion = \"2.0.1\"\ncategory = \"main\"\noptional = false\n\n\
            [package.dependencies]\nJinja2 = \">=3.0\"\n\n[[package]]\nname = \"pytest\"\nversion = \"7.0.0\"\ncategory = \"dev\"\n\n\
            [metadata]\nlock-version = \"1.1\"\n";
        assert_eq!(packages("app/poetry.lock", old), ["flask 2.0.1"]);
        let new = "[[package]]\nname = \"flask\"\nversion = \"2.0.1\"\ngroups = [\"main\", \"dev\"]\n\n\
            [[package]]\nname = \"pytest\"\nversion = \"7.0.0\"\ngroups = [\"dev\"]\n\n\
            [[package]]\nname = \"git\"\nversion = \"1.0\"\ngroups = [\"main\"]\n\n[package.source]\ntype = \"git\"\nurl = \"x\"\n\n\
            [[package]]\nname = \"own\"\nversion = \"1.0\"\ngroups = [\"main\"]\n\n[package.source]\ntype = \"directory\"\nurl = \"x\"\n";
        assert_eq!(packages("app/poetry.lock", new), ["flask 2.0.1", "git 1.0"]);
    }

    #[test]
    fn what_is_no_lock_file_is_noted() {
        for text in [
            "[[package]\n",
            "package = 3\n",
            &format!("a = {}", "[".repeat(100_000)),
            &"a=0\n".repeat(200_000),
        ] {
            assert!(notes("app/poetry.lock", text)[0].starts_with("no lock file of Poetry"), "{text:.40}");
        }
    }
}
