//! `*.nuspec` (Microsoft, ".nuspec reference"): identifier, version and licence of an unpacked package.
//!
//! Three elements are looked for as text: NuGet writes the file anew when it packs, without comments before them. The
//! package covers the assemblies in its folder.

use memchr::memmem;
use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::path::parent;
use crate::registry::Input;
use crate::text::{Problem, owned, read_all, without_mark};
use crate::word::{is_name, is_version};

/// Largest file that is read.
const MAX_NUSPEC: u64 = 4 << 20;

/// Keeps the package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_NUSPEC)?;
    let text = without_mark(&bytes);
    match (element(text, b"<id>"), element(text, b"<version>")) {
        (Some(id), Some(version)) if is_name(&id) && is_version(&version) => {
            facts.covered.push(parent(input.path).to_vec());
            let mut found = Found::language(Ecosystem::Nuget, id, version);
            let license = element(text, b"<license type=\"expression\">");
            found.license = license.as_deref().and_then(license::expression);
            facts.packages.push(found);
            Ok(())
        }
        _ => Err(Problem::Malformed("specification of NuGet has no identifier or version".to_owned())),
    }
}

fn element(text: &[u8], tag: &[u8]) -> Option<String> {
    let start = memmem::find(text, tag)? + tag.len();
    let length = memchr::memchr(b'<', &text[start..])?;
    Some(owned(text[start..start + length].trim_ascii()))
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    const PATH: &str = "root/.nuget/packages/newtonsoft.json/13.0.1/newtonsoft.json.nuspec";

    #[test]
    fn an_unpacked_package_is_kept_and_covers_its_folder() {
        let text = "\u{feff}<?xml version=\"1.0\"?>\n<package xmlns=\"x\"><metadata minClientVersion=\"2.12\">\n<id>Newtonsoft.Json</id>\n\
                    <version>13.0.1</version><license type=\"expression\">MIT</license></metadata></package>";
        let facts = facts_of(PATH, text);
        assert_eq!(lines(&facts), ["nuget Newtonsoft.Json 13.0.1 MIT"]);
        assert_eq!(facts.covered, [b"root/.nuget/packages/newtonsoft.json/13.0.1"]);
    }

    #[test]
    fn templates_are_noted_and_those_of_sources_not_asked_for() {
        assert_eq!(facts_of(PATH, "<id>$id$</id><version>$version$</version>").notes.len(), 1);
        assert_eq!(who("src/Thing/Thing.nuspec"), None);
    }
}
