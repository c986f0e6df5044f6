//! A second matcher, written as plainly as possible and sharing nothing with the first but the model: it looks at each
//! version `a.b` as a pair of numbers and tries every rule row by row. Random statements must come out equal.

use knowledge::BundleAffected;
use model::{Affected, AffectedRange, Bound, Distro, Ecosystem, FixState, Severity, SeverityRule};
use proptest::prelude::*;

use crate::make;

type Number = (u32, u32);

fn number(text: &str) -> Option<Number> {
    let (a, b) = text.split_once('.')?;
    Some((a.parse().ok()?, b.parse().ok()?))
}

/// A finding in the plainest form: number, deciding advisory, state, fix, severity.
type Row = (u32, String, FixState, Option<String>, u8);

#[derive(Debug, PartialEq)]
enum Hit {
    No,
    Yes(Option<Number>),
    Unknown,
}

fn hit(version: &str, affected: &Affected) -> Hit {
    if affected.state == FixState::NotAffected {
        return Hit::No;
    }
    let Some(version) = number(version) else {
        let all = affected.ranges.iter().any(|range| range.introduced.is_none() && range.end == Bound::Open);
        let listed = affected.versions.iter().any(|entry| entry == version);
        return match (all || listed, affected.ranges.is_empty() && affected.versions.is_empty()) {
            (true, _) => Hit::Yes(None),
            (false, true) => Hit::No,
            (false, false) => Hit::Unknown,
        };
    };
    let mut unknown = false;
    let mut inside = false;
    let mut ends = Vec::new();
    for range in &affected.ranges {
        // a bound that cannot be read is "maybe"
        let after_start = match &range.introduced {
            None => Some(true),
            Some(start) => number(start).map(|start| start <= version),
        };
        let before_end = match &range.end {
            Bound::Open => Some(true),
            Bound::Fixed(end) => number(end).map(|end| version < end),
            Bound::LastAffected(end) => number(end).map(|end| version <= end),
        };
        match (after_start, before_end) {
            (Some(false), _) | (_, Some(false)) => {}
            (Some(true), Some(true)) => {
                inside = true;
                if let Bound::Fixed(end) = &range.end {
                    ends.extend(number(end));
                }
            }
            _ => unknown = true,
        }
    }
    inside |= affected.versions.iter().any(|entry| number(entry) == Some(version));
    if ends.is_empty() {
        for range in &affected.ranges {
            if let Bound::Fixed(end) = &range.end {
                ends.extend(number(end));
            }
        }
        ends.extend(affected.fix_version.as_deref().and_then(number));
        ends.retain(|end| *end > version);
    }
    match (inside, unknown) {
        (true, _) => Hit::Yes(ends.into_iter().min()),
        (false, true) => Hit::Unknown,
        (false, false) => Hit::No,
    }
}

fn row(qid: u32, hits: &[(&Affected, Option<Number>)]) -> Row {
    let with_fix: Vec<_> = hits.iter().filter(|(_, fix)| fix.is_some()).collect();
    let pool: Vec<_> = if with_fix.is_empty() { hits.iter().collect() } else { with_fix };
    let own: Vec<_> = pool.iter().copied().filter(|(row, _)| row.advisory.starts_with("PYSEC-")).collect();
    let pool = if own.is_empty() { pool } else { own };
    let fix = pool.iter().map(|(_, fix)| *fix).max().unwrap();
    let decider = pool.iter().filter(|hit| hit.1 == fix).min_by_key(|(row, _)| &row.advisory).unwrap().0;
    let state = match (decider.state, fix) {
        (FixState::Fixed, None) => FixState::Affected,
        (FixState::Affected | FixState::Unknown, Some(_)) => FixState::Fixed,
        (state, _) => state,
    };
    let strongest = hits.iter().map(|(row, _)| row.severity_rule).min().unwrap();
    let severity = hits
        .iter()
        .filter(|(row, _)| row.severity_rule == strongest)
        .map(|(row, _)| row.severity.get())
        .max();
    (qid, decider.advisory.clone(), state, fix.map(|(a, b)| format!("{a}.{b}")), severity.unwrap())
}

/// All rows, the undecided numbers, and the version that clears everything.
fn brute(version: &str, records: &[BundleAffected]) -> (Vec<Row>, Vec<u32>, Option<String>) {
    let (mut rows, mut undecided) = (Vec::new(), Vec::new());
    for qid in 0..4 {
        let mut hits = Vec::new();
        let mut unknown = false;
        for record in records.iter().filter(|record| record.vulnerability.qid == qid) {
            match hit(version, &record.affected) {
                Hit::No => {}
                Hit::Yes(fix) => hits.push((&record.affected, fix)),
                Hit::Unknown => unknown = true,
            }
        }
        if !hits.is_empty() {
            rows.push(row(qid, &hits));
        } else if unknown {
            undecided.push(qid);
        }
    }
    let clearing = clearing(&rows, records);
    (rows, undecided, clearing)
}

/// The lowest version, at least the highest fix, at which nothing applies of what has a fix; else the highest fix.
fn clearing(rows: &[Row], records: &[BundleAffected]) -> Option<String> {
    let fixable: Vec<&Row> = rows.iter().filter(|row| row.3.is_some()).collect();
    let highest = fixable.iter().filter_map(|row| number(row.3.as_ref()?)).max()?;
    let mut candidates: Vec<Number> = Vec::new();
    for record in records {
        let ends = record.affected.ranges.iter().filter_map(|range| match &range.end {
            Bound::Fixed(end) => number(end),
            _ => None,
        });
        candidates.extend(ends.chain(record.affected.fix_version.as_deref().and_then(number)));
    }
    candidates.retain(|candidate| *candidate >= highest);
    candidates.sort_unstable();
    let applies = |(a, b): Number| {
        let of_fixable =
            |record: &&BundleAffected| fixable.iter().any(|row| row.0 == record.vulnerability.qid);
        let hit = |record: &BundleAffected| hit(&format!("{a}.{b}"), &record.affected);
        records.iter().filter(of_fixable).any(|record| matches!(hit(record), Hit::Yes(_)))
    };
    let (a, b) = candidates.into_iter().find(|candidate| !applies(*candidate)).unwrap_or(highest);
    Some(format!("{a}.{b}"))
}

fn engine(
    ecosystem: Ecosystem,
    version: &str,
    records: &[BundleAffected],
) -> (Vec<Row>, Vec<u32>, Option<String>) {
    let mut package = make::package(ecosystem, "x", version);
    package.distro = match ecosystem {
        Ecosystem::Deb => Some(Distro::new("debian", "12")),
        Ecosystem::Apk => Some(Distro::new("alpine", "3.18")),
        _ => None,
    };
    let decision = make::judged(&package, records);
    let rows = decision.findings.into_iter().map(|finding| {
        let qid = finding.vulnerability.qid;
        (qid, finding.advisory, finding.state, finding.fix_version, finding.severity.get())
    });
    let undecided = decision.undecided.into_iter().map(|entry| entry.vulnerability.parse().unwrap());
    (rows.collect(), undecided.collect(), decision.fix_version)
}

fn any_version() -> impl Strategy<Value = String> {
    // one in twelve cannot be read by any scheme
    (0..4_u32, 0..3_u32, 0..12_u8)
        .prop_map(|(a, b, odd)| if odd == 0 { "${x}/".into() } else { format!("{a}.{b}") })
}

fn any_end() -> impl Strategy<Value = Bound> {
    prop_oneof![
        1 => Just(Bound::Open),
        4 => any_version().prop_map(Bound::Fixed),
        1 => any_version().prop_map(Bound::LastAffected),
    ]
}

fn any_record() -> impl Strategy<Value = BundleAffected> {
    let range = (proptest::option::of(any_version()), any_end())
        .prop_map(|(introduced, end)| AffectedRange { introduced, end });
    let ranges = proptest::collection::vec(range, 0..3);
    let versions = proptest::collection::vec(any_version(), 0..3);
    let state = proptest::sample::select(vec![
        FixState::Fixed,
        FixState::Affected,
        FixState::WillNotFix,
        FixState::NotAffected,
        FixState::Unknown,
    ]);
    let rule = proptest::sample::select(vec![
        SeverityRule::Cvss,
        SeverityRule::DatabaseRating,
        SeverityRule::Default,
    ]);
    let advisory = (proptest::sample::select(vec!["PYSEC", "GHSA"]), 0..9_u8);
    (0..4_u32, ranges, versions, state, proptest::option::of(any_version()), (rule, 1..=5_u8), advisory)
        .prop_map(
            |(qid, ranges, versions, state, fix_version, (severity_rule, severity), (database, serial))| {
                let affected = Affected {
                    advisory: format!("{database}-{serial}"),
                    feed: "made".to_owned(),
                    ranges,
                    versions,
                    state,
                    fix_version,
                    severity: Severity::new(severity).unwrap(),
                    severity_rule,
                    ..Affected::default()
                };
                make::statement(qid, &qid.to_string(), affected)
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_engine_and_the_brute_force_matcher_agree(
        version in any_version(),
        mut records in proptest::collection::vec(any_record(), 0..8),
    ) {
        // statements that differ in nothing the rules look at may swap; keep one of each advisory per vulnerability
        records.sort_by(|a, b| (a.vulnerability.qid, &a.affected.advisory).cmp(&(b.vulnerability.qid, &b.affected.advisory)));
        records.dedup_by(|a, b| a.vulnerability.qid == b.vulnerability.qid && a.affected.advisory == b.affected.advisory);
        let expected = brute(&version, &records);
        prop_assert_eq!(engine(Ecosystem::Pypi, &version, &records), expected);
    }

    #[test]
    fn plain_versions_are_judged_alike_in_every_scheme(
        version in any_version(),
        records in proptest::collection::vec(any_record(), 0..6),
    ) {
        let without_names = |(rows, undecided, fix): (Vec<Row>, Vec<u32>, Option<String>)| {
            (rows.into_iter().map(|row| (row.0, row.3.is_some())).collect::<Vec<_>>(), undecided, fix.is_some())
        };
        let expected = without_names(brute(&version, &records));
        for ecosystem in [Ecosystem::Deb, Ecosystem::Apk, Ecosystem::Gem, Ecosystem::Maven] {
            let found = without_names(engine(ecosystem, &version, &records));
            prop_assert_eq!(&found, &expected, "{:?}", ecosystem);
        }
    }
}
