//! What the layers make together: hiding, links, attribution, the cache.

use testkit::LayerBuilder;

use crate::{lines, module, notes, report_of, scan_dir, stanza, try_report_of};

const M: &str = "app/node_modules/m/package.json";
const STATUS: &str = "var/lib/dpkg/status";

#[test]
fn a_whiteout_removes_what_lower_layers_hold_and_not_what_its_own_layer_adds() {
    let lower = LayerBuilder::new()
        .file(M, module("m", "1.0.0"))
        .file("b/node_modules/n/package.json", module("n", "1.0.0"));
    let upper = LayerBuilder::new()
        .file("b/node_modules/o/package.json", module("o", "1.0.0"))
        .whiteout("b")
        .whiteout("app");
    assert_eq!(lines(&report_of([lower, upper])), ["o 1.0.0 1 b/node_modules/o/package.json"]);
}

#[test]
fn a_directory_replaced_by_a_link_hides_its_children() {
    let lower = LayerBuilder::new().dir("app/node_modules").file(M, module("m", "1.0.0"));
    let upper = LayerBuilder::new().symlink("app/node_modules", "/opt/modules");
    assert!(lines(&report_of([lower, upper])).is_empty());
}

#[test]
fn an_opaque_directory_hides_all_lower_layers_in_it() {
    let lower = LayerBuilder::new()
        .file(M, module("m", "1.0.0"))
        .file("x/node_modules/n/package.json", module("n", "1.0.0"));
    let upper =
        LayerBuilder::new().file("app/node_modules/o/package.json", module("o", "1.0.0")).opaque("app");
    let report = report_of([lower, upper]);
    assert_eq!(
        lines(&report),
        ["n 1.0.0 0 x/node_modules/n/package.json", "o 1.0.0 1 app/node_modules/o/package.json"]
    );
}

#[test]
fn the_last_of_two_entries_of_one_path_counts() {
    let layer = LayerBuilder::new().file(M, module("m", "1.0.0")).file(M, module("m", "2.0.0"));
    assert_eq!(lines(&report_of([layer])), [format!("m 2.0.0 0 {M}")]);
}

#[test]
fn a_hard_link_stays_when_its_first_name_is_removed() {
    let lower = LayerBuilder::new()
        .file("old/node_modules/m/package.json", module("m", "1.0.0"))
        .hardlink(M, "old/node_modules/m/package.json");
    let upper = LayerBuilder::new().whiteout("old");
    assert_eq!(lines(&report_of([lower, upper])), [format!("m 1.0.0 0 {M}")]);
}

#[test]
fn a_hard_link_to_a_name_that_nobody_asked_for_is_read_in_its_own_and_in_lower_layers() {
    let store = "store/v3/ab/cdef";
    let lower = LayerBuilder::new()
        .file(store, module("m", "1.0.0"))
        .hardlink("store/again", store)
        .hardlink("app/node_modules/m/package.json", "store/again");
    let upper = LayerBuilder::new()
        .hardlink("b/node_modules/m/package.json", store)
        .hardlink("c/node_modules/x/package.json", "nowhere");
    let report = report_of([lower, upper]);
    assert_eq!(
        lines(&report),
        ["m 1.0.0 0 app/node_modules/m/package.json", "m 1.0.0 1 b/node_modules/m/package.json"]
    );
    assert_eq!(
        notes(&report),
        ["Some(1) c/node_modules/x/package.json: hard link to `nowhere`, which no layer holds as a file"]
    );
}

#[test]
fn packages_of_a_database_belong_to_the_layer_that_first_listed_them_without_a_gap() {
    let status = |packages: &[(&str, &str)]| {
        packages.iter().map(|(name, version)| stanza(name, version)).collect::<String>()
    };
    let report = report_of([
        LayerBuilder::new().file(STATUS, status(&[("a", "1"), ("b", "1"), ("c", "1"), ("gone", "1")])),
        LayerBuilder::new().file("unrelated", ""),
        LayerBuilder::new().file(STATUS, status(&[("a", "1"), ("b", "2"), ("d", "1")])),
        LayerBuilder::new().file(STATUS, status(&[("a", "1"), ("b", "2"), ("c", "1"), ("d", "1")])),
    ]);
    assert_eq!(
        lines(&report),
        [
            format!("a 1 0 {STATUS}"),
            format!("b 2 2 {STATUS}"),
            format!("c 1 3 {STATUS}"),
            format!("d 1 2 {STATUS}")
        ]
    );
}

#[test]
fn a_file_written_again_unchanged_belongs_to_the_lower_layer_and_a_changed_one_to_the_upper() {
    let report = report_of([
        LayerBuilder::new()
            .file(M, module("m", "1.0.0"))
            .file("b/node_modules/n/package.json", module("n", "1.0.0")),
        LayerBuilder::new()
            .file(M, module("m", "1.0.0"))
            .file("b/node_modules/n/package.json", module("n", "2.0.0")),
    ]);
    assert_eq!(
        lines(&report),
        [format!("m 1.0.0 0 {M}"), "n 2.0.0 1 b/node_modules/n/package.json".to_owned()]
    );
}

#[test]
fn sizes_of_layers_are_filled_in_by_the_order_of_diff_ids() {
    let folder = tempfile::tempdir().unwrap();
    let image = testkit::ImageBuilder::new()
        .empty_layer("ENV A=1")
        .layer(LayerBuilder::new().file("a", vec![0; 5_000]))
        .empty_layer("CMD a")
        .layer(LayerBuilder::new().file("b", ""));
    image.write_oci_dir(folder.path()).unwrap();
    let report = scan_dir(folder.path(), None).unwrap();
    let sizes: Vec<u64> = report.image.layers.iter().map(|layer| layer.size).collect();
    let built: Vec<u64> = image.build().layers.iter().map(|layer| layer.uncompressed_size).collect();
    assert_eq!(sizes, [0, built[0], 0, built[1]]);
    assert_eq!(report.image.size, built.iter().sum::<u64>());
}

#[test]
fn a_known_layer_is_not_read_again_and_the_report_is_the_same() {
    let cache = tempfile::tempdir().unwrap();
    let layers = || {
        [
            LayerBuilder::new().file(M, module("m", "1.0.0")).file("lib/apk/db/installed", "P:a\n\n"),
            LayerBuilder::new().hardlink("b/node_modules/m/package.json", M),
        ]
    };
    let folder = tempfile::tempdir().unwrap();
    let image = layers().into_iter().fold(testkit::ImageBuilder::new(), testkit::ImageBuilder::layer);
    image.write_oci_dir(folder.path()).unwrap();
    let mut cold = scan_dir(folder.path(), Some(cache.path())).unwrap();
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 2);
    // The blob of the upper layer is damaged: only a scan that reads it would notice.
    let upper = &image.build().layers[1];
    let mut damaged = upper.stored.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    std::fs::write(folder.path().join("blobs/sha256").join(upper.digest.to_hex()), damaged).unwrap();
    let warm = scan_dir(folder.path(), Some(cache.path())).unwrap();
    cold.scanned_at = warm.scanned_at;
    assert_eq!(cold, warm);
    assert!(scan_dir(folder.path(), None).is_err());
}

#[test]
fn a_damaged_layer_is_an_error_that_names_the_layer_and_is_not_cached() {
    let cache = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let image = testkit::ImageBuilder::new().layer(LayerBuilder::new().file(M, module("m", "1.0.0")));
    image.write_oci_dir(folder.path()).unwrap();
    let built = image.build();
    let mut stored = built.layers[0].stored.clone();
    let last = stored.len() / 2;
    stored[last] ^= 0xff;
    std::fs::write(folder.path().join("blobs/sha256").join(built.layers[0].digest.to_hex()), stored).unwrap();
    let error = scan_dir(folder.path(), Some(cache.path())).unwrap_err().to_string();
    assert!(error.starts_with("layer 0 cannot be read: "), "{error}");
    assert!(error.contains(&built.layers[0].digest.to_hex()), "{error}");
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
}

#[test]
fn an_image_without_layers_has_an_empty_report() {
    let report = try_report_of([], None).unwrap();
    assert!(report.packages.is_empty() && report.unreadable.is_empty() && report.os_release.is_none());
}
