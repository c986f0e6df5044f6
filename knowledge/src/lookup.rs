//! Which advisories speak of a package: the namespace and the name to look up. Nothing is judged here.

use model::purl::normalise_python;
use model::{Distro, Ecosystem, Namespace, NamespaceFamily, Package};
use version::Scheme;

/// The namespace whose advisories cover `package`.
///
/// `None` for operating system releases, generic products, and OS packages whose release is not known:
/// a distribution's advisories are only true for a release.
pub fn namespace_of(package: &Package) -> Option<Namespace> {
    match package.ecosystem {
        system if system.is_os() => release_namespace(package.distro.as_ref()?),
        Ecosystem::Generic | Ecosystem::Os => None,
        language => Some(Namespace(language.as_str().to_owned())),
    }
}

/// Releases whose vendor's advisories are another one's: CentOS up to 8 is built from Red Hat's packages and has no
/// advisories of its own. From 9 on the name stands for CentOS Stream alone, which Red Hat's advisories do not speak of.
const REBUILT: [(&str, &str); 4] =
    [("centos:5", "rhel:5"), ("centos:6", "rhel:6"), ("centos:7", "rhel:7"), ("centos:8", "rhel:8")];

/// The namespace of a release; `None` if the release is not known.
fn release_namespace(distro: &Distro) -> Option<Namespace> {
    let rolling = matches!(distro.id.as_str(), "wolfi" | "chainguard" | "arch" | "opensuse-tumbleweed");
    if !rolling && distro.version.is_empty() {
        return None;
    }
    let name = distro.to_string();
    let rebuilt = REBUILT.iter().find(|(rebuild, _)| *rebuild == name);
    Some(Namespace(rebuilt.map_or(name, |(_, original)| (*original).to_owned())))
}

/// The order of versions in a namespace; `None` where none is written down, so that nothing is guessed.
pub fn scheme_of(namespace: &str) -> Option<Scheme> {
    use NamespaceFamily as Family;
    let id = namespace.split(':').next().unwrap_or_default();
    match family_of_id(id) {
        Family::Debian | Family::Ubuntu => Some(Scheme::Deb),
        Family::Alpine | Family::Wolfi => Some(Scheme::Apk),
        Family::Rhel
        | Family::Suse
        | Family::Amazon
        | Family::Oracle
        | Family::Azure
        | Family::Fedora
        | Family::Photon
        | Family::OpenEuler => Some(Scheme::Rpm),
        Family::Arch => Scheme::of(Ecosystem::Alpm),
        _ => id.parse().ok().and_then(Scheme::of),
    }
}

/// The name under which advisories of the package's namespace list it: the source package for Debian and
/// Alpine, the normalised project name for Python, lower case where a registry ignores case.
pub fn advisory_key(package: &Package) -> String {
    match package.ecosystem {
        system if system.is_os() => package.advisory_name().to_owned(),
        ecosystem => language_key(ecosystem, &package.name),
    }
}

/// The lookup form of a language package's name; advisories are filed under the same form.
pub(crate) fn language_key(ecosystem: Ecosystem, name: &str) -> String {
    match ecosystem {
        Ecosystem::Pypi => normalise_python(name),
        Ecosystem::Nuget | Ecosystem::Composer | Ecosystem::Hex | Ecosystem::Pub | Ecosystem::Bitnami => {
            name.to_ascii_lowercase()
        }
        Ecosystem::Swift => repository(name),
        _ => name.to_owned(),
    }
}

/// A repository without scheme and ending: hosts and those who forge software there ignore case.
fn repository(name: &str) -> String {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest).trim_end_matches('/');
    name.strip_suffix(".git").unwrap_or(name).to_ascii_lowercase()
}

/// The family that a namespace belongs to.
pub fn family_of(namespace: &Namespace) -> NamespaceFamily {
    family_of_id(namespace.0.split(':').next().unwrap_or_default())
}

fn family_of_id(id: &str) -> NamespaceFamily {
    match id {
        "debian" => NamespaceFamily::Debian,
        "ubuntu" => NamespaceFamily::Ubuntu,
        "alpine" => NamespaceFamily::Alpine,
        "rhel" | "centos" | "almalinux" | "rocky" => NamespaceFamily::Rhel,
        "sles"
        | "sled"
        | "sles_sap"
        | "opensuse"
        | "opensuse-leap"
        | "opensuse-tumbleweed"
        | "sle-micro"
        | "opensuse-leap-micro" => NamespaceFamily::Suse,
        "fedora" | "epel" => NamespaceFamily::Fedora,
        "photon" => NamespaceFamily::Photon,
        "openeuler" | "openEuler" => NamespaceFamily::OpenEuler,
        "arch" => NamespaceFamily::Arch,
        "amzn" => NamespaceFamily::Amazon,
        "ol" => NamespaceFamily::Oracle,
        "azurelinux" | "mariner" => NamespaceFamily::Azure,
        "wolfi" | "chainguard" => NamespaceFamily::Wolfi,
        "bitnami" => NamespaceFamily::Bitnami,
        _ => id.parse::<Ecosystem>().map_or(NamespaceFamily::Other, language_family),
    }
}

fn language_family(ecosystem: Ecosystem) -> NamespaceFamily {
    match ecosystem {
        Ecosystem::Npm => NamespaceFamily::Npm,
        Ecosystem::Pypi => NamespaceFamily::Pypi,
        Ecosystem::Maven => NamespaceFamily::Maven,
        Ecosystem::Golang => NamespaceFamily::Golang,
        Ecosystem::Cargo => NamespaceFamily::Cargo,
        Ecosystem::Gem => NamespaceFamily::Gem,
        Ecosystem::Composer => NamespaceFamily::Composer,
        Ecosystem::Nuget => NamespaceFamily::Nuget,
        Ecosystem::Hex => NamespaceFamily::Hex,
        Ecosystem::Pub => NamespaceFamily::Pub,
        Ecosystem::Swift => NamespaceFamily::Swift,
        _ => NamespaceFamily::Other,
    }
}

#[cfg(test)]
mod tests {
    use model::{Distro, SourcePackage};
    use version::Scheme;

    use super::*;

    fn package(ecosystem: Ecosystem, distro: Option<Distro>, name: &str) -> Package {
        Package {
            ecosystem,
            distro,
            name: name.into(),
            version: "1".into(),
            arch: None,
            source: None,
            module: None,
            vendor: None,
        }
    }

    #[test]
    fn an_os_package_is_looked_up_by_release_and_source_name() {
        let mut deb = package(Ecosystem::Deb, Some(Distro::new("debian", "12")), "libssl3");
        deb.source = Some(SourcePackage { name: "openssl".into(), version: "3.0.11-1".into() });
        assert_eq!(namespace_of(&deb), Some(Namespace("debian:12".into())));
        assert_eq!(advisory_key(&deb), "openssl");
        let edge = package(Ecosystem::Apk, Some(Distro::new("alpine", "edge")), "busybox");
        assert_eq!(namespace_of(&edge), Some(Namespace("alpine:edge".into())));
        assert_eq!(family_of(&Namespace("alpine:edge".into())), NamespaceFamily::Alpine);
    }

    #[test]
    fn an_os_package_without_a_release_has_no_namespace() {
        assert_eq!(namespace_of(&package(Ecosystem::Deb, Some(Distro::new("debian", "")), "a")), None);
        assert_eq!(namespace_of(&package(Ecosystem::Deb, None, "a")), None);
        let wolfi = package(Ecosystem::Apk, Some(Distro::new("wolfi", "")), "a");
        assert_eq!(namespace_of(&wolfi), Some(Namespace("wolfi".into())));
    }

    #[test]
    fn a_language_package_is_looked_up_by_its_normalised_name() {
        let python = package(Ecosystem::Pypi, None, "Foo.Bar_baz");
        assert_eq!(namespace_of(&python), Some(Namespace("pypi".into())));
        assert_eq!(advisory_key(&python), "foo-bar-baz");
        assert_eq!(advisory_key(&package(Ecosystem::Maven, None, "org.X:Y")), "org.X:Y");
        assert_eq!(advisory_key(&package(Ecosystem::Nuget, None, "Newtonsoft.Json")), "newtonsoft.json");
        let swift = "https://github.com/Apple/swift-nio.git";
        assert_eq!(advisory_key(&package(Ecosystem::Swift, None, swift)), "github.com/apple/swift-nio");
        assert_eq!(family_of(&Namespace("npm".into())), NamespaceFamily::Npm);
    }
}
