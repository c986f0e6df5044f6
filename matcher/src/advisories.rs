//! Judging a package by what its distribution or its language's advisory databases say.
//!
//! Distribution packages are judged by what their own distribution says of their release. Upstream's ranges are never
//! applied to them, because distributions fix by back-porting. A package that somebody else built is not covered: the
//! distribution does not speak of it, and its versions follow other rules. Language packages are judged by the records
//! of their ecosystem.
//!
//! The decision a reader may doubt: an ecosystem without a version scheme of its own is not covered, even if the
//! bundle holds its advisories. Comparing its versions by another ecosystem's order would be right most of the time,
//! and silently wrong for the rest.

use knowledge::{Bundle, fallbacks, namespace_of};
use model::{Confidence, Finding, FixState, Namespace, Package};
use version::Scheme;

use crate::decide::{Hit, Hits, Which, decide};
use crate::distro::confidence_of;
use crate::speaks::{Places, Subject};
use crate::{Coverage, Judgement, Undecided, risk};

/// Finds the vulnerabilities of `package` in numbers: the fast form of [`crate::judge`], for comparing many packages.
/// `out` is emptied first.
pub fn hits(package: &Package, bundle: &Bundle, out: &mut Hits) -> Coverage {
    match covered(package, bundle) {
        Some((subject, namespace)) => {
            let places = subject.places(bundle, &namespace);
            decide(subject, &places, out);
            Coverage::Covered
        }
        None => {
            *out = Hits::default();
            Coverage::NotCovered
        }
    }
}

/// What the package is compared as, if the bundle speaks of its namespace.
pub(crate) fn covered<'p>(package: &'p Package, bundle: &Bundle) -> Option<(Subject<'p>, Namespace)> {
    if package.vendor.is_some() {
        return None;
    }
    let scheme = Scheme::of(package.ecosystem)?;
    let namespace = namespace_of(package)?;
    let speaks = |namespace: &Namespace| bundle.scheme(namespace) == Some(scheme);
    let is_covered =
        speaks(&namespace) || fallbacks(&namespace).iter().flatten().any(|next| speaks(&next.namespace));
    is_covered.then_some((Subject { package, scheme }, namespace))
}

/// The judgement without a lifecycle.
pub(crate) fn judge(package: &Package, bundle: &Bundle) -> Judgement {
    let Some((subject, namespace)) = covered(package, bundle) else {
        return Judgement::not_covered();
    };
    let places = subject.places(bundle, &namespace);
    let mut hits = Hits::default();
    decide(subject, &places, &mut hits);
    let confidence = confidence_of(package);
    let finding = |hit: &Hit| finding(bundle, &places, hit, confidence);
    let mut undecided: Vec<Undecided> =
        hits.undecided.iter().filter_map(|which| undecided(subject, bundle, &places, *which)).collect();
    undecided.sort();
    let fix_version = hits
        .clearing
        .and_then(|(place, fix)| places.get(place).map(|place| place.row.text(fix.text).to_owned()));
    Judgement {
        findings: hits.hits.iter().filter_map(finding).collect(),
        coverage: Coverage::Covered,
        undecided,
        fix_version,
        lifecycle: None,
    }
}

/// Puts a hit into words; `None` if the bundle was damaged after it was opened.
fn finding(bundle: &Bundle, places: &Places<'_>, hit: &Hit, confidence: Confidence) -> Option<Finding> {
    let statement = |which: Which| {
        let place = places.get(which.place)?;
        Some(place.row.statement(which.statement as usize))
    };
    let (deciding, rating) = (statement(hit.deciding)?, statement(hit.rating)?);
    let vulnerability = bundle.vulnerability(hit.qid)?;
    let unsettled = hit.state == FixState::UnderInvestigation;
    let mut finding = Finding {
        advisory: deciding.advisory().to_owned(),
        feed: deciding.feed().to_owned(),
        severity: rating.severity(),
        severity_rule: rating.severity_rule(),
        base_severity: rating.base_severity(),
        raised_by: rating.raised_by(),
        risk: 1,
        state: hit.state,
        fix_version: hit.fix.map(|fix| deciding.row().text(fix.text).to_owned()),
        confidence: if unsettled { Confidence::Potential } else { confidence },
        vulnerability,
    };
    finding.risk = risk_of(&finding, bundle);
    Some(finding)
}

/// The detection score of a finding; the age of its fix is counted from the vulnerability's publication to the date of
/// the newest feed, so that it is the same whenever it is asked for.
pub(crate) fn risk_of(finding: &Finding, bundle: &Bundle) -> u8 {
    let has_fix = finding.fix_version.is_some();
    let age = risk::age_days(finding.vulnerability.published, bundle.date()).filter(|_| has_fix);
    risk::of(&finding.vulnerability, finding.severity, finding.state, has_fix, age)
}

/// Says which version could not be read.
fn undecided(subject: Subject<'_>, bundle: &Bundle, places: &Places<'_>, which: Which) -> Option<Undecided> {
    let statement = places.get(which.place)?.row.statement(which.statement as usize);
    let version = subject.version(statement.named());
    let affected = statement.to_model();
    let mut errors = affected.ranges.iter().filter_map(|range| {
        version::in_range(subject.scheme, version, range).err().map(|error| error.to_string())
    });
    let unread = || version::compare(subject.scheme, version, version).err().map(|error| error.to_string());
    Some(Undecided {
        vulnerability: bundle.vulnerability(statement.qid())?.id.clone(),
        advisory: affected.advisory.clone(),
        reason: errors.next().or_else(unread).unwrap_or_else(|| "a version cannot be read".to_owned()),
    })
}
