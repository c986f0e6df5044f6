//! The judgements of an image as exploitability statements.
//!
//! The decision a reader may doubt: without `--vex-all` only findings are spoken of. What is fixed in a package is some
//! hundred times as much as what is not, and a reader of statements takes silence for "nothing known".

use std::collections::HashMap;
use std::io::Write;

use anyhow::bail;
use matcher::{Explanation, Outcome, Reasoning};
use model::{Package, Timestamp};
use sbom::vex::{Cleared, Status};
use sbom::{PlacedFinding, SbomError};

use crate::verdict::Verdict;

/// How much is said of what packages do not have.
const MOST: usize = 500_000;

/// A writer of one of the forms.
type Form =
    fn(&model::ScanReport, &[PlacedFinding<'_>], &[Cleared<'_>], &mut dyn Write) -> Result<(), SbomError>;

/// Writes statements on every finding, and with `all` also on what was looked for and not found.
pub(super) fn write(out: &mut dyn Write, verdict: &Verdict<'_>, all: bool, form: Form) -> anyhow::Result<()> {
    let Some(bundle) = verdict.bundle else {
        bail!(
            "statements on vulnerabilities need vulnerability data: give --feeds FOLDER, --bundle FILE or --data DIR"
        );
    };
    let mut packages: HashMap<Package, Vec<usize>> = HashMap::new();
    for (index, record) in verdict.report.packages.iter().enumerate().filter(|_| all) {
        if record.owned_by.is_none() {
            packages.entry(record.package()).or_default().push(index);
        }
    }
    let explain = |(package, places): (&Package, &Vec<usize>)| {
        (matcher::explain(package, bundle, Timestamp::now(), &[]), places.clone())
    };
    let mut explained: Vec<(Explanation, Vec<usize>)> = packages.iter().map(explain).collect();
    explained.sort_by(|a, b| a.1.cmp(&b.1));
    let mut cleared = Vec::new();
    for (explanation, places) in &explained {
        for reasoning in &explanation.vulnerabilities {
            let Some((status, detail)) = position(reasoning) else { continue };
            let (id, aliases) = (reasoning.id.as_str(), reasoning.aliases.as_slice());
            let said = |&package: &usize| Cleared { package, id, aliases, status, detail };
            cleared.extend(places.iter().map(said));
        }
    }
    if cleared.len() > MOST {
        super::note(&format!("{} statements beyond the first {MOST} are left out", cleared.len() - MOST));
        cleared.truncate(MOST);
    }
    Ok(form(verdict.report, &verdict.placed(), &cleared, out)?)
}

/// What can be said for certain of a vulnerability that is not reported: that the fix is in, or that the publisher says no.
fn position(reasoning: &Reasoning) -> Option<(Status, &str)> {
    if reasoning.finding.is_some() {
        return None;
    }
    let of = |outcome: Outcome| reasoning.statements.iter().find(move |said| said.outcome == outcome);
    if of(Outcome::Undecided).is_some() {
        return None;
    }
    let fixed = of(Outcome::Fixed).map(|said| (Status::Fixed, said.because.as_str()));
    fixed.or_else(|| of(Outcome::NotAffected).map(|said| (Status::NotAffected, said.because.as_str())))
}
