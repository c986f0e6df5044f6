//! `Manifest.toml` (pkgdocs.julialang.org, "Manifest.toml"), formats 1 and 2: a list of entries for each name.
//!
//! Packages in a folder are local. Parts of Julia's own library have no version, except where Julia brings a package along;
//! those count. The file is known by the `uuid` of its entries, because others are called `Manifest.toml`, too.

use model::Ecosystem;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::declared::Declared;
use crate::declared::document::{Entries, toml};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

/// What stands at the top: an entry list of format 1, `deps` of format 2, or a word about the file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Packages(Vec<Package>),
    Deps(Entries<Vec<Package>>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Package {
    /// Every entry has one.
    uuid: String,
    version: Option<String>,
    /// The folder of a local package.
    path: Option<String>,
}

/// `Manifest.toml`, `JuliaManifest.toml`, and either for one version of Julia: `Manifest-v1.11.toml`.
pub(crate) fn is_manifest(name: &[u8]) -> bool {
    let stem = name.strip_suffix(b".toml").unwrap_or_default();
    let stem = stem.strip_prefix(b"Julia").unwrap_or(stem);
    stem == b"Manifest" || stem.starts_with(b"Manifest-v")
}

/// Keeps the packages that have a version.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let documents: Vec<Entries<Part>> =
        toml(input, facts, "manifest of Julia", |header| header.starts_with("[["))?;
    let mut list = Declared::new(facts, Ecosystem::Julia);
    for (name, part) in documents.into_iter().flat_map(|document| document.0) {
        let packages = match part {
            Part::Packages(packages) => vec![(name, packages)],
            Part::Deps(packages) => packages.0,
            Part::Other(_) => continue,
        };
        for (name, package) in packages.iter().flat_map(|(name, all)| all.iter().map(move |one| (name, one)))
        {
            let is_local = package.path.is_some() || package.uuid.is_empty();
            if let Some(version) = package.version.as_ref().filter(|_| !is_local) {
                list.add(name, version)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::is_manifest;
    use crate::declared::testing::{notes, packages};

    #[test]
    fn both_formats_are_read() {
        let two = "julia_version = \"1.9.0\"\nmanifest_format = \"2.0\"\n\n[[deps.JSON]]\ndeps = [\"Dates\"]\ngit-tree-sha1 = \"x\"\nuuid = \"682c\"\nversion = \"0.21.4\"\n\n\
            [[deps.Dates]]\nuuid = \"ade2\"\n\n[[deps.Own]]\npath = \"../Own\"\nuuid = \"1\"\nversion = \"0.1.0\"\n";
        assert_eq!(packages("app/Manifest.toml", two), ["JSON 0.21.4"]);
        let one = "[[JSON]]\nuuid = \"682c\"\nversion = \"0.21.3\"\n[JSON.deps]\nDates = \"ade2\"\n\n[[Zlib_jll]]\nuuid = \"8377\"\nversion = \"1.2.12+3\"\n";
        assert_eq!(packages("app/JuliaManifest.toml", one), ["JSON 0.21.3", "Zlib_jll 1.2.12+3"]);
    }

    #[test]
    fn manifests_of_other_programs_say_nothing() {
        assert_eq!(
            notes("app/Manifest.toml", "[package]\nversion = \"1\"\n[[a]]\nversion = \"1\"\n"),
            Vec::<String>::new()
        );
        assert!(notes("app/Manifest.toml", "[[")[0].starts_with("no manifest of Julia"));
        assert!(
            is_manifest(b"Manifest-v1.11.toml")
                && !is_manifest(b"Manifest.tom")
                && !is_manifest(b"Cargo.toml")
        );
    }
}
