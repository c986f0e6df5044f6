//! End of life of operating systems: the release's dates, and the finding of a release that is past them.
//!
//! The finding hangs on the release itself ([`model::Ecosystem::Os`]) and not on each of its packages, so that an
//! image has it once. It is past its end of life from the day that the publisher calls `eol`, whether or not
//! somebody still sells or gives extended support: from then on the distribution's own fixes cannot be counted on.
//! A release without any date has no finding and is not covered.

use std::sync::Arc;

use knowledge::{Bundle, ProductCycle};
use model::{
    Confidence, Finding, FixState, Lifecycle, LifecycleStage, NamespaceFamily, Package, Severity,
    SeverityRule, Timestamp, Vulnerability,
};

use crate::{Coverage, Judgement};

/// The feed that end-of-life findings name.
const FEED: &str = "endoflife";

/// Names of releases as people write them; all others get an initial capital.
const DISPLAY_NAMES: [(&str, &str); 12] = [
    ("alpine", "Alpine Linux"),
    ("alpine-linux", "Alpine Linux"),
    ("amazon-linux", "Amazon Linux"),
    ("amzn", "Amazon Linux"),
    ("centos", "CentOS"),
    ("almalinux", "AlmaLinux"),
    ("ol", "Oracle Linux"),
    ("oracle-linux", "Oracle Linux"),
    ("rhel", "Red Hat Enterprise Linux"),
    ("rocky", "Rocky Linux"),
    ("rocky-linux", "Rocky Linux"),
    ("sles", "SUSE Linux Enterprise Server"),
];

/// The dates of the release that an OS package or a release itself belongs to.
pub(crate) fn of_release(package: &Package, bundle: &Bundle) -> Option<ProductCycle> {
    let distro = package.distro.as_ref().filter(|distro| !distro.version.is_empty())?;
    bundle.product_cycle(&distro.id, &distro.version)
}

/// Judges a release: one finding if it is past its end of life at `now`.
pub(crate) fn judge_release(package: &Package, bundle: &Bundle, now: Timestamp) -> Judgement {
    let Some(cycle) = of_release(package, bundle) else {
        return Judgement::not_covered();
    };
    let stage = cycle.lifecycle.stage(now);
    let is_past = matches!(stage, LifecycleStage::Eol | LifecycleStage::Eos);
    Judgement {
        findings: is_past.then(|| finding(package, &cycle)).into_iter().collect(),
        coverage: if stage == LifecycleStage::Unknown { Coverage::NotCovered } else { Coverage::Covered },
        undecided: Vec::new(),
        fix_version: None,
        lifecycle: Some(cycle.lifecycle),
    }
}

fn finding(package: &Package, cycle: &ProductCycle) -> Finding {
    let vulnerability = vulnerability(package, cycle);
    Finding {
        advisory: vulnerability.id.clone(),
        feed: FEED.to_owned(),
        severity: Severity::URGENT,
        // the publisher of the release says that it has ended: that is the vendor's word, and there is no stronger one
        severity_rule: SeverityRule::VendorRating,
        state: FixState::EndOfLife,
        fix_version: None,
        confidence: Confidence::Confirmed,
        vulnerability: Arc::new(vulnerability),
    }
}

fn vulnerability(package: &Package, cycle: &ProductCycle) -> Vulnerability {
    let Lifecycle { cycle: release, eol, eos, .. } = &cycle.lifecycle;
    // named by os-release, so that the id is what an image calls itself whatever the feed calls the product
    let product = package.name.as_str();
    let published = eol.or(*eos);
    let since = match published {
        Some(date) => format!("reached its end of life on {}", day(date)),
        None => "has reached its end of life".to_owned(),
    };
    Vulnerability {
        qid: cycle.qid,
        id: format!("EOL-{product}-{release}"),
        aliases: Vec::new(),
        family: NamespaceFamily::Lifecycle,
        title: format!("EOL operating system: {} {release} {since}", display_name(product)),
        cvss2: None,
        cvss3: None,
        known_exploited: None,
        epss: None,
        published,
        modified: None,
        references: vec![format!("https://endoflife.date/{}", cycle.lifecycle.product)],
    }
}

fn day(date: Timestamp) -> String {
    date.to_rfc3339().chars().take_while(|c| *c != 'T').collect()
}

fn display_name(product: &str) -> String {
    if let Some((_, name)) = DISPLAY_NAMES.iter().find(|(id, _)| *id == product) {
        return (*name).to_owned();
    }
    let mut characters = product.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use model::{Distro, Ecosystem};

    use super::*;

    #[test]
    fn the_finding_of_an_ended_release_says_eol_and_is_urgent() {
        let package = Package {
            ecosystem: Ecosystem::Os,
            distro: Some(Distro::new("debian", "10")),
            name: "debian".into(),
            version: "10".into(),
            arch: None,
            source: None,
            module: None,
            vendor: None,
        };
        let lifecycle = Lifecycle {
            product: "debian".into(),
            cycle: "10".into(),
            eol: Timestamp::parse("2022-09-10"),
            eos: Timestamp::parse("2024-06-30"),
            ..Lifecycle::default()
        };
        let finding = finding(&package, &ProductCycle { lifecycle, qid: 7 });
        assert_eq!(finding.vulnerability.id, "EOL-debian-10");
        assert_eq!(
            finding.vulnerability.title,
            "EOL operating system: Debian 10 reached its end of life on 2022-09-10"
        );
        assert_eq!((finding.severity, finding.state), (Severity::URGENT, FixState::EndOfLife));
        assert_eq!(finding.vulnerability.qid, 7);
    }

    #[test]
    fn releases_are_named_as_people_write_them() {
        let names = ["alpine", "debian", "rhel", ""].map(display_name);
        assert_eq!(names, ["Alpine Linux", "Debian", "Red Hat Enterprise Linux", ""]);
    }
}
