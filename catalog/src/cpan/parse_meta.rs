//! The records in `.meta/`: `MYMETA.json` (CPAN::Meta::Spec 2) and `install.json` of cpanm.
//!
//! `install.json` has the same name and version and no licence, but is always there and knows the main module.

use model::Ecosystem;
use serde::Deserialize;

use crate::facts::{Facts, Found};
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};
use crate::word::{is_name, is_version};

/// Largest record that is read; it may list thousands of modules.
const MAX_RECORD: u64 = 16 << 20;

/// A version as text or as a number, which old metadata has.
#[derive(Deserialize)]
#[serde(untagged)]
enum Version {
    Text(String),
    Number(serde_json::Number),
}

impl Version {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct Meta {
    name: String,
    version: Version,
    license: Option<Licenses>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Licenses {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Install {
    /// The main module.
    name: String,
    version: Version,
    /// `Try-Tiny-0.31`.
    dist: String,
}

/// Keeps the distribution with its licence.
pub(super) fn read_meta(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let meta: Meta = parse(input)?;
    let version = meta.version.text();
    let license = match meta.license {
        Some(Licenses::One(word)) => super::license::read(&[word]),
        Some(Licenses::Many(words)) => super::license::read(&words),
        None => None,
    };
    keep(meta.name, version, license, facts)
}

/// Keeps the distribution, and takes the place of what `perllocal.pod` says of its main module.
pub(super) fn read_install(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let install: Install = parse(input)?;
    let version = install.version.text();
    let (name, own_version) = install.dist.rsplit_once('-').unwrap_or((&install.name, &version));
    // `v1.2` of the file name is `1.2` or `v1.2` in the record, and trial versions carry a suffix
    let own_version = if is_version(own_version) { own_version } else { &version };
    facts.covered.push(super::module_key(&install.name, &version));
    facts.covered.push(super::module_key(&install.name, own_version));
    keep(name.replace("::", "-"), own_version.to_owned(), None, facts)
}

fn parse<T: for<'a> Deserialize<'a>>(input: &mut Input<'_>) -> Result<T, Problem> {
    let bytes = read_all(input.content, input.size, MAX_RECORD)?;
    serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no record of a Perl distribution: {error}")))
}

fn keep(name: String, version: String, license: Option<String>, facts: &mut Facts) -> Result<(), Problem> {
    if !is_name(&name) || !is_version(&version) {
        return Err(Problem::Malformed("record of a Perl distribution has no name or version".to_owned()));
    }
    let mut found = Found::language(Ecosystem::Cpan, name, version);
    found.license = license;
    facts.packages.push(found);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::cpan::module_key;
    use crate::trial::{facts_of, lines};

    const FOLDER: &str = "usr/local/lib/perl5/site_perl/5.38.2/x86_64-linux-gnu/.meta/libwww-perl-6.77";

    #[test]
    fn the_metadata_name_the_distribution_and_its_licence() {
        let meta = r#"{"abstract": "x", "author": ["y"], "license": ["perl_5"], "meta-spec": {"version": 2},
            "name": "libwww-perl", "version": "6.77", "release_status": "stable"}"#;
        let facts = facts_of(&format!("{FOLDER}/MYMETA.json"), meta);
        assert_eq!(lines(&facts), ["cpan libwww-perl 6.77 Artistic-1.0-Perl OR GPL-1.0-or-later"]);
        let old = r#"{"name": "A", "version": 0.5, "license": "unknown"}"#;
        assert_eq!(lines(&facts_of(&format!("{FOLDER}/MYMETA.json"), old)), ["cpan A 0.5"]);
    }

    #[test]
    fn the_installers_record_names_the_distribution_and_covers_its_main_module() {
        let install = r#"{"dist": "libwww-perl-6.77", "name": "LWP", "target": "LWP", "version": "6.77",
            "pathname": "O/OA/OALDERS/libwww-perl-6.77.tar.gz", "provides": {"LWP": {"file": "lib/LWP.pm", "version": "6.77"}}}"#;
        let facts = facts_of(&format!("{FOLDER}/install.json"), install);
        assert_eq!(lines(&facts), ["cpan libwww-perl 6.77"]);
        assert!(facts.covered.contains(&module_key("LWP", "6.77")));
    }

    #[test]
    fn what_is_no_record_is_noted() {
        for text in ["", "[]", "{\"name\": \"a\"}", "{\"name\": \"<% name %>\", \"version\": \"1\"}"] {
            assert_eq!(facts_of(&format!("{FOLDER}/MYMETA.json"), text).notes.len(), 1, "{text}");
        }
    }
}
