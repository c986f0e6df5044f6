//! Images scanned before are told as bases of later ones; and other small things about the cache and the flags.

use serde_json::Value;
use testkit::{ImageBuilder, LayerBuilder};

use crate::harness::plimsoll;

fn images() -> (tempfile::TempDir, [String; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let base = || LayerBuilder::new().file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
    let app = LayerBuilder::new()
        .file("srv/x.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1\n\n");
    let status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n";
    let base = || base().file("var/lib/dpkg/status", status);
    let paths = ["base.tar", "app.tar"].map(|name| folder.path().join(name));
    ImageBuilder::new().name("debian:12").layer(base()).write_docker_archive(&paths[0]).unwrap();
    let built = ImageBuilder::new().name("team/app:1").layer(base()).layer(app);
    built.write_docker_archive(&paths[1]).unwrap();
    let paths = paths.map(|path| path.to_str().unwrap().to_owned());
    (folder, paths)
}

fn scan(cache: &str, arguments: &[&str]) -> std::process::Output {
    plimsoll().arg("scan").args(arguments).env("PLIMSOLL_CACHE_DIR", cache).output().unwrap()
}

fn base_of(cache: &str, arguments: &[&str]) -> Value {
    let output = scan(cache, &[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["image"]["base"].clone()
}

#[test]
fn an_image_scanned_before_is_named_as_the_base_of_a_later_one() {
    let (folder, [base, app]) = images();
    let cache = folder.path().join("cache");
    let cache = cache.to_str().unwrap();
    assert_eq!(base_of(cache, &[&app]), Value::Null, "nothing is known yet");
    assert_eq!(base_of(cache, &[&base]), Value::Null);
    let found = base_of(cache, &[&app]);
    assert_eq!(
        (found["layers"].as_u64(), found["references"][0]["repository"].as_str()),
        (Some(1), Some("debian"))
    );
    let table = String::from_utf8(scan(cache, &[&app]).stdout).unwrap();
    assert!(table.contains("base      docker.io/debian:12 (1 of 2 layers)"), "{table}");
    assert_eq!(base_of(cache, &[&app, "--no-cache"]), Value::Null, "neither read");
    let (other, [base, _]) = images();
    let empty = other.path().join("cache");
    base_of(empty.to_str().unwrap(), &[&base, "--no-cache"]);
    assert!(!empty.exists(), "nor written");
}

#[test]
fn an_empty_variable_is_as_none_and_empty_tags_are_refused() {
    let (folder, [base, _]) = images();
    let output = plimsoll()
        .args(["scan", &base])
        .env("PLIMSOLL_CACHE_DIR", "")
        .env("XDG_CACHE_HOME", folder.path().join("own"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("own/plimsoll/known-images").exists());
    for tags in ["a,,b", "", ",", "a,"] {
        let output = scan("unused", &[&base, "--no-cache", "--tag", tags]);
        assert_eq!(output.status.code(), Some(2), "{tags:?}");
    }
}
