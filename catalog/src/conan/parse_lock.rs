//! `conan.lock` (docs.conan.io, "Lockfiles") of Conan 1, a graph of nodes, and of Conan 2, lists of references.
//!
//! What only the build runs is left out: nodes of the context `build`, and the lists other than `requires`. A reference is
//! `name/version@user/channel#revision`; user and channel say who packed it and are no part of the name.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Entries, Items, Word, json, read_text};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default)]
    requires: Items<Word>,
    #[serde(borrow, default)]
    graph_lock: Graph<'a>,
}

#[derive(Default, Deserialize)]
struct Graph<'a> {
    #[serde(borrow, default)]
    nodes: Entries<&'a RawValue>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(default, rename = "ref")]
    reference: Word,
    /// Of early versions: a reference with the id of the binary.
    #[serde(default)]
    pref: Word,
    #[serde(default)]
    context: Word,
    /// Of the project itself.
    #[serde(default)]
    path: Word,
}

/// Keeps what the product needs.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "lock file of Conan")?;
    let mut list = Declared::new(facts, Ecosystem::Conan);
    for reference in &document.requires.0 {
        keep(&reference.0, &mut list)?;
    }
    for (_, node) in document.graph_lock.nodes.0 {
        let Ok(node) = serde_json::from_str::<Node>(node.get()) else {
            list.note("a node cannot be read");
            continue;
        };
        if node.context.0 != "build" && node.path.0.is_empty() {
            keep(if node.reference.0.is_empty() { &node.pref.0 } else { &node.reference.0 }, &mut list)?;
        }
    }
    Ok(())
}

fn keep(reference: &str, list: &mut Declared<'_>) -> Result<(), Problem> {
    let package = reference.split(['@', '#', ':', '%']).next().unwrap_or_default();
    match package.split_once('/') {
        Some((name, version)) => list.add(name, version),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::declared::testing::{notes, packages};

    #[test]
    fn lists_of_conan_2_and_nodes_of_conan_1_are_read() {
        let two = r#"{"version":"0.5","requires":["zlib/1.2.13#4e74%1676901.5","openssl/3.0.8@acme/stable#0123"],
            "build_requires":["cmake/3.25.3#x"],"python_requires":["base/1.0"]}"#;
        assert_eq!(packages("src/conan.lock", two), ["zlib 1.2.13", "openssl 3.0.8"]);
        let one = r#"{"graph_lock":{"nodes":{"0":{"ref":"shop/1.0","path":"conanfile.py","requires":["1"]},
            "1":{"ref":"zlib/1.2.11#0","package_id":"x","context":"host"},"2":{"ref":"cmake/3.0","context":"build"},
            "3":{"pref":"bzip2/1.0.8@conan/stable#0:6b03#0"},"4":{"options":""}},"revisions_enabled":true},"version":"0.4"}"#;
        assert_eq!(packages("src/conan.lock", one), ["zlib 1.2.11", "bzip2 1.0.8"]);
        assert!(notes("src/conan.lock", "[")[0].starts_with("no lock file of Conan"));
    }
}
