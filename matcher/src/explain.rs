//! Why a package has a finding, or has none: every statement that speaks of it, and what came of each.
//!
//! What it is for: people who doubt a judgement. It goes the same way as the judgement, through the same rows
//! and the same rules, and keeps what the judgement throws away. What it is not for: judging many packages.

use std::sync::Arc;

use knowledge::{Bundle, Origin, Row, StatementView, Verdict, advisory_key, namespace_of, scheme_of};
use model::{
    Affected, Ecosystem, Finding, Lifecycle, LifecycleStage, Namespace, Package, Standing, Timestamp,
};
use serde::Serialize;
use version::Scheme;

use crate::advisories;
use crate::risk::RiskParts;
use crate::speaks::{Place, Places, Subject};
use crate::voice::{self, Voice};
use crate::{Coverage, Judgement, judge, risk, words};

/// Everything that is known about one package, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The package as it was judged.
    pub package: Package,
    /// How it was looked up; `None` if it could not be.
    pub compared: Option<Compared>,
    /// Whether it could be judged.
    pub coverage: Coverage,
    /// Why it could not; `None` if it could.
    pub not_covered: Option<String>,
    /// One per vulnerability that any statement about the package's names speaks of, in order of their numbers.
    pub vulnerabilities: Vec<Reasoning>,
    /// The lowest version that ends every finding that has a fix.
    pub fix_version: Option<String>,
    /// The dates of the release or product that it belongs to.
    pub lifecycle: Option<Arc<Lifecycle>>,
    /// Where it stands between those dates.
    pub stage: Option<LifecycleStage>,
}

/// How a package was looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// The release or ecosystem whose advisories count.
    pub namespace: String,
    /// The order of its versions.
    pub scheme: String,
    /// The name that advisories use, the source package's where they speak of source packages.
    pub name: String,
    /// The version that belongs to it.
    pub version: String,
}

/// What is known about one vulnerability of the package.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reasoning {
    /// Its number.
    pub qid: u32,
    /// Its main id.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// What it is about.
    pub title: String,
    /// The finding; `None` if it is not reported.
    pub finding: Option<Finding>,
    /// The shares of the detection score; only with a finding.
    pub risk: Option<RiskParts>,
    /// In one sentence, why it is reported or not.
    pub because: String,
    /// Every statement, also those that do not count.
    pub statements: Vec<Said>,
}

/// One statement of a publisher, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Said {
    /// The statement.
    pub affected: Affected,
    /// The namespace that it is of, if it is not the package's own: the release behind an update stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The records that it may have come from: files, dates, checksums.
    pub origins: Vec<Origin>,
    /// The versions that were compared, such as `3.0.11-1 < 3.0.13-1`.
    pub compared: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether it applies to the package.
    pub applies: bool,
    /// Whether it is the one that decided the finding.
    pub decides: bool,
    /// What came of it, in words.
    pub because: String,
}

/// What came of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The version is affected.
    Applies,
    /// It would apply, and a statement about the binary package itself goes before it.
    Outweighed,
    /// It is of the release behind the package's update stream, and is not heard there.
    OtherStream,
    /// Its publisher has withdrawn it.
    Withdrawn,
    /// The CVE was rejected.
    Rejected,
    /// A stronger feed speaks of the same package.
    Outranked,
    /// It uses the name for another package.
    OtherPackage,
    /// It is about another module stream or architecture.
    OtherBuild,
    /// The publisher says that the package is not affected.
    NotAffected,
    /// The version holds the fix.
    Fixed,
    /// The version is in none of the ranges, and no fix tells why.
    Outside,
    /// A version cannot be read.
    Undecided,
}

/// Explains everything that `bundle` says about `package`. `wanted` picks vulnerabilities by their numbers; empty
/// means all.
pub fn explain(package: &Package, bundle: &Bundle, now: Timestamp, wanted: &[u32]) -> Explanation {
    let judgement = judge(package, bundle, now);
    let Some((subject, namespace)) = advisories::covered(package, bundle) else {
        return not_covered(package, bundle, judgement, now, wanted);
    };
    let places = subject.places(bundle, &namespace);
    let mut qids: Vec<u32> = places
        .all()
        .iter()
        .flatten()
        .flat_map(|place| (0..place.row.len()).map(|index| place.row.qid(index)))
        .collect();
    qids.extend(judgement.findings.iter().map(|finding| finding.vulnerability.qid));
    qids.sort_unstable();
    qids.dedup();
    qids.retain(|qid| wanted.is_empty() || wanted.contains(qid));
    let reason = |qid| reasoning(subject, bundle, &places, &judgement, now, qid);
    Explanation {
        package: package.clone(),
        compared: Some(Compared {
            namespace: namespace.0.clone(),
            scheme: subject.scheme.to_string(),
            name: advisory_key(package),
            version: package.advisory_version().to_owned(),
        }),
        coverage: judgement.coverage,
        not_covered: None,
        vulnerabilities: qids.into_iter().filter_map(reason).collect(),
        fix_version: judgement.fix_version,
        stage: judgement.lifecycle.as_ref().map(|lifecycle| lifecycle.stage(now)),
        lifecycle: judgement.lifecycle,
    }
}

/// A package that advisories are not applied to; it can have an end-of-life finding all the same.
fn not_covered(
    package: &Package,
    bundle: &Bundle,
    judgement: Judgement,
    now: Timestamp,
    wanted: &[u32],
) -> Explanation {
    let is_wanted = |finding: &&Finding| wanted.is_empty() || wanted.contains(&finding.vulnerability.qid);
    let lifecycle = judgement.lifecycle.clone();
    let ended = judgement.findings.iter().filter(is_wanted);
    let ended = ended.map(|finding| of_lifecycle(finding, bundle, lifecycle.as_deref(), now));
    Explanation {
        package: package.clone(),
        compared: None,
        coverage: judgement.coverage,
        not_covered: (judgement.coverage == Coverage::NotCovered).then(|| why_not_covered(package, bundle)),
        vulnerabilities: ended.collect(),
        fix_version: judgement.fix_version,
        stage: judgement.lifecycle.as_ref().map(|lifecycle| lifecycle.stage(now)),
        lifecycle: judgement.lifecycle.clone(),
    }
}

/// Why the advisories of the bundle are not applied to a package that is not covered, in words.
pub fn why_not_covered(package: &Package, bundle: &Bundle) -> String {
    if let Some(vendor) = &package.vendor {
        return format!("it was built by {vendor}, of which the distribution's advisories do not speak");
    }
    if package.ecosystem == Ecosystem::Os {
        return "no dates of this release are known".to_owned();
    }
    let Some(scheme) = Scheme::of(package.ecosystem) else {
        return format!("the order of {} versions is not known", package.ecosystem);
    };
    let Some(namespace) = namespace_of(package) else {
        return match package.ecosystem.is_os() {
            true => "the release that it belongs to is not known".to_owned(),
            false => "no advisory database speaks of products by their names alone".to_owned(),
        };
    };
    match bundle.covers(&namespace) {
        true => format!("{namespace} does not order its versions like {scheme}"),
        false => format!("no feed in force speaks of {namespace}"),
    }
}

fn reasoning(
    subject: Subject<'_>,
    bundle: &Bundle,
    places: &Places<'_>,
    judgement: &Judgement,
    now: Timestamp,
    qid: u32,
) -> Option<Reasoning> {
    let finding = judgement.findings.iter().find(|finding| finding.vulnerability.qid == qid);
    let heard = Heard { places, voice: voice::on(subject, places, qid) };
    let mut statements = Vec::new();
    for (number, place) in places.all().iter().enumerate() {
        let Some(place) = place else { continue };
        for view in statements_on(&place.row, qid) {
            statements.push(said(subject, bundle, (number, place), view, finding, &heard));
        }
    }
    if statements.is_empty() {
        return finding.map(|finding| of_lifecycle(finding, bundle, judgement.lifecycle.as_deref(), now));
    }
    let vulnerability = bundle.vulnerability(qid)?;
    let because = words::outcome(finding, &statements);
    Some(Reasoning {
        qid,
        id: vulnerability.id.clone(),
        aliases: vulnerability.aliases.clone(),
        title: vulnerability.title.clone(),
        finding: finding.cloned(),
        risk: finding.map(|finding| parts(finding, bundle)),
        because,
        statements,
    })
}

/// The shares of a finding's detection score.
fn parts(finding: &Finding, bundle: &Bundle) -> RiskParts {
    let has_fix = finding.fix_version.is_some();
    let age = risk::age_days(finding.vulnerability.published, bundle.date()).filter(|_| has_fix);
    let remedy = risk::Remedy::of(finding.state, has_fix, age);
    risk::RiskInputs::of(&finding.vulnerability, finding.severity, remedy).parts()
}

/// Which of the statements about a vulnerability are heard.
struct Heard<'a, 'b> {
    places: &'a Places<'b>,
    voice: Voice,
}

fn said(
    subject: Subject<'_>,
    bundle: &Bundle,
    (number, place): (usize, &Place<'_>),
    view: StatementView<'_>,
    finding: Option<&Finding>,
    heard: &Heard<'_, '_>,
) -> Said {
    let affected = view.to_model();
    let version = subject.version(view.named());
    let spot = place.spot(view.named());
    let is_meant = spot.is_some() && subject.is_meant(&view);
    let further = heard.places.further(number);
    let verdict = match spot {
        Some(position) if is_meant => view.judge(position, version),
        _ => Verdict::Outside,
    };
    let applies = matches!(verdict, Verdict::Inside(_)) && heard.voice.hears(number, &view, further);
    let aside = further.filter(|_| is_meant && affected.standing == Standing::InForce).and_then(|next| {
        let is_shared = voice::is_shared(next, &view);
        (!is_shared || !heard.voice.is_of(number)).then(|| words::not_heard(subject.package, is_shared))
    });
    let (outcome, because) = match aside {
        Some(because) => (Outcome::OtherStream, because),
        None => words::verdict(
            (subject.package, subject.scheme, version),
            &affected,
            is_meant,
            spot.is_some(),
            verdict,
            applies,
        ),
    };
    let decides = applies
        && finding
            .is_some_and(|finding| finding.advisory == affected.advisory && finding.feed == affected.feed);
    Said {
        origins: bundle.origins(&affected.feed, &affected.advisory),
        compared: words::compared(subject.scheme, version, &affected),
        because: further.map_or(because.clone(), |next| format!("of {}: {because}", next.namespace)),
        namespace: further.map(|next| next.namespace.0.clone()),
        outcome,
        applies,
        decides,
        affected,
    }
}

/// The end of life of a release or a product: there is no statement behind it, only dates.
fn of_lifecycle(
    finding: &Finding,
    bundle: &Bundle,
    lifecycle: Option<&Lifecycle>,
    now: Timestamp,
) -> Reasoning {
    let vulnerability = &finding.vulnerability;
    Reasoning {
        qid: vulnerability.qid,
        id: vulnerability.id.clone(),
        aliases: vulnerability.aliases.clone(),
        title: vulnerability.title.clone(),
        finding: Some(finding.clone()),
        risk: Some(parts(finding, bundle)),
        because: lifecycle.map_or_else(String::new, |lifecycle| words::ended(lifecycle, now)),
        statements: Vec::new(),
    }
}

/// The statements of a row about one vulnerability. The row is in order of their numbers.
pub(crate) fn statements_on<'b>(
    row: &Row<'b>,
    qid: u32,
) -> impl Iterator<Item = StatementView<'b>> + use<'b> {
    let row = *row;
    let (mut low, mut high) = (0, row.len());
    while low < high {
        let middle = low + (high - low) / 2;
        if row.qid(middle) < qid { low = middle + 1 } else { high = middle }
    }
    let in_group = move |index: &usize| row.qid(*index) == qid;
    (low..row.len()).take_while(in_group).map(move |index| row.statement(index))
}

/// The packages that the bundle's statements on these vulnerabilities are about, `namespace name`, sorted; for telling of a
/// vulnerability that no package of an image has to do with. At most `limit`.
pub fn packages_of(bundle: &Bundle, qids: &[u32], limit: usize) -> Vec<(Namespace, String)> {
    let speaks = |row: &Row<'_>| qids.iter().any(|qid| statements_on(row, *qid).next().is_some());
    bundle
        .rows()
        .filter(|(namespace, _, row)| scheme_of(namespace).is_some() && speaks(row))
        .take(limit)
        .map(|(namespace, package, _)| (Namespace(namespace.to_owned()), package.to_owned()))
        .collect()
}
