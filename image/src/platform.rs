//! Platforms as image indexes name them.

use std::fmt;
use std::str::FromStr;

/// Operating system and processor of an image, in the words of the OCI image index (those of Go).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// `linux`, `windows`, …
    pub os: String,
    /// `amd64`, `arm64`, `arm`, …
    pub architecture: String,
    /// `v7`, `v8`, …; the variant that an architecture implies (`arm64` is `v8`) is left away.
    pub variant: Option<String>,
}

/// A text that is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a platform: write os/architecture or os/architecture/variant, such as linux/arm64")]
pub struct PlatformError(pub String);

impl Platform {
    /// Makes a platform; the names that other tools use for an architecture (`x86_64`, `aarch64`) become
    /// those of the index.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, implied) = match architecture {
            "x86_64" | "x86-64" => ("amd64", None),
            "aarch64" => ("arm64", None),
            "i386" | "i486" | "i586" | "i686" | "x86" => ("386", None),
            "armhf" => ("arm", Some("v7")),
            "armel" => ("arm", Some("v6")),
            "powerpc64" if cfg!(target_endian = "little") => ("ppc64le", None),
            other => (other, None),
        };
        let variant = match (architecture, variant.or(implied).unwrap_or_default()) {
            (_, "") | ("arm64", "v8" | "8") | ("amd64", "v1") => None,
            ("arm", digit @ ("5" | "6" | "7" | "8")) => Some(format!("v{digit}")),
            (_, variant) => Some(variant.to_owned()),
        };
        Self { os: os.to_ascii_lowercase(), architecture: architecture.to_ascii_lowercase(), variant }
    }

    /// The platform of this machine.
    pub fn host() -> Self {
        Self::new(std::env::consts::OS, std::env::consts::ARCH, None)
    }

    /// Whether this is the mark of an attestation or another companion that is no image.
    pub(crate) fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }

    /// Whether an image for `other` serves a wish for this platform: a wish without variant takes any.
    pub(crate) fn accepts(&self, other: &Self) -> bool {
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || self.variant == other.variant)
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let parts: Vec<&str> = text.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return Err(PlatformError(text.to_owned()));
        }
        match parts[..] {
            [os, architecture] => Ok(Self::new(os, architecture, None)),
            [os, architecture, variant] => Ok(Self::new(os, architecture, Some(variant))),
            _ => Err(PlatformError(text.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn names_of_the_same_platform_are_one() {
        assert_eq!(platform("linux/arm64/v8"), platform("linux/aarch64"));
        assert_eq!(platform("linux/x86_64"), platform("Linux/amd64"));
        assert_eq!(platform("linux/armhf").to_string(), "linux/arm/v7");
        assert_eq!(platform("linux/arm/7").to_string(), "linux/arm/v7");
    }

    #[test]
    fn a_wish_without_variant_takes_any_variant() {
        assert!(platform("linux/arm").accepts(&platform("linux/arm/v6")));
        assert!(!platform("linux/arm/v7").accepts(&platform("linux/arm/v6")));
        assert!(!platform("linux/arm").accepts(&platform("linux/arm64")));
    }

    #[test]
    fn half_a_platform_is_refused() {
        for text in ["", "linux", "linux/", "/amd64", "a/b/c/d"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }
}
