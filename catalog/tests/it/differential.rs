//! Random stacks of layers, laid over each other by `umoci unpack` and by a scan: both must see the same files.
//!
//! Many stacks share an image, each below a folder of its own, because unpacking costs a process. The number of stacks
//! is small in a run of all tests; `cargo xtask differential` asks for ten thousand.
//!
//! Left out is what readers disagree on: an entry below a symbolic link or a file of a lower layer. An overlay file
//! system, and a scan, let it replace the link; umoci writes through it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use testkit::{ImageBuilder, LayerBuilder};

use crate::{module, scan_dir};

/// Stacks of one image.
const BATCH: u64 = 40;

const FOLDERS: [&str; 4] = ["a", "b", "a/c", "a/c/d"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Folder,
    File,
    Link,
}

/// What a stack amounts to so far, with the layer of each path: enough to write no entry that readers disagree on.
#[derive(Default)]
struct Stack {
    paths: BTreeMap<String, (Kind, usize)>,
    /// What its layers hold, for the message of a difference.
    entries: Vec<String>,
}

impl Stack {
    fn kind(&self, path: &str) -> Option<Kind> {
        self.paths.get(path).map(|(kind, _)| *kind)
    }

    /// Whether an entry at `path` would lie below a link or a file.
    fn is_blocked(&self, path: &str) -> bool {
        let parents = path.match_indices('/').map(|(end, _)| &path[..end]);
        parents.into_iter().any(|parent| self.kind(parent).is_some_and(|kind| kind != Kind::Folder))
    }

    fn put(&mut self, path: &str, kind: Kind, layer: usize) {
        for (end, _) in path.match_indices('/') {
            self.paths.entry(path[..end].to_owned()).or_insert((Kind::Folder, layer));
        }
        if kind != Kind::Folder {
            self.remove_below(path, usize::MAX);
        }
        let known = self.kind(path) == Some(Kind::Folder) && kind == Kind::Folder;
        if !known {
            self.paths.insert(path.to_owned(), (kind, layer));
        }
    }

    /// Takes away what layers below `layer` hold at or under `path`.
    fn remove(&mut self, path: &str, layer: usize) {
        self.paths.retain(|known, (_, added)| known != path || *added >= layer);
        self.remove_below(path, layer);
    }

    fn remove_below(&mut self, path: &str, layer: usize) {
        let below = format!("{path}/");
        self.paths.retain(|known, (_, added)| !known.starts_with(&below) || *added >= layer);
    }

    fn tell(&mut self, layer: usize, entry: &str) {
        self.entries.push(format!("{layer}: {entry}"));
    }

    fn files(&self) -> Vec<&String> {
        self.paths.iter().filter(|(_, (kind, _))| *kind == Kind::File).map(|(path, _)| path).collect()
    }
}

/// Numbers that follow from a seed (SplitMix64, Steele et al., 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let index = self.below(list.len());
        &list[index]
    }
}

/// Adds one random entry of the stack below `top`.
fn add_entry(
    builder: LayerBuilder,
    stack: &mut Stack,
    random: &mut Random,
    top: &str,
    layer: usize,
) -> LayerBuilder {
    let folder = format!("{top}/{}", random.pick(&FOLDERS));
    let modules = format!("{folder}/node_modules");
    let one = format!("{modules}/m{}", random.below(3));
    let manifest = match random.below(5) {
        0 => format!("{top}/store/f{}", random.below(2)),
        _ => format!("{one}/package.json"),
    };
    let place = random.pick(&[&folder, &modules, &one, &manifest]).to_string();
    let action = random.below(12);
    if stack.is_blocked(if action < 5 { &manifest } else { &place }) {
        return builder;
    }
    match action {
        0..=3 => {
            stack.put(&manifest, Kind::File, layer);
            let version = format!("{}.0.0", random.below(4));
            stack.tell(layer, &format!("{manifest} version {version}"));
            builder.file(&manifest, module("m", &version))
        }
        4 => {
            let files = stack.files();
            if files.is_empty() {
                return builder;
            }
            let target = random.pick(&files).to_string();
            let into_itself = manifest == target || target.starts_with(&format!("{manifest}/"));
            if into_itself {
                return builder;
            }
            stack.put(&manifest, Kind::File, layer);
            stack.tell(layer, &format!("{manifest} hard link to {target}"));
            builder.hardlink(&manifest, target)
        }
        5 => {
            stack.put(&place, Kind::Folder, layer);
            stack.tell(layer, &format!("{place}/"));
            builder.dir(&place)
        }
        6 | 7 => {
            let target = format!("/{top}/{}", random.pick(&FOLDERS));
            stack.put(&place, Kind::Link, layer);
            stack.tell(layer, &format!("{place} -> {target}"));
            builder.symlink(&place, target)
        }
        8 => {
            stack.put(&place, Kind::File, layer);
            stack.tell(layer, &format!("{place} a file"));
            builder.file(&place, "no manifest")
        }
        9 | 10 => {
            stack.remove(&place, layer);
            stack.tell(layer, &format!("{place} removed"));
            builder.whiteout(&place)
        }
        _ => {
            if stack.kind(&place).is_some_and(|kind| kind != Kind::Folder) {
                return builder;
            }
            stack.remove_below(&place, layer);
            stack.put(&place, Kind::Folder, layer);
            stack.tell(layer, &format!("{place} opaque"));
            builder.dir(&place).opaque(&place)
        }
    }
}

/// An image of [`BATCH`] stacks.
fn image_of(seed: u64) -> (ImageBuilder, Vec<Stack>) {
    let mut random = Random(seed);
    let mut stacks: Vec<Stack> = (0..BATCH).map(|_| Stack::default()).collect();
    let mut image = ImageBuilder::new().name("differential:latest");
    for layer in 0..2 + random.below(5) {
        let mut builder = LayerBuilder::new();
        for (number, stack) in stacks.iter_mut().enumerate() {
            for _ in 0..random.below(8) {
                builder = add_entry(builder, stack, &mut random, &format!("s{number}"), layer);
            }
        }
        image = image.layer(builder);
    }
    (image, stacks)
}

/// `path version` of all manifests of modules in an unpacked tree; links are not followed.
fn unpacked(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                open.push(entry.path());
                continue;
            }
            let path = entry.path();
            let relative = path.strip_prefix(root).unwrap().display().to_string();
            if !kind.is_file()
                || !relative.contains("/node_modules/m")
                || !relative.ends_with("/package.json")
            {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            if let Some((_, version)) = text.split_once("\"version\":\"") {
                found.insert(format!("{relative} {}", version.trim_end_matches("\"}")));
            }
        }
    }
    found
}

fn compare(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (layout, bundle) = (folder.path().join("layout"), folder.path().join("bundle"));
    let (image, stacks) = image_of(seed);
    image.write_oci_dir(&layout).unwrap();
    let mut umoci = Command::new("umoci");
    umoci.args(["unpack", "--rootless", "--image"]).arg(format!("{}:latest", layout.display())).arg(&bundle);
    let output = umoci.output().expect("umoci is installed by `cargo xtask setup`");
    assert!(output.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&output.stderr));
    let truth = unpacked(&bundle.join("rootfs"));
    let report = scan_dir(&layout, None).unwrap();
    let seen: BTreeSet<String> =
        report.packages.iter().map(|record| format!("{} {}", record.path, record.version)).collect();
    let (missed, invented): (Vec<_>, Vec<_>) =
        (truth.difference(&seen).collect(), seen.difference(&truth).collect());
    let Some(first) = missed.iter().chain(&invented).next() else { return };
    let number = first[1..].split_once('/').and_then(|(number, _)| number.parse::<usize>().ok());
    let whole = number.map(|number| stacks[number].entries.join("\n")).unwrap_or_default();
    panic!("seed {seed}: missed {missed:?}, invented {invented:?}; the stack by layers:\n{whole}");
}

#[test]
fn a_scan_sees_the_files_that_umoci_unpacks() {
    let asked =
        std::env::var("PLIMSOLL_STACKS").ok().map(|text| text.parse().expect("PLIMSOLL_STACKS is a number"));
    let stacks: u64 = asked.unwrap_or(400);
    for seed in 0..stacks.div_ceil(BATCH) {
        compare(seed);
    }
}
