//! Archives and images that real tools wrote.
//!
//! GNU tar is asked for where it is installed. The images are those that `cargo xtask fixtures` makes;
//! without them there is nothing to compare.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use image::{Entry, LayerVisitor, OpenOptions, Source};
use model::Digest;
use testkit::{ImageBuilder, LayerBuilder};

use crate::collect::{Collect, Reading, Seen, open, read_one};

fn by_path(seen: Vec<Seen>) -> BTreeMap<Vec<u8>, Seen> {
    seen.into_iter().map(|seen| (seen.path.clone(), seen)).collect()
}

#[test]
fn a_tree_packed_by_gnu_tar_in_any_format_reads_as_the_tree_itself() {
    if !Command::new("tar")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.stdout.starts_with(b"tar (GNU tar)"))
    {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let short = LayerBuilder::new()
        .file("etc/passwd", "root")
        .file(b"bytes \xff\xfe\n", "1")
        .symlink("link", "../etc/passwd")
        .dir("empty")
        .file("zero", "")
        .file("exactly", [b'x'; 512])
        .zeros("large", 3 << 20);
    let long = short
        .clone()
        .file(format!("{}/{}/file", "d".repeat(150), "e".repeat(150)), "long")
        .symlink("far", "t".repeat(200));
    for (format, layer) in
        [("v7", &short), ("ustar", &short), ("gnu", &long), ("oldgnu", &long), ("posix", &long)]
    {
        let tree = folder.path().join(format);
        layer.write_root_fs(&tree).unwrap();
        let tar = Command::new("tar")
            .args(["--create", "--file=-", &format!("--format={format}"), "--directory"])
            .args([&tree, Path::new(".")])
            .output()
            .unwrap();
        assert!(tar.status.success(), "{}", String::from_utf8_lossy(&tar.stderr));
        let (packed, outcome) =
            read_one(LayerBuilder::new().raw(&tar.stdout).without_end_mark(), Reading::All);
        assert!(outcome.error.is_none() && outcome.summary.notes.is_empty(), "{format}: {outcome:?}");
        let image = image::open(&Source::RootFs(tree), &OpenOptions::default()).unwrap();
        let mut walked = Collect::new(Reading::All);
        image.read_layer(0, &mut walked).unwrap();
        assert_eq!(by_path(packed.seen), by_path(walked.seen), "{format}");
    }
}

/// One digest for all that was seen, so that nothing large is held.
#[derive(Default, PartialEq, Eq, Debug)]
struct Fingerprint(Option<Digest>);

impl LayerVisitor for Fingerprint {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        let mut bytes = Vec::new();
        content.take(4 << 10).read_to_end(&mut bytes).unwrap();
        let before = self.0.map_or([0; 32], |digest| *digest.as_bytes());
        let kind = [entry.kind as u8];
        let link = entry.link.unwrap_or_default();
        self.0 =
            Some(Digest::of(&[before.as_slice(), &kind, entry.path, b"\0", link, b"\0", &bytes].concat()));
    }
}

/// The names of the fixtures that are complete.
fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fixtures");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "stamp")).collect()
}

#[test]
fn forms_of_one_real_image_have_the_same_identity_and_entries() {
    for fixture in fixtures() {
        let mut first: Option<(model::ImageId, Vec<Fingerprint>)> = None;
        for form in ["docker.tar", "oci", "oci-zstd"] {
            let path = fixture.with_extension(form);
            if !path.exists() {
                continue;
            }
            let image = open(&path).unwrap();
            let mut layers = Vec::new();
            for index in 0..image.layer_count() {
                let mut fingerprint = Fingerprint::default();
                let summary = image.read_layer(index, &mut fingerprint).unwrap();
                assert!(summary.verified && summary.notes.is_empty(), "{}: {summary:?}", path.display());
                layers.push(fingerprint);
            }
            match &first {
                None => first = Some((image.facts.id, layers)),
                Some((id, known)) => {
                    assert_eq!(*id, image.facts.id, "{}", path.display());
                    assert_eq!(*known, layers, "{}", path.display());
                }
            }
        }
    }
}

#[test]
fn an_image_that_skopeo_copied_keeps_its_identity_and_entries() {
    if Command::new("skopeo").arg("--version").output().is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let layout = folder.path().join("layout");
    ImageBuilder::new()
        .layer(LayerBuilder::new().file("a", "a").dir("b"))
        .layer(LayerBuilder::new().whiteout("a").file("c", "c"))
        .write_oci_dir(&layout)
        .unwrap();
    let original = open(&layout).unwrap();
    let targets =
        [("docker-archive", "docker.tar:example.com/a:1"), ("oci-archive", "oci.tar:1"), ("oci", "copy:1")];
    for (kind, name) in targets {
        let copied = Command::new("skopeo")
            .args(["--insecure-policy", "copy", "--quiet", &format!("oci:{}", layout.display())])
            .arg(format!("{kind}:{}", folder.path().join(name).display()))
            .output()
            .unwrap();
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let path = folder.path().join(name.split(':').next().unwrap());
        let image = open(&path).unwrap();
        assert_eq!(crate::collect::read_all(&image), crate::collect::read_all(&original), "{kind}");
        assert_eq!(image.facts.environment, original.facts.environment);
        if kind == "docker-archive" {
            assert_eq!(image.facts.references[0].registry, "example.com");
        }
    }
}
