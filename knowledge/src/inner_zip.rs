//! A zip inside a zip, as the CVE Program publishes its daily snapshot, read without unpacking it.
//!
//! The decision a reader may doubt: the inner archive is read from front to back, member by member, and its directory
//! at the end is not looked at. It has half a gigabyte, which fits neither in memory nor surely on the disk for
//! temporary files.

use std::io::{BufReader, Read};
use std::path::Path;

use zip::read::read_zipfile_from_stream;

use crate::input::{Limits, decode_text, open_zip, read_bounded};
use crate::record::FileHarvest;

/// Calls `visit` with name and text of every member that `wanted` accepts, of every zip in the zip at `path`.
///
/// A member that is too large is quarantined; an inner archive that breaks off, or that does not say before each member
/// how long it is, is an error.
pub(crate) fn for_each_inner_zip_member<'a>(
    path: &Path,
    limits: &Limits,
    out: &mut FileHarvest<'a>,
    wanted: impl Fn(&str) -> bool,
    mut visit: impl FnMut(&str, &str, &mut FileHarvest<'a>),
) -> Result<(), String> {
    let mut outer = open_zip(path)?;
    let names: Vec<String> =
        outer.file_names().filter_map(Result::ok).map(|name| name.into_owned()).collect();
    let mut budget = limits.archive;
    let mut members = 0;
    for name in names.iter().filter(|name| name.ends_with(".zip")) {
        let inner = outer.by_name(name).map_err(|error| format!("{name}: {error}"))?;
        let mut inner = BufReader::with_capacity(1 << 16, inner.take(limits.archive));
        let failed = |error: &dyn std::fmt::Display| format!("{name}: {error}; unpack it once");
        while let Some(mut member) = read_zipfile_from_stream(&mut inner).map_err(|error| failed(&error))? {
            members += 1;
            if members > limits.members {
                return Err(format!("it has more than {} members", limits.members));
            }
            let path = member.name().map_err(|error| failed(&error))?.into_owned();
            if !wanted(&path) {
                continue;
            }
            match read_bounded(&mut member, limits.member.min(budget)) {
                Ok(bytes) => {
                    budget -= bytes.len() as u64;
                    visit(&path, &decode_text(bytes), out);
                }
                Err(_) if budget < limits.member => {
                    return Err(format!("its members hold more than {} bytes", limits.archive));
                }
                Err(error) => out.quarantine(&path, error),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io::{Cursor, Write};

    use super::*;

    const SMALL: Limits = Limits { document: 1000, member: 1000, members: 4, archive: 3000 };

    fn zip_of(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    /// What is read of an inner archive within [`SMALL`], and how many members were set aside.
    fn read(inner: Vec<u8>) -> Result<(Vec<String>, u64), String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&zip_of(&[("notes.txt", b"x".to_vec()), ("cves.zip", inner)])).unwrap();
        let wanted = HashSet::new();
        let mut out = FileHarvest::new(&wanted);
        let mut seen = Vec::new();
        let is_record = |name: &str| name.ends_with(".json");
        for_each_inner_zip_member(file.path(), &SMALL, &mut out, is_record, |name, text, _| {
            seen.push(format!("{name}={text}"));
        })?;
        Ok((seen, out.quarantined_count))
    }

    #[test]
    fn a_member_that_is_a_bomb_is_quarantined_and_the_others_are_read() {
        let inner = zip_of(&[
            ("a.json", b"one".to_vec()),
            ("bomb.json", vec![0; 100_000]),
            ("other.txt", vec![0; 100_000]),
            ("c.json", b"two".to_vec()),
        ]);
        assert_eq!(read(inner), Ok((vec!["a.json=one".into(), "c.json=two".into()], 1)));
    }

    #[test]
    fn an_archive_with_too_many_members_or_cut_short_is_refused() {
        let many: Vec<_> = ["a", "b", "c", "d", "e"].iter().map(|name| (*name, Vec::new())).collect();
        assert!(read(zip_of(&many)).unwrap_err().contains("more than 4 members"));
        let whole = zip_of(&[("a.json", b"one".to_vec()), ("b.json", b"two".to_vec())]);
        for end in [0, 3, 20, 40, 60, 80] {
            assert!(read(whole[..end].to_vec()).is_err(), "cut after {end} bytes");
        }
        let large: Vec<_> =
            ["a.json", "b.json", "c.json", "d.json"].iter().map(|name| (*name, vec![b'7'; 900])).collect();
        assert!(read(zip_of(&large)).is_err());
    }
}
