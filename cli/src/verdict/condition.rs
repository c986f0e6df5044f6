//! The conditions of `--fail-on`.

use std::fmt;
use std::str::FromStr;

use model::Severity;

use super::{Hit, Verdict, level, word};

/// Something that a gate stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// A finding of this severity or a higher one.
    Severity(Severity),
    /// Any finding.
    Any,
    /// A finding whose vulnerability is known to be exploited.
    KnownExploited,
    /// A finding that a newer version would end.
    Fixable,
    /// The release is past its end of life.
    EndOfLife,
    /// A credential.
    Secrets,
    /// A place that could not be read.
    Unreadable,
}

/// The words beside severities.
const WORDS: [(&str, Condition); 6] = [
    ("any", Condition::Any),
    ("kev", Condition::KnownExploited),
    ("fixable", Condition::Fixable),
    ("eol", Condition::EndOfLife),
    ("secrets", Condition::Secrets),
    ("unreadable", Condition::Unreadable),
];

impl Condition {
    /// Whether it can only be told with vulnerability data.
    pub(crate) fn needs_knowledge(self) -> bool {
        !matches!(self, Self::Secrets | Self::Unreadable)
    }

    /// How many things meet it.
    pub(crate) fn count(self, verdict: &Verdict<'_>) -> usize {
        let hits =
            |meets: &dyn Fn(&Hit<'_>) -> bool| verdict.findings.iter().filter(|hit| meets(hit)).count();
        match self {
            Self::Severity(least) => hits(&|hit| hit.finding.severity >= least),
            Self::Any => verdict.findings.len(),
            Self::KnownExploited => hits(&|hit| hit.finding.vulnerability.known_exploited.is_some()),
            Self::Fixable => hits(&|hit| hit.finding.fix_version.is_some()),
            Self::EndOfLife => hits(&|hit| hit.is_end_of_life()),
            Self::Secrets => verdict.secrets.len(),
            Self::Unreadable => verdict.report.unreadable.len(),
        }
    }

    /// What met it, in words that follow a number.
    pub(crate) fn what(self) -> String {
        match self {
            Self::Severity(least) => format!("findings of severity {} or above", word(least)),
            Self::Any => "findings".into(),
            Self::KnownExploited => "findings known to be exploited".into(),
            Self::Fixable => "findings with a fix".into(),
            Self::EndOfLife => "releases past their end of life".into(),
            Self::Secrets => "secrets".into(),
            Self::Unreadable => "places that could not be read".into(),
        }
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let word = text.trim();
        if let Some((_, condition)) = WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
            return Ok(*condition);
        }
        let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        let unknown = |_| format!("`{word}` is no condition; there are {} and severities", words.join(", "));
        level(word).map(Self::Severity).map_err(unknown)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Severity(least) => f.write_str(word(*least)),
            other => f.write_str(WORDS.iter().find(|(_, known)| known == other).map_or("", |(word, _)| word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        for text in ["any", "kev", "fixable", "eol", "secrets", "unreadable", "high", "negligible"] {
            assert_eq!(text.parse::<Condition>().unwrap().to_string(), text);
        }
        assert_eq!("5".parse::<Condition>().unwrap().to_string(), "critical");
        assert!("".parse::<Condition>().is_err());
        assert!("severe".parse::<Condition>().unwrap_err().contains("kev"));
    }
}
