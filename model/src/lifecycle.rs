//! Lifecycle of a product release: when it was released and until when it is supported.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Where a release stands at a moment in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LifecycleStage {
    /// Generally available and in active or security support.
    #[serde(rename = "GA")]
    Ga,
    /// Past its end of life, extended support may still be sold.
    #[serde(rename = "EOL")]
    Eol,
    /// Past every kind of support.
    #[serde(rename = "EOS")]
    Eos,
    /// The publisher names no dates.
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
    /// End of life: no more free fixes.
    pub eol: Option<Timestamp>,
    /// End of extended support.
    pub eos: Option<Timestamp>,
    /// The publisher says "ended" without a date.
    pub ended: bool,
}

impl Lifecycle {
    /// The stage at `now`.
    pub fn stage(&self, now: Timestamp) -> LifecycleStage {
        let past = |date: Option<Timestamp>| date.is_some_and(|date| date <= now);
        if past(self.eos) {
            LifecycleStage::Eos
        } else if self.ended || past(self.eol) {
            LifecycleStage::Eol
        } else if self.ga.is_some() || self.eol.is_some() {
            LifecycleStage::Ga
        } else {
            LifecycleStage::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_moves_from_ga_over_eol_to_eos() {
        let at = |days: i64| Some(Timestamp(days));
        let lifecycle = Lifecycle { ga: at(1), eol: at(10), eos: at(20), ..Lifecycle::default() };
        let stages = [5, 10, 20].map(|now| lifecycle.stage(Timestamp(now)));
        assert_eq!(stages, [LifecycleStage::Ga, LifecycleStage::Eol, LifecycleStage::Eos]);
        assert_eq!(Lifecycle::default().stage(Timestamp(5)), LifecycleStage::Unknown);
    }
}
