//! `DESCRIPTION` of an installed R package ("Writing R Extensions", section 1.1.1): fields as Debian writes them.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::path::{name, parent};
use crate::registry::Input;
use crate::text::{Lines, Problem, field, owned, without_mark};
use crate::word::{is_name, is_version};

/// Largest file that is read.
const MAX_DESCRIPTION: u64 = 4 << 20;

#[derive(Default)]
struct Description {
    package: String,
    version: String,
    license: String,
    is_built: bool,
}

/// Keeps the package if R has installed it: R requires that its folder has its name, and adds the field `Built`.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut description = Description::default();
    let mut lines = Lines::new(input.content, MAX_DESCRIPTION);
    while let Some(line) = lines.next_line()? {
        let line = without_mark(line);
        // a line that begins with a blank goes on with the field above
        if line.first().is_none_or(u8::is_ascii_whitespace) {
            continue;
        }
        match field(line) {
            Some((b"Package", value)) => description.package = owned(value),
            Some((b"Version", value)) => description.version = owned(value),
            Some((b"License", value)) => description.license = owned(value),
            Some((b"Built", value)) => description.is_built = value.starts_with(b"R "),
            _ => {}
        }
    }
    let Description { package, version, license, is_built } = description;
    let is_own_folder = name(parent(input.path)) == package.as_bytes();
    if is_built && is_own_folder && is_name(&package) && is_version(&version) {
        let mut found = Found::language(Ecosystem::Cran, package, version);
        found.license = super::license::read(&license);
        facts.packages.push(found);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines};

    const BUILT: &str = "Package: jsonlite\nVersion: 1.8.4\nTitle: A Simple\n    Package: of lines\nLicense: MIT + file LICENSE\n\
         Depends: methods\nBuilt: R 4.2.2; x86_64-pc-linux-gnu; 'Fri, 09 Dec 2022 11:32:41 +0100'; unix\n";

    #[test]
    fn an_installed_package_is_kept_with_its_licence() {
        assert_eq!(
            lines(&facts_of("usr/lib/R/site-library/jsonlite/DESCRIPTION", BUILT)),
            ["cran jsonlite 1.8.4 MIT"]
        );
    }

    #[test]
    fn sources_test_data_and_files_of_that_name_elsewhere_prove_nothing() {
        let source = BUILT.split("Built").next().unwrap();
        for (path, text) in [
            ("src/jsonlite/DESCRIPTION", source),
            ("usr/lib/R/site-library/roxygen2/tests/fixture/DESCRIPTION", BUILT),
            ("srv/DESCRIPTION", "a program that does things"),
            ("srv/DESCRIPTION", ""),
        ] {
            assert!(facts_of(path, text).is_empty(), "{path}");
        }
    }
}
