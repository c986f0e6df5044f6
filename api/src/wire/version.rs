//! The versions of the API, and the shapes of a container record.
//!
//! All versions are served from one model. v1.1 keeps its own record shapes; v1.2 and v1.3 share one, in which
//! v1.2 still fills the legacy `scanType`.

use std::fmt;
use std::str::FromStr;

/// A version of the API, as in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    V1_1,
    V1_2,
    V1_3,
}

impl Version {
    pub(crate) const ALL: [Self; 3] = [Self::V1_1, Self::V1_2, Self::V1_3];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V1_1 => "v1.1",
            Self::V1_2 => "v1.2",
            Self::V1_3 => "v1.3",
        }
    }

    /// Whether an empty list is an object with empty `data`; otherwise it is 204 without a body.
    pub(crate) const fn empty_list_has_body(self) -> bool {
        matches!(self, Self::V1_1)
    }

    /// Whether records have the shapes of v1.1.
    pub(crate) const fn is_legacy(self) -> bool {
        matches!(self, Self::V1_1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How much a container record of v1.2 and v1.3 says.
///
/// The newest documented keys and one public client exclude each other: that client builds typed records and
/// fails on `imageDigest`, `sources`, `sensorUuid`, `isVulnPropagated`, `vulnPropagationDate`, the `…Qlp`
/// keys, `isInstrumented`, on `lifecycle` and `layerSha` of container software and on `layerSha` of container
/// vulnerabilities. No known client reads those keys from a container, and losing a whole export is worse
/// than missing keys that are null here more often than not. So the classic shape is the default, and the full
/// one is a setting or `profile=full` on a request. The plain list carries the documented keys either way,
/// because the client in question does not call it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerProfile {
    /// What every known client accepts.
    #[default]
    Classic,
    /// Every documented key.
    Full,
}

/// A text that names no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a container profile; profiles are classic and full")]
pub struct UnknownProfile(String);

impl FromStr for ContainerProfile {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, UnknownProfile> {
        match text.trim().to_ascii_lowercase().as_str() {
            "classic" => Ok(Self::Classic),
            "full" => Ok(Self::Full),
            _ => Err(UnknownProfile(text.chars().take(40).collect())),
        }
    }
}

impl fmt::Display for ContainerProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Classic => "classic",
            Self::Full => "full",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read_back_from_its_own_name() {
        for profile in [ContainerProfile::Classic, ContainerProfile::Full] {
            assert_eq!(profile.to_string().parse(), Ok(profile));
        }
        assert!("newest".parse::<ContainerProfile>().is_err());
    }
}
