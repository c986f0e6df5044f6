//! Images made to fill memory or to take forever.

use std::time::{Duration, Instant};

use model::report::limits;
use testkit::{ImageBuilder, LayerBuilder};

use crate::{lines, module, notes, report_of, scan_dir, stanza, zip};

#[test]
fn a_status_file_of_two_gibibytes_of_zeros_becomes_a_note() {
    let folder = tempfile::tempdir().unwrap();
    let status = folder.path().join("var/lib/dpkg");
    std::fs::create_dir_all(&status).unwrap();
    std::fs::File::create(status.join("status")).unwrap().set_len(2 << 30).unwrap();
    std::fs::create_dir_all(folder.path().join("node_modules/m")).unwrap();
    std::fs::write(folder.path().join("node_modules/m/package.json"), module("m", "1.0.0")).unwrap();
    let image = image::open(&image::Source::RootFs(folder.path().to_owned()), &image::OpenOptions::default())
        .unwrap();
    let started = Instant::now();
    let report = catalog::scan(&image, &catalog::ScanOptions::default()).unwrap();
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(lines(&report), ["m 1.0.0 - node_modules/m/package.json"]);
    assert_eq!(notes(&report), ["None var/lib/dpkg/status: line 1 is longer than 1048576 bytes"]);
}

#[test]
fn a_jar_that_is_a_bomb_costs_a_note_and_not_the_report() {
    let mut bomb = vec![0_u8; 64 << 20];
    for _ in 0..3 {
        bomb = zip(&[("META-INF/MANIFEST.MF", &bomb), ("inner.jar", &bomb)]);
    }
    assert!(bomb.len() < 1 << 20, "the fixture must be a bomb");
    let layer = LayerBuilder::new()
        .file("opt/bomb.jar", &bomb)
        .file("node_modules/m/package.json", module("m", "1.0.0"))
        .file("var/lib/dpkg/status", stanza("a", "1"));
    let report = report_of([layer]);
    assert_eq!(lines(&report).len(), 2);
    assert!(notes(&report).iter().any(|note| note.contains("opt/bomb.jar")), "{:?}", notes(&report));
}

#[test]
fn names_that_are_no_utf8_and_very_deep_paths_are_reported_as_they_are() {
    let deep = format!("{}node_modules/m/package.json", "d/".repeat(1_000));
    let layer = LayerBuilder::new()
        .file(b"\xff\xfe/node_modules/m/package.json", module("m", "1.0.0"))
        .file(b"\xff\xfd/node_modules/m/package.json", module("m", "2.0.0"))
        .file(&deep, module("m", "3.0.0"));
    let versions: Vec<String> =
        report_of([layer]).packages.into_iter().map(|record| record.version).collect();
    assert_eq!(versions, ["1.0.0", "2.0.0", "3.0.0"]);
}

#[test]
fn thousands_of_broken_files_are_counted_and_not_all_listed() {
    let mut layer = LayerBuilder::new();
    for number in 0..12_000 {
        layer = layer.file(format!("node_modules/m{number}/package.json"), "{");
    }
    let report = report_of([layer]);
    assert_eq!(report.unreadable.len(), 10_001);
    assert_eq!(report.unreadable[10_000].reason, "2000 further notes are left out");
}

#[test]
fn a_jar_within_a_jar_a_hundred_times_is_read_to_the_limit() {
    let pom = b"groupId=g\nartifactId=a\nversion=1\n";
    let mut jar = zip(&[]);
    for _ in 0..100 {
        jar = zip(&[("META-INF/maven/g/a/pom.properties", pom), ("inner.jar", &jar)]);
    }
    let report = report_of([LayerBuilder::new().file("deep.jar", jar)]);
    assert_eq!(report.packages.len(), 8);
    assert_eq!(report.unreadable.len(), 1);
}

#[test]
fn words_and_lists_longer_than_a_server_accepts_do_not_let_an_image_escape_the_inventory() {
    let long = "x".repeat(limits::WORD + 1);
    let layer = LayerBuilder::new()
        .created_by(&"y".repeat(limits::TEXT + 1))
        .file("etc/os-release", format!("ID=other\nVERSION_ID=12\nPRETTY_NAME=\"{long}\"\n"))
        .file("etc/passwd", format!("root:x:0:0::/:/bin/sh\n{long}:x:1:1::/:/bin/sh\n"))
        .file("var/lib/dpkg/status", stanza("a", "1") + &stanza("b", &long) + &stanza(&long, "1"));
    let mut image = ImageBuilder::new()
        .layer(layer)
        .env(&"é".repeat(limits::TEXT))
        .label("a", &"z".repeat(limits::TEXT + 1));
    for _ in 0..limits::LAYERS {
        image = image.empty_layer("ENV A=b");
    }
    let folder = tempfile::tempdir().unwrap();
    image.write_oci_dir(folder.path()).unwrap();
    let report = scan_dir(folder.path(), None).unwrap();
    assert_eq!(lines(&report), ["a 1 0 var/lib/dpkg/status"]);
    assert_eq!(report.users, ["root"]);
    assert_eq!(report.os_release.as_ref().unwrap().display_name.len(), limits::WORD);
    assert_eq!(report.image.layers.len(), 1);
    assert_eq!(report.image.layers[0].created_by.len(), limits::TEXT);
    assert_eq!(report.image.environment[0].len(), limits::TEXT);
    assert_eq!(report.image.labels[0].value.len(), limits::TEXT);
    assert!(
        notes(&report).contains(&"None : 2 of the packages left out: too long or empty".to_owned()),
        "{:?}",
        notes(&report)
    );
}
