//! A record of `conda-meta` (conda, "Package specification", and `PrefixRecord`): name, version and licence of one package.
//!
//! Other tools keep notes of their own in the same folder; what does not name a build is none of conda's records.

use model::Ecosystem;
use serde::Deserialize;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};
use crate::word::{is_name, is_version};

/// Largest record that is read; it names every file of the package.
const MAX_RECORD: u64 = 64 << 20;

#[derive(Deserialize)]
struct Record {
    name: Option<String>,
    version: Option<String>,
    build: Option<String>,
    build_string: Option<String>,
    license: Option<String>,
}

/// Keeps the package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_RECORD)?;
    let record: Record = serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no record of conda: {error}")))?;
    if record.build.is_none() && record.build_string.is_none() {
        return Ok(());
    }
    match (record.name, record.version) {
        (Some(name), Some(version)) if is_name(&name) && is_version(&version) => {
            let mut found = Found::language(Ecosystem::Conda, name, version);
            found.license = record.license.as_deref().and_then(license::expression);
            facts.packages.push(found);
            Ok(())
        }
        _ => Err(Problem::Malformed("record of conda has no name or version".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    const PATH: &str = "opt/conda/conda-meta/numpy-1.26.4-py311h64a7726_0.json";

    #[test]
    fn a_record_names_package_version_and_licence() {
        let record = r#"{"build": "py311h64a7726_0", "build_number": 0, "channel": "https://conda.example/conda-forge/linux-64",
            "depends": ["python >=3.11"], "files": ["lib/python3.11/site-packages/numpy/__init__.py"],
            "license": "BSD-3-Clause", "name": "numpy", "version": "1.26.4", "paths_data": {"paths": []}}"#;
        assert_eq!(lines(&facts_of(PATH, record)), ["conda numpy 1.26.4 BSD-3-Clause"]);
    }

    #[test]
    fn notes_of_other_tools_are_passed_over_and_broken_records_noted() {
        assert!(facts_of("env/conda-meta/state.json", "{\"name\": \"x\"}").is_empty());
        assert_eq!(facts_of(PATH, r#"{"build": "0", "name": "{{ name }}", "version": "1"}"#).notes.len(), 1);
        assert!(facts_of(PATH, "{").notes[0].starts_with("no record of conda"));
    }

    #[test]
    fn only_the_records_of_an_environment_are_asked_for() {
        assert_eq!(who("opt/conda/conda-meta/history"), None);
        assert_eq!(who("opt/conda/pkgs/numpy-1.26.4-0/info/index.json"), None);
    }
}
