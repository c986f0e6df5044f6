//! Severity on the scale of the API, 1 (minimal) to 5 (urgent), and the rule that decided it.

use serde::{Deserialize, Serialize};

/// 1 minimal, 2 medium-low, 3 serious, 4 critical, 5 urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Severity(u8);

/// [`Severity::DEFAULT`].
impl Default for Severity {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Severity {
    /// The lowest.
    pub const MINIMAL: Self = Self(1);
    /// What an unrated vulnerability gets.
    pub const DEFAULT: Self = Self(3);
    /// The highest.
    pub const URGENT: Self = Self(5);

    /// Makes a severity of a number, `None` outside 1 to 5.
    pub const fn new(value: u8) -> Option<Self> {
        if value >= 1 && value <= 5 { Some(Self(value)) } else { None }
    }

    /// The number, 1 to 5.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The severity of a CVSS base score of any version: >= 9.0 is 5, >= 7.0 is 4, >= 4.0 is 3, > 0 is 2, 0 is 1.
    pub fn of_cvss(score: f32) -> Self {
        match score {
            s if s >= 9.0 => Self(5),
            s if s >= 7.0 => Self(4),
            s if s >= 4.0 => Self(3),
            s if s > 0.0 => Self(2),
            _ => Self(1),
        }
    }

    /// The severity of a vendor's rating word, in any case; `None` for words that are no rating.
    pub fn of_rating(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Some(Self(5)),
            "important" | "high" => Some(Self(4)),
            "moderate" | "medium" => Some(Self(3)),
            "low" => Some(Self(2)),
            "negligible" | "unimportant" | "informational" => Some(Self(1)),
            _ => None,
        }
    }
}

impl TryFrom<u8> for Severity {
    type Error = String;

    fn try_from(value: u8) -> Result<Self, String> {
        Self::new(value).ok_or_else(|| format!("severity {value} is not between 1 and 5"))
    }
}

impl From<Severity> for u8 {
    fn from(severity: Severity) -> Self {
        severity.0
    }
}

/// The first rule that gave a base severity, in order of precedence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeverityRule {
    /// The vendor's rating for this package and release.
    VendorRating,
    /// A CVSS base score.
    Cvss,
    /// The text rating of a language advisory database.
    DatabaseRating,
    /// Debian's urgency.
    DebianUrgency,
    /// Nothing was known; the default was taken.
    #[default]
    Default,
}

/// What raised a severity above its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RaisedBy {
    /// CISA lists it as exploited: urgent.
    KnownExploited,
    /// CISA's SSVC decision says that exploitation is active: urgent.
    ActiveExploitation,
    /// An attack tool holds an exploit: at least critical.
    WeaponisedExploit,
    /// EPSS percentile of 0.99 or more: at least critical.
    PredictedExploitation,
}
