//! `build.sbt.lock` (github.com/stringbean/sbt-dependency-lock): JSON with a list of modules and their configurations.
//!
//! A module that only the configuration `test` uses is left out.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Items, json, read_text};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    modules: Items<&'a RawValue>,
}

#[derive(Deserialize)]
struct Module {
    org: String,
    name: String,
    version: String,
    #[serde(default)]
    configurations: Vec<String>,
}

/// Keeps the modules.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "lock file of sbt")?;
    let mut list = Declared::new(facts, Ecosystem::Maven);
    for module in document.modules.0 {
        let Ok(Module { org, name, version, configurations }) = serde_json::from_str(module.get()) else {
            list.note("a module cannot be read");
            continue;
        };
        let for_tests = configurations.iter().all(|configuration| configuration == "test");
        if configurations.is_empty() || !for_tests {
            list.add(&format!("{org}:{name}"), &version)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{facts, notes};

    #[test]
    fn modules_that_only_tests_use_are_left_out() {
        let text = r#"{"lockVersion":1,"timestamp":"2024-01-01T00:00:00Z","configurations":["compile","test"],"modules":[
            {"org":"org.typelevel","name":"cats-core_2.13","version":"2.9.0","artifacts":[],"configurations":["compile","test"]},
            {"org":"org.scalatest","name":"scalatest_2.13","version":"3.2.0","artifacts":[],"configurations":["test"]},7]}"#;
        let facts = facts("app/build.sbt.lock", text);
        assert_eq!(facts.packages.len(), 1);
        assert_eq!(facts.packages[0].name, "org.typelevel:cats-core_2.13");
        assert_eq!(facts.notes, ["a module cannot be read"]);
        assert!(notes("app/build.sbt.lock", "[1]")[0].starts_with("no lock file of sbt"));
    }
}
