//! Red Hat's products to namespaces, by CPE 2.2 (`cpe:/o:redhat:rhel_eus:8.6::baseos`).
//!
//! - `enterprise_linux` in any repository is the plain release, and so are those beside it
//!   (`rhel_extras`): they are one set of packages.
//! - Streams that need a subscription of their own (EUS, AUS, TUS, E4S, ELS) have a third part, as their fixes never
//!   come to a system without it.
//! - Software Collections have a third part too: their packages have names of their own (`rh-ruby27-…`).
//! - Everything else (OpenShift, Ansible, JBoss, …) is no distribution.

use crate::csaf::Item;

/// Products that are streams of a release, with the third part of their namespace.
const STREAMS: [(&str, &str); 8] = [
    ("rhel_eus", "eus"),
    ("enterprise_linux_eus", "eus"),
    ("rhel_eus_long_life", "eus_long_life"),
    ("rhel_aus", "aus"),
    ("rhel_tus", "tus"),
    ("rhel_e4s", "e4s"),
    ("rhel_els", "els"),
    ("rhel_mission_critical", "mission_critical"),
];

pub(super) fn namespaces(product: &Item<'_>) -> Vec<String> {
    product.cpe.and_then(namespace).into_iter().collect()
}

fn namespace(cpe: &str) -> Option<String> {
    let mut parts = cpe.strip_prefix("cpe:/")?.split(':');
    let (_part, vendor, product) = (parts.next()?, parts.next()?, parts.next()?);
    let release = parts.next().filter(|release| is_release(release));
    if vendor != "redhat" {
        return None;
    }
    match product {
        "enterprise_linux" => release.map(|release| format!("rhel:{}", major(release))),
        product if is_beside(product) => release.map(|release| format!("rhel:{}", major(release))),
        "rhel_software_collections" => {
            let edition = parts.next_back().and_then(|edition| edition.strip_prefix("el"));
            let release = edition.filter(|release| is_release(release)).unwrap_or("7");
            Some(format!("rhel:{release}:software_collections"))
        }
        product => {
            let (_, stream) = STREAMS.iter().find(|(name, _)| *name == product)?;
            release.map(|release| format!("rhel:{release}:{stream}"))
        }
    }
}

/// Repositories beside the base, such as `rhel_extras` and `rhel_extras_rt`, with packages that the base has not.
fn is_beside(product: &str) -> bool {
    product.starts_with("rhel_extras") || matches!(product, "rhel_productivity" | "rhel_virtualization")
}

fn is_release(text: &str) -> bool {
    text.len() <= 8
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn major(release: &str) -> &str {
    release.split('.').next().unwrap_or(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_one_release_and_streams_are_apart() {
        let table = [
            ("cpe:/o:redhat:enterprise_linux:8::baseos", Some("rhel:8")),
            ("cpe:/a:redhat:enterprise_linux:9::crb", Some("rhel:9")),
            ("cpe:/o:redhat:enterprise_linux:10.1", Some("rhel:10")),
            ("cpe:/o:redhat:enterprise_linux:4::as", Some("rhel:4")),
            ("cpe:/a:redhat:rhel_extras:7", Some("rhel:7")),
            ("cpe:/a:redhat:rhel_extras_rt:7", Some("rhel:7")),
            ("cpe:/o:redhat:rhel_eus:9.4::baseos", Some("rhel:9.4:eus")),
            ("cpe:/o:redhat:enterprise_linux_eus:10.0", Some("rhel:10.0:eus")),
            ("cpe:/a:redhat:rhel_eus_long_life:8.4::appstream", Some("rhel:8.4:eus_long_life")),
            ("cpe:/o:redhat:rhel_aus:7.6::server", Some("rhel:7.6:aus")),
            ("cpe:/o:redhat:rhel_els:6", Some("rhel:6:els")),
            ("cpe:/a:redhat:rhel_software_collections:3::el7", Some("rhel:7:software_collections")),
            ("cpe:/a:redhat:rhel_software_collections:3", Some("rhel:7:software_collections")),
            ("cpe:/a:redhat:openshift:4.12::el8", None),
            ("cpe:/a:redhat:enterprise_linux_ai:3", None),
            ("cpe:/o:redhat:enterprise_linux", None),
            ("cpe:/o:suse:enterprise_linux:8", None),
            ("cpe:/a:redhat", None),
        ];
        for (cpe, expected) in table {
            assert_eq!(namespace(cpe).as_deref(), expected, "{cpe}");
        }
    }
}
