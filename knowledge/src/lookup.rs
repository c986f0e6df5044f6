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
        system if system.is_os() => {
            let namespace = release_namespace(package.distro.as_ref()?)?;
            Some(
                separate_build(package)
                    .map_or(namespace.clone(), |stream| Namespace(format!("{namespace}:{stream}"))),
            )
        }
        Ecosystem::Generic | Ecosystem::Os => None,
        language => Some(Namespace(language.as_str().to_owned())),
    }
}

/// Packages that are built apart from those of their release, and judged by what is said of their build.
///
/// Oracle builds some packages a second time, for patching without a restart and for FIPS; their versions cannot be
/// compared with those of the others. Ubuntu's packages of extended maintenance come to subscribers alone. Red Hat's Software
/// Collections are of no minor release, and their names are not those of the release's packages.
fn separate_build(package: &Package) -> Option<&'static str> {
    let distro = package.distro.as_ref()?;
    match distro.id.as_str() {
        "ol" if package.version.contains(".ksplice") => Some("ksplice"),
        "ol" if package.version.contains("_fips") => Some("fips"),
        "ubuntu" if package.version.contains("+esm") && !distro.version.contains(':') => Some("esm"),
        "rhel" | "centos" if package.name.starts_with("rh-") && matches!(&*distro.version, "6" | "7") => {
            Some("software_collections")
        }
        _ => None,
    }
}

/// A namespace that is asked where the package's own says nothing about a vulnerability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The namespace.
    pub namespace: Namespace,
    /// Whether its fixes come to the package; if not, what it says without a fix counts alone.
    pub fixes: bool,
}

/// How many [`Fallback`]s a namespace has at most.
pub const FALLBACKS: usize = 2;

/// Red Hat's streams, which are cut from a minor release. EUS comes first: the others get its fixes while it lasts.
const STREAMS: [&str; 6] = ["eus", "aus", "tus", "e4s", "eus_long_life", "mission_critical"];

/// The namespaces to ask after that of a restricted update stream, in order; none for a plain release.
///
/// A stream of Red Hat's gets no fix of the plain release, but what is not fixed, never will be or does not concern the release
/// is often said of the plain one alone. Ubuntu's extended maintenance goes on where the release ends, so that
/// all that is said of the release is true for it, too.
pub fn fallbacks(namespace: &Namespace) -> [Option<Fallback>; FALLBACKS] {
    let parts = |name: &str| namespace.0.strip_prefix(name)?.split_once(':');
    let make = |name: String, fixes| Some(Fallback { namespace: Namespace(name), fixes });
    if let Some((release, stream)) = parts("rhel:").filter(|(_, stream)| STREAMS.contains(stream)) {
        let major = release.split('.').next().unwrap_or_default();
        let before = if stream == STREAMS[0] { None } else { make(format!("rhel:{release}:eus"), true) };
        return [before, make(format!("rhel:{major}"), false)];
    }
    match parts("ubuntu:") {
        Some((release, "esm")) => [None, make(format!("ubuntu:{release}"), true)],
        _ => [None, None],
    }
}

/// Releases whose vendor's advisories are another one's: CentOS up to 8 is built from Red Hat's packages and has no
/// advisories of its own. From 9 on the name stands for CentOS Stream alone, which Red Hat's advisories do not speak of.
///
/// MicroOS is Tumbleweed with another way to install it.
const REBUILT: [(&str, &str); 5] = [
    ("centos:5", "rhel:5"),
    ("centos:6", "rhel:6"),
    ("centos:7", "rhel:7"),
    ("centos:8", "rhel:8"),
    ("opensuse-microos", "opensuse-tumbleweed"),
];

/// The namespace of a release; `None` if the release is not known.
fn release_namespace(distro: &Distro) -> Option<Namespace> {
    const ROLLING: [&str; 5] = ["wolfi", "chainguard", "arch", "opensuse-tumbleweed", "opensuse-microos"];
    if distro.version.is_empty() && !ROLLING.contains(&distro.id.as_str()) {
        return None;
    }
    // Ids of os-release are kept in lower case; openEuler's advisories spell it their way.
    let name = match distro.id.as_str() {
        "openeuler" => format!("openEuler:{}", distro.version),
        "centos" | "opensuse-microos" => {
            let name = distro.to_string();
            let rebuilt = REBUILT.iter().find(|(rebuild, _)| *rebuild == name);
            rebuilt.map_or(name, |(_, original)| (*original).to_owned())
        }
        id if distro.version.is_empty() => id.to_owned(),
        // not by formatting: this runs for every package that is judged
        id => [id, ":", &distro.version].concat(),
    };
    Some(Namespace(name))
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
        | "sle_hpc"
        | "sle_rt"
        | "opensuse"
        | "opensuse-leap"
        | "opensuse-tumbleweed"
        | "opensuse-microos"
        | "sle-micro"
        | "sl-micro"
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
    fn a_restricted_stream_is_asked_before_its_release() {
        let asked = |name: &str| {
            let found = fallbacks(&Namespace(name.into())).into_iter().flatten();
            found.map(|next| format!("{} {}", next.namespace, next.fixes)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(asked("rhel:8.6:eus"), "rhel:8 false");
        assert_eq!(asked("rhel:9.2:e4s"), "rhel:9.2:eus true, rhel:9 false");
        assert_eq!(asked("ubuntu:18.04:esm"), "ubuntu:18.04 true");
        for plain in [
            "rhel:8",
            "rhel:7:software_collections",
            "ubuntu:22.04",
            "ol:8:ksplice",
            "pypi",
            "sles:15.4:ltss",
        ] {
            assert_eq!(asked(plain), "", "{plain}");
        }
    }

    #[test]
    fn packages_of_streams_and_collections_have_namespaces_of_their_own() {
        let of = |ecosystem, distro: &str, name: &str, version: &str| {
            let Ok(distro) = distro.parse();
            let package = Package { version: version.into(), ..package(ecosystem, Some(distro), name) };
            namespace_of(&package).unwrap().0
        };
        assert_eq!(of(Ecosystem::Rpm, "rhel:8.6:eus", "openssl", "1"), "rhel:8.6:eus");
        assert_eq!(of(Ecosystem::Rpm, "rhel:7", "rh-ruby27-ruby", "1"), "rhel:7:software_collections");
        assert_eq!(of(Ecosystem::Rpm, "centos:7", "rh-ruby27-ruby", "1"), "rhel:7:software_collections");
        assert_eq!(of(Ecosystem::Rpm, "rhel:8", "rh-thing", "1"), "rhel:8");
        assert_eq!(of(Ecosystem::Deb, "ubuntu:18.04", "curl", "7.58.0-2ubuntu3.24+esm5"), "ubuntu:18.04:esm");
        assert_eq!(
            of(Ecosystem::Deb, "ubuntu:18.04:esm", "curl", "7.58.0-2ubuntu3.24+esm5"),
            "ubuntu:18.04:esm"
        );
        assert_eq!(of(Ecosystem::Deb, "ubuntu:18.04", "curl", "7.58.0-2ubuntu3.24"), "ubuntu:18.04");
        assert_eq!(of(Ecosystem::Deb, "debian:10", "curl", "1+esm1"), "debian:10");
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
    fn packages_meet_the_namespaces_of_their_distributions_advisories() {
        use model::NamespaceFamily as Family;
        use model::OsRelease;
        // `ID` in lower case and `VERSION_ID`, as the distributions' images have them.
        let cases = [
            ("amzn", "2018.03", "amzn:2018.03", Family::Amazon),
            ("amzn", "2017.09", "amzn:2018.03", Family::Amazon),
            ("amzn", "2", "amzn:2", Family::Amazon),
            ("amzn", "2023", "amzn:2023", Family::Amazon),
            ("fedora", "39", "fedora:39", Family::Fedora),
            ("rocky", "9.3", "rocky:9", Family::Rhel),
            ("almalinux", "8.10", "almalinux:8", Family::Rhel),
            ("rhel", "10.0", "rhel:10", Family::Rhel),
            ("ol", "8.9", "ol:8", Family::Oracle),
            ("photon", "3.0", "photon:3.0", Family::Photon),
            ("photon", "5.0", "photon:5.0", Family::Photon),
            ("openeuler", "22.03", "openEuler:22.03", Family::OpenEuler),
            ("mariner", "2.0.20231130", "mariner:2.0", Family::Azure),
            ("azurelinux", "3.0", "azurelinux:3.0", Family::Azure),
            ("wolfi", "20230201", "wolfi", Family::Wolfi),
            ("chainguard", "20230214", "chainguard", Family::Wolfi),
            ("sles", "15.4", "sles:15.4", Family::Suse),
            ("sles", "12.5", "sles:12.5", Family::Suse),
            ("sles_sap", "15.3", "sles_sap:15.3", Family::Suse),
            ("sl-micro", "6.0", "sl-micro:6.0", Family::Suse),
            ("opensuse-leap", "15.4", "opensuse-leap:15.4", Family::Suse),
            ("opensuse", "42.3", "opensuse:42.3", Family::Suse),
            ("opensuse-tumbleweed", "20230901", "opensuse-tumbleweed", Family::Suse),
            ("opensuse-microos", "20230901", "opensuse-tumbleweed", Family::Suse),
        ];
        for (id, version, namespace, family) in cases {
            let release =
                OsRelease { id: id.into(), version_id: Some(version.into()), ..OsRelease::default() };
            let ecosystem = if family == Family::Wolfi { Ecosystem::Apk } else { Ecosystem::Rpm };
            let found = namespace_of(&package(ecosystem, Some(release.distro()), "a")).unwrap();
            assert_eq!((found.0.as_str(), family_of(&found)), (namespace, family), "{id} {version}");
            assert!(scheme_of(&found.0).is_some(), "{namespace} has no order of versions");
        }
    }

    #[test]
    fn packages_that_oracle_builds_apart_are_looked_up_apart() {
        let mut openssl = package(Ecosystem::Rpm, Some(Distro::new("ol", "8")), "openssl");
        assert_eq!(namespace_of(&openssl), Some(Namespace("ol:8".into())));
        openssl.version = "2:1.1.1g-15.ksplice1.el8_3".into();
        assert_eq!(namespace_of(&openssl), Some(Namespace("ol:8:ksplice".into())));
        openssl.version = "10:1.1.1k-7.el8_6_fips".into();
        assert_eq!(namespace_of(&openssl), Some(Namespace("ol:8:fips".into())));
        openssl.distro = Some(Distro::new("rhel", "8"));
        assert_eq!(namespace_of(&openssl), Some(Namespace("rhel:8".into())));
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
