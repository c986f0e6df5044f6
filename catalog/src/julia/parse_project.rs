//! `Project.toml` (Pkg.jl, "Project.toml and Manifest.toml"): `name`, `uuid` and `version` before the first table.
//!
//! Only these three lines are read, so that no reader of TOML is needed.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::registry::Input;
use crate::text::{Lines, Problem, owned, without_mark};
use crate::word::{is_name, is_version};

/// Largest project file that is read.
const MAX_PROJECT: u64 = 1 << 20;

/// Keeps the package, if the file is that of the package its folder is named after.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let Some(folder) = super::package(input.path).map(owned) else { return Ok(()) };
    let (mut name, mut version, mut has_uuid) = (String::new(), String::new(), false);
    let mut lines = Lines::new(input.content, MAX_PROJECT);
    while let Some(line) = lines.next_line()? {
        let line = without_mark(line).trim_ascii();
        if line.starts_with(b"[") {
            break;
        }
        match assignment(line) {
            Some((b"name", value)) => name = value,
            Some((b"version", value)) => version = value,
            Some((b"uuid", value)) => has_uuid = value.len() == 36,
            _ => {}
        }
    }
    if has_uuid && name == folder && is_name(&name) && is_version(&version) {
        facts.packages.push(Found::language(Ecosystem::Julia, name, version));
    }
    Ok(())
}

/// Key and text of `key = "text"`.
fn assignment(line: &[u8]) -> Option<(&[u8], String)> {
    let equals = memchr::memchr(b'=', line)?;
    let value = line[equals + 1..].trim_ascii();
    let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    Some((line[..equals].trim_ascii(), owned(value.split(|byte| byte == quote).next()?)))
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    const PROJECT: &str = "name = \"JSON\"\nuuid = \"682c06a0-de6a-54ab-a142-c8b1cf79cde6\"\nversion = \"0.21.4\"\n\n\
                           [deps]\nDates = \"ade2ca70-3891-5945-98fb-dc099432e06a\"\n\n[compat]\nversion = \"9\"\n";

    #[test]
    fn a_package_of_a_depot_is_kept() {
        let path = "root/.julia/packages/JSON/93Ea8/Project.toml";
        assert_eq!(lines(&facts_of(path, PROJECT)), ["julia JSON 0.21.4"]);
    }

    #[test]
    fn projects_of_ones_own_test_projects_and_other_names_are_no_packages() {
        assert_eq!(who("app/Project.toml"), None);
        assert_eq!(who("root/.julia/packages/JSON/93Ea8/test/Project.toml"), None);
        assert_eq!(who("root/.julia/environments/v1.9/Project.toml"), None);
        assert!(facts_of("root/.julia/packages/Other/93Ea8/Project.toml", PROJECT).is_empty());
        assert!(facts_of("x/packages/JSON/test1/Project.toml", "[project]\nname = \"JSON\"\n").is_empty());
    }
}
