//! File lists (`info/<package>[:<arch>].list`): one absolute path per line.
//!
//! Only what may prove a language package is kept; it links such a package to its owner.

use crate::facts::Facts;
use crate::owner::OwnedFiles;
use crate::path;
use crate::registry::Input;
use crate::text::{Lines, Problem, owned};

/// Largest list that is read.
const MAX_LIST: u64 = 256 << 20;

/// Keeps the paths that may prove a language package, under the package's name.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let stem = path::name(input.path).strip_suffix(b".list").unwrap_or_default();
    let package = stem.split(|byte| *byte == b':').next().unwrap_or_default();
    let mut files = OwnedFiles::of(facts);
    let mut lines = Lines::new(input.content, MAX_LIST);
    let outcome = loop {
        match lines.next_line() {
            Ok(Some(line)) => {
                files.add(line.strip_prefix(b"/").unwrap_or(line));
            }
            Ok(None) => break Ok(()),
            Err(problem) => break Err(problem),
        }
    };
    files.finish(&owned(package), facts);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::hash;

    #[test]
    fn only_paths_that_may_prove_a_language_package_are_kept() {
        let text =
            b"/.\n/usr\n/usr/bin/six\n/usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO\n/usr/share/doc/x\n";
        let mut facts = Facts::default();
        let mut content = &text[..];
        let path = b"var/lib/dpkg/info/python3-six:all.list";
        read(&mut Input { path, size: 0, content: &mut content }, &mut facts).unwrap();
        assert_eq!(facts.owners[0].package, "python3-six");
        let kept: Vec<_> = facts.owners[0].paths.iter().map(|path| path::text(path)).collect();
        assert_eq!(kept, ["usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO"]);
        let programs = &facts.owners[0].programs;
        assert!(programs.binary_search(&hash(b"bin/six")).is_ok());
        assert!(programs.binary_search(&hash(b"usr/share/doc/x")).is_err());
    }
}
