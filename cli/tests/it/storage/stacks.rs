//! Any stack of layers that podman unpacked is read as the archive that it was loaded from.

use std::collections::{BTreeMap, BTreeSet};

use image::{OpenOptions, Source, StorageOptions};
use model::ScanReport;
use serde_json::json;
use testkit::{Blobs, LayerBuilder};

use super::engines::{Driver, Folder, Podman, can_run};
use super::metadata;

/// How many stacks there are, each of some layers.
const STACKS: usize = 16;

/// Numbers that look random and are the same in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}

/// What the layers so far show: each path, and whether it is a directory.
type View = BTreeMap<String, bool>;

/// One layer under construction. Each path is spoken of once: where a layer contradicts itself, every tool has
/// its own idea of what is meant.
#[derive(Default)]
struct Layer {
    directories: BTreeSet<String>,
    leaves: Vec<(String, Leaf)>,
    removed: Vec<String>,
    opaque: BTreeSet<String>,
}

enum Leaf {
    Package(String),
    Symlink,
    HardLink(String),
}

fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    path.char_indices().filter(|(_, letter)| *letter == '/').map(|(at, _)| &path[..at])
}

fn is_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

impl Layer {
    fn is_free(&self, path: &str) -> bool {
        let taken = |known: &str| known == path || is_below(path, known) || is_below(known, path);
        !self.leaves.iter().any(|(known, _)| taken(known))
            && !self.removed.iter().any(|known| taken(known))
            && !self.directories.contains(path)
    }

    fn add(&mut self, path: String, leaf: Leaf) {
        if self.is_free(&path) {
            self.directories.extend(ancestors(&path).map(str::to_owned));
            self.leaves.push((path, leaf));
        }
    }

    fn random(numbers: &mut Numbers, view: &View) -> Self {
        const FOLDERS: [&str; 8] = ["a", "a/b", "a/b/c", "a/d", "e", "e/f", "e/f/a", "g"];
        let mut layer = Self::default();
        for _ in 0..1 + numbers.below(6) {
            let folder = *numbers.pick(&FOLDERS);
            let known: Vec<String> = view.keys().cloned().collect();
            match numbers.below(8) {
                0..=3 => {
                    let name = format!("p{}", numbers.below(9));
                    layer.add(format!("{folder}/{name}-1.dist-info/METADATA"), Leaf::Package(name));
                }
                4 if !known.is_empty() => {
                    let path = numbers.pick(&known).clone();
                    if layer.is_free(&path) {
                        layer.directories.extend(ancestors(&path).map(str::to_owned));
                        layer.removed.push(path);
                    }
                }
                5 if view.get(folder) == Some(&true)
                    && !layer.removed.iter().any(|path| path == folder || is_below(folder, path)) =>
                {
                    layer.directories.extend(ancestors(folder).chain([folder]).map(str::to_owned));
                    layer.opaque.insert(folder.to_owned());
                }
                6 => layer.add(folder.to_owned(), Leaf::Symlink),
                7 => {
                    let files: Vec<String> = layer
                        .leaves
                        .iter()
                        .filter(|(_, leaf)| matches!(leaf, Leaf::Package(_)))
                        .map(|(path, _)| path.clone())
                        .collect();
                    if !files.is_empty() {
                        let target = numbers.pick(&files).clone();
                        let path = format!("{folder}/link{}.dist-info/METADATA", numbers.below(4));
                        layer.add(path, Leaf::HardLink(target));
                    }
                }
                _ => {}
            }
        }
        // a link or whiteout above an opaque directory or the other way round is a contradiction, too
        let blocked =
            |path: &String| layer.leaves.iter().any(|(leaf, _)| leaf == path || is_below(path, leaf));
        layer.opaque = layer.opaque.iter().filter(|path| !blocked(path)).cloned().collect();
        let leaves = &layer.leaves;
        layer.directories.retain(|path| !leaves.iter().any(|(leaf, _)| leaf == path || is_below(path, leaf)));
        layer
    }

    fn apply(&self, view: &mut View) {
        view.retain(|path, _| {
            !self.removed.iter().any(|removed| path == removed || is_below(path, removed))
                && !self.opaque.iter().any(|opaque| is_below(path, opaque))
        });
        for directory in &self.directories {
            if view.insert(directory.clone(), true) == Some(false) {
                view.retain(|path, _| !is_below(path, directory));
            }
        }
        for (path, _) in &self.leaves {
            view.retain(|known, _| !is_below(known, path));
            view.insert(path.clone(), false);
        }
    }

    fn build(&self) -> LayerBuilder {
        let mut layer = LayerBuilder::new();
        for directory in &self.directories {
            layer = layer.dir(directory);
        }
        for path in &self.removed {
            layer = layer.whiteout(path);
        }
        for path in &self.opaque {
            layer = layer.opaque(path);
        }
        for (path, leaf) in &self.leaves {
            layer = match leaf {
                Leaf::Package(name) => layer.file(path, metadata(name)),
                Leaf::Symlink => layer.symlink(path, "elsewhere"),
                Leaf::HardLink(target) => layer.hardlink(path, target),
            };
        }
        layer
    }
}

/// An archive of all stacks, so that podman has to be asked once only; gives the names of the images.
fn archive(path: &std::path::Path) -> Vec<String> {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut blobs = Blobs::default();
    let (mut manifest, mut names) = (Vec::new(), Vec::new());
    for stack in 0..STACKS {
        let mut view = View::new();
        let mut image = testkit::ImageBuilder::new();
        for _ in 0..2 + numbers.below(3) {
            let layer = Layer::random(&mut numbers, &view);
            layer.apply(&mut view);
            image = image.layer(layer.build());
        }
        let built = image.compression(testkit::Compression::None).label("stack", &stack.to_string()).build();
        let name = format!("localhost/stack:{stack}");
        let config = format!("{}.json", built.id.0.to_hex());
        let mut layers = Vec::new();
        for layer in &built.layers {
            let path = format!("{}.tar", layer.digest.to_hex());
            blobs.put(&path, layer.stored.clone());
            layers.push(path);
        }
        blobs.put(&config, built.config);
        manifest.push(json!({ "Config": config, "RepoTags": [name], "Layers": layers }));
        names.push(name);
    }
    blobs.put("manifest.json", serde_json::to_vec(&manifest).unwrap());
    blobs.write_tar(path).unwrap();
    names
}

fn read(source: &Source, options: &OpenOptions) -> ScanReport {
    let image = image::open(source, options).unwrap();
    catalog::scan(&image, &catalog::ScanOptions { threads: 1, ..catalog::ScanOptions::default() }).unwrap()
}

#[test]
fn any_stack_of_layers_is_read_from_a_storage_as_from_its_archive() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let path = folder.join("stacks.tar");
    let names = archive(&path);
    let of_archive = |name: &String| {
        let options = OpenOptions { reference: Some(name.clone()), ..OpenOptions::default() };
        read(&Source::DockerArchive(path.clone()), &options)
    };
    let expected: Vec<ScanReport> = names.iter().map(of_archive).collect();
    let found: usize = expected.iter().map(|report| report.packages.len()).sum();
    assert!(found > 2 * STACKS, "the stacks are worth a look: {found} packages");
    let compare = |driver: Driver| {
        let podman = Podman::new(driver);
        podman.load(&path);
        let storage = StorageOptions { root: Some(podman.root()), ..StorageOptions::default() };
        let options = OpenOptions { storage, ..OpenOptions::default() };
        for (name, expected) in names.iter().zip(&expected) {
            let stored = read(&Source::detect(&format!("podman:{name}")).unwrap(), &options);
            assert_eq!(stored.packages, expected.packages, "{name} in {driver:?}");
            assert_eq!(stored.image.id, expected.image.id, "{name} in {driver:?}");
            assert_eq!(stored.unreadable, expected.unreadable, "{name} in {driver:?}");
        }
    };
    std::thread::scope(|scope| {
        for driver in [Driver::Overlay, Driver::Fuse, Driver::Vfs] {
            scope.spawn({
                let compare = &compare;
                move || compare(driver)
            });
        }
    });
}
