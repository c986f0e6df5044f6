//! An explanation as data: what `--format json` prints, and what the text is made of.

use knowledge::Bundle;
use matcher::inquiry::{Answer, Inquiry, Question};
use model::{Digest, Finding, ImageId, Namespace, ScanReport, Timestamp};
use serde::Serialize;

use crate::verdict::{Subject, Suppression};

/// The whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    pub(super) image: ImageId,
    pub(super) names: Vec<String>,
    pub(super) system: Option<&'a str>,
    pub(super) question: Asked<'a>,
    pub(super) knowledge: Data,
    #[serde(flatten)]
    pub(super) answer: Answer<'a>,
    /// What the statements on a vulnerability are about that no package of the image has to do with.
    pub(super) elsewhere: Vec<Elsewhere>,
    pub(super) more_elsewhere: usize,
    /// How many packages of the image, place by place, no advisory speaks of.
    pub(super) not_covered: usize,
    pub(super) suppressed: Vec<SetAside>,
}

#[derive(Serialize)]
pub(super) struct Asked<'a> {
    /// `number`, `id` or `package`.
    pub(super) kind: &'static str,
    pub(super) text: &'a str,
}

#[derive(Serialize)]
pub(super) struct Data {
    pub(super) bundle: Digest,
    /// The date of the newest feed.
    pub(super) date: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct Elsewhere {
    pub(super) namespace: Namespace,
    pub(super) package: String,
}

/// A finding that does not count.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SetAside {
    pub(super) qid: u32,
    pub(super) package: String,
    pub(super) path: String,
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) justification: Option<&'static str>,
    pub(super) reason: String,
    pub(super) source: String,
}

impl SetAside {
    pub(super) fn new(subject: Subject<'_>, finding: &Finding, why: &Suppression) -> Self {
        Self {
            qid: finding.vulnerability.qid,
            package: subject.name().to_owned(),
            path: subject.path().to_owned(),
            status: why.status,
            justification: why.justification.map(|word| word.as_str()),
            reason: why.reason.clone(),
            source: why.source.clone(),
        }
    }
}

impl<'a> Document<'a> {
    pub(super) fn new(
        inquiry: &Inquiry<'a>,
        report: &'a ScanReport,
        (question, text): (&Question, &'a str),
        answer: Answer<'a>,
        (elsewhere, more_elsewhere): (Vec<(Namespace, String)>, usize),
        not_covered: usize,
        suppressed: Vec<SetAside>,
    ) -> Self {
        let kind = match question {
            Question::Number(_) => "number",
            Question::Id(_) => "id",
            Question::Package { .. } => "package",
        };
        let bundle: &Bundle = inquiry.bundle;
        let places = elsewhere.into_iter();
        Self {
            image: report.image.id,
            names: report.image.references.iter().map(crate::output::reference).collect(),
            system: report.os_release.as_ref().map(|release| release.display_name.as_str()),
            question: Asked { kind, text },
            knowledge: Data { bundle: bundle.id(), date: bundle.date() },
            answer,
            elsewhere: places.map(|(namespace, package)| Elsewhere { namespace, package }).collect(),
            more_elsewhere,
            not_covered,
            suppressed,
        }
    }
}
