//! Lifecycle of a product release: when it was released and until when it is supported.

use serde::{Deserialize, Serialize};

use crate::finding::Confidence;
use crate::time::Timestamp;

/// Where a release stands at a moment in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LifecycleStage {
    /// Generally available and in active support.
    #[serde(rename = "GA")]
    Ga,
    /// Active support has ended; flaws are still fixed until the end of life.
    #[serde(rename = "security support")]
    SecuritySupport,
    /// Past its end of life, extended support may still be given or sold.
    #[serde(rename = "EOL")]
    Eol,
    /// Past every kind of support.
    #[serde(rename = "EOS")]
    Eos,
    /// The publisher names no dates, or it is not released yet.
    Unknown,
}

/// The dates of one product release; `None` means that the publisher names none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lifecycle {
    /// The product, such as `debian`.
    pub product: String,
    /// The release cycle, such as `12`.
    pub cycle: String,
    /// General availability.
    pub ga: Option<Timestamp>,
    /// End of active support: from then on only flaws are fixed.
    pub eoas: Option<Timestamp>,
    /// End of life: no more free fixes.
    pub eol: Option<Timestamp>,
    /// End of extended support.
    pub eos: Option<Timestamp>,
    /// The publisher says "ended" without a date.
    pub ended: bool,
    /// Confirmed if the product is known by an exact identifier or is the release of an operating system itself; potential
    /// if it is known by a name only.
    pub confidence: Confidence,
}

impl Lifecycle {
    /// The stage at `now`. A date is the first day of what it begins.
    pub fn stage(&self, now: Timestamp) -> LifecycleStage {
        let past = |date: Option<Timestamp>| date.is_some_and(|date| date <= now);
        let ended = self.ended || past(self.eol);
        // an extended support that ends before the end of life is none
        if past(self.eos) && (ended || self.eol.is_none()) {
            LifecycleStage::Eos
        } else if ended {
            LifecycleStage::Eol
        } else if self.ga.is_some_and(|date| date > now) {
            LifecycleStage::Unknown
        } else if past(self.eoas) {
            LifecycleStage::SecuritySupport
        } else if self.ga.is_some() || self.eoas.is_some() || self.eol.is_some() {
            LifecycleStage::Ga
        } else {
            LifecycleStage::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Option<Timestamp> {
        Some(Timestamp(days))
    }

    #[test]
    fn the_stage_moves_from_ga_over_security_support_and_eol_to_eos() {
        let lifecycle =
            Lifecycle { ga: at(1), eoas: at(6), eol: at(10), eos: at(20), ..Lifecycle::default() };
        let stages = [0, 1, 5, 6, 9, 10, 19, 20].map(|now| lifecycle.stage(Timestamp(now)));
        use LifecycleStage::{Eol, Eos, Ga, SecuritySupport, Unknown};
        assert_eq!(stages, [Unknown, Ga, Ga, SecuritySupport, SecuritySupport, Eol, Eol, Eos]);
        assert_eq!(Lifecycle::default().stage(Timestamp(5)), Unknown);
    }

    #[test]
    fn an_end_without_a_date_is_an_end() {
        let ended = Lifecycle { ga: at(1), ended: true, ..Lifecycle::default() };
        assert_eq!(ended.stage(Timestamp(5)), LifecycleStage::Eol);
    }

    #[test]
    fn extended_support_never_ends_what_is_still_supported() {
        let odd = Lifecycle { eol: at(10), eos: at(5), ..Lifecycle::default() };
        assert_eq!(odd.stage(Timestamp(7)), LifecycleStage::Ga);
        assert_eq!(odd.stage(Timestamp(10)), LifecycleStage::Eos);
    }
}
