//! What several files say together of the packages of an operating system: licences, vendors, diverted paths, the log of a
//! database, the release.

use std::process::Command;

use model::{PackageRecord, ScanReport};
use testkit::LayerBuilder;

use crate::{lines, notes, report_of, shared, stanza};

fn licenses(report: &ScanReport) -> Vec<String> {
    let line =
        |record: &PackageRecord| format!("{} {}", record.name, record.license.as_deref().unwrap_or("none"));
    report.packages.iter().map(line).collect()
}

fn copyright(license: &str) -> String {
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n\
         Files: *\nCopyright: A\nLicense: {license}\n"
    )
}

#[test]
fn debian_packages_have_the_licence_of_their_copyright_file_or_of_their_sources() {
    let of_source = |name: &str, source: &str| {
        stanza(name, "1").replace("Version", &format!("Source: {source}\nVersion"))
    };
    let status = [
        of_source("gcc-base", "gcc"),
        of_source("libgcc", "gcc"),
        of_source("mixed-a", "mixed"),
        of_source("mixed-b", "mixed"),
        of_source("mixed-c", "mixed"),
        stanza("free-text", "1"),
    ];
    let layer = LayerBuilder::new()
        .file("var/lib/dpkg/status", status.concat())
        .file("usr/share/doc/gcc-base/copyright", copyright("GPL-3+ with GCC exception"))
        .symlink("usr/share/doc/libgcc", "gcc-base")
        .file("usr/share/doc/mixed-a/copyright", copyright("Expat"))
        .file("usr/share/doc/mixed-b/copyright", copyright("GPL-2+ or Artistic, and BSD-3-clause"))
        .file("usr/share/doc/free-text/copyright", "This is free software.\n")
        .file("usr/share/doc/gone/copyright", copyright("Expat"));
    let report = report_of([layer]);
    assert!(notes(&report).is_empty(), "{:?}", notes(&report));
    assert_eq!(
        licenses(&report),
        [
            "free-text none",
            "gcc-base GPL-3.0-or-later WITH GCC-exception-3.1",
            "libgcc GPL-3.0-or-later WITH GCC-exception-3.1",
            "mixed-a MIT",
            "mixed-b (GPL-2.0-or-later OR Artistic-1.0) AND BSD-3-Clause",
            "mixed-c none",
        ]
    );
}

#[test]
fn gentoo_packages_have_the_licence_of_their_folder() {
    let folder = "var/db/pkg/app-shells/bash-5.1_p16-r6";
    let layer = LayerBuilder::new()
        .file(format!("{folder}/LICENSE"), "|| ( GPL-3+ MIT )\n")
        .file(format!("{folder}/PF"), "bash-5.1_p16-r6\n");
    assert_eq!(licenses(&report_of([layer])), ["app-shells/bash GPL-3.0-or-later OR MIT"]);
}

#[test]
fn the_file_of_a_diverted_path_belongs_to_the_package_that_it_came_from() {
    let metadata = |version: &str| format!("Metadata-Version: 2.1\nName: six\nVersion: {version}\n");
    let place = "usr/lib/python3/dist-packages/six.dist-info";
    let layer = LayerBuilder::new()
        .file("var/lib/dpkg/status", stanza("python3-six", "1") + &stanza("other-six", "2"))
        .file("var/lib/dpkg/info/python3-six.list", format!("/{place}/METADATA\n"))
        .file("var/lib/dpkg/info/other-six.list", format!("/{place}/METADATA\n"))
        .file(
            "var/lib/dpkg/diversions",
            format!("/{place}/METADATA\n/opt/old.dist-info/METADATA\nother-six\n"),
        )
        .file(format!("{place}/METADATA"), metadata("2"))
        .file("opt/old.dist-info/METADATA", metadata("1"));
    let report = report_of([layer]);
    let six: Vec<String> = lines(&report).into_iter().filter(|line| line.starts_with("six ")).collect();
    assert_eq!(
        six,
        [
            "six 1 0 opt/old.dist-info/METADATA (python3-six)".to_owned(),
            format!("six 2 0 {place}/METADATA (other-six)"),
        ]
    );
}

#[test]
fn rpm_packages_of_another_vendor_than_the_distributions_are_marked() {
    let list = "bash\t5.1-1.cm2\t1\t1\tMicrosoft Corporation\t(none)\t1\tx86_64\t0\tbash-5.1-1.cm2.src.rpm\n\
                docker-ce\t24.0-1\t1\t1\tDocker <x@y>\t(none)\t1\tx86_64\t0\tdocker-ce-24.0-1.src.rpm\n\
                own\t1-1\t1\t1\t(none)\t(none)\t1\tx86_64\t0\town-1-1.src.rpm\n";
    let vendors = |release: &str| {
        let layer = LayerBuilder::new()
            .file("etc/os-release", release)
            .file("var/lib/rpmmanifest/container-manifest-2", list);
        let records = report_of([layer]).packages;
        records.into_iter().map(|record| record.vendor).collect::<Vec<_>>()
    };
    assert_eq!(vendors("ID=mariner\nVERSION_ID=2.0\n"), [None, Some("Docker".to_owned()), None]);
    assert_eq!(vendors("ID=unheard-of\n"), [None, None, None]);
}

#[test]
fn images_from_before_os_release_have_a_release() {
    let layer = LayerBuilder::new().file("etc/redhat-release", "CentOS release 6.10 (Final)\n");
    let release = report_of([layer]).os_release.unwrap();
    assert_eq!(
        (release.distro().to_string(), release.display_name.as_str()),
        ("centos:6".to_owned(), "CentOS release 6.10 (Final)")
    );
}

#[test]
fn an_image_built_from_sets_of_an_update_stream_alone_is_of_that_stream() {
    let list =
        "bash\t4.4.20-4.el8_6\t1\t1\tRed Hat, Inc.\t(none)\t1\tx86_64\t0\tbash-4.4.20-4.el8_6.src.rpm\n";
    let base = || {
        LayerBuilder::new()
            .file(
                "etc/os-release",
                "ID=\"rhel\"\nVERSION_ID=\"8.6\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 8.6 (Ootpa)\"\n",
            )
            .file("var/lib/rpmmanifest/container-manifest-2", list)
    };
    let manifest = |layer: LayerBuilder, name: &str, sets: &[&str]| {
        let text =
            serde_json::json!({"metadata": {"icm_version": 1}, "content_sets": sets, "image_contents": []});
        layer.file(format!("root/buildinfo/content_manifests/{name}.json"), text.to_string())
    };
    let plain = ["rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms"];
    let eus = ["rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6", "rhel-8-for-x86_64-appstream-eus-rpms__8_DOT_6"];
    let of = |layers: Vec<LayerBuilder>| {
        let report = report_of(layers);
        assert!(notes(&report).is_empty(), "{:?}", notes(&report));
        let release = report.os_release.as_ref().unwrap();
        assert_eq!(release.display_name, "Red Hat Enterprise Linux 8.6 (Ootpa)");
        let record = &report.packages[0];
        assert_eq!(record.distro, Some(release.distro()));
        assert_eq!(record.vendor, None);
        (release.distro().to_string(), record.purl.clone())
    };
    let named = |distro: &str, purl: &str| {
        let purl = format!("pkg:rpm/rhel/bash@4.4.20-4.el8_6?arch=x86_64&distro={purl}");
        (distro.to_owned(), purl)
    };
    assert_eq!(of(vec![base()]), named("rhel:8", "rhel-8"));
    assert_eq!(of(vec![manifest(base(), "ubi8-8.6-1", &plain)]), named("rhel:8", "rhel-8"));
    assert_eq!(of(vec![manifest(base(), "base-8.6-1", &eus)]), named("rhel:8.6:eus", "rhel-8.6"));
    let upper = || LayerBuilder::new();
    let both = vec![manifest(base(), "base-8.6-1", &eus), manifest(upper(), "app-1-1", &plain)];
    assert_eq!(of(both), named("rhel:8", "rhel-8"));
    // a manifest that an upper layer took away does not count
    let gone = "root/buildinfo/content_manifests/.wh.ubi8-8.6-1.json";
    let squashed = manifest(upper().file(gone, ""), "app-1-1", &eus);
    assert_eq!(of(vec![manifest(base(), "ubi8-8.6-1", &plain), squashed]), named("rhel:8.6:eus", "rhel-8.6"));
}

/// Changes most rows of the store and leaves the changes in the log: `old`, `log` and, with all put together by SQLite
/// itself, `new` in the folder.
const CHANGE: &str = "
import shutil, sqlite3, sys
folder = sys.argv[1]
store = sqlite3.connect(folder + '/rpmdb.sqlite', isolation_level=None)
for setting in ('journal_mode=wal', 'wal_checkpoint(truncate)', 'wal_autocheckpoint=0'):
    store.execute('pragma ' + setting).fetchall()
rows = store.execute('select hnum, blob from Packages').fetchall()
store.execute('begin')
store.execute('delete from Packages')
for number, blob in reversed(rows):
    if number % 3:
        store.execute('insert into Packages(blob) values (?)', (blob,))
store.execute('commit')
shutil.copy(folder + '/rpmdb.sqlite', folder + '/old')
shutil.copy(folder + '/rpmdb.sqlite-wal', folder + '/log')
store.close()
shutil.copy(folder + '/rpmdb.sqlite', folder + '/new')
";

#[test]
fn changes_in_the_log_of_an_rpm_database_count_in_whichever_layer_it_is() {
    let fixture = shared().join("fixtures/rpm/cbl-mariner-2.0/var/lib/rpm/rpmdb.sqlite");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    if let Err(error) = std::fs::copy(&fixture, path("rpmdb.sqlite")) {
        eprintln!("skipped: {}: {error}", fixture.display());
        return;
    }
    match Command::new("python3").args(["-c", CHANGE]).arg(folder.path()).output() {
        Ok(output) if output.status.success() => {}
        outcome => {
            eprintln!("skipped: the store cannot be changed here: {outcome:?}");
            return;
        }
    }
    let [old, log, new] = ["old", "log", "new"].map(|name| std::fs::read(path(name)).unwrap());
    let at = "var/lib/rpm/rpmdb.sqlite";
    let names = |report: &ScanReport| {
        assert!(notes(report).is_empty(), "{:?}", notes(report));
        let name = |record: &PackageRecord| format!("{} {}", record.name, record.version);
        report.packages.iter().map(name).collect::<Vec<_>>()
    };
    let before = names(&report_of([LayerBuilder::new().file(at, &old)]));
    let truth = names(&report_of([LayerBuilder::new().file(at, &new)]));
    assert!(truth.len() > 50 && truth.len() < before.len());

    let one = LayerBuilder::new().file(format!("{at}-wal"), &log).file(at, &old);
    assert_eq!(names(&report_of([one])), truth);
    let lower = LayerBuilder::new().file(at, &old);
    let upper = LayerBuilder::new().file(format!("{at}-wal"), &log);
    let report = report_of([lower, upper]);
    assert_eq!(names(&report), truth);
    assert!(report.packages.iter().all(|record| record.path == at && record.layer == Some(0)));

    // without its database, or with a part of it alone, the log is of no use and is noted
    let other = LayerBuilder::new().file(format!("{at}-wal"), &log).file(at, vec![7; 8_192]);
    assert!(report_of([other]).unreadable.iter().any(|note| note.path == format!("{at}-wal")));
}
