//! `cpanfile.snapshot` (Carton): distributions, indented by two spaces below `DISTRIBUTIONS`.

use model::Ecosystem;

use crate::declared::{Declared, MAX_FILE};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem};

/// Keeps the distributions.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    let mut list = Declared::new(facts, Ecosystem::Cpan);
    let mut counts = false;
    while let Some(line) = lines.next_line()? {
        let line = String::from_utf8_lossy(line);
        if !line.starts_with(' ') {
            counts = line.trim() == "DISTRIBUTIONS";
            continue;
        }
        let distribution = line.strip_prefix("  ").filter(|line| counts && !line.starts_with(' '));
        if let Some((name, version)) = distribution.and_then(split) {
            list.add(name, version)?;
        }
    }
    Ok(())
}

/// `Name-Of-It-v1.2.3-TRIAL`: the version begins after the last dash that a number follows.
fn split(distribution: &str) -> Option<(&str, &str)> {
    let distribution = distribution.trim();
    let is_number = |at: &usize| {
        distribution[at + 1..].trim_start_matches('v').starts_with(|first: char| first.is_ascii_digit())
    };
    let at = distribution.match_indices('-').map(|(at, _)| at).rev().find(is_number)?;
    Some((&distribution[..at], &distribution[at + 1..]))
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::packages;

    #[test]
    fn distributions_are_split_before_their_version() {
        let text = "# carton snapshot format: version 1.0\nDISTRIBUTIONS\n  libwww-perl-6.67\n    pathname: O/OA/OALDERS/libwww-perl-6.67.tar.gz\n    provides:\n      \
            LWP 6.67\n    requirements:\n      perl 5.008001\n  Foo-v1.2.3-TRIAL\n    pathname: x\n  Broken\n";
        assert_eq!(packages("app/cpanfile.snapshot", text), ["libwww-perl 6.67", "Foo v1.2.3-TRIAL"]);
    }
}
