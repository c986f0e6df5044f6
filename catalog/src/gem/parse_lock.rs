//! `Gemfile.lock` and `gems.locked` (bundler.io): sections at the margin, each with its gems below `specs:`.
//!
//! Gems of `GEM`, `GIT` and `PLUGIN SOURCE` count, those of `PATH` are local. A version may have a platform behind a `-`, which no
//! version of a gem has. What is for development is not marked here but in the `Gemfile`.

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Keeps the gems of registries and repositories.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut list = Declared::new(facts, Ecosystem::Gem);
    let (mut counts, mut in_specs) = (false, false);
    while let Some(line) = lines.next_line()? {
        let line = String::from_utf8_lossy(line);
        if !line.starts_with(' ') {
            if !line.trim().is_empty() {
                counts = matches!(line.trim(), "GEM" | "GIT" | "PLUGIN SOURCE");
                in_specs = false;
            }
            continue;
        }
        in_specs |= line.trim() == "specs:";
        // A gem is indented by four spaces, what it needs by six.
        let gem = line.strip_prefix("    ").filter(|gem| counts && in_specs && !gem.starts_with(' '));
        let Some((name, version)) = gem.and_then(|gem| gem.trim().split_once(" (")) else { continue };
        let version = version.trim_end_matches(['!', ')']).split('-').next().unwrap_or_default();
        list.add(name, version)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    const LOCK: &str = "GIT\n  remote: https://example.org/g.git\n  revision: 0123\n  specs:\n    git (0.1.0)\n      rack (>= 1)\n\n\
        PATH\n  remote: .\n  specs:\n    own (1.0.0)\n\n\
        GEM\n  remote: https://rubygems.org/\n  specs:\n    nokogiri (1.15.0)\n      mini_portile2 (~> 2.8.2)\n    nokogiri (1.15.0-x86_64-linux)\n\
        \x20   mini_portile2 (2.8.2)\r\n    rack (3.0.0.rc1)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  own!\n  rack (= 3.0.0.rc1)\n\n\
        CHECKSUMS\n    rack (9.9) sha256=x\n\nBUNDLED WITH\n   2.4.0\n";

    #[test]
    fn gems_of_registries_and_repositories_count_once_for_all_platforms() {
        let expected = ["git 0.1.0", "nokogiri 1.15.0", "mini_portile2 2.8.2", "rack 3.0.0.rc1"];
        assert_eq!(packages("app/Gemfile.lock", LOCK), expected);
        assert_eq!(packages("app/gems.locked", LOCK), expected);
    }

    #[test]
    fn other_text_says_nothing_and_an_endless_line_is_given_up() {
        assert_eq!(notes("Gemfile.lock", "<<<<<<< HEAD\n    a (1)\n"), Vec::<String>::new());
        assert_eq!(notes("Gemfile.lock", vec![b' '; 2 << 20]), ["line 1 is longer than 1048576 bytes"]);
    }
}
