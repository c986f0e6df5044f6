//! The law: the packages of an image with a layer on top are those of a scan of all layers together.

use std::sync::Arc;

use image::{Entry, EntryKind, LayerSummary, LayerVisitor};
use proptest::prelude::*;

use super::upper::UpperCatalog;
use super::*;
use crate::layer::LayerPass;
use crate::scan::Silent;

const PATHS: [&str; 11] = [
    "var/lib/dpkg/status",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg",
    "var",
    "app/node_modules/m/package.json",
    "app/node_modules/n/package.json",
    "app/node_modules",
    "app",
    "etc/os-release",
    "x/yarn.lock",
    "",
];

type Op = (usize, EntryKind, u8);

fn content(path: &str, number: u8) -> String {
    match path {
        "var/lib/dpkg/status" => (0..4)
            .filter(|bit| number >> bit & 1 == 1)
            .map(|bit| {
                format!(
                    "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {number}\n\n",
                    char::from(b'a' + bit)
                )
            })
            .collect(),
        "var/lib/dpkg/info/a.list" => "/app/node_modules/m/package.json\n/etc/a.conf\n".to_owned(),
        "etc/os-release" => format!("ID=debian\nVERSION_ID={}\n", number % 2 + 11),
        "x/yarn.lock" => "# yarn lockfile v1\n\nm@^1:\n  version \"1.0.0\"\n".to_owned(),
        _ => format!("{{\"name\":\"m\",\"version\":\"{}.0.0\"}}", number % 3),
    }
}

fn layer(ops: &[Op]) -> LayerCatalog {
    let mut pass = LayerPass::new(&Silent, false);
    for (path, kind, number) in ops {
        let path = PATHS[*path];
        if path.is_empty() && *kind != EntryKind::Opaque {
            continue;
        }
        let content = content(path, *number);
        let link = (*kind == EntryKind::Symlink).then_some(&b"elsewhere"[..]);
        let size = if *kind == EntryKind::File { content.len() as u64 } else { 0 };
        let entry = Entry { path: path.as_bytes(), kind: *kind, size, link, mode: 0o644 };
        pass.entry(&entry, &mut content.as_bytes());
    }
    pass.finish(LayerSummary::default()).0
}

fn upper(layer: &LayerCatalog) -> UpperLayer {
    let catalog = UpperCatalog {
        evidence: layer.evidence.iter().cloned().map(Arc::new).collect(),
        hides: layer.hides.clone(),
        opaque: layer.opaque.clone(),
        directories: layer.directories.clone(),
    };
    UpperLayer { catalog }
}

fn op() -> impl Strategy<Value = Op> {
    let kind = prop_oneof![
        6 => Just(EntryKind::File),
        1 => Just(EntryKind::Directory),
        1 => Just(EntryKind::Symlink),
        2 => Just(EntryKind::Whiteout),
        1 => Just(EntryKind::Opaque),
    ];
    (0..PATHS.len(), kind, 0..16_u8)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..Default::default() })]

    #[test]
    fn a_layer_on_top_gives_what_a_scan_of_all_layers_gives(
        layers in prop::collection::vec(prop::collection::vec(op(), 0..7), 1..5),
    ) {
        let layers: Vec<LayerCatalog> = layers.iter().map(|ops| layer(ops)).collect();
        let (top, below) = layers.split_last().unwrap();
        let view = ImageView::of_layers(below, true);
        let visible = compose(&layers);
        let expected = packages(&visible, true);
        let found = view.packages_under(&upper(top));
        prop_assert_eq!(&found, &expected);
        if found != view.packages() {
            prop_assert!(view.is_touched_by(&upper(top)));
        }
    }
}

#[test]
fn all_files_of_a_package_have_an_owner_once_the_lists_are_read_whole() {
    let status = layer(&[(0, EntryKind::File, 1)]);
    let view = ImageView::of_layers(&[status], true);
    let list = "/.\n/etc\n/etc/a.conf\n/usr/share/doc/a/copyright\n/lib/a.so\n";
    let owners = AllOwners::read(&view, |path| {
        (path == b"var/lib/dpkg/info/a.list")
            .then(|| (list.len() as u64, Box::new(list.as_bytes()) as Box<dyn std::io::Read>))
    });
    for path in ["etc/a.conf", "usr/share/doc/a/copyright", "lib/a.so", "usr/lib/a.so"] {
        assert_eq!(owners.owner(path.as_bytes()), Some("a"), "{path}");
    }
    assert_eq!(owners.owner(b"etc/b.conf"), None);
    assert!(owners.bytes() > 0 && view.bytes() > 0);
}
