//! Why an image has a finding, or has none: a question about one of its packages or about a vulnerability, and everything
//! that is known on the way to the answer.
//!
//! What it is for: `plimsoll explain` and the API's call of the same name, so that both say the same. What it is not for:
//! judging an image, or searching the whole bundle; only the rows of the image's own packages are looked at.
//!
//! The decision a reader may doubt: a package that the bundle could speak of but for its vendor is among the answers to
//! a question about a vulnerability, because "somebody else built it" is the reason why it is not reported.

mod answer;
mod meant;

use knowledge::Bundle;
use model::{Digest, Ecosystem, ImageFacts, Package, PackageRecord, Timestamp};
use serde::Serialize;

use crate::Explanation;

pub use self::meant::is_number;

/// What somebody asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The vulnerability with this number.
    Number(u32),
    /// A vulnerability by its main id, an alias, or the publisher's id of a record; in any case.
    Id(String),
    /// Packages by their name, their source package's, or that of the release or product that they are.
    Package {
        /// The ecosystem; `None` means any.
        ecosystem: Option<Ecosystem>,
        /// The name.
        name: String,
        /// The version; `None` means any.
        version: Option<String>,
    },
}

/// One package at one place of an image.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// What it is.
    pub package: &'a Package,
    /// The package URL.
    pub purl: &'a str,
    /// The file that proves it.
    pub path: &'a str,
    /// See [`PackageRecord::layer`].
    pub layer: Option<u32>,
    /// See [`PackageRecord::owned_by`].
    pub owned_by: Option<&'a str>,
    /// See [`PackageRecord::declared`]; `None` if unknown.
    pub declared: Option<bool>,
    /// See [`PackageRecord::found_by`]; empty if unknown.
    pub found_by: &'a str,
}

impl<'a> Seen<'a> {
    /// A record of a report; `package` is its identity.
    pub fn of(record: &'a PackageRecord, package: &'a Package) -> Self {
        Self {
            package,
            purl: &record.purl,
            path: &record.path,
            layer: record.layer,
            owned_by: record.owned_by.as_deref(),
            declared: Some(record.declared),
            found_by: &record.found_by,
        }
    }
}

/// An image, and the data to explain it by.
#[derive(Clone, Debug)]
pub struct Inquiry<'a> {
    /// Everything inside.
    pub seen: Vec<Seen<'a>>,
    /// The release of the operating system as a package.
    pub release: Option<&'a Package>,
    /// Its layers.
    pub facts: &'a ImageFacts,
    /// The data.
    pub bundle: &'a Bundle,
    /// The moment for which it is judged.
    pub now: Timestamp,
    /// How many explanations an answer holds at most, over all packages.
    pub most: usize,
}

/// Everything that is known about a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer<'a> {
    /// The vulnerabilities that are meant; empty if the question is about packages.
    pub vulnerabilities: Vec<Meant>,
    /// The packages that are meant, or that statements about those vulnerabilities speak of.
    pub packages: Vec<About<'a>>,
    /// Packages and vulnerabilities beyond the bound.
    pub left_out: usize,
}

/// A vulnerability that is asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meant {
    /// Its number.
    pub qid: u32,
    /// Its main id.
    pub id: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// What it is about.
    pub title: String,
}

/// What is known about one package, wherever it lies.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About<'a> {
    /// Where it was found; empty for the release.
    pub places: Vec<Place<'a>>,
    /// The OS package that it is part of and that is judged in its place; its findings do not count then.
    pub part_of: Option<&'a str>,
    /// How it is judged.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Where a package was found, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Place<'a> {
    /// The package URL.
    pub purl: &'a str,
    /// The file that proves it.
    pub path: &'a str,
    /// The layer's number, from 0 for the lowest.
    pub layer: Option<u32>,
    /// The digest of the uncompressed layer.
    pub layer_digest: Option<Digest>,
    /// The cataloger that found it; empty if unknown.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub found_by: &'a str,
    /// Whether only a lock file speaks of it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<bool>,
    /// Its place among [`Inquiry::seen`].
    #[serde(skip)]
    pub index: usize,
}
