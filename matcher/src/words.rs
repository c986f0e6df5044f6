//! The sentences of explanations.

use std::cmp::Ordering;

use knowledge::Verdict;
use model::{Affected, Bound, Finding, FixState, Lifecycle, Named, Package, Standing, Timestamp};
use version::Scheme;

use crate::explain::{Outcome, Said};

/// Why a vulnerability is reported, or not.
pub(crate) fn outcome(finding: Option<&Finding>, statements: &[Said]) -> String {
    let Some(finding) = finding else {
        return format!("not reported: {}", reasons(statements));
    };
    let statement = statements.iter().find(|said| said.decides);
    let compared = statement.and_then(|said| telling(said, finding)).map(|text| format!(" ({text})"));
    let compared = compared.unwrap_or_default();
    let (advisory, feed) = (&finding.advisory, &finding.feed);
    let position = match (&finding.fix_version, finding.state) {
        (Some(fix), FixState::Fixed) => format!("it is fixed in {fix}"),
        (Some(fix), state) => format!("{}, and {fix} is named as its fix", state_in_words(state)),
        (None, state) => state_in_words(state).to_owned(),
    };
    let behind = statement.and_then(|said| said.namespace.as_ref());
    let behind = behind.map(|namespace| format!(" on {namespace}")).unwrap_or_default();
    format!(
        "reported: by {advisory} of feed {feed}{behind} the installed version is affected{compared}; {position}"
    )
}

/// Every reason once, those of statements in force first, at most three.
fn reasons(statements: &[Said]) -> String {
    let mut sorted: Vec<&Said> = statements.iter().collect();
    sorted.sort_by_key(|said| said.affected.standing);
    let mut distinct: Vec<&str> = Vec::new();
    for said in sorted {
        if !distinct.contains(&said.because.as_str()) {
            distinct.push(&said.because);
        }
    }
    match distinct.len() {
        0 => "no statement speaks of it".to_owned(),
        1..=3 => distinct.join("; "),
        all => format!("{}; and {} more reasons", distinct[..3].join("; "), all - 3),
    }
}

/// The comparison that says most: with the fix, else with another bound above, else with the version itself.
fn telling<'a>(said: &'a Said, finding: &Finding) -> Option<&'a String> {
    let below = finding.fix_version.as_ref().map(|fix| format!(" < {fix}"));
    let with_fix = said.compared.iter().find(|text| below.as_ref().is_some_and(|end| text.ends_with(end)));
    let with = |sign: &str| said.compared.iter().find(|text| text.contains(sign));
    with_fix.or_else(|| with(" < ")).or_else(|| with(" = ")).or_else(|| said.compared.first())
}

const fn state_in_words(state: FixState) -> &'static str {
    match state {
        FixState::Fixed => "it is fixed",
        FixState::Affected => "no fix is known",
        FixState::WillNotFix => "it is not going to be fixed",
        FixState::FixDeferred => "its fix is put off",
        FixState::EndOfLife => "it is past its support",
        FixState::UnderInvestigation => "the publisher is looking into it",
        FixState::NotAffected => "it is not affected",
        FixState::Unknown => "the publisher does not say whether it will be fixed",
    }
}

/// The comparisons that a statement hangs on.
pub(crate) fn compared(scheme: Scheme, version: &str, affected: &Affected) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |bound: &str| {
        let sign = match version::compare(scheme, version, bound) {
            Ok(Ordering::Less) => "<",
            Ok(Ordering::Equal) => "=",
            Ok(Ordering::Greater) => ">",
            Err(_) => "?",
        };
        let text = format!("{version} {sign} {bound}");
        if !told.contains(&text) {
            told.push(text);
        }
    };
    for range in &affected.ranges {
        match &range.end {
            Bound::Fixed(bound) | Bound::LastAffected(bound) => tell(bound),
            Bound::Open => {}
        }
        range.introduced.iter().for_each(|bound| tell(bound));
    }
    let listed = |entry: &&String| version::compare(scheme, version, entry) == Ok(Ordering::Equal);
    affected.versions.iter().filter(listed).for_each(|entry| tell(entry));
    told
}

/// What came of one statement, and why.
pub(crate) fn verdict(
    (package, scheme, version): (&Package, Scheme, &str),
    affected: &Affected,
    is_meant: bool,
    is_named: bool,
    verdict: Verdict,
    applies: bool,
) -> (Outcome, String) {
    let note = affected.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
    match affected.standing {
        Standing::Withdrawn => {
            return (Outcome::Withdrawn, "its publisher has withdrawn the record".to_owned());
        }
        Standing::Rejected => return (Outcome::Rejected, "the CVE was rejected".to_owned()),
        Standing::Outranked => {
            return (Outcome::Outranked, "a feed that knows better speaks of the same package".to_owned());
        }
        Standing::InForce => {}
    }
    if !is_named {
        let what = match affected.named {
            Named::Source => "the source package of this name, which is not the one that it was built from",
            Named::Binary => "the package of this name, which it is not",
        };
        return (Outcome::OtherPackage, format!("it speaks of {what}"));
    }
    if !is_meant {
        return (Outcome::OtherBuild, not_meant(package, affected));
    }
    if affected.state == FixState::NotAffected {
        return (Outcome::NotAffected, format!("the publisher says that it is not affected{note}"));
    }
    match (verdict, applies) {
        (Verdict::Inside(_), true) => (Outcome::Applies, format!("the version is affected{note}")),
        (Verdict::Inside(_), false) => {
            (Outcome::Outweighed, "a statement about the binary package itself outweighs it".to_owned())
        }
        (Verdict::Undecided, _) => {
            (Outcome::Undecided, "a version cannot be read, so that it cannot be told".to_owned())
        }
        (Verdict::Outside, _) => outside(scheme, version, affected),
    }
}

/// Why what is said of the release behind an update stream does not count.
pub(crate) fn not_heard(package: &Package, is_shared: bool) -> String {
    let stream = package.distro.as_ref().map_or_else(String::new, ToString::to_string);
    match is_shared {
        true => "what is said of the package's own stream goes before it".to_owned(),
        false => format!("it is a fix that does not come to {stream}"),
    }
}

fn not_meant(package: &Package, affected: &Affected) -> String {
    match (&affected.module, &package.module) {
        (Some(stream), Some(own)) if stream != own => {
            format!("it speaks of module stream {stream}, the package is of {own}")
        }
        (Some(stream), None) => format!("it speaks of module stream {stream}, the package is of none"),
        (None, Some(own)) => format!("it speaks of no module stream, the package is of {own}"),
        _ => format!(
            "it speaks of {}, the package is of {}",
            affected.arches.join(", "),
            package.arch.as_deref().unwrap_or("no architecture")
        ),
    }
}

fn outside(scheme: Scheme, version: &str, affected: &Affected) -> (Outcome, String) {
    let ends = affected.ranges.iter().filter_map(|range| match &range.end {
        Bound::Fixed(end) => Some(end),
        _ => None,
    });
    let is_reached =
        |fix: &&String| version::compare(scheme, version, fix).is_ok_and(|order| order != Ordering::Less);
    let fixes: Vec<&String> = affected.fix_version.iter().chain(ends).collect();
    if let Some(fix) =
        fixes.iter().copied().filter(is_reached).reduce(|highest, fix| {
            match version::compare(scheme, highest, fix) {
                Ok(Ordering::Less) => fix,
                _ => highest,
            }
        })
    {
        return (Outcome::Fixed, format!("it is fixed since {fix}"));
    }
    let ahead = fixes.first().map(|fix| format!("; the fix is {fix}")).unwrap_or_default();
    (Outcome::Outside, format!("the version is outside of what is affected{ahead}"))
}

/// Why something is past its end of life: all its dates, and which of them counts.
pub(crate) fn ended(lifecycle: &Lifecycle, now: Timestamp) -> String {
    let Lifecycle { product, cycle, .. } = lifecycle;
    let past = match (lifecycle.eol, lifecycle.eos) {
        (Some(eol), _) => format!("its end of life was {}", day(eol)),
        (None, Some(eos)) => format!("its support ended on {}", day(eos)),
        (None, None) => "its publisher calls it ended and gives no date".to_owned(),
    };
    let extended = lifecycle.eos.filter(|_| lifecycle.eol.is_some());
    let extended = extended.map(|eos| match eos > now {
        true => format!(", extended support goes on until {}", day(eos)),
        false => format!(", extended support ended on {}", day(eos)),
    });
    format!("reported: {product} {cycle}: {past}{}", extended.unwrap_or_default())
}

fn day(date: Timestamp) -> String {
    date.to_rfc3339().chars().take_while(|c| *c != 'T').collect()
}
