//! From a publisher's product names to namespaces.
//!
//! The decision a reader may doubt: SUSE's modules and extensions (`… Module for Basesystem 15 SP3`) count for the server,
//! desktop, SAP and HPC products of the same release, because their packages are installed on those and no image calls
//! itself a module. Other products (SUSE Manager, OpenShift, layered products of Red Hat) name no namespace of an image.

use super::publisher::Publisher;

/// What a product name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Platform {
    /// It is no name of a product.
    Unknown,
    /// These namespaces; none for a product that no image is a release of.
    Namespaces(Vec<String>),
}

/// Reads a product name, such as `SUSE Linux Enterprise Server 15 SP3` or `Oracle Linux 8`.
pub(super) fn platform(publisher: Publisher, name: &str) -> Platform {
    let name = name.trim().trim_end_matches('.');
    let known = match publisher {
        Publisher::Oracle => numbered(name, &["Oracle Linux"], "ol"),
        Publisher::AlmaLinux => numbered(name, &["AlmaLinux"], "almalinux"),
        Publisher::RedHat => return red_hat(name),
        Publisher::Photon => numbered(name, &["Photon OS", "Photon"], "photon").map(with_minor),
        Publisher::Debian => numbered(name, &["Debian GNU/Linux", "Debian"], "debian"),
        Publisher::Ubuntu => ubuntu(name),
        Publisher::Suse => return suse(name),
        Publisher::Azure => numbered(name, &["Azure Linux", "CBL-Mariner"], "azurelinux"),
    };
    known.map_or(Platform::Unknown, |namespace| Platform::Namespaces(vec![namespace]))
}

/// `id:release` if the name is one of `products` and a number.
fn numbered(name: &str, products: &[&str], id: &str) -> Option<String> {
    let number = products.iter().find_map(|product| name.strip_prefix(product)?.strip_prefix(' '))?;
    is_release(number).then(|| format!("{id}:{number}"))
}

/// Photon's releases are called `3.0` by themselves and `3` in OVAL.
fn with_minor(namespace: String) -> String {
    if namespace.contains('.') { namespace } else { namespace + ".0" }
}

fn is_release(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 16 && text.split('.').all(digits)
}

fn red_hat(name: &str) -> Platform {
    let Some(rest) = name.strip_prefix("Red Hat ") else { return Platform::Unknown };
    let plain = numbered(rest, &["Enterprise Linux"], "rhel");
    Platform::Namespaces(plain.into_iter().collect())
}

/// `Ubuntu 18.04 LTS`, `Ubuntu 18.04 LTS (bionic)`, `Ubuntu Pro FIPS-updates 22.04 LTS`.
fn ubuntu(name: &str) -> Option<String> {
    let rest = name.strip_prefix("Ubuntu ")?;
    let mut stream = None;
    for word in rest.split(' ') {
        let lower = word.to_ascii_lowercase();
        if is_release(word) {
            return Some(match stream {
                Some(stream) => format!("ubuntu:{word}:{stream}"),
                None => format!("ubuntu:{word}"),
            });
        }
        match lower.as_str() {
            "pro" => stream = stream.or(Some("esm".to_owned())),
            word if word.starts_with("fips") => stream = Some(word.to_owned()),
            _ => {}
        }
    }
    None
}

/// SUSE's products that images call themselves, by os-release's `ID`; the longest name comes first.
const SUSE_PRODUCTS: [(&str, &[&str]); 13] = [
    ("SUSE Linux Enterprise Server for SAP Applications", &["sles_sap"]),
    ("SUSE Linux Enterprise Server for SAP applications", &["sles_sap"]),
    ("SUSE Linux Enterprise Server for SAP", &["sles_sap"]),
    ("SUSE Linux Enterprise Server", &["sles"]),
    ("SUSE CORE", &["sles"]),
    ("SUSE Linux Enterprise Desktop", &["sled"]),
    ("SUSE Linux Enterprise High Performance Computing", &["sle_hpc"]),
    ("SUSE Linux Enterprise Real Time", &["sle_rt"]),
    ("SUSE Linux Enterprise Micro", &["sle-micro"]),
    ("SUSE Linux Micro", &["sl-micro"]),
    ("openSUSE Leap Micro", &["opensuse-leap-micro"]),
    ("openSUSE Leap", &["opensuse-leap"]),
    ("openSUSE", &["opensuse"]),
];

/// What a module or extension of SUSE Linux Enterprise is installed on.
const SUSE_BASES: &[&str] = &["sles", "sled", "sles_sap", "sle_hpc"];

/// The namespaces of a product of SUSE; none if no image is a release of it.
pub(crate) fn suse_namespaces(name: &str) -> Vec<String> {
    match suse(name.trim()) {
        Platform::Namespaces(names) => names,
        Platform::Unknown => Vec::new(),
    }
}

fn suse(name: &str) -> Platform {
    if name.starts_with("openSUSE Tumbleweed") {
        return Platform::Namespaces(vec!["opensuse-tumbleweed".to_owned()]);
    }
    let ours = ["SUSE ", "openSUSE ", "SLE ", "SLES ", "Open Enterprise Server"];
    if !ours.iter().any(|prefix| name.starts_with(prefix)) {
        return Platform::Unknown;
    }
    let Some((product, release, stream)) = suse_parts(name) else { return Platform::Namespaces(Vec::new()) };
    let ids = match SUSE_PRODUCTS.iter().find(|(known, _)| *known == product) {
        // Leap 42 still called itself `opensuse`.
        Some((_, ["opensuse-leap"])) if release.starts_with("42") => &["opensuse"][..],
        Some((_, ids)) => ids,
        None if is_addition(product) => SUSE_BASES,
        None => &[],
    };
    let ids = match ids {
        ["sle-micro"] if !release.starts_with("5.") => &["sl-micro"][..],
        ids => ids,
    };
    // The modules of SLE 12 are for all its service packs.
    let packs = if product.contains(" Module for ") && release == "12" {
        &["", ".1", ".2", ".3", ".4", ".5"][..]
    } else {
        &[""]
    };
    let stream = if stream.is_empty() { stream } else { format!(":{stream}") };
    let of_pack =
        |pack: &&str| ids.iter().map(|id| format!("{id}:{release}{pack}{stream}")).collect::<Vec<_>>();
    Platform::Namespaces(packs.iter().flat_map(of_pack).collect())
}

fn is_addition(product: &str) -> bool {
    let Some(rest) = product.strip_prefix("SUSE Linux Enterprise ") else {
        return product == "SUSE Package Hub";
    };
    let words = ["Module for", "Extension", "Software Development Kit", "SDK", "Live Patching"];
    words.iter().any(|word| rest.contains(word))
}

/// `SUSE Linux Enterprise Server 15 SP1-LTSS` → product, `15.1`, `ltss`. An architecture behind `for` is left out.
fn suse_parts(name: &str) -> Option<(&str, String, String)> {
    let starts = name.match_indices(' ').map(|(at, _)| at + 1);
    // Products have numbers in their names too: `… Module for Python 3 15 SP6`.
    starts.filter(|&at| name[at..].starts_with(|first: char| first.is_ascii_digit())).find_map(|at| {
        let (release, stream) = suse_release(&name[at..])?;
        Some((name[..at].trim_end(), release, stream))
    })
}

/// Reads `15 SP1-LTSS`; `None` if a further number stands in it.
fn suse_release(text: &str) -> Option<(String, String)> {
    let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    let (number, mut rest) = words.split_first()?;
    let mut release = (*number).to_owned();
    if let Some((pack, behind)) = rest.split_first()
        && let Some(pack) = pack.strip_prefix("SP").filter(|pack| is_release(pack))
    {
        release = format!("{release}.{pack}");
        rest = behind;
    }
    let words = rest.iter().take_while(|word| **word != "for").filter(|word| **word != "Update");
    let stream = words.map(|word| word.to_ascii_lowercase()).collect::<Vec<_>>().join("-");
    let is_whole = is_release(number) && !stream.contains(|character: char| character.is_ascii_digit());
    let stream = match stream.as_str() {
        "ltss-extended-security" => "ltss_extended".to_owned(),
        "lts" => "ltss".to_owned(),
        "nonfree" => String::new(),
        _ => stream,
    };
    is_whole.then_some((release, stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(publisher: Publisher, name: &str) -> Vec<String> {
        match platform(publisher, name) {
            Platform::Namespaces(names) => names,
            Platform::Unknown => vec!["?".to_owned()],
        }
    }

    #[test]
    fn products_are_called_as_their_images_call_themselves() {
        assert_eq!(names(Publisher::Oracle, "Oracle Linux 8"), ["ol:8"]);
        assert_eq!(names(Publisher::Photon, "Photon OS 3"), ["photon:3.0"]);
        assert_eq!(names(Publisher::RedHat, "Red Hat Enterprise Linux 8"), ["rhel:8"]);
        assert_eq!(names(Publisher::RedHat, "Red Hat CoreOS 4"), [""; 0]);
        assert_eq!(names(Publisher::RedHat, "zlib"), ["?"]);
        assert_eq!(names(Publisher::Debian, "Debian GNU/Linux 11"), ["debian:11"]);
        assert_eq!(names(Publisher::Ubuntu, "Ubuntu 18.04 LTS (bionic)"), ["ubuntu:18.04"]);
        let fips = names(Publisher::Ubuntu, "Ubuntu Pro FIPS-updates 22.04 LTS");
        assert_eq!(fips, ["ubuntu:22.04:fips-updates"]);
    }

    #[test]
    fn the_service_packs_streams_and_modules_of_suse_are_told_apart() {
        let suse = |name: &str| names(Publisher::Suse, name);
        assert_eq!(suse("SUSE Linux Enterprise Server 15"), ["sles:15"]);
        assert_eq!(suse("SUSE Linux Enterprise Server 15 SP3"), ["sles:15.3"]);
        assert_eq!(suse("SUSE Linux Enterprise Server 15-LTSS"), ["sles:15:ltss"]);
        assert_eq!(suse("SUSE Linux Enterprise Server 12 SP3-BCL"), ["sles:12.3:bcl"]);
        assert_eq!(suse("SUSE Linux Enterprise Server for SAP Applications 15 SP1"), ["sles_sap:15.1"]);
        assert_eq!(suse("SUSE Linux Enterprise Server 10 SP4 for AMD64 and Intel EM64T"), ["sles:10.4"]);
        assert_eq!(suse("SUSE Linux Enterprise Server 16.0"), ["sles:16.0"]);
        assert_eq!(suse("SUSE Linux Enterprise Micro 5.3"), ["sle-micro:5.3"]);
        assert_eq!(
            suse("SUSE Linux Enterprise Module for Basesystem 15 SP1"),
            ["sles:15.1", "sled:15.1", "sles_sap:15.1", "sle_hpc:15.1"]
        );
        assert_eq!(suse("openSUSE Leap 15.2"), ["opensuse-leap:15.2"]);
        assert_eq!(suse("openSUSE Leap 42.3"), ["opensuse:42.3"]);
        assert_eq!(suse("openSUSE 12.1 Update"), ["opensuse:12.1"]);
        assert_eq!(suse("openSUSE Tumbleweed"), ["opensuse-tumbleweed"]);
        assert_eq!(suse("SUSE Linux Enterprise Module for Python 3 15 SP6")[0], "sles:15.6");
        assert_eq!(suse("SUSE Linux Enterprise Module for Containers 12").len(), 24);
        assert_eq!(
            suse("SUSE Linux Enterprise Server 12 SP5-LTSS Extended Security"),
            ["sles:12.5:ltss_extended"]
        );
        assert_eq!(suse("SUSE Linux Enterprise Micro 6.0"), ["sl-micro:6.0"]);
        assert_eq!(suse("SUSE CORE 9 for x86"), ["sles:9"]);
        assert_eq!(suse("SUSE Manager Server 4.3"), [""; 0]);
        assert_eq!(suse("krb5-server-1.15.2-4.25"), ["?"]);
    }
}
