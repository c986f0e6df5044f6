//! What a daemon is: its name, its versions and where it keeps things (`GET /version`, `GET /info`).
//!
//! The API is spoken in the newest version that both sides know. What is read has been there since API 1.21 and is still there in
//! the newest; where a daemon is so new that it has given up ours, its oldest one is taken.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// The newest version of the API that this client was held against.
const OURS: ApiVersion = ApiVersion(1, 44);

/// Whose daemon it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Docker (moby).
    Docker,
    /// Podman, which answers Docker's API and its own at one socket.
    Podman,
}

impl Flavour {
    /// Its name, as reports have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

/// `MAJOR.MINOR`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ApiVersion(u32, u32);

impl ApiVersion {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

/// What is known of a daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) flavour: Flavour,
    /// Its version, such as `20.10.24`.
    pub(super) version: String,
    /// What paths of Docker's API begin with, such as `/v1.41`.
    pub(super) prefix: String,
    /// What paths of podman's own API begin with, such as `/v4.0.0/libpod`.
    pub(super) libpod: Option<String>,
    /// Where it keeps images and containers.
    pub(super) root: Option<PathBuf>,
    /// Images and layers lie in containerd, and an image's id is the digest of its manifest.
    pub(super) is_containerd_store: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    version: Option<String>,
    api_version: String,
    #[serde(rename = "MinAPIVersion")]
    min_api_version: Option<String>,
    components: Option<Vec<Component>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Component {
    name: String,
    version: Option<String>,
    details: Option<BTreeMap<String, Option<String>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    docker_root_dir: Option<PathBuf>,
    driver_status: Option<Vec<Vec<Option<String>>>>,
}

/// The name of podman among the components of `GET /version`.
const PODMAN: &str = "Podman Engine";

impl Facts {
    /// A daemon of which nothing is known yet.
    pub(super) fn of(flavour: Flavour) -> Self {
        Self {
            flavour,
            version: String::new(),
            prefix: String::new(),
            libpod: None,
            root: None,
            is_containerd_store: false,
        }
    }

    /// Reads the answer of `GET /version`.
    pub(super) fn read_version(bytes: &[u8]) -> Result<Self, String> {
        let version: Version = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let number = |text: &str| {
            ApiVersion::parse(text)
                .ok_or_else(|| format!("`{}` is no version of an API", super::client::shorten(text)))
        };
        let newest = number(&version.api_version)?;
        let oldest = version.min_api_version.as_deref().filter(|text| !text.is_empty()).map(number);
        let spoken = OURS.min(newest).max(oldest.transpose()?.unwrap_or(ApiVersion(0, 0)));
        let components = version.components.unwrap_or_default();
        let podman = components.iter().find(|component| component.name == PODMAN);
        let details = |name: &str| podman?.details.as_ref()?.get(name)?.as_deref();
        // its oldest own version is taken by every daemon that says so
        let libpod =
            details("MinAPIVersion").or_else(|| details("APIVersion")).filter(|text| is_version(text));
        let told = podman.and_then(|podman| podman.version.clone()).or(version.version);
        Ok(Self {
            version: told.map(|text| super::client::shorten(&text)).unwrap_or_default(),
            prefix: format!("/v{}.{}", spoken.0, spoken.1),
            libpod: libpod.map(|text| format!("/v{text}/libpod")),
            ..Self::of(if podman.is_some() { Flavour::Podman } else { Flavour::Docker })
        })
    }

    /// Adds what the answer of `GET /info` says.
    pub(super) fn read_info(&mut self, bytes: &[u8]) -> Result<(), String> {
        let info: Info = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        self.root = info.docker_root_dir.filter(|path| path.is_absolute());
        let snapshotter = [Some("driver-type"), Some("io.containerd.snapshotter.v1")];
        let status = info.driver_status.unwrap_or_default();
        self.is_containerd_store =
            status.iter().any(|pair| pair.iter().map(Option::as_deref).eq(snapshotter));
        Ok(())
    }

    /// Name and version.
    pub(super) fn describe(&self) -> String {
        match self.version.as_str() {
            "" => self.flavour.as_str().to_owned(),
            version => format!("{} {version}", self.flavour.as_str()),
        }
    }
}

fn is_version(text: &str) -> bool {
    !text.is_empty() && text.len() < 32 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_that_both_know_is_spoken() {
        let prefix = |newest: &str, oldest: &str| {
            let text = format!(r#"{{"Version":"1","ApiVersion":"{newest}","MinAPIVersion":"{oldest}"}}"#);
            Facts::read_version(text.as_bytes()).map(|facts| facts.prefix)
        };
        assert_eq!(prefix("1.41", "1.12").unwrap(), "/v1.41");
        assert_eq!(prefix("1.24", "").unwrap(), "/v1.24");
        assert_eq!(prefix("1.52", "1.44").unwrap(), "/v1.44");
        assert_eq!(prefix("1.60", "1.50").unwrap(), "/v1.50", "it has given ours up");
        assert_eq!(prefix("2.0", "1.44").unwrap(), "/v1.44");
        assert!(prefix("1", "").unwrap_err().contains("`1` is no version"));
        assert!(prefix("1.41", "x").is_err());
        assert!(Facts::read_version(b"<html>").is_err() && Facts::read_version(b"{}").is_err());
    }

    #[test]
    fn podman_is_told_by_its_component_and_asked_by_the_oldest_of_its_own_versions() {
        let text = r#"{"Platform":{"Name":"linux/amd64/debian-12"},"Components":[{"Name":"Podman Engine","Version":"4.3.1",
            "Details":{"APIVersion":"4.3.1","MinAPIVersion":"4.0.0"}},{"Name":"Conmon","Version":"2.1.6"}],
            "Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24"}"#;
        let facts = Facts::read_version(text.as_bytes()).unwrap();
        assert_eq!((facts.flavour, facts.libpod.as_deref()), (Flavour::Podman, Some("/v4.0.0/libpod")));
        assert_eq!(facts.describe(), "podman 4.3.1");
        let odd = text.replace("4.0.0", "4/../..");
        assert_eq!(Facts::read_version(odd.as_bytes()).unwrap().libpod, None);
    }

    #[test]
    fn the_place_of_the_storage_and_its_kind_are_read_from_info() {
        let mut facts = Facts::of(Flavour::Docker);
        facts.read_info(br#"{"DockerRootDir":"/r","Driver":"overlay2","DriverStatus":[["Backing Filesystem","extfs"]]}"#)
            .unwrap();
        assert_eq!((facts.root.clone(), facts.is_containerd_store), (Some("/r".into()), false));
        let snapshots = br#"{"DockerRootDir":"r","DriverStatus":[["driver-type","io.containerd.snapshotter.v1"],[null]]}"#;
        facts.read_info(snapshots).unwrap();
        assert_eq!((facts.root.clone(), facts.is_containerd_store), (None, true));
        assert!(facts.read_info(b"[]").is_err());
    }
}
