//! Node.js modules: the `package.json` of each installed module, and lock files.
//!
//! Only the manifest directly in a module's directory counts. Others in the same tree are fixtures, or mark a
//! folder as one of a module system.

mod parse_bun_lock;
mod parse_package_json;
mod parse_package_lock;
mod parse_pnpm_lock;
mod parse_yarn_lock;
mod yarn_cache;

use crate::declared::place::is_own;
use crate::declared::{Reader, read_with};
use crate::path::parent;
use crate::registry::Cataloger;
pub(crate) use yarn_cache::YARN_CACHE;

/// `node_modules/<name>/package.json`, scoped or not, at any depth of nesting.
pub(crate) const PACKAGE_JSON: Cataloger = Cataloger {
    name: "npm-package",
    version: 2,
    language: true,
    wants: |path, name| name == b"package.json" && is_installed(path),
    read: parse_package_json::read,
};

/// `usr/share/nodejs/<name>/package.json`: where Debian's packages install modules.
pub(crate) const DEBIAN_MODULE: Cataloger = Cataloger {
    name: "npm-debian",
    version: 2,
    language: true,
    wants: |path, name| name == b"package.json" && is_debian_module(path),
    read: parse_package_json::read,
};

/// Lock files of npm, Yarn, pnpm and Bun.
pub(crate) const LOCK_FILE: Cataloger = Cataloger {
    name: "npm-lock",
    version: 1,
    language: true,
    wants: |path, name| lock_reader(name).is_some() && is_own(path),
    read: |input, facts| read_with(lock_reader, input, facts),
};

fn lock_reader(name: &[u8]) -> Option<Reader> {
    match name {
        b"package-lock.json" | b"npm-shrinkwrap.json" => Some(parse_package_lock::read),
        b"yarn.lock" => Some(parse_yarn_lock::read),
        b"pnpm-lock.yaml" => Some(parse_pnpm_lock::read),
        b"bun.lock" => Some(parse_bun_lock::read),
        _ => None,
    }
}

const MODULES: &[u8] = b"node_modules/";

/// Where `node_modules/` begins last in `path`, at the start of a component.
fn last_modules(path: &[u8]) -> Option<usize> {
    let mut end = path.len();
    while let Some(at) = memchr::memmem::rfind(&path[..end], MODULES) {
        if at == 0 || path[at - 1] == b'/' {
            return Some(at);
        }
        end = at;
    }
    None
}

fn is_installed(path: &[u8]) -> bool {
    let Some(at) = last_modules(path) else { return false };
    let Some(outer) = last_modules(&path[..at]) else {
        return is_module(parent(&path[at + MODULES.len()..]));
    };
    is_module(parent(&path[at + MODULES.len()..])) && !is_fixture(&path[outer + MODULES.len()..at])
}

/// `name` or `@scope/name`.
fn is_module(directory: &[u8]) -> bool {
    let slashes = memchr::memchr_iter(b'/', directory).count();
    !directory.is_empty() && slashes == usize::from(directory[0] == b'@')
}

/// Whether a module tree nested in another module lies in one of the directories that hold test data.
fn is_fixture(between: &[u8]) -> bool {
    const TESTS: [&[u8]; 10] = [
        b"test",
        b"tests",
        b"__tests__",
        b"testdata",
        b"test-fixtures",
        b"fixture",
        b"fixtures",
        b"__fixtures__",
        b"example",
        b"examples",
    ];
    // The first components are the outer module's own name, which may well be `test`.
    let own = 1 + usize::from(between.first() == Some(&b'@'));
    between.split(|byte| *byte == b'/').skip(own).any(|part| TESTS.contains(&part))
}

fn is_debian_module(path: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(b"usr/") else { return false };
    let directory = if let Some(rest) = rest.strip_prefix(b"share/nodejs/") {
        rest
    } else if let Some(rest) = rest.strip_prefix(b"lib/nodejs/") {
        rest
    } else if let Some(rest) = rest.strip_prefix(b"lib/") {
        // `usr/lib/<machine>/nodejs/`: compiled modules.
        let after = memchr::memchr(b'/', rest).map(|slash| &rest[slash + 1..]).unwrap_or_default();
        match after.strip_prefix(b"nodejs/") {
            Some(rest) => rest,
            None => return false,
        }
    } else {
        return false;
    };
    is_module(parent(directory))
}
