//! The scan report: everything that was seen in one image or root file system.
//!
//! It is what the scanner writes, what `POST /api/v1/reports` takes and what the store splits into facts.
//! Unknown fields are refused, so that a sender that is newer than the server is told instead of half heard.

use serde::{Deserialize, Serialize};

use crate::build::Build;
use crate::distro::{Distro, OsRelease};
use crate::image::ImageFacts;
use crate::package::{Ecosystem, Package, SourcePackage};
use crate::secret::SecretRecord;
use crate::time::Timestamp;

/// The version of the report's form; raised when a field changes its meaning.
pub const REPORT_SCHEMA: u32 = 1;

/// What a report may hold at most. Far above real images: the bounds keep a broken or hostile sender from filling a
/// database. A server refuses more, so a scanner keeps within them whatever an image holds.
pub mod limits {
    /// Packages.
    pub const PACKAGES: usize = 1_000_000;
    /// Entries of other lists.
    pub const LIST: usize = 100_000;
    /// Layers and further entries of the history.
    pub const LAYERS: usize = 10_000;
    /// Names of one image.
    pub const REFERENCES: usize = 1_000;
    /// Tags, and words of `ID_LIKE`.
    pub const TAGS: usize = 100;
    /// Bytes of names, versions and other single words.
    pub const WORD: usize = 4_096;
    /// Bytes of paths and keys of labels.
    pub const PATH: usize = 16_384;
    /// Bytes of commands, values of labels and environment variables.
    pub const TEXT: usize = 131_072;
}

/// Everything that was seen in one image or root file system. Facts only: no findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScanReport {
    /// [`REPORT_SCHEMA`].
    pub schema: u32,
    /// The program and version that looked, such as `plimsoll/0.1.0`.
    pub scanner: String,
    /// When it looked.
    pub scanned_at: Timestamp,
    /// Who reported it: `GENERAL`, `CICD`, `REGISTRY`, `COMMAND_LINE`, `HOST`.
    pub source: String,
    /// The image itself.
    pub image: ImageFacts,
    /// Its operating system; `None` if it names none (distroless, scratch).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_release: Option<OsRelease>,
    /// Account names of `/etc/passwd`, in file order.
    #[serde(default)]
    pub users: Vec<String>,
    /// What is installed, sorted by (package, path).
    pub packages: Vec<PackageRecord>,
    /// Credentials that lie in files, masked; sorted by (path, line).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretRecord>,
    /// What could not be read.
    #[serde(default)]
    pub unreadable: Vec<Unreadable>,
    /// Names of the tags to put on the image; an account's scope is a set of tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The build that it was made in; `None` if it was looked at elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Build>,
}

/// One package at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackageRecord {
    /// See [`Package::ecosystem`].
    pub ecosystem: Ecosystem,
    /// See [`Package::name`].
    pub name: String,
    /// See [`Package::version`].
    pub version: String,
    /// See [`Package::arch`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// See [`Package::distro`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<Distro>,
    /// See [`Package::source`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    /// See [`Package::module`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// See [`Package::vendor`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// The package URL, for readers; the store derives it anew.
    #[serde(default)]
    pub purl: String,
    /// The file that proves it, without leading slash; `outer.jar!/inner.jar` inside archives.
    pub path: String,
    /// Index into the layers that have a diff-id (0 = lowest) of the layer that introduced it;
    /// `None` for a root file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// The name of the OS package whose file list holds `path`, or that says itself to hold this one (Debian's
    /// `Built-Using`); such a record is part of that package and is not judged a second time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
    /// The licence that it declares, as an SPDX expression; words that are no SPDX identifier stand as
    /// `LicenseRef-` and the word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Whether only a lock file or the like speaks of it: it may be absent from the image.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declared: bool,
    /// The cataloger that found it, such as `dpkg-status`; empty if unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found_by: String,
}

impl PackageRecord {
    /// Makes a record of a package seen at `path`; layer and owner are not known yet.
    pub fn new(package: Package, path: impl Into<String>) -> Self {
        let purl = crate::purl::purl_of(&package);
        let Package { ecosystem, distro, name, version, arch, source, module, vendor } = package;
        let path = path.into();
        Self {
            ecosystem,
            name,
            version,
            arch,
            distro,
            source,
            module,
            vendor,
            purl,
            path,
            layer: None,
            owned_by: None,
            license: None,
            declared: false,
            found_by: String::new(),
        }
    }

    /// The identity of the package, without its place.
    pub fn package(&self) -> Package {
        Package {
            ecosystem: self.ecosystem,
            distro: self.distro.clone(),
            name: self.name.clone(),
            version: self.version.clone(),
            arch: self.arch.clone(),
            source: self.source.clone(),
            module: self.module.clone(),
            vendor: self.vendor.clone(),
        }
    }
}

/// Something in the image that could not be read; the rest of the report stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unreadable {
    /// Index of the layer, as in [`PackageRecord::layer`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// Path in the image; empty if the layer as a whole is meant.
    pub path: String,
    /// What went wrong, in words.
    pub reason: String,
}
