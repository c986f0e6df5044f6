//! `Pipfile.lock` (pipenv.pypa.io, "Pipfile & Pipfile.lock"): a section for each category of packages.
//!
//! `develop` is for development only; `default` and sections of other names count.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Entries, Word, json, read_text};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Package {
    /// `==1.2.3`; none for a repository or a folder.
    #[serde(default)]
    version: Word,
    /// The folder of a local package.
    #[serde(default)]
    path: Word,
    /// The file of a local package.
    #[serde(default)]
    file: Word,
}

/// Keeps the packages of all categories but `develop`.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Entries<&RawValue> = json(&text, "lock file of Pipenv")?;
    let mut list = Declared::new(facts, Ecosystem::Pypi);
    for (section, packages) in document.0 {
        if section == "_meta" || section == "develop" {
            continue;
        }
        let packages: Entries<&RawValue> = serde_json::from_str(packages.get()).unwrap_or_default();
        for (name, package) in packages.0 {
            let Ok(package) = serde_json::from_str::<Package>(package.get()) else {
                list.note("a package cannot be read");
                continue;
            };
            let is_local = !package.path.0.is_empty() || package.file.0.starts_with('.');
            if let Some(version) = package.version.0.strip_prefix("==").filter(|_| !is_local) {
                list.add(&name, version.trim_start_matches('='))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{facts, notes, packages};

    #[test]
    fn packages_for_development_and_folders_are_left_out() {
        let text = r#"{"_meta":{"hash":{"sha256":"x"},"pipfile-spec":6,"requires":{"python_version":"3.11"},"sources":[]},
            "default":{"flask":{"hashes":["sha256:x"],"index":"pypi","version":"==2.0.1"},
                "own":{"editable":true,"path":"."},"git":{"git":"https://example.org/g.git","ref":"abc"}},
            "docs":{"sphinx":{"version":"==5.0.0"}},"develop":{"pytest":{"version":"==7.0.0"}}}"#;
        assert_eq!(packages("app/Pipfile.lock", text), ["flask 2.0.1", "sphinx 5.0.0"]);
    }

    #[test]
    fn odd_entries_cost_themselves_and_other_files_a_note() {
        let facts = facts("app/Pipfile.lock", r#"{"default":{"a":7,"b":{"version":"==1.0"}},"other":3}"#);
        assert_eq!((facts.packages.len(), facts.notes.len()), (1, 1));
        assert!(notes("app/Pipfile.lock", "{\"default\"")[0].starts_with("no lock file of Pipenv"));
    }
}
