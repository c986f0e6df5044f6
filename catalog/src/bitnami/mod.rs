//! Bitnami's images: the components that their own records name.
//!
//! The decision a reader may doubt: what a component was linked from (`pkg:golang/…` in its SPDX document) is taken, but
//! gives way to the same package found in the program itself.

mod parse_components;
mod parse_spdx;

use crate::path::{ancestors, name, parent};
use crate::registry::Cataloger;

/// `/opt/bitnami/<component>/.spdx-<component>.spdx`.
pub(crate) const SPDX: Cataloger = Cataloger {
    name: "bitnami-spdx",
    version: 2,
    language: true,
    wants: |path, file| file.ends_with(b".spdx") && file.starts_with(b".spdx-") && is_bitnami(path),
    read: parse_spdx::read,
};

/// `/opt/bitnami/.bitnami_components.json`.
pub(crate) const COMPONENTS: Cataloger = Cataloger {
    name: "bitnami-components",
    version: 2,
    language: true,
    wants: |path, file| file == b".bitnami_components.json" && name(parent(path)) == b"bitnami",
    read: parse_components::read,
};

fn is_bitnami(path: &[u8]) -> bool {
    ancestors(path).any(|folder| name(folder) == b"bitnami")
}
