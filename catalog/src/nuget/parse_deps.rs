//! `*.deps.json` (dotnet/cli, "Runtime configuration files"): `libraries` tells kind and version of each part, `targets`
//! which of its files are there when the program runs.
//!
//! Packages without such files were needed to build only, and are left out. `runtimepack` is the runtime of a
//! self-contained application; the package of that name is what advisories speak of. Projects are the application's
//! own code.

use std::collections::{BTreeMap, BTreeSet};

use model::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::facts::{Facts, Found};
use crate::path::{has_suffix, name, parent};
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Largest file that is read.
const MAX_DOCUMENT: u64 = 16 << 20;
/// Longest name or version.
const MAX_WORD: usize = 256;
/// Files of which the document speaks that are remembered.
const MAX_COVERED: usize = 20_000;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Parts>>,
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parts {
    #[serde(default)]
    runtime: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    runtime_targets: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    native: BTreeMap<String, IgnoredAny>,
    #[serde(default)]
    resources: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(default, rename = "type")]
    kind: String,
}

impl Parts {
    fn is_present(&self) -> bool {
        // `_._` stands for "nothing here".
        [&self.runtime, &self.runtime_targets, &self.native, &self.resources]
            .iter()
            .any(|files| files.keys().any(|file| !file.ends_with("_._")))
    }
}

/// Keeps the packages that are there when the program runs.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_DOCUMENT)?;
    let document: Document = serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no dependency file of .NET: {error}")))?;
    let (mut present, mut absent) = (BTreeSet::new(), BTreeSet::new());
    for (library, parts) in document.targets.values().flatten() {
        if parts.is_present() {
            present.insert(library)
        } else {
            absent.insert(library)
        };
    }
    cover(&document, parent(input.path), facts);
    for (library, Library { kind }) in &document.libraries {
        let package = match kind.to_ascii_lowercase().as_str() {
            "package" => library.as_str(),
            "runtimepack" => library.strip_prefix("runtimepack.").unwrap_or(library),
            _ => continue,
        };
        if absent.contains(library) && !present.contains(library) {
            continue;
        }
        match package.rsplit_once('/') {
            Some((name, version)) if is_word(name) && is_word(version) => {
                facts.packages.push(Found::language(Ecosystem::Nuget, name, version));
            }
            _ => facts.note("a library has no name or version"),
        }
    }
    Ok(())
}

/// Remembers the assemblies beside the document of which it speaks, those of projects among them: what they belong to need
/// not be guessed. Those for one platform keep their path, the others lie beside the document.
fn cover(document: &Document, folder: &[u8], facts: &mut Facts) {
    let in_folder = |file: &[u8]| match folder {
        b"" => file.to_vec(),
        _ => [folder, b"/", file].concat(),
    };
    let mut files = BTreeSet::new();
    for parts in document.targets.values().flat_map(BTreeMap::values) {
        // the runtime's own core is listed among the native files
        let beside = parts.runtime.keys().chain(parts.native.keys());
        files.extend(beside.map(|file| name(file.as_bytes())));
        files.extend(parts.runtime_targets.keys().map(String::as_bytes));
    }
    let assemblies = files.into_iter().filter(|file| has_suffix(file, b".dll")).take(MAX_COVERED);
    facts.covered.extend(assemblies.map(in_folder));
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_WORD && !text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<String>, Vec<String>) {
        let path = b"app/shop.deps.json";
        let index = crate::registry::wanted(path).unwrap();
        let mut content = text.as_bytes();
        let facts = crate::registry::read(index, Input { path, size: 0, content: &mut content });
        (
            facts.packages.iter().map(|found| format!("{} {}", found.name, found.version)).collect(),
            facts.notes,
        )
    }

    #[test]
    fn packages_with_files_at_run_time_and_the_runtime_are_kept_and_the_projects_are_not() {
        let text = r#"{
            "runtimeTarget": {"name": ".NETCoreApp,Version=v6.0/linux-x64", "signature": ""},
            "compilationOptions": {},
            "targets": {
                ".NETCoreApp,Version=v6.0": {},
                ".NETCoreApp,Version=v6.0/linux-x64": {
                    "shop/1.0.0": {"dependencies": {"Newtonsoft.Json": "13.0.1"}, "runtime": {"shop.dll": {}}},
                    "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.5": {"runtime": {"System.dll": {}}},
                    "Newtonsoft.Json/13.0.1": {"runtime": {"lib/netstandard2.0/Newtonsoft.Json.dll": {"fileVersion": "13"}}},
                    "SQLite/3.1.0": {"native": {"runtimes/linux-x64/native/libe_sqlite3.so": {}}},
                    "Microsoft.NETCore.Platforms/1.1.0": {},
                    "Placeholder/1.0.0": {"runtime": {"lib/net6.0/_._": {}}}
                }
            },
            "libraries": {
                "shop/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
                "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/6.0.5": {"type": "runtimepack"},
                "Newtonsoft.Json/13.0.1": {"type": "package", "serviceable": true, "path": "newtonsoft.json/13.0.1"},
                "SQLite/3.1.0": {"type": "Package"},
                "Microsoft.NETCore.Platforms/1.1.0": {"type": "package"},
                "Placeholder/1.0.0": {"type": "package"},
                "broken": {"type": "package"}
            }
        }"#;
        let (packages, notes) = parse(text);
        assert_eq!(
            packages,
            ["Newtonsoft.Json 13.0.1", "SQLite 3.1.0", "Microsoft.NETCore.App.Runtime.linux-x64 6.0.5"]
        );
        assert_eq!(notes, ["a library has no name or version"]);
    }

    #[test]
    fn assemblies_of_packages_and_projects_are_covered() {
        let text = r#"{"targets": {".NETCoreApp,Version=v6.0": {
            "shop/1.0.0": {"runtime": {"shop.dll": {}}},
            "A/1.0": {"runtime": {"lib/net6.0/A.dll": {}}, "runtimeTargets": {"runtimes/unix/lib/net6.0/A.dll": {}}},
            "B/1.0": {"native": {"libb.so": {}, "x/System.Private.CoreLib.dll": {}}, "resources": {"lib/de/A.resources.dll": {}}}
        }}, "libraries": {}}"#;
        let facts = crate::trial::facts_of("app/shop.deps.json", text);
        let covered: Vec<String> = facts.covered.iter().map(|path| crate::path::text(path)).collect();
        assert_eq!(
            covered,
            [
                "app/A.dll",
                "app/System.Private.CoreLib.dll",
                "app/runtimes/unix/lib/net6.0/A.dll",
                "app/shop.dll"
            ]
        );
        assert!(facts.packages.is_empty());
    }

    #[test]
    fn without_targets_every_package_counts() {
        assert_eq!(parse("\u{feff}{\"libraries\":{\"A/1.0\":{\"type\":\"package\"}}}").0, ["A 1.0"]);
    }

    #[test]
    fn what_is_no_dependency_file_is_noted() {
        for text in ["", "[1]", "{\"targets\":3}", "{\"libraries\":{\"A/1\":7}}"] {
            assert!(parse(text).1[0].starts_with("no dependency file of .NET"), "{text}");
        }
    }
}
