//! `go.mod` (go.dev/ref/mod, "go.mod files"): what is required, after replacements and exclusions.
//!
//! Since Go 1.17 a module lists all that it is built from; before, only what it asks for itself. `go.sum` is not read: it
//! also holds what was once considered and not taken. A module replaced by a folder is local. Names and versions are
//! written as Go's programs write them.

use std::collections::{HashMap, HashSet};

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE, unquoted};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Directives that are kept until the whole file is known.
const MAX_DIRECTIVES: usize = 200_000;

/// What stands in for a module.
struct Replacement {
    path: String,
    version: String,
}

#[derive(Default)]
struct Module {
    required: Vec<(String, String)>,
    excluded: HashSet<(String, String)>,
    /// By path and version, which is empty if all versions are replaced.
    replaced: HashMap<(String, String), Replacement>,
}

/// Keeps the required modules.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut module = Module::default();
    let mut block = String::new();
    let mut count = 0;
    while let Some(line) = lines.next_line()? {
        let line = String::from_utf8_lossy(line);
        let line = line.split("//").next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if line == ")" {
            block.clear();
            continue;
        }
        count += 1;
        if count > MAX_DIRECTIVES {
            return Err(Problem::Malformed(format!("more than {MAX_DIRECTIVES} directives")));
        }
        if !block.is_empty() {
            module.add(&block, line);
        } else if let Some((verb, rest)) =
            line.split_once(|one: char| one.is_ascii_whitespace() || one == '(')
        {
            if line.ends_with('(') {
                verb.clone_into(&mut block);
            } else {
                module.add(verb, rest.trim());
            }
        }
    }
    module.keep(&mut Declared::new(facts, Ecosystem::Golang))
}

impl Module {
    fn add(&mut self, verb: &str, line: &str) {
        let words: Vec<String> = line
            .split_ascii_whitespace()
            .take(6)
            .map(|word| unquoted(word.trim_matches('`')).to_owned())
            .collect();
        match (verb, words.as_slice()) {
            ("require", [path, version]) => self.required.push((path.clone(), version.clone())),
            ("exclude", [path, version]) => {
                self.excluded.insert((path.clone(), version.clone()));
            }
            ("replace", [old @ .., arrow, path, version]) if arrow == "=>" => {
                self.replace(old, path, version)
            }
            ("replace", [old @ .., arrow, path]) if arrow == "=>" => self.replace(old, path, ""),
            _ => {}
        }
    }

    fn replace(&mut self, old: &[String], path: &str, version: &str) {
        let Some(name) = old.first() else { return };
        let key = (name.clone(), old.get(1).cloned().unwrap_or_default());
        self.replaced.insert(key, Replacement { path: path.to_owned(), version: version.to_owned() });
    }

    fn keep(&self, list: &mut Declared<'_>) -> Result<(), Problem> {
        for required in self.required.iter().filter(|required| !self.excluded.contains(*required)) {
            let any = (required.0.clone(), String::new());
            match self.replaced.get(required).or_else(|| self.replaced.get(&any)) {
                // Only a folder has no version.
                Some(by) if by.version.is_empty() => {}
                Some(by) => list.add(&by.path, &by.version)?,
                None => list.add(&required.0, &required.1)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn replacements_and_exclusions_are_honoured() {
        let text = "module example.org/shop // a comment\n\ngo 1.21\ntoolchain go1.21.3\n\nrequire example.org/one v1.0.0\n\
            require (\n\tgithub.com/a/b/v2 v2.3.4\n\tgithub.com/c/d v0.0.0-20230101000000-0123456789ab // indirect\n\
            \t\"github.com/old\" v1.0.0\n\tgithub.com/pinned v1.1.0\n\tgithub.com/local v1.0.0\n\tgithub.com/gone v1.0.0\n)\n\n\
            replace (\n\tgithub.com/old => github.com/new v1.5.0\n\tgithub.com/pinned v1.0.0 => github.com/other v9.0.0\n)\n\
            replace github.com/local => ../local\nexclude github.com/gone v1.0.0\nretract v0.1.0\n";
        let expected = [
            "example.org/one v1.0.0",
            "github.com/a/b/v2 v2.3.4",
            "github.com/c/d v0.0.0-20230101000000-0123456789ab",
            "github.com/new v1.5.0",
            "github.com/pinned v1.1.0",
        ];
        assert_eq!(packages("src/go.mod", text), expected);
    }

    #[test]
    fn odd_lines_say_nothing() {
        assert_eq!(
            notes("go.mod", "require\nrequire (\n)\nreplace => \nreplace a =>\nx (\né y z\n"),
            Vec::<String>::new()
        );
        assert_eq!(notes("go.mod", "require a v1\n".repeat(200_001)), ["more than 200000 directives"]);
    }
}
