//! CSAF 2.0 documents (<https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>): advisories and VEX of publishers
//! whose products are RPM distributions.
//!
//! Documents lie one by one (`2024/cve-2024-0727.json`) or all in one tar archive; one at a time is in memory. What
//! differs between publishers is in [`Publisher`]: [`crate::redhat`] and [`crate::suse`]. The publisher that a document
//! names decides, not the file that it lies in, since archives are carried about under any name.
//!
//! Statements are made of RPM packages of the distribution itself. Products beside it, container images, modules and
//! products as a whole are left out; of an archive they are counted in the log.

mod convert;
mod fix;
mod merge;
mod position;
mod rpm;
mod schema;
mod tree;

use std::fmt;

use model::{Named, NamespaceFamily};

use crate::input::{FeedFile, LIMITS, Limits, for_each_tar_member, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;
use crate::{redhat, suse};

use convert::Reader;
pub(crate) use rpm::{bare_binary, bare_source};
pub(crate) use tree::Item;

/// A year's worth of all documents of the largest publisher takes some ten GB unpacked; one document some MB.
const CSAF_LIMITS: Limits = Limits { document: 64 << 20, member: 64 << 20, archive: 512 << 30, ..LIMITS };

/// What a publisher does its own way.
#[derive(Debug)]
pub(crate) struct Publisher {
    /// The feed of documents about one CVE.
    pub(crate) vex: &'static str,
    /// The feed of documents about one update.
    pub(crate) advisories: &'static str,
    pub(crate) family: NamespaceFamily,
    /// Who rated, in the words of a rating.
    pub(crate) rater: &'static str,
    /// What a name without a version and a package URL is the name of.
    pub(crate) bare: &'static [Named],
    /// The namespaces that a product belongs to; none if it is no distribution.
    pub(crate) namespaces: fn(&Item<'_>) -> Vec<String>,
}

/// Why a product id makes no statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftOut {
    /// The product tree does not hold it.
    Unknown,
    /// The product as a whole, without a component.
    WholeProduct,
    /// A product beside the distribution.
    OtherProduct,
    /// A container image, a language package, an archive.
    NotRpm,
    /// A module as a whole: the number of its build orders with no package's version.
    Module,
    /// A fix without a version.
    NoVersion,
    /// Neither a name nor a version can be told.
    Unreadable,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "not in the product tree",
            Self::WholeProduct => "a product as a whole",
            Self::OtherProduct => "of another product",
            Self::NotRpm => "no RPM package",
            Self::Module => "a module as a whole",
            Self::NoVersion => "fixed in no version",
            Self::Unreadable => "without a usable name",
        })
    }
}

/// Whether a file is a list that publishers put beside their documents, or a check of one.
pub(crate) fn recognise_list(file: &FeedFile) -> Recognised {
    let inside = file.parents.iter().any(|parent| {
        let parent = parent.to_ascii_lowercase();
        parent.contains("csaf") || matches!(parent.as_str(), "vex" | "vex-feed" | "advisories")
    });
    let lists = ["changes.csv", "deletions.csv", "index.txt", "archive_latest.txt", "provider-metadata.json"];
    if inside && lists.contains(&file.name.as_str()) {
        return Recognised::NotUsed("the list of documents is not needed".into());
    }
    let checks = [".asc", ".sha256", ".sha512"];
    if inside && checks.iter().any(|check| file.name.ends_with(check)) {
        return Recognised::NotUsed("signatures and digests are not checked".into());
    }
    Recognised::No
}

/// Whether the file is a tar archive, by its name.
pub(crate) fn is_archive(name: &str) -> bool {
    let plain = [".gz", ".bz2", ".xz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    plain.ends_with(".tar")
}

/// Reads a document, or an archive of them.
pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let mut reader = Reader::default();
    out.date = file.date();
    if is_archive(&file.name) {
        let wanted = |name: &str| name.ends_with(".json") && !name.ends_with("provider-metadata.json");
        for_each_tar_member(&file.path, &CSAF_LIMITS, out, wanted, |name, text, out| {
            if let Err(reason) = reader.read(text, publisher_of, out) {
                out.quarantine(name, reason);
            }
        })?;
        reader.log(&file.relative);
    } else {
        let text = read_document(&file.path, &CSAF_LIMITS)?;
        let modified = reader.read(&text, publisher_of, out)?;
        out.date = out.date.or(modified);
    }
    Ok(())
}

/// The publisher that a document names.
fn publisher_of(namespace: &str, name: &str) -> Option<&'static Publisher> {
    let host = namespace.split_once("://").map_or(namespace, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default().trim_start_matches("www.");
    match host {
        "redhat.com" | "access.redhat.com" => Some(&redhat::PUBLISHER),
        "suse.com" | "suse.de" | "opensuse.org" => Some(&suse::PUBLISHER),
        _ if name.starts_with("Red Hat Product Security") => Some(&redhat::PUBLISHER),
        _ if name.starts_with("SUSE Product Security") => Some(&suse::PUBLISHER),
        _ => None,
    }
}
