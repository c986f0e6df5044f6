//! What all readers of lock files share: the list they fill, their limits, and where a lock file counts.
//!
//! What it is not for: any format. Each is a file in the folder of its ecosystem, registered there.
//!
//! The decision a reader may doubt: what a lock file itself marks as needed for development only is left out, because
//! images are built without it; where a file does not tell, everything in it counts. Local folders and members of
//! the same workspace are the application's own code, and something without a version cannot be judged: neither is
//! listed.

pub(crate) mod document;
pub(crate) mod graph;
pub(crate) mod markup;
pub(crate) mod place;

use std::collections::HashSet;

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::path;
use crate::registry::Input;
use crate::text::Problem;

/// Largest lock file that is read; those of the largest real projects have some ten megabytes.
pub(crate) const MAX_FILE: u64 = 32 << 20;
/// Packages kept of one lock file.
const MAX_PACKAGES: usize = 100_000;
/// Longest name or version.
const MAX_WORD: usize = 512;

/// Reads one format.
pub(crate) type Reader = fn(&mut Input<'_>, &mut Facts) -> Result<(), Problem>;

/// Reads the file with the reader that its name calls for; a name without one says nothing.
pub(crate) fn read_with(
    reader: fn(&[u8]) -> Option<Reader>,
    input: &mut Input<'_>,
    facts: &mut Facts,
) -> Result<(), Problem> {
    match reader(path::name(input.path)) {
        Some(read) => read(input, facts),
        None => Ok(()),
    }
}

/// The packages that one lock file declares, each once.
pub(crate) struct Declared<'a> {
    facts: &'a mut Facts,
    ecosystem: Ecosystem,
    seen: HashSet<(Ecosystem, String, String)>,
}

impl<'a> Declared<'a> {
    /// An empty list of packages of one ecosystem.
    pub(crate) fn new(facts: &'a mut Facts, ecosystem: Ecosystem) -> Self {
        Self { facts, ecosystem, seen: HashSet::new() }
    }

    /// Keeps a package; one without a usable name or version is noted.
    ///
    /// # Errors
    /// If the file declares more packages than are kept.
    pub(crate) fn add(&mut self, name: &str, version: &str) -> Result<(), Problem> {
        self.add_found(self.ecosystem, name, version, None)
    }

    /// The same with the licence that the file states, as an SPDX expression.
    pub(crate) fn add_licensed(
        &mut self,
        name: &str,
        version: &str,
        license: Option<String>,
    ) -> Result<(), Problem> {
        self.add_found(self.ecosystem, name, version, license)
    }

    /// The same for a package of another ecosystem than the list's own.
    pub(crate) fn add_other(
        &mut self,
        ecosystem: Ecosystem,
        name: &str,
        version: &str,
    ) -> Result<(), Problem> {
        self.add_found(ecosystem, name, version, None)
    }

    fn add_found(
        &mut self,
        ecosystem: Ecosystem,
        name: &str,
        version: &str,
        license: Option<String>,
    ) -> Result<(), Problem> {
        if !is_word(name) || !is_word(version) {
            self.note("a package has no usable name or version");
            return Ok(());
        }
        if !self.seen.insert((ecosystem, name.to_owned(), version.to_owned())) {
            return Ok(());
        }
        if self.seen.len() > MAX_PACKAGES {
            return Err(Problem::Malformed(format!("more than {MAX_PACKAGES} packages")));
        }
        let found = Found::language(ecosystem, name, version);
        self.facts.packages.push(Found { declared: true, license, ..found });
        Ok(())
    }

    /// Notes what of the file could not be read.
    pub(crate) fn note(&mut self, reason: &str) {
        self.facts.note(reason);
    }
}

/// One word of a length that a report may hold. Placeholders of templates have spaces or braces, and what was no UTF-8 has
/// the replacement character.
fn is_word(text: &str) -> bool {
    let is_odd = |one: char| {
        one.is_control()
            || one.is_whitespace()
            || matches!(one, '{' | '}' | '<' | '>' | char::REPLACEMENT_CHARACTER)
    };
    !text.is_empty() && text.len() <= MAX_WORD && !text.contains(is_odd)
}

/// `text` without quotes around it.
pub(crate) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inner = |quote| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
pub(crate) mod testing {
    use crate::facts::Facts;
    use crate::registry::{CATALOGERS, Input, read, wanted};

    /// What the file at `path` says, read by the cataloger that asks for it.
    pub(crate) fn facts(path: &str, text: impl AsRef<[u8]>) -> Facts {
        let index = wanted(path.as_bytes()).unwrap_or_else(|| panic!("nobody asks for {path}"));
        let mut content = text.as_ref();
        let size = content.len() as u64;
        let facts = read(index, Input { path: path.as_bytes(), size, content: &mut content });
        assert!(facts.packages.iter().all(|found| found.declared), "{path}");
        facts
    }

    /// `name version` of each package, in the order of the file; there must be no notes.
    pub(crate) fn packages(path: &str, text: &str) -> Vec<String> {
        let facts = facts(path, text);
        assert_eq!(facts.notes, Vec::<String>::new());
        facts.packages.iter().map(|found| format!("{} {}", found.name, found.version)).collect()
    }

    /// Notes of a file that must tell no packages.
    pub(crate) fn notes(path: &str, text: impl AsRef<[u8]>) -> Vec<String> {
        let facts = facts(path, text);
        assert_eq!(facts.packages, []);
        facts.notes
    }

    /// Whether a lock-file cataloger asks for `path`.
    pub(crate) fn is_asked_for(path: &str) -> bool {
        wanted(path.as_bytes()).is_some_and(|index| CATALOGERS[index].name.ends_with("-lock"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_kept_once_and_odd_words_are_noted() {
        let mut facts = Facts::default();
        let mut list = Declared::new(&mut facts, Ecosystem::Npm);
        let long = "x".repeat(MAX_WORD + 1);
        for (name, version) in
            [("a", "1"), ("a", "1"), ("a", "2"), ("", "1"), ("{{name}}", "1"), ("a b", "1"), ("a", &long)]
        {
            list.add(name, version).unwrap();
        }
        list.add_other(Ecosystem::Pypi, "a", "1").unwrap();
        let found: Vec<_> =
            facts.packages.iter().map(|found| (found.ecosystem, found.version.as_str())).collect();
        assert_eq!(found, [(Ecosystem::Npm, "1"), (Ecosystem::Npm, "2"), (Ecosystem::Pypi, "1")]);
        assert_eq!(facts.notes.len(), 4);
    }

    #[test]
    fn every_lock_file_is_asked_for_unless_it_came_with_a_package() {
        let names = [
            "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock",
            "requirements.txt requirements-prod.txt Pipfile.lock poetry.lock uv.lock pdm.lock pylock.toml",
            "gradle.lockfile buildscript-gradle.lockfile pom.xml build.sbt.lock go.mod Cargo.lock",
            "Gemfile.lock gems.locked composer.lock mix.lock rebar.lock Package.resolved Podfile.lock pubspec.lock",
            "packages.lock.json project.assets.json packages.config paket.lock",
            "cabal.project.freeze stack.yaml.lock renv.lock cpanfile.snapshot conan.lock Manifest.toml",
            "JuliaManifest.toml environment.yml conda-lock.yml",
        ];
        for name in names.iter().flat_map(|names| names.split(' ')) {
            assert!(testing::is_asked_for(&format!("app/{name}")), "{name}");
            assert!(testing::is_asked_for(name), "{name}");
            assert!(!testing::is_asked_for(&format!("app/node_modules/a/{name}")), "{name}");
        }
        for name in
            ["go.sum", "Cargo.toml", "lock", ".lock", "xyarn.lock", "requirements.txt.bak", "pom.xml.orig"]
        {
            assert!(!testing::is_asked_for(&format!("app/{name}")), "{name}");
        }
        assert!(!testing::is_asked_for("app/deps/plug/mix.lock"));
    }

    #[test]
    fn a_list_that_never_ends_is_given_up() {
        let mut facts = Facts::default();
        let mut list = Declared::new(&mut facts, Ecosystem::Npm);
        let outcome = (0..).map(|number: u32| list.add("a", &number.to_string())).find(Result::is_err);
        assert!(matches!(outcome, Some(Err(Problem::Malformed(_)))));
        assert_eq!(facts.packages.len(), MAX_PACKAGES);
    }
}
