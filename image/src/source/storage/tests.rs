//! Storages made by hand, with records that lie.

use std::path::Path;

use model::Digest;

use super::*;
use crate::limits::Limits;

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn opened(root: &Path, source: &str) -> Result<OpenImage, String> {
    let (prefix, name) = source.split_once(':').unwrap();
    let storage = StorageOptions { root: Some(root.to_owned()), namespace: None };
    let options = OpenOptions { storage, limits: Limits::default(), ..OpenOptions::default() };
    open(&Stored::parse(prefix, name).unwrap(), &options).map_err(|error| error.to_string())
}

fn config(diff_id: Digest) -> String {
    format!(r#"{{ "os": "linux", "architecture": "amd64", "rootfs": {{ "diff_ids": ["{diff_id}"] }} }}"#)
}

/// A data root of Docker with one image of one layer, whose record has this cache id.
fn docker(root: &Path, cache_id: &str) -> String {
    let diff_id = Digest::of(b"layer");
    let config = config(diff_id);
    let id = Digest::of(config.as_bytes());
    let hex = diff_id.to_hex();
    write(
        root,
        "image/overlay2/repositories.json",
        &format!(r#"{{ "Repositories": {{ "web": {{ "web:1": "{id}" }} }} }}"#),
    );
    write(root, &format!("image/overlay2/imagedb/content/sha256/{}", id.to_hex()), &config);
    write(root, &format!("image/overlay2/layerdb/sha256/{hex}/diff"), &diff_id.to_string());
    write(root, &format!("image/overlay2/layerdb/sha256/{hex}/cache-id"), cache_id);
    write(root, &format!("image/overlay2/layerdb/sha256/{hex}/size"), "12");
    write(root, "overlay2/abc/diff/etc/passwd", "root");
    format!("image/overlay2/layerdb/sha256/{hex}")
}

#[test]
fn an_image_whose_place_its_engine_told_is_looked_for_there_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("docker");
    docker(&root, "abc\n");
    let elsewhere = StorageOptions { root: Some(folder.path().join("elsewhere")), namespace: None };
    let options = OpenOptions { storage: elsewhere.clone(), ..OpenOptions::default() };
    let at = |place| open(&Stored::image(Engine::Docker, "web:1", place), &options);
    assert!(at(StorageOptions { root: Some(root), namespace: None }).is_ok());
    assert!(at(elsewhere).is_err() && at(StorageOptions::default()).is_err());
}

#[test]
fn a_record_of_docker_leads_to_the_directory_of_its_layer_and_never_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("docker");
    let record = docker(&root, "abc\n");
    let image = opened(&root, "docker:web:1").unwrap();
    assert!(!image.is_root_fs() && image.layer(0).is_directory());
    assert_eq!(image.layer(0).digest(), None, "there is no digest that could be checked");
    assert_eq!(image.layer(0).stored_size(), 12);

    write(folder.path(), "out/diff/secret", "");
    for (cache_id, reason) in [
        ("../out", "names a file `../out`, which is no name"),
        ("", "names a file ``"),
        ("gone", "layer sha256:"),
    ] {
        write(&root, &format!("{record}/cache-id"), cache_id);
        let said = opened(&root, "docker:web:1").unwrap_err();
        assert!(said.contains(reason), "{said}");
    }
    std::os::unix::fs::symlink("../../out", root.join("overlay2/linked")).unwrap();
    write(&root, &format!("{record}/cache-id"), "linked");
    assert!(opened(&root, "docker:web:1").unwrap_err().contains("leads out of the storage"));
}

#[test]
fn a_config_of_docker_that_was_changed_and_a_layer_that_is_another_one_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let record = docker(folder.path(), "abc");
    write(folder.path(), &format!("{record}/diff"), &Digest::of(b"other").to_string());
    assert!(opened(folder.path(), "docker:web:1").unwrap_err().contains("is damaged"));
    write(folder.path(), &format!("{record}/diff"), "md5:00");
    assert!(opened(folder.path(), "docker:web:1").unwrap_err().contains("unusable digest"));
    let id = Digest::of(config(Digest::of(b"layer")).as_bytes()).to_hex();
    write(folder.path(), &format!("image/overlay2/imagedb/content/sha256/{id}"), "{}");
    assert!(opened(folder.path(), "docker:web").unwrap_err().contains("has no image `web`, but web:1"));
    assert!(opened(folder.path(), "docker:web:1").unwrap_err().contains("is damaged"));
    write(folder.path(), "image/overlay2/repositories.json", "[");
    assert!(opened(folder.path(), "docker:web:1").unwrap_err().contains("is not valid"));
}

#[test]
fn drivers_whose_layers_are_no_directories_are_told_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "image/zfs/repositories.json", "{}");
    let said = opened(folder.path(), "docker:web").unwrap_err();
    assert!(said.contains("`zfs` storage") && said.contains("docker save"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "btrfs-images/images.json", "[]");
    let said = opened(folder.path(), "podman:web").unwrap_err();
    assert!(said.contains("`btrfs` storage") && said.contains("podman save"), "{said}");
}

/// A storage of podman with one image of one layer; `parent` is what the layer says of the one below.
fn podman(root: &Path, parent: &str) {
    let diff_id = Digest::of(b"layer");
    let config = config(diff_id);
    let id = Digest::of(config.as_bytes());
    let hex = id.to_hex();
    write(
        root,
        "overlay-images/images.json",
        &format!(r#"[{{ "id": "{hex}", "names": ["localhost/web:1"], "layer": "one" }}]"#),
    );
    write(
        root,
        &format!("overlay-images/{hex}/manifest"),
        &format!(r#"{{ "config": {{ "digest": "{id}" }}, "layers": [] }}"#),
    );
    use base64::Engine as _;
    let key = base64::prelude::BASE64_STANDARD.encode(id.to_string());
    write(root, &format!("overlay-images/{hex}/={key}"), &config);
    let layers =
        format!(r#"[{{ "id": "one", "parent": {parent}, "diff-digest": "{diff_id}", "diff-size": -1 }}]"#);
    write(root, "overlay-layers/layers.json", &layers);
    write(root, "overlay-containers/containers.json", "null");
    write(root, "overlay/one/diff/etc/passwd", "root");
}

#[test]
fn records_of_podman_may_be_null_or_absent_but_not_circular() {
    let folder = tempfile::tempdir().unwrap();
    podman(folder.path(), "null");
    let image = opened(folder.path(), "podman:web:1").unwrap();
    assert_eq!(image.layer_count(), 1);
    assert_eq!(image.facts.references[0].registry, "localhost");
    let said = opened(folder.path(), "podman-container:web").unwrap_err();
    assert!(said.contains("has no container `web`; it has none at all"), "{said}");
    podman(folder.path(), r#""one""#);
    assert!(opened(folder.path(), "podman:web:1").unwrap_err().contains("the end of a chain of layers"));
    podman(folder.path(), r#""two""#);
    assert!(opened(folder.path(), "podman:web:1").unwrap_err().contains("layer two is not in the storage"));
}

#[test]
fn a_layer_that_composefs_keeps_apart_is_told() {
    let folder = tempfile::tempdir().unwrap();
    podman(folder.path(), "null");
    std::fs::create_dir_all(folder.path().join("overlay/one/composefs-data")).unwrap();
    assert!(opened(folder.path(), "podman:web:1").unwrap_err().contains("`composefs` storage"));
}

#[test]
fn a_platform_that_the_image_is_not_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    podman(folder.path(), "null");
    let storage = StorageOptions { root: Some(folder.path().to_owned()), namespace: None };
    let platform = Some("linux/arm64".parse().unwrap());
    let options = OpenOptions { storage, platform, ..OpenOptions::default() };
    let said = open(&Stored::parse("podman", "web:1").unwrap(), &options).unwrap_err().to_string();
    assert!(said.contains("has no image for linux/arm64, but for linux/amd64"), "{said}");
}

#[test]
fn prefixes_name_engine_and_kind() {
    for prefix in ["docker", "podman", "containerd"] {
        for (prefix, is_container) in [(prefix.to_owned(), false), (format!("{prefix}-container"), true)] {
            let stored = Stored::parse(&prefix, "a:b@c").unwrap();
            assert_eq!((stored.is_container, stored.name.as_str()), (is_container, "a:b@c"));
            assert!(stored.engine.is_some());
        }
    }
    assert_eq!(Stored::parse("container", "x").unwrap().engine, None);
    assert_eq!(Stored::parse("docker-archive", "x"), None);
}
