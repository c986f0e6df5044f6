//! .NET packages: the file beside each application and each shared runtime that says what it is made of, the packages in
//! NuGet's own folder, and assemblies of which neither speaks; and lock files.
//!
//! The decision a reader may doubt: an assembly that a `*.deps.json` beside it lists is not looked at a second time, and
//! one that is part of a framework (reference assemblies, Mono, the .NET Framework) is no package.

mod assembly;
mod parse_assets;
mod parse_config;
mod parse_deps;
mod parse_nuspec;
mod parse_packages_lock;
mod parse_paket;
mod version_resource;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::{has_suffix, name, parent};
use crate::registry::Cataloger;

/// `*.deps.json`.
pub(crate) const DEPENDENCIES: Cataloger = Cataloger {
    name: "nuget-deps",
    version: 2,
    language: true,
    wants: |_, name| name.ends_with(b".deps.json"),
    read: parse_deps::read,
};

/// `<name>/<version>/<name>.nuspec` in the folder that NuGet unpacks packages into.
pub(crate) const NUSPEC: Cataloger = Cataloger {
    name: "nuget-nuspec",
    version: 1,
    language: true,
    wants: |path, file| has_suffix(file, b".nuspec") && is_unpacked(path, file),
    read: parse_nuspec::read,
};

/// `*.dll`.
pub(crate) const ASSEMBLY: Cataloger = Cataloger {
    name: "dotnet-assembly",
    version: 1,
    language: true,
    wants: |path, file| has_suffix(file, b".dll") && assembly::is_candidate(path, file),
    read: assembly::read,
};

/// Lock files of NuGet and Paket.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "nuget-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    match name {
        b"packages.lock.json" => Some(parse_packages_lock::read),
        b"project.assets.json" => Some(parse_assets::read),
        b"packages.config" => Some(parse_config::read),
        b"paket.lock" => Some(parse_paket::read),
        _ => None,
    }
}

fn is_unpacked(path: &[u8], file: &[u8]) -> bool {
    let version = parent(path);
    let stem = &file[..file.len() - b".nuspec".len()];
    name(version).first().is_some_and(u8::is_ascii_digit) && name(parent(version)).eq_ignore_ascii_case(stem)
}
