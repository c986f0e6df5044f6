//! The words for single facts of an explanation.

use knowledge::Origin;
use matcher::risk::RiskParts;
use model::{
    Affected, AffectedRange, Bound, Finding, FixState, Lifecycle, LifecycleStage, Named, RaisedBy,
    SeverityRule, Timestamp,
};

use crate::verdict::word;

/// Which versions a statement calls affected, and what limits it.
pub(super) fn rule(affected: &Affected) -> String {
    let mut parts: Vec<String> = affected.ranges.iter().map(range).collect();
    match affected.versions.as_slice() {
        [] => {}
        [only] => parts.push(format!("version {only}")),
        [first, .., last] => {
            parts.push(format!("{} listed versions, {first} to {last}", affected.versions.len()));
        }
    }
    let what = match affected.state {
        FixState::NotAffected => "no version is affected".to_owned(),
        _ if parts.is_empty() => "no version is named".to_owned(),
        _ => format!("affected: {}", parts.join("; ")),
    };
    let named = match affected.named {
        Named::Source => "of the source package",
        Named::Binary => "of the package itself",
    };
    let module = affected.module.as_ref().map(|module| format!(", in module stream {module}"));
    let arches = match affected.arches.as_slice() {
        [] => String::new(),
        arches => format!(", on {}", arches.join(", ")),
    };
    format!("{what}, {named}{}{arches}", module.unwrap_or_default())
}

fn range(range: &AffectedRange) -> String {
    match (&range.introduced, &range.end) {
        (None, Bound::Open) => "every version".to_owned(),
        (None, Bound::Fixed(end)) => format!("before {end}"),
        (None, Bound::LastAffected(end)) => format!("up to {end}, itself included"),
        (Some(start), Bound::Open) => format!("from {start} on"),
        (Some(start), Bound::Fixed(end)) => format!("from {start}, before {end}"),
        (Some(start), Bound::LastAffected(end)) => format!("from {start} up to {end}, itself included"),
    }
}

/// `5 urgent, by the vendor's rating; raised from 3 because …`.
pub(super) fn severity(finding: &Finding) -> String {
    let by = match finding.severity_rule {
        SeverityRule::VendorRating => "by the publisher's rating for this package",
        SeverityRule::Cvss => "by the CVSS base score",
        SeverityRule::DatabaseRating => "by the rating of the advisory database",
        SeverityRule::DebianUrgency => "by Debian's urgency",
        SeverityRule::Default => "because nobody has rated it",
    };
    let raised = finding.raised_by.map(|raised| {
        let why = match raised {
            RaisedBy::KnownExploited => "CISA lists it as exploited",
            RaisedBy::ActiveExploitation => "CISA's SSVC decision calls exploitation active",
            RaisedBy::WeaponisedExploit => "an attack tool holds an exploit",
            RaisedBy::PredictedExploitation => "EPSS places it in the highest hundredth",
        };
        format!("; raised from {} because {why}", finding.base_severity.get())
    });
    let rated = &finding.vulnerability.cvss;
    let score = rated.first().filter(|_| finding.severity_rule == SeverityRule::Cvss);
    let score = score.map(|cvss| format!(" {:.1} of {} {}", cvss.base, cvss.source, cvss.vector));
    let (number, name) = (finding.severity.get(), word(finding.severity));
    let rated = score.map_or_else(String::new, |score| score.trim_end().to_owned());
    let space = if rated.is_empty() { "" } else { " " };
    format!("{number} {name}, {by}{space}{}{}", rated.trim_start(), raised.unwrap_or_default())
}

/// `71 of 100: severity 40, …`.
pub(super) fn risk(parts: &RiskParts) -> String {
    let RiskParts { severity, cvss, threat, prediction, remedy } = parts;
    format!(
        "{} of 100: severity {severity}, CVSS {cvss}, threat {threat}, prediction {prediction}, remedy {remedy}",
        parts.total()
    )
}

/// The position of the publisher on the installed version.
pub(super) fn state(finding: &Finding) -> String {
    let state = match finding.state {
        FixState::Fixed => "fixed",
        FixState::Affected => "affected, no fix is known",
        FixState::WillNotFix => "will not be fixed",
        FixState::FixDeferred => "the fix is deferred",
        FixState::EndOfLife => "past its support",
        FixState::UnderInvestigation => "under investigation",
        FixState::NotAffected => "not affected",
        FixState::Unknown => "unknown",
    };
    match &finding.fix_version {
        Some(fix) => format!("{state} in {fix}"),
        None => state.to_owned(),
    }
}

/// Where a record came from.
pub(super) fn origin(origin: &Origin) -> String {
    let date = |label: &str, date: Option<Timestamp>| date.map(|date| format!(", {label} {}", day(date)));
    let dates = [
        date("published", origin.published),
        date("changed", origin.modified),
        date("withdrawn", origin.withdrawn),
    ];
    let digest = origin.digest.map(|digest| format!(", {digest}")).unwrap_or_default();
    format!("{}{}{digest}", origin.file, dates.into_iter().flatten().collect::<String>())
}

/// The dates of a release or product, and where it stands.
pub(super) fn lifecycle(lifecycle: &Lifecycle, stage: Option<LifecycleStage>) -> String {
    let mut parts = Vec::new();
    let dates = [
        ("general availability", lifecycle.ga),
        ("end of active support", lifecycle.eoas),
        ("end of life", lifecycle.eol),
        ("end of extended support", lifecycle.eos),
    ];
    parts.extend(dates.iter().filter_map(|(name, date)| Some(format!("{name} {}", day((*date)?)))));
    if lifecycle.ended {
        parts.push("called ended".to_owned());
    }
    let stage = match stage {
        Some(LifecycleStage::Ga) => "in active support",
        Some(LifecycleStage::SecuritySupport) => "in security support",
        Some(LifecycleStage::Eol) => "past its end of life",
        Some(LifecycleStage::Eos) => "past every support",
        Some(LifecycleStage::Unknown) | None => "no dates are known",
    };
    let sure = match lifecycle.confidence {
        model::Confidence::Confirmed => "",
        model::Confidence::Potential => " (known by its name only)",
    };
    parts.push(stage.to_owned());
    format!("{} {}{sure}: {}", lifecycle.product, lifecycle.cycle, parts.join(", "))
}

pub(super) fn day(date: Timestamp) -> String {
    date.to_rfc3339().chars().take_while(|c| *c != 'T').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_range_has_its_words() {
        let made =
            |introduced: Option<&str>, end| AffectedRange { introduced: introduced.map(str::to_owned), end };
        let cases = [
            (made(None, Bound::Open), "every version"),
            (made(None, Bound::Fixed("2".into())), "before 2"),
            (made(None, Bound::LastAffected("2".into())), "up to 2, itself included"),
            (made(Some("1"), Bound::Open), "from 1 on"),
            (made(Some("1"), Bound::Fixed("2".into())), "from 1, before 2"),
            (made(Some("1"), Bound::LastAffected("2".into())), "from 1 up to 2, itself included"),
        ];
        for (given, expected) in cases {
            assert_eq!(range(&given), expected);
        }
    }

    #[test]
    fn a_rule_names_what_limits_it() {
        let affected = Affected {
            versions: vec!["1".into(), "2".into(), "3".into()],
            module: Some("nginx:1.20".into()),
            arches: vec!["x86_64".into(), "aarch64".into()],
            ..Affected::default()
        };
        assert_eq!(
            rule(&affected),
            "affected: 3 listed versions, 1 to 3, of the package itself, in module stream nginx:1.20, on x86_64, aarch64"
        );
        let none = Affected { state: FixState::NotAffected, named: Named::Source, ..Affected::default() };
        assert_eq!(rule(&none), "no version is affected, of the source package");
    }
}
