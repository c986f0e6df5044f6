//! CVSS ratings and the severity rules.
//!
//! The base is the first of: (a) the vendor's rating for the package and release; (b) a CVSS base score, in the order
//! CNA v4 and v3, CISA ADP, NVD v3, the vendor's own v4 and v3, the advisory database's v4 and v3, then v2 of any in the
//! same order; (c) the advisory database's rating in words; (d) Debian's urgency; (e) the default. Threat intelligence
//! then raises it, never lowers it. The rules in full are in `docs/reference/severity.md`.

use model::advisory::{Cvss, Epss};
use model::{RaisedBy, Severity, SeverityRule};
use serde::Deserialize;

use crate::record::{Rated, Rater};

/// From this EPSS percentile on, a vulnerability is at least critical.
const HIGH_PERCENTILE: f32 = 0.99;

/// Reads a CVSS vector and computes its base score; `None` if it is not a vector of v2, v3.0, v3.1 or v4.0.
pub(crate) fn rate_vector(vector: &str, rater: Rater) -> Option<Rated> {
    let vector = vector.trim().trim_start_matches('(').trim_end_matches(')');
    let (version, base) = if vector.starts_with("CVSS:") {
        match base_metrics(vector).parse::<cvss::Cvss>().ok()? {
            cvss::Cvss::CvssV30(parsed) | cvss::Cvss::CvssV31(parsed) => (3, parsed.base_score().value()),
            cvss::Cvss::CvssV40(parsed) => (4, parsed.score().value()),
            _ => return None,
        }
    } else {
        (2, base_metrics(vector).parse::<cvss::v2::Vector>().ok()?.score().value())
    };
    rated(version, base, vector, rater)
}

/// The metrics of all versions that make up a base score.
const BASE_METRICS: [&str; 17] =
    ["CVSS", "AV", "AC", "Au", "AT", "PR", "UI", "S", "C", "I", "A", "VC", "VI", "VA", "SC", "SI", "SA"];

/// A vector without its temporal, threat and environmental metrics, which describe a moment or a place.
fn base_metrics(vector: &str) -> String {
    let is_base = |metric: &&str| metric.split(':').next().is_some_and(|name| BASE_METRICS.contains(&name));
    vector.split('/').filter(is_base).collect::<Vec<_>>().join("/")
}

/// A rating whose score the publisher gives; the vector is kept as it is.
pub(crate) fn rated(version: u8, base: f64, vector: &str, rater: Rater) -> Option<Rated> {
    if !(0.0..=10.0).contains(&base) || vector.len() > 512 {
        return None;
    }
    let source = match rater {
        Rater::Vendor => "vendor",
        Rater::Cna => "cna",
        Rater::CisaAdp => "cisa-adp",
        Rater::Nvd => "nvd",
        Rater::Database => "osv",
    };
    let cvss = Cvss { base: base as f32, vector: vector.to_owned(), source: source.to_owned() };
    Some(Rated { version, rater, cvss })
}

/// A rating as CVE records and the National Vulnerability Database write it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CvssData {
    #[serde(default)]
    vector_string: String,
    #[serde(default)]
    base_score: Option<f64>,
}

impl CvssData {
    /// The publisher's score, else the one that its vector gives; `None` if neither is one between 0 and 10.
    pub(crate) fn rate(&self, version: u8, rater: Rater) -> Option<Rated> {
        match self.base_score {
            Some(base) => rated(version, base, &self.vector_string, rater),
            None => rate_vector(&self.vector_string, rater),
        }
    }
}

/// Lower is preferred: v2 last, then by rater, the newer version first.
pub(crate) fn rank(rated: &Rated) -> (bool, Rater, u8, bool) {
    let is_3_0 = rated.cvss.vector.starts_with("CVSS:3.0/");
    (rated.version == 2, rated.rater, 4_u8.saturating_sub(rated.version), is_3_0)
}

/// The rating that decides: the first of the lowest rank.
pub(crate) fn best<'a>(ratings: impl Iterator<Item = &'a Rated>) -> Option<&'a Rated> {
    ratings.min_by_key(|rated| rank(rated))
}

/// What is known when a severity is decided.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Evidence<'a> {
    pub(crate) vendor: Option<Severity>,
    pub(crate) cvss: Option<&'a Rated>,
    pub(crate) database: Option<Severity>,
    pub(crate) urgency: Option<Severity>,
}

impl Evidence<'_> {
    /// The base severity and the rule that gave it.
    pub(crate) fn base(&self) -> (Severity, SeverityRule) {
        if let Some(severity) = self.vendor {
            return (severity, SeverityRule::VendorRating);
        }
        if let Some(rated) = self.cvss {
            return (Severity::of_cvss(rated.cvss.base), SeverityRule::Cvss);
        }
        if let Some(severity) = self.database {
            return (severity, SeverityRule::DatabaseRating);
        }
        match self.urgency {
            Some(severity) => (severity, SeverityRule::DebianUrgency),
            None => (Severity::DEFAULT, SeverityRule::Default),
        }
    }
}

/// Threats that raise a severity.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Threat {
    pub(crate) known_exploited: bool,
    pub(crate) active: bool,
    pub(crate) weaponised: bool,
    pub(crate) epss: Option<Epss>,
}

impl Threat {
    /// Raises `base`; the second value is set only if it changed.
    pub(crate) fn raise(&self, base: Severity) -> (Severity, Option<RaisedBy>) {
        let high = Severity::new(4).unwrap_or(Severity::URGENT);
        let predicted = self.epss.is_some_and(|epss| epss.percentile >= HIGH_PERCENTILE);
        let (least, cause) = if self.known_exploited {
            (Severity::URGENT, RaisedBy::KnownExploited)
        } else if self.active {
            (Severity::URGENT, RaisedBy::ActiveExploitation)
        } else if self.weaponised {
            (high, RaisedBy::WeaponisedExploit)
        } else if predicted {
            (high, RaisedBy::PredictedExploitation)
        } else {
            return (base, None);
        };
        if least > base { (least, Some(cause)) } else { (base, None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(value: u8) -> Option<Severity> {
        Severity::new(value)
    }

    #[test]
    fn vectors_of_every_version_give_their_base_score() {
        let base = |vector: &str| rate_vector(vector, Rater::Database).map(|r| (r.version, r.cvss.base));
        assert_eq!(base("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"), Some((3, 7.5)));
        assert_eq!(base("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"), Some((3, 10.0)));
        assert_eq!(base("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N"), Some((4, 8.7)));
        assert_eq!(base("AV:N/AC:L/Au:N/C:P/I:N/A:N"), Some((2, 5.0)));
        assert_eq!(base("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H/E:U/RL:O"), Some((3, 7.5)));
        assert_eq!(
            base("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N/E:U"),
            Some((4, 8.7))
        );
        assert_eq!(base("7.5"), None);
        assert_eq!(base("CVSS:9.9/AV:N"), None);
    }

    #[test]
    fn raters_take_precedence_over_versions_and_v2_comes_last() {
        let rate = |version, rater, score| rated(version, score, "", rater).unwrap();
        let ratings = [
            rate(2, Rater::Nvd, 0.5),
            rate(2, Rater::Cna, 1.0),
            rate(4, Rater::Database, 2.0),
            rate(3, Rater::Vendor, 2.5),
            rate(3, Rater::Nvd, 3.0),
            rate(3, Rater::CisaAdp, 4.0),
            rate(4, Rater::CisaAdp, 4.5),
            rated(3, 4.7, "CVSS:3.0/AV:N", Rater::Cna).unwrap(),
            rate(3, Rater::Cna, 5.0),
            rate(4, Rater::Cna, 6.0),
        ];
        let order = (1..=10).rev().map(|count| best(ratings[..count].iter()).unwrap().cvss.base);
        assert_eq!(order.collect::<Vec<_>>(), [6.0, 5.0, 4.7, 4.5, 4.0, 3.0, 2.5, 2.0, 1.0, 0.5]);
    }

    #[test]
    fn the_first_rule_that_gives_a_value_decides() {
        let nine = rated(3, 9.0, "", Rater::Nvd).unwrap();
        let all =
            Evidence { vendor: severity(2), cvss: Some(&nine), database: severity(1), urgency: severity(4) };
        assert_eq!(all.base(), (severity(2).unwrap(), SeverityRule::VendorRating));
        let all = Evidence { vendor: None, ..all };
        assert_eq!(all.base(), (severity(5).unwrap(), SeverityRule::Cvss));
        let all = Evidence { cvss: None, ..all };
        assert_eq!(all.base(), (severity(1).unwrap(), SeverityRule::DatabaseRating));
        let all = Evidence { database: None, ..all };
        assert_eq!(all.base(), (severity(4).unwrap(), SeverityRule::DebianUrgency));
        assert_eq!(Evidence::default().base(), (Severity::DEFAULT, SeverityRule::Default));
    }

    #[test]
    fn threats_raise_and_never_lower() {
        let raise = |threat: Threat, base: u8| {
            let (severity, cause) = threat.raise(Severity::new(base).unwrap());
            (severity.get(), cause)
        };
        let epss = |percentile| Threat { epss: Some(Epss { score: 0.5, percentile }), ..Threat::default() };
        let exploited = Threat { known_exploited: true, ..Threat::default() };
        let active = Threat { active: true, ..Threat::default() };
        assert_eq!(raise(exploited, 1), (5, Some(RaisedBy::KnownExploited)));
        assert_eq!(raise(exploited, 5), (5, None));
        assert_eq!(raise(active, 3), (5, Some(RaisedBy::ActiveExploitation)));
        let weaponised = Threat { weaponised: true, ..Threat::default() };
        assert_eq!(raise(weaponised, 1), (4, Some(RaisedBy::WeaponisedExploit)));
        assert_eq!(raise(weaponised, 4), (4, None));
        assert_eq!(raise(epss(0.99), 2), (4, Some(RaisedBy::PredictedExploitation)));
        assert_eq!(raise(epss(0.99), 5), (5, None));
        assert_eq!(raise(epss(0.989), 2), (2, None));
        assert_eq!(raise(Threat::default(), 2), (2, None));
    }
}
