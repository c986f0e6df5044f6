//! Homebrew: the receipt of each formula that is installed, whose folders name it.

use model::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::facts::{Facts, Found};
use crate::path::{name, parent};
use crate::registry::{Cataloger, Input};
use crate::text::{Problem, owned, read_all, without_mark};
use crate::word::{is_name, is_version};

/// `Cellar/<formula>/<version>/INSTALL_RECEIPT.json`.
pub(crate) const RECEIPT: Cataloger = Cataloger {
    name: "homebrew-receipt",
    version: 1,
    language: true,
    wants: |path, file| file == b"INSTALL_RECEIPT.json" && name(parent(parent(parent(path)))) == b"Cellar",
    read,
};

/// Largest receipt that is read.
const MAX_RECEIPT: u64 = 4 << 20;

#[derive(Deserialize)]
struct Receipt {
    homebrew_version: Option<IgnoredAny>,
}

/// Keeps the formula as a generic package. The version's revision (`_1`) is Homebrew's own and stays.
fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_RECEIPT)?;
    let receipt: Receipt = serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no receipt of Homebrew: {error}")))?;
    let folder = parent(input.path);
    let (formula, version) = (owned(name(parent(folder))), owned(name(folder)));
    if receipt.homebrew_version.is_some() && is_name(&formula) && is_version(&version) {
        facts.packages.push(Found::language(Ecosystem::Generic, formula, version));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines};

    const PATH: &str = "home/linuxbrew/.linuxbrew/Cellar/openssl@3/3.3.1_1/INSTALL_RECEIPT.json";

    #[test]
    fn a_formula_is_named_by_its_folders() {
        let text = r#"{"homebrew_version": "4.3.6", "used_options": [], "built_as_bottle": true}"#;
        assert_eq!(lines(&facts_of(PATH, text)), ["generic openssl@3 3.3.1_1"]);
    }

    #[test]
    fn other_files_of_that_name_prove_nothing() {
        assert!(facts_of(PATH, "{}").is_empty());
        assert!(facts_of(PATH, "x").notes[0].starts_with("no receipt of Homebrew"));
    }
}
