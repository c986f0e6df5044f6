//! From what a document says of a package to the identity that judgements depend on.
//!
//! The decision a reader may doubt: where the package URL and the plain name differ only in spelling, the plain name is
//! taken. Package URLs put names of some ecosystems into lower case, and a report keeps what the package itself says.

use model::purl::normalise_python;
use model::{Distro, Ecosystem, Package, SourcePackage};

use crate::purl::Purl;
use crate::release;

/// What a document says; empty where it says nothing.
#[derive(Default)]
pub(crate) struct Stated<'a> {
    pub(crate) purl: &'a str,
    pub(crate) group: &'a str,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// The word of the document's program for the kind of package, such as `node-pkg`.
    pub(crate) kind: &'a str,
    pub(crate) source_name: String,
    pub(crate) source_version: String,
    pub(crate) module: &'a str,
    pub(crate) arch: &'a str,
}

/// A package, and the release that its own words name: the document as a whole decides whether that is the release of the image.
pub(crate) struct Identified {
    pub(crate) package: Package,
    pub(crate) claimed: Option<Distro>,
}

/// Identifies a package; the error says in words why it cannot be done.
pub(crate) fn identify(stated: &Stated<'_>) -> Result<Identified, String> {
    if stated.purl.is_empty() {
        return by_name(stated);
    }
    let Some(purl) = Purl::parse(stated.purl) else {
        let found = by_name(stated).map_err(|_| format!("`{}` is no package URL", short(stated.purl)))?;
        return Ok(found);
    };
    let Some(ecosystem) = ecosystem_of_purl(&purl.kind) else {
        return Err(format!("packages of type `{}` are not known", short(&purl.kind)));
    };
    let name = name_of(ecosystem, &purl, stated);
    let version = version_of(ecosystem, &purl, stated);
    let mut package = Package::new(ecosystem, name, version);
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if ecosystem.is_os() {
        package.arch = purl.qualifier("arch").or_else(|| filled(stated.arch));
        package.source = source_of(&package, &purl, stated);
        package.module =
            purl.qualifier("rpmmod").or_else(|| filled(stated.module)).and_then(|label| module_of(&label));
    }
    let claimed = purl.qualifier("distro").filter(|_| ecosystem.is_os());
    let claimed = claimed.map(|text| release::distro_of_qualifier(&text, &purl.namespace));
    Ok(Identified { package, claimed })
}

fn by_name(stated: &Stated<'_>) -> Result<Identified, String> {
    if stated.name.is_empty() {
        return Err("has neither a name nor a package URL".to_owned());
    }
    let ecosystem = ecosystem_of_word(stated.kind);
    let name = joined(ecosystem, stated.group, stated.name);
    let mut package = Package::new(ecosystem, name, with_v(ecosystem, stated.version.to_owned()));
    let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    if ecosystem.is_os() {
        package.arch = filled(stated.arch);
        package.source = source_of(&package, &Purl::default(), stated);
        package.module = module_of(stated.module);
    }
    Ok(Identified { package, claimed: None })
}

/// The ecosystem of a package-url type, also by older names of the type.
pub(crate) fn ecosystem_of_purl(kind: &str) -> Option<Ecosystem> {
    match kind {
        "alpine" => Some(Ecosystem::Apk),
        "arch" | "archlinux" => Some(Ecosystem::Alpm),
        "portage" => Some(Ecosystem::Ebuild),
        "dart" => Some(Ecosystem::Pub),
        "os" => None,
        kind => kind.parse().ok(),
    }
}

/// The ecosystem of a word that Trivy (`PkgType`) or Syft (`type`) uses; what is not known is known by its name only.
fn ecosystem_of_word(kind: &str) -> Ecosystem {
    match kind {
        "debian" | "ubuntu" => Ecosystem::Deb,
        "alpine" | "wolfi" | "chainguard" => Ecosystem::Apk,
        "redhat"
        | "centos"
        | "rocky"
        | "alma"
        | "fedora"
        | "oracle"
        | "amazon"
        | "photon"
        | "azurelinux"
        | "cbl-mariner"
        | "sles"
        | "opensuse"
        | "opensuse-leap"
        | "opensuse-tumbleweed" => Ecosystem::Rpm,
        "portage" => Ecosystem::Ebuild,
        "python-pkg" | "python" | "pip" | "pipenv" | "poetry" | "uv" => Ecosystem::Pypi,
        "node-pkg" | "yarn" | "pnpm" | "bun" | "javascript" => Ecosystem::Npm,
        "jar" | "pom" | "gradle" | "sbt" | "java-archive" | "jenkins-plugin" => Ecosystem::Maven,
        "gobinary" | "gomod" | "go-module" | "go" => Ecosystem::Golang,
        "rustbinary" | "rust-crate" | "rust" => Ecosystem::Cargo,
        "gemspec" | "bundler" | "ruby" => Ecosystem::Gem,
        "composer-vendor" | "php-composer" => Ecosystem::Composer,
        "dotnet-core" | "dotnet" | "packages-props" => Ecosystem::Nuget,
        "conda-pkg" | "conda-environment" => Ecosystem::Conda,
        "R-package" => Ecosystem::Cran,
        "lua-rocks" => Ecosystem::Luarocks,
        "erlang-otp" => Ecosystem::Otp,
        "dart-pub" => Ecosystem::Pub,
        "pod" => Ecosystem::Cocoapods,
        word => ecosystem_of_purl(word).unwrap_or(Ecosystem::Generic),
    }
}

fn name_of(ecosystem: Ecosystem, purl: &Purl<'_>, stated: &Stated<'_>) -> String {
    // A namespace is the distribution for OS packages, the author for CPAN; neither belongs to the name.
    let namespace = match ecosystem {
        Ecosystem::Ebuild => purl.namespace.as_str(),
        system if system.is_os() => "",
        Ecosystem::Cpan | Ecosystem::Pypi => "",
        _ => &purl.namespace,
    };
    let name = joined(ecosystem, namespace, &purl.name);
    let plain = joined(ecosystem, stated.group, stated.name);
    let same = |a: &str, b: &str| match ecosystem {
        Ecosystem::Pypi => normalise_python(a) == normalise_python(b),
        _ => a.eq_ignore_ascii_case(b),
    };
    if same(&plain, &name) { plain } else { name }
}

/// The name with what stands before it, as its ecosystem writes both together.
fn joined(ecosystem: Ecosystem, namespace: &str, name: &str) -> String {
    match (namespace, ecosystem) {
        ("", _) => name.to_owned(),
        (_, Ecosystem::Maven) => format!("{namespace}:{name}"),
        _ => format!("{namespace}/{name}"),
    }
}

/// What [`joined`] undoes: group and name. Names that would not come back as they are stay whole.
pub(crate) fn split(ecosystem: Ecosystem, name: &str) -> (&str, &str) {
    let parts = match ecosystem {
        system if system.is_os() => None,
        Ecosystem::Maven => name.split_once(':'),
        Ecosystem::Npm | Ecosystem::Golang | Ecosystem::Composer | Ecosystem::Swift => name.rsplit_once('/'),
        _ => None,
    };
    parts.filter(|(group, name)| !group.is_empty() && !name.is_empty()).unwrap_or(("", name))
}

/// The reverse of [`split`].
pub(crate) fn join(ecosystem: Ecosystem, group: &str, name: &str) -> String {
    joined(ecosystem, group, name)
}

fn version_of(ecosystem: Ecosystem, purl: &Purl<'_>, stated: &Stated<'_>) -> String {
    let version = if purl.version.is_empty() { stated.version } else { &purl.version };
    // Syft's word where it found none.
    let version = if version == "UNKNOWN" { "" } else { version };
    match purl.qualifier("epoch") {
        Some(epoch) if epoch != "0" && ecosystem.is_os() && !version.starts_with(&format!("{epoch}:")) => {
            format!("{epoch}:{version}")
        }
        _ => with_v(ecosystem, version.to_owned()),
    }
}

/// Go writes its versions with `v`; some programs leave it away for Go's own library.
fn with_v(ecosystem: Ecosystem, version: String) -> String {
    match ecosystem {
        Ecosystem::Golang if version.starts_with(|c: char| c.is_ascii_digit()) => format!("v{version}"),
        Ecosystem::Golang if version.starts_with("go1") => format!("v{}", &version[2..]),
        _ => version,
    }
}

/// The source package. Debian and Alpine packages always have one, if need be themselves.
fn source_of(package: &Package, purl: &Purl<'_>, stated: &Stated<'_>) -> Option<SourcePackage> {
    let or_own =
        |version: &str| if version.is_empty() { package.version.clone() } else { version.to_owned() };
    if !stated.source_name.is_empty() && !stated.source_name.ends_with(".rpm") {
        let (name, version) = (stated.source_name.clone(), or_own(&stated.source_version));
        return Some(SourcePackage { name, version });
    }
    let upstream = purl.qualifier("upstream").or_else(|| purl.qualifier("origin"));
    let upstream = upstream.unwrap_or_else(|| stated.source_name.clone());
    match package.ecosystem {
        Ecosystem::Rpm => {
            let (name, version) = source_rpm(&upstream)?;
            let epoch =
                package.version.split_once(':').map(|(epoch, _)| format!("{epoch}:")).unwrap_or_default();
            Some(SourcePackage { name: name.to_owned(), version: format!("{epoch}{version}") })
        }
        Ecosystem::Deb | Ecosystem::Apk => {
            let (name, version) = upstream.split_once('@').unwrap_or((&upstream, ""));
            let name = if name.is_empty() { &package.name } else { name };
            Some(SourcePackage { name: name.to_owned(), version: or_own(version) })
        }
        _ => None,
    }
}

/// Name and `version-release` of a source package by its file name, `bash-5.1.8-6.el9.src.rpm`; or `name@version`.
fn source_rpm(text: &str) -> Option<(&str, &str)> {
    if let Some((name, version)) = text.split_once('@') {
        return (!name.is_empty() && !version.is_empty()).then_some((name, version));
    }
    let stem = text.strip_suffix(".src.rpm").or_else(|| text.strip_suffix(".nosrc.rpm"))?;
    let release = stem.rfind('-')?;
    let version = stem[..release].rfind('-')?;
    let (name, version) = (&stem[..version], &stem[version + 1..]);
    (!name.is_empty()).then_some((name, version))
}

/// `name:stream` out of a modularity label, `name:stream:version:context`.
fn module_of(label: &str) -> Option<String> {
    let mut parts = label.split(':');
    match (parts.next(), parts.next()) {
        (Some(name), Some(stream)) if !name.is_empty() && !stream.is_empty() => {
            Some(format!("{name}:{stream}"))
        }
        _ => None,
    }
}

/// Enough of a foreign word for a message.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stated: &Stated<'_>) -> String {
        match identify(stated) {
            Ok(Identified { package, claimed }) => {
                let source = package.source.map(|source| format!("{} {}", source.name, source.version));
                let parts = [package.arch, source, package.module, claimed.map(|distro| distro.to_string())];
                let parts: Vec<String> = parts.into_iter().map(|part| part.unwrap_or("-".into())).collect();
                format!("{} {} {} [{}]", package.ecosystem, package.name, package.version, parts.join(", "))
            }
            Err(reason) => reason,
        }
    }

    #[test]
    fn package_urls_of_all_programs_give_the_names_and_versions_of_the_ecosystem() {
        let cases = [
            (
                "pkg:deb/debian/bsdutils@1:2.38.1-5%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5%2Bdeb12u3",
                "deb bsdutils 1:2.38.1-5+deb12u3 [amd64, util-linux 2.38.1-5+deb12u3, -, debian:12]",
            ),
            (
                "pkg:deb/debian/login@4.13%2Bdfsg1-1?arch=amd64&distro=debian-12.15&epoch=1",
                "deb login 1:4.13+dfsg1-1 [amd64, login 1:4.13+dfsg1-1, -, debian:12]",
            ),
            ("pkg:deb/debian/libc-bin@2.36?upstream=glibc", "deb libc-bin 2.36 [-, glibc 2.36, -, -]"),
            (
                "pkg:apk/alpine/busybox-binsh@1.36.1-r2?arch=x86_64&distro=3.18.4&upstream=busybox",
                "apk busybox-binsh 1.36.1-r2 [x86_64, busybox 1.36.1-r2, -, alpine:3.18]",
            ),
            (
                "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=redhat-9.4&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm",
                "rpm openssl-libs 1:3.0.7-27.el9 [x86_64, openssl 1:3.0.7-27.el9, -, rhel:9]",
            ),
            (
                "pkg:rpm/rhel/nodejs@1%3A18.9.1-1?rpmmod=nodejs:18:9020:rhel9&epoch=1",
                "rpm nodejs 1:18.9.1-1 [-, -, nodejs:18, -]",
            ),
            ("pkg:npm/%40babel/core@7.0.0", "npm @babel/core 7.0.0 [-, -, -, -]"),
            ("pkg:maven/org.x/y@1", "maven org.x:y 1 [-, -, -, -]"),
            ("pkg:golang/stdlib@1.21.0", "golang stdlib v1.21.0 [-, -, -, -]"),
            ("pkg:golang/github.com/a/b@v1.0.0", "golang github.com/a/b v1.0.0 [-, -, -, -]"),
            ("pkg:cpan/AUTHOR/URI-Escape@1", "cpan URI-Escape 1 [-, -, -, -]"),
            ("pkg:ebuild/app-shells/bash@5.1?distro=gentoo", "ebuild app-shells/bash 5.1 [-, -, -, gentoo]"),
            ("pkg:github/actions/checkout@v4", "packages of type `github` are not known"),
            ("pkg:os/debian@12", "packages of type `os` are not known"),
            ("nonsense", "`nonsense` is no package URL"),
        ];
        for (purl, expected) in cases {
            assert_eq!(shown(&Stated { purl, ..Stated::default() }), expected, "{purl}");
        }
    }

    #[test]
    fn the_plain_name_is_kept_where_only_its_spelling_differs() {
        let spelled = |purl, group, name| shown(&Stated { purl, group, name, ..Stated::default() });
        assert_eq!(spelled("pkg:pypi/foo-bar@1", "", "Foo_Bar"), "pypi Foo_Bar 1 [-, -, -, -]");
        assert_eq!(spelled("pkg:pypi/foo-bar@1", "", "other"), "pypi foo-bar 1 [-, -, -, -]");
        assert_eq!(spelled("pkg:maven/org.x/y@1", "org.x", "Y"), "maven org.x:Y 1 [-, -, -, -]");
    }

    #[test]
    fn without_package_url_the_kind_decides_and_what_is_not_known_is_generic() {
        let named = |kind, name, version| shown(&Stated { kind, name, version, ..Stated::default() });
        assert_eq!(named("node-pkg", "left-pad", "1.0"), "npm left-pad 1.0 [-, -, -, -]");
        assert_eq!(named("debian", "bash", "5"), "deb bash 5 [-, bash 5, -, -]");
        assert_eq!(named("", "thing", ""), "generic thing  [-, -, -, -]");
        assert_eq!(named("", "", "1"), "has neither a name nor a package URL");
    }
}
