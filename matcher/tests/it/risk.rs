//! The laws of the scores of risk, and the examples of `docs/reference/risk.md` computed from the real feeds.

use matcher::risk::{Band, ImageRisk, Remedy, RiskInputs, RiskParts, Threat, age_days};
use model::{Confidence, FixState, Namespace, Severity, Timestamp};
use proptest::prelude::*;

use crate::make::Feeds;

const PAGE: &str = include_str!("../../../docs/reference/risk.md");

const THREATS: [Threat; 7] = [
    Threat::None,
    Threat::ProofOfConcept,
    Threat::PublicExploit,
    Threat::Weaponised,
    Threat::ActiveExploitation,
    Threat::KnownExploited,
    Threat::Ransomware,
];

fn inputs() -> impl Strategy<Value = RiskInputs> {
    let remedy = prop_oneof![
        Just(Remedy::None),
        Just(Remedy::Never),
        prop::option::of(any::<u32>()).prop_map(Remedy::Available)
    ];
    // what a damaged bundle might hold is tried as well
    let share = prop::option::of(prop_oneof![4 => 0.0_f32..=1.0, 1 => any::<f32>()]);
    let score = prop::option::of(prop_oneof![4 => 0.0_f32..=10.0, 1 => any::<f32>()]);
    (1_u8..=5, score, prop::sample::select(&THREATS[..]), share, remedy).prop_map(
        |(severity, cvss, threat, epss, remedy)| RiskInputs {
            severity: Severity::new(severity).unwrap(),
            cvss,
            threat,
            epss,
            remedy,
        },
    )
}

fn score_of(findings: &[(u8, bool)]) -> u16 {
    let mut image = ImageRisk::default();
    for (risk, certain) in findings {
        image.add(*risk, if *certain { Confidence::Confirmed } else { Confidence::Potential });
    }
    image.score()
}

proptest! {
    #[test]
    fn the_score_of_a_finding_is_the_sum_of_its_parts_and_lies_between_1_and_100(inputs in inputs()) {
        let RiskParts { severity, cvss, threat, prediction, remedy } = inputs.parts();
        let sum = [severity, cvss, threat, prediction, remedy].map(u16::from).iter().sum::<u16>();
        prop_assert_eq!(u16::from(inputs.parts().total()), sum);
        prop_assert!((1..=100).contains(&sum), "{sum}");
        prop_assert!(severity <= 50 && cvss <= 10 && threat <= 28 && prediction <= 8 && remedy <= 4);
    }

    #[test]
    fn more_evidence_never_lowers_the_score_of_a_finding(inputs in inputs(), more in 0.0_f32..1.0, days in any::<u32>()) {
        let score = inputs.parts().total();
        let worse = |change: &dyn Fn(&mut RiskInputs)| {
            let mut changed = inputs;
            change(&mut changed);
            changed.parts().total()
        };
        let severity = inputs.severity.get().saturating_add(1).min(5);
        prop_assert!(worse(&|i| i.severity = Severity::new(severity).unwrap()) >= score);
        let next = THREATS.iter().position(|threat| *threat == inputs.threat).unwrap() + 1;
        prop_assert!(worse(&|i| i.threat = THREATS[next.min(6)]) >= score);
        if let Some(epss) = inputs.epss {
            prop_assert!(worse(&|i| i.epss = Some(epss + more)) >= score);
        }
        if let Some(base) = inputs.cvss {
            prop_assert!(worse(&|i| i.cvss = Some(base + more)) >= score);
        }
        if let Remedy::Available(Some(age)) = inputs.remedy {
            prop_assert!(worse(&|i| i.remedy = Remedy::Available(Some(age.saturating_add(days)))) >= score);
        }
    }

    #[test]
    fn an_added_finding_never_lowers_the_score_of_an_image_and_order_does_not_matter(
        findings in prop::collection::vec((0_u8..=120, any::<bool>()), 0..60),
        added in (0_u8..=120, any::<bool>()),
        turn in any::<prop::sample::Index>(),
    ) {
        let score = score_of(&findings);
        prop_assert!(score <= 1000);
        let mut more = findings.clone();
        more.push(added);
        prop_assert!(score_of(&more) >= score);
        let at = turn.index(more.len());
        more.rotate_left(at);
        let rotated = score_of(&more);
        more.sort_unstable();
        prop_assert_eq!(score_of(&more), rotated);
    }

    #[test]
    fn no_number_of_findings_outweighs_one_that_is_twelve_points_higher(
        worst in 12_u8..=100, count in 0_usize..5000,
    ) {
        let many = vec![(worst - 12, true); count];
        prop_assert!(score_of(&many) < score_of(&[(worst, true)]));
    }
}

#[test]
fn an_image_without_findings_has_no_risk_and_potential_ones_count_half() {
    assert_eq!(score_of(&[]), 0);
    assert_eq!(score_of(&[(90, true)]), 810);
    assert_eq!(score_of(&[(90, false)]), 405);
    let endless = vec![(100, true); 100_000];
    assert_eq!(score_of(&endless), 999);
}

#[test]
fn bands_are_those_of_the_api() {
    let names = [1, 39, 40, 69, 70, 89, 90, 100].map(|risk| Band::of(risk).as_str());
    assert_eq!(names, ["LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH", "CRITICAL", "CRITICAL"]);
}

#[test]
fn a_fix_is_as_old_as_its_vulnerability_at_the_date_of_the_newest_feed() {
    let at = Timestamp::parse;
    assert_eq!(age_days(at("2024-01-01"), at("2024-01-31T23:59:59Z")), Some(30));
    assert_eq!(age_days(at("2024-02-01"), at("2024-01-01")), Some(0), "published after the feed was made");
    assert_eq!(age_days(None, at("2024-01-01")), None);
    assert_eq!(age_days(at("2024-01-01"), None), None);
}

#[test]
fn a_fix_counts_before_the_end_of_life() {
    assert_eq!(Remedy::of(FixState::EndOfLife, true, Some(5)), Remedy::Available(Some(5)));
    assert_eq!(Remedy::of(FixState::EndOfLife, false, None), Remedy::Never);
    assert_eq!(Remedy::of(FixState::WillNotFix, false, Some(5)), Remedy::None);
}

/// The rows of the page's table of examples.
fn examples() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| CVE-"));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
}

#[test]
fn the_examples_of_the_page_are_what_the_real_feeds_give() {
    let feeds = Feeds::new();
    let found = [
        "debian/tracker-json-reconstructed-2026-11-22.json.gz",
        "cvelist/2024-10-24_subset_CVEs.zip",
        "nvd/nvdcve-2.0-sample.json.gz",
        "kev/known_exploited_vulnerabilities.json",
        "epss/epss_scores-2026-08-16.csv.gz",
    ]
    .map(|path| feeds.copy_real(path));
    if found.contains(&false) {
        return eprintln!("skipped: the samples are not there");
    }
    let bundle = feeds.compile();
    let as_of = bundle.manifest().sources.iter().filter_map(|source| source.date).max();
    let mut image = ImageRisk::default();
    let mut count = 0;
    for row in examples() {
        let (id, package) = row[0].split_once(" in ").unwrap();
        let said = bundle.affected(&Namespace("debian:12".into()), package);
        let said = said.iter().find(|said| said.vulnerability.id == id).unwrap();
        let age = age_days(said.vulnerability.published, as_of);
        let remedy = Remedy::of(said.affected.state, said.affected.fix_version.is_some(), age);
        let inputs = RiskInputs::of(&said.vulnerability, said.affected.severity, remedy);
        let parts = inputs.parts();
        let shown = |value: Option<String>| value.unwrap_or_else(|| "unknown".into());
        let threat = serde_json::to_value(inputs.threat).unwrap();
        let expected = [
            row[0].to_owned(),
            format!("{}: {}", inputs.severity.get(), parts.severity),
            format!("{}: {}", shown(inputs.cvss.map(|base| base.to_string())), parts.cvss),
            format!("{}: {}", threat.as_str().unwrap(), parts.threat),
            format!("{}: {}", shown(inputs.epss.map(|score| score.to_string())), parts.prediction),
            format!("{}: {}", shown(age.map(|days| format!("{days} days"))), parts.remedy),
            format!("{} {}", parts.total(), Band::of(parts.total()).as_str()),
        ];
        assert_eq!(row, expected);
        image.add(parts.total(), Confidence::Confirmed);
        count += 1;
    }
    assert_eq!(count, 5);
    assert!(PAGE.contains(&format!("= {}.", image.score())), "{}", image.score());
}
