//! Package managers beside those of Debian, Alpine and Red Hat: whole images of each.

use std::path::Path;
use std::process::Command;

use testkit::LayerBuilder;

use crate::{lines, notes, report_of};

fn python(folder: &str, name: &str) -> (String, String) {
    let path = format!("{folder}/{name}-1.16.0.dist-info/METADATA");
    (path, format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.16.0\n"))
}

/// Adds every file under `folder` at its own place under `path`.
fn with_tree(mut layer: LayerBuilder, folder: &Path, path: &str) -> LayerBuilder {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{path}/{}", entry.file_name().to_string_lossy());
        layer = if entry.file_type().unwrap().is_dir() {
            with_tree(layer, &entry.path(), &path)
        } else {
            layer.file(path, std::fs::read(entry.path()).unwrap())
        };
    }
    layer
}

#[test]
fn a_package_that_pacman_installed_owns_its_python_package() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (path, content) = python("usr/lib/python3.11/site-packages", "six");
    std::fs::create_dir_all(at("package").join(&path).parent().unwrap()).unwrap();
    std::fs::create_dir_all(at("db")).unwrap();
    std::fs::create_dir_all(at("root")).unwrap();
    std::fs::write(at("package").join(&path), &content).unwrap();
    let about = "pkgname = python-six\npkgbase = six\npkgver = 1:1.16.0-9\npkgdesc = six\nbuilddate = 1\n\
                 packager = nobody\nsize = 10\narch = any\n";
    std::fs::write(at("package/.PKGINFO"), about).unwrap();
    std::fs::write(at("settings"), "[options]\nArchitecture = auto\nLocalFileSigLevel = Never\n").unwrap();
    let archive = at("six.pkg.tar");
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(at("package")).arg("-cf").arg(&archive).args([".PKGINFO", "usr"]);
    assert!(tar.status().unwrap().success());
    let pacman = |arguments: &[&str]| {
        let places = [("--config", "settings"), ("--root", "root"), ("--dbpath", "db")];
        let mut command = Command::new("pacman");
        places.iter().for_each(|(option, name)| {
            command.arg(option).arg(at(name));
        });
        command.args(arguments).output()
    };
    let installed = pacman(&["-U", "--noconfirm", "--dbonly", archive.to_str().unwrap()]);
    match installed {
        Ok(output) if output.status.success() => {}
        outcome => {
            eprintln!("skipped: pacman cannot install here: {outcome:?}");
            return;
        }
    }
    assert_eq!(String::from_utf8(pacman(&["-Q"]).unwrap().stdout).unwrap(), "python-six 1:1.16.0-9\n");

    let layer =
        LayerBuilder::new().file("etc/os-release", "ID=arch\nBUILD_ID=rolling\n").file(&path, content);
    let report = report_of([with_tree(layer, &at("db"), "var/lib/pacman")]);
    assert!(notes(&report).is_empty(), "{:?}", notes(&report));
    assert_eq!(
        lines(&report),
        [
            "python-six 1:1.16.0-9 0 var/lib/pacman/local/python-six-1:1.16.0-9/desc".to_owned(),
            format!("six 1.16.0 0 {path} (python-six)"),
        ]
    );
    assert_eq!(report.packages[0].purl, "pkg:alpm/arch/python-six@1:1.16.0-9?arch=any&distro=arch");
    assert_eq!(report.packages[0].source.as_ref().unwrap().name, "six");
}

#[test]
fn packages_of_portage_and_opkg_own_their_python_packages() {
    let (path, content) = python("usr/lib/python3.11/site-packages", "six");
    let package = "var/db/pkg/dev-python/six-1.16.0-r1";
    let gentoo = LayerBuilder::new()
        .file("etc/os-release", "ID=gentoo\nVERSION_ID=2.14\n")
        .file(format!("{package}/PF"), "six-1.16.0-r1\n")
        .file(format!("{package}/CONTENTS"), format!("dir /usr\nobj /{path} 0123 1690000000\n"))
        .file(&path, &content);
    let report = report_of([gentoo]);
    assert_eq!(
        lines(&report),
        [format!("dev-python/six 1.16.0-r1 0 {package}/PF"), format!("six 1.16.0 0 {path} (dev-python/six)"),]
    );
    assert_eq!(report.packages[0].purl, "pkg:ebuild/dev-python/six@1.16.0-r1?distro=gentoo");

    let openwrt = LayerBuilder::new()
        .file("etc/os-release", "ID=openwrt\nVERSION_ID=\"23.05.2\"\n")
        .file(
            "usr/lib/opkg/status",
            "Package: python3-six\nVersion: 1.16.0-1\nStatus: install user installed\nArchitecture: x86_64\n",
        )
        .file("usr/lib/opkg/info/python3-six.list", format!("/{path}\n"))
        .file(&path, &content);
    let report = report_of([openwrt]);
    assert_eq!(
        lines(&report),
        [
            "python3-six 1.16.0-1 0 usr/lib/opkg/status".to_owned(),
            format!("six 1.16.0 0 {path} (python3-six)"),
        ]
    );
}
