//! Real databases of rpm: those of the shared fixtures, and stores that rpm's and Berkeley DB's own programs
//! write, compared with what rpm says of them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use model::{Ecosystem, PackageRecord, ScanReport};
use testkit::LayerBuilder;

use crate::{lines, notes, report_of, shared};

fn fixture(path: &str) -> Option<Vec<u8>> {
    let path = shared().join("fixtures/rpm").join(path);
    let content = std::fs::read(&path).ok();
    if content.is_none() {
        eprintln!("skipped: there is no file {}", path.display());
    }
    content
}

fn report(release: &str, path: &str, content: &[u8]) -> ScanReport {
    let layer = LayerBuilder::new().file("etc/os-release", release).file(path, content);
    let report = report_of([layer]);
    assert!(notes(&report).is_empty(), "{:?}", notes(&report));
    report
}

fn shown(record: &PackageRecord) -> String {
    let source = record.source.as_ref().map(|source| format!("{} {}", source.name, source.version));
    format!("{} {} {}", record.purl, source.unwrap_or_default(), record.module.as_deref().unwrap_or_default())
}

#[test]
fn the_real_sqlite_store_of_mariner_is_read_completely() {
    let Some(content) = fixture("cbl-mariner-2.0/var/lib/rpm/rpmdb.sqlite") else { return };
    let report = report("ID=mariner\nVERSION_ID=\"2.0\"\n", "var/lib/rpm/rpmdb.sqlite", &content);
    assert_eq!(report.packages.len(), 129);
    assert!(report.packages.iter().all(|record| record.source.is_some() && record.arch.is_some()));
    let shown: Vec<String> = report.packages.iter().map(shown).collect();
    insta::assert_snapshot!("rpm_mariner", shown.join("\n"));
}

#[test]
fn the_real_ndb_store_of_suse_is_read_completely() {
    let Some(content) = fixture("sle15-bci/usr/lib/sysimage/rpm/Packages.db") else { return };
    let report = report("ID=\"sles\"\nVERSION_ID=\"15.3\"\n", "usr/lib/sysimage/rpm/Packages.db", &content);
    let shown: Vec<String> = report.packages.iter().map(shown).collect();
    insta::assert_snapshot!("rpm_suse", shown.join("\n"));
}

#[test]
fn the_real_berkeley_db_store_with_one_package_is_read() {
    let Some(content) = fixture("bdb-single/var/lib/rpm/Packages") else { return };
    let report = report("ID=\"rhel\"\nVERSION_ID=\"8.8\"\n", "var/lib/rpm/Packages", &content);
    let shown: Vec<String> = report.packages.iter().map(shown).collect();
    assert_eq!(
        shown,
        ["pkg:rpm/rhel/libuuid@2.32.1-42.el8_8?arch=x86_64&distro=rhel-8 util-linux 2.32.1-42.el8_8 "]
    );
}

#[test]
fn source_packages_are_named_as_a_registry_names_them() {
    let Some(content) = fixture("rhel9-nodejs.rpm-manifest.json") else { return };
    let manifest: serde_json::Value = serde_json::from_slice(&content).unwrap();
    let text = |package: &serde_json::Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let (mut list, mut expected) = (String::new(), BTreeSet::new());
    for package in manifest["rpms"].as_array().unwrap() {
        // `name-epoch:version-release.src`; a file name has no epoch.
        let source = text(package, "srpm_nevra");
        let Some((start, version)) = source.split_once(':') else { continue };
        let (name, epoch) = start.rsplit_once('-').unwrap();
        assert_eq!(name, text(package, "srpm_name"));
        let own = format!("{}-{}", text(package, "version"), text(package, "release"));
        let (own_name, arch) = (text(package, "name"), text(package, "architecture"));
        list +=
            &format!("{own_name}\t{own}\t1\t1\t(none)\t(none)\t1\t{arch}\t{epoch}\t{name}-{version}.rpm\n");
        let version = version.strip_suffix(".src").unwrap();
        let version = if epoch == "0" { version.to_owned() } else { format!("{epoch}:{version}") };
        if own_name != "gpg-pubkey" {
            expected.insert(format!("{own_name} {name} {version}"));
        }
    }
    assert!(expected.len() > 100);
    let report = report(
        "ID=\"rhel\"\nVERSION_ID=\"9.3\"\n",
        "var/lib/rpmmanifest/container-manifest-2",
        list.as_bytes(),
    );
    let source = |record: &PackageRecord| {
        let source = record.source.as_ref().unwrap();
        format!("{} {} {}", record.name, source.name, source.version)
    };
    assert_eq!(report.packages.iter().map(source).collect::<BTreeSet<_>>(), expected);
}

/// What rpm says of a database: `name|epoch:version-release|arch|source package`.
fn said_by_rpm(folder: &Path, backend: &str) -> BTreeSet<String> {
    let format = "%{NAME}|%{EPOCHNUM}:%{VERSION}-%{RELEASE}|%{ARCH}|%{SOURCERPM}\n";
    let output = rpm("rpm", folder, backend).args(["-qa", "--qf", format]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let all = String::from_utf8(output.stdout).unwrap();
    all.lines().filter(|line| !line.starts_with("gpg-pubkey|")).map(str::to_owned).collect()
}

fn rpm(program: &str, folder: &Path, backend: &str) -> Command {
    let mut command = Command::new(program);
    command.arg("--dbpath").arg(folder).args(["--define", &format!("_db_backend {backend}")]);
    command
}

fn said_by_the_scanner(store: &str, content: &[u8]) -> BTreeSet<String> {
    let report = report("ID=fedora\nVERSION_ID=40\n", &format!("var/lib/rpm/{store}"), content);
    let line = |record: &PackageRecord| {
        assert_eq!(record.ecosystem, Ecosystem::Rpm);
        let version = match record.version.split_once(':') {
            Some(_) => record.version.clone(),
            None => format!("0:{}", record.version),
        };
        let source = record.source.as_ref().map_or("(none)".to_owned(), |source| {
            let version = source.version.split_once(':').map_or(source.version.as_str(), |(_, rest)| rest);
            format!("{}-{version}.src.rpm", source.name)
        });
        format!("{}|{version}|{}|{source}", record.name, record.arch.as_deref().unwrap_or("(none)"))
    };
    report.packages.iter().map(line).collect()
}

fn is_there(program: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok()
        || Command::new(program).arg("-V").output().is_ok();
    if !is_there {
        eprintln!("skipped: there is no program {program}");
    }
    is_there
}

#[test]
fn packages_equal_those_that_rpm_lists() {
    if !is_there("rpm") {
        return;
    }
    let stores = [
        ("cbl-mariner-2.0/var/lib/rpm", "rpmdb.sqlite", "sqlite"),
        ("bdb-single/var/lib/rpm", "Packages", "bdb_ro"),
    ];
    for (folder, store, backend) in stores {
        let Some(content) = fixture(&format!("{folder}/{store}")) else { continue };
        let copy = tempfile::tempdir().unwrap();
        std::fs::write(copy.path().join(store), &content).unwrap();
        let truth = said_by_rpm(copy.path(), backend);
        assert!(!truth.is_empty());
        assert_eq!(said_by_the_scanner(store, &content), truth, "{folder}");
    }
}

#[test]
fn stores_that_the_real_programs_write_hold_the_same_packages() {
    let Some(content) = fixture("cbl-mariner-2.0/var/lib/rpm/rpmdb.sqlite") else { return };
    if !is_there("rpm") || !is_there("rpmdb") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("from")).unwrap();
    std::fs::create_dir_all(at("sqlite")).unwrap();
    std::fs::write(at("from/rpmdb.sqlite"), &content).unwrap();
    let truth = said_by_rpm(&at("from"), "sqlite");
    let export = rpm("rpmdb", &at("from"), "sqlite").arg("--exportdb").output().unwrap().stdout;

    let mut import =
        rpm("rpmdb", &at("sqlite"), "sqlite").arg("--importdb").stdin(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(&export).unwrap();
    assert!(import.wait().unwrap().success());
    let written = std::fs::read(at("sqlite/rpmdb.sqlite")).unwrap();
    assert_eq!(said_by_the_scanner("rpmdb.sqlite", &written), truth);

    if !is_there("db5.3_load") {
        return;
    }
    std::fs::write(at("dump"), dump(&export)).unwrap();
    // Page sizes and byte orders of other machines; small pages make chains of overflow buckets.
    let kinds = [("hash", 4096, 1234), ("btree", 4096, 1234), ("hash", 512, 4321), ("btree", 32768, 4321)];
    for (method, page, order) in kinds {
        let store = at(&format!("{method}-{page}-{order}"));
        let status = Command::new("db5.3_load")
            .args(["-T", "-t", method, "-c", &format!("db_pagesize={page}")])
            .args(["-c", &format!("db_lorder={order}"), "-f"])
            .arg(at("dump"))
            .arg(&store)
            .status()
            .unwrap();
        assert!(status.success());
        let written = std::fs::read(&store).unwrap();
        assert_eq!(said_by_the_scanner("Packages", &written), truth, "{method} {page} {order}");
    }
}

/// Key and value by turns, a line each, every byte escaped: what `db5.3_load -T` takes. The input is what
/// `rpmdb --exportdb` gives: headers, each with eight bytes of magic before it.
fn dump(export: &[u8]) -> String {
    let escaped = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>() + "\n";
    let mut text = escaped(&[0; 4]) + &escaped(&1000_u32.to_le_bytes());
    let mut rest = export;
    for number in 1_u32.. {
        if rest.is_empty() {
            break;
        }
        let count = |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
        let end = 16 + count(8) * 16 + count(12);
        text += &escaped(&number.to_le_bytes());
        text += &escaped(&rest[8..end]);
        rest = &rest[end..];
    }
    text
}

#[test]
fn random_damage_to_a_real_store_never_ends_the_scan() {
    let Some(content) = fixture("sle15-bci/usr/lib/sysimage/rpm/Packages.db") else { return };
    let mut state = 1_u64;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    for _ in 0..20 {
        let mut damaged = content.clone();
        for _ in 0..2000 {
            let at = next(damaged.len());
            damaged[at] = next(256) as u8;
        }
        let report = report_of([LayerBuilder::new().file("usr/lib/sysimage/rpm/Packages.db", damaged)]);
        assert!(report.packages.len() <= 100);
    }
}

#[test]
fn the_list_of_a_distroless_image_is_read_once() {
    let list = "nodejs18\t18.20.3-1.cm2\t1\t1\tMicrosoft Corporation\t(none)\t1\tx86_64\t1\tnodejs18-18.20.3-1.cm2.src.rpm\n";
    let distroless = LayerBuilder::new()
        .file("etc/os-release", "ID=mariner\nVERSION_ID=\"2.0\"\n")
        .file("var/lib/rpmmanifest/container-manifest-1", "nodejs18-18.20.3-1.cm2.x86_64\n")
        .file("var/lib/rpmmanifest/container-manifest-2", list);
    let report = report_of([distroless]);
    let shown: Vec<String> = report.packages.iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "pkg:rpm/mariner/nodejs18@18.20.3-1.cm2?arch=x86_64&distro=mariner-2.0&epoch=1 nodejs18 1:18.20.3-1.cm2 "
        ]
    );
}

const SPEC: &str = "\
Name: python3-six
Epoch: 2
Version: 1.16.0
Release: 9
Summary: six
License: MIT
BuildArch: noarch
ModularityLabel: python39:3.9:8040020210811:abc
%description
six
%install
mkdir -p %{buildroot}/usr/lib/python3.9/site-packages/six-1.16.0.dist-info
touch %{buildroot}/usr/lib/python3.9/site-packages/six-1.16.0.dist-info/METADATA
%files
/usr/lib/python3.9/site-packages/six-1.16.0.dist-info/METADATA
";

#[test]
fn a_package_that_rpm_built_and_installed_owns_its_python_package() {
    if !is_there("rpmbuild") || !is_there("rpm") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    let database = folder.path().join("db");
    std::fs::create_dir_all(&top).unwrap();
    std::fs::create_dir_all(&database).unwrap();
    let spec = folder.path().join("six.spec");
    std::fs::write(&spec, SPEC).unwrap();
    let define = format!("_topdir {}", top.display());
    let built = Command::new("rpmbuild").args(["--define", &define, "-bb"]).arg(&spec).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let installed = rpm("rpm", &database, "sqlite")
        .args(["-i", "--justdb", "--nodeps"])
        .arg(top.join("RPMS/noarch/python3-six-1.16.0-9.noarch.rpm"))
        .output()
        .unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));

    let metadata =
        |place: &str, name: &str| (format!("{place}/{name}-1.16.0.dist-info/METADATA"), name.to_owned());
    let mut layer = LayerBuilder::new().file("etc/os-release", "ID=rocky\nVERSION_ID=\"8.9\"\n");
    for name in ["rpmdb.sqlite", "rpmdb.sqlite-wal", "rpmdb.sqlite-shm"] {
        if let Ok(content) = std::fs::read(database.join(name)) {
            layer = layer.file(format!("var/lib/rpm/{name}"), content);
        }
    }
    for (path, name) in [
        metadata("usr/lib/python3.9/site-packages", "six"),
        metadata("usr/local/lib/python3.9/site-packages", "seven"),
    ] {
        layer = layer.file(path, format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.16.0\n"));
    }
    let report = report_of([layer]);
    assert!(notes(&report).is_empty(), "{:?}", notes(&report));
    assert_eq!(
        shown(&report.packages[0]),
        "pkg:rpm/rocky/python3-six@1.16.0-9?arch=noarch&distro=rocky-8&epoch=2 \
         python3-six 2:1.16.0-9 python39:3.9"
    );
    assert_eq!(
        lines(&report)[1..],
        [
            "seven 1.16.0 0 usr/local/lib/python3.9/site-packages/seven-1.16.0.dist-info/METADATA",
            "six 1.16.0 0 usr/lib/python3.9/site-packages/six-1.16.0.dist-info/METADATA (python3-six)",
        ]
    );
}
