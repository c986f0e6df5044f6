//! Laws: what the builder writes is what the reader reads, and no damage makes it panic or run on.

use image::EntryKind;
use proptest::prelude::*;
use testkit::{Compression, ImageBuilder, LayerBuilder, LongNames};

use crate::collect::{Collect, Reading, open, read_image};

#[derive(Clone, Debug)]
enum Item {
    File(Vec<u8>, Vec<u8>),
    Dir(Vec<u8>),
    Symlink(Vec<u8>, Vec<u8>),
    HardLink(Vec<u8>, Vec<u8>),
    Whiteout(Vec<u8>),
    Opaque(Vec<u8>),
}

/// A component that is neither special nor a whiteout.
fn component() -> impl Strategy<Value = Vec<u8>> {
    let byte = any::<u8>().prop_filter("no separator", |byte| !matches!(byte, 0 | b'/'));
    prop_oneof![4 => prop::collection::vec(byte.clone(), 1..12), 1 => prop::collection::vec(byte, 90..180)]
        .prop_filter("a plain name", |name| name != b"." && name != b".." && !name.starts_with(b".wh."))
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(component(), 1..5).prop_map(|components| components.join(&b'/'))
}

fn item() -> impl Strategy<Value = Item> {
    let content = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..1_200),
        1 => (0_usize..700_000, any::<u8>()).prop_map(|(length, byte)| vec![byte; length]),
    ];
    prop_oneof![
        4 => (path(), content).prop_map(|(path, content)| Item::File(path, content)),
        1 => path().prop_map(Item::Dir),
        1 => (path(), path()).prop_map(|(path, target)| Item::Symlink(path, target)),
        1 => (path(), path()).prop_map(|(path, target)| Item::HardLink(path, target)),
        1 => path().prop_map(Item::Whiteout),
        1 => path().prop_map(Item::Opaque),
    ]
}

fn layer(items: &[Item], dialect: LongNames) -> LayerBuilder {
    items.iter().fold(LayerBuilder::new().long_names(dialect), |layer, item| match item {
        Item::File(path, content) => layer.file(path, content),
        Item::Dir(path) => layer.dir(path),
        Item::Symlink(path, target) => layer.symlink(path, target),
        Item::HardLink(path, target) => layer.hardlink(path, target),
        Item::Whiteout(path) => layer.whiteout(path),
        Item::Opaque(path) => layer.opaque(path),
    })
}

type Shape = (Vec<u8>, EntryKind, Option<Vec<u8>>, Vec<u8>);

fn shape(item: &Item) -> Shape {
    match item.clone() {
        Item::File(path, content) => (path, EntryKind::File, None, content),
        Item::Dir(path) => (path, EntryKind::Directory, None, vec![]),
        Item::Symlink(path, target) => (path, EntryKind::Symlink, Some(target), vec![]),
        Item::HardLink(path, target) => (path, EntryKind::HardLink, Some(target), vec![]),
        Item::Whiteout(path) => (path, EntryKind::Whiteout, None, vec![]),
        Item::Opaque(path) => (path, EntryKind::Opaque, None, vec![]),
    }
}

fn dialect() -> impl Strategy<Value = LongNames> {
    prop_oneof![Just(LongNames::Pax), Just(LongNames::Gnu)]
}

fn compression() -> impl Strategy<Value = Compression> {
    prop_oneof![Just(Compression::None), Just(Compression::Gzip), Just(Compression::Zstd)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_list_of_entries_is_read_as_it_was_written(
        items in prop::collection::vec(item(), 0..12),
        dialect in dialect(),
        compression in compression(),
    ) {
        let image = ImageBuilder::new().layer(layer(&items, dialect)).compression(compression).compressed_docker_archive();
        let (collect, outcome) = read_image(&image, Reading::All, image::Limits::default());
        prop_assert!(outcome.error.is_none(), "{:?}", outcome.error);
        prop_assert!(outcome.summary.verified);
        let seen: Vec<Shape> =
            collect.seen.into_iter().map(|seen| (seen.path, seen.kind, seen.link, seen.content)).collect();
        prop_assert_eq!(seen, items.iter().map(shape).collect::<Vec<_>>());
    }

    #[test]
    fn no_damage_to_a_layer_panics_or_goes_unnoticed(
        items in prop::collection::vec(item(), 1..6),
        dialect in dialect(),
        compression in compression(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let image = ImageBuilder::new().layer(layer(&items, dialect)).compression(compression);
        let built = image.build();
        let mut stored = built.layers[0].stored.clone();
        for (index, byte) in &damage {
            let at = index.index(stored.len());
            stored[at] = *byte;
        }
        if let Some(cut) = cut {
            stored.truncate(cut.index(stored.len()));
        }
        let changed = stored != built.layers[0].stored;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.tar");
        let mut blobs = image.docker_archive();
        blobs.put(format!("{:064x}/layer.tar", 0), stored);
        blobs.write_tar(&path).unwrap();
        // a first byte that becomes the mark of another compression is refused when opening
        if let Ok(image) = open(&path) {
            for reading in [Reading::All, Reading::Nothing] {
                let outcome = image.read_layer_partly(0, &mut Collect::new(reading));
                // a compressed stream may be damaged without any change to what it holds
                let unharmed = compression != Compression::None && outcome.summary.verified;
                prop_assert!(!changed || outcome.error.is_some() || unharmed);
            }
        }
    }

    #[test]
    fn no_damage_to_an_archive_panics(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..30),
        oci in any::<bool>(),
    ) {
        let image = ImageBuilder::new().name("a:1").layer(LayerBuilder::new().file("a", "a"));
        let mut bytes = if oci { image.oci_layout() } else { image.docker_archive() }.to_tar();
        for (index, byte) in &damage {
            let at = index.index(bytes.len());
            bytes[at] = *byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.tar");
        std::fs::write(&path, bytes).unwrap();
        if let Ok(image) = open(&path) {
            for index in 0..image.layer_count() {
                let _ = image.read_layer_partly(index, &mut Collect::new(Reading::All));
            }
        }
    }
}
