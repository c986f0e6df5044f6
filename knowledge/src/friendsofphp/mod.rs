//! FriendsOfPHP's security advisories (<https://github.com/FriendsOfPHP/security-advisories>): one YAML file per package
//! and flaw, in the repository's folder or a tarball of it.
//!
//! A version is affected if it fulfils every constraint of any branch. Branches that touch are joined, because the end of
//! one that was never fixed is the start of the next one, and no fix.
//!
//! The decision a reader may doubt: `<1.2.3` holds pre-releases of 1.2.3, which to Composer it does not. Every other
//! database means it so, and a release candidate without the fix is worse to miss than one with it is to report.

use std::sync::Arc;

use model::{Bound, Digest, Ecosystem, FixState, Named, NamespaceFamily, Timestamp};
use serde::Deserialize;
use version::Scheme;

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::lookup::language_key;
use crate::record::{FileHarvest, Record, Statement};
use crate::registry::Recognised;
use crate::spans::{self, Edge, Span};
use crate::text::{TITLE, is_id, is_name, is_version, one_line};
use crate::yaml::{self, Entries, Scalar, Scalars};

pub(crate) const FEED: &str = "friendsofphp";

/// How the reference of a Composer package begins.
const REFERENCE: &str = "composer://";

#[derive(Deserialize)]
struct Advisory {
    #[serde(default)]
    title: Scalar,
    #[serde(default)]
    link: Scalar,
    #[serde(default)]
    cve: Scalar,
    #[serde(default)]
    reference: Scalar,
    #[serde(default)]
    branches: Entries<Branch>,
}

#[derive(Deserialize)]
struct Branch {
    /// When it was fixed.
    #[serde(default)]
    time: Scalar,
    #[serde(default)]
    versions: Scalars,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let tar = file.is("tar") || file.name.ends_with(".tgz");
    if tar && (file.folder() == FEED || file.name.starts_with("security-advisories")) {
        return Recognised::Yes;
    }
    let ours = |folder: &String| folder == FEED || folder.starts_with("security-advisories");
    let inside =
        matches!(file.parents.as_slice(), [above @ .., _, _] if above.iter().rev().take(2).any(ours));
    Recognised::when(inside && is_yaml(&file.name))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    if is_yaml(&file.name) {
        return add(&file.relative, &read_document(&file.path, &LIMITS)?, out);
    }
    for_each_tar_member(&file.path, &LIMITS, out, is_yaml, |name, text, out| {
        // Files about the repository itself have no package's folder above them.
        if name.matches('/').count() >= 2
            && !name.contains("/.")
            && let Err(reason) = add(name, text, out)
        {
            out.quarantine(name, reason);
        }
    })
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

/// Reads an advisory and adds it.
fn add(path: &str, text: &str, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let advisory: Advisory = yaml::read(text)?;
    let reference = advisory.reference.text().ok_or("it names no package")?;
    let name = reference.strip_prefix(REFERENCE).ok_or("it names no package of Composer")?;
    if !is_name(name) || !name.contains('/') {
        return Err("it names a package that is no package name".into());
    }
    let mut record = Record::new(NamespaceFamily::Composer, FEED, id(path, name, &advisory)?);
    let title = advisory.title.text().map(|title| title_without_id(title, &record.id));
    record.summary = title.and_then(|title| one_line(title, TITLE));
    record.references =
        advisory.link.text().filter(|url| url.len() <= 2048).map(str::to_owned).into_iter().collect();
    record.aliases =
        record.references.iter().filter_map(|url| ghsa(url)).filter(|id| *id != record.id).collect();
    // "2019-11-13 08:00:00" and its day are as good as each other.
    let times = advisory.branches.0.iter().filter_map(|(_, branch)| branch.time.text()?.get(..10));
    record.published = times.filter_map(Timestamp::parse).min();
    record.digest = Some(Digest::of(text.as_bytes()));
    record.statements = vec![statement(name, &advisory)?];
    out.records += 1;
    out.harvest.records.push(record);
    Ok(())
}

/// The CVE; else one made of the package and the file's name, which stay the same as long as the file does.
fn id(path: &str, name: &str, advisory: &Advisory) -> Result<String, String> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let id = match advisory.cve.text() {
        Some(cve) if cve.starts_with("CVE-") => cve.to_owned(),
        _ if stem.starts_with("CVE-") => stem.to_owned(),
        _ => format!("FRIENDSOFPHP-{}/{stem}", name.to_ascii_lowercase()),
    };
    if is_id(&id) { Ok(id) } else { Err("it has no usable id".into()) }
}

/// Titles repeat the CVE: "CVE-2019-18888: Prevent argument injection".
fn title_without_id<'a>(title: &'a str, id: &str) -> &'a str {
    let rest = title.strip_prefix(id).map(|rest| rest.trim_start_matches([':', ' ', '-']));
    rest.filter(|rest| !rest.is_empty()).unwrap_or(title)
}

/// GitHub's id at the end of an address.
fn ghsa(url: &str) -> Option<String> {
    let id = url.get(url.find("GHSA-")?..)?.split(['/', '?', '#']).next()?;
    (id.len() == 19 && is_id(id)).then(|| id.to_owned())
}

fn statement(name: &str, advisory: &Advisory) -> Result<Statement, String> {
    let scheme = Scheme::of(Ecosystem::Composer).unwrap_or(Scheme::Generic);
    let mut all = Vec::new();
    for (_, branch) in &advisory.branches.0 {
        all.extend(of_branch(&branch.versions, scheme)?);
    }
    if all.is_empty() {
        return Err("it names no version".into());
    }
    let namespace = Arc::from(Ecosystem::Composer.as_str());
    let mut statement = Statement::new(namespace, language_key(Ecosystem::Composer, name), Named::Binary);
    statement.ranges = spans::ranges(spans::union(all, scheme)?, next);
    statement.fix_version = statement.ranges.iter().rev().find_map(|range| match &range.end {
        Bound::Fixed(version) => Some(version.clone()),
        _ => None,
    });
    statement.state = if statement.fix_version.is_some() { FixState::Fixed } else { FixState::Affected };
    Ok(statement)
}

/// The version after `version`: Composer takes no fifth number, and a patch without a number comes before the first.
fn next(version: &str) -> String {
    let plain = version.trim_start_matches('v').bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { format!("{version}-p0") } else { format!("{version}.0.1") }
}

/// The versions that fulfil every constraint of a branch; none for a branch without constraints.
fn of_branch(constraints: &Scalars, scheme: Scheme) -> Result<Option<Span>, String> {
    let mut span: Option<Span> = None;
    for constraint in constraints.texts().flat_map(|text| text.split(',')) {
        let own = of_constraint(constraint.trim())?;
        span = match span {
            None => Some(own),
            Some(span) => match span.both(own, scheme)? {
                Some(both) => Some(both),
                None => return Ok(None),
            },
        };
    }
    Ok(span)
}

fn of_constraint(constraint: &str) -> Result<Span, String> {
    let at = constraint.find(|c: char| !matches!(c, '<' | '>' | '=' | '!')).unwrap_or(constraint.len());
    let (operator, version) = (&constraint[..at], constraint[at..].trim());
    let starts = version.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit());
    if !starts || !is_version(version) || version.contains([' ', '*', '|']) {
        return Err(format!("`{constraint}` is no constraint"));
    }
    let before = || Some(Edge::Before(version.to_owned()));
    let after = || Some(Edge::After(version.to_owned()));
    Ok(match operator {
        ">=" => Span { from: before(), to: None },
        ">" => Span { from: after(), to: None },
        "<" => Span { from: None, to: before() },
        "<=" => Span { from: None, to: after() },
        "=" | "==" | "" => Span::point(version),
        _ => return Err(format!("`{constraint}` has an unknown operator")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_that_are_none_are_told() {
        for text in ["", "dev-master", ">=", "~1.2", "1.*", ">=1 || 2", "!=1.0"] {
            assert!(of_constraint(text).is_err(), "{text}");
        }
        assert_eq!(of_constraint("== v1.0"), Ok(Span::point("v1.0")));
    }

    #[test]
    fn the_next_version_lies_between_a_version_and_all_later_ones() {
        let order = |a: &str, b: &str| version::compare(Scheme::Composer, a, b).unwrap();
        for (version, later) in [("2.2.4", "2.2.4-p1"), ("2.2.4", "2.2.4.1"), ("v1.0.0-beta1", "1.0.0-beta2")]
        {
            assert!(
                order(version, &next(version)).is_lt() && order(&next(version), later).is_lt(),
                "{version}"
            );
        }
    }

    #[test]
    fn ids_are_the_cve_or_made_of_the_place() {
        let made = |cve: Option<&str>, path: &str| {
            let advisory = Advisory {
                cve: Scalar(cve.map(str::to_owned)),
                title: Scalar::default(),
                link: Scalar::default(),
                reference: Scalar::default(),
                branches: Entries::default(),
            };
            id(path, "Adodb/adodb-php", &advisory).unwrap()
        };
        assert_eq!(made(Some("CVE-2019-1"), "a/b/2018-03-06.yaml"), "CVE-2019-1");
        assert_eq!(made(None, "a/b/CVE-2019-2.yaml"), "CVE-2019-2");
        assert_eq!(made(Some("~"), "a/b/2018-03-06.yaml"), "FRIENDSOFPHP-adodb/adodb-php/2018-03-06");
        assert_eq!(
            ghsa("https://github.com/advisories/GHSA-aaaa-bbbb-cccc?x").as_deref(),
            Some("GHSA-aaaa-bbbb-cccc")
        );
        assert_eq!(title_without_id("CVE-2019-1: Words", "CVE-2019-1"), "Words");
        assert_eq!(title_without_id("CVE-2019-1", "CVE-2019-1"), "CVE-2019-1");
    }
}
