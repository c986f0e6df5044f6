//! The release files of distributions from before os-release(5), and of derived ones that keep theirs beside it: a line
//! such as `CentOS release 6.10 (Final)`, or `KEY=value` lines (`lsb-release`).
//!
//! The product is told by the line's first words, because `redhat-release` stands on every derivative of Red Hat's, too.

use crate::facts::OsReleaseFields;
use crate::path;

/// Files under `etc/` in the order in which they are asked: those that only one distribution has come first.
pub(super) const FILES: [&str; 16] = [
    "oracle-release",
    "rocky-release",
    "almalinux-release",
    "centos-release",
    "fedora-release",
    "photon-release",
    "mariner-release",
    "system-release",
    "redhat-release",
    "SuSE-release",
    "lsb-release",
    "slackware-version",
    "gentoo-release",
    "alt-release",
    "mageia-release",
    "arch-release",
];

/// First words of a line, in lower case, and the `ID` that os-release has for them today. Longer ones come first.
const PRODUCTS: &[(&str, &str)] = &[
    ("red hat enterprise linux", "rhel"),
    ("red hat linux", "redhat"),
    ("centos", "centos"),
    ("rocky linux", "rocky"),
    ("almalinux", "almalinux"),
    ("oracle linux", "ol"),
    ("enterprise linux enterprise linux server", "ol"),
    ("scientific linux", "scientific"),
    ("cloudlinux", "cloudlinux"),
    ("fedora", "fedora"),
    ("amazon linux", "amzn"),
    ("opensuse", "opensuse"),
    ("suse linux enterprise desktop", "sled"),
    ("suse linux enterprise", "sles"),
    ("vmware photon", "photon"),
    ("photon", "photon"),
    ("cbl-mariner", "mariner"),
    ("slackware", "slackware"),
    ("gentoo", "gentoo"),
    ("alt ", "altlinux"),
    ("mageia", "mageia"),
];

/// What the file at `path` says, if it is one that is known.
pub(super) fn parse(path: &[u8], text: &str) -> Option<OsReleaseFields> {
    if path::name(path) == b"arch-release" {
        // It is empty: being there is what it says.
        return Some(OsReleaseFields {
            id: "arch".into(),
            name: "Arch Linux".into(),
            ..OsReleaseFields::default()
        });
    }
    if path::name(path) == b"lsb-release" {
        return lsb(text);
    }
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let lower = line.to_ascii_lowercase();
    let (start, id) = PRODUCTS.iter().find(|(start, _)| lower.starts_with(start))?;
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let mut version = line[start.len()..].split_whitespace().find(is_number).unwrap_or_default().to_owned();
    if let Some(patch_level) =
        value(text, "PATCHLEVEL").filter(|level| *level != "0" && !version.contains('.'))
    {
        version = format!("{version}.{patch_level}");
    }
    let is_stream = lower.starts_with("centos stream");
    Some(OsReleaseFields {
        id: (*id).to_owned(),
        name: if is_stream { "CentOS Stream".to_owned() } else { String::new() },
        pretty_name: line.split('\t').next().unwrap_or_default().to_owned(),
        version_id: version,
        ..OsReleaseFields::default()
    })
}

/// `DISTRIB_ID`, `DISTRIB_RELEASE`, `DISTRIB_CODENAME`, `DISTRIB_DESCRIPTION` (Linux Standard Base).
fn lsb(text: &str) -> Option<OsReleaseFields> {
    let id: String = value(text, "DISTRIB_ID")?.to_ascii_lowercase().split_whitespace().collect();
    let field = |key| value(text, key).unwrap_or_default().to_owned();
    let version_id =
        Some(field("DISTRIB_RELEASE")).filter(|version| version != "rolling").unwrap_or_default();
    (!id.is_empty()).then(|| OsReleaseFields {
        id,
        pretty_name: field("DISTRIB_DESCRIPTION"),
        version_id,
        version_codename: field("DISTRIB_CODENAME"),
        ..OsReleaseFields::default()
    })
}

/// The value of `KEY=value` or `KEY = value`, without quotes.
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let value = line.trim().strip_prefix(key)?.trim_start().strip_prefix('=')?;
        Some(value.trim().trim_matches(['"', '\'']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_product_and_version() {
        let cases = [
            ("centos-release", "CentOS release 6.10 (Final)\n", "centos 6.10"),
            ("centos-release", "CentOS Linux release 7.9.2009 (Core)\n", "centos 7.9.2009"),
            ("redhat-release", "Red Hat Enterprise Linux Server release 5.11 (Tikanga)\n", "rhel 5.11"),
            ("redhat-release", "Red Hat Linux release 9 (Shrike)\n", "redhat 9"),
            ("oracle-release", "Oracle Linux Server release 6.10\n", "ol 6.10"),
            ("system-release", "Amazon Linux AMI release 2018.03\n", "amzn 2018.03"),
            ("fedora-release", "Fedora release 14 (Laughlin)\n", "fedora 14"),
            (
                "SuSE-release",
                "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
                "sles 11.4",
            ),
            ("SuSE-release", "openSUSE 13.1 (x86_64)\nVERSION = 13.1\nCODENAME = Bottle\n", "opensuse 13.1"),
            ("slackware-version", "Slackware 14.2\n", "slackware 14.2"),
            ("arch-release", "", "arch "),
            (
                "lsb-release",
                "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\nDISTRIB_CODENAME=lucid\n",
                "ubuntu 10.04",
            ),
            ("lsb-release", "DISTRIB_ID=\"ManjaroLinux\"\nDISTRIB_RELEASE=\"rolling\"\n", "manjarolinux "),
            ("photon-release", "VMware Photon Linux 1.0\nPHOTON_BUILD_NUMBER=1\n", "photon 1.0"),
        ];
        for (file, text, expected) in cases {
            let path = format!("etc/{file}");
            let fields = parse(path.as_bytes(), text).unwrap();
            assert_eq!(format!("{} {}", fields.id, fields.version_id), expected, "{file}");
            assert!(FILES.contains(&file));
        }
        for text in ["", "Some Linux 7\n", "\n\n"] {
            assert!(parse(b"etc/redhat-release", text).is_none(), "{text}");
        }
        assert!(parse(b"etc/lsb-release", "LSB_VERSION=1.4\n").is_none());
    }
}
