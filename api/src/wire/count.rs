//! Numbers by severity, in the three forms of the API.

use fleet::{SeverityCounts as Counts, VulnerabilityView};
use model::{Confidence, Severity};
use serde::Serialize;
use utoipa::ToSchema;

/// `severity5Count` to `severity1Count`; all null where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SeverityCounts {
    #[serde(rename = "severity5Count")]
    five: Option<u32>,
    #[serde(rename = "severity4Count")]
    four: Option<u32>,
    #[serde(rename = "severity3Count")]
    three: Option<u32>,
    #[serde(rename = "severity2Count")]
    two: Option<u32>,
    #[serde(rename = "severity1Count")]
    one: Option<u32>,
}

impl SeverityCounts {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self { five: None, four: None, three: None, two: None, one: None };

    pub(crate) fn new(counts: Counts) -> Self {
        let [one, two, three, four, five] = [1, 2, 3, 4, 5].map(|severity| Some(counts.get(severity)));
        Self { five, four, three, two, one }
    }

    /// Counts vulnerabilities.
    pub(crate) fn of<'a>(vulnerabilities: impl Iterator<Item = &'a VulnerabilityView>) -> Self {
        let mut counts = Counts::default();
        vulnerabilities.for_each(|view| counts.add(view.severity));
        Self::new(counts)
    }
}

/// `sev1Count` to `sev5Count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SummaryCounts {
    #[serde(rename = "sev1Count")]
    one: u32,
    #[serde(rename = "sev2Count")]
    two: u32,
    #[serde(rename = "sev3Count")]
    three: u32,
    #[serde(rename = "sev4Count")]
    four: u32,
    #[serde(rename = "sev5Count")]
    five: u32,
}

impl SummaryCounts {
    fn add(&mut self, severity: Severity) {
        let count = match severity.get() {
            1 => &mut self.one,
            2 => &mut self.two,
            3 => &mut self.three,
            4 => &mut self.four,
            _ => &mut self.five,
        };
        *count += 1;
    }
}

/// The two groups of a summary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ByConfidence {
    confirmed: SummaryCounts,
    potential: SummaryCounts,
}

impl ByConfidence {
    fn add(&mut self, view: &VulnerabilityView) {
        match view.confidence {
            Confidence::Confirmed => self.confirmed.add(view.severity),
            Confidence::Potential => self.potential.add(view.severity),
        }
    }
}

/// `vulnSummary`: all findings, and those with a patch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VulnerabilitySummary {
    confirmed: SummaryCounts,
    potential: SummaryCounts,
    patch_availability: ByConfidence,
}

impl VulnerabilitySummary {
    pub(crate) fn new<'a>(vulnerabilities: impl Iterator<Item = &'a VulnerabilityView>) -> Self {
        let (mut all, mut patched) = (ByConfidence::default(), ByConfidence::default());
        for view in vulnerabilities {
            all.add(view);
            if view.is_fixable() {
                patched.add(view);
            }
        }
        Self { confirmed: all.confirmed, potential: all.potential, patch_availability: patched }
    }
}
