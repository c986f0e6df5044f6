//! The operating system release by what the documents call it.
//!
//! The decision a reader may doubt: some programs do not write the `ID` of os-release but a word of their own
//! (`redhat`, `amazon`). The words of Trivy's own list are turned back, since advisories are found by the `ID`.

use model::distro::DEBIAN_RELEASES;
use model::{Distro, OsRelease};

/// A release by id and version, in whatever words.
pub(crate) fn of(name: &str, version: &str) -> OsRelease {
    let id = id_of(name);
    let version = version.trim();
    let is_code_name =
        version.starts_with(|c: char| c.is_ascii_alphabetic()) && matches!(&*id, "debian" | "ubuntu");
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    OsRelease {
        display_name: display_name(&id, version),
        version_id: filled(version).filter(|_| !is_code_name),
        version_codename: filled(version).filter(|_| is_code_name),
        id_like: Vec::new(),
        stream: None,
        id,
    }
}

/// The `ID` of os-release for the word of a document.
pub(crate) fn id_of(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let id = match name.as_str() {
        "" => "linux",
        "redhat" | "red hat enterprise linux" => "rhel",
        "amazon" | "amazonlinux" | "amazon linux" => "amzn",
        "oracle" | "oraclelinux" => "ol",
        "alma" => "almalinux",
        "rockylinux" => "rocky",
        "suse linux enterprise server" => "sles",
        "slem" => "sl-micro",
        "opensuse.leap" => "opensuse-leap",
        "opensuse.tumbleweed" => "opensuse-tumbleweed",
        "cbl-mariner" => "mariner",
        "archlinux" => "arch",
        other => other,
    };
    id.to_owned()
}

/// The release of a `distro` qualifier such as `debian-12`, `alpine-3.18.4`, `3.18.4`, `opensuse-tumbleweed` or `debian-sid`; `namespace`
/// is the package's own.
pub(crate) fn of_qualifier(text: &str, namespace: &str) -> OsRelease {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return of(namespace, text);
    }
    match text.rsplit_once('-') {
        Some((id, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => of(id, version),
        Some((id @ ("debian" | "ubuntu"), code_name)) => of(id, code_name),
        Some(("alpine", "edge")) => of("alpine", "edge"),
        None if DEBIAN_RELEASES.iter().any(|(name, _)| *name == text) => of("debian", text),
        _ => of(text, ""),
    }
}

/// The release of a package URL without a `distro` qualifier whose namespace is a distribution without releases.
pub(crate) fn of_rolling(purl: &str) -> Option<Distro> {
    let namespace = crate::purl::Purl::parse(purl)?.namespace;
    matches!(namespace.as_str(), "wolfi" | "chainguard" | "arch" | "archlinux")
        .then(|| Distro::new(if namespace == "archlinux" { "arch" } else { &namespace }, ""))
}

/// Names the release as advisories do, by what the qualifier of a package says.
pub(crate) fn distro_of_qualifier(text: &str, namespace: &str) -> Distro {
    distro_of(&of_qualifier(text, namespace))
}

/// Names the release as advisories do. A colon would end the id where a [`Distro`] is written as one word.
pub(crate) fn distro_of(release: &OsRelease) -> Distro {
    let distro = release.distro();
    Distro { id: distro.id.replace(':', "-"), ..distro }
}

fn display_name(id: &str, version: &str) -> String {
    let name = match id {
        "debian" => "Debian Linux",
        "alpine" => "Alpine Linux",
        "ubuntu" => "Ubuntu Linux",
        other => other,
    };
    format!("{name} {version}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualifiers_of_all_programs_name_the_release_that_advisories_name() {
        let cases = [
            ("debian-12.15", "debian", "debian:12"),
            ("debian-12", "debian", "debian:12"),
            ("debian-sid", "debian", "debian:sid"),
            ("debian-trixie", "debian", "debian:13"),
            ("bookworm", "debian", "debian:12"),
            ("3.18.4", "alpine", "alpine:3.18"),
            ("alpine-3.18.4", "alpine", "alpine:3.18"),
            ("alpine-edge", "alpine", "alpine:edge"),
            ("redhat-9.4", "redhat", "rhel:9"),
            ("rhel-9.4", "redhat", "rhel:9"),
            ("opensuse-tumbleweed", "opensuse", "opensuse-tumbleweed"),
            ("opensuse-leap-15.5", "opensuse", "opensuse-leap:15.5"),
            ("opensuse.leap-15.5", "opensuse.leap", "opensuse-leap:15.5"),
            ("amazon-2", "amazon", "amzn:2"),
            ("gentoo", "", "gentoo"),
            ("wolfi-20230201", "wolfi", "wolfi"),
        ];
        for (qualifier, namespace, expected) in cases {
            assert_eq!(distro_of_qualifier(qualifier, namespace).to_string(), expected, "{qualifier}");
        }
    }
}
