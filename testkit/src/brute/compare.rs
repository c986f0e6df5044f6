//! Holding the engine's findings against those of the brute force.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::answer::Found;
use super::question::Question;
use super::{BruteForce, Row};

/// One vulnerability of one package about which the two do not agree.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The package.
    pub question: Question,
    /// The main id.
    pub id: String,
    /// What the engine says.
    pub engine: Option<Found>,
    /// What the raw rows say.
    pub brute: Option<Found>,
    /// The raw rows.
    pub rows: Vec<Row>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Question { namespace, name, version, module, .. } = &self.question;
        writeln!(f, "{namespace} {name} {version} {} {}", module.as_deref().unwrap_or_default(), self.id)?;
        for (who, found) in [("engine", &self.engine), ("brute force", &self.brute)] {
            match found {
                Some(Found { state, fix, advisory, .. }) => {
                    writeln!(f, "  {who}: {state}, fix {}, by {advisory}", fix.as_deref().unwrap_or("none"))?;
                }
                None => writeln!(f, "  {who}: not affected")?,
            }
        }
        for row in &self.rows {
            writeln!(f, "  {} {} (also {}): {}", row.feed, row.id, row.aliases.join(" "), row.raw)?;
        }
        Ok(())
    }
}

/// Figures of one namespace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Names of packages.
    pub packages: usize,
    /// Packages in a version.
    pub questions: usize,
    /// Findings of the brute force.
    pub findings: usize,
    /// Vulnerabilities about which they do not agree.
    pub differences: usize,
}

/// Where `engine`, what the engine found for `question`, is not what the raw rows say.
pub fn differences(brute: &BruteForce, question: &Question, engine: &[Found]) -> (usize, Vec<Difference>) {
    let expected = brute.judge(question).unwrap_or_default();
    let by_id = |found: &Found| (found.id.clone(), found.clone());
    let engine: BTreeMap<String, Found> = engine.iter().map(by_id).collect();
    let count = expected.len();
    let expected: BTreeMap<String, Found> = expected.iter().map(by_id).collect();
    let ids: BTreeSet<&String> = engine.keys().chain(expected.keys()).collect();
    let unequal = ids.into_iter().filter(|id| engine.get(*id) != expected.get(*id));
    let differences = unequal.map(|id| Difference {
        question: question.clone(),
        id: id.clone(),
        engine: engine.get(id).cloned(),
        brute: expected.get(id).cloned(),
        rows: brute.rows_about(question, id),
    });
    (count, differences.collect())
}

impl BruteForce {
    /// The rows about a package and a vulnerability.
    fn rows_about(&self, question: &Question, id: &str) -> Vec<Row> {
        let rows = self.rows(&question.namespace, &question.name).iter();
        rows.filter(|row| row.about.contains(id)).cloned().collect()
    }
}
