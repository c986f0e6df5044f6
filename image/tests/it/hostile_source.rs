//! Archives and layouts that are damaged, incomplete or lie.

use std::path::Path;

use image::{ImageError, Source};
use testkit::{Blobs, Compression, ImageBuilder, LayerBuilder};

use crate::collect::{Collect, Reading, open};

fn sample() -> ImageBuilder {
    ImageBuilder::new()
        .name("web:1")
        .layer(LayerBuilder::new().file("a", "a".repeat(5_000)))
        .layer(LayerBuilder::new().file("b", "b"))
}

fn error_of(path: &Path) -> ImageError {
    open(path).expect_err("this must not open")
}

fn with_layout(change: impl FnOnce(&mut Blobs)) -> (tempfile::TempDir, Result<image::OpenImage, ImageError>) {
    let folder = tempfile::tempdir().unwrap();
    let mut blobs = sample().oci_layout();
    change(&mut blobs);
    blobs.write_dir(folder.path()).unwrap();
    let result = open(folder.path());
    (folder, result)
}

fn with_archive(
    change: impl FnOnce(&mut Blobs),
) -> (tempfile::TempDir, Result<image::OpenImage, ImageError>) {
    let folder = tempfile::tempdir().unwrap();
    let mut blobs = sample().docker_archive();
    change(&mut blobs);
    let path = folder.path().join("image.tar");
    blobs.write_tar(&path).unwrap();
    let result = open(&path);
    (folder, result)
}

fn blob(digest: &model::Digest) -> String {
    format!("blobs/sha256/{}", digest.to_hex())
}

#[test]
fn files_that_are_no_images_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let detect = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Source::detect(path.to_str().unwrap()).unwrap_err()
    };
    assert!(matches!(detect(b""), ImageError::Empty { .. }));
    assert!(matches!(detect(b"hello"), ImageError::NotAnImage { .. }));
    assert!(matches!(detect(&[0; 4096]), ImageError::NotAnImage { .. }));
    assert!(matches!(detect(&[0xa5; 4096]), ImageError::NotAnImage { .. }));
    assert!(matches!(detect(&[0x1f, 0x8b, 8, 0]), ImageError::CompressedArchive { compression: "gzip", .. }));
    assert!(matches!(
        detect(&[0x28, 0xb5, 0x2f, 0xfd]),
        ImageError::CompressedArchive { compression: "zstd", .. }
    ));
    let tar = LayerBuilder::new().file("etc/passwd", "x").build();
    let message = detect(&tar).to_string();
    assert!(message.contains("neither manifest.json nor index.json"), "{message}");
    let old = LayerBuilder::new().file("repositories", "{}").build();
    std::fs::write(&path, old).unwrap();
    assert!(error_of(&path).to_string().contains("older than 1.10"));
}

#[test]
fn an_archive_cut_anywhere_is_an_error_and_never_a_shorter_image() {
    let folder = tempfile::tempdir().unwrap();
    let whole = sample().docker_archive().to_tar();
    let path = folder.path().join("cut.tar");
    let end_mark = whole.len() - 1024;
    for length in (0..end_mark).step_by(512).flat_map(|block| [block, block + 100]) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(open(&path).is_err(), "cut at {length} of {end_mark}");
    }
    std::fs::write(&path, &whole[..end_mark]).unwrap();
    assert!(open(&path).is_ok(), "the end mark alone may be missing");
}

#[test]
fn a_missing_layer_is_named() {
    let (folder, result) = with_archive(|blobs| {
        blobs.files.remove(&format!("{:064x}/layer.tar", 1)).unwrap();
    });
    let expected =
        format!("layer `{:064x}/layer.tar` in `{}/image.tar` is missing", 1, folder.path().display());
    assert!(result.unwrap_err().to_string().starts_with(&expected));
    let digest = sample().build().layers[1].digest;
    let (_folder, result) = with_layout(|blobs| {
        blobs.files.remove(&blob(&digest)).unwrap();
    });
    assert!(result.unwrap_err().to_string().starts_with(&format!("layer {digest} in ")));
}

#[test]
fn layers_that_link_in_a_circle_are_missing() {
    let layer = |number: u32| format!("{number:064x}/layer.tar");
    let (_folder, result) = with_archive(|blobs| {
        for (from, to) in [(0, 1), (1, 0)] {
            blobs.files.remove(&layer(from)).unwrap();
            blobs.symlinks.insert(layer(from), format!("../{}", layer(to)));
        }
    });
    assert!(matches!(result, Err(ImageError::Missing { .. })));
}

#[test]
fn documents_that_do_not_have_their_digest_are_refused() {
    let built = sample().build();
    for digest in [built.id.0, built.manifest_digest] {
        let (_folder, result) = with_layout(|blobs| {
            let content = blobs.files.get_mut(&blob(&digest)).unwrap();
            *content.last_mut().unwrap() = b' ';
        });
        match result {
            Err(ImageError::DigestMismatch { expected, .. }) => assert_eq!(expected, digest),
            other => panic!("{other:?}"),
        }
    }
    let (_folder, result) = with_archive(|blobs| {
        let name =
            blobs.files.keys().find(|name| name.ends_with(".json") && name.len() > 20).unwrap().clone();
        blobs.files.get_mut(&name).unwrap().push(b' ');
    });
    assert!(matches!(result, Err(ImageError::DigestMismatch { .. })));
}

#[test]
fn a_layer_that_does_not_have_its_digest_is_read_and_then_refused() {
    for compression in [Compression::None, Compression::Zstd] {
        let folder = tempfile::tempdir().unwrap();
        let image = sample().compression(compression);
        let mut blobs = image.oci_layout();
        let other = ImageBuilder::new()
            .layer(LayerBuilder::new().file("a", "A".repeat(5_000)))
            .compression(compression)
            .build();
        let digest = image.build().layers[0].digest;
        let mut stored = other.layers[0].stored.clone();
        let length = blobs.files[&blob(&digest)].len();
        // an empty skippable frame brings the blob to the declared size
        if stored.len() < length {
            let fill = length - stored.len();
            stored.extend([0x50, 0x2a, 0x4d, 0x18]);
            stored.extend((fill as u32 - 8).to_le_bytes());
        }
        stored.resize(length, 0);
        blobs.put(blob(&digest), stored);
        blobs.write_dir(folder.path()).unwrap();
        let mut collect = Collect::new(Reading::All);
        let outcome = open(folder.path()).unwrap().read_layer_partly(0, &mut collect);
        assert!(
            matches!(outcome.error, Some(ImageError::DigestMismatch { expected, .. }) if expected == digest)
        );
        assert!(!outcome.summary.verified);
        assert_eq!(collect.paths(), ["a"]);
    }
}

#[test]
fn a_blob_of_another_size_than_declared_is_refused() {
    let digest = sample().build().layers[0].digest;
    let (_folder, result) = with_layout(|blobs| blobs.files.get_mut(&blob(&digest)).unwrap().push(0));
    assert!(matches!(result, Err(ImageError::SizeMismatch { .. })), "{result:?}");
}

#[test]
fn config_and_manifest_must_agree_about_the_number_of_layers() {
    let folder = tempfile::tempdir().unwrap();
    let image = sample().edit_config(|config| {
        config["rootfs"]["diff_ids"].as_array_mut().unwrap().pop();
    });
    image.write_oci_dir(folder.path()).unwrap();
    let message = error_of(folder.path()).to_string();
    assert!(message.contains("lists 1 layers where the manifest lists 2"), "{message}");
}

#[test]
fn an_uncompressed_layer_whose_digest_is_not_its_diff_id_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let image = sample().compression(Compression::None).edit_config(|config| {
        config["rootfs"]["diff_ids"].as_array_mut().unwrap().swap(0, 1);
    });
    image.write_oci_dir(folder.path()).unwrap();
    assert!(matches!(error_of(folder.path()), ImageError::DigestMismatch { .. }));
}

#[test]
fn digests_of_other_algorithms_and_paths_in_digests_are_refused() {
    for digest in ["sha512:00", "sha256:../../../../etc/passwd", "sha256:", ""] {
        let (_folder, result) = with_layout(|blobs| {
            let index = serde_json::json!({ "manifests": [{ "digest": digest, "size": 1 }] });
            blobs.put("index.json", index.to_string());
        });
        assert!(matches!(result, Err(ImageError::Digest { .. })), "{digest}");
    }
}

#[test]
fn artifacts_and_encrypted_layers_are_named_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let chart = sample().edit_manifest(|manifest| {
        manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into();
    });
    chart.write_oci_dir(folder.path()).unwrap();
    assert!(error_of(folder.path()).to_string().contains("application/vnd.cncf.helm.config.v1+json"));
    let folder = tempfile::tempdir().unwrap();
    let encrypted = sample().edit_manifest(|manifest| {
        manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted".into();
    });
    encrypted.write_oci_dir(folder.path()).unwrap();
    assert!(error_of(folder.path()).to_string().contains("is encrypted"));
}

#[test]
fn documents_that_are_too_large_or_no_json_are_refused_with_their_name() {
    let (_folder, result) = with_layout(|blobs| blobs.put("index.json", vec![b' '; (8 << 20) + 1]));
    assert!(matches!(result, Err(ImageError::Limit { limit: "max_metadata", .. })));
    for text in ["", "{", "[]", "{\"manifests\": 5}", "\u{feff}{}", "{\"manifests\":[]}"] {
        let (_folder, result) = with_layout(|blobs| blobs.put("index.json", text));
        let message = result.unwrap_err().to_string();
        assert!(message.contains("index"), "{text}: {message}");
    }
    let (_folder, result) = with_archive(|blobs| blobs.put("manifest.json", "[]"));
    assert!(result.unwrap_err().to_string().contains("lists no image"));
    let (_folder, result) = with_archive(|blobs| blobs.put("manifest.json", "[".repeat(100_000)));
    assert!(matches!(result, Err(ImageError::Metadata { .. })));
}
