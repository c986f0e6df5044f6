//! Yarn's cache of zip archives, from which modules are loaded where there is no `node_modules` (yarnpkg.com, "Plug'n'Play").
//!
//! The decision a reader may doubt: the cache counts as installed, although it may hold what is no longer used; a module
//! that also lies in `node_modules` is reported there alone.

use super::{is_module, parse_package_json};
use crate::facts::Facts;
use crate::packed::read_members;
use crate::path::{name, parent};
use crate::registry::{Cataloger, Input};
use crate::text::Problem;

/// `.yarn/cache/*.zip` of a project and `.yarn/berry/cache/*.zip` of an account.
pub(crate) const YARN_CACHE: Cataloger = Cataloger {
    name: "yarn-cache",
    version: 1,
    language: true,
    wants: |path, file| file.ends_with(b".zip") && is_cache(parent(path)),
    read,
};

fn is_cache(folder: &[u8]) -> bool {
    name(folder) == b"cache" && matches!(name(parent(folder)), b".yarn" | b"berry")
}

/// Keeps the module of the archive.
fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let read = &|_: &[u8], bytes: &[u8], facts: &mut Facts| parse_package_json::parse(bytes, facts);
    read_members(input, facts, is_manifest, parse_package_json::MAX_MANIFEST, read)
}

/// `node_modules/<name>/package.json` and no deeper: what a module bundles is its own affair only if it is nested.
fn is_manifest(member: &[u8]) -> bool {
    let Some(folder) =
        member.strip_prefix(b"node_modules/").and_then(|rest| rest.strip_suffix(b"/package.json"))
    else {
        return false;
    };
    is_module(folder)
}

#[cfg(test)]
mod tests {
    use crate::packed::zip_of;
    use crate::trial::{facts_of, lines};

    #[test]
    fn the_module_of_an_archive_is_kept_and_its_test_data_are_not() {
        let archive = zip_of(&[
            ("node_modules/@babel/core/package.json", br#"{"name": "@babel/core", "version": "7.22.5"}"#),
            ("node_modules/@babel/core/test/package.json", br#"{"name": "fixture", "version": "1.0.0"}"#),
        ]);
        let facts = facts_of("app/.yarn/cache/@babel-core-npm-7.22.5-b36f88d6f9-0b6c5eaf9e.zip", archive);
        let names: Vec<String> = lines(&facts).into_iter().map(|line| line.replace(" MIT", "")).collect();
        assert_eq!(names, ["npm @babel/core 7.22.5"]);
        assert_eq!(facts.packages[0].inside, "node_modules/@babel/core/package.json");
    }

    #[test]
    fn broken_archives_and_manifests_are_noted() {
        assert_eq!(facts_of("app/.yarn/cache/a.zip", "x").notes, ["no zip directory found"]);
        let archive = zip_of(&[("node_modules/a/package.json", b"{")]);
        assert!(
            facts_of("app/.yarn/cache/a.zip", archive).notes[0]
                .starts_with("node_modules/a/package.json: no valid JSON")
        );
    }
}
