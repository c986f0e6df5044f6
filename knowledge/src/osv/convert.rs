//! One OSV record into ours.

use std::sync::Arc;

use model::{Ecosystem, FixState, Named, Namespace, Severity, Timestamp};
use version::Scheme;

use super::FEED;
use super::range::ranges;
use super::schema::{OsvAffected, OsvRecord, OsvSeverity};
use crate::lookup::{family_of, language_key};
use crate::rating::rate_vector;
use crate::record::{FileHarvest, Rated, Rater, Record, Statement};
use crate::text::{TITLE, first_sentence, is_id, is_name, is_version, one_line};

/// References that are kept of one record.
const MAX_REFERENCES: usize = 16;

/// The ecosystem whose dump is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    /// OSV's name.
    pub(super) name: &'static str,
    pub(super) ecosystem: Ecosystem,
}

/// Reads a record and adds it. Gives the time of its publication.
pub(super) fn record(
    text: &str,
    target: Target,
    out: &mut FileHarvest<'_>,
) -> Result<Option<Timestamp>, String> {
    let osv: OsvRecord = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if !is_id(&osv.id) {
        return Err("it has no usable id".into());
    }
    let published = osv.published.as_deref().and_then(Timestamp::parse);
    out.records += 1;
    if osv.withdrawn.is_some() {
        out.withdrawn += 1;
        return Ok(published);
    }
    let namespace = Namespace(target.ecosystem.as_str().to_owned());
    let mut record = Record::new(family_of(&namespace), FEED, osv.id);
    record.aliases = osv.aliases.into_iter().filter(|alias| is_id(alias)).collect();
    record.summary = osv.summary.as_deref().and_then(|text| one_line(text, TITLE));
    record.sentence = osv.details.as_deref().and_then(first_sentence);
    record.rating =
        osv.database_specific.severity.as_ref().and_then(|word| Severity::of_rating(word.as_str()?));
    record.cvss = rate_all(&osv.severity);
    record.published = published;
    record.modified = osv.modified.as_deref().and_then(Timestamp::parse);
    let urls = osv.references.into_iter().filter_map(|reference| reference.url);
    record.references = urls.filter(|url| url.len() <= 2048).take(MAX_REFERENCES).collect();
    let namespace: Arc<str> = namespace.0.into();
    for affected in osv.affected {
        record.cvss.extend(rate_all(&affected.severity));
        match statement(affected, target, &namespace) {
            Ok(Some(statement)) => record.statements.push(statement),
            Ok(None) => {}
            Err(reason) => out.quarantine(&record.id, reason),
        }
    }
    if record.id.starts_with("GHSA-") {
        for rated in &mut record.cvss {
            "ghsa".clone_into(&mut rated.cvss.source);
        }
    }
    out.harvest.records.push(record);
    Ok(published)
}

fn rate_all(ratings: &[OsvSeverity]) -> Vec<Rated> {
    let vectors = ratings.iter().filter(|rating| rating.kind.starts_with("CVSS_V"));
    vectors.filter_map(|rating| rate_vector(&rating.score, Rater::Database)).collect()
}

/// `None` for a package of another ecosystem, or a statement about commits only.
fn statement(
    affected: OsvAffected,
    target: Target,
    namespace: &Arc<str>,
) -> Result<Option<Statement>, String> {
    let Some(package) = affected.package else { return Ok(None) };
    let ecosystem = package.ecosystem.split(':').next().unwrap_or_default();
    if ecosystem != target.name {
        return Ok(None);
    }
    if !is_name(&package.name) {
        return Err("it names a package that is no package name".into());
    }
    let scheme = Scheme::of(target.ecosystem);
    let mut all = Vec::new();
    let mut fix_version = None;
    for range in affected.ranges.iter().filter(|range| range.kind != "GIT") {
        let (ranges, fix) = ranges(&range.events, scheme);
        all.extend(ranges);
        fix_version = fix.or(fix_version);
    }
    let versions: Vec<String> = affected.versions.into_iter().filter(|version| is_version(version)).collect();
    if all.is_empty() && versions.is_empty() {
        return Ok(None);
    }
    let state = if fix_version.is_some() { FixState::Fixed } else { FixState::Affected };
    let name = language_key(target.ecosystem, &package.name);
    let mut statement = Statement::new(Arc::clone(namespace), name, Named::Binary);
    statement.ranges = all;
    statement.versions = versions;
    statement.state = state;
    statement.fix_version = fix_version;
    Ok(Some(statement))
}
