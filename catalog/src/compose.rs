//! The squashed view: which interesting files the finished image shows, and since which layer.
//!
//! Upper layers hide lower ones by path: a whiteout or an entry that is no directory hides its own path and
//! all under it, an opaque directory all under it, a directory only a file of its own name. A directory
//! replaced by a link thus hides its children. A path below a lower layer's link or file replaces that, as it
//! does in an overlay mount of layers that were unpacked one by one.

use std::collections::HashMap;

use crate::facts::{Evidence, LayerCatalog};
use crate::path::{ancestors, hash};

/// An interesting file of the finished image.
#[derive(Debug)]
pub(crate) struct Visible<'a> {
    /// What it says, with the layer that it is in, and what the files that it replaced said, newest first, as
    /// long as the path was there without a gap. Never empty.
    pub history: Vec<(usize, &'a Evidence)>,
}

impl<'a> Visible<'a> {
    /// The layer of the visible file.
    pub(crate) fn layer(&self) -> usize {
        self.top().0
    }

    /// What the visible file says.
    pub(crate) fn evidence(&self) -> &'a Evidence {
        self.top().1
    }

    fn top(&self) -> (usize, &'a Evidence) {
        *self.history.first().expect("a visible file has a history")
    }
}

/// Composes layers, lowest first; the result is sorted by path.
pub(crate) fn compose(layers: &[LayerCatalog]) -> Vec<Visible<'_>> {
    let mut versions: HashMap<&[u8], Vec<(usize, &Evidence)>> = HashMap::new();
    for (index, layer) in layers.iter().enumerate().rev() {
        for evidence in &layer.evidence {
            versions.entry(&evidence.path).or_default().push((index, evidence));
        }
    }
    let mut visible: Vec<Visible<'_>> = Vec::new();
    for (path, versions) in versions {
        let place = Place::new(path);
        let mut history: Vec<(usize, &Evidence)> = Vec::new();
        let mut above = layers.len();
        for (index, evidence) in versions {
            if layers[index + 1..above].iter().any(|layer| place.is_hidden_by(layer)) {
                break;
            }
            history.push((index, evidence));
            above = index;
        }
        if !history.is_empty() {
            visible.push(Visible { history });
        }
    }
    visible.sort_unstable_by(|a, b| a.evidence().path.cmp(&b.evidence().path));
    visible
}

/// A path with the hashes that decide its fate.
struct Place {
    own: u64,
    ancestors: Vec<u64>,
}

impl Place {
    fn new(path: &[u8]) -> Self {
        Self { own: hash(path), ancestors: ancestors(path).map(hash).collect() }
    }

    fn is_hidden_by(&self, layer: &LayerCatalog) -> bool {
        let holds = |hashes: &[u64], hash: &u64| hashes.binary_search(hash).is_ok();
        holds(&layer.hides, &self.own)
            || holds(&layer.directories, &self.own)
            || self.ancestors.iter().any(|hash| holds(&layer.hides, hash) || holds(&layer.opaque, hash))
    }
}

#[cfg(test)]
mod tests;
