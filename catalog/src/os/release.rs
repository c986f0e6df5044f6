//! Which release an image is, from all its release files together, and the name to show for it.

use model::OsRelease;

use super::parse_older;
use crate::facts::{OsReleaseFields, ReleaseFacts};

/// Decides the release. `visible` gives the facts of a release file by its path, if the composed image has it.
///
/// A regular `etc/os-release` wins over `usr/lib/os-release`; without either, the release files of before it name the
/// release of old and of stripped images, `debian_version` last, because Ubuntu has that, too. `None` if there is nothing.
pub(crate) fn choose<'a>(visible: impl Fn(&str) -> Option<&'a ReleaseFacts>) -> Option<OsRelease> {
    let alpine = match visible("etc/alpine-release") {
        Some(ReleaseFacts::Alpine(version)) => Some(version.as_str()),
        _ => None,
    };
    let debian = match visible("etc/debian_version") {
        Some(ReleaseFacts::Debian(version)) => Some(version.as_str()),
        _ => None,
    };
    for path in ["etc/os-release", "usr/lib/os-release"] {
        if let Some(ReleaseFacts::OsRelease(fields)) = visible(path) {
            return Some(of_fields(fields, alpine, debian));
        }
    }
    if let Some(version) = alpine {
        return Some(of_fields(&fields_of("alpine", version), alpine, debian));
    }
    for file in parse_older::FILES {
        if let Some(ReleaseFacts::Older(fields)) = visible(&format!("etc/{file}")) {
            return Some(of_fields(fields, alpine, debian));
        }
    }
    let version = debian?;
    let number = version.split('.').next().filter(|_| is_number(version)).unwrap_or_default();
    Some(of_fields(&fields_of("debian", number), alpine, debian))
}

/// Debian's testing and unstable carry no number, and before 2021 no code name, but `debian_version` says
/// `bookworm/sid`: the release that they become.
fn code_name<'a>(id: &str, fields: &'a OsReleaseFields, debian: Option<&'a str>) -> &'a str {
    match (fields.version_codename.trim(), debian) {
        ("", Some(version))
            if id == "debian" && fields.version_id.trim().is_empty() && !is_number(version) =>
        {
            version.split('/').next().unwrap_or_default().trim()
        }
        (name, _) => name,
    }
}

fn fields_of(id: &str, version_id: &str) -> OsReleaseFields {
    OsReleaseFields { id: id.to_owned(), version_id: version_id.to_owned(), ..OsReleaseFields::default() }
}

fn of_fields(fields: &OsReleaseFields, alpine: Option<&str>, debian: Option<&str>) -> OsRelease {
    let id = match fields.id.trim() {
        "" => "linux".to_owned(),
        id => id.to_ascii_lowercase(),
    };
    let mut version_id = fields.version_id.trim();
    if id == "alpine" && version_id.is_empty() {
        version_id = alpine.unwrap_or_default();
    }
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    OsRelease {
        display_name: display_name(&id, version_id, fields, debian),
        id_like: fields.id_like.split_whitespace().map(str::to_owned).collect(),
        version_id: filled(version_id),
        version_codename: filled(code_name(&id, fields, debian)),
        stream: None,
        id,
    }
}

fn display_name(id: &str, version_id: &str, fields: &OsReleaseFields, debian: Option<&str>) -> String {
    let version = match id {
        // A derivative copies `debian_version`, but not the `ID`; a point release belongs to its own release.
        "debian" => match debian {
            Some(point) if version_id.is_empty() || point.split('.').next() == Some(version_id) => point,
            _ => version_id,
        },
        "alpine" => version_id,
        "ubuntu" => match fields.version.split_whitespace().next() {
            Some(point) if is_number(point) && point.starts_with(version_id) => point,
            _ => version_id,
        },
        _ => return plain_name(id, version_id, fields),
    };
    let product = match id {
        "debian" => "Debian Linux",
        "alpine" => "Alpine Linux",
        _ => "Ubuntu Linux",
    };
    format!("{product} {version}").trim_end().to_owned()
}

fn plain_name(id: &str, version_id: &str, fields: &OsReleaseFields) -> String {
    if !fields.pretty_name.is_empty() {
        return fields.pretty_name.clone();
    }
    let name = if fields.name.is_empty() { id } else { &fields.name };
    format!("{name} {version_id}").trim_end().to_owned()
}

fn is_number(version: &str) -> bool {
    version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os_release(fields: [&str; 5]) -> ReleaseFacts {
        let [id, version_id, version, codename, pretty] = fields.map(str::to_owned);
        ReleaseFacts::OsRelease(OsReleaseFields {
            id,
            version_id,
            version,
            version_codename: codename,
            pretty_name: pretty,
            ..OsReleaseFields::default()
        })
    }

    fn shown(files: &[(&str, ReleaseFacts)]) -> Option<(String, String)> {
        let find = |path: &str| files.iter().find(|(at, _)| *at == path).map(|(_, facts)| facts);
        choose(find).map(|release| (release.display_name.clone(), release.distro().to_string()))
    }

    fn is(name: &str, distro: &str) -> Option<(String, String)> {
        Some((name.to_owned(), distro.to_owned()))
    }

    #[test]
    fn the_point_release_is_shown_where_a_file_names_it() {
        let debian =
            os_release(["debian", "12", "12 (bookworm)", "bookworm", "Debian GNU/Linux 12 (bookworm)"]);
        let point = ReleaseFacts::Debian("12.5".into());
        assert_eq!(
            shown(&[("usr/lib/os-release", debian.clone()), ("etc/debian_version", point)]),
            is("Debian Linux 12.5", "debian:12")
        );
        assert_eq!(shown(&[("etc/os-release", debian)]), is("Debian Linux 12", "debian:12"));
        let ubuntu = os_release(["ubuntu", "22.04", "22.04.3 LTS (Jammy Jellyfish)", "jammy", ""]);
        assert_eq!(shown(&[("etc/os-release", ubuntu)]), is("Ubuntu Linux 22.04.3", "ubuntu:22.04"));
        let alpine = os_release(["alpine", "3.18.4", "", "", "Alpine Linux v3.18"]);
        assert_eq!(shown(&[("etc/os-release", alpine)]), is("Alpine Linux 3.18.4", "alpine:3.18"));
        let other = os_release(["fedora", "40", "", "", "Fedora Linux 40 (Forty)"]);
        assert_eq!(shown(&[("etc/os-release", other)]), is("Fedora Linux 40 (Forty)", "fedora:40"));
    }

    #[test]
    fn old_files_alone_still_name_the_release() {
        let alpine = ReleaseFacts::Alpine("3.4.6".into());
        assert_eq!(shown(&[("etc/alpine-release", alpine)]), is("Alpine Linux 3.4.6", "alpine:3.4"));
        let debian = ReleaseFacts::Debian("11.9".into());
        assert_eq!(shown(&[("etc/debian_version", debian)]), is("Debian Linux 11.9", "debian:11"));
        let testing = ReleaseFacts::Debian("trixie/sid".into());
        assert_eq!(shown(&[("etc/debian_version", testing)]), is("Debian Linux trixie/sid", "debian:13"));
        let nameless = os_release(["debian", "", "", "", "Debian GNU/Linux bookworm/sid"]);
        let version = ReleaseFacts::Debian("bookworm/sid".into());
        assert_eq!(
            shown(&[("etc/os-release", nameless), ("etc/debian_version", version.clone())]),
            is("Debian Linux bookworm/sid", "debian:12")
        );
        let old = |id: &str, version: &str, name: &str| {
            ReleaseFacts::Older(OsReleaseFields {
                id: id.into(),
                version_id: version.into(),
                pretty_name: name.into(),
                ..OsReleaseFields::default()
            })
        };
        let ubuntu =
            [("etc/debian_version", version), ("etc/lsb-release", old("ubuntu", "10.04", "Ubuntu 10.04"))];
        assert_eq!(shown(&ubuntu), is("Ubuntu Linux 10.04", "ubuntu:10.04"));
        let oracle = [
            ("etc/redhat-release", old("rhel", "6.10", "Red Hat Enterprise Linux Server release 6.10")),
            ("etc/oracle-release", old("ol", "6.10", "Oracle Linux Server release 6.10")),
        ];
        assert_eq!(shown(&oracle), is("Oracle Linux Server release 6.10", "ol:6"));
        assert_eq!(shown(&[("etc/arch-release", old("arch", "", "Arch Linux"))]), is("Arch Linux", "arch"));
        assert_eq!(shown(&[]), None);
    }

    #[test]
    fn derived_and_further_distributions_are_named_by_their_own_release() {
        let cases = [
            (["kali", "2023.4", "", "kali-rolling", "Kali GNU/Linux Rolling"], "kali"),
            (["raspbian", "11", "", "bullseye", "Raspbian GNU/Linux 11 (bullseye)"], "raspbian:11"),
            (["devuan", "4", "", "chimaera", "Devuan GNU/Linux 4 (chimaera)"], "devuan:4"),
            (["linuxmint", "21.2", "", "victoria", "Linux Mint 21.2"], "linuxmint:21.2"),
            (["pop", "22.04", "", "jammy", "Pop!_OS 22.04 LTS"], "pop:22.04"),
            (["elementary", "7.1", "", "horus", "elementary OS 7.1 Horus"], "elementary:7.1"),
            (["amzn", "2023", "", "", "Amazon Linux 2023"], "amzn:2023"),
            (["ol", "8.9", "", "", "Oracle Linux Server 8.9"], "ol:8"),
            (["cloudlinux", "8.9", "", "", "CloudLinux 8.9 (Anatoly Levchenko)"], "cloudlinux:8"),
            (["photon", "4.0", "", "", "VMware Photon OS/Linux"], "photon:4.0"),
            (["mariner", "2.0.20231130", "", "", "CBL-Mariner/Linux"], "mariner:2.0"),
            (["azurelinux", "3.0", "", "", "Microsoft Azure Linux 3.0"], "azurelinux:3.0"),
            (["alinux", "3", "", "", "Alibaba Cloud Linux 3"], "alinux:3"),
            (["bottlerocket", "1.16.1", "", "", "Bottlerocket OS 1.16.1"], "bottlerocket:1.16.1"),
            (["flatcar", "3510.2.8", "", "", "Flatcar Container Linux 3510.2.8"], "flatcar:3510.2.8"),
            (["openEuler", "22.03", "", "", "openEuler 22.03 (LTS-SP3)"], "openeuler:22.03"),
            (["wolfi", "20230201", "", "", "Wolfi"], "wolfi"),
            (["chainguard", "20230214", "", "", "Chainguard"], "chainguard"),
            (["postmarketos", "v23.06", "", "", "postmarketOS v23.06"], "postmarketos:v23.06"),
            (["void", "", "", "", "Void"], "void"),
            (["nixos", "23.11", "", "tapir", "NixOS 23.11 (Tapir)"], "nixos:23.11"),
            (["slackware", "15.0", "", "", "Slackware 15.0 x86_64"], "slackware:15.0"),
            (["manjaro", "", "", "", "Manjaro Linux"], "manjaro"),
        ];
        for (fields, distro) in cases {
            assert_eq!(
                shown(&[("etc/os-release", os_release(fields))]),
                is(fields[4], distro),
                "{}",
                fields[0]
            );
        }
    }
}
