//! Which image of several is opened.

use std::path::Path;

use image::{ImageError, OpenOptions, Platform};
use testkit::{Blobs, ImageBuilder, IndexBuilder, LayerBuilder};

use crate::collect::open_with;

fn image(platform: &str) -> ImageBuilder {
    ImageBuilder::new().platform(platform).layer(LayerBuilder::new().file("platform", platform))
}

fn options(reference: Option<&str>, platform: Option<&str>) -> OpenOptions {
    let platform = platform.map(|platform| platform.parse::<Platform>().unwrap());
    OpenOptions { reference: reference.map(str::to_owned), platform, ..OpenOptions::default() }
}

fn architecture(path: &Path, platform: Option<&str>) -> Result<String, String> {
    let image = open_with(path, &options(None, platform)).map_err(|error| error.to_string())?;
    Ok(image.facts.architecture.unwrap())
}

#[test]
fn a_platform_is_chosen_from_an_index_at_any_depth() {
    for depth in 0..=4 {
        let folder = tempfile::tempdir().unwrap();
        IndexBuilder::new()
            .image(image("linux/s390x"))
            .image(image("linux/arm/v7"))
            .image(image(&Platform::host().to_string()))
            .with_attestations()
            .name("docker.io/library/multi:1")
            .depth(depth)
            .write_oci_dir(folder.path())
            .unwrap();
        assert_eq!(architecture(folder.path(), Some("linux/arm")).unwrap(), "arm");
        assert_eq!(architecture(folder.path(), Some("linux/s390x")).unwrap(), "s390x");
        assert_eq!(architecture(folder.path(), None).unwrap(), Platform::host().architecture);
        let error = architecture(folder.path(), Some("linux/riscv64")).unwrap_err();
        assert!(error.contains("has no image for linux/riscv64, but for "), "{error}");
        assert!(error.contains("linux/arm/v7") && !error.contains("unknown"), "{error}");
    }
}

#[test]
fn an_only_image_beside_its_attestation_is_taken_whatever_its_platform() {
    let folder = tempfile::tempdir().unwrap();
    let index = IndexBuilder::new().image(image("linux/mips64le")).with_attestations();
    index.write_oci_dir(folder.path()).unwrap();
    assert_eq!(architecture(folder.path(), None).unwrap(), "mips64le");
}

#[test]
fn a_platform_that_the_index_does_not_name_is_taken_from_the_config() {
    let folder = tempfile::tempdir().unwrap();
    let mut blobs =
        IndexBuilder::new().image(image("linux/s390x")).image(image("linux/arm64")).depth(0).oci_layout();
    let index = String::from_utf8(blobs.files["index.json"].clone()).unwrap();
    blobs.put("index.json", index.replace("\"platform\"", "\"before\""));
    blobs.write_dir(folder.path()).unwrap();
    assert_eq!(architecture(folder.path(), Some("linux/arm64")).unwrap(), "arm64");
}

#[test]
fn platforms_that_an_index_lists_but_the_layout_does_not_hold_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, left_away) = (image("linux/s390x"), image("linux/arm64"));
    let mut blobs = IndexBuilder::new().image(left_away.clone()).image(kept.clone()).oci_layout();
    let manifest = |image: &ImageBuilder| format!("blobs/sha256/{}", image.build().manifest_digest.to_hex());
    blobs.files.remove(&manifest(&left_away)).unwrap();
    blobs.write_dir(folder.path()).unwrap();
    assert_eq!(architecture(folder.path(), Some("linux/s390x")).unwrap(), "s390x");
    let error = architecture(folder.path(), Some("linux/arm64")).unwrap_err();
    assert!(error.contains("has no image for linux/arm64, but for linux/s390x"), "{error}");
    std::fs::remove_file(folder.path().join(manifest(&kept))).unwrap();
    let error = architecture(folder.path(), None).unwrap_err();
    assert!(error.starts_with("manifest sha256:") && error.contains("is missing"), "{error}");
}

#[test]
fn indexes_nested_too_deeply_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    IndexBuilder::new().image(image("linux/amd64")).depth(5).write_oci_dir(folder.path()).unwrap();
    let error = open_with(folder.path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, ImageError::IndexDepth { limit: 4, .. }), "{error}");
}

fn blobs_with_index(blobs: &mut Blobs, descriptors: &[serde_json::Value]) -> serde_json::Value {
    let index = serde_json::json!({ "manifests": descriptors }).to_string();
    serde_json::json!({ "digest": blobs.put_blob(index.as_bytes()).to_string() })
}

#[test]
fn an_index_that_repeats_another_very_often_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut blobs = image("linux/amd64").oci_layout();
    let root: serde_json::Value = serde_json::from_slice(&blobs.files["index.json"]).unwrap();
    let mut descriptor = root["manifests"][0].clone();
    for _ in 0..3 {
        descriptor = blobs_with_index(&mut blobs, &vec![descriptor; 900]);
    }
    blobs.put("index.json", serde_json::json!({ "manifests": [descriptor] }).to_string());
    blobs.write_dir(folder.path()).unwrap();
    assert_eq!(architecture(folder.path(), None).unwrap(), "amd64");
}

#[test]
fn more_documents_than_allowed_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut blobs = Blobs::default();
    let many: Vec<_> = (0..1_001)
        .map(|number| {
            let index = serde_json::json!({ "manifests": [], "number": number }).to_string();
            serde_json::json!({ "digest": blobs.put_blob(index.as_bytes()).to_string() })
        })
        .collect();
    let halves = [blobs_with_index(&mut blobs, &many[..500]), blobs_with_index(&mut blobs, &many[500..])];
    blobs.put("index.json", serde_json::json!({ "manifests": halves }).to_string());
    blobs.write_dir(folder.path()).unwrap();
    let error = open_with(folder.path(), &OpenOptions::default()).unwrap_err();
    assert!(matches!(error, ImageError::Limit { limit: "max_descriptors", .. }), "{error}");
}

#[test]
fn an_archive_that_lists_one_image_once_for_each_name_holds_one_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    let mut blobs = image("linux/amd64").docker_archive();
    let mut list: Vec<serde_json::Value> = serde_json::from_slice(&blobs.files["manifest.json"]).unwrap();
    list.push(list[0].clone());
    list[0]["RepoTags"] = serde_json::json!(["a:1"]);
    list[1]["RepoTags"] = serde_json::json!(["b:2"]);
    blobs.put("manifest.json", serde_json::to_vec(&list).unwrap());
    blobs.write_tar(&path).unwrap();
    let image = open_with(&path, &options(None, None)).unwrap();
    let names: Vec<_> = image.facts.references.iter().map(|name| name.repository.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(open_with(&path, &options(Some("b:2"), None)).is_ok());
}

/// Two images in one docker-archive.
fn two_images(path: &Path) {
    let mut one = image("linux/amd64").name("one:1").docker_archive();
    let two = image("linux/arm64").name("example.com/two:2").docker_archive();
    let list = |blobs: &Blobs| -> Vec<serde_json::Value> {
        serde_json::from_slice(&blobs.files["manifest.json"]).unwrap()
    };
    let mut both = list(&one);
    let mut second = list(&two);
    second[0]["Layers"][0] = "second.tar".into();
    both.extend(second);
    for (name, content) in two.files {
        one.files.entry(name.replace(&format!("{:064x}/layer.tar", 0), "second.tar")).or_insert(content);
    }
    one.put("manifest.json", serde_json::to_vec(&both).unwrap());
    one.write_tar(path).unwrap();
}

#[test]
fn of_several_images_the_named_one_is_opened_and_without_a_name_the_names_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.tar");
    two_images(&path);
    for (name, architecture) in
        [("one:1", "amd64"), ("docker.io/library/one:1", "amd64"), ("example.com/two:2", "arm64")]
    {
        let image = open_with(&path, &options(Some(name), None)).unwrap();
        assert_eq!(image.facts.architecture.as_deref(), Some(architecture));
    }
    let error = open_with(&path, &OpenOptions::default()).unwrap_err().to_string();
    assert!(error.ends_with("holds 2 images, choose one by its name: one:1, example.com/two:2"), "{error}");
    let error = open_with(&path, &options(Some("three"), None)).unwrap_err().to_string();
    assert!(error.ends_with("holds no image `three`, but one:1, example.com/two:2"), "{error}");
}

#[test]
fn a_platform_that_manifest_json_leaves_out_is_found_in_the_index_of_the_same_archive() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hybrid.tar");
    let mut blobs = IndexBuilder::new()
        .image(image("linux/amd64"))
        .image(image("linux/arm64"))
        .name("docker.io/library/multi:1")
        .oci_layout();
    let hybrid = image("linux/amd64").name("multi:1").hybrid_archive();
    blobs.put("manifest.json", hybrid.files["manifest.json"].clone());
    blobs.write_tar(&path).unwrap();
    assert_eq!(architecture(&path, Some("linux/amd64")).unwrap(), "amd64");
    assert_eq!(architecture(&path, Some("linux/arm64")).unwrap(), "arm64");
    assert!(architecture(&path, Some("linux/arm/v5")).is_err());
}

#[test]
fn a_bare_tag_chooses_but_is_no_reference() {
    let folder = tempfile::tempdir().unwrap();
    let mut blobs = image("linux/amd64").name("x:stable").oci_layout();
    let index = String::from_utf8(blobs.files["index.json"].clone()).unwrap();
    blobs.put("index.json", index.replace("io.containerd.image.name", "something.else"));
    blobs.write_dir(folder.path()).unwrap();
    let image = open_with(folder.path(), &options(Some("stable"), None)).unwrap();
    assert_eq!(image.facts.references, []);
    assert!(open_with(folder.path(), &options(Some("edge"), None)).is_err());
}
