//! `var/lib/dpkg/diversions` (dpkg-divert(1)): three lines each, the path that is diverted, where to, and the package for
//! whose sake, `:` for the administrator.
//!
//! The file lists keep the names of before: a list that holds a diverted path means the place that it went to, unless it
//! is that of the package which diverted it.

use crate::facts::{Diversion, Facts};
use crate::path::{hash, without_merged_usr};
use crate::registry::Input;
use crate::text::{Lines, Problem, owned};

/// Largest file that is read.
const MAX_FILE: u64 = 16 << 20;
/// Diversions kept.
const MAX_DIVERSIONS: usize = 50_000;

/// Keeps the diversions.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_FILE);
    while let Some(from) = lines.next_line()?.map(place) {
        let to = lines.next_line()?.map(place);
        let by = lines.next_line()?.map(owned);
        let (Some(to), Some(by)) = (to, by) else {
            return Err(Problem::Malformed("last diversion is cut off".to_owned()));
        };
        if facts.diversions.len() == MAX_DIVERSIONS {
            return Err(Problem::Malformed(format!("more than {MAX_DIVERSIONS} diversions")));
        }
        facts.diversions.push(Diversion { from: hash(&from), to: hash(&to), to_path: to, by });
    }
    Ok(())
}

/// A path as owners are looked up by.
fn place(path: &[u8]) -> Vec<u8> {
    without_merged_usr(path.strip_prefix(b"/").unwrap_or(path)).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_are_a_diversion_and_fewer_are_noted() {
        let path = b"var/lib/dpkg/diversions";
        let text = b"/usr/bin/sh\n/usr/bin/sh.distrib\ndash\n/etc/x\n/etc/y\n:\n/cut\n";
        let index = crate::registry::wanted(path).unwrap();
        let facts = crate::registry::read(index, Input { path, size: 0, content: &mut &text[..] });
        let shown: Vec<_> = facts.diversions.iter().map(|one| (one.from, one.by.as_str())).collect();
        assert_eq!(shown, [(hash(b"bin/sh"), "dash"), (hash(b"etc/x"), ":")]);
        assert_eq!(facts.diversions[0].to_path, b"bin/sh.distrib");
        assert_eq!(facts.notes, ["last diversion is cut off"]);
    }
}
