//! File lists (`info/<package>[:<arch>].list`): one absolute path per line.
//!
//! Only lines that may prove a language package are kept; they link such a package to its owner.

use crate::facts::{Facts, Owner};
use crate::path;
use crate::registry::{Input, is_language_file};
use crate::text::{Lines, Problem, owned};

/// Largest list that is read.
const MAX_LIST: u64 = 256 << 20;
/// Paths kept of one list.
const MAX_PATHS: usize = 200_000;

/// Keeps the paths that may prove a language package, under the package's name.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let stem = path::name(input.path).strip_suffix(b".list").unwrap_or_default();
    let package = stem.split(|byte| *byte == b':').next().unwrap_or_default();
    let mut paths = Vec::new();
    let mut lines = Lines::new(input.content, MAX_LIST);
    let outcome = loop {
        match lines.next_line() {
            Ok(Some(line)) => {
                let line = line.strip_prefix(b"/").unwrap_or(line);
                if is_language_file(line) && paths.len() < MAX_PATHS {
                    paths.push(line.to_vec());
                }
            }
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    if !paths.is_empty() {
        facts.owners.push(Owner { package: owned(package), paths });
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_that_may_prove_a_language_package_are_kept() {
        let text =
            b"/.\n/usr\n/usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO\n/usr/share/doc/x\n";
        let mut facts = Facts::default();
        let mut content = &text[..];
        let path = b"var/lib/dpkg/info/python3-six:all.list";
        read(&mut Input { path, size: 0, content: &mut content }, &mut facts).unwrap();
        assert_eq!(facts.owners[0].package, "python3-six");
        let kept: Vec<_> = facts.owners[0].paths.iter().map(|path| path::text(path)).collect();
        assert_eq!(kept, ["usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO"]);
    }
}
