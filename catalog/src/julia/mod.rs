//! Julia packages: the sources that Julia's package manager unpacks into a depot, from which they are run.

mod parse_manifest;
mod parse_project;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `packages/<name>/<slug>/Project.toml` of a depot.
pub(crate) const PROJECT: Cataloger = Cataloger {
    name: "julia-project",
    version: 1,
    language: true,
    wants: |path, file| matches!(file, b"Project.toml" | b"JuliaProject.toml") && package(path).is_some(),
    read: parse_project::read,
};

/// The folder's name of the package whose project file lies at `path`. A slug is four or five letters and digits made of
/// the content's hash (`Base.version_slug`).
fn package(path: &[u8]) -> Option<&[u8]> {
    let slug = parent(path);
    let package = parent(slug);
    let is_slug = matches!(name(slug).len(), 4 | 5) && name(slug).iter().all(u8::is_ascii_alphanumeric);
    (is_slug && name(parent(package)) == b"packages").then(|| name(package)).filter(|name| !name.is_empty())
}

/// Manifests of Julia, which are its lock files.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "julia-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    parse_manifest::is_manifest(name).then_some(parse_manifest::read as Reader)
}
