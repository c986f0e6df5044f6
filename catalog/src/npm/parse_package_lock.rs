//! `package-lock.json` and `npm-shrinkwrap.json` (docs.npmjs.com, "package-lock.json"), lock file versions 1 to 3.
//!
//! Versions 2 and 3 list `packages` by their place in `node_modules`; version 1 nests `dependencies`. Version 2 has both, and
//! then the second is left aside. The licence is the one that the package's own manifest stated.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Entries, Word, json, read_text};
use crate::facts::Facts;
use crate::license;
use crate::registry::Input;
use crate::text::Problem;

const MODULES: &str = "node_modules/";
/// Levels of nested dependencies in version 1.
const MAX_DEPTH: usize = 60;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    packages: Option<Entries<&'a RawValue>>,
    #[serde(borrow, default)]
    dependencies: Entries<&'a RawValue>,
}

/// An entry of `packages`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    resolved: Word,
    license: Word,
    dev: bool,
    link: bool,
}

/// An entry of `dependencies` in version 1.
#[derive(Deserialize)]
struct Dependency<'a> {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(borrow, default)]
    dependencies: Entries<&'a RawValue>,
}

/// Keeps what is installed for production.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "lock file of npm")?;
    let mut list = Declared::new(facts, Ecosystem::Npm);
    match document.packages {
        Some(packages) => read_packages(packages, &mut list),
        None => read_dependencies(document.dependencies, &mut list),
    }
}

fn read_packages(packages: Entries<&RawValue>, list: &mut Declared<'_>) -> Result<(), Problem> {
    for (place, package) in packages.0 {
        // What lies outside of `node_modules` is the application itself and the members of its workspace.
        let Some((_, own)) = place.rsplit_once(MODULES) else { continue };
        let Ok(package) = serde_json::from_str::<Package>(package.get()) else {
            list.note("a package cannot be read");
            continue;
        };
        if package.dev || package.link || package.resolved.0.starts_with("file:") {
            continue;
        }
        // A module that is installed under another name than its own has a `name`.
        let name = package.name.as_deref().unwrap_or(own);
        if let Some(version) = &package.version {
            list.add_licensed(name, version, license::expression(&package.license.0))?;
        }
    }
    Ok(())
}

fn read_dependencies(dependencies: Entries<&RawValue>, list: &mut Declared<'_>) -> Result<(), Problem> {
    // Each level is read on its own, so that the depth is bounded here and not by the stack.
    let mut waiting = vec![(0, dependencies)];
    while let Some((depth, dependencies)) = waiting.pop() {
        if depth == MAX_DEPTH {
            list.note("dependencies are nested too deeply");
            continue;
        }
        for (name, dependency) in dependencies.0 {
            let Ok(dependency) = serde_json::from_str::<Dependency<'_>>(dependency.get()) else {
                list.note("a dependency cannot be read");
                continue;
            };
            if dependency.dev {
                continue;
            }
            let version = dependency.version.unwrap_or_default();
            match version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@')) {
                Some((real, version)) => list.add(real, version)?,
                // A folder, an address or a commit stands where a version is not known.
                None if version.contains([':', '/']) || version.is_empty() => {}
                None => list.add(&name, &version)?,
            }
            if !dependency.dependencies.0.is_empty() {
                waiting.push((depth + 1, dependency.dependencies));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{facts, notes, packages};

    #[test]
    fn the_places_of_version_3_tell_names_and_what_is_for_development_is_left_out() {
        let text = r#"{"name":"shop","lockfileVersion":3,"packages":{
            "":{"name":"shop","version":"1.0.0","dependencies":{"a":"^1"}},
            "packages/own":{"name":"own","version":"1.0.0"},
            "node_modules/own":{"resolved":"packages/own","link":true},
            "node_modules/a":{"version":"1.2.3","resolved":"https://registry.example/a.tgz","license":"MIT"},
            "node_modules/a/node_modules/@s/b":{"version":"2.0.0","optional":true},
            "node_modules/alias":{"name":"real","version":"3.0.0"},
            "node_modules/c":{"version":"4.0.0","dev":true},
            "node_modules/d":{"version":"5.0.0","devOptional":true},
            "node_modules/local":{"version":"1.0.0","resolved":"file:local.tgz"},
            "node_modules/git":{"version":"6.0.0","resolved":"git+ssh://git@example.org/g.git#abc"}}}"#;
        let expected = ["a 1.2.3", "@s/b 2.0.0", "real 3.0.0", "d 5.0.0", "git 6.0.0"];
        assert_eq!(packages("app/package-lock.json", text), expected);
        assert_eq!(facts("app/package-lock.json", text).packages[0].license.as_deref(), Some("MIT"));
    }

    #[test]
    fn version_1_nests_and_version_2_is_read_once() {
        let one = r#"{"lockfileVersion":1,"dependencies":{
            "a":{"version":"1.0.0","requires":{"b":"^1"},"dependencies":{"b":{"version":"1.1.0"}}},
            "alias":{"version":"npm:@s/real@2.0.0"},"dev":{"version":"1.0.0","dev":true},
            "git":{"version":"git+ssh://git@example.org/g.git#abc"},"local":{"version":"file:../local"}}}"#;
        assert_eq!(packages("app/npm-shrinkwrap.json", one), ["a 1.0.0", "@s/real 2.0.0", "b 1.1.0"]);
        let two =
            r#"{"packages":{"node_modules/a":{"version":"1.0.0"}},"dependencies":{"a":{"version":"1.0.0"}}}"#;
        assert_eq!(packages("app/package-lock.json", two), ["a 1.0.0"]);
    }

    #[test]
    fn odd_entries_cost_themselves_and_other_files_a_note() {
        let facts = facts(
            "app/package-lock.json",
            r#"{"packages":{"node_modules/a":7,"node_modules/b":{"version":"1.0.0","license":{"type":"X"}}}}"#,
        );
        assert_eq!(
            (facts.packages.len(), facts.notes.as_slice()),
            (1, &["a package cannot be read".to_owned()][..])
        );
        for text in ["", "[1]", "{\"packages\":", &"{\"dependencies\":".repeat(9_000)] {
            assert!(notes("app/package-lock.json", text)[0].starts_with("no lock file of npm"), "{text:.40}");
        }
        assert_eq!(notes("app/package-lock.json", "{}"), Vec::<String>::new());
    }
}
