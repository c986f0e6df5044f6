//! Distribution packages: judged by what their own distribution says of their release, by source package.
//!
//! Debian and Alpine advisories name the source package (Alpine: origin) and its version. So `libldb2` in version
//! `2:2.6.2+samba4.17` is compared as `samba` in version `2:4.17`, and a rebuilt binary (`+b1`) as its source.
//! Upstream's ranges are never applied, because distributions fix by back-porting. A package that somebody else built is
//! not covered: the distribution does not speak of it, and its versions follow other rules.
//!
//! The decision a reader may doubt: RPM distributions are not covered even if a bundle holds their advisories: module
//! streams and repositories decide which advisory is meant, and a rule that ignores them is wrong in both
//! directions.

use knowledge::{Bundle, advisory_key, namespace_of};
use model::{Confidence, Ecosystem, Package};
use version::Scheme;

use crate::{Judgement, decide};

/// What follows `linux-` in the names of kernel source packages, besides version numbers (`linux-6.1`).
/// Other packages start with `linux-` too, such as Alpine's `linux-pam`.
const KERNEL_FLAVOURS: [&str; 8] = ["signed", "latest", "lts", "virt", "rpi", "edge", "vanilla", "headers"];

/// Binary packages of the kernel that hold the kernel itself.
const KERNEL_CODE: [&str; 6] =
    ["linux-image", "linux-modules", "linux-lts", "linux-virt", "linux-rpi", "linux-edge"];

/// Endings of packages that hold no code: documentation and detached debug symbols.
const NO_CODE: [&str; 3] = ["-doc", "-docs", "-dbgsym"];

pub(crate) fn judge(package: &Package, bundle: &Bundle) -> Judgement {
    let mut judgement = judge_advisories(package, bundle);
    judgement.lifecycle = crate::lifecycle::of_release(package, bundle).map(|cycle| cycle.lifecycle);
    judgement
}

fn judge_advisories(package: &Package, bundle: &Bundle) -> Judgement {
    if package.vendor.is_some() {
        return Judgement::not_covered();
    }
    let scheme = match package.ecosystem {
        Ecosystem::Deb => Scheme::Deb,
        Ecosystem::Apk => Scheme::Apk,
        _ => return Judgement::not_covered(),
    };
    let Some(namespace) = namespace_of(package).filter(|namespace| bundle.covers(namespace)) else {
        return Judgement::not_covered();
    };
    Judgement::of(decide(package, scheme, &bundle.affected(&namespace, &advisory_key(package))))
}

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
    use model::{Distro, SourcePackage};

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
