//! Layers of which only parts are fetched.

use std::cell::Cell;
use std::io::Read;

use image::{Entry, LayerVisitor};
use serde_json::{Value, json};
use testkit::{ImageBuilder, LayerBuilder, TinyRegistry, ZstdChunked, zstd_chunked};

use crate::collect::{Collect, Reading, Seen};
use crate::registry::{noise, options, pull};

/// Wants files called `wanted…`, and reads no others.
struct Choosy {
    all: Collect,
    asked: Cell<usize>,
}

impl LayerVisitor for Choosy {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        self.all.reading = if is_wanted(entry.path) { Reading::All } else { Reading::Nothing };
        self.all.entry(entry, content);
    }

    fn wants(&self, entry: &Entry<'_>) -> bool {
        self.asked.set(self.asked.get() + 1);
        is_wanted(entry.path)
    }
}

fn is_wanted(path: &[u8]) -> bool {
    path.windows(6).any(|part| part == b"wanted")
}

fn choosy() -> Choosy {
    Choosy { all: Collect::new(Reading::Nothing), asked: Cell::new(0) }
}

fn layer() -> LayerBuilder {
    LayerBuilder::new()
        .dir("./")
        .file("etc/small", "small")
        .file("srv/large-1", noise(1, 300_000))
        .file_with_mode("usr/bin/wanted-1", 0o4755, noise(2, 200_000))
        .symlink("bin", "usr/bin")
        .hardlink("usr/bin/wanted-2", "usr/bin/wanted-1")
        .whiteout("etc/motd")
        .file("srv/large-2", noise(3, 300_000))
        .file("srv/large-3", noise(4, 100_001))
        .file("srv/wanted-3", "end")
        .special(b'6', "run/fifo")
}

/// A registry with the layer as zstd:chunked as the only one of `a:1`; `edit` changes its table of contents.
fn serving(layer: &LayerBuilder, edit: impl FnOnce(&mut Value)) -> (TinyRegistry, String, ZstdChunked) {
    let registry = TinyRegistry::start().unwrap();
    let chunked = zstd_chunked(&layer.build(), edit);
    let built = ImageBuilder::new().layer(layer.clone()).build();
    let (config, digest) = (registry.put_blob("a", &built.config), registry.put_blob("a", &chunked.stored));
    let manifest = json!({
        "config": { "digest": config.to_string(), "size": built.config.len() },
        "layers": [{ "digest": digest.to_string(), "size": chunked.stored.len(), "annotations": chunked.annotations }],
    });
    registry.put_manifest("a", "1", "m", &serde_json::to_vec(&manifest).unwrap());
    let name = format!("{}/a:1", registry.host());
    (registry, name, chunked)
}

fn whole(name: &str) -> (Vec<Seen>, image::LayerSummary) {
    let mut visitor = choosy();
    let summary = pull(name, &options()).unwrap().read_layer(0, &mut visitor).unwrap();
    (visitor.all.seen, summary)
}

#[test]
fn the_parts_that_are_wanted_give_the_entries_of_the_whole() {
    let (registry, name, chunked) = serving(&layer(), |_| ());
    let (expected, summary) = whole(&name);
    assert!(summary.verified);
    registry.forget();
    let image = pull(&name, &options()).unwrap();
    let mut visitor = choosy();
    let parts = image.read_layer_parts(0, &mut visitor).unwrap().unwrap();
    assert_eq!(visitor.all.seen, expected);
    assert_eq!(visitor.asked.get(), 4, "asked for what is large enough to be left out");
    assert_eq!((parts.entries, parts.uncompressed_bytes), (summary.entries, summary.uncompressed_bytes));
    assert_eq!((parts.notes, parts.verified), (summary.notes, false));
    let layer: Vec<_> =
        registry.seen().into_iter().filter(|seen| seen.headers.contains_key("range")).collect();
    assert_eq!(layer.len(), 5, "the table, and four runs around what was left out");
    let fetched: usize = layer.iter().map(|seen| seen.sent).sum();
    assert!((200_000..205_000).contains(&fetched), "{fetched} of {}", chunked.stored.len());
    assert!(image.layer(0).parts_key().is_some() && image.layer(0).parts_key() != image.layer(0).digest());
}

#[test]
fn a_range_that_breaks_off_goes_on() {
    let (registry, name, chunked) = serving(&layer(), |_| ());
    let (expected, _) = whole(&name);
    let image = pull(&name, &options()).unwrap();
    let digest = model::Digest::of(&chunked.stored).to_string();
    registry.fail(&digest, 1, testkit::Fault::Cut(10));
    registry.fail(&digest, 5, testkit::Fault::Cut(50_000));
    let mut visitor = choosy();
    assert!(image.read_layer_parts(0, &mut visitor).unwrap().is_some());
    assert_eq!(visitor.all.seen, expected);
}

#[test]
fn a_layer_of_which_most_is_wanted_or_that_has_no_table_is_read_whole() {
    let little = LayerBuilder::new().file("srv/large", noise(1, 70_000)).file("wanted", noise(2, 900_000));
    for (layer, expected) in [(little, false), (layer(), true)] {
        let (_registry, name, _) = serving(&layer, |_| ());
        let image = pull(&name, &options()).unwrap();
        assert_eq!(image.read_layer_parts(0, &mut choosy()).unwrap().is_some(), expected);
        // a visitor that does not say what it wants gets everything
        assert!(image.read_layer_parts(0, &mut Collect::new(Reading::All)).unwrap().is_none());
    }
    let plain = TinyRegistry::start().unwrap();
    plain.push("a", "1", &ImageBuilder::new().layer(layer()));
    let image = pull(&format!("{}/a:1", plain.host()), &options()).unwrap();
    assert!(image.layer(0).parts_key().is_none());
    assert!(image.read_layer_parts(0, &mut choosy()).unwrap().is_none());
}

#[test]
fn a_table_that_says_otherwise_than_the_layer_is_not_believed() {
    type Edit = fn(&mut Value);
    let lies: [(&str, Edit); 10] = [
        ("leaves a file out", |table| drop(table["entries"].as_array_mut().unwrap().remove(1))),
        ("lists one more", |table| {
            table["entries"].as_array_mut().unwrap().push(json!({ "type": "reg", "name": "more" }));
        }),
        ("another name", |table| table["entries"][1]["name"] = json!("etc/other")),
        ("another mode", |table| table["entries"][1]["mode"] = json!(0o755)),
        ("another type", |table| table["entries"][0]["type"] = json!("fifo")),
        ("another size", |table| table["entries"][3]["size"] = json!(1000)),
        ("another digest", |table| {
            let other = table["entries"][1]["digest"].clone();
            let rows = table["entries"].as_array_mut().unwrap();
            let wanted = rows.iter_mut().find(|row| row["name"] == "usr/bin/wanted-1").unwrap();
            wanted["digest"] = other;
        }),
        ("another place", |table| table["entries"][3]["endOffset"] = json!(9000)),
        ("a place behind the end", |table| table["entries"][3]["endOffset"] = json!(90_000_000)),
        ("another version", |table| table["version"] = json!(2)),
    ];
    for (lie, edit) in lies {
        let (_registry, name, _) = serving(&layer(), edit);
        let image = pull(&name, &options()).unwrap();
        let parts = image.read_layer_parts(0, &mut choosy());
        assert!(!matches!(parts, Ok(Some(_))), "{lie}: {parts:?}");
        assert!(image.read_layer(0, &mut choosy()).is_ok(), "{lie}: the layer itself is sound");
    }
}

#[test]
fn stored_bytes_that_were_changed_behind_the_tables_back_are_noticed() {
    let (registry, name, chunked) = serving(&layer(), |_| ());
    let digest = model::Digest::of(&chunked.stored);
    for at in [chunked.stored.len() - 20, 310_000] {
        let mut changed = chunked.stored.clone();
        changed[at] ^= 1;
        registry.put(&format!("/v2/a/blobs/{digest}"), "x", &changed);
        let parts = pull(&name, &options()).unwrap().read_layer_parts(0, &mut choosy());
        assert!(!matches!(parts, Ok(Some(_))), "{at}: {parts:?}");
    }
}
