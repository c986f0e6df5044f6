//! What sets findings aside: ignore files and exploitability statements.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use model::{ImageFacts, SecretRecord, Timestamp};
use sbom::vex::{self, Justification, Status, VexDocument};

use super::ignore::{self, Entry};
use super::{Hit, Subject};

/// The flags that name them.
#[derive(clap::Args)]
#[command(next_help_heading = "Policy")]
pub(crate) struct SuppressionArgs {
    /// File of findings and secrets that do not count, with a reason and perhaps an end; several allowed. YAML, or one id a
    /// line
    #[arg(long, value_name = "FILE")]
    ignore_file: Vec<PathBuf>,
    /// Exploitability statements (OpenVEX, CSAF, CycloneDX): what they call not affected or fixed does not count; several
    /// allowed
    #[arg(long, value_name = "FILE")]
    vex: Vec<PathBuf>,
}

/// Why something does not count.
#[derive(Clone, Debug)]
pub(crate) struct Suppression {
    /// `ignored` or the status of a statement.
    pub(crate) status: &'static str,
    /// The reason as one of the known words of statements.
    pub(crate) justification: Option<Justification>,
    /// The reason in somebody's own words; empty if there is none.
    pub(crate) reason: String,
    /// The file that says so.
    pub(crate) source: String,
    /// When it ends to hold.
    pub(crate) expires: Option<Timestamp>,
    vex_status: Option<Status>,
}

/// Everything that sets findings aside, read and ready.
#[derive(Default)]
pub(crate) struct Suppressions {
    /// Those that hold today.
    entries: Vec<Entry>,
    /// Those whose time is over.
    expired: Vec<Entry>,
    documents: Vec<VexDocument>,
    /// What could not be understood in statements: file, place and reason.
    pub(crate) unreadable: Vec<String>,
}

impl SuppressionArgs {
    /// Reads all the files.
    pub(crate) fn read(&self, now: Timestamp) -> anyhow::Result<Suppressions> {
        let mut all = Suppressions::default();
        for file in &self.ignore_file {
            let failed = || format!("ignore file {}", file.display());
            let text = std::fs::read_to_string(file).with_context(failed)?;
            let entries = ignore::parse(&text, &file.display().to_string()).with_context(failed)?;
            let (over, holding) = entries.into_iter().partition(|entry| entry.is_over(now));
            all.entries.extend::<Vec<_>>(holding);
            all.expired.extend::<Vec<_>>(over);
        }
        for file in &self.vex {
            all.documents.push(read_statements(file, &mut all.unreadable)?);
        }
        Ok(all)
    }
}

fn read_statements(file: &Path, unreadable: &mut Vec<String>) -> anyhow::Result<VexDocument> {
    let failed = || format!("statements in {}", file.display());
    let bytes = std::fs::read(file).with_context(failed)?;
    let mut document = vex::read(&bytes, &sbom::Limits::default()).with_context(failed)?;
    let told = |place: &model::Unreadable| format!("{}: {}: {}", file.display(), place.path, place.reason);
    unreadable.extend(document.unreadable.iter().map(told));
    let name = match document.id.as_str() {
        "" => file.display().to_string(),
        id => format!("{} ({id})", file.display()),
    };
    for statement in &mut document.statements {
        statement.document.clone_from(&name);
    }
    Ok(document)
}

impl Suppressions {
    /// Why a finding does not count; `None` if it does. A person's own file goes before a supplier's statement.
    pub(crate) fn of(&self, hit: Hit<'_>, image: &ImageFacts) -> Option<Suppression> {
        if let Some(entry) = self.entries.iter().find(|entry| entry.covers(hit)) {
            return Some(Suppression::ignored(entry));
        }
        let Subject::Package(_, record) = hit.subject else {
            return None;
        };
        let statement = vex::judge(&self.documents, record, &hit.ids(), image)?;
        statement.status.suppresses().then(|| Suppression {
            status: statement.status.as_str(),
            justification: statement.justification,
            reason: statement.detail.clone(),
            source: statement.document.clone(),
            expires: None,
            vex_status: Some(statement.status),
        })
    }

    /// Which entries are not regarded because their time is over, in words.
    pub(crate) fn expired_words(&self) -> Vec<String> {
        let words = |entry: &Entry| {
            format!("{}: the entry for {} has expired and is not regarded", entry.place(), entry.what())
        };
        let mut words: Vec<String> = self.expired.iter().map(words).collect();
        words.dedup();
        words
    }

    /// Why a secret does not count; `None` if it does.
    pub(crate) fn of_secret(&self, secret: &SecretRecord) -> Option<Suppression> {
        self.entries.iter().find(|entry| entry.covers_secret(secret)).map(Suppression::ignored)
    }
}

impl Suppression {
    fn ignored(entry: &Entry) -> Self {
        Self {
            status: "ignored",
            justification: None,
            reason: entry.reason.clone(),
            source: entry.place(),
            expires: entry.expires,
            vex_status: None,
        }
    }

    /// The reason in words, whichever kind there is.
    pub(crate) fn words(&self) -> String {
        match (self.justification, self.reason.as_str()) {
            (Some(justification), "") => justification.as_str().to_owned(),
            (Some(justification), reason) => format!("{}: {reason}", justification.as_str()),
            (None, reason) => reason.to_owned(),
        }
    }

    /// As the writers of bills of materials take it. Somebody who ignores a finding says no more than that it does not
    /// matter here.
    pub(crate) fn statement(&self) -> sbom::Suppression<'_> {
        sbom::Suppression {
            status: self.vex_status.unwrap_or(Status::NotAffected),
            justification: self.justification,
            detail: &self.reason,
        }
    }
}
