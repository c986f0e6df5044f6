//! An image with its layers in directories, and a container over it: in a mount of overlayfs if that can be had, so that the
//! kernel writes the layer; else the layer is written as the kernel would.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use catalog::ScanOptions;
use image::OverlayNames;
use model::{Drift, PackageRecord};
use testkit::{ImageBuilder, LayerBuilder};

use crate::drift::{ImageState, Limits, Memory, read};
use crate::runtime::WritableLayer;

/// Path, mode and content.
pub(crate) type File<'f> = (&'f str, u32, &'f str);

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) image: Arc<ImageState>,
    pub(crate) lower: Vec<PathBuf>,
    is_mounted: bool,
}

pub(crate) fn stanza(name: &str, version: &str) -> String {
    format!("Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n\n")
}

pub(crate) fn write(root: &Path, path: &str, mode: u32, content: &str) {
    let place = root.join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, content).unwrap();
    fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
}

/// Copies a tree with all its times.
pub(crate) fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

impl World {
    /// An image of these layers, lowest first.
    pub(crate) fn of(layers: &[&[File<'_>]]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut builder = ImageBuilder::new();
        let mut lower = Vec::new();
        for (number, files) in layers.iter().enumerate() {
            let root = at(&format!("lower{number}"));
            fs::create_dir(&root).unwrap();
            let mut layer = LayerBuilder::new();
            for (path, mode, content) in *files {
                write(&root, path, *mode, content);
                layer = layer.file_with_mode(path, *mode, content);
            }
            builder = builder.layer(layer);
            lower.insert(0, root);
        }
        builder.write_oci_dir(&at("image")).unwrap();
        let source = image::Source::OciDir(at("image"));
        let image = image::open(&source, &image::OpenOptions::default()).unwrap();
        let image =
            ImageState::read(&image, &ScanOptions { secrets: false, ..ScanOptions::default() }).unwrap();
        for name in ["diff", "work", "merged"] {
            fs::create_dir(at(name)).unwrap();
        }
        let mut world = Self { folder, image: Arc::new(image), lower, is_mounted: false };
        world.is_mounted = world.mount();
        world
    }

    fn mount(&self) -> bool {
        let lower: Vec<_> = self.lower.iter().map(|path| path.display().to_string()).collect();
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let options =
            format!("lowerdir={},upperdir={},workdir={}", lower.join(":"), path("diff"), path("work"));
        let mut mount = Command::new("mount");
        mount.args(["-t", "overlay", "overlay", "-o", &options]).arg(path("merged"));
        mount.output().is_ok_and(|output| output.status.success())
    }

    /// Whether the kernel writes the layer.
    pub(crate) fn is_mounted(&self) -> bool {
        self.is_mounted
    }

    /// What the container sees; its own layer alone if nothing is mounted.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join(if self.is_mounted { "merged" } else { "diff" })
    }

    pub(crate) fn upper(&self) -> PathBuf {
        self.folder.path().join("diff")
    }

    pub(crate) fn layer(&self) -> WritableLayer {
        WritableLayer::Overlay { upper: self.upper(), lower: self.lower.clone() }
    }

    pub(crate) fn write(&self, path: &str, mode: u32, content: &str) {
        write(&self.root(), path, mode, content);
    }

    /// Removes a file or a directory.
    pub(crate) fn remove(&self, path: &str) {
        let place = self.root().join(path);
        match fs::symlink_metadata(&place) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&place).unwrap(),
            Ok(_) => fs::remove_file(&place).unwrap(),
            Err(_) => assert!(!self.is_mounted, "{path} is not there"),
        }
        if !self.is_mounted && self.lower.iter().any(|lower| lower.join(path).symlink_metadata().is_ok()) {
            self.whiteout(path);
        }
    }

    /// A whiteout as root makes it, or by its name where that is refused.
    pub(crate) fn whiteout(&self, path: &str) {
        let place = self.upper().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let device = rustix::fs::makedev(0, 0);
        let (kind, mode) = (rustix::fs::FileType::CharacterDevice, rustix::fs::Mode::empty());
        if rustix::fs::mknodat(rustix::fs::CWD, &place, kind, mode, device).is_err() {
            let name = format!(".wh.{}", place.file_name().unwrap().to_str().unwrap());
            fs::write(place.with_file_name(name), "").unwrap();
        }
    }

    /// The marks that this world is made with.
    pub(crate) fn limits(&self) -> Limits {
        let is_root = fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
        let marks = if is_root { OverlayNames::Trusted } else { OverlayNames::Fuse };
        Limits { marks: Some(marks), ..Limits::default() }
    }

    /// The drift, read afresh.
    pub(crate) fn read(&self) -> Drift {
        read(&self.layer(), &self.image, &mut Memory::default(), &self.limits()).unwrap()
    }

    /// What a scan of all that the container sees finds.
    pub(crate) fn scanned(&self) -> Vec<PackageRecord> {
        let source = image::Source::detect(self.root().to_str().unwrap()).unwrap();
        let image = image::open(&source, &image::OpenOptions::default()).unwrap();
        ImageState::read(&image, &ScanOptions::default()).unwrap().packages().to_vec()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.is_mounted {
            let _ = Command::new("umount").arg("-l").arg(self.folder.path().join("merged")).status();
        }
    }
}
