//! The namespaces that a claim holds in.

use super::convert::File;
use super::flatten::{Claim, Position};
use super::metadata::Words;
use super::platform::{Platform, platform};
use super::publisher::Publisher;

/// What the tree says, else what the metadata says, else what the file's name says; then what is particular to a publisher.
pub(super) fn namespaces(file: File<'_>, words: &Words<'_>, claim: &Claim) -> Vec<String> {
    let stated = || {
        let mut names: Vec<String> = Vec::new();
        for name in words.platforms() {
            if let Platform::Namespaces(found) = platform(file.publisher, name) {
                names.extend(found);
            }
        }
        names.sort();
        names.dedup();
        names
    };
    let names = match (file.namespace, &claim.scope.namespaces) {
        (Some(namespace), _) => vec![namespace.to_owned()],
        (None, Some(names)) => names.clone(),
        (None, None) => stated(),
    };
    match file.publisher {
        Publisher::RedHat => red_hat(file, &names, words),
        Publisher::Oracle => names.into_iter().map(|name| oracle(name, claim)).collect(),
        Publisher::Ubuntu => {
            // A file for a stream (FIPS) repeats what holds for the plain release; it is true there alone.
            let stated = stated();
            let streams: Vec<String> = stated.into_iter().filter(|name| is_stream(name)).collect();
            let names = if streams.is_empty() { names } else { streams };
            names.into_iter().map(|name| ubuntu(name, claim)).collect()
        }
        _ => names,
    }
}

fn is_stream(name: &str) -> bool {
    name.matches(':').count() > 1
}

/// The version that fixes or ends a claim.
fn version(claim: &Claim) -> &str {
    match &claim.position {
        Position::Fixed(_, version) | Position::UpTo(_, version) => version,
        Position::Open(..) | Position::NotAffected => "",
    }
}

/// Ksplice and FIPS packages are built apart, with versions that cannot be compared with the others'.
fn oracle(name: String, claim: &Claim) -> String {
    if claim.scope.ksplice || version(claim).contains(".ksplice") {
        return name + ":ksplice";
    }
    if version(claim).contains("_fips") { name + ":fips" } else { name }
}

/// Versions that only subscribers get are marked by Canonical.
fn ubuntu(name: String, claim: &Claim) -> String {
    let is_esm = version(claim).contains("~esm") || version(claim).contains("+esm");
    if is_esm && !is_stream(&name) { name + ":esm" } else { name }
}

/// Red Hat names the products in a list beside the tree: `cpe:/o:redhat:rhel_eus:8.6::baseos` is a stream of its own, and
/// so is every layered product, whose packages are not those of the plain release.
fn red_hat(file: File<'_>, names: &[String], words: &Words<'_>) -> Vec<String> {
    let mut listed: Vec<String> = Vec::new();
    let mut any = false;
    for cpe in words.cpes() {
        any = true;
        for name in names {
            if let Some(namespace) = of_cpe(cpe, name)
                && !listed.contains(&namespace)
            {
                listed.push(namespace);
            }
        }
    }
    match file.product {
        _ if any => listed,
        Some(product) => names.iter().map(|name| of_file(product, name)).collect(),
        None => names.to_vec(),
    }
}

/// The namespace of a product that a file is named after: `rhel-8.6-eus`, `ansible-2`.
fn of_file(product: &str, name: &str) -> String {
    let stream = product.strip_prefix("rhel-").and_then(|rest| rest.split_once('-'));
    match stream {
        Some((release, stream)) if release.contains('.') => format!("rhel:{release}:{stream}"),
        _ => format!("{name}:{product}"),
    }
}

/// Products whose packages are for everybody: the release itself and its optional channels.
const PLAIN: [&str; 6] = [
    "enterprise_linux",
    "rhel_extras",
    "rhel_extras_other",
    "rhel_extras_rt",
    "rhel_productivity",
    "rhel_virtualization",
];

/// Streams of a release for those who stay with a minor one.
const STREAMS: [(&str, &str); 8] = [
    ("rhel_eus", "eus"),
    ("enterprise_linux_eus", "eus"),
    ("rhel_eus_long_life", "eus_long_life"),
    ("rhel_aus", "aus"),
    ("rhel_e4s", "e4s"),
    ("rhel_tus", "tus"),
    ("rhel_els", "els"),
    ("rhel_mission_critical", "aus"),
];

/// What a CPE stands for on `name` (`rhel:8`); `None` if it is a product of another release.
fn of_cpe(cpe: &str, name: &str) -> Option<String> {
    let major = name.strip_prefix("rhel:")?;
    let mut parts = cpe.strip_prefix("cpe:/")?.split(':').skip(1);
    if parts.next()? != "redhat" {
        return None;
    }
    let product = parts.next()?;
    let release = parts.next().unwrap_or_default();
    let edition = parts.nth(1).unwrap_or_default();
    let of_major = release == major || release.strip_prefix(major).is_some_and(|rest| rest.starts_with('.'));
    if PLAIN.contains(&product) {
        return of_major.then(|| name.to_owned());
    }
    if let Some((_, stream)) = STREAMS.iter().find(|(known, _)| *known == product) {
        return of_major.then(|| format!("rhel:{release}:{stream}"));
    }
    // A layered product, which says its release at the end: `ansible_engine:2.9::el8`.
    match edition.strip_prefix("el") {
        Some(el) if el != major => None,
        _ if product == "rhel_software_collections" => Some(format!("{name}:software_collections")),
        _ => Some(format!("{name}:{product}-{release}").trim_end_matches('-').to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_red_hat_are_told_apart_by_their_platform_names() {
        let of = |cpe| of_cpe(cpe, "rhel:8");
        assert_eq!(of("cpe:/o:redhat:enterprise_linux:8").as_deref(), Some("rhel:8"));
        assert_eq!(of("cpe:/a:redhat:enterprise_linux:8::appstream").as_deref(), Some("rhel:8"));
        assert_eq!(of("cpe:/o:redhat:enterprise_linux:7::server"), None);
        assert_eq!(of("cpe:/o:redhat:rhel_eus:8.6::baseos").as_deref(), Some("rhel:8.6:eus"));
        assert_eq!(of("cpe:/o:redhat:rhel_eus:9.0"), None);
        assert_eq!(of("cpe:/o:redhat:rhel_eus_long_life:8.4").as_deref(), Some("rhel:8.4:eus_long_life"));
        let collections = of_cpe("cpe:/a:redhat:rhel_software_collections:3::el7", "rhel:7");
        assert_eq!(collections.as_deref(), Some("rhel:7:software_collections"));
        assert_eq!(of("cpe:/a:redhat:rhel_productivity:5"), None);
        let engine = of("cpe:/a:redhat:ansible_engine:2.9::el8");
        assert_eq!(engine.as_deref(), Some("rhel:8:ansible_engine-2.9"));
        assert_eq!(of("cpe:/a:redhat:rhel_dotnet:3.1::el7"), None);
        assert_eq!(of("cpe:/a:oracle:linux:8"), None);
        assert_eq!(of_file("rhel-8.6-eus", "rhel:8"), "rhel:8.6:eus");
        assert_eq!(of_file("ansible-2", "rhel:8"), "rhel:8:ansible-2");
    }
}
