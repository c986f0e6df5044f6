//! Risk: how urgent a finding is, 1 to 100, and how risky an image is by its findings, 0 to 1000.
//!
//! What it is for: one number to sort by that takes in what severity alone does not: whether somebody attacks by this
//! flaw, how likely that is, and for how long a fix has been there to be taken. What it is not for: deciding whether a
//! package is affected, and rating severity.
//!
//! Every input gives points of its own ([`RiskParts`]), and the score is their sum, so that each share can be shown.
//! Nothing here asks for the time: ages are counted at a date that comes with the bundle, so that a judgement stays a
//! function of package and bundle. The tables below are explained, with worked examples, in `docs/reference/risk.md`.
//!
//! The decision a reader may doubt: the parts are added and not multiplied. A product would reach higher for the few
//! worst, but nobody could tell from it what a single fact has changed.

use std::collections::BTreeMap;

use model::advisory::{Exploit, ExploitMaturity, Exploitation};
use model::{Confidence, Finding, FixState, Severity, Timestamp, Vulnerability};
use serde::Serialize;

/// Points of severity 1 to 5.
const SEVERITY: [u8; 5] = [1, 10, 24, 40, 50];

/// Points of a vulnerability that nobody gave a CVSS score: those of the middle of its severity.
const NO_CVSS: [u8; 5] = [0, 2, 5, 8, 9];

/// The least EPSS probability and its points, highest first.
const PREDICTION: [(f32, u8); 5] = [(0.9, 8), (0.5, 7), (0.1, 5), (0.01, 3), (0.001, 1)];

/// The least age of a fix in days and its points, highest first.
const FIX_AGE: [(u32, u8); 4] = [(365, 4), (90, 3), (30, 2), (0, 1)];

/// Points where nobody will make a fix any more.
const NO_FIX_EVER: u8 = 3;

const DAY: i64 = 86_400_000;

/// What is known of attacks, weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Threat {
    /// Nothing.
    #[default]
    None,
    /// A proof of concept is public.
    ProofOfConcept,
    /// A working exploit is public.
    PublicExploit,
    /// An attack tool holds an exploit.
    Weaponised,
    /// CISA's SSVC decision says that it is exploited.
    ActiveExploitation,
    /// CISA's catalogue lists it as exploited.
    KnownExploited,
    /// CISA's catalogue lists it as used for ransomware.
    Ransomware,
}

impl Threat {
    /// The strongest that is known about a vulnerability.
    pub fn of(vulnerability: &Vulnerability) -> Self {
        if let Some(known) = &vulnerability.known_exploited {
            return if known.ransomware { Self::Ransomware } else { Self::KnownExploited };
        }
        if vulnerability.exploitation == Some(Exploitation::Active) {
            return Self::ActiveExploitation;
        }
        match vulnerability.exploits.iter().map(|exploit: &Exploit| exploit.maturity).max() {
            Some(ExploitMaturity::Weaponised) => Self::Weaponised,
            Some(ExploitMaturity::Public) => Self::PublicExploit,
            Some(ExploitMaturity::Poc) => Self::ProofOfConcept,
            None if vulnerability.exploitation == Some(Exploitation::Poc) => Self::ProofOfConcept,
            None => Self::None,
        }
    }

    const fn points(self) -> u8 {
        match self {
            Self::None => 0,
            Self::ProofOfConcept => 10,
            Self::PublicExploit => 15,
            Self::Weaponised => 20,
            Self::ActiveExploitation => 23,
            Self::KnownExploited => 25,
            Self::Ransomware => 28,
        }
    }
}

/// What can be done about a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// There is no fix yet.
    None,
    /// The package or release is past its support: there will be none.
    Never,
    /// A fix can be taken, known for so many days; `None` if it is not known since when.
    Available(Option<u32>),
}

impl Remedy {
    /// What the publisher's position comes to.
    pub fn of(state: FixState, has_fix: bool, fix_age_days: Option<u32>) -> Self {
        match state {
            _ if has_fix => Self::Available(fix_age_days),
            FixState::EndOfLife => Self::Never,
            _ => Self::None,
        }
    }

    fn points(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Never => NO_FIX_EVER,
            Self::Available(age) => least_of(&FIX_AGE, age.unwrap_or(0)),
        }
    }
}

/// Everything that the score of a finding depends on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskInputs {
    /// Severity for this package, threat intelligence included.
    pub severity: Severity,
    /// The CVSS base score that decides, if any is known.
    pub cvss: Option<f32>,
    /// What is known of attacks.
    pub threat: Threat,
    /// The EPSS probability, if known.
    pub epss: Option<f32>,
    /// What can be done.
    pub remedy: Remedy,
}

impl RiskInputs {
    /// Gathers the inputs of a finding.
    pub fn of(vulnerability: &Vulnerability, severity: Severity, remedy: Remedy) -> Self {
        let Vulnerability { cvss, cvss3, cvss2, .. } = vulnerability;
        let deciding = cvss.first().or(cvss3.as_ref()).or(cvss2.as_ref());
        Self {
            severity,
            cvss: deciding.map(|cvss| cvss.base),
            threat: Threat::of(vulnerability),
            epss: vulnerability.epss.map(|epss| epss.score),
            remedy,
        }
    }

    /// The points that each input gives.
    pub fn parts(&self) -> RiskParts {
        let step = usize::from(self.severity.get().clamp(1, 5) - 1);
        RiskParts {
            severity: SEVERITY[step],
            cvss: self.cvss.map_or(NO_CVSS[step], |base| (base.clamp(0.0, 10.0) + 0.5) as u8),
            threat: self.threat.points(),
            prediction: self.epss.map_or(0, |score| least_of(&PREDICTION, score)),
            remedy: self.remedy.points(),
        }
    }
}

/// The points that each input gave; their sum is the score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RiskParts {
    /// 1 to 50.
    pub severity: u8,
    /// 0 to 10.
    pub cvss: u8,
    /// 0 to 28.
    pub threat: u8,
    /// 0 to 8.
    pub prediction: u8,
    /// 0 to 4.
    pub remedy: u8,
}

impl RiskParts {
    /// The score, 1 to 100.
    pub const fn total(self) -> u8 {
        self.severity + self.cvss + self.threat + self.prediction + self.remedy
    }
}

/// The score of a finding, 1 to 100. `has_fix` is whether a version that fixes it is known, `fix_age_days` for how
/// long; see [`age_days`].
pub fn of(
    vulnerability: &Vulnerability,
    severity: Severity,
    state: FixState,
    has_fix: bool,
    fix_age_days: Option<u32>,
) -> u8 {
    let remedy = Remedy::of(state, has_fix, fix_age_days);
    RiskInputs::of(vulnerability, severity, remedy).parts().total()
}

/// Whole days from `since` to `as_of`, the date of the newest feed; 0 if `since` is later, `None` if either is unknown.
pub fn age_days(since: Option<Timestamp>, as_of: Option<Timestamp>) -> Option<u32> {
    let days = as_of?.0.saturating_sub(since?.0) / DAY;
    Some(u32::try_from(days.max(0)).unwrap_or(u32::MAX))
}

/// The points of the first step that `value` reaches.
fn least_of<T: PartialOrd + Copy>(steps: &[(T, u8)], value: T) -> u8 {
    steps.iter().find(|(least, _)| value >= *least).map_or(0, |(_, points)| *points)
}

/// The bands of a detection score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Band {
    /// 1 to 39.
    Low,
    /// 40 to 69.
    Medium,
    /// 70 to 89.
    High,
    /// 90 to 100.
    Critical,
}

impl Band {
    /// The band of a score.
    pub const fn of(risk: u8) -> Self {
        match risk {
            90.. => Self::Critical,
            70.. => Self::High,
            40.. => Self::Medium,
            _ => Self::Low,
        }
    }

    /// Its name, in capitals.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// How much of the last hundred points an image gets by its further findings: half of them at this sum of squares.
const HALF: u64 = 40_000;

/// Gathers the findings of an image into its score.
///
/// The worst finding gives nine points for each of its own, up to 900. All others together give up to 100 more, by the
/// sum of their squares, which approaches 100 and never gets there. So no number of small findings outweighs one large
/// one, every finding counts, and neither their order nor what else is there can make an added finding lower the score.
/// A finding of which only the name is certain ([`Confidence::Potential`]) counts with half its score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImageRisk {
    worst: u8,
    squares: u64,
}

impl ImageRisk {
    /// Counts every vulnerability among `findings` once: with the highest score that it has in any package, and as sure as
    /// it is for any of them.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut worst: BTreeMap<u32, (u8, Confidence)> = BTreeMap::new();
        for finding in findings {
            let known = worst.entry(finding.vulnerability.qid).or_insert((finding.risk, finding.confidence));
            *known = (known.0.max(finding.risk), known.1.min(finding.confidence));
        }
        let mut all = Self::default();
        worst.into_values().for_each(|(risk, confidence)| all.add(risk, confidence));
        all
    }

    /// Counts one vulnerability.
    pub fn add(&mut self, risk: u8, confidence: Confidence) {
        let risk = match confidence {
            Confidence::Confirmed => risk.min(100),
            Confidence::Potential => risk.min(100) / 2,
        };
        self.worst = self.worst.max(risk);
        self.squares = self.squares.saturating_add(u64::from(risk) * u64::from(risk));
    }

    /// The score, 0 (no finding) to 1000.
    pub fn score(self) -> u16 {
        let rest = self.squares - u64::from(self.worst) * u64::from(self.worst);
        let share = u128::from(rest) * 100 / (u128::from(rest) + u128::from(HALF));
        u16::from(self.worst) * 9 + u16::try_from(share).unwrap_or(100)
    }
}
