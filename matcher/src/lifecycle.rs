//! Lifecycles: which dates a package has, and the finding of what is past its end of life.
//!
//! A finding hangs on the operating system's release ([`model::Ecosystem::Os`]), so that an image has it once, and on
//! runtimes and servers that nobody's package manager looks after: programs known by their version text
//! ([`model::Ecosystem::Generic`]), Go's own library in a Go program, .NET's runtime in a .NET program. A distribution's package
//! has none: the distribution supports its own `python3.9` for as long as the release lives. A library of a language has
//! none either: it carries its dates, and what is wrong with it is told by advisories.
//!
//! Something is past its end of life from the day that the publisher calls `eol`, whether or not somebody still sells or
//! gives extended support: from then on the publisher's own fixes cannot be counted on. What has no dates has no finding, and
//! a release without them is not covered.

use std::sync::Arc;

use knowledge::{Bundle, ProductCycle, is_dotnet_runtime};
use model::{
    Ecosystem, Finding, FixState, Lifecycle, LifecycleStage, NamespaceFamily, Package, Severity,
    SeverityRule, Timestamp, Vulnerability,
};

use crate::{Coverage, Judgement, risk};

/// The feed that end-of-life findings name.
const FEED: &str = "endoflife";

/// Names of releases as people write them; others are called as the feed calls them.
const DISPLAY_NAMES: [(&str, &str); 17] = [
    ("alpine", "Alpine Linux"),
    ("alpine-linux", "Alpine Linux"),
    ("almalinux", "AlmaLinux"),
    ("amazon-linux", "Amazon Linux"),
    ("amzn", "Amazon Linux"),
    ("centos", "CentOS"),
    ("nodejs", "Node.js"),
    ("ol", "Oracle Linux"),
    ("openjdk", "OpenJDK"),
    ("opensuse-leap", "openSUSE Leap"),
    ("openssl", "OpenSSL"),
    ("oracle-linux", "Oracle Linux"),
    ("photon", "Photon OS"),
    ("rhel", "Red Hat Enterprise Linux"),
    ("rocky", "Rocky Linux"),
    ("rocky-linux", "Rocky Linux"),
    ("sles", "SUSE Linux Enterprise Server"),
];

/// Adds dates to the judgement of a package that is no release, and the finding if it is past them at `now`.
pub(crate) fn add(judgement: &mut Judgement, package: &Package, bundle: &Bundle, now: Timestamp) {
    let Some(cycle) = bundle.cycle_of(package) else { return };
    if is_past(&cycle.lifecycle, now) && is_runtime(package) {
        let finding = finding(package, &cycle, bundle, now);
        let place = judgement.findings.partition_point(|known| known.vulnerability.qid < cycle.qid);
        judgement.findings.insert(place, finding);
    }
    judgement.lifecycle = Some(cycle.lifecycle);
}

/// Whether a package is a runtime or server that no distribution looks after.
fn is_runtime(package: &Package) -> bool {
    match package.ecosystem {
        Ecosystem::Generic => true,
        Ecosystem::Golang => package.name == "stdlib",
        _ => is_dotnet_runtime(package),
    }
}

fn is_past(lifecycle: &Lifecycle, now: Timestamp) -> bool {
    matches!(lifecycle.stage(now), LifecycleStage::Eol | LifecycleStage::Eos)
}

/// Judges a release: one finding if it is past its end of life at `now`.
pub(crate) fn judge_release(package: &Package, bundle: &Bundle, now: Timestamp) -> Judgement {
    let Some(cycle) = bundle.cycle_of(package) else {
        return Judgement::not_covered();
    };
    let is_known = cycle.lifecycle.stage(now) != LifecycleStage::Unknown;
    let is_past = is_past(&cycle.lifecycle, now);
    Judgement {
        findings: is_past.then(|| finding(package, &cycle, bundle, now)).into_iter().collect(),
        coverage: if is_known { Coverage::Covered } else { Coverage::NotCovered },
        undecided: Vec::new(),
        fix_version: None,
        lifecycle: Some(cycle.lifecycle),
    }
}

fn finding(package: &Package, cycle: &ProductCycle, bundle: &Bundle, now: Timestamp) -> Finding {
    let vulnerability = vulnerability(package, cycle, bundle, now);
    Finding {
        advisory: vulnerability.id.clone(),
        feed: FEED.to_owned(),
        severity: Severity::URGENT,
        // the publisher of the release says that it has ended: that is the vendor's word, and there is no stronger one
        severity_rule: SeverityRule::VendorRating,
        base_severity: Severity::URGENT,
        raised_by: None,
        risk: risk::of(&vulnerability, Severity::URGENT, FixState::EndOfLife, false, None),
        state: FixState::EndOfLife,
        fix_version: None,
        confidence: cycle.lifecycle.confidence,
        vulnerability: Arc::new(vulnerability),
    }
}

fn vulnerability(package: &Package, cycle: &ProductCycle, bundle: &Bundle, now: Timestamp) -> Vulnerability {
    let Lifecycle { product, cycle: release, eol, eos, .. } = cycle.lifecycle.as_ref();
    // a release is named by os-release, so that the id is what an image calls itself whatever the feed calls the product
    let is_release = package.ecosystem == Ecosystem::Os;
    let name = if is_release { package.name.as_str() } else { product.as_str() };
    let known = bundle.product(product);
    let kind = if is_release { "operating system" } else { "software" };
    let label = display_name(name, known.map_or("", |product| product.label()));
    let published = eol.or(*eos);
    let since = match published {
        Some(date) => format!("reached its end of life on {}", day(date)),
        None => "has reached its end of life".to_owned(),
    };
    let newest = known.and_then(|product| product.newest_supported(now));
    let advice = newest.map(|newest| format!("; {newest} is supported")).unwrap_or_default();
    Vulnerability {
        qid: cycle.qid,
        id: format!("EOL-{name}-{release}"),
        aliases: Vec::new(),
        family: NamespaceFamily::Lifecycle,
        title: format!("EOL {kind}: {label} {release} {since}{advice}"),
        published,
        references: known.and_then(|product| product.page()).map(str::to_owned).into_iter().collect(),
        ..Vulnerability::default()
    }
}

fn day(date: Timestamp) -> String {
    date.to_rfc3339().chars().take_while(|c| *c != 'T').collect()
}

/// The name that people write: the table's, the feed's, or the identifier with an initial capital.
fn display_name(name: &str, label: &str) -> String {
    if let Some((_, display)) = DISPLAY_NAMES.iter().find(|(id, _)| *id == name) {
        return (*display).to_owned();
    }
    if !label.is_empty() {
        return label.to_owned();
    }
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finding_of_an_ended_release_says_eol_and_is_urgent() {
        let package = Package::new(Ecosystem::Os, "debian", "10");
        let lifecycle = Lifecycle {
            product: "debian".into(),
            cycle: "10".into(),
            eol: Timestamp::parse("2022-09-10"),
            eos: Timestamp::parse("2024-06-30"),
            ..Lifecycle::default()
        };
        let cycle = ProductCycle { lifecycle: Arc::new(lifecycle), qid: 7 };
        let finding = finding(&package, &cycle, &Bundle::empty(), Timestamp(0));
        assert_eq!(finding.vulnerability.id, "EOL-debian-10");
        assert_eq!(
            finding.vulnerability.title,
            "EOL operating system: Debian 10 reached its end of life on 2022-09-10"
        );
        assert_eq!((finding.severity, finding.state), (Severity::URGENT, FixState::EndOfLife));
        assert_eq!((finding.vulnerability.qid, finding.fix_version), (7, None));
    }

    #[test]
    fn releases_are_named_as_people_write_them() {
        let names = ["alpine", "debian", "rhel", ""].map(|name| display_name(name, ""));
        assert_eq!(names, ["Alpine Linux", "Debian", "Red Hat Enterprise Linux", ""]);
        assert_eq!(display_name("postgresql", "PostgreSQL"), "PostgreSQL");
    }

    #[test]
    fn only_what_nobody_looks_after_can_be_a_finding() {
        let is = |ecosystem, name| is_runtime(&Package::new(ecosystem, name, "1"));
        assert!(is(Ecosystem::Generic, "node") && is(Ecosystem::Golang, "stdlib"));
        assert!(is(Ecosystem::Nuget, "Microsoft.NETCore.App.Runtime.linux-x64"));
        assert!(!is(Ecosystem::Pypi, "django") && !is(Ecosystem::Deb, "python3.9"));
        assert!(!is(Ecosystem::Golang, "github.com/gorilla/mux") && !is(Ecosystem::Nuget, "jquery"));
    }
}
