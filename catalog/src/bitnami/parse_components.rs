//! `.bitnami_components.json` (bitnami/containers): an object of components with version and platform.

use std::collections::BTreeMap;

use model::Ecosystem;
use serde::Deserialize;

use crate::facts::{Facts, Found};
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};
use crate::word::{is_name, is_version};

/// Largest file that is read.
const MAX_LIST: u64 = 1 << 20;

#[derive(Deserialize)]
struct Component {
    version: String,
}

/// Keeps the components.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_LIST)?;
    let components: BTreeMap<String, Component> = serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no list of Bitnami's components: {error}")))?;
    for (name, Component { version }) in components {
        if is_name(&name) && is_version(&version) {
            facts.packages.push(Found::language(Ecosystem::Bitnami, name, version));
        } else {
            facts.note("a component has no name or version");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines};

    #[test]
    fn components_are_kept() {
        let text = r#"{"gosu": {"arch": "amd64", "digest": "16f1", "distro": "debian-10", "type": "NAMI", "version": "1.14.0-1"},
            "x": {"version": ""}}"#;
        let facts = facts_of("opt/bitnami/.bitnami_components.json", text);
        assert_eq!(lines(&facts), ["bitnami gosu 1.14.0-1"]);
        assert_eq!(facts.notes, ["a component has no name or version"]);
        assert_eq!(facts_of("opt/bitnami/.bitnami_components.json", "[]").notes.len(), 1);
    }
}
