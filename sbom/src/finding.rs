//! Findings as a writer takes them: the judge is another room, so the caller says what belongs to which package.

use model::Finding;

use crate::vex::{Justification, Status};

/// What a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Index into [`model::ScanReport::packages`].
    Package(usize),
    /// The operating system release.
    Release,
}

/// A finding at its place, and whether somebody has set it aside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlacedFinding<'a> {
    /// What it is about.
    pub subject: Subject,
    /// The judgement.
    pub finding: &'a Finding,
    /// Set if it is suppressed: by an exploitability statement, an ignore file, an exception.
    pub suppressed: Option<Suppression<'a>>,
}

/// Why a finding does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suppression<'a> {
    /// The position; an ignore file that gives no better word means [`Status::NotAffected`].
    pub status: Status,
    /// The reason as one of the known words, if there is one.
    pub justification: Option<Justification>,
    /// The reason in somebody's own words, empty if there is none.
    pub detail: &'a str,
}
