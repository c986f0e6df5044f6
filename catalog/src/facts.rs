//! What is kept of a layer: the facts that its files prove, and what it hides of the layers below.
//!
//! These types go into the layer cache in a form that does not describe itself, so no field may be left out
//! when it is written; that is why they are not the types of the report.

use model::{Ecosystem, Package, Severity, SourcePackage};
use serde::{Deserialize, Serialize};

/// The result of one pass over a layer; knows nothing of the layers below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LayerCatalog {
    /// What the layer's interesting files say, sorted by path, one entry per path.
    pub evidence: Vec<Evidence>,
    /// Hashes of the paths that hide themselves and everything under them in the layers below: whiteouts and
    /// all entries that are not directories. Sorted, without duplicates.
    pub hides: Vec<u64>,
    /// Hashes of opaque directories, which hide everything under them, but not themselves. Sorted.
    pub opaque: Vec<u64>,
    /// Hashes of directories: they hide a file of that one path. Sorted.
    pub directories: Vec<u64>,
    /// Hard links with an interesting name or mode whose content is not in this layer.
    pub foreign_links: Vec<HardLink>,
    /// What could not be read, apart from the notes of `evidence`.
    pub notes: Vec<Note>,
    /// Bytes of the uncompressed layer.
    pub size: u64,
}

/// The facts of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Evidence {
    /// Path of the file.
    pub path: Vec<u8>,
    /// Index of the cataloger in the registry.
    pub cataloger: u8,
    /// What it says.
    pub facts: Facts,
}

/// A hard link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HardLink {
    /// Its own name.
    pub path: Vec<u8>,
    /// The name that it points to.
    pub target: Vec<u8>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Where, empty for the layer as a whole.
    pub path: Vec<u8>,
    /// Why.
    pub reason: String,
}

/// Everything that a file may say; most files fill one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Packages that it proves.
    pub packages: Vec<Found>,
    /// What this file tells better than others would: paths of files and folders of which no guess is to be made, and keys
    /// under which the records of one installation meet.
    pub covered: Vec<Vec<u8>>,
    /// File lists of OS packages, cut down to paths that may prove a language package.
    pub owners: Vec<Owner>,
    /// Number of hashes in `owners`; needed while a file is read only, and not stored.
    #[serde(skip)]
    pub programs: usize,
    /// Whether `owners` is to hold the hashes of all paths; asked while a file is read, and not stored.
    #[serde(skip)]
    pub all_files: bool,
    /// Paths of packages that lie elsewhere than their file lists say.
    pub diversions: Vec<Diversion>,
    /// The licence of the package that the file's path names, as an SPDX expression.
    pub license: Option<String>,
    /// What it says of the operating system's release.
    pub release: Option<ReleaseFacts>,
    /// Account names.
    pub users: Vec<String>,
    /// Credentials in it.
    pub secrets: Vec<SecretFact>,
    /// What of it could not be read.
    pub notes: Vec<String>,
}

impl Facts {
    /// Whether the file said nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.packages.is_empty()
            && self.covered.is_empty()
            && self.owners.is_empty()
            && self.diversions.is_empty()
            && self.license.is_none()
            && self.release.is_none()
            && self.users.is_empty()
            && self.secrets.is_empty()
            && self.notes.is_empty()
    }

    /// The facts of a file that could not be read.
    pub(crate) fn unreadable(reason: impl Into<String>) -> Self {
        Self { notes: vec![reason.into()], ..Self::default() }
    }

    /// Adds a note; after [`MAX_NOTES`] only one more that says so.
    pub(crate) fn note(&mut self, reason: impl Into<String>) {
        match self.notes.len() {
            0..MAX_NOTES => self.notes.push(reason.into()),
            MAX_NOTES => self.notes.push("more of the same is left out".to_owned()),
            _ => {}
        }
    }
}

/// Notes kept per file.
pub(crate) const MAX_NOTES: usize = 20;

/// A package as a file proves it; the release that it belongs to is known only when the image is composed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Found {
    /// See [`Package::ecosystem`].
    pub ecosystem: Ecosystem,
    /// See [`Package::name`].
    pub name: String,
    /// See [`Package::version`].
    pub version: String,
    /// See [`Package::arch`].
    pub arch: Option<String>,
    /// Name and version of the source package.
    pub source: Option<(String, String)>,
    /// See [`Package::module`].
    pub module: Option<String>,
    /// Who built it, as far as the database says; see [`crate::vendor`].
    pub vendor: Option<String>,
    /// See [`model::PackageRecord::license`].
    pub license: Option<String>,
    /// See [`model::PackageRecord::declared`].
    pub declared: bool,
    /// The OS package that it is a part of by the database's own word, whatever file lists say.
    pub part_of: Option<String>,
    /// Path inside the file, such as `WEB-INF/lib/a.jar`, with `!/` between nested archives; empty for the
    /// file itself.
    pub inside: String,
}

impl Found {
    /// A package of a language ecosystem.
    pub(crate) fn language(
        ecosystem: Ecosystem,
        name: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        Self {
            ecosystem,
            name: name.into(),
            version: version.into(),
            arch: None,
            source: None,
            module: None,
            vendor: None,
            license: None,
            declared: false,
            part_of: None,
            inside: String::new(),
        }
    }

    /// The package without a release.
    pub(crate) fn package(&self) -> Package {
        Package {
            ecosystem: self.ecosystem,
            distro: None,
            name: self.name.clone(),
            version: self.version.clone(),
            arch: self.arch.clone(),
            source: self
                .source
                .as_ref()
                .map(|(name, version)| SourcePackage { name: name.clone(), version: version.clone() }),
            module: self.module.clone(),
            vendor: self.vendor.clone(),
        }
    }
}

/// A credential in a file; see [`model::SecretRecord`] for the fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct SecretFact {
    pub line: u32,
    pub rule: String,
    pub title: String,
    pub severity: Severity,
    pub masked: String,
}

/// The files of an OS package that language packages may be found in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Owner {
    /// Name of the OS package, without architecture.
    pub package: String,
    /// Paths that ask for a cataloger, as the file list writes them, without leading slash.
    pub paths: Vec<Vec<u8>>,
    /// Hashes of the paths, without a merged `/usr`, where programs may lie; sorted. Which of all files are
    /// programs is not in their names, so their hashes are all that is kept.
    pub programs: Vec<u64>,
}

/// A path of a package that was made to lie elsewhere; hashes and path are without a merged `/usr`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Diversion {
    /// Hash of the path that file lists name.
    pub from: u64,
    /// Hash of `to_path`.
    pub to: u64,
    /// Where the file lies.
    pub to_path: Vec<u8>,
    /// The package whose own file lies at the first path.
    pub by: String,
}

/// What one of the release files says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReleaseFacts {
    /// `os-release`: the fields that are used.
    OsRelease(OsReleaseFields),
    /// What an older file of another distribution says, in the same fields.
    Older(OsReleaseFields),
    /// `alpine-release`: the version alone.
    Alpine(String),
    /// `debian_version`: point release, or `testing/unstable` names.
    Debian(String),
    /// The names of the sets of the base that Red Hat built the image from.
    ContentSets(Vec<String>),
}

/// The fields of os-release(5) that are used; empty when absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OsReleaseFields {
    /// `ID`.
    pub id: String,
    /// `ID_LIKE`.
    pub id_like: String,
    /// `NAME`.
    pub name: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
    /// `VERSION`.
    pub version: String,
    /// `VERSION_ID`.
    pub version_id: String,
    /// `VERSION_CODENAME`.
    pub version_codename: String,
}
