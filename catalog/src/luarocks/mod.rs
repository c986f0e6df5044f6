//! Lua rocks: the specification that LuaRocks keeps of each rock it installs.

mod parse_rockspec;

use crate::path::{name, parent};
use crate::registry::Cataloger;

/// `lib/luarocks/rocks-<lua>/<name>/<version>/<name>-<version>.rockspec`; one elsewhere belongs to sources.
pub(crate) const ROCKSPEC: Cataloger = Cataloger {
    name: "lua-rockspec",
    version: 1,
    language: true,
    wants: |path, file| file.ends_with(b".rockspec") && place(path).is_some(),
    read: parse_rockspec::read,
};

/// Name and version of the rock whose specification lies at `path` in a tree of rocks.
fn place(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let stem = name(path).strip_suffix(b".rockspec")?;
    let folder = parent(path);
    let (rock, version) = (name(parent(folder)), name(folder));
    let tree = name(parent(parent(folder)));
    let is_tree = tree == b"rocks" || tree.starts_with(b"rocks-");
    let rest = stem.strip_prefix(rock)?.strip_prefix(b"-")?;
    (is_tree && !rock.is_empty() && rest == version).then_some((rock, version))
}
