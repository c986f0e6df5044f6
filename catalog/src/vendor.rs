//! Who built an OS package that is not the distribution's own.
//!
//! The advisories of a distribution do not speak of packages from elsewhere, so such a package must be told apart; and a
//! package of the distribution must never be, or its findings would be lost. Only what is certain counts: for rpm the
//! field `Vendor` where all names that the distribution itself uses are known; for dpkg, whose database has no such field,
//! marks that builders of well-known repositories leave in versions, in `Maintainer` and in `Origin`. apk leaves no mark.

use model::{Distro, Ecosystem};

use crate::facts::Found;

/// Identifiers of distributions with what their own packages name as vendor, both in lower case; a vendor may go on
/// behind it. EPEL says `Fedora Project`, which is foreign to every distribution but Fedora.
const OWN: &[(&[&str], &[&str])] = &[
    (&["rhel"], &["red hat"]),
    (&["centos"], &["centos", "red hat"]),
    (&["fedora"], &["fedora", "red hat"]),
    (&["rocky"], &["rocky"]),
    (&["almalinux"], &["almalinux"]),
    (&["ol"], &["oracle"]),
    (&["amzn"], &["amazon"]),
    (&["sles", "sled", "sle_hpc", "sles_sap", "sle-micro", "suse", "sl-micro"], &["suse"]),
    (&["opensuse", "opensuse-leap", "opensuse-tumbleweed", "opensuse-microos"], &["opensuse", "suse"]),
    (&["mariner", "azurelinux"], &["microsoft"]),
    (&["photon"], &["vmware", "broadcom"]),
    (&["alinux"], &["alibaba", "anolis", "openanolis"]),
    (&["anolis"], &["anolis", "openanolis", "alibaba"]),
    (
        &["openeuler"],
        &["http://openeuler.org", "https://openeuler.org", "https://www.openeuler.org", "openeuler"],
    ),
];

/// Marks in versions of Debian packages with whose they are.
const VERSION_MARKS: &[(&str, &str)] = &[
    (".pgdg", "PostgreSQL Global Development Group"),
    ("+maria~", "MariaDB Foundation"),
    ("nodesource", "NodeSource"),
    ("deb.sury.org", "deb.sury.org"),
    ("percona", "Percona"),
];

/// Addresses in `Maintainer` that only packages from the maintainer's own repository have.
const MAINTAINERS: &[(&str, &str)] = &[
    ("support@docker.com", "Docker"),
    ("@nodesource.com", "NodeSource"),
    ("nginx-packaging@f5.com", "nginx.org"),
    ("nginx-packaging@nginx.com", "nginx.org"),
    ("mysql-build@oss.oracle.com", "MySQL"),
    ("packaging@mongodb.com", "MongoDB"),
    ("info@elastic.co", "Elastic"),
    ("infra@elastic.co", "Elastic"),
    ("support@hashicorp.com", "HashiCorp"),
    ("contact@grafana.com", "Grafana Labs"),
    ("package@datadoghq.com", "Datadog"),
    ("redis@redis.io", "Redis"),
    ("team-packaging@redis.com", "Redis"),
    ("pkgs@azul.com", "Azul"),
    ("corretto-team@amazon.com", "Amazon Corretto"),
    ("temurin-dev@eclipse.org", "Eclipse Adoptium"),
    ("@microsoft.com", "Microsoft"),
    ("chromium-dev@chromium.org", "Google"),
    ("dev@kubernetes.io", "Kubernetes"),
];

/// Longest name of a vendor.
const MAX_VENDOR: usize = 256;

/// The vendor of a package of the given release, if it is not the distribution's own. `found.vendor` is what the database
/// says, which for rpm is the vendor of every package.
pub(crate) fn third_party(found: &Found, distro: Option<&Distro>) -> Option<String> {
    let vendor = found.vendor.as_deref()?;
    if found.ecosystem != Ecosystem::Rpm {
        return Some(vendor.to_owned());
    }
    let id = distro?.id.as_str();
    let (_, own) = OWN.iter().find(|(ids, _)| ids.contains(&id))?;
    let lower = vendor.to_lowercase();
    let is_own = own.iter().any(|name| lower.starts_with(name));
    (!is_own).then(|| vendor.to_owned())
}

/// The vendor that rpm's fields name: `Vendor`, else `Packager`. The address that SUSE puts behind is left out.
pub(crate) fn of_rpm(vendor: &str, packager: &str) -> Option<String> {
    let stated =
        [vendor, packager].into_iter().map(str::trim).find(|text| !text.is_empty() && *text != "(none)")?;
    let name = stated.split('<').next().map(str::trim).filter(|name| !name.is_empty()).unwrap_or(stated);
    Some(name.to_owned()).filter(|name| name.len() <= MAX_VENDOR)
}

/// The vendor that a stanza of dpkg's database gives away, `None` for Debian's and Ubuntu's own packages and for all of
/// which nothing is certain.
pub(crate) fn of_deb(version: &str, maintainer: &str, origin: &str) -> Option<String> {
    let mark = VERSION_MARKS.iter().find(|(mark, _)| version.contains(mark));
    let address =
        maintainer.rsplit('<').next().unwrap_or_default().trim_end_matches('>').to_ascii_lowercase();
    let known = mark.or_else(|| MAINTAINERS.iter().find(|(end, _)| address.ends_with(end)));
    let is_own = ["", "debian", "ubuntu"].iter().any(|own| origin.eq_ignore_ascii_case(own));
    known
        .map(|(_, vendor)| (*vendor).to_owned())
        .or_else(|| (!is_own && origin.len() <= MAX_VENDOR).then(|| origin.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_rpm_is_foreign_only_where_the_distributions_own_vendors_are_known() {
        let is = |distro: &str, vendor: &str| {
            let mut found = Found::language(Ecosystem::Rpm, "a", "1");
            found.vendor = of_rpm(vendor, "");
            let distro = (!distro.is_empty()).then(|| distro.parse().unwrap());
            third_party(&found, distro.as_ref())
        };
        let own = [
            ("rhel:9", "Red Hat, Inc."),
            ("centos:7", "CentOS"),
            ("fedora:40", "Fedora Project"),
            ("rocky:9", "Rocky Enterprise Software Foundation"),
            ("almalinux:9", "AlmaLinux"),
            ("ol:8", "Oracle America"),
            ("amzn:2", "Amazon Linux"),
            ("amzn:2018.03", "Amazon.com"),
            ("sles:15.5", "SUSE LLC <https://www.suse.com/>"),
            ("opensuse-leap:15.5", "openSUSE"),
            ("opensuse-leap:15.5", "SUSE LLC <https://www.suse.com/>"),
            ("mariner:2.0", "Microsoft Corporation"),
            ("azurelinux:3.0", "Microsoft Corporation"),
            ("photon:4.0", "VMware, Inc."),
            ("alinux:3", "Alibaba Cloud"),
            ("openeuler:22.03", "http://openeuler.org"),
            // of which nothing is known
            ("mageia:9", "Docker"),
            ("", "Docker"),
            ("rhel:9", ""),
            ("rhel:9", "(none)"),
        ];
        for (distro, vendor) in own {
            assert_eq!(is(distro, vendor), None, "{distro} {vendor}");
        }
        assert_eq!(is("rhel:9", "Fedora Project").as_deref(), Some("Fedora Project"));
        assert_eq!(is("rocky:9", "Docker").as_deref(), Some("Docker"));
        assert_eq!(is("sles:15.5", "openSUSE").as_deref(), Some("openSUSE"));
        assert_eq!(is("centos:7", "RPM Fusion <x@y>").as_deref(), Some("RPM Fusion"));
        assert_eq!(of_rpm("", "NodeSource <x>").as_deref(), Some("NodeSource"));
    }

    #[test]
    fn a_debian_package_is_foreign_only_by_the_marks_of_well_known_repositories() {
        let cases = [
            (
                "15.5-1.pgdg120+1",
                "Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>",
                "",
                Some("PostgreSQL Global Development Group"),
            ),
            (
                "8.2.13-1+0~20231124.21+debian12~1.gbp8f4ff2",
                "Debian PHP Maintainers <x@lists.debian.org>",
                "",
                None,
            ),
            ("8.2.13-1+ubuntu22.04.1+deb.sury.org+1", "x", "", Some("deb.sury.org")),
            ("18.19.0-1nodesource1", "Ivan Iguaran <ivan@nodesource.com>", "", Some("NodeSource")),
            ("5:24.0.7-1~debian.12~bookworm", "Docker <support@docker.com>", "", Some("Docker")),
            ("1.25.3-1~bookworm", "NGINX Packaging <nginx-packaging@f5.com>", "", Some("nginx.org")),
            ("3.0.11-1~deb12u2", "Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>", "", None),
            ("1", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>", "Ubuntu", None),
            ("1", "A <a@example.org>", "", None),
            ("1", "A <a@example.org>", "Example", Some("Example")),
        ];
        for (version, maintainer, origin, vendor) in cases {
            assert_eq!(of_deb(version, maintainer, origin).as_deref(), vendor, "{version} {maintainer}");
        }
    }
}
