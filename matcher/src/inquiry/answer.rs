//! The answer to a question: the packages that it is about, each with its explanation.

use std::collections::BTreeSet;

use model::{Digest, Finding, Package};

use super::{About, Answer, Inquiry, Place, Question};
use crate::{explain, judge};

impl<'a> Inquiry<'a> {
    /// Answers a question. `further` are numbers that somebody has found the vulnerability to have.
    pub fn answer(&self, question: &Question, further: &[u32]) -> Answer<'a> {
        let mut numbers = self.numbers(question);
        numbers.extend(further);
        let packages: Vec<&Package> = match question {
            Question::Package { ecosystem, name, version } => {
                self.named(*ecosystem, name, version.as_deref())
            }
            _ => self.distinct().into_iter().filter(|package| self.concerns(package, &numbers)).collect(),
        };
        let (mut about, mut left_out, mut room) = (Vec::new(), 0, self.most);
        for package in packages {
            if room == 0 {
                left_out += 1;
                continue;
            }
            let wanted = match question {
                Question::Package { .. } => self.everything_on(package),
                _ => numbers.iter().copied().collect(),
            };
            let taken = wanted.len().min(room);
            left_out += wanted.len() - taken;
            room -= taken.max(1);
            about.extend(self.about(package, &wanted[..taken]));
        }
        Answer { vulnerabilities: self.meant(&numbers), packages: about, left_out }
    }

    /// What is known of one package; more than one entry if it is part of an OS package at some places and not at others.
    pub fn about(&self, package: &'a Package, wanted: &[u32]) -> Vec<About<'a>> {
        // No number at all means all of them to `explain`, and nothing here.
        let wanted = if wanted.is_empty() { &[u32::MAX][..] } else { wanted };
        let explanation = explain(package, self.bundle, self.now, wanted);
        let digests: Vec<Digest> =
            self.facts.layers.iter().filter_map(|layer| layer.diff_id).map(|diff_id| diff_id.0).collect();
        let mut all: Vec<About<'a>> = Vec::new();
        for (index, seen) in self.seen.iter().enumerate().filter(|(_, seen)| seen.package == package) {
            let place = Place {
                purl: seen.purl,
                path: seen.path,
                layer: seen.layer,
                layer_digest: seen.layer.and_then(|layer| digests.get(layer as usize).copied()),
                found_by: seen.found_by,
                declared: seen.declared,
                index,
            };
            match all.iter_mut().find(|about| about.part_of == seen.owned_by) {
                Some(about) => about.places.push(place),
                None => all.push(About {
                    places: vec![place],
                    part_of: seen.owned_by,
                    explanation: explanation.clone(),
                }),
            }
        }
        if self.release == Some(package) {
            all.push(About { places: Vec::new(), part_of: None, explanation });
        }
        all
    }

    /// The numbers of everything that is said of a package, its findings first.
    fn everything_on(&self, package: &Package) -> Vec<u32> {
        let number = |finding: &Finding| finding.vulnerability.qid;
        let mut numbers: Vec<u32> =
            judge(package, self.bundle, self.now).findings.iter().map(number).collect();
        let found: BTreeSet<u32> = numbers.iter().copied().collect();
        let rows = self.rows(package);
        let all: BTreeSet<u32> =
            rows.iter().flat_map(|row| (0..row.len()).map(|index| row.qid(index))).collect();
        numbers.extend(all.difference(&found));
        numbers
    }
}
