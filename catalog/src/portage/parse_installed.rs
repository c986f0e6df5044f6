//! Names of package folders (Package Manager Specification, "Names and versions") and the file `CONTENTS`.
//!
//! The folder is named as the file `PF` in it says, so that file is asked for, but its content is not needed.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::owner::OwnedFiles;
use crate::path;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Largest `CONTENTS` that is read.
const MAX_CONTENTS: u64 = 256 << 20;

/// Tells the package that the folder names.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let Some((name, version)) = package_of(input.path) else {
        facts.note("folder is not named `name-version`");
        return Ok(());
    };
    facts.packages.push(Found::language(Ecosystem::Ebuild, name, version));
    Ok(())
}

/// Reads the file list: `obj <path> <hash> <time>`; folders and links prove nothing.
pub(super) fn read_contents(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let Some((package, _)) = package_of(input.path) else { return Ok(()) };
    let mut files = OwnedFiles::of(facts);
    let mut lines = Lines::new(input.content, MAX_CONTENTS);
    let outcome = loop {
        match lines.next_line() {
            Ok(Some(line)) => {
                // A path may hold blanks; hash and time do not.
                let Some(rest) = line.strip_prefix(b"obj /") else { continue };
                if let Some(file) = rest.rsplitn(3, |byte| *byte == b' ').nth(2) {
                    files.add(file);
                }
            }
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    files.finish(&package, facts);
    outcome
}

/// `category/name` and version by the folder that holds `path`.
fn package_of(path: &[u8]) -> Option<(String, String)> {
    let folder = path::parent(path);
    let category = path::text(path::name(path::parent(folder)));
    let full = path::text(path::name(folder));
    let (name, version) = split(&full)?;
    Some((format!("{category}/{name}"), version.to_owned()))
}

/// Splits `name-version[-rN]`; what follows a name's last hyphen never looks like a version.
fn split(full: &str) -> Option<(&str, &str)> {
    let is_revision = |text: &str| {
        text.strip_prefix('r')
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let without_revision =
        full.rsplit_once('-').filter(|(_, last)| is_revision(last)).map_or(full, |(rest, _)| rest);
    let hyphen = without_revision.rfind('-')?;
    let (name, version) = (&full[..hyphen], &full[hyphen + 1..]);
    let is_version = version.starts_with(|first: char| first.is_ascii_digit());
    // A folder of a merge that has not ended begins with a hyphen.
    (!name.is_empty() && !name.starts_with('-') && is_version).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_split_before_its_version() {
        assert_eq!(split("bash-5.1_p16-r6"), Some(("bash", "5.1_p16-r6")));
        assert_eq!(split("gtk+-3.24.39"), Some(("gtk+", "3.24.39")));
        assert_eq!(split("font-adobe-100dpi-1.0.3-r2"), Some(("font-adobe-100dpi", "1.0.3-r2")));
        for odd in ["bash", "-1", "bash-r1", "-MERGING-bash-5.1", ""] {
            assert_eq!(split(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_package_is_told_by_its_folder_and_owns_the_files_of_its_contents() {
        let folder = "var/db/pkg/dev-python/six-1.16.0-r1";
        let parse = |name: &str, text: &str| {
            let path = format!("{folder}/{name}");
            let index = crate::registry::wanted(path.as_bytes()).unwrap();
            let mut content = text.as_bytes();
            crate::registry::read(index, Input { path: path.as_bytes(), size: 0, content: &mut content })
        };
        let facts = parse("PF", "six-1.16.0-r1\n");
        assert_eq!(facts.packages[0].name, "dev-python/six");
        assert_eq!(facts.packages[0].version, "1.16.0-r1");
        let facts = parse("CONTENTS", "dir /usr\nobj /opt/a b.jar 0123 169\nsym /opt/c.jar -> a b.jar 169\n");
        assert_eq!(facts.owners[0].package, "dev-python/six");
        assert_eq!(facts.owners[0].paths, [b"opt/a b.jar"]);
    }
}
