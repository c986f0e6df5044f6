//! A package in pub's cache (dart.dev, "The pubspec file" and "PUB_CACHE").
//!
//! Name and version are those of the folder, which pub makes of both; the file is looked at for no more than that it names
//! the same package. Only its two top-level lines are read, so that no reader of YAML is needed.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::path::{name, parent};
use crate::registry::Input;
use crate::text::{Lines, Problem, field, without_mark};

/// Largest file that is read.
const MAX_PUBSPEC: u64 = 4 << 20;

/// Keeps the package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let folder = String::from_utf8_lossy(name(parent(input.path))).into_owned();
    let Some((package, version)) = super::split(&folder) else { return Ok(()) };
    let mut lines = Lines::new(input.content, MAX_PUBSPEC);
    while let Some(line) = lines.next_line()? {
        if let Some((b"name", value)) = field(without_mark(line)) {
            let value = value.split(|byte| *byte == b'#').next().unwrap_or_default().trim_ascii();
            let value = value.strip_prefix(b"\"").or(value.strip_prefix(b"'")).unwrap_or(value);
            let value = value.strip_suffix(b"\"").or(value.strip_suffix(b"'")).unwrap_or(value);
            if value == package.as_bytes() {
                facts.packages.push(Found::language(Ecosystem::Pub, package, version));
            }
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    #[test]
    fn a_package_of_the_cache_is_named_by_its_folder() {
        let text = "name: http # of pub\nversion: 0.13.5\nenvironment:\n  sdk: '>=2.14.0 <3.0.0'\n";
        for server in ["pub.dev", "pub.dartlang.org"] {
            let path = format!("root/.pub-cache/hosted/{server}/http-0.13.5/pubspec.yaml");
            assert_eq!(lines(&facts_of(&path, text)), ["pub http 0.13.5"]);
        }
        let path = "root/.pub-cache/hosted/pub.dev/a_b-1.0.0-beta.2+1/pubspec.yaml";
        assert_eq!(lines(&facts_of(path, "version: x\nname: 'a_b'\n")), ["pub a_b 1.0.0-beta.2+1"]);
    }

    #[test]
    fn other_packages_and_projects_of_ones_own_are_none_of_the_cache() {
        assert_eq!(who("app/pubspec.yaml"), None);
        assert_eq!(who("root/.pub-cache/hosted/pub.dev/http-0.13.5/example/pubspec.yaml"), None);
        for folder in ["http-0.13.5", "http"] {
            let path = format!("c/hosted/pub.dev/{folder}/pubspec.yaml");
            assert!(facts_of(&path, "name: other\n").is_empty());
        }
    }
}
