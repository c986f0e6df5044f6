//! `mix.lock` (Elixir terms) and `rebar.lock` (Erlang terms): where each dependency came from.
//!
//! Both are written by their programs, so that a tuple of a package of Hex is known by how it begins. Dependencies out of
//! repositories have a commit and no version, and cannot be judged.

use model::Ecosystem;

use crate::declared::Declared;
use crate::declared::document::read_text;
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

/// Keeps the packages of `{:hex, :name, "version", …}`.
pub(crate) fn read_mix(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let mut list = Declared::new(facts, Ecosystem::Hex);
    for tuple in text.split("{:hex,").skip(1) {
        let Some((name, rest)) = tuple.trim_start().split_once(',') else { continue };
        let name = name.strip_prefix(':').map(|name| name.trim_matches('"'));
        let version = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split_once('"'));
        if let (Some(name), Some((version, _))) = (name, version) {
            list.add(name, version)?;
        }
    }
    Ok(())
}

/// Keeps the packages of `{pkg,<<"name">>,<<"version">>…}`.
pub(crate) fn read_rebar(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let mut list = Declared::new(facts, Ecosystem::Hex);
    for tuple in text.split("{pkg,").skip(1) {
        let Some((name, rest)) = binary(tuple) else { continue };
        if let Some((version, _)) = rest.trim_start().strip_prefix(',').and_then(binary) {
            list.add(name, version)?;
        }
    }
    Ok(())
}

/// The text of `<<"text">>` at the start, and what follows.
fn binary(text: &str) -> Option<(&str, &str)> {
    text.trim_start().strip_prefix("<<\"")?.split_once("\">>")
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::packages;

    #[test]
    fn packages_of_hex_count_and_repositories_have_no_version() {
        let mix = "%{\n  \"plug\": {:hex, :plug, \"1.14.0\", \"ba4f\", [:mix], [{:mime, \"~> 1.0\", [hex: :mime, repo: \"hexpm\", optional: false]}], \"hexpm\", \"bf02\"},\n  \
            \"git\": {:git, \"https://example.org/g.git\", \"abc\", []},\n  \"ex\": {:hex, :ex, \"0.1.0-rc.1\", \"x\", [:mix], [], \"hexpm:acme\", \"x\"},\n}\n";
        assert_eq!(packages("app/mix.lock", mix), ["plug 1.14.0", "ex 0.1.0-rc.1"]);
        let rebar = "{\"1.2.0\",\n[{<<\"cowboy\">>,{pkg,<<\"cowboy\">>,<<\"2.9.0\">>},0},\n {<<\"long\">>,{pkg,<<\"long\">>,\n               <<\"1.0\">>},1},\n \
            {<<\"git\">>,{git,\"https://example.org/g\",{ref,\"abc\"}},0}]}.\n[\n{pkg_hash,[\n {<<\"cowboy\">>, <<\"865D\">>}]}\n].\n";
        assert_eq!(packages("app/rebar.lock", rebar), ["cowboy 2.9.0", "long 1.0"]);
    }

    #[test]
    fn broken_terms_say_nothing() {
        assert!(packages("mix.lock", "{:hex, a, {:hex,:b,c {:hex").is_empty());
        assert!(packages("rebar.lock", "{pkg,<<\"a {pkg,<<\"a\">>}{pkg,").is_empty());
    }
}
