//! What the unit tests of the catalogers share: one file, read as a scan would read it.

use crate::facts::{Facts, Found};
use crate::registry::{CATALOGERS, Input, read, wanted};

/// Reads `content` with the cataloger that asks for `path`.
pub(crate) fn facts_of(path: &str, content: impl AsRef<[u8]>) -> Facts {
    let mut content = content.as_ref();
    let size = content.len() as u64;
    let index = wanted(path.as_bytes()).expect("a cataloger asks for the file");
    read(index, Input { path: path.as_bytes(), size, content: &mut content })
}

/// The cataloger that asks for `path`, apart from that of secrets, which asks for whatever nobody else does.
pub(crate) fn who(path: &str) -> Option<&'static str> {
    wanted(path.as_bytes()).map(|index| CATALOGERS[index].name).filter(|name| *name != "secrets")
}

/// One line per package: ecosystem, name, version, and the licence if there is one.
pub(crate) fn lines(facts: &Facts) -> Vec<String> {
    let line = |found: &Found| {
        let license = found.license.as_ref().map(|license| format!(" {license}")).unwrap_or_default();
        format!("{} {} {}{license}", found.ecosystem, found.name, found.version)
    };
    facts.packages.iter().map(line).collect()
}
