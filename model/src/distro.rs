//! Operating system releases, as `/etc/os-release` names them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::package::{Ecosystem, Package};

/// The release that an OS package belongs to: what scopes a distribution's advisories.
///
/// `id` is the `ID` of os-release (`debian`, `alpine`, `ubuntu`), `version` the release as the
/// distribution's advisories name it (`12`, `3.18`, `22.04`); empty for a rolling or unknown release. A restricted
/// update stream of a release stands behind it, `8.6:eus`. Shown and serialised as `id:version`, or `id` alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Distro {
    /// The lower-case `ID` of os-release.
    pub id: String,
    /// The release, empty when rolling or unknown.
    pub version: String,
}

impl Distro {
    /// Names a release.
    pub fn new(id: impl Into<String>, version: impl Into<String>) -> Self {
        Self { id: id.into(), version: version.into() }
    }

    /// The release without its update stream: `8.6` of `8.6:eus`.
    pub fn release(&self) -> &str {
        self.version.split_once(':').map_or(&self.version, |(release, _)| release)
    }
}

impl fmt::Display for Distro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.version.is_empty() {
            f.write_str(&self.id)
        } else {
            write!(f, "{}:{}", self.id, self.version)
        }
    }
}

impl FromStr for Distro {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (id, version) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self::new(id, version))
    }
}

impl Serialize for Distro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Distro {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let Ok(distro) = text.parse();
        Ok(distro)
    }
}

/// What `/etc/os-release` says (freedesktop.org, os-release(5)), as far as it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OsRelease {
    /// `ID`, lower case; `linux` when absent.
    pub id: String,
    /// `ID_LIKE`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_like: Vec<String>,
    /// `VERSION_ID`; absent on rolling releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_codename: Option<String>,
    /// The name to show, such as `Debian Linux 12.5` or `Alpine Linux 3.18.4`.
    pub display_name: String,
    /// The restricted update stream that the system's packages come from, behind its release: `8.6:eus`. No release file
    /// names it; `None` for the release as everybody gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
}

/// Debian's code names with the number that advisories use.
pub const DEBIAN_RELEASES: [(&str, &str); 11] = [
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
    ("sid", "sid"),
];

impl OsRelease {
    /// The release as its distribution's advisories name it: `debian:12`, `alpine:3.18`, `alpine:edge`,
    /// `ubuntu:22.04`, `rhel:9`, `rhel:8.6:eus`, `wolfi`.
    pub fn distro(&self) -> Distro {
        if let Some(stream) = self.stream.as_deref().filter(|stream| !stream.is_empty()) {
            return Distro::new(self.id.clone(), stream);
        }
        let version = self.version_id.as_deref().unwrap_or_default();
        let version = match self.id.as_str() {
            "debian" if version.is_empty() => {
                let name = self.version_codename.as_deref().unwrap_or_default();
                DEBIAN_RELEASES.iter().find(|(code, _)| *code == name).map_or("", |(_, number)| number)
            }
            "debian" => first_parts(version, 1),
            "alpine" if version.contains("_alpha") => "edge",
            "alpine" => first_parts(version, 2),
            // Their advisories are for a whole major release.
            "rhel" | "centos" | "rocky" | "almalinux" | "ol" | "cloudlinux" | "scientific" | "eurolinux" => {
                first_parts(version, 1)
            }
            // Images carry the day of their build behind it.
            "mariner" | "azurelinux" => first_parts(version, 2),
            // All images of Amazon Linux 1 get their packages from one repository, whatever release they began as.
            "amzn" => match first_parts(version, 1) {
                "2011" | "2012" | "2013" | "2014" | "2015" | "2016" | "2017" | "2018" => "2018.03",
                release => release,
            },
            // What rolling releases say is the day of a build, or the version of one package.
            "wolfi"
            | "chainguard"
            | "arch"
            | "gentoo"
            | "opensuse-tumbleweed"
            | "opensuse-microos"
            | "kali"
            | "void" => "",
            _ => version,
        };
        Distro::new(self.id.clone(), version)
    }

    /// The release itself as a package, which carries its end-of-life finding.
    pub fn package(&self) -> Package {
        let distro = self.distro();
        Package {
            ecosystem: Ecosystem::Os,
            name: distro.id.clone(),
            version: distro.version.clone(),
            distro: Some(distro),
            arch: None,
            source: None,
            module: None,
            vendor: None,
        }
    }
}

/// The first `count` dot-separated parts of `version`.
fn first_parts(version: &str, count: usize) -> &str {
    match version.match_indices('.').nth(count - 1) {
        Some((end, _)) => &version[..end],
        None => version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_as_their_advisories_name_them() {
        let name = |id: &str, version: Option<&str>, code: Option<&str>| {
            let release = OsRelease {
                id: id.into(),
                version_id: version.map(Into::into),
                version_codename: code.map(Into::into),
                ..OsRelease::default()
            };
            release.distro().to_string()
        };
        assert_eq!(name("debian", Some("12"), Some("bookworm")), "debian:12");
        assert_eq!(name("debian", None, Some("trixie")), "debian:13");
        assert_eq!(name("alpine", Some("3.18.4"), None), "alpine:3.18");
        assert_eq!(name("alpine", Some("3.19_alpha20230901"), None), "alpine:edge");
        assert_eq!(name("ubuntu", Some("22.04"), Some("jammy")), "ubuntu:22.04");
        assert_eq!(name("rhel", Some("9.3"), None), "rhel:9");
        assert_eq!(name("sles", Some("15.3"), None), "sles:15.3");
        assert_eq!(name("gentoo", Some("2.14"), None), "gentoo");
        assert_eq!(name("wolfi", Some("20230201"), None), "wolfi");
    }

    #[test]
    fn a_restricted_stream_is_a_release_of_its_own() {
        let stream = Some("8.6:eus".to_owned());
        let release =
            OsRelease { id: "rhel".into(), version_id: Some("8.6".into()), stream, ..OsRelease::default() };
        let distro = release.distro();
        assert_eq!((distro.to_string().as_str(), distro.release()), ("rhel:8.6:eus", "8.6"));
        assert_eq!("rhel:8.6:eus".parse(), Ok(distro.clone()));
        assert_eq!(release.package().distro, Some(distro));
        assert_eq!(Distro::new("rhel", "8").release(), "8");
    }

    #[test]
    fn all_releases_of_amazon_linux_1_are_one() {
        let name = |version: &str| {
            let version_id = Some(version.to_owned());
            OsRelease { id: "amzn".into(), version_id, ..OsRelease::default() }.distro().to_string()
        };
        assert_eq!(["2018.03", "2017.09", "2011.09.2"].map(name), ["amzn:2018.03"; 3]);
        assert_eq!(
            ["2", "2.0", "2022", "2023", "2023.6.20250303"].map(name),
            ["amzn:2", "amzn:2", "amzn:2022", "amzn:2023", "amzn:2023"]
        );
    }
}
