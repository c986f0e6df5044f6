//! From the statements about a package to its findings: one per vulnerability.
//!
//! Several statements can speak of one vulnerability, such as a GHSA and a PYSEC record of one alias group. It is a
//! finding if any of them applies: a missed finding costs more than one too many. Which of them decides
//! its fix version, state and advisory id:
//!
//! 1. one that names a fix for the installed version before one that names none;
//! 2. the ecosystem's own database (PYSEC, RUSTSEC, GO) before others, since it knows its versions best;
//! 3. the higher fix version, since the lower one would leave the other statement true;
//! 4. the lower advisory id, so that the outcome never depends on the order of the input.
//!
//! The severity is that of the applying statement with the strongest rule, the highest if several are as strong, whoever
//! decides the rest: a database that rates nothing must not hide the rating of one that does.

use std::cmp::Ordering;
use std::sync::Arc;

use knowledge::BundleAffected;
use model::{Affected, Confidence, Ecosystem, Finding, FixState, Package};
use version::Scheme;

use crate::Undecided;
use crate::distro::confidence_of;
use crate::statement::{self, Verdict};

/// What the statements about a package come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// See [`crate::Judgement::findings`].
    pub findings: Vec<Finding>,
    /// See [`crate::Judgement::undecided`].
    pub undecided: Vec<Undecided>,
    /// See [`crate::Judgement::fix_version`].
    pub fix_version: Option<String>,
}

/// A statement that applies.
struct Match<'a> {
    record: &'a BundleAffected,
    fix: Option<&'a str>,
}

/// Decides over all statements about `package` in its namespace, whose versions are in `scheme`.
/// OS packages are compared by their source package's version.
pub fn decide(package: &Package, scheme: Scheme, records: &[BundleAffected]) -> Decision {
    let mut ordered: Vec<&BundleAffected> = records.iter().collect();
    if !ordered.is_sorted_by_key(|record| record.vulnerability.qid) {
        ordered.sort_by_key(|record| record.vulnerability.qid);
    }
    let confidence = confidence_of(package);
    let mut decision = Decision::default();
    for group in ordered.chunk_by(|a, b| a.vulnerability.qid == b.vulnerability.qid) {
        match judge_group(package, scheme, group) {
            Ok(None) => {}
            Ok(Some(matches)) => decision.findings.push(finding(package, scheme, &matches, confidence)),
            Err(undecided) => decision.undecided.push(undecided),
        }
    }
    decision.undecided.sort();
    decision.fix_version = highest_fix(scheme, &decision.findings);
    decision
}

/// The statements of one vulnerability that apply; `Err` if none does but one could not be told.
fn judge_group<'a>(
    package: &Package,
    scheme: Scheme,
    group: &[&'a BundleAffected],
) -> Result<Option<Vec<Match<'a>>>, Undecided> {
    let mut matches = Vec::new();
    let mut undecided = None;
    for record in group {
        match statement::judge(scheme, package.advisory_version(), &record.affected) {
            Verdict::Outside => {}
            Verdict::Inside { fix } => matches.push(Match { record, fix }),
            Verdict::Undecided(error) => {
                undecided.get_or_insert_with(|| Undecided {
                    vulnerability: record.vulnerability.id.clone(),
                    advisory: record.affected.advisory.clone(),
                    reason: error.to_string(),
                });
            }
        }
    }
    match (matches.is_empty(), undecided) {
        (true, Some(undecided)) => Err(undecided),
        (true, None) => Ok(None),
        (false, _) => Ok(Some(matches)),
    }
}

fn finding(package: &Package, scheme: Scheme, matches: &[Match<'_>], confidence: Confidence) -> Finding {
    let decides = |a: &&Match<'_>, b: &&Match<'_>| precedence(package.ecosystem, scheme, a, b);
    let deciding = matches.iter().min_by(decides).expect("a finding has at least one statement");
    let strength = |found: &&Match<'_>| {
        let affected = &found.record.affected;
        (affected.severity_rule, std::cmp::Reverse(affected.severity))
    };
    let rating =
        matches.iter().min_by_key(strength).map_or(&deciding.record.affected, |m| &m.record.affected);
    let affected = &deciding.record.affected;
    let state = state_of(affected, deciding.fix);
    let unsettled = state == FixState::UnderInvestigation;
    Finding {
        vulnerability: Arc::clone(&deciding.record.vulnerability),
        advisory: affected.advisory.clone(),
        feed: affected.feed.clone(),
        severity: rating.severity,
        severity_rule: rating.severity_rule,
        state,
        fix_version: deciding.fix.map(ToOwned::to_owned),
        confidence: if unsettled { Confidence::Potential } else { confidence },
    }
}

/// Orders statements of one vulnerability, the deciding one first; see the head of this file.
fn precedence(ecosystem: Ecosystem, scheme: Scheme, a: &Match<'_>, b: &Match<'_>) -> Ordering {
    let own = |found: &Match<'_>| is_own_database(ecosystem, &found.record.affected);
    let higher_fix = || match (a.fix, b.fix) {
        (Some(a), Some(b)) => version::compare(scheme, b, a).unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    };
    b.fix
        .is_some()
        .cmp(&a.fix.is_some())
        .then_with(|| own(b).cmp(&own(a)))
        .then_with(higher_fix)
        .then_with(|| a.record.affected.advisory.cmp(&b.record.affected.advisory))
        .then_with(|| a.record.affected.feed.cmp(&b.record.affected.feed))
}

/// Whether the statement comes from the advisory database that the ecosystem itself runs.
fn is_own_database(ecosystem: Ecosystem, affected: &Affected) -> bool {
    let prefix = match ecosystem {
        Ecosystem::Pypi => "PYSEC-",
        Ecosystem::Cargo => "RUSTSEC-",
        Ecosystem::Golang => "GO-",
        _ => return false,
    };
    affected.advisory.starts_with(prefix)
}

/// The publisher's position on this very version: "fixed" is only true if a fix lies ahead of it, and a record that
/// names one says "fixed" even if it was written as a mere range.
fn state_of(affected: &Affected, fix: Option<&str>) -> FixState {
    match affected.state {
        FixState::Fixed if fix.is_none() => FixState::Affected,
        FixState::Affected | FixState::Unknown if fix.is_some() => FixState::Fixed,
        state => state,
    }
}

/// The lowest version that ends every finding that has a fix: the highest of the fixes.
fn highest_fix(scheme: Scheme, findings: &[Finding]) -> Option<String> {
    let fixes = findings.iter().filter_map(|finding| finding.fix_version.as_deref());
    let later = |a: &&str, b: &&str| version::compare(scheme, a, b).unwrap_or(Ordering::Equal);
    fixes.max_by(later).map(ToOwned::to_owned)
}
