//! Package URLs (package-url specification, purl-spec 1.0): `pkg:type/namespace/name@version?qualifiers`.

use std::fmt::Write as _;

use crate::package::{Ecosystem, Package};

/// Writes the package URL of `package`; names are normalised as their purl type demands.
pub fn purl_of(package: &Package) -> String {
    let (namespace, name) = split_name(package);
    let mut text = format!("pkg:{}/", package.ecosystem);
    if !namespace.is_empty() {
        for segment in namespace.split('/') {
            encode(&mut text, segment);
            text.push('/');
        }
    }
    encode(&mut text, &name);
    // An rpm's epoch is a qualifier; other types write it in the version.
    let (epoch, version) = match package.version.split_once(':') {
        Some((epoch, version)) if package.ecosystem == Ecosystem::Rpm => (Some(epoch.to_owned()), version),
        _ => (None, package.version.as_str()),
    };
    if !version.is_empty() {
        text.push('@');
        encode(&mut text, version);
    }
    // an update stream is no part of it: readers elsewhere take the version as it is
    let distro = package.distro.as_ref().map(|distro| match distro.release() {
        "" => distro.id.clone(),
        version => format!("{}-{version}", distro.id),
    });
    let mut separator = '?';
    for (key, value) in
        [("arch", package.arch.as_ref()), ("distro", distro.as_ref()), ("epoch", epoch.as_ref())]
    {
        if let Some(value) = value.filter(|_| package.ecosystem.is_os()) {
            let _ = write!(text, "{separator}{key}=");
            encode(&mut text, value);
            separator = '&';
        }
    }
    text
}

fn split_name(package: &Package) -> (String, String) {
    let name = &package.name;
    match package.ecosystem {
        Ecosystem::Deb | Ecosystem::Apk | Ecosystem::Rpm | Ecosystem::Alpm | Ecosystem::Opkg => {
            let vendor = package.distro.as_ref().map(|distro| distro.id.clone()).unwrap_or_default();
            (vendor, name.clone())
        }
        Ecosystem::Pypi => (String::new(), normalise_python(name)),
        Ecosystem::Maven => match name.split_once(':') {
            Some((group, artifact)) => (group.to_owned(), artifact.to_owned()),
            None => (String::new(), name.clone()),
        },
        _ => match name.rsplit_once('/') {
            Some((namespace, name)) => (namespace.to_owned(), name.to_owned()),
            None => (String::new(), name.clone()),
        },
    }
}

/// The normalised form of a Python project name (PEP 503): lower case, runs of `-`, `_` and `.` become one `-`.
pub fn normalise_python(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '_' | '.' => {
                if !text.ends_with('-') {
                    text.push('-');
                }
            }
            other => text.extend(other.to_lowercase()),
        }
    }
    text
}

fn encode(text: &mut String, part: &str) {
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distro::Distro;

    fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
        Package {
            ecosystem,
            distro: None,
            name: name.into(),
            version: version.into(),
            arch: None,
            source: None,
            module: None,
            vendor: None,
        }
    }

    #[test]
    fn purls_follow_the_rules_of_their_type() {
        let mut deb = package(Ecosystem::Deb, "libstdc++6", "1:12.2.0-14+b1");
        deb.distro = Some(Distro::new("debian", "12"));
        deb.arch = Some("amd64".into());
        assert_eq!(
            purl_of(&deb),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0-14%2Bb1?arch=amd64&distro=debian-12"
        );
        let mut rpm = package(Ecosystem::Rpm, "openssl-libs", "1:3.0.7-27.el9");
        rpm.distro = Some(Distro::new("rhel", "9"));
        assert_eq!(purl_of(&rpm), "pkg:rpm/rhel/openssl-libs@3.0.7-27.el9?distro=rhel-9&epoch=1");
        rpm.distro = Some(Distro::new("rhel", "8.6:eus"));
        assert_eq!(purl_of(&rpm), "pkg:rpm/rhel/openssl-libs@3.0.7-27.el9?distro=rhel-8.6&epoch=1");
        let mut ebuild = package(Ecosystem::Ebuild, "app-shells/bash", "5.1_p16-r6");
        ebuild.distro = Some(Distro::new("gentoo", ""));
        assert_eq!(purl_of(&ebuild), "pkg:ebuild/app-shells/bash@5.1_p16-r6?distro=gentoo");
        let mut alpm = package(Ecosystem::Alpm, "pacman", "6.0.1-1");
        alpm.distro = Some(Distro::new("arch", ""));
        assert_eq!(purl_of(&alpm), "pkg:alpm/arch/pacman@6.0.1-1?distro=arch");
        assert_eq!(purl_of(&package(Ecosystem::Pypi, "Foo__Bar.baz", "1.0")), "pkg:pypi/foo-bar-baz@1.0");
        assert_eq!(purl_of(&package(Ecosystem::Npm, "@babel/core", "7.0.0")), "pkg:npm/%40babel/core@7.0.0");
        assert_eq!(purl_of(&package(Ecosystem::Maven, "org.x:y", "1")), "pkg:maven/org.x/y@1");
    }
}
