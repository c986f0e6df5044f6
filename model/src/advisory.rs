//! Vulnerabilities, and what a publisher says about a package in one namespace.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::severity::{RaisedBy, Severity, SeverityRule};
use crate::time::Timestamp;

/// A family of namespaces with one vocabulary of its own: title, severity and fix are this vendor's words.
///
/// The discriminant is the `ns` of the vulnerability number (see [`Vulnerability::qid`]); it is never reused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum NamespaceFamily {
    /// Debian security tracker.
    Debian = 1,
    /// Ubuntu security notices and CVE tracker.
    Ubuntu = 2,
    /// Alpine secdb.
    Alpine = 3,
    /// Red Hat and rebuilds.
    Rhel = 4,
    /// SUSE and openSUSE.
    Suse = 5,
    /// Amazon Linux.
    Amazon = 6,
    /// npm.
    Npm = 7,
    /// PyPI.
    Pypi = 8,
    /// Maven.
    Maven = 9,
    /// Go modules.
    Golang = 10,
    /// crates.io.
    Cargo = 11,
    /// RubyGems.
    Gem = 12,
    /// Packagist.
    Composer = 13,
    /// NuGet.
    Nuget = 14,
    /// Wolfi and Chainguard.
    Wolfi = 15,
    /// Oracle Linux.
    Oracle = 16,
    /// Azure Linux, CBL-Mariner.
    Azure = 17,
    /// Bitnami.
    Bitnami = 18,
    /// Operating systems and runtimes past their end of life.
    Lifecycle = 19,
    /// Fedora and EPEL.
    Fedora = 20,
    /// VMware Photon OS.
    Photon = 21,
    /// openEuler.
    OpenEuler = 22,
    /// Hex, the packages of Erlang and Elixir.
    Hex = 23,
    /// pub.dev, the packages of Dart.
    Pub = 24,
    /// Swift packages.
    Swift = 25,
    /// Arch Linux.
    Arch = 26,
    /// Anything else.
    #[default]
    Other = 31,
}

impl NamespaceFamily {
    /// The name shown as category of a vulnerability.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Debian => "Debian",
            Self::Ubuntu => "Ubuntu",
            Self::Alpine => "Alpine",
            Self::Rhel => "RedHat",
            Self::Suse => "SUSE",
            Self::Amazon => "Amazon Linux",
            Self::Npm => "npm",
            Self::Pypi => "PyPI",
            Self::Maven => "Maven",
            Self::Golang => "Go",
            Self::Cargo => "crates.io",
            Self::Gem => "RubyGems",
            Self::Composer => "Packagist",
            Self::Nuget => "NuGet",
            Self::Wolfi => "Wolfi",
            Self::Oracle => "Oracle Linux",
            Self::Azure => "Azure Linux",
            Self::Bitnami => "Bitnami",
            Self::Lifecycle => "End of Life",
            Self::Fedora => "Fedora",
            Self::Photon => "Photon OS",
            Self::OpenEuler => "openEuler",
            Self::Hex => "Hex",
            Self::Pub => "pub.dev",
            Self::Swift => "Swift",
            Self::Arch => "Arch Linux",
            Self::Other => "Other",
        }
    }
}

/// What scopes an advisory: a distribution release (`debian:12`, `alpine:3.18`) or a language ecosystem (`pypi`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Namespace(pub String);

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The publisher's position on a package; the superset of what the feeds distinguish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixState {
    /// A fixed version exists.
    Fixed,
    /// Affected, no fix yet.
    Affected,
    /// The vendor will not fix it.
    WillNotFix,
    /// Postponed.
    FixDeferred,
    /// The release or package is past its support.
    EndOfLife,
    /// The vendor has not decided yet.
    UnderInvestigation,
    /// The package is not affected.
    NotAffected,
    /// The publisher does not say.
    #[default]
    Unknown,
}

/// Which name of a package a statement uses, and so which of its versions is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// The source package: every binary package that was built from it is meant.
    Source,
    /// The package itself.
    #[default]
    Binary,
}

/// Whether a statement counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It counts.
    #[default]
    InForce,
    /// Its publisher has withdrawn the record.
    Withdrawn,
    /// The CVE that it is about was rejected.
    Rejected,
    /// A stronger feed speaks of the same package and vulnerability.
    Outranked,
}

/// One end of an affected range; versions are in the scheme of the namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// No upper end: every later version is affected.
    Open,
    /// The first version that is not affected any more.
    Fixed(String),
    /// The last version that is affected.
    LastAffected(String),
}

/// A range of affected versions, `introduced` included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AffectedRange {
    /// The first affected version; `None` is "from the beginning" (OSV `introduced: 0`).
    pub introduced: Option<String>,
    /// Where it ends.
    pub end: Bound,
}

/// What one advisory says about one package of one namespace.
///
/// A version is affected if it is in `versions` or in any of `ranges`, unless `state` is `NotAffected` or `standing`
/// is another than `InForce`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Affected {
    /// The publisher's own id, such as `DSA-5673-1`, `GHSA-...`, `CVE-...`.
    pub advisory: String,
    /// The feed that it was read from, such as `debian` or `osv`.
    pub feed: String,
    /// Which name of the package it uses.
    pub named: Named,
    /// RPM module and stream, `name:stream`, that it is limited to.
    pub module: Option<String>,
    /// Architectures that it is limited to; empty if to none.
    pub arches: Vec<String>,
    /// Affected ranges.
    pub ranges: Vec<AffectedRange>,
    /// Affected versions that the publisher lists one by one.
    pub versions: Vec<String>,
    /// The publisher's position.
    pub state: FixState,
    /// The first fixed version in this namespace, if any.
    pub fix_version: Option<String>,
    /// The publisher's reason for its position, in a few words.
    pub note: Option<String>,
    /// Whether it counts.
    pub standing: Standing,
    /// Severity of this vulnerability for this package and release, raised by threat intelligence.
    pub severity: Severity,
    /// The rule that gave the base of `severity`.
    pub severity_rule: SeverityRule,
    /// The severity before threat intelligence raised it.
    pub base_severity: Severity,
    /// What raised it, if anything did.
    pub raised_by: Option<RaisedBy>,
}

/// A CVSS rating.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cvss {
    /// Base score, 0.0 to 10.0.
    pub base: f32,
    /// The vector string, empty if only a score is known.
    pub vector: String,
    /// Who rated it: `nvd`, `cna`, `cisa-adp`, `ghsa`, a vendor.
    pub source: String,
}

/// CISA's entry in the catalogue of known exploited vulnerabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownExploited {
    /// When it was added.
    pub added: Option<Timestamp>,
    /// Until when federal agencies had to mend it.
    pub due: Option<Timestamp>,
    /// `knownRansomwareCampaignUse` is `Known`.
    pub ransomware: bool,
}

/// FIRST's exploit prediction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epss {
    /// Probability of exploitation within 30 days, 0 to 1.
    pub score: f32,
    /// Share of all CVEs with the same or a lower score, 0 to 1.
    pub percentile: f32,
}

/// How far CISA's SSVC decision says that exploitation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exploitation {
    /// None is known.
    None,
    /// A proof of concept is public.
    Poc,
    /// It is exploited.
    Active,
}

/// How ready to use a public exploit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExploitMaturity {
    /// A proof of concept.
    Poc,
    /// A working exploit was published.
    Public,
    /// It is part of an attack tool.
    Weaponised,
}

/// A public exploit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exploit {
    /// How ready to use it is.
    pub maturity: ExploitMaturity,
    /// Where it is listed, such as `exploit-db` or `metasploit`.
    pub source: String,
    /// Its id or name there.
    pub id: String,
}

/// One alias group (CVE, GHSA, PYSEC, ... of one flaw) within one namespace family.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vulnerability {
    /// Stable number: `family * 2^26 + (year - 1999) * 2^20 + number` for a CVE, else from the registry
    /// that travels with the bundle. Equal on every installation.
    pub qid: u32,
    /// The main id: the CVE if there is one, else the publisher's.
    pub id: String,
    /// Every other id of the group, sorted.
    pub aliases: Vec<String>,
    /// Whose words these are.
    pub family: NamespaceFamily,
    /// One line, never empty.
    pub title: String,
    /// CVSS v2, if rated.
    pub cvss2: Option<Cvss>,
    /// CVSS v3.x or v4, if rated.
    pub cvss3: Option<Cvss>,
    /// Every rating that is known, the deciding one first, at most 8.
    pub cvss: Vec<Cvss>,
    /// Weaknesses (`CWE-79`), sorted, at most 16.
    pub cwes: Vec<String>,
    /// CISA's SSVC decision on exploitation.
    pub exploitation: Option<Exploitation>,
    /// Public exploits, the readiest first, at most 16.
    pub exploits: Vec<Exploit>,
    /// Set if it is known to be exploited.
    pub known_exploited: Option<KnownExploited>,
    /// Exploit prediction.
    pub epss: Option<Epss>,
    /// When it was published, if known.
    pub published: Option<Timestamp>,
    /// When it was last changed, if known.
    pub modified: Option<Timestamp>,
    /// Addresses to read on, in the publisher's order, at most 16.
    pub references: Vec<String>,
}

impl Vulnerability {
    /// The CVE ids of the group, main id first.
    pub fn cves(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.id).chain(&self.aliases).map(String::as_str).filter(|id| id.starts_with("CVE-"))
    }
}
