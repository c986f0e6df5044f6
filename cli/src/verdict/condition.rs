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

    /// What met it, with the number before it.
    pub(crate) fn what(self, count: usize) -> String {
        let (one, several) = match self {
            Self::Severity(_) | Self::Any | Self::KnownExploited | Self::Fixable => ("finding", "findings"),
            Self::EndOfLife => ("release past its end of life", "releases past their end of life"),
            Self::Secrets => ("secret", "secrets"),
            Self::Unreadable => ("place that could not be read", "places that could not be read"),
        };
        let which = match self {
            Self::Severity(least) => format!(" of severity {} or above", word(least)),
            Self::KnownExploited => " known to be exploited".into(),
            Self::Fixable => " with a fix".into(),
            _ => String::new(),
        };
        format!("{count} {}{which}", if count == 1 { one } else { several })
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
    fn one_thing_is_told_in_the_singular() {
        let high: Condition = "high".parse().unwrap();
        assert_eq!(high.what(1), "1 finding of severity high or above");
        assert_eq!(high.what(2), "2 findings of severity high or above");
        let told: Vec<String> = WORDS.iter().map(|(_, condition)| condition.what(1)).collect();
        assert_eq!(
            told.join(", "),
            "1 finding, 1 finding known to be exploited, 1 finding with a fix, 1 release past its end of life, \
             1 secret, 1 place that could not be read"
        );
    }

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
