//! `<name>.app` (Erlang reference manual, "app"): `{application, Name, [{vsn, "1.2"}, ...]}.`
//!
//! The runtime finds the file by the application's name, so one that names another application is none. A version that is
//! no string is set when a release is built; such a file belongs to sources.

use model::Ecosystem;

use super::term::{Term, parse};
use crate::facts::{Facts, Found};
use crate::license;
use crate::path;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};
use crate::word::{is_name, is_version};

/// Largest resource file that is read; it names every module.
pub(super) const MAX_RESOURCE: u64 = 8 << 20;

/// Keeps the application.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_RESOURCE)?;
    facts.packages.extend(application(input.path, &bytes)?);
    Ok(())
}

/// The application of the resource file at `path`.
pub(super) fn application(path: &[u8], bytes: &[u8]) -> Result<Option<Found>, Problem> {
    let terms = match parse(without_mark(bytes)) {
        Ok(terms) => terms,
        Err((at, terms)) if terms.is_empty() => {
            return Err(Problem::Malformed(format!("no Erlang term at byte {at}")));
        }
        Err((_, terms)) => terms,
    };
    let Some(Term::Tuple(parts)) = terms.first() else { return Ok(None) };
    let [Term::Atom(kind), Term::Atom(name), Term::List(properties)] = parts.as_slice() else {
        return Ok(None);
    };
    let property =
        |key: &str| properties.iter().filter_map(Term::pair).find(|pair| pair.0 == key).map(|pair| pair.1);
    let version = property("vsn").and_then(Term::text).unwrap_or_default();
    let is_own_file = path::name(path).strip_suffix(b".app") == Some(name.as_bytes());
    if kind != "application" || !is_own_file || !is_name(name) || !is_version(version) {
        return Ok(None);
    }
    let mut found = Found::language(Ecosystem::Otp, name, version);
    found.license = property("licenses").and_then(|list| license::all_of(list.texts()));
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    #[test]
    fn name_version_and_licence_of_an_application_are_kept() {
        let text = "%% -*- erlang -*-\n{application, ssl,\n   [{description, \"Erlang/OTP SSL application\"},\n    {vsn, \"10.8.7\"},\n\
                    {modules, [\n %% TLS/SSL\n tls_connection, 'Elixir.X']},{licenses,[\"Apache-2.0\"]},{env, []}]}.\n";
        let path = "usr/lib/erlang/lib/ssl-10.8.7/ebin/ssl.app";
        assert_eq!(lines(&facts_of(path, text)), ["otp ssl 10.8.7 Apache-2.0"]);
    }

    #[test]
    fn templates_other_names_and_other_terms_are_no_applications() {
        for text in [
            "{application, a, [{vsn, git}]}.",
            "{application, a, [{vsn, \"%VSN%\"}]}.",
            "{application, b, [{vsn, \"1\"}]}.",
            "{release, a, [{vsn, \"1\"}]}.",
            "[].",
            "",
        ] {
            assert!(facts_of("a/ebin/a.app", text).is_empty(), "{text}");
        }
        assert_eq!(facts_of("a/ebin/a.app", "{application, a").notes, ["no Erlang term at byte 15"]);
    }

    #[test]
    fn only_resource_files_among_compiled_modules_are_asked_for() {
        assert_eq!(who("src/a.app.src"), None);
        assert_eq!(who("Applications/Safari.app"), None);
    }
}
