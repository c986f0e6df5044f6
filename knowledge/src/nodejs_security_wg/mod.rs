//! The advisories of the Node.js Security Working Group (<https://github.com/nodejs/security-wg>, `vuln/npm/<number>.json`), in
//! the repository's folder or a tarball of it. They ended in 2021, when GitHub's advisories took over.
//!
//! Advisories about Node.js itself (`vuln/core`) are not used: no package here is named after it. `vuln/deps` says which
//! flaws of its dependencies do not touch Node.js, and is not used either.
//!
//! The decision a reader may doubt: few of the records name a CVE. Their number, `NSWG-ECO-118`, is what GitHub's records
//! of the same flaw link to, and by that link both are one vulnerability (see [`crate::osv`]).

mod npm_range;

use std::sync::Arc;

use model::{AffectedRange, Bound, Digest, Ecosystem, FixState, Named, NamespaceFamily, Timestamp};
use serde::Deserialize;
use version::Scheme;

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::rating::{rate_vector, rated};
use crate::record::{FileHarvest, Rated, Rater, Record, Statement};
use crate::registry::Recognised;
use crate::spans::{self, Edge, Span};
use crate::text::{TITLE, first_sentence, is_id, is_name, one_line};

pub(crate) const FEED: &str = "nodejs-security-wg";

const MAX_REFERENCES: usize = 16;

#[derive(Deserialize)]
struct Advisory {
    id: u64,
    module_name: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    overview: Option<String>,
    #[serde(default)]
    publish_date: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
    #[serde(default)]
    cves: Option<Vec<String>>,
    vulnerable_versions: String,
    #[serde(default)]
    patched_versions: Option<String>,
    #[serde(default)]
    cvss_vector: Option<String>,
    #[serde(default)]
    cvss_score: Option<f64>,
    #[serde(default)]
    references: Option<Vec<String>>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let tar = file.is("tar") || file.name.ends_with(".tgz");
    if tar && (file.folder() == FEED || file.name.starts_with("security-wg")) {
        return Recognised::Yes;
    }
    match file.parents.as_slice() {
        [.., vuln, kind] if vuln == "vuln" && file.name.ends_with(".json") => match kind.as_str() {
            "npm" => Recognised::when(is_numbered(&file.name)),
            "core" => Recognised::NotUsed("advisories about Node.js itself are not used".into()),
            _ => Recognised::No,
        },
        _ => Recognised::No,
    }
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    if file.name.ends_with(".json") {
        return add(&read_document(&file.path, &LIMITS)?, out);
    }
    let mut core = 0_u64;
    for_each_tar_member(&file.path, &LIMITS, out, is_numbered, |name, text, out| {
        match name.rsplit('/').nth(1) {
            Some("npm") => {
                if let Err(reason) = add(text, out) {
                    out.quarantine(name, reason);
                }
            }
            Some("core") => core += 1,
            _ => {}
        }
    })?;
    if core > 0 {
        tracing::info!(
            file = %file.relative, core,
            "{core} advisories of {} about Node.js itself are not used", file.relative
        );
    }
    Ok(())
}

/// Whether a path ends in a number and `.json`; the other files repeat them.
fn is_numbered(path: &str) -> bool {
    let stem = path.rsplit('/').next().and_then(|file| file.strip_suffix(".json"));
    stem.is_some_and(|stem| !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads an advisory and adds it.
fn add(text: &str, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let advisory: Advisory = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if !is_name(&advisory.module_name) {
        return Err("it names a package that is no package name".into());
    }
    let mut record = Record::new(NamespaceFamily::Npm, FEED, format!("NSWG-ECO-{}", advisory.id));
    let cves = advisory.cves.iter().flatten().map(|id| id.trim());
    record.aliases = cves.filter(|id| id.starts_with("CVE-") && is_id(id)).map(str::to_owned).collect();
    record.summary = advisory.title.as_deref().and_then(|title| one_line(title, TITLE));
    record.sentence = advisory.overview.as_deref().and_then(first_sentence);
    record.cvss.extend(rating(&advisory));
    record.published = advisory.publish_date.as_deref().and_then(Timestamp::parse);
    record.modified = advisory.updated_at.as_deref().and_then(Timestamp::parse);
    let urls =
        advisory.references.iter().flatten().filter(|url| url.starts_with("http") && url.len() <= 2048);
    record.references = urls.take(MAX_REFERENCES).cloned().collect();
    record.digest = Some(Digest::of(text.as_bytes()));
    record.statements = statements(&advisory)?;
    out.records += 1;
    out.harvest.records.push(record);
    Ok(())
}

fn rating(advisory: &Advisory) -> Option<Rated> {
    let by_vector = advisory.cvss_vector.as_deref().and_then(|text| rate_vector(text, Rater::Database));
    let mut rating = by_vector.or_else(|| rated(3, advisory.cvss_score?, "", Rater::Database))?;
    FEED.clone_into(&mut rating.cvss.source);
    Some(rating)
}

/// One statement for all ranges that end with a fix, and one for each that ends with its last affected version, because
/// each of those has a fix of its own.
fn statements(advisory: &Advisory) -> Result<Vec<Statement>, String> {
    let mut affected = spans::ranges(npm_range::parse(&advisory.vulnerable_versions)?, npm_range::next);
    affected.iter_mut().for_each(open_at_ninety_nine);
    let patched = match advisory.patched_versions.as_deref() {
        None => Vec::new(),
        Some(patched) => npm_range::parse(patched)?,
    };
    let namespace: Arc<str> = Arc::from(Ecosystem::Npm.as_str());
    let statement = |ranges: Vec<AffectedRange>, fix: Option<String>| {
        let mut statement =
            Statement::new(Arc::clone(&namespace), advisory.module_name.clone(), Named::Binary);
        statement.ranges = ranges;
        statement.state = if fix.is_some() { FixState::Fixed } else { FixState::Affected };
        statement.fix_version = fix;
        statement
    };
    let mut statements = Vec::new();
    let (fixed, others): (Vec<_>, Vec<_>) =
        affected.into_iter().partition(|range| matches!(range.end, Bound::Fixed(_)));
    if let Some(AffectedRange { end: Bound::Fixed(version), .. }) = fixed.last() {
        let version = version.clone();
        statements.push(statement(fixed, Some(version)));
    }
    for range in others {
        let fix = match &range.end {
            Bound::LastAffected(last) => first_patched(&patched, last),
            _ => None,
        };
        statements.push(statement(vec![range], fix));
    }
    Ok(statements)
}

/// `<99.999.99999` is how these records say "all versions".
fn open_at_ninety_nine(range: &mut AffectedRange) {
    let (Bound::Fixed(version) | Bound::LastAffected(version)) = &range.end else { return };
    if version.starts_with("99.99") {
        range.end = Bound::Open;
    }
}

/// The first patched version after `last`.
fn first_patched(patched: &[Span], last: &str) -> Option<String> {
    let starts = patched.iter().filter_map(|span| match &span.from {
        Some(Edge::Before(version)) => Some(version),
        _ => None,
    });
    let mut later =
        starts.filter(|version| spans::compare(Scheme::Npm, version, last).is_ok_and(|order| order.is_gt()));
    later.next().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(vulnerable: &str, patched: Option<&str>) -> Vec<(usize, Option<String>)> {
        let advisory = Advisory {
            id: 1,
            module_name: "a".into(),
            title: None,
            overview: None,
            publish_date: None,
            updated_at: None,
            cves: None,
            vulnerable_versions: vulnerable.into(),
            patched_versions: patched.map(str::to_owned),
            cvss_vector: None,
            cvss_score: None,
            references: None,
        };
        let made = statements(&advisory).unwrap();
        made.into_iter().map(|statement| (statement.ranges.len(), statement.fix_version)).collect()
    }

    #[test]
    fn a_range_without_a_fixed_end_has_the_first_patched_version_after_it() {
        let fix = |version: &str| Some(version.to_owned());
        assert_eq!(made("<=3.0.1", Some(">=3.0.2")), [(1, fix("3.0.2"))]);
        assert_eq!(made("<=99.999.99999", Some("<0.0.0")), [(1, None)]);
        assert_eq!(made("<99.999.9999", Some("<0.0.0")), [(1, None)]);
        assert_eq!(made("*", None), [(1, None)]);
        assert_eq!(
            made("<= 2.15.0 || >= 3.0.0 <= 3.8.2", Some(">= 2.15.1 <= 3.0.0 || >= 3.8.3")),
            [(1, fix("2.15.1")), (1, fix("3.8.3"))]
        );
        assert_eq!(made("<1.4.1 || >=2.0.0 <2.17.2", Some(">=2.17.2")), [(2, fix("2.17.2"))]);
    }
}
