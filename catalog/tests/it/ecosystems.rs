//! One small image per ecosystem, whole reports as snapshots.

use model::{ScanReport, Timestamp};
use testkit::LayerBuilder;

use crate::{lines, module, report_of, stanza, zip};

fn shown(mut report: ScanReport) -> ScanReport {
    report.scanned_at = Timestamp(0);
    report
}

macro_rules! assert_report {
    ($name:literal, $report:expr) => {
        insta::with_settings!({ filters => vec![
            (r"sha256:[0-9a-f]{64}", "[digest]"),
            (r#""size": \d+"#, r#""size": "[bytes]""#),
        ] }, {
            insta::assert_json_snapshot!($name, shown($report));
        });
    };
}

#[test]
fn a_debian_image_with_python_in_and_outside_of_packages() {
    let six = "usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO";
    let base = LayerBuilder::new()
        .dir("etc")
        .symlink("etc/os-release", "../usr/lib/os-release")
        .file(
            "usr/lib/os-release",
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
             VERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
        )
        .file("etc/debian_version", "12.5\n")
        .file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\n")
        .file(
            "var/lib/dpkg/status",
            format!(
                "{}Package: libssl3\nStatus: install ok installed\nSource: openssl (3.0.11-1)\nArchitecture: amd64\n\
                 Version: 3.0.11-1+b1\n\nPackage: git\nStatus: deinstall ok config-files\nVersion: 1\n\n{}",
                stanza("base-files", "12.4+deb12u5"),
                stanza("python3-six", "1.16.0-4"),
            ),
        )
        .file("var/lib/dpkg/info/python3-six.list", format!("/.\n/usr\n/{six}\n"))
        .file(six, "Metadata-Version: 1.2\nName: six\nVersion: 1.16.0\n\n");
    let app = LayerBuilder::new().created_by("RUN pip install flask").file(
        "usr/local/lib/python3.11/dist-packages/Flask-2.0.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: Flask\nVersion: 2.0.0\n\nbody\n",
    );
    assert_report!("debian_python", report_of([base, app]));
}

#[test]
fn an_alpine_image_with_node_modules() {
    let base = LayerBuilder::new()
        .file("etc/os-release", "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.18.4\n")
        .file("etc/alpine-release", "3.18.4\n")
        .file(
            "lib/apk/db/installed",
            "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:ld-musl-x86_64.so.1\n\n\
             P:npm\nV:9.6.6-r0\nA:x86_64\no:npm\nF:usr/lib/node_modules/npm\nR:package.json\n\n",
        )
        .file("usr/lib/node_modules/npm/package.json", module("npm", "9.6.6"));
    let app = LayerBuilder::new()
        .file("app/package.json", module("app", "1.0.0"))
        .file("app/node_modules/lodash/package.json", format!("\u{feff}{}", module("lodash", "4.17.20")))
        .file("app/node_modules/lodash/test/package.json", module("fixture", "1.0.0"))
        .file("app/node_modules/@babel/core/package.json", module("@babel/core", "7.0.0"))
        .file("app/node_modules/bad/package.json", "{\"name\": ");
    assert_report!("alpine_node", report_of([base, app]));
}

#[test]
fn a_distroless_image_with_java() {
    let pom =
        |artifact: &str| format!("groupId=org.example\nartifactId={artifact}\nversion=1.2.3\n").into_bytes();
    let library = zip(&[("META-INF/maven/org.example/library/pom.properties", &pom("library"))]);
    let base = LayerBuilder::new()
        .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .file(
            "var/lib/dpkg/status.d/libc6",
            "Package: libc6\nSource: glibc\nVersion: 2.36-9\nArchitecture: amd64\n",
        )
        .file("var/lib/dpkg/status.d/libc6.md5sums", "0 usr/lib/libc.so.6\n");
    let app = LayerBuilder::new()
        .file(
            "opt/SHOP.WAR",
            zip(&[
                ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n"),
                ("WEB-INF/lib/library-1.2.3.jar", &library),
                ("META-INF/maven/org.example/shop/pom.properties", &pom("shop")),
            ]),
        )
        .file("opt/broken.jar", "this is no archive");
    assert_report!("distroless_java", report_of([base, app]));
}

#[test]
fn a_language_package_is_linked_to_its_os_package_across_merged_usr_and_inside_archives() {
    let inner =
        zip(&[("META-INF/maven/g/inner/pom.properties", b"groupId=g\nartifactId=inner\nversion=1\n")]);
    let info = "var/lib/dpkg/info";
    let lower = LayerBuilder::new()
        .file(format!("{info}/liboops-java.list"), "/usr/share/java/outer.jar\n")
        .file(format!("{info}/python3-a:amd64.list"), "/lib/python3/dist-packages/a-1.egg-info\n");
    let upper = LayerBuilder::new()
        .file("usr/share/java/outer.jar", zip(&[("lib/inner.jar", &inner)]))
        .file("usr/lib/python3/dist-packages/a-1.egg-info", "Name: a\nVersion: 1\n")
        .file("usr/lib/python3/dist-packages/b-1.egg-info", "Name: b\nVersion: 1\n");
    assert_eq!(
        lines(&report_of([lower, upper])),
        [
            "a 1 1 usr/lib/python3/dist-packages/a-1.egg-info (python3-a)",
            "b 1 1 usr/lib/python3/dist-packages/b-1.egg-info",
            "g:inner 1 1 usr/share/java/outer.jar!/lib/inner.jar (liboops-java)",
        ]
    );
}
