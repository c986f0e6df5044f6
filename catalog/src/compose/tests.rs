//! The law of the squashed view: equal to a naive tree that applies one layer after the other.

use std::collections::BTreeMap;

use image::{Entry, EntryKind, LayerSummary, LayerVisitor};
use proptest::prelude::*;

use super::*;
use crate::binary::tests::go_program;
use crate::layer::LayerPass;
use crate::scan::Silent;

/// Paths that interest, their directories, and paths beside them.
const PATHS: [&str; 12] = [
    "a",
    "a/node_modules",
    "a/node_modules/m",
    "a/node_modules/m/package.json",
    "a/node_modules/n",
    "a/node_modules/n/package.json",
    "a/x",
    "b",
    "b/node_modules",
    "b/node_modules/m",
    "b/node_modules/m/package.json",
    "",
];

/// Those of [`PATHS`] that interest by their name.
const FILES: [usize; 3] = [3, 5, 10];

/// The one that interests by its mode.
const PROGRAM: usize = 6;

#[derive(Clone, Debug)]
enum Op {
    File(usize),
    /// A file of no interest in the place of a program.
    Text,
    Link(usize),
    Directory(usize),
    HardLink(usize, usize),
    Whiteout(usize),
    Opaque(usize),
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Directory,
    /// A file, by the layer that wrote it and the number of its content.
    File(usize, usize),
    Link,
}

type Tree = BTreeMap<String, Node>;

fn is_under(path: &str, directory: &str) -> bool {
    directory.is_empty() && !path.is_empty()
        || path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

fn put(tree: &mut Tree, path: &str, node: Node) {
    let mut parent = path;
    while let Some((above, _)) = parent.rsplit_once('/') {
        parent = above;
        if tree.get(parent) != Some(&Node::Directory) {
            tree.insert(parent.to_owned(), Node::Directory);
        }
    }
    if node == Node::Directory && tree.get(path) == Some(&Node::Directory) {
        return;
    }
    tree.retain(|other, _| !is_under(other, path));
    tree.insert(path.to_owned(), node);
}

/// Applies one layer to the tree and gives the entries that stand for it.
fn apply(tree: &mut Tree, layer: usize, ops: &[Op]) -> Vec<(EntryKind, String, String)> {
    for op in ops {
        match op {
            Op::Whiteout(path) => {
                tree.retain(|other, _| other != PATHS[*path] && !is_under(other, PATHS[*path]))
            }
            Op::Opaque(path) => tree.retain(|other, _| !is_under(other, PATHS[*path])),
            _ => {}
        }
    }
    let mut entries = Vec::new();
    for (number, op) in ops.iter().enumerate() {
        let content = layer * 100 + number;
        let (path, kind) = match op {
            Op::File(path) => (PATHS[*path], EntryKind::File),
            Op::Text => (PATHS[PROGRAM], EntryKind::File),
            Op::Link(path) => (PATHS[*path], EntryKind::Symlink),
            Op::Directory(path) => (PATHS[*path], EntryKind::Directory),
            Op::HardLink(path, _) => (PATHS[*path], EntryKind::HardLink),
            Op::Whiteout(path) => (PATHS[*path], EntryKind::Whiteout),
            Op::Opaque(path) => (PATHS[*path], EntryKind::Opaque),
        };
        let mut detail = content.to_string();
        match op {
            Op::File(_) => put(tree, path, Node::File(layer, content)),
            Op::Link(_) => put(tree, path, Node::Link),
            Op::Text => {
                put(tree, path, Node::Link);
                "text".clone_into(&mut detail);
            }
            Op::Directory(_) => put(tree, path, Node::Directory),
            Op::HardLink(_, target) => {
                // Only to interesting files of the same layer; other targets need the image itself.
                let target = PATHS[*target];
                match tree.get(target) {
                    Some(Node::File(owner, content)) if *owner == layer && target.ends_with("json") => {
                        let node = Node::File(layer, *content);
                        put(tree, path, node);
                    }
                    _ => continue,
                }
                target.clone_into(&mut detail);
            }
            Op::Whiteout(_) | Op::Opaque(_) => {}
        }
        entries.push((kind, path.to_owned(), detail));
    }
    entries
}

fn catalog(entries: &[(EntryKind, String, String)]) -> LayerCatalog {
    let mut pass = LayerPass::new(&Silent, true);
    for (kind, path, detail) in entries {
        let is_program = path == PATHS[PROGRAM] && detail != "text";
        let content = if is_program {
            go_program(&format!("{detail}.0.0"))
        } else {
            format!("{{\"name\":\"m\",\"version\":\"{detail}.0.0\"}}").into_bytes()
        };
        let mode = if is_program { 0o755 } else { 0o644 };
        let size = content.len() as u64;
        let link = matches!(kind, EntryKind::HardLink | EntryKind::Symlink).then_some(detail.as_bytes());
        let entry = Entry { path: path.as_bytes(), kind: *kind, size, link, mode };
        pass.entry(&entry, &mut &content[..]);
    }
    let (catalog, pending) = pass.finish(LayerSummary::default());
    assert!(pending.is_empty());
    catalog
}

fn evidence_of(tree: &Tree) -> BTreeMap<String, (usize, usize)> {
    let mut all = BTreeMap::new();
    for (path, node) in tree {
        let interests = path.ends_with("package.json") || path == PATHS[PROGRAM];
        if let (Node::File(layer, content), true) = (node, interests) {
            all.insert(path.clone(), (*layer, *content));
        }
    }
    all
}

fn op() -> impl Strategy<Value = Op> {
    let any_path = 0..PATHS.len() - 1;
    let file = prop::sample::select(&FILES[..]);
    prop_oneof![
        6 => file.prop_map(Op::File),
        2 => Just(Op::File(PROGRAM)),
        1 => Just(Op::Text),
        1 => Just(Op::Directory(PROGRAM)),
        1 => any_path.clone().prop_map(Op::File),
        2 => any_path.clone().prop_map(Op::Link),
        3 => any_path.clone().prop_map(Op::Directory),
        2 => (0..FILES.len(), 1..FILES.len()).prop_map(|(from, step)| {
            Op::HardLink(FILES[from], FILES[(from + step) % FILES.len()])
        }),
        3 => any_path.prop_map(Op::Whiteout),
        2 => (0..PATHS.len()).prop_map(Op::Opaque),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_view_equals_a_tree_to_which_layers_are_applied_one_by_one(
        layers in prop::collection::vec(prop::collection::vec(op(), 0..6), 1..6)
    ) {
        let mut tree = Tree::new();
        let mut catalogs = Vec::new();
        let mut views = Vec::new();
        for (index, ops) in layers.iter().enumerate() {
            catalogs.push(catalog(&apply(&mut tree, index, ops)));
            views.push(evidence_of(&tree));
        }
        let visible = compose(&catalogs);
        let expected = views.last().cloned().unwrap_or_default();
        let paths: Vec<String> = visible.iter().map(|file| crate::path::text(&file.evidence().path)).collect();
        prop_assert_eq!(&paths, &expected.keys().cloned().collect::<Vec<_>>());
        for (file, path) in visible.iter().zip(&paths) {
            let (layer, content) = expected[path];
            prop_assert_eq!(file.layer(), layer);
            let found = file.evidence().facts.packages.last().unwrap();
            prop_assert_eq!(&found.version, &format!("{content}.0.0"));
            let mut layers_with_path: Vec<usize> =
                views.iter().rev().map_while(|view| view.get(path)).map(|(layer, _)| *layer).collect();
            layers_with_path.dedup();
            let history: Vec<usize> = file.history.iter().map(|(layer, _)| *layer).collect();
            prop_assert_eq!(history, layers_with_path);
        }
    }
}
