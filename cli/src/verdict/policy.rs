//! The policy of a scan: which findings are shown, and which of them make a gate stop.

use model::{SecretRecord, Severity};

use super::{Condition, Hit, Verdict, level};

/// The exit code if a policy is met and none was chosen: neither that of a failure (1) nor that of wrong usage (2).
const DEFAULT_CODE: u8 = 3;

/// The flags of the policy.
#[derive(clap::Args)]
#[command(next_help_heading = "Policy")]
pub(crate) struct PolicyArgs {
    /// Show findings and secrets of these severities only, separated by commas: negligible, low, medium, high,
    /// critical, or 1 to 5
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = level)]
    severity: Vec<Severity>,
    /// Show only findings that a newer version ends, and releases past their end of life
    #[arg(long)]
    ignore_unfixed: bool,
    /// End with the exit code of the policy if one of these is met, separated by commas: a severity (that one or a
    /// higher one), any, kev (known to be exploited), fixable, eol (release past its end of life), secrets,
    /// unreadable
    #[arg(long, value_name = "CONDITIONS", value_delimiter = ',')]
    fail_on: Vec<Condition>,
    /// The exit code if the policy is met, 0 to 255; without it 3. Without --fail-on any finding meets it
    #[arg(long, value_name = "N")]
    exit_code: Option<u8>,
}

/// The policy asked for.
pub(crate) struct Policy {
    /// Empty for all.
    severities: Vec<Severity>,
    fixable_only: bool,
    /// Empty for a scan without a gate.
    pub(crate) conditions: Vec<Condition>,
    /// The code if one of them is met.
    pub(crate) exit_code: u8,
}

/// A condition that is met, and by how many.
pub(crate) struct Met {
    pub(crate) condition: Condition,
    pub(crate) count: usize,
}

impl PolicyArgs {
    /// The policy with what follows from the flags.
    pub(crate) fn policy(&self) -> Policy {
        let mut conditions = self.fail_on.clone();
        if conditions.is_empty() && self.exit_code.is_some() {
            conditions.push(Condition::Any);
        }
        Policy {
            severities: self.severity.clone(),
            fixable_only: self.ignore_unfixed,
            conditions,
            exit_code: self.exit_code.unwrap_or(DEFAULT_CODE),
        }
    }
}

impl Policy {
    /// Whether the reader wants to see this finding.
    pub(crate) fn shows(&self, hit: Hit<'_>) -> bool {
        let fixable = !self.fixable_only || hit.finding.fix_version.is_some() || hit.is_end_of_life();
        fixable && self.shows_severity(hit.finding.severity)
    }

    /// Whether the reader wants to see this secret.
    pub(crate) fn shows_secret(&self, secret: &SecretRecord) -> bool {
        self.shows_severity(secret.severity)
    }

    fn shows_severity(&self, severity: Severity) -> bool {
        self.severities.is_empty() || self.severities.contains(&severity)
    }

    /// Whether it can only be told with vulnerability data.
    pub(crate) fn needs_knowledge(&self) -> bool {
        self.conditions.iter().any(|condition| condition.needs_knowledge())
    }

    /// The conditions that are met, in the order in which they were given.
    pub(crate) fn met(&self, verdict: &Verdict<'_>) -> Vec<Met> {
        let counted = self
            .conditions
            .iter()
            .map(|condition| Met { condition: *condition, count: condition.count(verdict) });
        counted.filter(|met| met.count > 0).collect()
    }
}
