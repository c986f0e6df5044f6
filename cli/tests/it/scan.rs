//! `plimsoll scan` on small images whose every byte is known.

use serde_json::Value;
use testkit::{Compression, ImageBuilder, LayerBuilder};

use crate::harness::{PASSWORD, Server, failure_of, plimsoll, run, stdout_of};

const STATUS: &str = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc\nVersion: 2.36-9\n\n\
                      Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n";

fn debian() -> ImageBuilder {
    let base = LayerBuilder::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nNAME=\"Debian GNU/Linux\"\n")
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        .file("var/lib/dpkg/status", STATUS);
    let metadata = "Metadata-Version: 2.1\nName: Requests\nVersion: 2.19.1\n\nbody\n";
    let app = LayerBuilder::new().file("srv/lib/requests-2.19.1.dist-info/METADATA", metadata);
    ImageBuilder::new().name("registry.example.com/team/web:1.4").layer(base).layer(app)
}

#[test]
fn the_same_image_is_recognised_in_every_form() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    debian().write_docker_archive(&at("web.tar")).unwrap();
    debian().compression(Compression::Zstd).write_oci_dir(&at("web")).unwrap();
    debian().compression(Compression::Gzip).write_oci_archive(&at("web.oci.tar")).unwrap();
    debian().write_root_fs(&at("root")).unwrap();
    for (name, prefix) in [
        ("web.tar", "docker-archive:"),
        ("web", "oci-dir:"),
        ("web.oci.tar", "oci-archive:"),
        ("root", "dir:"),
    ] {
        for source in [at(name).display().to_string(), format!("{prefix}{}", at(name).display())] {
            let report: Value =
                serde_json::from_str(&stdout_of(&["scan", &source, "--format", "json"])).unwrap();
            let names: Vec<&str> = report["packages"]
                .as_array()
                .unwrap()
                .iter()
                .map(|package| package["name"].as_str().unwrap())
                .collect();
            assert_eq!(names, ["libc6", "Requests"], "{source}");
            assert_eq!(report["packages"][0]["source"]["name"], "glibc");
            assert_eq!(report["osRelease"]["displayName"], "Debian Linux 12");
            assert_eq!(report["users"][0], "root");
        }
    }
}

#[test]
fn each_package_knows_its_layer_and_the_file_that_proves_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.tar");
    debian().write_docker_archive(&path).unwrap();
    let report: Value =
        serde_json::from_str(&stdout_of(&["scan", path.to_str().unwrap(), "--format", "json"])).unwrap();
    let place = |index: usize| {
        (report["packages"][index]["layer"].clone(), report["packages"][index]["path"].clone())
    };
    assert_eq!(place(0), (0.into(), "var/lib/dpkg/status".into()));
    assert_eq!(place(1), (1.into(), "srv/lib/requests-2.19.1.dist-info/METADATA".into()));
}

#[test]
fn nothing_but_data_is_on_standard_output_and_a_closed_reader_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.tar");
    debian().write_docker_archive(&path).unwrap();
    let output = run(&["scan", path.to_str().unwrap()]);
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(out.starts_with("image     sha256:"), "{out}");
    assert!(out.contains("registry.example.com/team/web:1.4") && out.contains("libc6"), "{out}");
    assert!(err.contains("packages are listed, not judged"), "{err}");

    let cache = tempfile::tempdir().unwrap();
    for format in ["table", "json", "cyclonedx-json", "spdx-json", "sarif", "template"] {
        let template: &[&str] = if format == "template" { &["--template", "@html"] } else { &[] };
        let mut child = plimsoll()
            .args(["scan", path.to_str().unwrap(), "--format", format])
            .args(template)
            .env("PLIMSOLL_CACHE_DIR", cache.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert!(child.wait().unwrap().success(), "{format}");
    }
}

#[test]
fn flags_that_do_not_fit_together_are_wrong_usage_like_a_flag_that_is_not_known() {
    for flags in [
        &["-o", "x.weird"][..],
        &["-o", "a.json", "-o", "json=a.json"],
        &["-o", "yaml=a"],
        &["--format", "template"],
        &["--platform", "bogus"],
        &["--push", "nonsense", "--user", "a", "--password", "b"],
        &["--no-secrets", "--fail-on", "secrets"],
        &["--unknown"],
    ] {
        let output = run(&[&["scan", "/nonexistent.tar"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn findings_come_from_the_feeds_given() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.tar");
    debian().write_docker_archive(&path).unwrap();
    let feeds = directory.path().join("feeds/debian");
    std::fs::create_dir_all(&feeds).unwrap();
    let tracker = r#"{"glibc":{"CVE-2023-4911":{"description":"buffer overflow in ld.so","releases":{"bookworm":{"status":"resolved",
        "repositories":{"bookworm":"2.36-9+deb12u3"},"fixed_version":"2.36-9+deb12u3","urgency":"high"}}}}}"#;
    std::fs::write(feeds.join("json"), tracker).unwrap();
    let folder = directory.path().join("feeds");
    let arguments = ["scan", path.to_str().unwrap(), "--feeds", folder.to_str().unwrap()];
    let report: Value =
        serde_json::from_str(&stdout_of(&[&arguments[..], &["--format", "json"]].concat())).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(
        (finding["id"].as_str(), finding["fixVersion"].as_str()),
        (Some("CVE-2023-4911"), Some("2.36-9+deb12u3"))
    );
    assert_eq!((finding["severity"].as_u64(), finding["state"].as_str()), (Some(4), Some("fixed")));
    assert_eq!(finding["package"]["name"], "libc6");
    assert_eq!(report["notCovered"][0]["name"], "Requests", "no feed speaks of PyPI here");
    let table = stdout_of(&arguments);
    assert!(table.contains("CVE-2023-4911") && table.contains("1 package is not covered"), "{table}");
}

#[test]
fn an_output_file_holds_the_data_and_standard_output_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.tar");
    debian().write_docker_archive(&path).unwrap();
    let file = directory.path().join("report.json");
    let out = stdout_of(&["scan", path.to_str().unwrap(), "--format", "json", "-o", file.to_str().unwrap()]);
    assert_eq!(out, "");
    let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["packages"].as_array().unwrap().len(), 2);
}

#[test]
fn a_pushed_scan_is_the_image_that_the_server_shows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.tar");
    debian().write_docker_archive(&path).unwrap();
    let server = Server::start(&directory.path().join("data"));
    let push = ["--push", &server.base, "--user", "admin", "--password", PASSWORD, "--tag", "team-a"];
    for _ in 0..2 {
        stdout_of(&[&["scan", path.to_str().unwrap()], &push[..]].concat());
    }
    let images = server.export("/csapi/v1.1/images/list");
    assert_eq!(images.len(), 1);
    let image = &images[0];
    assert_eq!(image["sha"].as_str(), Some(debian().build().id.0.to_hex().as_str()));
    assert_eq!(image["repo"][0]["registry"], "registry.example.com");
    assert_eq!(
        (image["repo"][0]["repository"].as_str(), image["repo"][0]["tag"].as_str()),
        (Some("team/web"), Some("1.4"))
    );
    assert_eq!(image["operatingSystem"], "Debian Linux 12");
    assert_eq!(image["softwares"].as_array().unwrap().len(), 2);
}

#[test]
fn damaged_images_are_refused_with_the_place_of_the_damage() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let fails = |name: &str| failure_of(&["scan", at(name).to_str().unwrap()]);

    debian().write_docker_archive(&at("whole.tar")).unwrap();
    let bytes = std::fs::read(at("whole.tar")).unwrap();
    std::fs::write(at("cut.tar"), &bytes[..bytes.len() / 2]).unwrap();
    assert!(fails("cut.tar").contains("cut.tar"));

    debian().compression(Compression::Gzip).write_oci_dir(&at("oci")).unwrap();
    let layer = &debian().compression(Compression::Gzip).build().layers[1];
    let blob = at("oci").join("blobs/sha256").join(layer.digest.to_hex());
    let mut damaged = layer.stored.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x40;
    std::fs::write(&blob, damaged).unwrap();
    let said = fails("oci");
    assert!(said.contains(&layer.digest.to_hex()), "{said}");
    std::fs::remove_file(&blob).unwrap();
    let said = fails("oci");
    assert!(said.contains(&layer.digest.to_hex()) && said.contains("missing"), "{said}");
}

#[test]
fn a_sparse_status_file_of_two_gigabytes_neither_fills_memory_nor_costs_the_report() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    debian().write_root_fs(&root).unwrap();
    std::fs::File::create(root.join("var/lib/dpkg/status")).unwrap().set_len(2 << 30).unwrap();
    let output = run(&["scan", root.to_str().unwrap(), "--format", "json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("var/lib/dpkg/status"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["packages"][0]["name"], "Requests");
    assert!(
        report["unreadable"].as_array().unwrap().iter().any(|place| place["path"] == "var/lib/dpkg/status")
    );
}

#[test]
fn names_in_an_image_cannot_steer_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("evil.tar");
    let status = "Package: e\u{1b}[31mvil\nStatus: install ok installed\nVersion: 1\u{7}\n";
    let layer = LayerBuilder::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\u{1b}[1m\"\n")
        .file("var/lib/dpkg/status", status)
        .file("srv/a\u{1b}]0;title\u{7}\nforged line/node_modules/x/package.json", "{\"name\":");
    ImageBuilder::new().name("evil\u{1b}[2J:1").layer(layer).write_docker_archive(&path).unwrap();
    let source = path.to_str().unwrap();
    let shown = run(&["scan", source]);
    let missing = run(&["scan", source, "--image", "none\u{1b}[2J"]);
    for bytes in [&shown.stdout, &shown.stderr, &missing.stderr] {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(!text.contains("\nforged line"), "{text:?}");
    }
    assert!(String::from_utf8_lossy(&shown.stdout).contains("e\\u{1b}[31mvil"));
    let report: Value = serde_json::from_str(&stdout_of(&["scan", source, "--format", "json"])).unwrap();
    assert_eq!(report["packages"][0]["name"], "e\u{1b}[31mvil", "programs get the name as it is");
}

#[test]
fn variables_of_the_environment_do_not_contradict_flags() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.tar");
    debian().write_docker_archive(&path).unwrap();
    let feeds = directory.path().join("feeds/debian");
    std::fs::create_dir_all(&feeds).unwrap();
    std::fs::write(
        feeds.join("json"),
        r#"{"glibc":{"CVE-1-1":{"releases":{"bookworm":{"status":"open"}}}}}"#,
    )
    .unwrap();
    let feeds = feeds.parent().unwrap().to_owned();
    let server = Server::start(&directory.path().join("data"));
    let with_variables = |arguments: &[&str]| {
        plimsoll()
            .args(["scan", path.to_str().unwrap(), "--no-cache"])
            .args(arguments)
            .envs([("PLIMSOLL_USER", "admin"), ("PLIMSOLL_PASSWORD", PASSWORD), ("PLIMSOLL_TOKEN", "")])
            .env("PLIMSOLL_DATA", directory.path().join("elsewhere"))
            .output()
            .unwrap()
    };
    let judged = with_variables(&["--feeds", feeds.to_str().unwrap()]);
    assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stderr));
    let pushed = with_variables(&["--push", &server.base]);
    assert!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
    let refused = with_variables(&["--push", &server.base, "--token", "a.b.c"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("401"), "the flag wins");
    let no_data = with_variables(&[]);
    assert_eq!(no_data.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&no_data.stderr).contains("elsewhere"), "the variable names the data");
}

#[test]
fn a_source_that_is_not_there_is_told_before_feeds_are_compiled() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("empty");
    std::fs::create_dir(&folder).unwrap();
    let said = failure_of(&["scan", "no/such.tar", "--feeds", folder.to_str().unwrap()]);
    assert!(said.contains("no/such.tar"), "{said}");
    assert_eq!(run(&["scan", "no/such.tar", "--log", "fleet=[loud"]).status.code(), Some(2), "wrong usage");
}

#[test]
fn a_cache_that_cannot_be_written_costs_neither_the_scan_nor_its_findings() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("web.tar");
    debian().write_docker_archive(&path).unwrap();
    let feeds = directory.path().join("feeds/debian");
    std::fs::create_dir_all(&feeds).unwrap();
    std::fs::write(
        feeds.join("json"),
        r#"{"glibc":{"CVE-1-1":{"releases":{"bookworm":{"status":"open"}}}}}"#,
    )
    .unwrap();
    let no_folder = directory.path().join("file");
    std::fs::write(&no_folder, "in the way").unwrap();
    let output = plimsoll()
        .args(["scan", path.to_str().unwrap(), "--format", "json", "--feeds"])
        .arg(feeds.parent().unwrap())
        .env("PLIMSOLL_CACHE_DIR", &no_folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("cannot be kept"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
}
