//! R packages: the `DESCRIPTION` that R completes when it installs a package.

mod license;
mod parse_description;
mod parse_renv_lock;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::registry::Cataloger;

/// `<library>/<package>/DESCRIPTION`. The same file among sources has no field `Built` and proves nothing.
pub(crate) const DESCRIPTION: Cataloger = Cataloger {
    name: "r-description",
    version: 1,
    language: true,
    wants: |_, file| file == b"DESCRIPTION",
    read: parse_description::read,
};

/// Lock files of renv.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "r-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    (name == b"renv.lock").then_some(parse_renv_lock::read as Reader)
}
