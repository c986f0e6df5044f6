//! The result as one JSON object: the scan report, and beside it what is known to be wrong.
//!
//! `docs/reference/report.schema.json` describes it, and a test holds real output against that. The decision a reader may
//! doubt: the fields of the report are listed here one by one, so that a new one cannot be forgotten, and
//! `secrets` can leave out what the reader does not want to see. They stand as in a report that is sent to a server, with
//! nothing added to packages, so that the object can be scanned again (`sbom:FILE`).

use std::io::Write;

use matcher::risk::{Band, ImageRisk};
use model::advisory::{Cvss, Epss, Exploit, Exploitation, KnownExploited};
use model::{
    Build, Confidence, FixState, ImageFacts, OsRelease, PackageRecord, RaisedBy, ScanReport, SecretRecord,
    SeverityRule, Timestamp, Unreadable,
};
use serde::Serialize;

use crate::verdict::{Hit, Policy, Subject, Suppression, Verdict, word};

/// The whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    schema: u32,
    scanner: &'a str,
    scanned_at: Timestamp,
    source: &'a str,
    image: &'a ImageFacts,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_release: Option<&'a OsRelease>,
    users: &'a [String],
    packages: &'a [PackageRecord],
    secrets: &'a [&'a SecretRecord],
    unreadable: &'a [Unreadable],
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    build: Option<&'a Build>,
    /// `null` if there was no vulnerability data: then nothing was judged.
    knowledge: Option<Knowledge>,
    summary: Summary,
    findings: Vec<Finding<'a>>,
    suppressed: Vec<Suppressed<'a>>,
    coverage: Coverage,
    /// Packages that no advisory source speaks of: that they have no findings says nothing.
    not_covered: Vec<Place<'a>>,
    /// Advisories that could not be applied because a version cannot be read.
    undecided: Vec<Undecided<'a>>,
    policy: PolicyOutcome,
}

#[derive(Serialize)]
struct Knowledge {
    bundle: String,
}

/// The numbers; equal findings of one package at several places count once in `severities`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    findings: usize,
    severities: serde_json::Map<String, serde_json::Value>,
    risk: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    highest_risk: Option<u8>,
    suppressed: usize,
    hidden: usize,
    secrets: usize,
    unreadable: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Coverage {
    packages: usize,
    not_covered: usize,
    undecided: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    id: &'a str,
    aliases: &'a [String],
    qid: u32,
    title: &'a str,
    severity: u8,
    severity_word: &'static str,
    severity_rule: SeverityRule,
    base_severity: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    raised_by: Option<RaisedBy>,
    risk: u8,
    risk_band: Band,
    confidence: Confidence,
    state: FixState,
    fix_version: Option<&'a str>,
    package: Place<'a>,
    advisory: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cvss2: Option<&'a Cvss>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cvss3: Option<&'a Cvss>,
    cvss: &'a [Cvss],
    cwes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    exploitation: Option<Exploitation>,
    exploits: &'a [Exploit],
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<Epss>,
    #[serde(skip_serializing_if = "Option::is_none")]
    known_exploited: Option<&'a KnownExploited>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<Timestamp>,
    references: &'a [String],
}

/// A finding or a secret, and why it does not count.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Suppressed<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<Finding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a SecretRecord>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    reason: &'a str,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
}

#[derive(Serialize)]
struct Undecided<'a> {
    package: Place<'a>,
    vulnerability: &'a str,
    advisory: &'a str,
    reason: &'a str,
}

/// A package at its place, as the report lists it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    ecosystem: &'static str,
    name: &'a str,
    version: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    purl: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    declared: bool,
    #[serde(skip_serializing_if = "is_false")]
    in_base: bool,
    /// The OS package that it is part of: there the distribution's word counts more (`--owned`).
    #[serde(skip_serializing_if = "Option::is_none")]
    owned_by: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyOutcome {
    fail_on: Vec<String>,
    met: Vec<Met>,
}

#[derive(Serialize)]
struct Met {
    condition: String,
    count: usize,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Writes the object and a line end.
pub(super) fn write(out: &mut dyn Write, verdict: &Verdict<'_>, policy: &Policy) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, &document(verdict, policy))?;
    writeln!(out)?;
    Ok(())
}

/// The object.
pub(super) fn document<'a>(verdict: &'a Verdict<'a>, policy: &Policy) -> Document<'a> {
    let ScanReport {
        schema,
        scanner,
        scanned_at,
        source,
        image,
        os_release,
        users,
        packages,
        secrets: _,
        unreadable,
        tags,
        build,
    } = verdict.report;
    Document {
        schema: *schema,
        scanner,
        scanned_at: *scanned_at,
        source,
        image,
        os_release: os_release.as_ref(),
        users,
        packages,
        secrets: &verdict.secrets,
        unreadable,
        tags,
        build: build.as_ref(),
        knowledge: verdict.knowledge.map(|bundle| Knowledge { bundle: bundle.to_string() }),
        summary: summary(verdict),
        findings: verdict.findings.iter().map(|hit| finding(verdict, *hit)).collect(),
        suppressed: suppressed(verdict),
        coverage: Coverage {
            packages: packages.len(),
            not_covered: verdict.not_covered.len(),
            undecided: verdict.undecided.len(),
        },
        not_covered: verdict.not_covered.iter().map(|subject| place(verdict, *subject)).collect(),
        undecided: undecided(verdict),
        policy: PolicyOutcome {
            fail_on: policy.conditions.iter().map(ToString::to_string).collect(),
            met: policy
                .met(verdict)
                .iter()
                .map(|met| Met { condition: met.condition.to_string(), count: met.count })
                .collect(),
        },
    }
}

fn summary(verdict: &Verdict<'_>) -> Summary {
    let severities = verdict.by_severity().into_iter();
    let found = || verdict.findings.iter().map(|hit| hit.finding);
    Summary {
        findings: verdict.findings.len(),
        severities: severities.map(|(severity, count)| (word(severity).to_owned(), count.into())).collect(),
        risk: ImageRisk::of(found()).score(),
        highest_risk: found().map(|finding| finding.risk).max(),
        suppressed: verdict.suppressed.len() + verdict.suppressed_secrets.len(),
        hidden: verdict.hidden,
        secrets: verdict.secrets.len(),
        unreadable: verdict.report.unreadable.len(),
    }
}

fn place<'a>(verdict: &Verdict<'_>, subject: Subject<'a>) -> Place<'a> {
    Place {
        ecosystem: subject.ecosystem(),
        name: subject.name(),
        version: subject.version(),
        path: subject.path(),
        layer: subject.layer(),
        purl: match subject {
            Subject::Package(_, record) => &record.purl,
            Subject::System(_) => "",
        },
        declared: subject.declared(),
        in_base: verdict.in_base(subject.layer()),
        owned_by: subject.owner(),
    }
}

fn finding<'a>(verdict: &Verdict<'_>, hit: Hit<'a>) -> Finding<'a> {
    let (finding, known) = (hit.finding, &hit.finding.vulnerability);
    Finding {
        id: &known.id,
        aliases: &known.aliases,
        qid: known.qid,
        title: &known.title,
        severity: finding.severity.get(),
        severity_word: word(finding.severity),
        severity_rule: finding.severity_rule,
        base_severity: finding.base_severity.get(),
        raised_by: finding.raised_by,
        risk: finding.risk,
        risk_band: Band::of(finding.risk),
        confidence: finding.confidence,
        state: finding.state,
        fix_version: finding.fix_version.as_deref(),
        package: place(verdict, hit.subject),
        advisory: &finding.advisory,
        source: &finding.feed,
        cvss2: known.cvss2.as_ref(),
        cvss3: known.cvss3.as_ref(),
        cvss: &known.cvss,
        cwes: &known.cwes,
        exploitation: known.exploitation,
        exploits: &known.exploits,
        epss: known.epss,
        known_exploited: known.known_exploited.as_ref(),
        published: known.published,
        modified: known.modified,
        references: &known.references,
    }
}

fn suppressed<'a>(verdict: &'a Verdict<'a>) -> Vec<Suppressed<'a>> {
    let findings =
        verdict.suppressed.iter().map(|(hit, why)| suppressed_as(why, Some(finding(verdict, *hit)), None));
    let secrets =
        verdict.suppressed_secrets.iter().map(|(secret, why)| suppressed_as(why, None, Some(secret)));
    findings.chain(secrets).collect()
}

fn suppressed_as<'a>(
    why: &'a Suppression,
    finding: Option<Finding<'a>>,
    secret: Option<&'a SecretRecord>,
) -> Suppressed<'a> {
    Suppressed {
        finding,
        secret,
        status: why.status,
        justification: why.justification.map(sbom::vex::Justification::as_str),
        reason: &why.reason,
        source: &why.source,
        expires: why.expires,
    }
}

fn undecided<'a>(verdict: &'a Verdict<'a>) -> Vec<Undecided<'a>> {
    let all = verdict.undecided.iter();
    all.map(|(subject, undecided)| Undecided {
        package: place(verdict, *subject),
        vulnerability: &undecided.vulnerability,
        advisory: &undecided.advisory,
        reason: &undecided.reason,
    })
    .collect()
}
