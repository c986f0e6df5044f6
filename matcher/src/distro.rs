//! How sure a finding about a distribution's package is.
//!
//! A source package lends its vulnerabilities to everything that was built from it, headers and documentation included.

use model::{Confidence, Package};

/// What follows `linux-` in the names of kernel source packages, besides version numbers (`linux-6.1`).
/// Other packages start with `linux-` too, such as Alpine's `linux-pam`.
const KERNEL_FLAVOURS: [&str; 8] = ["signed", "latest", "lts", "virt", "rpi", "edge", "vanilla", "headers"];

/// Binary packages of the kernel that hold the kernel itself.
const KERNEL_CODE: [&str; 6] =
    ["linux-image", "linux-modules", "linux-lts", "linux-virt", "linux-rpi", "linux-edge"];

/// Endings of packages that hold no code: documentation and detached debug symbols.
const NO_CODE: [&str; 3] = ["-doc", "-docs", "-dbgsym"];

/// How sure a finding about `package` is: potential for packages that carry the name of vulnerable code without its
/// code, that is kernel headers and tools, documentation and debug symbols; confirmed for all others.
pub fn confidence_of(package: &Package) -> Confidence {
    if !package.ecosystem.is_os() {
        return Confidence::Confirmed;
    }
    let name = package.name.as_str();
    let holds_kernel = KERNEL_CODE.iter().any(|start| name.starts_with(start));
    let holds_no_code = NO_CODE.iter().any(|end| name.ends_with(end));
    if holds_no_code || (is_kernel_source(package.advisory_name()) && !holds_kernel) {
        Confidence::Potential
    } else {
        Confidence::Confirmed
    }
}

fn is_kernel_source(name: &str) -> bool {
    let Some(flavour) = name.strip_prefix("linux-") else {
        return name == "linux";
    };
    let is_version = flavour.starts_with(|c: char| c.is_ascii_digit());
    is_version || KERNEL_FLAVOURS.iter().any(|known| flavour.starts_with(known))
}

#[cfg(test)]
mod tests {
    use model::{Distro, Ecosystem, SourcePackage};

    use super::*;

    fn confidence(ecosystem: Ecosystem, name: &str, source: &str) -> Confidence {
        confidence_of(&Package {
            ecosystem,
            distro: Some(Distro::new("debian", "12")),
            name: name.into(),
            version: "1".into(),
            arch: None,
            source: Some(SourcePackage { name: source.into(), version: "1".into() }),
            module: None,
            vendor: None,
        })
    }

    #[test]
    fn kernel_headers_and_documentation_are_potential() {
        for (ecosystem, name, source) in [
            (Ecosystem::Deb, "linux-libc-dev", "linux"),
            (Ecosystem::Deb, "linux-headers-6.1.0-13-amd64", "linux"),
            (Ecosystem::Deb, "linux-perf", "linux"),
            (Ecosystem::Deb, "linux-kbuild-6.1", "linux-6.1"),
            (Ecosystem::Apk, "linux-lts-doc", "linux-lts"),
            (Ecosystem::Deb, "openssl-doc", "openssl"),
            (Ecosystem::Deb, "libssl3-dbgsym", "openssl"),
            (Ecosystem::Apk, "linux-headers", "linux-headers"),
            (Ecosystem::Apk, "busybox-doc", "busybox"),
        ] {
            assert_eq!(confidence(ecosystem, name, source), Confidence::Potential, "{name}");
        }
    }

    #[test]
    fn code_is_confirmed() {
        for (ecosystem, name, source) in [
            (Ecosystem::Deb, "libssl3", "openssl"),
            (Ecosystem::Deb, "linux-image-6.1.0-13-amd64", "linux"),
            (Ecosystem::Deb, "linux-image-6.1.0-13-amd64", "linux-signed-amd64"),
            (Ecosystem::Apk, "linux-lts", "linux-lts"),
            (Ecosystem::Deb, "linuxptp", "linuxptp"),
            (Ecosystem::Apk, "linux-pam", "linux-pam"),
            (Ecosystem::Npm, "api-doc", "api-doc"),
        ] {
            assert_eq!(confidence(ecosystem, name, source), Confidence::Confirmed, "{name}");
        }
    }
}
