//! Packages: what an image holds and what advisories speak of.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::distro::Distro;

/// Where a package comes from; the text form is the package-url type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Ecosystem {
    /// Debian and its derivatives.
    Deb,
    /// Alpine, Wolfi, Chainguard.
    Apk,
    /// RPM distributions.
    Rpm,
    /// Arch Linux and its derivatives: packages of pacman.
    Alpm,
    /// OpenWrt and Yocto builds: packages of opkg. Not yet a registered package-url type.
    Opkg,
    /// Gentoo and its derivatives: packages of Portage; the name is `category/name`. Not yet a registered
    /// package-url type.
    Ebuild,
    /// Python packages.
    Pypi,
    /// Node.js packages.
    Npm,
    /// Java archives; the name is `group:artifact`.
    Maven,
    /// Go modules.
    Golang,
    /// Rust crates.
    Cargo,
    /// Ruby gems.
    Gem,
    /// PHP packages.
    Composer,
    /// .NET packages.
    Nuget,
    /// Packages of conda environments.
    Conda,
    /// R packages.
    Cran,
    /// Perl distributions of CPAN.
    Cpan,
    /// Lua rocks.
    Luarocks,
    /// Erlang and Elixir packages of Hex.
    Hex,
    /// Applications of the Erlang runtime, whatever built them.
    Otp,
    /// Swift packages; the name is the repository without scheme, `github.com/owner/name`.
    Swift,
    /// Dart and Flutter packages.
    Pub,
    /// Haskell packages.
    Hackage,
    /// Julia packages.
    Julia,
    /// C and C++ packages of Conan.
    Conan,
    /// Packages of CocoaPods.
    Cocoapods,
    /// Components of Bitnami's images.
    Bitnami,
    /// Anything known only by a product name.
    Generic,
    /// An operating system release itself: carries its end-of-life finding, is never listed as software.
    Os,
}

impl Ecosystem {
    /// All ecosystems, in declaration order.
    pub const ALL: [Self; 29] = [
        Self::Deb,
        Self::Apk,
        Self::Rpm,
        Self::Alpm,
        Self::Opkg,
        Self::Ebuild,
        Self::Pypi,
        Self::Npm,
        Self::Maven,
        Self::Golang,
        Self::Cargo,
        Self::Gem,
        Self::Composer,
        Self::Nuget,
        Self::Conda,
        Self::Cran,
        Self::Cpan,
        Self::Luarocks,
        Self::Hex,
        Self::Otp,
        Self::Swift,
        Self::Pub,
        Self::Hackage,
        Self::Julia,
        Self::Conan,
        Self::Cocoapods,
        Self::Bitnami,
        Self::Generic,
        Self::Os,
    ];

    /// The package-url type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Alpm => "alpm",
            Self::Opkg => "opkg",
            Self::Ebuild => "ebuild",
            Self::Pypi => "pypi",
            Self::Npm => "npm",
            Self::Maven => "maven",
            Self::Golang => "golang",
            Self::Cargo => "cargo",
            Self::Gem => "gem",
            Self::Composer => "composer",
            Self::Nuget => "nuget",
            Self::Conda => "conda",
            Self::Cran => "cran",
            Self::Cpan => "cpan",
            Self::Luarocks => "luarocks",
            Self::Hex => "hex",
            Self::Otp => "otp",
            Self::Swift => "swift",
            Self::Pub => "pub",
            Self::Hackage => "hackage",
            Self::Julia => "julia",
            Self::Conan => "conan",
            Self::Cocoapods => "cocoapods",
            Self::Bitnami => "bitnami",
            Self::Generic => "generic",
            Self::Os => "os",
        }
    }

    /// Whether packages of this kind are installed by the distribution's own package manager.
    pub const fn is_os(self) -> bool {
        matches!(self, Self::Deb | Self::Apk | Self::Rpm | Self::Alpm | Self::Opkg | Self::Ebuild)
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Ecosystem {
    type Err = UnknownEcosystem;

    fn from_str(text: &str) -> Result<Self, UnknownEcosystem> {
        Self::ALL
            .into_iter()
            .find(|ecosystem| ecosystem.as_str() == text)
            .ok_or_else(|| UnknownEcosystem(text.chars().take(64).collect()))
    }
}

/// A text that names no ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known package ecosystem")]
pub struct UnknownEcosystem(pub String);

/// The source package that a binary package was built from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourcePackage {
    /// Debian `Source`, Alpine origin, RPM source package name.
    pub name: String,
    /// Its version; equal to the binary's unless the packaging says otherwise.
    pub version: String,
}

/// The identity of a package: exactly what a judgement can depend on.
///
/// Two images that hold an equal `Package` share its findings. Place (layer, path) is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Package {
    /// Where it comes from.
    pub ecosystem: Ecosystem,
    /// The release it belongs to; set for OS packages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<Distro>,
    /// The name as its own ecosystem writes it; `group:artifact` for Maven. A Debian name carries no architecture.
    pub name: String,
    /// The version as its own ecosystem writes it, with epoch and revision.
    pub version: String,
    /// Architecture, where the package manager records one; `source` for a source package that is a part of a binary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    /// The source package; always set for Debian and Alpine packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    /// RPM module and stream, `name:stream`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Who built an OS package that is not the distribution's own; the distribution's advisories do not speak of it.
    /// `None` for the distribution's own packages and where nothing tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
}

impl Package {
    /// A package of which nothing but name and version is known.
    pub fn new(ecosystem: Ecosystem, name: impl Into<String>, version: impl Into<String>) -> Self {
        let (name, version) = (name.into(), version.into());
        Self { ecosystem, distro: None, name, version, arch: None, source: None, module: None, vendor: None }
    }

    /// The name that advisories of the package's distribution use: the source package's, else its own.
    pub fn advisory_name(&self) -> &str {
        self.source.as_ref().map_or(&self.name, |source| &source.name)
    }

    /// The version that belongs to [`Self::advisory_name`].
    pub fn advisory_version(&self) -> &str {
        self.source.as_ref().map_or(&self.version, |source| &source.version)
    }
}
