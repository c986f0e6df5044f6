//! `hex_metadata.config` (hexpm, "Package metadata"): pairs of binaries, of which name, version and licences are read.

use model::Ecosystem;

use super::term::{Term, parse};
use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};
use crate::word::{is_name, is_version};

/// Largest file that is read; it names every file of the package.
const MAX_METADATA: u64 = 8 << 20;

/// Keeps the package.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_METADATA)?;
    let terms = parse(without_mark(&bytes)).unwrap_or_else(|(_, terms)| terms);
    let value = |key: &str| terms.iter().filter_map(Term::pair).find(|pair| pair.0 == key).map(|pair| pair.1);
    match (value("name").and_then(Term::text), value("version").and_then(Term::text)) {
        (Some(name), Some(version)) if is_name(name) && is_version(version) => {
            let mut found = Found::language(Ecosystem::Hex, name, version);
            found.license = value("licenses").and_then(|list| license::all_of(list.texts()));
            facts.packages.push(found);
            Ok(())
        }
        _ => Err(Problem::Malformed("metadata of Hex have no name or version".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines};

    #[test]
    fn a_package_of_hex_is_kept_with_its_licences() {
        let text = "{<<\"app\">>,<<\"ranch\">>}.\n{<<\"build_tools\">>,[<<\"make\">>,<<\"rebar3\">>]}.\n\
                    {<<\"licenses\">>,[<<\"ISC\">>]}.\n{<<\"name\">>,<<\"ranch\">>}.\n\
                    {<<\"requirements\">>,[{<<\"x\">>,[{<<\"name\">>,<<\"y\">>}]}]}.\n{<<\"version\">>,<<\"1.8.0\">>}.\n";
        assert_eq!(lines(&facts_of("app/deps/ranch/hex_metadata.config", text)), ["hex ranch 1.8.0 ISC"]);
    }

    #[test]
    fn metadata_without_a_name_are_noted() {
        let facts = facts_of("deps/a/hex_metadata.config", "{<<\"version\">>,<<\"1.8.0\">>}.");
        assert_eq!(facts.notes, ["metadata of Hex have no name or version"]);
    }
}
