//! `package_config.json` (dart-lang, "Dart package configuration file", version 2): the folder of each package in use.
//!
//! The version stands in the folder's name alone. The folder may have stayed behind in another stage of the build, so the
//! packages are declared and not proved.

use model::Ecosystem;
use serde::Deserialize;

use crate::facts::{Facts, Found};
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Largest file that is read.
const MAX_CONFIG: u64 = 16 << 20;
/// Packages that are kept.
const MAX_PACKAGES: usize = 20_000;

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    name: String,
    root_uri: String,
}

/// Keeps the packages that came from a server.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_CONFIG)?;
    let config: Config = serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no package configuration of Dart: {error}")))?;
    for package in config.packages.into_iter().take(MAX_PACKAGES) {
        let Some((_, rest)) = package.root_uri.rsplit_once("/hosted/") else { continue };
        let folder = rest.split('/').nth(1).unwrap_or_default().replace("%2B", "+").replace("%2b", "+");
        if let Some((name, version)) = super::split(&folder)
            && name == package.name
        {
            let mut found = Found::language(Ecosystem::Pub, name, version);
            found.declared = true;
            facts.packages.push(found);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines};

    const PATH: &str = "app/.dart_tool/package_config.json";

    #[test]
    fn packages_of_a_server_are_declared_and_the_projects_own_left_out() {
        let text = r#"{"configVersion": 2, "packages": [
            {"name": "async", "rootUri": "file:///opt/cache/hosted/pub.dev/async-2.11.0", "packageUri": "lib/", "languageVersion": "2.18"},
            {"name": "b", "rootUri": "file:///c/hosted/pub.dev/b-1.0.0%2B3/", "packageUri": "lib/"},
            {"name": "own", "rootUri": "../", "packageUri": "lib/"},
            {"name": "fork", "rootUri": "file:///opt/cache/git/fork-0123456789abcdef/"}
        ], "generator": "pub"}"#;
        let facts = facts_of(PATH, text);
        assert_eq!(lines(&facts), ["pub async 2.11.0", "pub b 1.0.0+3"]);
        assert!(facts.packages.iter().all(|found| found.declared));
    }

    #[test]
    fn what_is_no_configuration_is_noted() {
        assert!(facts_of(PATH, "{\"packages\": 3}").notes[0].starts_with("no package configuration of Dart"));
    }
}
