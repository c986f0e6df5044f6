//! `cabal.project.freeze` (cabal.readthedocs.io, "cabal freeze"): constraints, of which those with `==` pin a package.

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Keeps the pinned packages.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut list = Declared::new(facts, Ecosystem::Hackage);
    while let Some(line) = lines.next_line()? {
        let line = String::from_utf8_lossy(line);
        if line.trim_start().starts_with("--") {
            continue;
        }
        let constraints = line.trim().trim_start_matches("constraints:");
        for constraint in constraints.split(',') {
            let Some((name, version)) = constraint.split_once("==") else { continue };
            let name = name.trim();
            list.add(name.strip_prefix("any.").unwrap_or(name), version.trim())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::packages;

    #[test]
    fn pins_count_and_flags_do_not() {
        let text = "active-repositories: hackage.haskell.org:merge\nconstraints: any.aeson ==2.0.3.0,\n             aeson -cffi +ordered-keymap,\n\
            \x20            any.base ==4.14.3.0, text ==1.2\n-- any.x ==1\nindex-state: hackage.haskell.org 2022-01-01T00:00:00Z\n";
        assert_eq!(
            packages("src/cabal.project.freeze", text),
            ["aeson 2.0.3.0", "base 4.14.3.0", "text 1.2"]
        );
    }
}
