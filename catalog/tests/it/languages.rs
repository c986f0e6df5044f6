//! Language packages of which several files speak, and links to OS packages: whole images, from files to records.

use model::{PackageRecord, ScanReport};
use testkit::LayerBuilder;

use crate::{lines, module, notes, report_of, stanza, zip};

fn records(report: &ScanReport) -> Vec<String> {
    let line = |record: &PackageRecord| format!("{} {} {}", record.purl, record.found_by, record.path);
    report.packages.iter().map(line).collect()
}

#[test]
fn language_packages_of_debian_are_linked_to_the_packages_that_brought_them() {
    let r = "usr/lib/R/site-library/jsonlite/DESCRIPTION";
    let ssl = "usr/lib/erlang/lib/ssl-10.8.7/ebin/ssl.app";
    let aeson = "var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf";
    let tar = "usr/share/php/.registry/archive_tar.reg";
    let layer = LayerBuilder::new()
        .file("var/lib/dpkg/status", stanza("r-cran-jsonlite", "1.8.4-1"))
        .file("var/lib/dpkg/info/r-cran-jsonlite.list", format!("/{r}\n"))
        .file("var/lib/dpkg/info/erlang-ssl.list", format!("/{ssl}\n"))
        .file("var/lib/dpkg/info/libghc-aeson-dev.list", format!("/{aeson}\n"))
        .file("var/lib/dpkg/info/php-pear.list", format!("/{tar}\n"))
        .file(r, "Package: jsonlite\nVersion: 1.8.4\nBuilt: R 4.2.2; ; x; unix\n")
        .file(ssl, "{application, ssl, [{vsn, \"10.8.7\"}]}.")
        .file(aeson, "name: aeson\nversion: 2.0.3.0\nid: aeson-2.0.3.0-H8\n")
        .file(tar, "a:2:{s:4:\"name\";s:11:\"Archive_Tar\";s:7:\"version\";s:6:\"1.4.14\";}");
    assert_eq!(
        lines(&report_of([layer])),
        [
            "r-cran-jsonlite 1.8.4-1 0 var/lib/dpkg/status",
            "pear/archive_tar 1.4.14 0 usr/share/php/.registry/archive_tar.reg (php-pear)",
            "jsonlite 1.8.4 0 usr/lib/R/site-library/jsonlite/DESCRIPTION (r-cran-jsonlite)",
            "ssl 10.8.7 0 usr/lib/erlang/lib/ssl-10.8.7/ebin/ssl.app (erlang-ssl)",
            "aeson 2.0.3.0 0 var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf (libghc-aeson-dev)",
        ]
    );
}

#[test]
fn what_a_dependency_file_covers_is_not_guessed_from_assemblies() {
    let deps = r#"{"targets": {"net6.0": {
        "shop/1.0.0": {"runtime": {"shop.dll": {}}},
        "A/1.0.0": {"runtime": {"lib/net6.0/A.dll": {}}}}},
        "libraries": {"shop/1.0.0": {"type": "project"}, "A/1.0.0": {"type": "package"}}}"#;
    let base = LayerBuilder::new().file("app/shop.deps.json", deps);
    let app = LayerBuilder::new()
        .file("app/shop.dll", assembly("shop", "1.0.0"))
        .file("app/A.dll", assembly("A", "1.0.0"))
        .file("app/plugins/B.dll", assembly("B", "2.0.0"));
    assert_eq!(
        records(&report_of([base, app])),
        [
            "pkg:nuget/A@1.0.0 nuget-deps app/shop.deps.json",
            "pkg:nuget/B@2.0.0 dotnet-assembly app/plugins/B.dll"
        ]
    );
}

#[test]
fn an_unpacked_package_of_nuget_is_one_record_whatever_it_was_built_for() {
    let folder = "root/.nuget/packages/a/1.0.0";
    let layer = LayerBuilder::new()
        .file(
            format!("{folder}/a.nuspec"),
            "<package><metadata><id>A</id><version>1.0.0</version></metadata></package>",
        )
        .file(format!("{folder}/lib/net45/A.dll"), assembly("A", "1.0.0"))
        .file(format!("{folder}/lib/net6.0/A.dll"), assembly("A", "1.0.0"));
    let expected = format!("pkg:nuget/A@1.0.0 nuget-nuspec {folder}/a.nuspec");
    assert_eq!(records(&report_of([layer])), [expected]);
}

#[test]
fn caches_chronicles_and_lists_give_way_to_better_witnesses() {
    let cached = |name: &str| {
        let member = format!("node_modules/{name}/package.json");
        zip(&[(&member, module(name, "1.0.0").as_bytes())])
    };
    let site = "usr/local/lib/perl5/site_perl/5.38.2/x86_64-linux-gnu";
    let layer = LayerBuilder::new()
        .file("app/.yarn/cache/a-npm-1.0.0-x.zip", cached("a"))
        .file("app/.yarn/cache/b-npm-1.0.0-x.zip", cached("b"))
        .file("app/node_modules/a/package.json", module("a", "1.0.0"))
        .file(format!("{site}/.meta/libwww-perl-6.77/MYMETA.json"), r#"{"name": "libwww-perl", "version": "6.77"}"#)
        .file(
            format!("{site}/.meta/libwww-perl-6.77/install.json"),
            r#"{"name": "LWP", "version": "6.77", "dist": "libwww-perl-6.77"}"#,
        )
        .file(
            "usr/local/lib/perl5/5.38.2/x86_64-linux-gnu/perllocal.pod",
            "=head2 x: C<Module> L<LWP|LWP>\n\nC<VERSION: 6.77>\n=head2 x: C<Module> L<My::App|My::App>\n\nC<VERSION: 0.1>\n",
        )
        .file("opt/bitnami/.bitnami_components.json", r#"{"redis": {"version": "7.4.1-0"}}"#)
        .file(
            "opt/bitnami/redis/.spdx-redis.spdx",
            r#"{"packages": [{"name": "redis", "versionInfo": "7.4.1-0",
            "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:bitnami/redis@7.4.1-0"}]}]}"#,
        );
    let purls: Vec<String> = report_of([layer])
        .packages
        .into_iter()
        .map(|record| format!("{} {}", record.purl, record.found_by))
        .collect();
    assert_eq!(
        purls,
        [
            "pkg:npm/a@1.0.0 npm-package",
            "pkg:npm/b@1.0.0 yarn-cache",
            "pkg:cpan/My-App@0.1 perl-local",
            "pkg:cpan/libwww-perl@6.77 perl-meta",
            "pkg:bitnami/redis@7.4.1-0 bitnami-spdx",
        ]
    );
}

#[test]
fn a_package_that_conda_brought_is_judged_as_the_python_package_that_it_is() {
    let layer = LayerBuilder::new()
        .file(
            "opt/conda/conda-meta/requests-2.31.0-pyhd8ed1ab_0.json",
            r#"{"build": "pyhd8ed1ab_0", "name": "requests", "version": "2.31.0",
            "files": ["lib/python3.11/site-packages/requests-2.31.0.dist-info/METADATA"]}"#,
        )
        .file(
            "opt/conda/lib/python3.11/site-packages/requests-2.31.0.dist-info/METADATA",
            "Name: requests\nVersion: 2.31.0\n",
        );
    let report = report_of([layer]);
    assert_eq!(report.packages.len(), 2);
    assert!(report.packages.iter().all(|record| record.owned_by.is_none()));
}

#[test]
fn archives_of_packages_that_are_bombs_cost_a_note_each() {
    let zeros = vec![b' '; 80 << 20];
    let layer = LayerBuilder::new()
        .file("app/.yarn/cache/a.zip", zip(&[("node_modules/a/package.json", &zeros)]))
        .file("lib/a.egg", zip(&[("EGG-INFO/PKG-INFO", &zeros)]))
        .file("plugins/a.ez", zip(&[("a/ebin/a.app", &zeros)]))
        .file("a/ebin/a.app", "[".repeat(1 << 20))
        .file("usr/share/php/.registry/a.reg", "a:1:{i:0;".repeat(1 << 16));
    let report = report_of([layer]);
    assert_eq!(report.packages.len(), 0);
    assert_eq!(notes(&report).len(), 5, "{:?}", notes(&report));
}

/// A module in managed code whose only section holds a version resource.
fn assembly(name: &str, version: &str) -> Vec<u8> {
    const ADDRESS: u32 = 0x4000;
    let texts = [("OriginalFilename", format!("{name}.dll")), ("ProductVersion", version.to_owned())];
    let texts: Vec<Vec<u8>> = texts.iter().map(|(key, value)| block(key, &utf16(value), &[])).collect();
    let info = block("StringFileInfo", &[], &[block("000004b0", &[], &texts)]);
    let resource = block("VS_VERSION_INFO", &[], &[info]);
    let mut section = Vec::new();
    for (number, target) in [(16, 0x8000_0018), (1, 0x8000_0030), (0, 72_u32)] {
        section.extend([0; 14]);
        section.extend(1_u16.to_le_bytes());
        section.extend(u32::to_le_bytes(number));
        section.extend(target.to_le_bytes());
    }
    section.extend((ADDRESS + 88).to_le_bytes());
    section.extend((resource.len() as u32).to_le_bytes());
    section.extend([0; 8]);
    section.extend(resource);

    let mut module = vec![0; 1024];
    let mut put = |at: usize, bytes: &[u8]| module[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &[0x80]);
    put(0x80, b"PE\0\0");
    put(0x86, &[1]);
    put(0x94, &[224]);
    put(0x98, &0x10b_u16.to_le_bytes());
    put(0x98 + 92, &[16]);
    put(0x98 + 96 + 2 * 8, &ADDRESS.to_le_bytes());
    put(0x98 + 96 + 14 * 8, &0x2008_u32.to_le_bytes());
    put(0x98 + 224 + 12, &ADDRESS.to_le_bytes());
    put(0x98 + 224 + 16, &(section.len() as u32).to_le_bytes());
    put(0x98 + 224 + 20, &1024_u32.to_le_bytes());
    module.extend(section);
    module
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn block(key: &str, value: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = vec![0, 0, (value.len() / 2) as u8, 0, 1, 0];
    bytes.extend(utf16(key));
    for part in std::iter::once(value).chain(children.iter().map(Vec::as_slice)) {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(part);
    }
    let length = bytes.len() as u16;
    bytes[..2].copy_from_slice(&length.to_le_bytes());
    bytes
}
