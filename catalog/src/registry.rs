//! The list of catalogers: which files each asks for and how it reads them.
//!
//! A new cataloger is one file in its ecosystem's folder and one line here. Every entry of every layer is
//! shown to every cataloger, hundreds of thousands of times per image, so `wants` looks at a few bytes and
//! never at a pattern. Raise a cataloger's version whenever its facts may change for the same bytes: stored
//! layer results are then made anew.

use std::io::Read;

use image::Entry;

use crate::facts::Facts;
use crate::text::Problem;
use crate::{
    alpm, apk, binary, bitnami, cargo, cocoapods, composer, conan, conda, cpan, cran, dart, dpkg, erlang,
    gem, golang, hackage, homebrew, java, julia, luarocks, npm, nuget, opkg, os, path, pear, portage, python,
    rpm, runtime, secret, swift, wordpress,
};

/// One reader of one kind of file.
pub(crate) struct Cataloger {
    /// Name in the documentation and in messages.
    pub name: &'static str,
    /// Raised with every change of what it finds.
    pub version: u32,
    /// Whether its files prove language packages, which an OS package may own.
    pub language: bool,
    /// Whether it asks for the file at this path, given with its last component.
    pub wants: fn(path: &[u8], name: &[u8]) -> bool,
    /// Reads one file. What was found before an error stands.
    pub read: fn(&mut Input<'_>, &mut Facts) -> Result<(), Problem>,
}

/// A file that a cataloger asked for.
pub(crate) struct Input<'a> {
    /// Its path in the image.
    pub path: &'a [u8],
    /// Its size as the archive states it; the content may hold less.
    pub size: u64,
    /// Its content.
    pub content: &'a mut dyn Read,
}

/// All catalogers. The index is stored in the layer cache, whose key covers names and versions.
pub(crate) const CATALOGERS: &[Cataloger] = &[
    os::RELEASE,
    os::USERS,
    dpkg::STATUS,
    dpkg::FILE_LIST,
    apk::INSTALLED,
    rpm::DATABASE,
    rpm::MANIFEST,
    rpm::CONTENT_SETS,
    alpm::DESCRIPTION,
    alpm::FILES,
    opkg::STATUS,
    opkg::FILE_LIST,
    portage::INSTALLED,
    portage::CONTENTS,
    python::METADATA,
    npm::PACKAGE_JSON,
    npm::DEBIAN_MODULE,
    java::ARCHIVE,
    gem::SPECIFICATION,
    composer::INSTALLED,
    nuget::DEPENDENCIES,
    conda::RECORD,
    cran::DESCRIPTION,
    cpan::META,
    cpan::INSTALL,
    cpan::LOCAL,
    luarocks::ROCKSPEC,
    erlang::APPLICATION,
    erlang::ARCHIVE,
    erlang::HEX,
    dart::PUBSPEC,
    dart::PACKAGE_CONFIG,
    hackage::PACKAGE,
    julia::PROJECT,
    pear::REGISTRY,
    nuget::NUSPEC,
    nuget::ASSEMBLY,
    npm::YARN_CACHE,
    python::EGG,
    wordpress::PLUGIN,
    wordpress::THEME,
    wordpress::CORE,
    bitnami::SPDX,
    bitnami::COMPONENTS,
    homebrew::RECEIPT,
    npm::LOCK_FILE,
    python::LOCK_FILE,
    java::LOCK_FILE,
    golang::LOCK_FILE,
    cargo::LOCK_FILE,
    gem::LOCK_FILE,
    composer::LOCK_FILE,
    nuget::LOCK_FILE,
    erlang::LOCK_FILE,
    swift::LOCK_FILE,
    cocoapods::LOCK_FILE,
    dart::LOCK_FILE,
    hackage::LOCK_FILE,
    cran::LOCK_FILE,
    cpan::LOCK_FILE,
    conan::LOCK_FILE,
    julia::LOCK_FILE,
    conda::LOCK_FILE,
    dpkg::COPYRIGHT,
    dpkg::DIVERSIONS,
    portage::LICENSE,
    runtime::VERSION_FILE,
    secret::SECRETS,
    binary::PROGRAM,
];

/// The cataloger of programs, which is asked by an entry's mode and not by its name alone.
const PROGRAM: usize = CATALOGERS.len() - 1;

/// The cataloger of secrets, which asks for what nobody else does.
const SECRETS: usize = CATALOGERS.len() - 2;

/// Version of the layer result's form and of the rules that no single cataloger owns.
const FORM: u32 = 8;

/// Names and versions of all catalogers, in order.
pub fn catalogers() -> impl Iterator<Item = (&'static str, u32)> {
    CATALOGERS.iter().map(|cataloger| (cataloger.name, cataloger.version))
}

/// A number that changes whenever any cataloger or the form of the layer result changes.
pub fn fingerprint() -> u64 {
    let mut text = format!("form {FORM}");
    for (name, version) in catalogers() {
        text.push_str(&format!(" {name} {version}"));
    }
    path::hash(text.as_bytes())
}

/// The cataloger that asks for the file at `path`, by index; that of secrets never does.
pub(crate) fn wanted(path: &[u8]) -> Option<usize> {
    let name = path::name(path);
    let asks = |index: &usize| *index != SECRETS && (CATALOGERS[*index].wants)(path, name);
    (0..CATALOGERS.len()).find(asks)
}

/// The cataloger that asks for an entry: by its path, else by its kind, mode and size. Secrets are looked for if
/// `with_secrets`.
pub(crate) fn wanted_entry(entry: &Entry<'_>, with_secrets: bool) -> Option<usize> {
    let secrets = || (CATALOGERS[SECRETS].wants)(entry.path, path::name(entry.path)).then_some(SECRETS);
    let by_name = wanted(entry.path).or_else(|| with_secrets.then(secrets).flatten());
    by_name.or_else(|| binary::is_program(entry.kind, entry.mode, entry.size).then_some(PROGRAM))
}

/// The cataloger for a hard link that [`wanted_entry`] has asked for.
pub(crate) fn wanted_link(path: &[u8]) -> usize {
    wanted(path).unwrap_or(PROGRAM)
}

/// Whether it is the cataloger of programs.
pub(crate) fn is_program(cataloger: usize) -> bool {
    cataloger == PROGRAM
}

/// Whether it is the cataloger of secrets.
pub(crate) fn is_secrets(cataloger: usize) -> bool {
    cataloger == SECRETS
}

/// Whether most files that the cataloger asks for say nothing.
pub(crate) fn is_sparse(cataloger: usize) -> bool {
    is_program(cataloger) || is_secrets(cataloger)
}

/// Whether a file at `path` may prove a language package.
pub(crate) fn is_language_file(path: &[u8]) -> bool {
    let name = path::name(path);
    CATALOGERS.iter().any(|cataloger| cataloger.language && (cataloger.wants)(path, name))
}

/// Reads one file with the cataloger of that index; never fails and never unwinds.
pub(crate) fn read(index: usize, input: Input<'_>) -> Facts {
    read_into(index, input, Facts::default())
}

/// The same, but of file lists all paths are kept.
pub(crate) fn read_whole(index: usize, input: Input<'_>) -> Facts {
    read_into(index, input, Facts { all_files: true, ..Facts::default() })
}

fn read_into(index: usize, mut input: Input<'_>, mut facts: Facts) -> Facts {
    let cataloger = &CATALOGERS[index];
    let outcome =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (cataloger.read)(&mut input, &mut facts)));
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => facts.notes.push(problem.to_string()),
        Err(_) => facts = Facts::unreadable(format!("reader {} failed on this file", cataloger.name)),
    }
    secret::scrub(&mut facts);
    facts
}

#[cfg(test)]
mod tests {
    use image::EntryKind;

    use super::*;

    fn who(path: &str) -> Option<&'static str> {
        wanted(path.as_bytes()).map(|index| CATALOGERS[index].name)
    }

    #[test]
    fn each_kind_of_file_reaches_its_cataloger() {
        let cases = [
            ("etc/os-release", Some("os-release")),
            ("usr/lib/os-release", Some("os-release")),
            ("etc/passwd", Some("users")),
            ("home/etc/passwd", None),
            ("var/lib/dpkg/status", Some("dpkg-status")),
            ("var/lib/dpkg/status-old", None),
            ("var/lib/dpkg/status.d/libc6", Some("dpkg-status")),
            ("var/lib/dpkg/status.d/libc6.md5sums", None),
            ("var/lib/dpkg/info/libc6:amd64.list", Some("dpkg-list")),
            ("var/lib/dpkg/diversions", Some("dpkg-diversions")),
            ("usr/share/doc/libc6/copyright", Some("dpkg-copyright")),
            ("usr/share/doc/libc6/html/copyright", None),
            ("var/db/pkg/app-shells/bash-5.1/LICENSE", Some("portage-license")),
            ("etc/redhat-release", Some("os-release")),
            ("opt/etc/redhat-release", None),
            ("lib/apk/db/installed", Some("apk-installed")),
            ("usr/lib/apk/db/installed", Some("apk-installed")),
            ("var/lib/rpm/Packages", Some("rpm-database")),
            ("usr/lib/sysimage/rpm/Packages.db", Some("rpm-database")),
            ("usr/share/rpm/rpmdb.sqlite", Some("rpm-database")),
            ("var/lib/rpm/rpmdb.sqlite-wal", Some("rpm-database")),
            ("var/lib/rpm/rpmdb.sqlite-shm", None),
            ("srv/var/lib/rpm/Packages", None),
            ("var/lib/rpmmanifest/container-manifest-2", Some("rpm-manifest")),
            ("var/lib/rpmmanifest/container-manifest-1", None),
            ("root/buildinfo/content_manifests/ubi8-container-8.6-754.json", Some("content-sets")),
            ("root/buildinfo/labels.json", None),
            ("var/lib/pacman/local/bash-5.1-1/desc", Some("alpm-desc")),
            ("var/lib/pacman/local/bash-5.1-1/files", Some("alpm-files")),
            ("var/lib/pacman/sync/core/bash-5.1-1/desc", None),
            ("usr/lib/opkg/status", Some("opkg-status")),
            ("var/lib/opkg/info/libc.list", Some("opkg-list")),
            ("var/db/pkg/app-shells/bash-5.1/PF", Some("portage-installed")),
            ("var/db/pkg/app-shells/bash-5.1/CONTENTS", Some("portage-contents")),
            ("var/db/pkg/app-shells/PF", None),
            ("opt/v/lib/python3.11/site-packages/a-1.dist-info/METADATA", Some("python-metadata")),
            ("x/a.egg-info/PKG-INFO", Some("python-metadata")),
            ("x/a-1.egg/EGG-INFO/PKG-INFO", Some("python-metadata")),
            ("usr/lib/python3/dist-packages/a-1.egg-info", Some("python-metadata")),
            ("x/~a-1.dist-info/METADATA", None),
            ("x/METADATA", None),
            ("app/node_modules/a/package.json", Some("npm-package")),
            ("app/node_modules/@s/a/package.json", Some("npm-package")),
            ("app/node_modules/a/node_modules/b/package.json", Some("npm-package")),
            ("app/node_modules/a/test/node_modules/b/package.json", None),
            ("app/node_modules/a/esm/package.json", None),
            ("node_modules/a/package.json", Some("npm-package")),
            ("app/package.json", None),
            ("usr/share/nodejs/a/package.json", Some("npm-debian")),
            ("usr/share/nodejs/@s/a/package.json", Some("npm-debian")),
            ("usr/share/nodejs/a/lib/package.json", None),
            ("opt/PLUGIN.JAR", Some("java-archive")),
            ("opt/a.hpi", Some("java-archive")),
            ("opt/a.war", Some("java-archive")),
            ("opt/a.jar.bak", None),
            (
                "usr/share/rubygems-integration/all/specifications/rake-13.0.6.gemspec",
                Some("gem-specification"),
            ),
            ("opt/rake-13.0.6/rake.gemspec", None),
            ("app/vendor/composer/installed.json", Some("composer-installed")),
            ("app/vendor/installed.json", None),
            ("app/shop.deps.json", Some("nuget-deps")),
            ("opt/conda/conda-meta/numpy-1.26.4-0.json", Some("conda-meta")),
            ("usr/lib/R/library/base/DESCRIPTION", Some("r-description")),
            ("lib/perl5/.meta/A-1/MYMETA.json", Some("perl-meta")),
            ("lib/perl5/.meta/A-1/install.json", Some("perl-install")),
            ("src/A-1/MYMETA.json", None),
            ("usr/local/lib/perl/5.36.0/perllocal.pod", Some("perl-local")),
            ("lib/luarocks/rocks-5.1/a/1-1/a-1-1.rockspec", Some("lua-rockspec")),
            ("usr/lib/erlang/lib/ssl-10.8.7/ebin/ssl.app", Some("erlang-app")),
            ("usr/lib/rabbitmq/plugins/cowboy-2.8.0.ez", Some("erlang-archive")),
            ("app/deps/ranch/hex_metadata.config", Some("hex-metadata")),
            ("c/hosted/pub.dev/http-0.13.5/pubspec.yaml", Some("dart-pubspec")),
            ("app/.dart_tool/package_config.json", Some("dart-package-config")),
            ("var/lib/ghc/package.conf.d/aeson-2.conf", Some("ghc-package")),
            ("root/.julia/packages/JSON/93Ea8/Project.toml", Some("julia-project")),
            ("usr/share/php/.registry/pear.reg", Some("pear-registry")),
            ("root/.nuget/packages/a/1.0.0/a.nuspec", Some("nuget-nuspec")),
            ("app/Shop.dll", Some("dotnet-assembly")),
            ("app/.yarn/cache/a-npm-1.zip", Some("yarn-cache")),
            ("app/cache/a.zip", None),
            ("lib/python3/a-1-py3.11.egg", Some("python-egg")),
            ("srv/wp-content/plugins/akismet/akismet.php", Some("wordpress-plugin")),
            ("srv/wp-content/themes/a/style.css", Some("wordpress-theme")),
            ("srv/wp-includes/version.php", Some("wordpress-core")),
            ("opt/bitnami/redis/.spdx-redis.spdx", Some("bitnami-spdx")),
            ("opt/bitnami/.bitnami_components.json", Some("bitnami-components")),
            ("l/Cellar/openssl/3.3.1/INSTALL_RECEIPT.json", Some("homebrew-receipt")),
            ("opt/TOOL.EXE", Some("program")),
            ("usr/lib/x86_64-linux-gnu/libcrypto.so.3", Some("program")),
            ("opt/java/release", Some("version-file")),
            ("usr/bin/tool", None),
            ("", None),
        ];
        for (path, cataloger) in cases {
            assert_eq!(who(path), cataloger, "{path}");
        }
    }

    #[test]
    fn no_path_is_asked_for_by_two_catalogers_and_names_are_unique() {
        let names: std::collections::BTreeSet<_> = catalogers().map(|(name, _)| name).collect();
        assert_eq!(names.len(), CATALOGERS.len());
        let path = b"usr/share/nodejs/a/node_modules/b/package.json";
        let asking = CATALOGERS.iter().filter(|c| (c.wants)(path, path::name(path))).count();
        assert_eq!(asking, 1);
    }

    #[test]
    fn a_file_is_looked_into_as_a_program_by_its_mode_and_size() {
        let asks = |path: &str, kind, mode, size| {
            let path = path.as_bytes();
            wanted_entry(&Entry { path, kind, size, link: None, mode }, true)
                .map(|index| CATALOGERS[index].name)
        };
        assert_eq!(asks("usr/bin/tool", EntryKind::File, 0o755, 4_096), Some("program"));
        assert_eq!(asks("usr/bin/tool", EntryKind::HardLink, 0o755, 0), Some("program"));
        assert_eq!(asks("usr/bin/tool", EntryKind::File, 0o644, 4_096), None);
        assert_eq!(asks("usr/bin/tool", EntryKind::File, 0o755, 20), None);
        assert_eq!(asks("usr/bin", EntryKind::Directory, 0o755, 4_096), None);
        assert_eq!(asks("usr/bin/tool", EntryKind::Symlink, 0o777, 0), None);
        assert_eq!(asks("opt/a.jar", EntryKind::File, 0o755, 4_096), Some("java-archive"));
        assert_eq!(asks("app/deploy.sh", EntryKind::File, 0o755, 4_096), Some("secrets"));
    }

    #[test]
    fn every_cataloger_has_a_fuzz_target_of_its_name() {
        let targets = include_str!("../../fuzz/Cargo.toml");
        for (name, _) in catalogers() {
            assert!(
                targets.contains(&format!("\nname = \"{name}\"\n")),
                "fuzz/Cargo.toml lists no target `{name}`"
            );
        }
    }

    #[test]
    fn a_reader_that_panics_costs_one_file_and_not_the_scan() {
        struct Bad;
        impl Read for Bad {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                panic!("broken reader");
            }
        }
        let index = wanted(b"etc/passwd").unwrap();
        let facts = read(index, Input { path: b"etc/passwd", size: 1, content: &mut Bad });
        assert_eq!(facts.notes, ["reader users failed on this file"]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn no_bytes_make_a_reader_panic(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
            text in "(P|V|F|R|Name|Version|Package|Status|ID|groupId|\\{|\"name\"|[:= \n\"(,}<>/a-z0-9]){0,80}",
        ) {
            for cataloger in CATALOGERS {
                for content in [&bytes[..], text.as_bytes()] {
                    let mut content = content;
                    let size = content.len() as u64;
                    let mut input = Input { path: b"etc/os-release", size, content: &mut content };
                    let _ = (cataloger.read)(&mut input, &mut Facts::default());
                }
            }
        }
    }
}
