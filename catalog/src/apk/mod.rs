//! Alpine packages and those of its relatives: the database `installed` of apk-tools.

mod parse_installed;

use crate::registry::Cataloger;

/// `lib/apk/db/installed`, under `usr/` where `/usr` is merged.
pub(crate) const INSTALLED: Cataloger = Cataloger {
    name: "apk-installed",
    version: 3,
    language: false,
    wants: |path, name| {
        name == b"installed" && matches!(path, b"lib/apk/db/installed" | b"usr/lib/apk/db/installed")
    },
    read: parse_installed::read,
};
