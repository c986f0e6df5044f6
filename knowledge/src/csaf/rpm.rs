//! The RPM package that a component of a product tree stands for.
//!
//! By its package URL (<https://github.com/package-url/purl-spec>, type `rpm`) where there is one; else by its name,
//! which is `name-[epoch:]version-release[.arch]` or the bare name.
//!
//! The decision a reader may doubt: a package with a version but without an architecture is taken both as a source
//! and as a binary package. Red Hat's documents of 2026 name either so, and the name alone cannot tell them apart.

use model::Named;

use super::LeftOut;
use super::tree::Item;
use crate::text::{is_name, is_version};

/// Endings of names that are architectures.
const ARCHES: [&str; 22] = [
    "src",
    "nosrc",
    "noarch",
    "x86_64",
    "i386",
    "i486",
    "i586",
    "i686",
    "athlon",
    "ia64",
    "ppc",
    "ppc64",
    "ppc64le",
    "s390",
    "s390x",
    "aarch64",
    "aarch64_ilp32",
    "armv6hl",
    "armv7hl",
    "riscv64",
    "loongarch64",
    "alpha",
];

/// Digits that the build of a module starts with: a platform number and a time.
const MODULE_BUILD: usize = 15;

/// A package as a document names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rpm {
    pub(crate) name: String,
    /// `[epoch:]version-release`; an epoch of 0 is not written.
    pub(crate) version: Option<String>,
    /// `None` if every architecture is meant.
    pub(crate) arch: Option<String>,
    /// `name:stream`.
    pub(crate) module: Option<String>,
    /// What `name` is the name of; one or both.
    pub(crate) named: &'static [Named],
}

const SOURCE: &[Named] = &[Named::Source];
const BINARY: &[Named] = &[Named::Binary];
const EITHER: &[Named] = &[Named::Source, Named::Binary];

/// Reads the component. `bare` is what a name without a version and without a package URL stands for.
pub(crate) fn rpm(
    component: &Item<'_>,
    within: Option<&Item<'_>>,
    bare: &'static [Named],
) -> Result<Rpm, LeftOut> {
    let mut rpm = match component.purl {
        Some(purl) => of_purl(purl)?,
        None if component.id.contains('@') => return Err(LeftOut::NotRpm),
        None => of_name(component.id, bare)?,
    };
    if rpm.module.is_none() {
        rpm.module = within.and_then(|module| module_of(module.id));
    }
    if rpm.version.as_deref().is_some_and(is_module_build) {
        // The number of a module's build: it orders with no version of a package in it.
        rpm.version = None;
        rpm.module.as_ref().ok_or(LeftOut::Module)?;
    }
    if !is_name(&rpm.name) || rpm.version.as_deref().is_some_and(|version| !is_version(version)) {
        return Err(LeftOut::Unreadable);
    }
    Ok(rpm)
}

/// What source packages are named by.
pub(crate) const fn bare_source() -> &'static [Named] {
    SOURCE
}

/// What binary packages are named by.
pub(crate) const fn bare_binary() -> &'static [Named] {
    BINARY
}

fn of_purl(purl: &str) -> Result<Rpm, LeftOut> {
    if let Some(module) = purl.strip_prefix("pkg:rpmmod/") {
        return of_module_purl(module);
    }
    let rest = purl.strip_prefix("pkg:rpm/").ok_or(LeftOut::NotRpm)?;
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    // One part before the name is the vendor; more of them are the path of a container.
    let (_, path) = path.split_once('/').ok_or(LeftOut::NotRpm)?;
    let (name, version) = path.split_once('@').unwrap_or((path, ""));
    if name.contains('/') {
        return Err(LeftOut::NotRpm);
    }
    let qualifier = |key: &str| {
        let mut pairs = qualifiers.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| decode(value))
    };
    let arch = qualifier("arch");
    let module = match qualifier("rpmmod") {
        // A collection of containers and no module.
        Some(module) if !module.contains(':') => return Err(LeftOut::NotRpm),
        module => module.and_then(|module| module_of(&module)),
    };
    let version = decode(version);
    let named = match arch.as_deref() {
        Some("src" | "nosrc") => SOURCE,
        None if !version.is_empty() => EITHER,
        _ => BINARY,
    };
    let version = (!version.is_empty()).then(|| with_epoch(qualifier("epoch").as_deref(), &version));
    let arch = arch.filter(|_| named == BINARY);
    Ok(Rpm { name: decode(name), version, arch, module, named })
}

/// `redhat/ruby:2.5/ruby` is a component of a module, `redhat/python39@3.9:8060020240801142753:6a631399` a module.
fn of_module_purl(path: &str) -> Result<Rpm, LeftOut> {
    let parts: Vec<&str> = path.split(['?', '#']).next().unwrap_or_default().split('/').collect();
    let [_, module, name] = parts[..] else { return Err(LeftOut::Module) };
    let module = module_of(&decode(module)).ok_or(LeftOut::Module)?;
    Ok(Rpm { name: decode(name), version: None, arch: None, module: Some(module), named: SOURCE })
}

/// `ruby:2.5/ruby`, `telnet-1:0.17-65.el7_6.src`, `chromium-51.0.2704.103-85.3.x86_64`, `samba`.
fn of_name(text: &str, bare: &'static [Named]) -> Result<Rpm, LeftOut> {
    if let Some((module, name)) = text.split_once('/') {
        let module = module_of(module).ok_or(LeftOut::NotRpm)?;
        return Ok(Rpm { module: Some(module), ..of_name(name, bare)? });
    }
    let (rest, arch) = match text.rsplit_once('.') {
        Some((rest, arch)) if ARCHES.contains(&arch) => (rest, Some(arch)),
        _ => (text, None),
    };
    let is_source = matches!(arch, Some("src" | "nosrc"));
    let named = match arch {
        Some(_) if is_source => SOURCE,
        Some(_) => BINARY,
        None => bare,
    };
    let arch = arch.filter(|_| !is_source).map(str::to_owned);
    let (name, version) = match split_version(rest) {
        Some((name, version)) => (name, Some(version)),
        None => (rest, None),
    };
    Ok(Rpm { name: name.to_owned(), version, arch, module: None, named })
}

/// Splits `name-[epoch:]version-release`. Names hold dashes and numbers too (`java-11-openjdk`), so a version must
/// start with a digit, and a release without a dot must be a number.
fn split_version(text: &str) -> Option<(&str, String)> {
    let (rest, release) = text.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let (epoch, version) = match version.split_once(':') {
        Some((epoch, version)) => (Some(epoch), version),
        None => (None, version),
    };
    let is_release = release.contains('.') || release.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    let is_epoch = epoch.is_none_or(|epoch| epoch.bytes().all(|byte| byte.is_ascii_digit()));
    (is_release && is_version && is_epoch && !name.is_empty())
        .then(|| (name, with_epoch(epoch, &format!("{version}-{release}"))))
}

fn with_epoch(epoch: Option<&str>, version: &str) -> String {
    match epoch {
        Some(epoch) if !epoch.trim_start_matches('0').is_empty() => format!("{epoch}:{version}"),
        _ => version.strip_prefix("0:").unwrap_or(version).to_owned(),
    }
}

/// `name:stream` of `name:stream[:version[:context]]`.
fn module_of(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let (name, stream) = (parts.next()?, parts.next()?);
    (!name.is_empty() && !stream.is_empty()).then(|| format!("{name}:{stream}"))
}

/// Whether the release is that of a module, such as `3.9-8100020240826142629.d47b87a4`.
fn is_module_build(version: &str) -> bool {
    let release = version.rsplit('-').next().unwrap_or_default();
    let Some((time, context)) = release.split_once('.') else { return false };
    time.len() >= MODULE_BUILD
        && time.bytes().all(|byte| byte.is_ascii_digit())
        && context.len() == 8
        && context.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Undoes percent encoding; what is no encoding stays.
fn decode(text: &str) -> String {
    let hex = |digit: u8| char::from(digit).to_digit(16);
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        let pair = match bytes.get(at + 1..at + 3) {
            Some(&[high, low]) if byte == b'%' => hex(high).zip(hex(low)),
            _ => None,
        };
        decoded.push(pair.map_or(byte, |(high, low)| (high * 16 + low) as u8));
        at += if pair.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(id: &str, purl: Option<&str>) -> String {
        let item = Item { id, name: id, cpe: None, purl };
        match rpm(&item, None, bare_source()) {
            Err(reason) => format!("{reason:?}"),
            Ok(rpm) => {
                let part = |part: Option<String>| part.unwrap_or_else(|| "-".to_owned());
                let letter = |named: &Named| if *named == Named::Source { 'S' } else { 'B' };
                let named: String = rpm.named.iter().map(letter).collect();
                format!("{named} {} {} {} {}", rpm.name, part(rpm.version), part(rpm.arch), part(rpm.module))
            }
        }
    }

    #[test]
    fn package_urls_of_all_forms_are_read() {
        let table = [
            ("pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1", "B openssl 1:3.0.7-27.el9 x86_64 -"),
            ("pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=src&epoch=1", "S openssl 1:3.0.7-27.el9 - -"),
            ("pkg:rpm/redhat/libtiff@4.4.0-12.el9?epoch=0", "SB libtiff 4.4.0-12.el9 - -"),
            (
                "pkg:rpm/redhat/libstdc%2B%2B@11-1.module%2Bel8?arch=noarch",
                "B libstdc++ 11-1.module+el8 noarch -",
            ),
            ("pkg:rpm/redhat/openssl-libs", "B openssl-libs - - -"),
            ("pkg:rpm/redhat/openssl?arch=src", "S openssl - - -"),
            (
                "pkg:rpm/redhat/podman?arch=src&rpmmod=container-tools:rhel8",
                "S podman - - container-tools:rhel8",
            ),
            (
                "pkg:rpm/redhat/ruby@2.7.8-139?arch=s390x&rpmmod=ruby:2.7:8080020230427102918:63b34585",
                "B ruby 2.7.8-139 s390x ruby:2.7",
            ),
            ("pkg:rpmmod/redhat/ruby:2.5/ruby", "S ruby - - ruby:2.5"),
            ("pkg:rpmmod/redhat/python39@3.9:8060020240801142753:6a631399", "Module"),
            ("pkg:rpm/redhat/python39@3.9-8100020240826142629.d47b87a4?epoch=0", "Module"),
            (
                "pkg:rpm/redhat/python39@3.9-8040020240902080505.63cd9eba?arch=src&rpmmod=python39:3.9",
                "S python39 - - python39:3.9",
            ),
            ("pkg:rpm/redhat/firefox-flatpak?arch=src&rpmmod=rhel10", "NotRpm"),
            ("pkg:rpm/redhat/openshift3/postgresql-apb?arch=src", "NotRpm"),
            ("pkg:oci/ose-console?repository_url=registry.redhat.io", "NotRpm"),
            ("pkg:rpm/redhat/%00", "Unreadable"),
            ("pkg:rpm/redhat/a%zz%2", "B a%zz%2 - - -"),
        ];
        for (purl, expected) in table {
            assert_eq!(shown("unused", Some(purl)), expected, "{purl}");
        }
    }

    #[test]
    fn names_without_a_package_url_are_read() {
        let table = [
            ("telnet-1:0.17-65.el7_6.src", "S telnet 1:0.17-65.el7_6 - -"),
            ("quagga-0:0.96.2-8.3E.ia64", "B quagga 0.96.2-8.3E ia64 -"),
            ("helm-mirror-0.2.1-1.7.1.aarch64", "B helm-mirror 0.2.1-1.7.1 aarch64 -"),
            ("samba", "S samba - - -"),
            ("java-11-openjdk", "S java-11-openjdk - - -"),
            ("libdcerpc-binding0-32bit", "S libdcerpc-binding0-32bit - - -"),
            ("ruby:2.5/ruby", "S ruby - - ruby:2.5"),
            ("openshift4/ose-console", "NotRpm"),
            ("rhacs/main@sha256:18074a936a8e", "NotRpm"),
            ("samba-4.19.2+git.322.7e9201cef5-1.1", "S samba 4.19.2+git.322.7e9201cef5-1.1 - -"),
        ];
        for (name, expected) in table {
            assert_eq!(shown(name, None), expected, "{name}");
        }
    }
}
