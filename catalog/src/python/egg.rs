//! Eggs that are zip archives (setuptools, "The Internal Structure of Python Eggs"): the metadata inside.

use super::parse_metadata;
use crate::facts::Facts;
use crate::packed::read_members;
use crate::registry::{Cataloger, Input};
use crate::text::Problem;

/// `*.egg` as a file. A wheel is not loaded from its archive and so not installed.
pub(crate) const EGG: Cataloger = Cataloger {
    name: "python-egg",
    version: 1,
    language: true,
    wants: |_, file| file.ends_with(b".egg") && !file.starts_with(b"~"),
    read,
};

/// Largest metadata that are read.
const MAX_METADATA: u64 = 8 << 20;

/// Keeps the distribution of the archive.
fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let wanted = |member: &[u8]| member == b"EGG-INFO/PKG-INFO";
    read_members(input, facts, wanted, MAX_METADATA, &|path, bytes, facts| {
        let size = bytes.len() as u64;
        parse_metadata::read(&mut Input { path, size, content: &mut &bytes[..] }, facts)
    })
}

#[cfg(test)]
mod tests {
    use crate::packed::zip_of;
    use crate::trial::{facts_of, lines};

    #[test]
    fn the_metadata_of_an_egg_are_read() {
        let egg = zip_of(&[
            ("EGG-INFO/PKG-INFO", b"Metadata-Version: 1.0\nName: Foo\nVersion: 1.2\n"),
            ("foo.py", b""),
        ]);
        let facts = facts_of("usr/lib/python3/dist-packages/Foo-1.2-py3.11.egg", egg);
        assert_eq!(lines(&facts), ["pypi Foo 1.2"]);
        assert_eq!(facts.packages[0].inside, "EGG-INFO/PKG-INFO");
    }
}
