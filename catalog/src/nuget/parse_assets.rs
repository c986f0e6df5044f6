//! `project.assets.json` (github.com/NuGet/Home, "assets file"): what a restore found, in `libraries`.
//!
//! The file lies in `obj/` beside the sources. Its projects are the application's own.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Entries, Word, json, read_text};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    libraries: Entries<&'a RawValue>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(rename = "type")]
    kind: Word,
}

/// Keeps the libraries that are packages.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "assets file of NuGet")?;
    let mut list = Declared::new(facts, Ecosystem::Nuget);
    for (key, library) in document.libraries.0 {
        let is_package = serde_json::from_str::<Library>(library.get())
            .is_ok_and(|library| library.kind.0.eq_ignore_ascii_case("package"));
        if let Some((name, version)) = key.split_once('/').filter(|_| is_package) {
            list.add(name, version)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn packages_count_and_projects_do_not() {
        let text = r#"{"version":3,"targets":{"net8.0":{}},"libraries":{
            "Newtonsoft.Json/13.0.1":{"sha512":"x","type":"package","files":["a"]},
            "shop.core/1.0.0":{"type":"project","path":"../core"},"odd/1":7},"projectFileDependencyGroups":{}}"#;
        assert_eq!(packages("src/obj/project.assets.json", text), ["Newtonsoft.Json 13.0.1"]);
        assert!(notes("src/obj/project.assets.json", "7")[0].starts_with("no assets file of NuGet"));
    }
}
