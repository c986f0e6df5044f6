//! `*.rockspec` (LuaRocks, "Rockspec format"): Lua source, of which one assignment is read.
//!
//! Name and version are those of the folders, which LuaRocks makes from the specification: the file is a program, and what
//! it assigns may be an expression.

use memchr::memmem;
use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, owned, read_all};
use crate::word::{is_name, is_version};

/// Largest specification that is read.
const MAX_SPECIFICATION: u64 = 1 << 20;

/// Keeps the rock.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let Some((name, version)) = super::place(input.path) else { return Ok(()) };
    let (name, version) = (owned(name), owned(version));
    if !is_name(&name) || !is_version(&version) {
        return Ok(());
    }
    let mut found = Found::language(Ecosystem::Luarocks, name, version);
    let text = read_all(input.content, input.size, MAX_SPECIFICATION);
    found.license = text.as_ref().ok().and_then(|text| assigned_license(text));
    facts.packages.push(found);
    text.map(|_| ())
}

/// The text of `license = "MIT/X11"`, the first in the file, which is that in `description`.
fn assigned_license(text: &[u8]) -> Option<String> {
    for at in memmem::find_iter(text, b"license") {
        let is_word = at == 0 || !(text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_');
        let rest = text[at + b"license".len()..].trim_ascii_start();
        let Some(rest) = rest.strip_prefix(b"=").filter(|_| is_word).map(<[u8]>::trim_ascii_start) else {
            continue;
        };
        let (quote, rest) = rest.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let value = rest.split(|byte| byte == quote).next()?;
        return license::expression(&owned(value));
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    const PATH: &str = "usr/local/lib/luarocks/rocks-5.1/lua-cjson/2.1.0.10-1/lua-cjson-2.1.0.10-1.rockspec";

    #[test]
    fn a_rock_is_named_by_its_folders_and_its_licence_by_its_specification() {
        let text =
            "package = \"lua-cjson\"\nversion = \"2.1.0.10-1\"\ndescription = {\n   license = \"MIT\",\n}\n";
        assert_eq!(lines(&facts_of(PATH, text)), ["luarocks lua-cjson 2.1.0.10-1 MIT"]);
        assert_eq!(
            lines(&facts_of(PATH, "license_file = 'x'\nlicense = name")),
            ["luarocks lua-cjson 2.1.0.10-1"]
        );
    }

    #[test]
    fn specifications_of_sources_are_not_asked_for() {
        for path in [
            "src/foo-1.0-1.rockspec",
            "src/rocks/foo-1.0-1.rockspec",
            "lib/luarocks/rocks-5.1/foo/1.0-1/doc/foo-1.0-1.rockspec",
            "lib/luarocks/rocks-5.1/foo/1.0-1/bar-1.0-1.rockspec",
        ] {
            assert_eq!(who(path), None, "{path}");
        }
    }
}
