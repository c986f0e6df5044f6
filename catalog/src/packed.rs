//! Zip archives from which a runtime loads packages: Python's eggs, Erlang's `.ez`, Yarn's cache.
//!
//! What it is not for: Java archives, which are looked into far deeper. The decision a reader may doubt: the archive is
//! held in memory as a whole, because its directory stands at the end.

use crate::facts::Facts;
use crate::java::zip::Archive;
use crate::registry::Input;
use crate::text::{Problem, owned, read_all};

/// Largest archive that is looked into.
const MAX_ARCHIVE: u64 = 256 << 20;
/// Entries of the directory that are looked at.
const MAX_ENTRIES: usize = 500_000;
/// Members that are read.
const MAX_MEMBERS: usize = 1_000;
/// Bytes that all members read may take, inflated.
const MAX_BYTES: u64 = 64 << 20;

/// What is done with the bytes of one member: its name, its bytes, and where the facts go.
type Reader<'a> = &'a dyn Fn(&[u8], &[u8], &mut Facts) -> Result<(), Problem>;

/// Reads the members whose name is `wanted`, each of at most `limit` bytes. What one of them says that cannot be read is
/// noted with its name, and packages get it as their place.
pub(crate) fn read_members(
    input: &mut Input<'_>,
    facts: &mut Facts,
    wanted: fn(&[u8]) -> bool,
    limit: u64,
    read: Reader<'_>,
) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_ARCHIVE)?;
    let archive = Archive::open(&bytes).map_err(malformed)?;
    let mut left = MAX_BYTES;
    let mut members = 0;
    for member in archive.members().take(MAX_ENTRIES) {
        let member = member.map_err(malformed)?;
        if !wanted(member.name) {
            continue;
        }
        members += 1;
        if members > MAX_MEMBERS {
            return Err(Problem::Malformed(format!("members beyond the first {MAX_MEMBERS} are left out")));
        }
        let mut content = Vec::new();
        let before = facts.packages.len();
        let outcome = archive
            .inflate(&member, limit.min(left), &mut content)
            .map_err(malformed)
            .and_then(|()| read(member.name, &content, facts));
        left = left.saturating_sub(content.len() as u64);
        for found in &mut facts.packages[before..] {
            found.inside = owned(member.name);
        }
        if let Err(problem) = outcome {
            facts.note(format!("{}: {problem}", owned(member.name)));
        }
    }
    Ok(())
}

fn malformed(error: impl std::fmt::Display) -> Problem {
    Problem::Malformed(error.to_string())
}

/// An archive with these members, for tests.
#[cfg(test)]
pub(crate) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = ::zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        writer.start_file(*name, ::zip::write::SimpleFileOptions::default()).expect("a member begins");
        writer.write_all(content).expect("a member is written");
    }
    writer.finish().expect("an archive ends").into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::facts_of;

    #[test]
    fn a_bomb_costs_a_note() {
        let bomb = zip_of(&[("a-1/ebin/a.app", &vec![b' '; 100 << 20])]);
        assert!(bomb.len() < 1 << 20, "the fixture must be a bomb");
        let facts = facts_of("plugins/a-1.ez", &bomb);
        assert_eq!(facts.notes, ["a-1/ebin/a.app: member is larger than the limit of 8388608 bytes"]);
    }

    #[test]
    fn members_without_number_are_cut_off() {
        let names: Vec<String> = (0..MAX_MEMBERS + 5).map(|number| format!("a{number}/ebin/a.app")).collect();
        let members: Vec<(&str, &[u8])> =
            names.iter().map(|name| (name.as_str(), &b"{application,a,[{vsn,\"1\"}]}."[..])).collect();
        let facts = facts_of("plugins/a.ez", zip_of(&members));
        assert_eq!(facts.packages.len(), MAX_MEMBERS);
        assert_eq!(facts.notes, ["members beyond the first 1000 are left out"]);
    }

    #[test]
    fn what_is_no_archive_is_noted() {
        assert_eq!(facts_of("plugins/a.ez", "text").notes, ["no zip directory found"]);
    }
}
