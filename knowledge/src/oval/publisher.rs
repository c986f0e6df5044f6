//! Who made a file, and what is different about it.

use model::{Named, NamespaceFamily};

/// The publishers of OVAL that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Publisher {
    Oracle,
    Suse,
    Azure,
    Ubuntu,
    RedHat,
    AlmaLinux,
    Photon,
    Debian,
}

/// How ids of definitions begin. The generator's name is no help for some: SUSE's is a person's.
const PREFIXES: [(&str, Publisher); 8] = [
    ("oval:com.oracle.elsa:", Publisher::Oracle),
    ("oval:org.opensuse.security:", Publisher::Suse),
    ("oval:com.microsoft.", Publisher::Azure),
    ("oval:com.ubuntu.", Publisher::Ubuntu),
    ("oval:com.redhat.", Publisher::RedHat),
    ("oval:org.almalinux.", Publisher::AlmaLinux),
    ("oval:com.vmware.phsa:", Publisher::Photon),
    ("oval:org.debian:", Publisher::Debian),
];

/// Generators' names, for a file whose first definition is too far from its beginning.
const GENERATORS: [(&str, Publisher); 7] = [
    ("Oracle Errata System", Publisher::Oracle),
    ("Marcus Updateinfo to OVAL Converter", Publisher::Suse),
    ("CBL-Mariner OVAL", Publisher::Azure),
    ("Azure Linux OVAL", Publisher::Azure),
    ("Canonical ", Publisher::Ubuntu),
    ("Red Hat OVAL", Publisher::RedHat),
    ("Photon OS OVAL", Publisher::Photon),
];

impl Publisher {
    /// Tells the publisher by the beginning of a document; `None` if it is no OVAL or somebody else's.
    pub(super) fn of(head: &str) -> Option<Self> {
        let root = head.find("oval_definitions")?;
        let body = &head[root..];
        let earliest = |names: &[(&str, Self)]| {
            let found = names.iter().filter_map(|(name, publisher)| Some((body.find(name)?, *publisher)));
            found.min_by_key(|(at, _)| *at).map(|(_, publisher)| publisher)
        };
        earliest(&PREFIXES).or_else(|| earliest(&GENERATORS))
    }

    pub(super) fn family(self) -> NamespaceFamily {
        match self {
            Self::Oracle => NamespaceFamily::Oracle,
            Self::Suse => NamespaceFamily::Suse,
            Self::Azure => NamespaceFamily::Azure,
            Self::Ubuntu => NamespaceFamily::Ubuntu,
            Self::RedHat | Self::AlmaLinux => NamespaceFamily::Rhel,
            Self::Photon => NamespaceFamily::Photon,
            Self::Debian => NamespaceFamily::Debian,
        }
    }

    pub(super) fn feed(self) -> &'static str {
        match self {
            Self::Oracle => super::ORACLE,
            Self::Suse => super::SUSE,
            Self::Azure => super::AZURE,
            Self::Ubuntu => super::UBUNTU,
            Self::RedHat => super::REDHAT,
            Self::AlmaLinux => super::ALMALINUX,
            Self::Photon => super::PHOTON,
            Self::Debian => super::DEBIAN,
        }
    }

    /// Who rates by CVSS in its files, as other feeds call it.
    pub(super) fn rater(self) -> &'static str {
        match self {
            Self::Oracle => "oracle",
            Self::Suse => "suse",
            Self::Azure => "microsoft",
            Self::Ubuntu => "canonical",
            // AlmaLinux copies Red Hat's ratings.
            Self::RedHat | Self::AlmaLinux => "redhat",
            Self::Photon => "vmware",
            Self::Debian => "debian",
        }
    }

    /// Azure's and Debian's tests ask for source packages as if they were installed.
    pub(super) fn named(self) -> Named {
        match self {
            Self::Azure | Self::Debian => Named::Source,
            _ => Named::Binary,
        }
    }

    /// How a comment of the form `name-version-release is installed` is meant where its test is missing: SUSE writes so
    /// of packages that are older than that.
    pub(super) fn installed_means_older(self) -> bool {
        self == Self::Suse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_definition_decides_and_the_generator_helps_out() {
        let of = |body: &str| Publisher::of(&format!("<oval_definitions>{body}"));
        assert_eq!(of("<definition id='oval:com.redhat.rhsa:def:1'/>"), Some(Publisher::RedHat));
        let mixed = "<product_name>Canonical CVE OVAL Generator</product_name> oval:org.debian:def:1";
        assert_eq!(of(mixed), Some(Publisher::Debian));
        assert_eq!(of("<product_name>Oracle Errata System</product_name>"), Some(Publisher::Oracle));
        assert_eq!(of("oval:org.cisecurity:def:1"), None);
        assert_eq!(Publisher::of("<updateinfo> oval:com.redhat.rhsa:def:1"), None);
    }
}
