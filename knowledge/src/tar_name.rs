//! The names of members of a tar archive, also those that do not fit into a header.
//!
//! What it is for: GNU tar and POSIX (pax) write a long name as a member of its own before the one it belongs to. What it is
//! not for: anything else that such members tell, such as owners and times.
//!
//! The decision a reader may doubt: the `tar` crate can do this, but takes as much memory as such a member claims to need,
//! and some megabytes of gzip hold gigabytes of name. So its entries are read raw, and names are bounded.

use std::io::Read;

use tar::{Entry, EntryType, PaxExtensions};

use crate::input::read_bounded;

/// Bytes of a name, and of all that pax tells of one member.
const MAX_NAME: u64 = 1 << 16;
const MAX_EXTENSION: u64 = 1 << 20;

/// A name that was read before its member.
#[derive(Default)]
pub(crate) struct Names {
    next: Option<Vec<u8>>,
}

impl Names {
    /// The name of a regular file; `None` for every other member, of which those that name the next one are remembered. For
    /// raw entries, in their order.
    pub(crate) fn of(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<Option<String>, String> {
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                let mut name = bounded(entry, MAX_NAME)?;
                while name.last() == Some(&0) {
                    name.pop();
                }
                self.next = Some(name);
                Ok(None)
            }
            EntryType::XHeader => {
                let bytes = bounded(entry, MAX_EXTENSION)?;
                for extension in PaxExtensions::new(&bytes).flatten() {
                    match extension.key_bytes() {
                        b"path" => self.next = Some(extension.value_bytes().to_vec()),
                        b"size" => return Err("a member has more than 8 GiB".into()),
                        _ => {}
                    }
                }
                Ok(None)
            }
            // Names of links' targets come between a name and its member.
            EntryType::GNULongLink | EntryType::XGlobalHeader => Ok(None),
            kind => {
                let name = self.next.take();
                let name = name.unwrap_or_else(|| entry.path_bytes().into_owned());
                Ok(kind.is_file().then(|| String::from_utf8_lossy(&name).into_owned()))
            }
        }
    }
}

fn bounded(entry: impl Read, limit: u64) -> Result<Vec<u8>, String> {
    read_bounded(entry, limit).map_err(|error| format!("the name of a member: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Result<Vec<String>, String> {
        let mut archive = tar::Archive::new(bytes);
        let mut names = Names::default();
        let mut found = Vec::new();
        for entry in archive.entries().unwrap().raw(true) {
            found.extend(names.of(&mut entry.map_err(|error| error.to_string())?)?);
        }
        Ok(found)
    }

    fn member(kind: EntryType, name: &str, content: &[u8]) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_size(content.len() as u64);
        header.set_entry_type(kind);
        header.set_cksum();
        let mut bytes = [header.as_bytes().as_slice(), content].concat();
        bytes.resize(bytes.len().next_multiple_of(512), 0);
        bytes
    }

    #[test]
    fn long_names_of_both_kinds_belong_to_the_next_file() {
        let long = "x/".repeat(300);
        let pax = format!("{} path={long}p\n", long.len() + 11);
        let archive = [
            member(EntryType::GNULongName, "././@LongLink", format!("{long}g\0").as_bytes()),
            member(EntryType::GNULongLink, "././@LongLink", b"target\0"),
            member(EntryType::Regular, "cut", b"1"),
            member(EntryType::XHeader, "pax", pax.as_bytes()),
            member(EntryType::Regular, "cut", b"2"),
            member(EntryType::GNULongName, "././@LongLink", b"a folder\0"),
            member(EntryType::Directory, "folder", b""),
            member(EntryType::Regular, "short", b"3"),
            vec![0; 1024],
        ];
        assert_eq!(
            names(&archive.concat()).unwrap(),
            [format!("{long}g"), format!("{long}p"), "short".into()]
        );
    }

    #[test]
    fn names_that_are_too_long_end_the_reading() {
        let long = "x".repeat(100_000);
        let bytes = member(EntryType::GNULongName, "././@LongLink", long.as_bytes());
        assert!(names(&bytes).unwrap_err().contains("more than 65536 bytes"));
        let bytes = member(EntryType::XHeader, "pax", "x".repeat(2 << 20).as_bytes());
        assert!(names(&bytes).is_err());
    }
}
