//! Credentials in whole images: layers, owners, the config, the cache.

use model::ScanReport;
use testkit::{ImageBuilder, LayerBuilder};

use crate::{report_of, scan_dir};

/// Made here, so that the repository holds none.
fn token() -> String {
    format!("ghp{}{}", '_', "a8Kq0Zr5Tn3Wv7Yb2Xc6Md9Lf4Hg1Js8Pe3U")
}

fn places(report: &ScanReport) -> Vec<String> {
    let line = |secret: &model::SecretRecord| {
        format!("{} {}:{} {:?} {}", secret.rule, secret.path, secret.line, secret.layer, secret.masked)
    };
    report.secrets.iter().map(line).collect()
}

#[test]
fn a_secret_is_reported_with_its_layer_even_if_an_upper_layer_takes_the_file_away() {
    let settings = format!("# settings\nTOKEN = '{}'\n", token());
    let lower = LayerBuilder::new().file("app/settings.py", &settings).file("app/plain.py", "x = 1\n");
    let report = report_of([LayerBuilder::new(), lower, LayerBuilder::new().whiteout("app/settings.py")]);
    assert_eq!(places(&report), ["github-token app/settings.py:2 Some(1) ghp_****3U"]);
    assert!(!serde_json::to_string(&report).unwrap().contains(&token()[4..]));
}

#[test]
fn what_an_os_package_owns_is_no_secret_and_the_same_elsewhere_is_one() {
    let settings = format!("TOKEN = '{}'\n", token());
    let layer = LayerBuilder::new()
        .file("opt/tool/a.conf", &settings)
        .file("opt/tool/b.conf", &settings)
        .file("usr/share/tool/c.conf", &settings)
        .file("app/node_modules/a/d.js", &settings)
        .file("var/lib/dpkg/info/tool.list", "/.\n/opt/tool/a.conf\n");
    assert_eq!(places(&report_of([layer])), ["github-token opt/tool/b.conf:1 Some(0) ghp_****3U"]);
}

#[test]
fn a_later_file_of_the_same_path_takes_the_place_of_one_with_a_secret() {
    let settings = format!("TOKEN = '{}'\n", token());
    let layer = LayerBuilder::new()
        .file("app/a.conf", &settings)
        .file("app/a.conf", "nothing\n")
        .file("app/b.conf", &settings)
        .hardlink("app/c.conf", "app/b.conf")
        .hardlink("app/d.conf", "app/plain");
    let report = report_of([layer]);
    assert_eq!(
        places(&report),
        ["github-token app/b.conf:1 Some(0) ghp_****3U", "github-token app/c.conf:1 Some(0) ghp_****3U",]
    );
}

#[test]
fn a_scan_without_secrets_looks_for_none_and_keeps_results_of_its_own() {
    let layer = LayerBuilder::new().file("app/a.conf", format!("TOKEN = '{}'\n", token()));
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    ImageBuilder::new().layer(layer).write_oci_dir(folder.path()).unwrap();
    let source = image::Source::OciDir(folder.path().to_owned());
    let image = image::open(&source, &image::OpenOptions::default()).unwrap();
    for _ in 0..2 {
        let with = scan_dir(folder.path(), Some(cache.path())).unwrap();
        assert_eq!(with.secrets.len(), 1);
        let cache = Some(cache.path().to_owned());
        let options = catalog::ScanOptions { secrets: false, cache, ..catalog::ScanOptions::default() };
        assert!(catalog::scan(&image, &options).unwrap().secrets.is_empty());
    }
}

#[test]
fn a_scan_that_looks_for_no_secrets_does_not_tell_those_of_the_config_or_of_a_version_either() {
    let lock = format!(
        r#"{{"lockfileVersion":1,"dependencies":{{"shop":{{"version":"git+https://{}@example.org/shop.git#0123"}}}}}}"#,
        token()
    );
    let broken = format!(r#"{{"version":1,"dependencies":"{}"}}"#, token());
    let layer = LayerBuilder::new().file("a/package-lock.json", lock).file("b/packages.lock.json", broken);
    let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    ImageBuilder::new()
        .env(&format!("DEPLOY_TOKEN={}", token()))
        .layer(layer)
        .write_oci_dir(folder.path())
        .unwrap();
    let image = image::open(&image::Source::OciDir(folder.path().to_owned()), &image::OpenOptions::default())
        .unwrap();
    for secrets in [false, true] {
        let cache = Some(cache.path().to_owned());
        let options = catalog::ScanOptions { secrets, cache, ..catalog::ScanOptions::default() };
        let report = catalog::scan(&image, &options).unwrap();
        let text = serde_json::to_string(&report).unwrap();
        assert!(!text.contains(&token()), "{text}");
        assert_eq!(report.unreadable.len(), 1, "{text}");
        assert_eq!(report.secrets.len(), usize::from(secrets), "{text}");
    }
    for file in std::fs::read_dir(cache.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&token()));
    }
}

#[test]
fn well_known_programs_and_libraries_are_told_by_their_version_texts() {
    let elf = |text: &str| [&b"\x7fELF\x02\x01\x01"[..], &[0; 300], text.as_bytes()].concat();
    let layer = LayerBuilder::new()
        .file_with_mode("opt/nginx/sbin/nginx", 0o755, elf("nginx version: nginx/1.25.3\n"))
        .file("usr/lib/libcrypto.so.3", elf("OpenSSL 3.0.11 19 Sep 2023"))
        .file("opt/nginx/html/nginx", "nginx version: nginx/1.25.3\n")
        .file("opt/java/release", "JAVA_VERSION=\"17.0.9\"\n")
        .file("var/lib/dpkg/info/libssl3.list", "/usr/lib/libcrypto.so.3\n");
    let report = report_of([layer]);
    let found: Vec<_> = report
        .packages
        .iter()
        .map(|record| (record.purl.as_str(), record.path.as_str(), record.owned_by.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("pkg:generic/nginx@1.25.3", "opt/nginx/sbin/nginx", None),
            ("pkg:generic/openjdk@17.0.9", "opt/java/release", None),
            ("pkg:generic/openssl@3.0.11", "usr/lib/libcrypto.so.3", Some("libssl3")),
        ]
    );
}
