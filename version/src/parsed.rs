//! A version that has been read once and can be compared many times.
//!
//! What it is for: one installed version meets the bounds of many advisories, and reading it costs more than
//! comparing it. The decision a reader may doubt: a `Parsed` borrows its text and most schemes only remember where the
//! parts are, so that reading allocates nothing; only [`Scheme::Maven`] with letters builds a tree.

use std::cmp::Ordering;

use crate::error::Reason;
use crate::scheme::Scheme;
use crate::{
    MAX_LENGTH, alpm, apk, composer, cran, dart, deb, gem, generic, go, hackage, hex, julia, maven, npm,
    nuget, pep440, rpm, semver,
};

/// A version that its scheme could read.
pub struct Parsed<'a>(Inner<'a>);

enum Inner<'a> {
    Deb(deb::Version<'a>),
    Apk(apk::Version<'a>),
    Rpm(rpm::Version<'a>),
    Semver(semver::Version<'a>),
    Npm(semver::Version<'a>),
    Pep440(pep440::Version<'a>),
    Maven(maven::Version<'a>),
    Gem(gem::Version<'a>),
    Nuget(nuget::Version<'a>),
    Composer(composer::Version<'a>),
    Go(go::Version<'a>),
    Hex(semver::Version<'a>),
    Pub(dart::Version<'a>),
    Alpm(alpm::Version<'a>),
    Hackage(hackage::Version<'a>),
    Cran(cran::Version<'a>),
    Julia(julia::Version<'a>),
    Generic(generic::Version<'a>),
}

impl<'a> Parsed<'a> {
    /// Reads `text` as a version of `scheme`.
    ///
    /// # Errors
    /// The reason why it is none.
    pub fn parse(scheme: Scheme, text: &'a str) -> Result<Self, Reason> {
        bounded(text)?;
        Ok(Self(match scheme {
            Scheme::Deb => Inner::Deb(deb::Version::parse(text)?),
            Scheme::Apk => Inner::Apk(apk::Version::parse(text)?),
            Scheme::Rpm => Inner::Rpm(rpm::Version::parse(text)?),
            Scheme::Semver => Inner::Semver(semver::Version::parse(text)?),
            Scheme::Npm => Inner::Npm(npm::parse(text)?),
            Scheme::Pep440 => Inner::Pep440(pep440::Version::parse(text)?),
            Scheme::Maven => Inner::Maven(maven::Version::parse(text)?),
            Scheme::Gem => Inner::Gem(gem::Version::parse(text)?),
            Scheme::Nuget => Inner::Nuget(nuget::Version::parse(text)?),
            Scheme::Composer => Inner::Composer(composer::Version::parse(text)?),
            Scheme::Go => Inner::Go(go::Version::parse(text)?),
            Scheme::Hex => Inner::Hex(hex::parse(text)?),
            Scheme::Pub => Inner::Pub(dart::Version::parse(text)?),
            Scheme::Alpm => Inner::Alpm(alpm::Version::parse(text)?),
            Scheme::Hackage => Inner::Hackage(hackage::Version::parse(text)?),
            Scheme::Cran => Inner::Cran(cran::Version::parse(text)?),
            Scheme::Julia => Inner::Julia(julia::Version::parse(text)?),
            Scheme::Generic => Inner::Generic(generic::Version::parse(text)?),
        }))
    }

    /// Compares two versions of one scheme, as [`crate::compare`] does.
    ///
    /// Versions of different schemes have no order; the answer is then that of the schemes' declaration, which is
    /// total and never [`Ordering::Equal`], but says nothing about the versions.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Inner::Deb(a), Inner::Deb(b)) => a.compare(b),
            (Inner::Apk(a), Inner::Apk(b)) => a.compare(b),
            (Inner::Rpm(a), Inner::Rpm(b)) => a.compare(b),
            (Inner::Semver(a), Inner::Semver(b)) => a.compare(b),
            (Inner::Npm(a), Inner::Npm(b)) => a.compare(b),
            (Inner::Pep440(a), Inner::Pep440(b)) => a.compare(b),
            (Inner::Maven(a), Inner::Maven(b)) => a.compare(b),
            (Inner::Gem(a), Inner::Gem(b)) => a.compare(b),
            (Inner::Nuget(a), Inner::Nuget(b)) => a.compare(b),
            (Inner::Composer(a), Inner::Composer(b)) => a.compare(b),
            (Inner::Go(a), Inner::Go(b)) => a.compare(b),
            (Inner::Hex(a), Inner::Hex(b)) => a.compare(b),
            (Inner::Pub(a), Inner::Pub(b)) => a.compare(b),
            (Inner::Alpm(a), Inner::Alpm(b)) => a.compare(b),
            (Inner::Hackage(a), Inner::Hackage(b)) => a.compare(b),
            (Inner::Cran(a), Inner::Cran(b)) => a.compare(b),
            (Inner::Julia(a), Inner::Julia(b)) => a.compare(b),
            (Inner::Generic(a), Inner::Generic(b)) => a.compare(b),
            _ => self.scheme().cmp(&other.scheme()),
        }
    }

    /// Whether this names a branch of a repository (`dev-main` of Composer): it has a place in the order, so that lists
    /// can be sorted, but lies in no range of releases and outside of none.
    #[must_use]
    pub const fn is_branch(&self) -> bool {
        match &self.0 {
            Inner::Composer(version) => version.is_branch(),
            _ => false,
        }
    }

    /// The scheme that read this version.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        match self.0 {
            Inner::Deb(_) => Scheme::Deb,
            Inner::Apk(_) => Scheme::Apk,
            Inner::Rpm(_) => Scheme::Rpm,
            Inner::Semver(_) => Scheme::Semver,
            Inner::Npm(_) => Scheme::Npm,
            Inner::Pep440(_) => Scheme::Pep440,
            Inner::Maven(_) => Scheme::Maven,
            Inner::Gem(_) => Scheme::Gem,
            Inner::Nuget(_) => Scheme::Nuget,
            Inner::Composer(_) => Scheme::Composer,
            Inner::Go(_) => Scheme::Go,
            Inner::Hex(_) => Scheme::Hex,
            Inner::Pub(_) => Scheme::Pub,
            Inner::Alpm(_) => Scheme::Alpm,
            Inner::Hackage(_) => Scheme::Hackage,
            Inner::Cran(_) => Scheme::Cran,
            Inner::Julia(_) => Scheme::Julia,
            Inner::Generic(_) => Scheme::Generic,
        }
    }
}

/// Refuses what no scheme accepts: nothing at all, and too much.
fn bounded(text: &str) -> Result<(), Reason> {
    if text.trim_ascii().is_empty() {
        return Err(Reason::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(Reason::TooLong(text.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_knows_its_scheme_and_versions_of_two_schemes_are_never_equal() {
        for (index, left) in Scheme::ALL.into_iter().enumerate() {
            for (other, right) in Scheme::ALL.into_iter().enumerate() {
                let [a, b] = [left, right].map(|scheme| Parsed::parse(scheme, "1.2.3").unwrap());
                assert_eq!(a.scheme(), left);
                assert_eq!(a.compare(&b), index.cmp(&other), "{left} {right}");
            }
        }
    }
}
