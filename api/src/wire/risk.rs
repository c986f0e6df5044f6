//! Scores of risk, and the indicators of threat beside a vulnerability.
//!
//! The scores are the fleet's. Of the indicators only those are told that a feed or a CVSS vector says; the others stay null,
//! which to a client is the same as "not known". A likely attack (EPSS) has no key there, and records must not have keys
//! that typed clients do not know; it has its share in the score.

use fleet::{ContainerView, RiskBand, RiskView, VulnerabilityView};
use model::advisory::{Exploit, Exploitation};
use model::{Timestamp, Vulnerability};
use serde::Serialize;
use utoipa::ToSchema;

use super::scalar::{Millis, Null};

/// The name of the formula of `docs/reference/risk.md`; another one when its tables change.
const FORMULA: &str = "plimsoll-1";

/// Keys that describe scoring. Null as a whole where nothing was judged; without any vulnerability the score is 0 and
/// there is no highest one.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RiskKeys {
    /// 0 to 1000.
    risk_score: Option<u16>,
    risk_score_calculated_date: Option<Millis>,
    formula_used: Option<&'static str>,
    /// 1 to 100.
    max_qds_score: Option<u8>,
    #[schema(example = "HIGH")]
    qds_severity: Option<&'static str>,
    #[schema(value_type = Option<u8>)]
    criticality: Null,
}

impl RiskKeys {
    /// `updated` is when the record changed last, its findings included: the score is as old as they are.
    pub(super) fn of(risk: RiskView, updated: Timestamp) -> Self {
        Self {
            risk_score: Some(risk.score),
            risk_score_calculated_date: Some(updated.into()),
            formula_used: Some(FORMULA),
            max_qds_score: risk.worst,
            qds_severity: risk.band().map(RiskBand::as_str),
            criticality: Null,
        }
    }

    /// Of a container whose image was never reported nothing is known.
    pub(super) fn of_container(view: &ContainerView) -> Self {
        view.image.as_ref().map_or_else(Self::default, |_| Self::of(view.risk, view.updated))
    }
}

/// Real-time indicators: each flag is true or null.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThreatIntel<'a> {
    /// In CISA's catalogue, or its SSVC decision says so.
    active_attacks: Option<bool>,
    /// Attacked, and nothing affected has a fix.
    zero_day: Option<bool>,
    /// Somebody has published an exploit, working or not.
    public_exploit: Option<bool>,
    /// By its CVSS vector: over the network, without privileges, without a user, and without luck.
    easy_exploit: Option<bool>,
    high_lateral_movement: Option<bool>,
    high_data_loss: Option<bool>,
    no_patch: Option<bool>,
    /// By its CVSS vector availability is lost, and nothing else.
    denial_of_service: Option<bool>,
    malware: Option<bool>,
    exploit_kit: Option<bool>,
    ransomware: Option<bool>,
    /// List and number or name of each exploit.
    public_exploit_names: Option<Vec<String>>,
    malware_names: Option<Vec<&'a str>>,
    exploit_kit_names: Option<Vec<&'a str>>,
}

impl ThreatIntel<'_> {
    pub(super) fn of(view: &VulnerabilityView) -> Self {
        let what = &*view.vulnerability;
        let known = what.known_exploited.as_ref();
        let attacked = known.is_some() || what.exploitation == Some(Exploitation::Active);
        let published = !what.exploits.is_empty() || what.exploitation == Some(Exploitation::Poc);
        let when = |condition: bool| condition.then_some(true);
        Self {
            active_attacks: when(attacked),
            zero_day: when(attacked && !view.is_fixable()),
            public_exploit: when(published),
            easy_exploit: when(vectors(what).any(is_easy)),
            no_patch: when(!view.is_fixable()),
            denial_of_service: when(vectors(what).any(is_outage)),
            ransomware: when(known.is_some_and(|entry| entry.ransomware)),
            public_exploit_names: (!what.exploits.is_empty())
                .then(|| what.exploits.iter().map(name).collect()),
            ..Self::default()
        }
    }
}

fn name(exploit: &Exploit) -> String {
    format!("{} {}", exploit.source, exploit.id)
}

/// The vector of the rating that decides, if it has one: what another rater thinks must not contradict the score.
fn vectors(what: &Vulnerability) -> impl Iterator<Item = &str> {
    let deciding = what.cvss.first().or(what.cvss3.as_ref()).or(what.cvss2.as_ref());
    deciding.map(|cvss| cvss.vector.as_str()).into_iter()
}

/// Whether a vector holds each of `metrics`; those of v2 are written differently, so all three forms are asked for.
fn has_all(vector: &str, metrics: &[&str]) -> bool {
    metrics.iter().all(|metric| vector.split('/').any(|part| part == *metric))
}

fn is_easy(vector: &str) -> bool {
    has_all(vector, &["AV:N", "AC:L", "PR:N", "UI:N"]) || has_all(vector, &["AV:N", "AC:L", "Au:N"])
}

fn is_outage(vector: &str) -> bool {
    [["C:N", "I:N", "A:H"], ["VC:N", "VI:N", "VA:H"], ["C:N", "I:N", "A:C"]]
        .iter()
        .any(|metrics| has_all(vector, metrics))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_every_version_tell_what_is_easy_and_what_is_an_outage() {
        for (vector, easy, outage) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", true, true),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H", false, true),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", true, true),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:H/SC:N/SI:N/SA:N", true, false),
            ("AV:N/AC:L/Au:N/C:N/I:N/A:C", true, true),
            ("AV:N/AC:M/Au:N/C:P/I:P/A:P", false, false),
            ("", false, false),
        ] {
            assert_eq!((is_easy(vector), is_outage(vector)), (easy, outage), "{vector}");
        }
    }
}
