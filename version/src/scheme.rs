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
    /// Semantic versions to the letter, as node's `semver` reads them; Rust crates, Swift packages.
    Semver,
    /// npm packages: semantic versions in the loose form that npm reads.
    Npm,
    /// Python.
    Pep440,
    /// Java archives.
    Maven,
    /// Ruby gems.
    Gem,
    /// .NET packages.
    Nuget,
    /// PHP packages.
    Composer,
    /// Go modules and Go itself.
    Go,
    /// Erlang and Elixir packages.
    Hex,
    /// Dart and Flutter packages.
    Pub,
    /// Arch Linux and its derivatives.
    Alpm,
    /// Haskell packages.
    Hackage,
    /// R packages.
    Cran,
    /// Julia packages.
    Julia,
    /// Software whose scheme is not written down; see the module of that name for the rules.
    Generic,
}

/// Names that are not a scheme's own, for those who think of the ecosystem.
const ALIASES: [(&str, Scheme); 6] = [
    ("deb", Scheme::Deb),
    ("cargo", Scheme::Semver),
    ("swift", Scheme::Semver),
    ("pypi", Scheme::Pep440),
    ("rubygems", Scheme::Gem),
    ("golang", Scheme::Go),
];

impl Scheme {
    /// All schemes, in declaration order.
    pub const ALL: [Self; 18] = [
        Self::Deb,
        Self::Apk,
        Self::Rpm,
        Self::Semver,
        Self::Npm,
        Self::Pep440,
        Self::Maven,
        Self::Gem,
        Self::Nuget,
        Self::Composer,
        Self::Go,
        Self::Hex,
        Self::Pub,
        Self::Alpm,
        Self::Hackage,
        Self::Cran,
        Self::Julia,
        Self::Generic,
    ];

    /// The scheme of an ecosystem's versions; `None` where none is written yet, so that nothing is guessed.
    pub const fn of(ecosystem: Ecosystem) -> Option<Self> {
        match ecosystem {
            Ecosystem::Deb => Some(Self::Deb),
            Ecosystem::Apk => Some(Self::Apk),
            Ecosystem::Rpm => Some(Self::Rpm),
            Ecosystem::Alpm => Some(Self::Alpm),
            Ecosystem::Pypi => Some(Self::Pep440),
            Ecosystem::Npm => Some(Self::Npm),
            Ecosystem::Maven => Some(Self::Maven),
            Ecosystem::Golang => Some(Self::Go),
            Ecosystem::Gem => Some(Self::Gem),
            Ecosystem::Composer => Some(Self::Composer),
            Ecosystem::Nuget => Some(Self::Nuget),
            Ecosystem::Hex => Some(Self::Hex),
            Ecosystem::Pub => Some(Self::Pub),
            Ecosystem::Hackage => Some(Self::Hackage),
            Ecosystem::Cran => Some(Self::Cran),
            Ecosystem::Julia => Some(Self::Julia),
            Ecosystem::Generic => Some(Self::Generic),
            // both are semantic by decree of their tools
            Ecosystem::Cargo | Ecosystem::Swift => Some(Self::Semver),
            // semantic but for leading zeros (MinIO's `2023.03.20`), which the loose form takes
            Ecosystem::Bitnami => Some(Self::Npm),
            _ => None,
        }
    }

    /// The name on the command line and in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "dpkg",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Semver => "semver",
            Self::Npm => "npm",
            Self::Pep440 => "pep440",
            Self::Maven => "maven",
            Self::Gem => "gem",
            Self::Nuget => "nuget",
            Self::Composer => "composer",
            Self::Go => "go",
            Self::Hex => "hex",
            Self::Pub => "pub",
            Self::Alpm => "alpm",
            Self::Hackage => "hackage",
            Self::Cran => "cran",
            Self::Julia => "julia",
            Self::Generic => "generic",
        }
    }

    /// Whether the order is transitive. Two references are not, in corners that real versions rarely touch, and exactness
    /// comes first; whoever sorts must not rely on it there.
    pub const fn is_transitive(self) -> bool {
        !matches!(self, Self::Maven | Self::Alpm)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads the names of [`Scheme::as_str`], and those of some ecosystems: `deb`, `cargo`, `swift`, `pypi`, `rubygems`,
/// `golang`.
impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(text: &str) -> Result<Self, UnknownScheme> {
        let alias = ALIASES.iter().find(|(name, _)| *name == text).map(|(_, scheme)| *scheme);
        alias
            .or_else(|| Self::ALL.into_iter().find(|scheme| scheme.as_str() == text))
            .ok_or_else(|| UnknownScheme(text.chars().take(64).collect()))
    }
}

/// A text that names no scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a known version scheme; known are {names}", names = known_names())]
pub struct UnknownScheme(pub String);

/// All names, each with its aliases in brackets.
fn known_names() -> String {
    let name = |scheme: Scheme| {
        let aliases: Vec<&str> =
            ALIASES.iter().filter(|(_, of)| *of == scheme).map(|(name, _)| *name).collect();
        if aliases.is_empty() { scheme.to_string() } else { format!("{scheme} ({})", aliases.join(", ")) }
    };
    Scheme::ALL.map(name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_read_back_from_its_name_and_its_aliases() {
        for scheme in Scheme::ALL {
            assert_eq!(scheme.as_str().parse(), Ok(scheme));
        }
        for (alias, scheme) in ALIASES {
            assert_eq!(alias.parse(), Ok(scheme));
        }
    }

    #[test]
    fn an_unknown_scheme_is_refused_with_the_known_ones() {
        let error = "debian".parse::<Scheme>().unwrap_err().to_string();
        assert!(
            error.starts_with("`debian` is not a known version scheme; known are dpkg (deb), apk, rpm, "),
            "{error}"
        );
        assert!(
            error.contains(", semver (cargo, swift), npm, pep440 (pypi), maven, gem (rubygems), "),
            "{error}"
        );
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
        assert_eq!(Scheme::of(Ecosystem::Nuget), Some(Scheme::Nuget));
        assert_eq!(Scheme::of(Ecosystem::Cpan), None);
        assert_eq!(Scheme::of(Ecosystem::Os), None);
    }
}
