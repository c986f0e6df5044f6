//! OSV's names of ecosystems (<https://ossf.github.io/osv-schema/#defined-ecosystems>) and the namespaces they mean.
//!
//! A name is that of a database, for distributions followed by the release after a colon: `Ubuntu:Pro:18.04:LTS`,
//! `Red Hat:rhel_eus:8.8::baseos`. Update streams that only subscribers get become namespaces of their own.
//!
//! The decision a reader may doubt: Rocky Linux, openEuler and SUSE name source packages here although RPM advisories
//! otherwise name binary ones; their records list `java-11-openjdk` and never its parts.

use std::sync::Arc;

use model::{Ecosystem, Named, Namespace, NamespaceFamily};
use version::Scheme;

use crate::lookup::family_of;

/// Where the packages of an OSV ecosystem are filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) namespace: Arc<str>,
    pub(super) family: NamespaceFamily,
    pub(super) ecosystem: Ecosystem,
    pub(super) named: Named,
}

impl Place {
    fn new(namespace: String, ecosystem: Ecosystem, named: Named) -> Self {
        let namespace = Namespace(namespace);
        let family = family_of(&namespace);
        Self { namespace: namespace.0.into(), family, ecosystem, named }
    }

    /// The order of bounds where that of versions is not written down: Bitnami's bounds are semantic versions, some with
    /// leading zeros, while what stands behind the hyphen of its packages' versions is a revision.
    pub(super) fn order_of_bounds(&self) -> Option<Scheme> {
        (self.ecosystem == Ecosystem::Bitnami).then_some(Scheme::Npm)
    }

    /// Whether these are packages of a distribution.
    pub(super) fn is_distribution(&self) -> bool {
        self.ecosystem.is_os()
    }
}

/// Language ecosystems by OSV's name.
const LANGUAGES: [(&str, Ecosystem); 16] = [
    ("Bitnami", Ecosystem::Bitnami),
    ("CRAN", Ecosystem::Cran),
    ("ConanCenter", Ecosystem::Conan),
    ("Go", Ecosystem::Golang),
    ("Hackage", Ecosystem::Hackage),
    ("Hex", Ecosystem::Hex),
    ("Julia", Ecosystem::Julia),
    ("Maven", Ecosystem::Maven),
    ("NuGet", Ecosystem::Nuget),
    ("Packagist", Ecosystem::Composer),
    ("Pub", Ecosystem::Pub),
    ("PyPI", Ecosystem::Pypi),
    ("RubyGems", Ecosystem::Gem),
    ("SwiftURL", Ecosystem::Swift),
    ("crates.io", Ecosystem::Cargo),
    ("npm", Ecosystem::Npm),
];

/// Distributions by OSV's name: what their packages are and how they are named.
const DISTRIBUTIONS: [(&str, Ecosystem, Named); 11] = [
    ("AlmaLinux", Ecosystem::Rpm, Named::Binary),
    ("Alpine", Ecosystem::Apk, Named::Source),
    ("Chainguard", Ecosystem::Apk, Named::Source),
    ("Debian", Ecosystem::Deb, Named::Source),
    ("Red Hat", Ecosystem::Rpm, Named::Binary),
    ("Rocky Linux", Ecosystem::Rpm, Named::Source),
    ("SUSE", Ecosystem::Rpm, Named::Source),
    ("Ubuntu", Ecosystem::Deb, Named::Source),
    ("Wolfi", Ecosystem::Apk, Named::Source),
    ("openEuler", Ecosystem::Rpm, Named::Source),
    ("openSUSE", Ecosystem::Rpm, Named::Source),
];

/// The database that an ecosystem belongs to: what stands before the first colon.
pub(super) fn database(ecosystem: &str) -> &str {
    ecosystem.split(':').next().unwrap_or_default()
}

/// Whether any ecosystem of this database is used.
pub(super) fn is_used(database: &str) -> bool {
    LANGUAGES.iter().any(|(name, _)| *name == database)
        || DISTRIBUTIONS.iter().any(|(name, ..)| *name == database)
}

/// The place of an ecosystem; `None` if it is not used or names a product that is no release.
pub(super) fn of(ecosystem: &str) -> Option<Place> {
    let (database, release) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    // What follows a language's name is the registry that the packages come from.
    if let Some(&(_, ecosystem)) = LANGUAGES.iter().find(|(name, _)| *name == database) {
        return Some(Place::new(ecosystem.as_str().to_owned(), ecosystem, Named::Binary));
    }
    let &(_, ecosystem, named) = DISTRIBUTIONS.iter().find(|(name, ..)| *name == database)?;
    let namespace = match database {
        "Alpine" => format!("alpine:{}", some(release.strip_prefix('v').unwrap_or(release))?),
        "AlmaLinux" => format!("almalinux:{}", major(release)?),
        "Chainguard" => "chainguard".to_owned(),
        "Debian" => format!("debian:{}", some(release.strip_suffix(".0").unwrap_or(release))?),
        "Red Hat" => red_hat(release)?,
        "Rocky Linux" => format!("rocky:{}", major(release)?),
        "SUSE" | "openSUSE" => suse(release)?,
        "Ubuntu" => ubuntu(release)?,
        "Wolfi" => "wolfi".to_owned(),
        "openEuler" => format!("openEuler:{}", some(release.split('-').next()?)?),
        _ => return None,
    };
    Some(Place::new(namespace, ecosystem, named))
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty() && !text.contains(char::is_whitespace))
}

fn major(release: &str) -> Option<&str> {
    some(release.split(['.', ':']).next()?)
}

/// `22.04:LTS` is a release; `Pro:18.04:LTS`, `Pro:FIPS-updates:20.04:LTS` and
/// `Pro:22.04:LTS:Realtime:Kernel` are what subscribers get for one.
fn ubuntu(release: &str) -> Option<String> {
    let mut number = None;
    let mut stream: Option<String> = None;
    for part in release.split(':') {
        match part {
            "LTS" | "Kernel" | "" => {}
            "Pro" => stream = Some("esm".to_owned()),
            _ if part.starts_with(|c: char| c.is_ascii_digit()) => number = number.or(some(part)),
            other => stream = Some(some(other)?.to_ascii_lowercase()),
        }
    }
    let number = number?;
    Some(match stream {
        Some(stream) => format!("ubuntu:{number}:{stream}"),
        None => format!("ubuntu:{number}"),
    })
}

/// A product as CPE names it: `enterprise_linux:9::appstream`, `rhel_eus:8.8::baseos`. Products that are installed on
/// top of a release, such as OpenShift, have their own repositories and are not used.
fn red_hat(product: &str) -> Option<String> {
    let mut parts = product.split(':');
    let (name, version) = (parts.next()?, some(parts.next()?)?);
    if !version.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match name {
        // The releases of 10 and later carry their minor number although they are one stream.
        "enterprise_linux" | "rhel_extras" => Some(format!("rhel:{}", major(version)?)),
        "enterprise_linux_eus" => Some(format!("rhel:{version}:eus")),
        "rhel_eus" | "rhel_aus" | "rhel_e4s" | "rhel_tus" | "rhel_els" => {
            Some(format!("rhel:{version}:{}", &name["rhel_".len()..]))
        }
        _ => None,
    }
}

/// `Linux Enterprise Server 15 SP4`, `Linux Enterprise Module for Basesystem 15 SP4`, `Leap 15.4`, `Tumbleweed`. Modules
/// are the repositories that a server's packages come from; what ends in LTSS or ESPOS is for subscribers.
fn suse(product: &str) -> Option<String> {
    if product == "Tumbleweed" {
        return Some("opensuse-tumbleweed".to_owned());
    }
    if let Some(release) = product.strip_prefix("Leap Micro ") {
        return Some(format!("opensuse-leap-micro:{}", some(release)?));
    }
    if let Some(release) = product.strip_prefix("Leap ") {
        return Some(format!("opensuse-leap:{}", some(release)?));
    }
    let product = product.strip_prefix("Linux Enterprise ")?;
    if let Some(release) = product.strip_prefix("Micro ") {
        return Some(format!("sle-micro:{}", some(release)?));
    }
    let at = product.find(|c: char| c.is_ascii_digit())?;
    let (name, release) = (product[..at].trim_end(), &product[at..]);
    let id = match name {
        "Server" => "sles",
        "Desktop" => "sled",
        "Server for SAP Applications" => "sles_sap",
        _ if name.starts_with("Module for ") => "sles",
        _ => return None,
    };
    let (release, stream) = match release.split_once('-') {
        Some((release, stream)) => (release, Some(some(stream)?.to_ascii_lowercase())),
        None => (release, None),
    };
    let release = match release.split_once(" SP") {
        Some((major, pack)) => format!("{}.{}", some(major)?, some(pack)?),
        None => some(release)?.to_owned(),
    };
    Some(match stream {
        Some(stream) => format!("{id}:{release}:{stream}"),
        None => format!("{id}:{release}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn namespace(ecosystem: &str) -> String {
        of(ecosystem).map_or("-".to_owned(), |place| place.namespace.to_string())
    }

    #[test]
    fn an_ecosystem_names_a_language_or_a_release() {
        let table = [
            ("PyPI", "pypi"),
            ("Packagist:https://packages.drupal.org/8", "composer"),
            ("SwiftURL", "swift"),
            ("crates.io", "cargo"),
            ("Bitnami", "bitnami"),
            ("Debian:12", "debian:12"),
            ("Debian:6.0", "debian:6"),
            ("Debian", "-"),
            ("Alpine:v3.18", "alpine:3.18"),
            ("Alpine:edge", "alpine:edge"),
            ("Wolfi", "wolfi"),
            ("Chainguard", "chainguard"),
            ("AlmaLinux:8", "almalinux:8"),
            ("Rocky Linux:9", "rocky:9"),
            ("openEuler:22.03-LTS-SP3", "openEuler:22.03"),
            ("GitHub Actions", "-"),
            ("Android", "-"),
            ("", "-"),
        ];
        for (ecosystem, expected) in table {
            assert_eq!(namespace(ecosystem), expected, "{ecosystem}");
        }
    }

    #[test]
    fn streams_for_subscribers_have_a_namespace_of_their_own() {
        let table = [
            ("Ubuntu:22.04:LTS", "ubuntu:22.04"),
            ("Ubuntu:25.10", "ubuntu:25.10"),
            ("Ubuntu:Pro:18.04:LTS", "ubuntu:18.04:esm"),
            ("Ubuntu:Pro:FIPS-updates:20.04:LTS", "ubuntu:20.04:fips-updates"),
            ("Ubuntu:Pro:22.04:LTS:Realtime:Kernel", "ubuntu:22.04:realtime"),
            ("Red Hat:enterprise_linux:8::appstream", "rhel:8"),
            ("Red Hat:enterprise_linux:10.1", "rhel:10"),
            ("Red Hat:rhel_eus:8.8::baseos", "rhel:8.8:eus"),
            ("Red Hat:rhel_e4s:8.6::appstream", "rhel:8.6:e4s"),
            ("Red Hat:ocp_tools:4.15::el9", "-"),
            ("SUSE:Linux Enterprise Server 15 SP4", "sles:15.4"),
            ("SUSE:Linux Enterprise Server 12", "sles:12"),
            ("SUSE:Linux Enterprise Server 15 SP1-LTSS", "sles:15.1:ltss"),
            ("SUSE:Linux Enterprise Module for Basesystem 15 SP4", "sles:15.4"),
            ("SUSE:Linux Enterprise Server for SAP Applications 12 SP1", "sles_sap:12.1"),
            ("SUSE:Package Hub 12", "-"),
            ("openSUSE:Leap 15.4", "opensuse-leap:15.4"),
            ("openSUSE:Tumbleweed", "opensuse-tumbleweed"),
        ];
        for (ecosystem, expected) in table {
            assert_eq!(namespace(ecosystem), expected, "{ecosystem}");
        }
    }

    #[test]
    fn every_distribution_has_a_scheme_for_its_versions() {
        for (ecosystem, release) in [("Ubuntu", ":22.04"), ("openEuler", ":22.03"), ("Wolfi", "")] {
            let place = of(&format!("{ecosystem}{release}")).unwrap();
            assert!(crate::lookup::scheme_of(&place.namespace).is_some(), "{ecosystem}");
        }
    }
}
