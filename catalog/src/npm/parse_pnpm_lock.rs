//! `pnpm-lock.yaml` (github.com/pnpm/spec, "lockfile"), lock file versions 5, 6 and 9.
//!
//! Up to version 6 every package says whether it is for development only. Version 9 says it only of what the projects
//! themselves ask for, so what they need in production is followed through `snapshots`.

use std::collections::HashMap;

use model::Ecosystem;
use serde::Deserialize;

use crate::declared::document::{Entries, Word, read_text, yaml};
use crate::declared::{Declared, graph};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

/// Documents that are looked at in one file.
const MAX_DOCUMENTS: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    lockfile_version: Word,
    #[serde(default)]
    importers: Entries<Importer>,
    #[serde(default)]
    packages: Entries<Package>,
    #[serde(default)]
    snapshots: Entries<Snapshot>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Importer {
    #[serde(default)]
    dependencies: Entries<Wanted>,
    #[serde(default)]
    optional_dependencies: Entries<Wanted>,
}

/// What a project asks for; before version 6 this was the version alone, and is not needed.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Resolved { version: String },
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    resolution: Resolution,
}

#[derive(Default, Deserialize)]
struct Resolution {
    #[serde(default, rename = "type")]
    kind: Word,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot {
    #[serde(default)]
    dependencies: Entries<Word>,
    #[serde(default)]
    optional_dependencies: Entries<Word>,
}

/// Keeps what production needs.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let mut list = Declared::new(facts, Ecosystem::Npm);
    // Later programs put a document about themselves before the one about the project.
    let documents = text.split("\n---\n").take(MAX_DOCUMENTS);
    for document in documents.filter(|document| !document.trim().is_empty()) {
        keep(yaml(document, "lock file of pnpm")?, &mut list)?;
    }
    Ok(())
}

fn keep(document: Document, list: &mut Declared<'_>) -> Result<(), Problem> {
    let is_early = document.lockfile_version.0.starts_with('5');
    let needed = (!document.snapshots.0.is_empty()).then(|| in_production(&document));
    for (key, package) in &document.packages.0 {
        if package.dev || package.resolution.kind.0 == "directory" || key.starts_with("file:") {
            continue;
        }
        if needed.as_ref().is_some_and(|needed| !needed.contains_key(key.as_str())) {
            continue;
        }
        let split = if is_early { split_early(key) } else { split_late(key) };
        let (name, version) = split.unwrap_or_default();
        let name = package.name.as_deref().unwrap_or(name);
        match package.version.as_deref().unwrap_or(version) {
            // An address stands where the version is not known.
            version if version.contains([':', '/']) => {}
            version => list.add(name, version)?,
        }
    }
    Ok(())
}

/// `/@s/a/1.0.0_peer@2.0.0` of version 5, with the registry's name before it if that is not the usual one.
fn split_early(key: &str) -> Option<(&str, &str)> {
    let path = key.split_once('/')?.1;
    let (name, version) = path.rsplit_once('/')?;
    Some((name, version.split('_').next()?))
}

/// `/@s/a@1.0.0(peer@2.0.0)` of version 6, and the same without slash of version 9.
fn split_late(key: &str) -> Option<(&str, &str)> {
    let key = without_peers(key.strip_prefix('/').unwrap_or(key));
    let at = key.char_indices().skip(1).find(|(_, one)| *one == '@')?.0;
    Some((&key[..at], &key[at + 1..]))
}

fn without_peers(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

/// The keys of `packages` that the projects need in production.
fn in_production(document: &Document) -> HashMap<&str, ()> {
    let snapshots = &document.snapshots.0;
    let number: HashMap<&str, usize> =
        snapshots.iter().enumerate().map(|(index, (key, _))| (key.as_str(), index)).collect();
    let node = |name: &str, reference: &str| number.get(key_of(name, reference).as_str()).copied();
    let edges: Vec<Vec<usize>> = snapshots
        .iter()
        .map(|(_, snapshot)| {
            let all = snapshot.dependencies.0.iter().chain(&snapshot.optional_dependencies.0);
            all.filter_map(|(name, reference)| node(name, &reference.0)).collect()
        })
        .collect();
    let wanted =
        document.importers.0.iter().flat_map(|(_, importer)| {
            importer.dependencies.0.iter().chain(&importer.optional_dependencies.0)
        });
    let roots = wanted.filter_map(|(name, wanted)| match wanted {
        Wanted::Resolved { version } => node(name, version),
        Wanted::Other(_) => None,
    });
    let reached = graph::reachable(roots, &edges);
    let keys = snapshots.iter().zip(reached).filter(|(_, reached)| *reached);
    keys.map(|((key, _), _)| (without_peers(key), ())).collect()
}

/// The key of what `reference` means as a dependency called `name`: a version alone, or a whole key where the
/// dependency is an alias.
fn key_of(name: &str, reference: &str) -> String {
    let head = without_peers(reference);
    let is_key = match (head.find('@'), head.find(':')) {
        (Some(at), Some(colon)) => at < colon,
        (at, _) => at.is_some(),
    };
    if is_key { reference.to_owned() } else { format!("{name}@{reference}") }
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn versions_5_and_6_mark_each_package() {
        let five = "lockfileVersion: 5.4\n\nspecifiers:\n  a: ^1\n\ndependencies:\n  a: 1.2.3\n\npackages:\n\n  \
            /a/1.2.3:\n    resolution: {integrity: sha512-x}\n    dev: false\n\n  \
            /@s/b/2.0.0_@babel+core@7.0.0:\n    resolution: {integrity: sha512-x}\n    peerDependencies:\n      '@babel/core': '*'\n\n  \
            /c/3.0.0:\n    resolution: {integrity: sha512-x}\n    dev: true\n\n  \
            registry.example.org/d/4.0.0:\n    resolution: {tarball: x}\n    dev: false\n\n  \
            github.com/o/e/0123abc:\n    resolution: {tarball: x}\n    name: e\n    version: 5.0.0\n    dev: false\n\n  \
            file:local:\n    resolution: {directory: local, type: directory}\n    name: local\n    version: 1.0.0\n";
        assert_eq!(packages("app/pnpm-lock.yaml", five), ["a 1.2.3", "@s/b 2.0.0", "d 4.0.0", "e 5.0.0"]);
        let six = "lockfileVersion: '6.0'\n\npackages:\n\n  /a@1.2.3:\n    resolution: {integrity: x}\n    dev: false\n\n  \
            /@s/b@2.0.0(react@18.0.0):\n    resolution: {integrity: x}\n\n  /c@3.0.0:\n    dev: true\n";
        assert_eq!(packages("app/pnpm-lock.yaml", six), ["a 1.2.3", "@s/b 2.0.0"]);
    }

    #[test]
    fn version_9_is_followed_from_what_the_projects_need() {
        let text = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1\n        \
            version: 1.0.0(peer@4.0.0)\n      alias:\n        specifier: npm:real@^2\n        version: real@2.0.0\n      \
            own:\n        specifier: workspace:*\n        version: link:packages/own\n    devDependencies:\n      \
            tool:\n        specifier: ^9\n        version: 9.0.0\n\npackages:\n\n  \
            a@1.0.0:\n    resolution: {integrity: x}\n\n  '@s/b@3.0.0':\n    resolution: {integrity: x}\n\n  \
            peer@4.0.0:\n    resolution: {integrity: x}\n\n  real@2.0.0:\n    resolution: {integrity: x}\n\n  \
            tool@9.0.0:\n    resolution: {integrity: x}\n\n  only-tool@1.0.0:\n    resolution: {integrity: x}\n\n  \
            git@https://codeload.example.org/x:\n    resolution: {tarball: x}\n    version: 5.0.0\n\nsnapshots:\n\n  \
            a@1.0.0(peer@4.0.0):\n    dependencies:\n      '@s/b': 3.0.0\n      peer: 4.0.0\n      git: https://codeload.example.org/x\n\n  \
            '@s/b@3.0.0': {}\n\n  peer@4.0.0: {}\n\n  real@2.0.0: {}\n\n  git@https://codeload.example.org/x: {}\n\n  \
            tool@9.0.0:\n    dependencies:\n      only-tool: 1.0.0\n      peer: 4.0.0\n\n  only-tool@1.0.0: {}\n";
        let expected = ["a 1.0.0", "@s/b 3.0.0", "peer 4.0.0", "real 2.0.0", "git 5.0.0"];
        assert_eq!(packages("app/pnpm-lock.yaml", text), expected);
    }

    #[test]
    fn what_is_no_lock_file_is_noted_and_a_bomb_of_aliases_does_not_go_off() {
        assert!(notes("app/pnpm-lock.yaml", "- 1\n")[0].starts_with("no lock file of pnpm"));
        let mut bomb = "a0: &a0 [x]\n".to_owned();
        for level in 1..40 {
            let below = format!("*a{},", level - 1).repeat(10);
            bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
        }
        bomb.push_str("packages: *a39\n");
        assert!(notes("app/pnpm-lock.yaml", bomb)[0].starts_with("no lock file of pnpm"));
    }
}
