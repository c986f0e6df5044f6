//! The list of schemes, and which ecosystem uses which.

use std::fmt;
use std::str::FromStr;

use model::Ecosystem;

/// A way to order versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Debian and its derivatives.
    Deb,
    /// Alpine, Wolfi, Chainguard.
    Apk,
    /// RPM distributions.
    Rpm,
    /// npm: semantic versioning behind a lenient front.
    Npm,
    /// Python.
    Pep440,
    /// Java archives.
    Maven,
    /// Software whose scheme is not written down; see the module of that name for the rules.
    Generic,
}

impl Scheme {
    /// All schemes, in declaration order.
    pub const ALL: [Self; 7] =
        [Self::Deb, Self::Apk, Self::Rpm, Self::Npm, Self::Pep440, Self::Maven, Self::Generic];

    /// The scheme of an ecosystem's versions; `None` where none is written yet, so that nothing is guessed.
    pub const fn of(ecosystem: Ecosystem) -> Option<Self> {
        match ecosystem {
            Ecosystem::Deb => Some(Self::Deb),
            Ecosystem::Apk => Some(Self::Apk),
            Ecosystem::Rpm => Some(Self::Rpm),
            Ecosystem::Pypi => Some(Self::Pep440),
            // a crate's version is semantic by decree, so the order is the same
            Ecosystem::Npm | Ecosystem::Cargo => Some(Self::Npm),
            Ecosystem::Maven => Some(Self::Maven),
            Ecosystem::Generic => Some(Self::Generic),
            _ => None,
        }
    }

    /// The name on the command line and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "dpkg",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Npm => "semver",
            Self::Pep440 => "pep440",
            Self::Maven => "maven",
            Self::Generic => "generic",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads the names of [`Scheme::as_str`], and `deb`, `npm` and `pypi` for those who think of the ecosystem.
impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        match text {
            "deb" => Ok(Self::Deb),
            "npm" => Ok(Self::Npm),
            "pypi" => Ok(Self::Pep440),
            _ => Self::ALL
                .into_iter()
                .find(|scheme| scheme.as_str() == text)
                .ok_or_else(|| UnknownScheme(text.chars().take(64).collect())),
        }
    }
}

/// A text that names no scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a known version scheme; known are dpkg (deb), apk, rpm, semver (npm), pep440 (pypi), maven, generic"
)]
pub struct UnknownScheme(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_read_back_from_its_name_and_its_alias() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.as_str().parse(), Ok(scheme));
        }
        let aliases = ["deb", "npm", "pypi"].map(|alias| alias.parse::<Scheme>().unwrap());
        assert_eq!(aliases, [Scheme::Deb, Scheme::Npm, Scheme::Pep440]);
        assert!("rubygems".parse::<Scheme>().is_err());
    }

    #[test]
    fn every_scheme_has_a_fuzz_target_of_its_name() {
        let targets = include_str!("../../fuzz/Cargo.toml");
        for scheme in Scheme::ALL {
            let entry = format!("\nname = \"version-{scheme}\"\n");
            assert!(targets.contains(&entry), "fuzz/Cargo.toml lists no target `version-{scheme}`");
        }
    }

    #[test]
    fn an_ecosystem_without_a_scheme_has_none_instead_of_a_guess() {
        assert_eq!(Scheme::of(Ecosystem::Deb), Some(Scheme::Deb));
        assert_eq!(Scheme::of(Ecosystem::Nuget), None);
        assert_eq!(Scheme::of(Ecosystem::Os), None);
    }
}
