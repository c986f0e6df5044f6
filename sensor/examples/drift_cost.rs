//! Measures what a look at a container costs: `drift_cost OCI_LAYOUT` lays writable layers over the layers of an image and
//! prints the figures as JSON. Run by `cargo xtask bench drift`.
//!
//! All looks are made by one thread. A *first look* knows nothing of the container; *unchanged* is a look at a container of
//! which everything was seen before; *one file more* is a look after a script was dropped into it.

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use catalog::ScanOptions;
use image::{Entry, EntryKind, LayerVisitor};
use sensor::drift::{DriftError, ImageState, Limits, Memory, check};
use sensor::runtime::WritableLayer;

/// How long a change must lie back before a look may rely on the times of files.
const SETTLE: Duration = Duration::from_millis(2_200);

/// Looks of each kind at a single container; the middle one counts.
const RUNS: usize = 9;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let path = std::env::args().nth(1).ok_or("usage: drift_cost OCI_LAYOUT")?;
    let image = image::open(&image::Source::OciDir(path.into()), &image::OpenOptions::default())?;
    let folder = Folder::new()?;
    let mut entries = 0;
    let mut lower = Vec::new();
    for index in 0..image.layer_count() {
        let root = folder.0.join(format!("lower/{index}"));
        fs::create_dir_all(&root)?;
        let mut unpack = Unpack { root: root.clone(), entries: 0 };
        image.read_layer(index, &mut unpack)?;
        entries += unpack.entries;
        lower.insert(0, root);
    }
    let begun = Instant::now();
    let options = ScanOptions { secrets: false, ..ScanOptions::default() };
    let state = Arc::new(ImageState::read(&image, &options)?);
    let image_seconds = begun.elapsed().as_secs_f64();
    let bench = Bench { folder: &folder.0, lower, state: Arc::clone(&state) };
    let rows = vec![
        bench.of("nothing", 1, &|_| Ok(()))?,
        bench.of("1 file", 1, &|root| script(root, 0))?,
        bench.of("1,000 files in 100 packages", 1, &|root| installed(root, 100))?,
        bench.of("10 files", 1_000, &|root| (0..10).try_for_each(|number| script(root, number)))?,
        bench.of(
            "1 in 10 with 100 files, else 1",
            1_000,
            &|root| match root.to_string_lossy().ends_with('0') {
                true => installed(root, 10),
                false => script(root, 0),
            },
        )?,
    ];
    let figures = serde_json::json!({
        "packages": state.packages().len(),
        "entries": entries,
        "imageSeconds": image_seconds,
        "imageMebibytes": state.bytes() as f64 / f64::from(1 << 20),
        "rows": rows,
    });
    #[expect(clippy::print_stdout, reason = "the figures are the result")]
    {
        println!("{figures}");
    }
    Ok(())
}

struct Bench<'b> {
    folder: &'b Path,
    lower: Vec<PathBuf>,
    state: Arc<ImageState>,
}

impl Bench<'_> {
    /// Looks at `count` containers, each filled by `fill`. Times are milliseconds for all of them together.
    fn of(
        &self,
        name: &str,
        count: usize,
        fill: &dyn Fn(&Path) -> Result<(), Failure>,
    ) -> Result<serde_json::Value, Failure> {
        let mut layers = Vec::with_capacity(count);
        for number in 0..count {
            let upper = self.folder.join(format!("upper/{number}"));
            fs::create_dir_all(&upper)?;
            fill(&upper)?;
            layers.push(WritableLayer::Overlay { upper, lower: self.lower.clone() });
        }
        std::thread::sleep(SETTLE);
        let runs = if count == 1 { RUNS } else { 1 };
        let mut memories: Vec<Memory> = Vec::new();
        let first = median(runs, || {
            memories = layers.iter().map(|_| Memory::default()).collect();
            self.look(&layers, &mut memories, true)
        })?;
        let unchanged = median(runs, || self.look(&layers, &mut memories, false))?;
        for layer in &layers {
            if let WritableLayer::Overlay { upper, .. } = layer {
                script(upper, 99)?;
            }
        }
        let changed = median(1, || self.look(&layers, &mut memories, true))?;
        let memory: usize = memories.iter().map(Memory::bytes).sum();
        fs::remove_dir_all(self.folder.join("upper"))?;
        Ok(serde_json::json!({
            "layer": name, "containers": count, "first": first, "unchanged": unchanged, "changed": changed,
            "memoryKibibytes": memory as f64 / 1_024.0,
        }))
    }

    fn look(&self, layers: &[WritableLayer], memories: &mut [Memory], is_news: bool) -> Result<(), Failure> {
        let limits = Limits::default();
        for (layer, memory) in layers.iter().zip(memories) {
            let told = check::<DriftError>(layer, memory, &limits, || Ok(Arc::clone(&self.state)))?;
            if told.is_some() != is_news {
                return Err(format!("a look at {layer:?} told {told:?}").into());
            }
        }
        Ok(())
    }
}

fn median(runs: usize, mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[runs / 2])
}

fn script(root: &Path, number: usize) -> Result<(), Failure> {
    let path = root.join(format!("usr/local/bin/dropped{number}"));
    fs::create_dir_all(root.join("usr/local/bin"))?;
    fs::write(&path, "#!/bin/sh\nexec true\n")?;
    Ok(fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?)
}

/// What `pip install` leaves behind: ten files of each package.
fn installed(root: &Path, packages: usize) -> Result<(), Failure> {
    let site = root.join("usr/local/lib/python3.11/site-packages");
    for package in 0..packages {
        let metadata = site.join(format!("package{package}-1.0.dist-info"));
        let code = site.join(format!("package{package}"));
        fs::create_dir_all(&metadata)?;
        fs::create_dir_all(&code)?;
        fs::write(
            metadata.join("METADATA"),
            format!("Metadata-Version: 2.1\nName: package{package}\nVersion: 1.0\n"),
        )?;
        fs::write(metadata.join("RECORD"), format!("package{package}/m0.py,sha256=x,9\n"))?;
        for number in 0..8 {
            fs::write(code.join(format!("m{number}.py")), "import os\n".repeat(100))?;
        }
    }
    Ok(())
}

/// Writes the directories, files and links of a layer as a runtime keeps them.
struct Unpack {
    root: PathBuf,
    entries: u64,
}

impl LayerVisitor for Unpack {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        self.entries += 1;
        let place = self.root.join(std::ffi::OsStr::from_bytes(entry.path));
        let link = || std::ffi::OsStr::from_bytes(entry.link.unwrap_or_default());
        if let Some(parent) = place.parent() {
            let _ = fs::create_dir_all(parent);
        }
        let written = match entry.kind {
            EntryKind::Directory => fs::create_dir_all(&place),
            EntryKind::Symlink => symlink(link(), &place),
            EntryKind::HardLink => fs::hard_link(self.root.join(link()), &place),
            EntryKind::File => fs::File::create(&place).and_then(|mut file| {
                std::io::copy(content, &mut file)?;
                fs::set_permissions(&place, fs::Permissions::from_mode(entry.mode))
            }),
            // what hides lower layers makes no difference to what is measured
            EntryKind::Whiteout | EntryKind::Opaque | EntryKind::Other => Ok(()),
        };
        // a second entry of one path, a link to another layer: none of them is looked at here
        let _ = written;
    }
}

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("plimsoll-drift-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
