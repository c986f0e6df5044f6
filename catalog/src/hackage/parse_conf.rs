//! A registration in a database of GHC (GHC user's guide, "InstalledPackageInfo: a package specification").

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Lines, Problem, field, owned, without_mark};
use crate::word::{is_name, is_version};

/// Largest registration that is read.
const MAX_REGISTRATION: u64 = 8 << 20;

/// Parts of the compiler that are registered like packages and are none: the runtime, and a flag for the C++ library.
const NO_PACKAGES: [&str; 2] = ["rts", "system-cxx-std-lib"];

#[derive(Default)]
struct Registration {
    name: String,
    package_name: String,
    version: String,
    license: String,
    id: String,
}

/// Keeps the package. An internal library of a package stands for that package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut registration = Registration::default();
    let mut lines = Lines::new(input.content, MAX_REGISTRATION);
    let mut key = Vec::new();
    while let Some(line) = lines.next_line()? {
        let line = without_mark(line);
        let (own, value) = match field(line) {
            Some((own, value)) if !own[0].is_ascii_whitespace() => (own.to_ascii_lowercase(), value),
            // a value that is long stands on the next line, indented
            _ => (std::mem::take(&mut key), line.trim_ascii()),
        };
        let known = match own.as_slice() {
            b"name" => &mut registration.name,
            b"package-name" => &mut registration.package_name,
            b"version" => &mut registration.version,
            b"license" => &mut registration.license,
            b"id" => &mut registration.id,
            _ => continue,
        };
        if value.is_empty() {
            key = own;
        } else if known.is_empty() {
            *known = owned(value);
        }
    }
    let Registration { name, package_name, version, license, id } = registration;
    let name = if package_name.is_empty() { name } else { package_name };
    if id.is_empty() || !is_name(&name) || !is_version(&version) {
        return Err(Problem::Malformed("registration has no name, version or identifier".to_owned()));
    }
    if !NO_PACKAGES.contains(&name.as_str()) {
        let mut found = Found::language(Ecosystem::Hackage, name, version);
        found.license = license::expression(&license);
        facts.packages.push(found);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    const PATH: &str = "var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf";

    #[test]
    fn a_registration_names_package_version_and_licence() {
        let text = "name:                 aeson\nversion:              2.0.3.0\nvisibility:           public\n\
                    id:                   aeson-2.0.3.0-H8BOQwtT8HYFvWPR1b6zvB\nlicense:              BSD-3-Clause\n\
                    copyright:\n    (c) 2011\ndescription:\n    version: of what\nexposed-modules:\n    Data.Aeson\n";
        assert_eq!(lines(&facts_of(PATH, text)), ["hackage aeson 2.0.3.0 BSD-3-Clause"]);
    }

    #[test]
    fn values_on_a_line_of_their_own_and_internal_libraries_are_understood() {
        let text = "name:\n    z-attoparsec-z-attoparsec-internal\nversion: 0.14.4\npackage-name: attoparsec\n\
                    lib-name: attoparsec-internal\nid:\n    attoparsec-0.14.4-x\n";
        assert_eq!(lines(&facts_of(PATH, text)), ["hackage attoparsec 0.14.4"]);
    }

    #[test]
    fn parts_of_the_compiler_are_no_packages_and_other_settings_are_noted() {
        assert!(facts_of(PATH, "name: rts\nversion: 1.0\nid: rts\n").is_empty());
        assert_eq!(facts_of(PATH, "Listen 80\n").notes, ["registration has no name, version or identifier"]);
        assert_eq!(who("etc/apache2/conf.d/a.conf"), None);
        assert_eq!(who("root/.cabal/store/ghc-9.4.7/package.db/aeson-2.1-0a.conf"), Some("ghc-package"));
    }
}
