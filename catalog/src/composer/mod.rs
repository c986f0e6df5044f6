//! PHP packages: the list that Composer keeps of what it installed.

mod parse_installed;

use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `composer/installed.json` in the vendor directory, whatever that is called.
pub(crate) const INSTALLED: Cataloger = Cataloger {
    name: "composer-installed",
    version: 1,
    language: true,
    wants: |path, file| file == b"installed.json" && name(parent(path)) == b"composer",
    read: parse_installed::read,
};
