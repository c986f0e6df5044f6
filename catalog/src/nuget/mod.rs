//! .NET packages: the file beside each application and each shared runtime that says what it is made of.

mod parse_deps;

use crate::registry::Cataloger;

/// `*.deps.json`.
pub(crate) const DEPENDENCIES: Cataloger = Cataloger {
    name: "nuget-deps",
    version: 1,
    language: true,
    wants: |_, name| name.ends_with(b".deps.json"),
    read: parse_deps::read,
};
