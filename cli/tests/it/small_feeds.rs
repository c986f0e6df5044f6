//! Small feeds, each in its publisher's form, and an image that they speak of.

use std::path::{Path, PathBuf};

use testkit::{ImageBuilder, LayerBuilder};

const TRACKER: &str = r#"{"openssl":{
 "CVE-2024-0727":{"description":"crash in PKCS12","releases":{"bookworm":{"status":"resolved","repositories":{"bookworm":"3.0.13-1~deb12u1"},"fixed_version":"3.0.13-1~deb12u1","urgency":"low"}}},
 "CVE-2024-4444":{"description":"not mended","releases":{"bookworm":{"status":"open","repositories":{"bookworm":"3.0.13-1~deb12u1"},"urgency":"medium","nodsa":"Minor issue","nodsa_reason":"ignored"}}},
 "CVE-2024-5555":{"description":"open","releases":{"bookworm":{"status":"open","repositories":{"bookworm":"3.0.13-1~deb12u1"},"urgency":"not yet assigned"}}},
 "CVE-2022-0778":{"description":"a loop","releases":{"bookworm":{"status":"resolved","repositories":{"bookworm":"3.0.13-1~deb12u1"},"fixed_version":"3.0.2-1","urgency":"high"}}},
 "CVE-2020-0001":{"description":"never here","releases":{"bookworm":{"status":"resolved","repositories":{"bookworm":"3.0.13-1~deb12u1"},"fixed_version":"0","urgency":"low"}}}},
"nodejs":{"CVE-2024-6666":{"description":"in node","releases":{"bookworm":{"status":"resolved","repositories":{"bookworm":"18.20.4+dfsg-1~deb12u1"},"fixed_version":"18.20.4+dfsg-1~deb12u1","urgency":"low"}}}},
"curl":{"CVE-2024-7777":{"description":"in curl","releases":{"bookworm":{"status":"open","repositories":{"bookworm":"7.88.1-10"},"urgency":"low"}}}}}"#;

const ALPINE: &str = r#"{"distroversion":"v3.18","reponame":"main","archs":["x86_64"],"packages":[{"pkg":{"name":"busybox","secfixes":{"1.36.1-r1":["CVE-2022-48174"]}}}]}"#;

const WOLFI: &str = r#"{"apkurl":"{{urlprefix}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk","archs":["x86_64"],"reponame":"os","urlprefix":"https://packages.wolfi.dev","packages":[{"pkg":{"name":"curl","secfixes":{"8.4.0-r0":["CVE-2023-38545"]}}}]}"#;

const DATES: &str = r#"{"schema_version":"1.2.0","generated_at":"2026-08-22T00:00:00Z","total":1,"result":[
 {"name":"debian","aliases":[],"label":"Debian","releases":[
  {"name":"13","releaseDate":"2023-06-10","isEol":false,"eolFrom":"2126-06-10","eoesFrom":null},
  {"name":"12","releaseDate":"2019-07-06","isEol":true,"eolFrom":"2022-09-10","eoesFrom":null}]}]}"#;

const STATUS: &str = "\
Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 3.0.11-1~deb12u2\n\n\
Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u2\n\n\
Package: nodejs\nStatus: install ok installed\nArchitecture: amd64\nVersion: 18.19.0-1nodesource1\n\
Maintainer: Ivan Iguaran <ivan@github.com>\n\n\
Package: python3-owned\nStatus: install ok installed\nArchitecture: all\nVersion: 1.0-1\n";

/// One record of OSV about one package, fixed in one version.
fn record(folder: &Path, ecosystem: &str, name: &str, id: &str, more: &str) {
    let kind = if matches!(ecosystem, "Go" | "npm" | "crates.io") { "SEMVER" } else { "ECOSYSTEM" };
    let text = format!(
        r#"{{"id":"{id}","modified":"2024-05-01T00:00:00Z","published":"2024-04-01T00:00:00Z","summary":"about {name}",{more}
        "affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{{"type":"{kind}","events":[{{"introduced":"0"}},{{"fixed":"2.20.0"}}]}}]}}]}}"#
    );
    let folder = folder.join("osv").join(ecosystem);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{id}.json")), text).unwrap();
}

/// A folder of feeds below `root`.
pub(crate) fn feeds(root: &Path) -> PathBuf {
    let folder = root.join("feeds");
    let put = |path: &str, text: &str| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    put("debian/json", TRACKER);
    put("alpine-secdb/v3.18/main.json", ALPINE);
    put("wolfi/security.json", WOLFI);
    put("endoflife/products-full.json", DATES);
    let record =
        |ecosystem: &str, name: &str, id: &str, more: &str| record(&folder, ecosystem, name, id, more);
    record("PyPI", "requests", "GHSA-1111-2222-3333", r#""aliases":["CVE-2024-1111"],"#);
    record("PyPI", "requests", "PYSEC-2024-9", r#""withdrawn":"2024-06-01T00:00:00Z","#);
    record("PyPI", "owned", "GHSA-2222-2222-2222", r#""aliases":["CVE-2024-2222"],"#);
    record("npm", "@scope/lib", "GHSA-0000-0000-0001", "");
    record("Go", "example.com/mod", "GHSA-0000-0000-0002", "");
    record("Maven", "org.x:lib", "GHSA-0000-0000-0003", "");
    record("NuGet", "Newtonsoft.Json", "GHSA-0000-0000-0004", "");
    record("Packagist", "vendor/pkg", "GHSA-0000-0000-0005", "");
    record("crates.io", "tokio", "GHSA-0000-0000-0006", "");
    record("RubyGems", "rack", "GHSA-0000-0000-0007", "");
    record("Hex", "plug", "GHSA-0000-0000-0008", "");
    record("Pub", "http", "GHSA-0000-0000-0009", "");
    record("Bitnami", "nginx", "BIT-nginx-2024-0001", "");
    folder
}

/// A Debian image with a library, a foreign package, a Python package and one that an OS package owns.
pub(crate) fn image(root: &Path) -> PathBuf {
    let metadata = |name: &str, version: &str| {
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nbody\n")
    };
    let owned = "usr/lib/python3/dist-packages/owned-1.0.dist-info/METADATA";
    let base = LayerBuilder::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nNAME=\"Debian GNU/Linux\"\n")
        .file("var/lib/dpkg/status", STATUS)
        .file("var/lib/dpkg/info/python3-owned.list", format!("/.\n/{owned}\n").as_str())
        .file(owned, metadata("owned", "1.0").as_str());
    let app = LayerBuilder::new()
        .file("srv/lib/requests-2.19.1.dist-info/METADATA", metadata("requests", "2.19.1").as_str());
    let path = root.join("web.tar");
    ImageBuilder::new()
        .name("registry.example.com/team/web:1.4")
        .layer(base)
        .layer(app)
        .write_docker_archive(&path)
        .unwrap();
    path
}
