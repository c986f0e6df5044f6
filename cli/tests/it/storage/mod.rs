//! Local storages: what the real engines keep is read as the archive that they loaded.

mod engines;
mod stacks;

use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::{ImageBuilder, LayerBuilder};

use self::engines::{Containerd, Docker, Driver, Folder, Podman, can_run};
use crate::harness::plimsoll;

/// The name of the image under test.
const NAME: &str = "example.com/team/web:1.0";

/// What a container runs: it installs, removes and replaces.
const CHANGES: &str = "b=/bin/busybox; $b mkdir -p /new/nine-1.dist-info && \
                       echo 'Name: nine\nVersion: 9' > /new/nine-1.dist-info/METADATA && \
                       $b rm -r /lib/one-1.dist-info && \
                       $b rm -r /dir && $b mkdir -p /dir/ten-1.dist-info && \
                       echo 'Name: ten\nVersion: 10' > /dir/ten-1.dist-info/METADATA";

fn metadata(name: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
}

/// A Python distribution in `folder`.
fn python(layer: LayerBuilder, folder: &str, name: &str) -> LayerBuilder {
    let place = format!("{folder}/{name}-1.dist-info");
    layer.dir(&place).file(format!("{place}/METADATA"), metadata(name))
}

/// Whiteouts, an opaque directory, a directory replaced by a link, and hard links, of which the first name is
/// removed by the next layer. It can run busybox.
fn image() -> ImageBuilder {
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find_map(|path| std::fs::read(path).ok());
    let busybox = busybox.expect("busybox is there: `cargo xtask setup` installs what the tests need");
    let mut bottom = LayerBuilder::new()
        .dir("etc")
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .dir("bin")
        .file_with_mode("bin/busybox", 0o755, busybox);
    for (folder, name) in [("lib", "one"), ("gone", "two"), ("dir", "three"), ("link", "four"), ("a", "six")]
    {
        bottom = python(bottom.dir(folder), folder, name);
    }
    bottom = python(bottom, "lib", "five");
    let middle = python(LayerBuilder::new().whiteout("gone").dir("dir").opaque("dir"), "dir", "seven");
    let middle = python(middle.whiteout("link").dir("lib"), "lib", "eight")
        .dir("lib/copy-1.dist-info")
        .hardlink("lib/copy-1.dist-info/METADATA", "lib/eight-1.dist-info/METADATA");
    let top = LayerBuilder::new()
        .dir("lib")
        .whiteout("lib/eight-1.dist-info")
        .symlink("link", "lib")
        .dir("a")
        .whiteout("a/six-1.dist-info");
    ImageBuilder::new().name(NAME).layer(bottom).layer(middle).empty_layer("ENV A=1").layer(top).env("A=1")
}

/// The image as an archive.
fn archive(folder: &Folder) -> PathBuf {
    let path = folder.join("image.tar");
    image().write_docker_archive(&path).unwrap();
    path
}

fn scan(arguments: &[&str]) -> Value {
    scan_with(arguments, &[])
}

fn scan_with(arguments: &[&str], environment: &[(&str, &Path)]) -> Value {
    let mut command = plimsoll();
    command.args(["scan", "--format", "json", "--no-cache"]).args(arguments);
    for name in ["CONTAINERS_STORAGE_CONF", "DOCKER_DATA_ROOT"] {
        command.env_remove(name);
    }
    let output = command.envs(environment.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn fails(arguments: &[&str]) -> String {
    let output = plimsoll().args(["scan", "--no-cache"]).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Names of the Python packages, sorted, with their layers.
fn packages(report: &Value) -> Vec<(String, u64)> {
    let packages =
        report["packages"].as_array().unwrap().iter().filter(|package| package["ecosystem"] == "pypi");
    let mut packages: Vec<_> = packages
        .map(|package| (package["name"].as_str().unwrap().to_owned(), package["layer"].as_u64().unwrap()))
        .collect();
    packages.sort();
    packages
}

/// The image in a storage is the image of the archive: packages with paths and layers, id, layers, references.
fn assert_same(stored: &Value, archive: &Value, what: &str) {
    assert_eq!(stored["packages"], archive["packages"], "{what}");
    assert_eq!(stored["unreadable"], archive["unreadable"], "{what}");
    assert_eq!(stored["image"]["id"], archive["image"]["id"], "{what}");
    assert_eq!(stored["image"]["references"][0]["repository"], "team/web", "{what}");
    let diff_ids = |report: &Value| -> Vec<Value> {
        let layers = report["image"]["layers"].as_array().unwrap().iter();
        layers.map(|layer| layer["diffId"].clone()).collect()
    };
    assert_eq!(diff_ids(stored), diff_ids(archive), "{what}");
}

/// What the container's own layer says, over what the image says.
fn assert_changed(container: &Value, image: &Value, what: &str) {
    let mut expected = packages(image);
    expected.retain(|(name, _)| name != "one" && name != "seven");
    expected.extend([("nine".to_owned(), 3), ("ten".to_owned(), 3)]);
    expected.sort();
    assert_eq!(packages(container), expected, "{what}");
    assert_ne!(container["image"]["id"], image["image"]["id"], "{what}: a container is not its image");
    let top = container["image"]["layers"].as_array().unwrap().last().unwrap().clone();
    assert!(top["createdBy"].as_str().unwrap().contains("container box ("), "{what}: {top}");
}

#[test]
fn docker_images_and_containers_are_read_in_place() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let archive = archive(&folder);
    let expected = scan(&[&text(&archive)]);
    let left = [("eight", 1), ("five", 0), ("one", 0), ("seven", 1)];
    assert_eq!(packages(&expected), left.map(|(name, layer)| (name.to_owned(), layer)));
    for driver in ["overlay2", "fuse-overlayfs", "vfs"] {
        let docker = Docker::start(driver);
        docker.run(&["load", "--input", &text(&archive)]);
        docker.run(&["run", "--name", "box", "--network", "none", NAME, "/bin/busybox", "sh", "-c", CHANGES]);
        let root = text(&docker.root());
        let in_root = |source: &str| scan(&[source, "--storage-root", &root]);
        let id = expected["image"]["id"].as_str().unwrap();
        for name in [NAME, id, &id[7..19]] {
            assert_same(&in_root(&format!("docker:{name}")), &expected, driver);
        }
        let container = in_root("docker-container:box");
        assert_changed(&container, &expected, driver);
        let named = scan_with(&["container:box"], &[("DOCKER_DATA_ROOT", &docker.root())]);
        assert_eq!(
            named["image"], container["image"],
            "{driver}: found without a flag, and with the same id"
        );

        docker.run(&["rmi", "--force", NAME]);
        assert!(
            fails(&["docker:team/web:1.0", "--storage-root", &root]).contains("has no image"),
            "{driver}"
        );
        let left = in_root("container:box");
        assert_eq!(left["packages"], container["packages"], "{driver}: its image was removed");
        assert_eq!(left["image"]["id"], container["image"]["id"], "{driver}");
    }
}

#[test]
fn containerd_images_are_read_from_blobs_and_where_these_were_discarded_from_snapshots() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let archive = text(&archive(&folder));
    let expected = scan(&[&archive]);
    let containerd = Containerd::start();
    let root = text(&containerd.root());
    let in_root =
        |source: &str, namespace: &str| scan(&[source, "--storage-root", &root, "--namespace", namespace]);
    containerd.run(&["--namespace", "k8s.io", "images", "import", &archive]);
    let blobs = scan(&[&format!("containerd:{NAME}"), "--storage-root", &root]);
    assert_same(&blobs, &expected, "blobs, in whatever namespace");

    let run = ["run", "--rm=false", "--cwd", "/", NAME, "box", "/bin/busybox", "sh", "-c", CHANGES];
    containerd.run(&[&["--namespace", "k8s.io"][..], &run].concat());
    for source in ["container:box", "containerd-container:box"] {
        assert_changed(&in_root(source, "k8s.io"), &expected, source);
    }
    let native = ["--namespace", "native", "images", "import", "--snapshotter", "native", &archive];
    containerd.run(&native);
    for namespace in ["k8s.io", "native"] {
        let diff_ids = expected["image"]["layers"].as_array().unwrap().iter();
        for layer in diff_ids.filter_map(|layer| layer["diffId"].as_str()) {
            containerd.run(&["--namespace", namespace, "content", "rm", layer]);
        }
    }
    for namespace in ["k8s.io", "native"] {
        assert_same(&in_root(&format!("containerd:{NAME}"), namespace), &expected, namespace);
    }
    assert_changed(&in_root("containerd-container:box", "k8s.io"), &expected, "from snapshots");
    let said = fails(&["containerd:team/web:2", "--storage-root", &root, "--namespace", "k8s.io"]);
    assert!(said.contains(&format!("has no image `team/web:2`, but {NAME}")), "{said}");
}

#[test]
fn podman_images_and_containers_are_read_in_place() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let archive = archive(&folder);
    let expected = scan(&[&text(&archive)]);
    for driver in [Driver::Overlay, Driver::Fuse, Driver::Vfs] {
        let podman = Podman::new(driver);
        podman.load(&archive);
        podman.run(&["run", "--name", "box", "--network", "none", NAME, "/bin/busybox", "sh", "-c", CHANGES]);
        let what = format!("{driver:?}");
        let settings = podman.settings();
        let configured = |source: &str| scan_with(&[source], &[("CONTAINERS_STORAGE_CONF", &settings)]);
        assert_same(&configured("podman:team/web:1.0"), &expected, &what);
        let root = text(&podman.root());
        assert_same(&scan(&[&format!("podman:{NAME}"), "--storage-root", &root]), &expected, &what);
        assert_changed(&configured("podman-container:box"), &expected, &what);
        assert_eq!(
            scan(&["container:box", "--storage-root", &root])["image"],
            configured("podman-container:box")["image"]
        );
    }
}

#[test]
fn files_of_which_a_container_changed_only_mode_and_name_are_still_those_of_the_image() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let podman = Podman::new(Driver::Sparing);
    podman.load(&archive(&folder));
    let changes = "b=/bin/busybox; $b chmod 600 /lib/one-1.dist-info/METADATA && \
                   $b mkdir /moved-1.dist-info && $b chmod 600 /lib/five-1.dist-info/METADATA && \
                   $b mv /lib/five-1.dist-info/METADATA /moved-1.dist-info/METADATA && $b mv /dir /renamed";
    podman.run(&["run", "--name", "box", "--network", "none", NAME, "/bin/busybox", "sh", "-c", changes]);
    let report = scan(&["podman-container:box", "--storage-root", &text(&podman.root())]);
    let packages: Vec<(&str, &str)> = report["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| package["ecosystem"] == "pypi")
        .map(|package| (package["name"].as_str().unwrap(), package["path"].as_str().unwrap()))
        .collect();
    let expected = [
        ("eight", "lib/copy-1.dist-info/METADATA"),
        ("five", "moved-1.dist-info/METADATA"),
        ("one", "lib/one-1.dist-info/METADATA"),
    ];
    assert_eq!(packages, expected);
    // what cannot be expressed is at least said
    let notes = report["unreadable"].as_array().unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert_eq!(notes[0]["path"], "renamed");
    assert!(notes[0]["reason"].as_str().unwrap().starts_with("was renamed from `dir`"), "{notes:?}");
}

#[test]
fn what_a_directory_holds_counts_and_not_what_is_known_of_the_diff_id_that_is_claimed_for_it() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let archive = archive(&folder);
    let podman = Podman::new(Driver::Overlay);
    podman.load(&archive);
    let cache = text(&folder.join("cache"));
    let scan = |source: &str| {
        let output = plimsoll()
            .args(["scan", "--format", "json", "--cache-dir", &cache, source])
            .env("CONTAINERS_STORAGE_CONF", podman.settings())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let known = scan(&text(&archive));
    assert_eq!(scan(&format!("podman:{NAME}"))["packages"], known["packages"]);
    let records = std::fs::read(podman.root().join("overlay-layers/layers.json")).unwrap();
    let records: Value = serde_json::from_slice(&records).unwrap();
    let bottom = records[0]["id"].as_str().unwrap();
    let place = podman.root().join("overlay").join(bottom).join("diff/lib/planted-1.dist-info");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("METADATA"), metadata("planted")).unwrap();
    let changed = packages(&scan(&format!("podman:{NAME}")));
    assert!(changed.contains(&("planted".to_owned(), 0)), "{changed:?}");
    assert_eq!(scan(&text(&archive))["packages"], known["packages"], "nor is it taken for the archive's");
}

#[test]
fn a_storage_that_may_not_be_read_and_links_that_lead_out_of_it_are_told() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let podman = Podman::new(Driver::Overlay);
    podman.load(&archive(&folder));
    let root = text(&podman.root());
    let source = format!("podman:{NAME}");

    let program = folder.join("plimsoll");
    std::fs::copy(env!("CARGO_BIN_EXE_plimsoll"), &program).unwrap();
    let open = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    open(program.parent().unwrap());
    open(podman.root().parent().unwrap());
    let output = Command::new(&program)
        .args(["scan", "--no-cache", &source, "--storage-root", &root])
        .uid(65534)
        .gid(65534)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("may not be read by this user: run as root, or use `podman save"), "{said}");

    let layers = podman.root().join("overlay");
    let layer = std::fs::read_dir(&layers).unwrap().map(|entry| entry.unwrap().path().join("diff"));
    let diff = layer.into_iter().find(|diff| diff.is_dir()).unwrap();
    std::fs::remove_dir_all(&diff).unwrap();
    symlink("/etc", &diff).unwrap();
    let said = fails(&[&source, "--storage-root", &root]);
    assert!(said.contains("leads out of the storage"), "{said}");
}

#[test]
fn where_there_is_no_storage_the_error_says_where_it_was_looked_for_and_what_else_can_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let root = text(&folder.path().join("nowhere"));
    for (engine, hint) in
        [("docker", "docker save"), ("podman", "podman save"), ("containerd", "ctr images export")]
    {
        let said = fails(&[&format!("{engine}:alpine"), "--storage-root", &root]);
        assert!(
            said.contains(&format!("there is no {engine} storage at `{root}")) && said.contains(hint),
            "{said}"
        );
    }
    let said = fails(&["container:box", "--storage-root", &root]);
    for engine in ["docker", "podman", "containerd"] {
        assert!(said.contains(&format!("there is no {engine} storage")), "{said}");
    }
    let empty = text(folder.path());
    let said = fails(&["docker:alpine", "--storage-root", &empty]);
    assert!(said.contains("has no image `alpine`; it has none at all"), "{said}");
}
