//! Judging many packages at once, and telling whether a judgement differs from the one before.
//!
//! A fingerprint covers what a client can be shown of a judgement. It is stored, so it must come out the same in every
//! build: every field is written by hand in a fixed order, and numbers stand for the words of an enum.
//!
//! Left out on purpose: the date at which a feed last touched a record, and the exact exploit prediction, which moves for
//! nearly every vulnerability every day and would make every image "updated" daily. Of the prediction only the
//! two thresholds that rules look at take part: a probability of 0.1 and the highest hundredth of all CVEs. For the same
//! reason only the band of the detection score does.

use knowledge::Bundle;
use matcher::risk::Band;
use matcher::{Coverage, Judgement};
use model::advisory::Exploitation;
use model::{Confidence, Digest, Finding, FixState, LifecycleStage, Package, SeverityRule, Timestamp};

/// Things that are gone through without starting threads.
const ALONE: usize = 64;

/// A judgement with what is derived from it.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) judgement: Judgement,
    pub(crate) stage: Option<LifecycleStage>,
    pub(crate) fingerprint: u64,
}

impl Judged {
    pub(crate) fn of(package: &Package, bundle: &Bundle, now: Timestamp) -> Self {
        let judgement = matcher::judge(package, bundle, now);
        let stage = judgement.lifecycle.as_ref().map(|lifecycle| lifecycle.stage(now));
        let fingerprint = fingerprint(&judgement, stage);
        Self { judgement, stage, fingerprint }
    }

    pub(crate) fn qids(&self) -> Vec<u32> {
        self.judgement.findings.iter().map(|finding| finding.vulnerability.qid).collect()
    }
}

/// Judges all of `packages` on as many threads as there are processors; the answers are in their order.
pub(crate) fn judge_all(packages: &[&Package], bundle: &Bundle, now: Timestamp) -> Vec<Judged> {
    let one = |package: &&Package| Judged::of(package, bundle, now);
    in_shares(packages, |share| share.iter().map(one).collect())
}

/// What `work` makes of all things, each thread of its share; the answers are in their order.
pub(crate) fn in_shares<T: Sync, R: Send>(all: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let threads = crate::threads::threads();
    if all.len() <= ALONE || threads == 1 {
        return work(all);
    }
    let share = all.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = all.chunks(share).map(|share| scope.spawn(move || work(share))).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// A number that is equal for equal content of a judgement, in every build.
fn fingerprint(judgement: &Judgement, stage: Option<LifecycleStage>) -> u64 {
    let mut text = Writer::default();
    text.number(u64::from(judgement.coverage == Coverage::Covered));
    text.optional(judgement.fix_version.as_deref());
    text.number(stage.map_or(0, |stage| match stage {
        LifecycleStage::Ga => 1,
        LifecycleStage::Eol => 2,
        LifecycleStage::Eos => 3,
        LifecycleStage::Unknown => 4,
        LifecycleStage::SecuritySupport => 5,
    }));
    if let Some(lifecycle) = &judgement.lifecycle {
        text.text(&lifecycle.product);
        text.text(&lifecycle.cycle);
        for date in [lifecycle.ga, lifecycle.eoas, lifecycle.eol, lifecycle.eos] {
            text.date(date);
        }
        text.number(u64::from(lifecycle.confidence == Confidence::Confirmed));
    }
    text.number(judgement.findings.len() as u64);
    for finding in &judgement.findings {
        text.finding(finding);
    }
    let digest = Digest::of(&text.0);
    digest.as_bytes()[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Collects fields so that no two different sequences of fields give the same bytes.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn date(&mut self, date: Option<Timestamp>) {
        self.number(u64::from(date.is_some()));
        self.0.extend(date.unwrap_or_default().0.to_be_bytes());
    }

    fn cvss(&mut self, cvss: Option<&model::advisory::Cvss>) {
        self.number(u64::from(cvss.is_some()));
        if let Some(cvss) = cvss {
            self.number(u64::from(cvss.base.to_bits()));
            self.text(&cvss.vector);
            self.text(&cvss.source);
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let vulnerability = &finding.vulnerability;
        self.number(u64::from(vulnerability.qid));
        self.text(&vulnerability.id);
        self.number(vulnerability.aliases.len() as u64);
        vulnerability.aliases.iter().for_each(|alias| self.text(alias));
        self.number(vulnerability.family as u64);
        self.text(&vulnerability.title);
        self.cvss(vulnerability.cvss2.as_ref());
        self.cvss(vulnerability.cvss3.as_ref());
        self.number(
            vulnerability.known_exploited.as_ref().map_or(0, |known| 1 + u64::from(known.ransomware)),
        );
        self.date(vulnerability.known_exploited.as_ref().and_then(|known| known.added));
        self.number(
            vulnerability
                .epss
                .map_or(0, |epss| 1 + u64::from(epss.score >= 0.1) + 2 * u64::from(epss.percentile >= 0.99)),
        );
        self.number(vulnerability.exploitation.map_or(0, |decision| match decision {
            Exploitation::None => 1,
            Exploitation::Poc => 2,
            Exploitation::Active => 3,
        }));
        self.number(vulnerability.exploits.len() as u64);
        for exploit in &vulnerability.exploits {
            self.text(&exploit.source);
            self.text(&exploit.id);
        }
        self.number(band_number(Band::of(finding.risk)));
        self.date(vulnerability.published);
        self.number(vulnerability.references.len() as u64);
        vulnerability.references.iter().for_each(|reference| self.text(reference));
        self.text(&finding.advisory);
        self.text(&finding.feed);
        self.number(u64::from(finding.severity.get()));
        self.number(rule_number(finding.severity_rule));
        self.number(state_number(finding.state));
        self.optional(finding.fix_version.as_deref());
        self.number(u64::from(finding.confidence == Confidence::Confirmed));
    }
}

/// The number that stands for a rule in fingerprints; never used again for another one.
const fn rule_number(rule: SeverityRule) -> u64 {
    match rule {
        SeverityRule::VendorRating => 1,
        SeverityRule::Cvss => 2,
        SeverityRule::DatabaseRating => 3,
        SeverityRule::DebianUrgency => 4,
        SeverityRule::Default => 5,
    }
}

/// The number that stands for a band of the detection score in fingerprints; never used again for another one.
const fn band_number(band: Band) -> u64 {
    match band {
        Band::Low => 1,
        Band::Medium => 2,
        Band::High => 3,
        Band::Critical => 4,
    }
}

/// The number that stands for a state in fingerprints; never used again for another one.
const fn state_number(state: FixState) -> u64 {
    match state {
        FixState::Fixed => 1,
        FixState::Affected => 2,
        FixState::WillNotFix => 3,
        FixState::FixDeferred => 4,
        FixState::EndOfLife => 5,
        FixState::UnderInvestigation => 6,
        FixState::NotAffected => 7,
        FixState::Unknown => 8,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::advisory::Epss;
    use model::{NamespaceFamily, Severity, Vulnerability};

    use super::*;

    fn judgement() -> Judgement {
        let vulnerability = Vulnerability {
            qid: 12,
            id: "CVE-2024-0001".into(),
            family: NamespaceFamily::Debian,
            title: "a flaw".into(),
            epss: Some(Epss { score: 0.05, percentile: 0.5 }),
            published: Some(Timestamp(5)),
            modified: Some(Timestamp(6)),
            references: vec!["https://example.com/1".into()],
            ..Vulnerability::default()
        };
        let finding = Finding {
            vulnerability: Arc::new(vulnerability),
            advisory: "DSA-1".into(),
            feed: "debian".into(),
            severity: Severity::DEFAULT,
            severity_rule: SeverityRule::Default,
            base_severity: Severity::DEFAULT,
            raised_by: None,
            risk: 30,
            state: FixState::Fixed,
            fix_version: Some("2".into()),
            confidence: Confidence::Confirmed,
        };
        Judgement {
            findings: vec![finding],
            coverage: Coverage::Covered,
            undecided: Vec::new(),
            fix_version: Some("2".into()),
            lifecycle: None,
        }
    }

    fn changed(change: impl FnOnce(&mut Finding, &mut Vulnerability)) -> bool {
        let mut judgement = judgement();
        let mut vulnerability = (*judgement.findings[0].vulnerability).clone();
        change(&mut judgement.findings[0], &mut vulnerability);
        judgement.findings[0].vulnerability = Arc::new(vulnerability);
        fingerprint(&judgement, None) != fingerprint(&self::judgement(), None)
    }

    #[test]
    fn the_fingerprint_is_the_same_in_every_build() {
        assert_eq!(fingerprint(&judgement(), None), 5_471_196_065_222_262_965);
    }

    #[test]
    fn what_a_client_sees_changes_the_fingerprint_and_a_daily_prediction_does_not() {
        assert!(changed(|finding, _| finding.severity = Severity::URGENT));
        assert!(changed(|finding, _| finding.fix_version = None));
        assert!(changed(|finding, _| finding.state = FixState::WillNotFix));
        assert!(changed(|finding, _| finding.risk = 40));
        assert!(!changed(|finding, _| finding.risk = 31), "within its band the score may move");
        assert!(changed(|_, vulnerability| vulnerability.exploitation = Some(Exploitation::Poc)));
        assert!(changed(|_, vulnerability| vulnerability.title.push('!')));
        assert!(changed(|_, vulnerability| vulnerability.epss = Some(Epss { score: 0.2, percentile: 0.5 })));
        assert!(
            !changed(|_, vulnerability| vulnerability.epss = Some(Epss { score: 0.06, percentile: 0.6 }))
        );
        assert!(!changed(|_, vulnerability| vulnerability.modified = None));
    }

    #[test]
    fn the_stage_of_the_lifecycle_takes_part() {
        assert_ne!(
            fingerprint(&judgement(), Some(LifecycleStage::Ga)),
            fingerprint(&judgement(), Some(LifecycleStage::Eol))
        );
    }
}
