//! `bun.lock` (bun.sh, "Lockfile"): JSON with trailing commas, of which `packages` lists by place what is installed, and
//! `workspaces` what the projects ask for.
//!
//! What is for development is marked only there, so what production needs is followed from place to place, as a program
//! looks for a module: in its own folder first, then in those around it.

use std::collections::HashMap;

use model::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::declared::document::{Entries, Items, json, read_text};
use crate::declared::{Declared, graph};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    workspaces: Entries<&'a RawValue>,
    #[serde(borrow, default)]
    packages: Entries<&'a RawValue>,
}

/// What a project or a package asks for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Wanted {
    name: Option<String>,
    dependencies: Entries<IgnoredAny>,
    optional_dependencies: Entries<IgnoredAny>,
    peer_dependencies: Entries<IgnoredAny>,
    /// Those of `peer_dependencies` that are used if something else brings them, and are not asked for.
    optional_peers: Items<String>,
}

impl Wanted {
    fn names(&self) -> impl Iterator<Item = &str> {
        let peers = self.peer_dependencies.0.iter().filter(|(name, _)| !self.optional_peers.0.contains(name));
        let all = self.dependencies.0.iter().chain(&self.optional_dependencies.0);
        all.chain(peers).map(|(name, _)| name.as_str())
    }
}

/// One entry of `packages`: `name@version`, and what it asks for.
#[derive(Default)]
struct Package {
    resolution: String,
    wanted: Wanted,
}

/// Longest place that is looked at; each of its steps is a module in a module.
const MAX_PLACE: usize = 2_000;

/// Keeps what production needs.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = plain_json(&read_text(input)?);
    let document: Document<'_> = json(&text, "lock file of Bun")?;
    let mut list = Declared::new(facts, Ecosystem::Npm);
    let packages: Vec<Package> = document.packages.0.iter().map(|(_, package)| parse(package)).collect();
    let places: HashMap<&str, usize> =
        document.packages.0.iter().enumerate().map(|(index, (place, _))| (place.as_str(), index)).collect();
    let edges: Vec<Vec<usize>> = document
        .packages
        .0
        .iter()
        .zip(&packages)
        .map(|((place, _), package)| {
            package.wanted.names().filter_map(|name| find(&places, place, name)).collect()
        })
        .collect();
    let mut roots = Vec::new();
    for (_, project) in &document.workspaces.0 {
        let project: Wanted = serde_json::from_str(project.get()).unwrap_or_default();
        let place = project.name.as_deref().unwrap_or_default();
        roots.extend(project.names().filter_map(|name| find(&places, place, name)));
    }
    for (package, _) in packages.iter().zip(graph::reachable(roots, &edges)).filter(|(_, reached)| *reached) {
        let at = package.resolution.char_indices().skip(1).find(|(_, one)| *one == '@');
        match at.map(|(at, _)| (&package.resolution[..at], &package.resolution[at + 1..])) {
            // A folder, an address or a commit stands where a version is not known.
            Some((_, version)) if version.contains([':', '/']) => {}
            Some((name, version)) => list.add(name, version)?,
            None => list.note("a package cannot be read"),
        }
    }
    Ok(())
}

fn parse(package: &RawValue) -> Package {
    let Ok(parts) = serde_json::from_str::<Items<&RawValue>>(package.get()) else {
        return Package::default();
    };
    let resolution = parts.0.first().and_then(|first| serde_json::from_str(first.get()).ok());
    let wanted = parts.0.iter().find(|part| part.get().starts_with('{'));
    Package {
        resolution: resolution.unwrap_or_default(),
        wanted: wanted.and_then(|wanted| serde_json::from_str(wanted.get()).ok()).unwrap_or_default(),
    }
}

/// Where the module `name` is found from `place`: in it, or in one of the places around it.
fn find(places: &HashMap<&str, usize>, place: &str, name: &str) -> Option<usize> {
    let mut around = if place.len() > MAX_PLACE { "" } else { place };
    while !around.is_empty() {
        if let Some(found) = places.get(format!("{around}/{name}").as_str()) {
            return Some(*found);
        }
        let (outer, last) = around.rsplit_once('/').unwrap_or(("", around));
        // A scope and its name are one step.
        around = match outer.rsplit_once('/') {
            Some((further, scope)) if scope.starts_with('@') && !last.starts_with('@') => further,
            None if outer.starts_with('@') => "",
            _ => outer,
        };
    }
    places.get(name).copied()
}

/// JSON without comments and without commas before a closing bracket.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let mut comma = false;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => string_length(rest),
            '/' if rest.starts_with("//") => {
                rest = rest.find('\n').map_or("", |end| &rest[end..]);
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = rest[2..].find("*/").map_or("", |end| &rest[end + 4..]);
                continue;
            }
            _ => first.len_utf8(),
        };
        if !first.is_whitespace() {
            if comma && !matches!(first, '}' | ']') {
                plain.push(',');
            }
            comma = first == ',';
            if !comma {
                plain.push_str(&rest[..length]);
            }
        }
        rest = &rest[length..];
    }
    plain
}

/// Length of the string at the start of `text`, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::plain_json;
    use crate::declared::testing::{notes, packages};

    #[test]
    fn what_production_needs_is_followed_from_place_to_place() {
        let text = r#"{
          "lockfileVersion": 1, // a comment
          "workspaces": {
            "": { "name": "shop", "dependencies": { "a": "^1", "own": "workspace:*" }, "devDependencies": { "tool": "^9", }, },
            "packages/own": { "name": "own", "dependencies": { "d": "^1" } },
          },
          "packages": {
            "a": ["a@1.0.0", "", { "dependencies": { "@s/b": "^2", "c": "^1" } }, "sha512-x,}"],
            "@s/b": ["@s/b@2.0.0", "", { "dependencies": { "c": "^2" } }, "sha512-x"],
            "@s/b/c": ["c@2.0.0", "", {}, "sha512-x"],
            "c": ["c@1.0.0", "", {}, "sha512-x"],
            "d": ["d@1.0.0", "", {}, "sha512-x"],
            "own": ["own@workspace:packages/own"],
            "own/d": ["d@2.0.0", "", { "peerDependencies": { "git": "*", "tool": "*" }, "optionalPeers": ["tool"] }, "sha512-x"],
            "git": ["git@github:o/r#0123abc", {}, "o-r-0123abc"],
            "tool": ["tool@9.0.0", "", {}, "sha512-x"],
          }
        }"#;
        assert_eq!(
            packages("app/bun.lock", text),
            ["a 1.0.0", "@s/b 2.0.0", "c 2.0.0", "c 1.0.0", "d 2.0.0"]
        );
    }

    #[test]
    fn a_place_without_end_is_not_followed() {
        let place = "a/".repeat(1_000_000);
        let text = format!(
            r#"{{"packages":{{"{place}":["a@1.0.0","",{{"dependencies":{{"b":"1","c":"1"}}}}],"b":["b@1.0.0","",{{}}]}},
                "workspaces":{{"":{{"dependencies":{{"{place}":"1"}}}}}}}}"#
        );
        let started = std::time::Instant::now();
        assert_eq!(packages("app/bun.lock", &text).len(), 2);
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
    }

    #[test]
    fn commas_and_comments_are_taken_away_outside_of_strings_alone() {
        assert_eq!(plain_json("[1, /* , */ \"a,]//\\\"\" , ] // x"), "[1,\"a,]//\\\"\"]");
        assert_eq!(plain_json("/* \"open"), "");
        assert_eq!(plain_json("\"open\\"), "\"open\\");
    }

    #[test]
    fn what_is_no_lock_file_is_noted() {
        for text in ["", "[1]", "{", "é"] {
            assert!(notes("app/bun.lock", text)[0].starts_with("no lock file of Bun"), "{text}");
        }
    }
}
