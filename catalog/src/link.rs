//! Hard links with an interesting name or mode whose content lies under a name that no cataloger asked for, or in a
//! lower layer.
//!
//! They are rare (a hand-made archive, a store of content-addressed files), so the layer that holds the content
//! is simply read a second time, for those names alone.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use image::{Entry, EntryKind, ImageError, LayerVisitor, OpenImage};

use crate::facts::{Evidence, HardLink, LayerCatalog, Note};
use crate::layer::PendingLink;
use crate::path::{hash, text};
use crate::registry::{self, Input};

/// Links to links that are followed.
const MAX_STEPS: usize = 4;
/// Hard links of one layer that are resolved by a second pass.
const MAX_LINKS: usize = 10_000;

/// Second passes over lower layers that one scan makes; honest images need none or one.
const MAX_PASSES: usize = 64;

/// Fills in the links of a layer whose content is in the layer itself; leaves the others in `foreign_links`.
pub(crate) fn resolve_local(
    image: &OpenImage,
    index: usize,
    catalog: &mut LayerCatalog,
    pending: Vec<PendingLink>,
) -> Result<(), ImageError> {
    let (local, foreign): (Vec<_>, Vec<_>) = pending.into_iter().partition(|pending| pending.is_local);
    catalog.foreign_links = foreign.into_iter().map(|pending| pending.link).collect();
    let local = local.into_iter().map(|pending| (pending.link, pending.cataloger)).collect();
    read_targets(image, index, local, catalog)
}

/// Fills in the links whose content is in a lower layer, of all layers.
///
/// The error names the layer that could not be read.
pub(crate) fn resolve_foreign(
    image: &OpenImage,
    layers: &mut [LayerCatalog],
) -> Result<(), (usize, ImageError)> {
    let mut passes = 0;
    for upper in 0..layers.len() {
        let links = std::mem::take(&mut layers[upper].foreign_links);
        let mut by_layer: BTreeMap<usize, Vec<(HardLink, usize)>> = BTreeMap::new();
        for link in links {
            let target = hash(&link.target);
            let holder = (0..upper).rev().find(|index| layers[*index].hides.binary_search(&target).is_ok());
            match holder {
                Some(index) => {
                    let cataloger = registry::wanted_link(&link.path);
                    by_layer.entry(index).or_default().push((link, cataloger));
                }
                None => layers[upper].notes.push(dangling(&link)),
            }
        }
        for (index, links) in by_layer {
            if passes == MAX_PASSES {
                let reason = format!("{} hard links into lower layers are left out, too many", links.len());
                layers[upper].notes.push(Note { path: Vec::new(), reason });
                continue;
            }
            passes += 1;
            read_targets(image, index, links, &mut layers[upper]).map_err(|error| (index, error))?;
        }
    }
    Ok(())
}

fn dangling(link: &HardLink) -> Note {
    let reason = format!("hard link to `{}`, which no layer holds as a file", text(&link.target));
    Note { path: link.path.clone(), reason }
}

/// Reads layer `index` for the targets of `links` and adds what they say to `catalog` under the links' own
/// paths.
fn read_targets(
    image: &OpenImage,
    index: usize,
    mut links: Vec<(HardLink, usize)>,
    catalog: &mut LayerCatalog,
) -> Result<(), ImageError> {
    if links.len() > MAX_LINKS {
        let reason = format!("{} hard links are left out, too many in one layer", links.len() - MAX_LINKS);
        catalog.notes.push(Note { path: Vec::new(), reason });
        links.truncate(MAX_LINKS);
    }
    for _ in 0..MAX_STEPS {
        if links.is_empty() {
            break;
        }
        let mut pass = SecondPass::default();
        for (position, (link, _)) in links.iter().enumerate() {
            pass.wanted.entry(link.target.clone()).or_default().push(position);
        }
        pass.links = links;
        image.read_layer(index, &mut pass)?;
        links = pass.links;
        links.retain(|(link, _)| !pass.evidence.contains_key(&link.path));
        catalog.evidence.extend(pass.evidence.into_values());
        for (link, _) in &mut links {
            if let Some(target) = pass.redirected.get(&link.target) {
                target.clone_into(&mut link.target);
            }
        }
        if pass.redirected.is_empty() {
            break;
        }
    }
    catalog.notes.extend(links.iter().map(|(link, _)| dangling(link)));
    catalog.evidence.retain(|evidence| !evidence.facts.is_empty());
    catalog.evidence.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(())
}

/// Reads the wanted names of one layer, each with the cataloger of the link that leads to it.
#[derive(Default)]
struct SecondPass {
    wanted: HashMap<Vec<u8>, Vec<usize>>,
    links: Vec<(HardLink, usize)>,
    evidence: HashMap<Vec<u8>, Evidence>,
    redirected: HashMap<Vec<u8>, Vec<u8>>,
}

impl LayerVisitor for SecondPass {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        let Some(positions) = self.wanted.get(entry.path) else { return };
        match entry.kind {
            EntryKind::HardLink => {
                self.redirected.insert(entry.path.to_vec(), entry.link.unwrap_or_default().to_vec());
            }
            EntryKind::File => {
                // All links to one file ask the cataloger of the first: names of different kinds on one file
                // make no sense.
                let Some((_, cataloger)) = positions.first().and_then(|at| self.links.get(*at)) else {
                    return;
                };
                let facts = registry::read(*cataloger, Input { path: entry.path, size: entry.size, content });
                for (link, cataloger) in positions.iter().filter_map(|at| self.links.get(*at)) {
                    let evidence = Evidence {
                        path: link.path.clone(),
                        cataloger: *cataloger as u8,
                        facts: facts.clone(),
                    };
                    self.evidence.insert(link.path.clone(), evidence);
                }
            }
            _ => {}
        }
    }
}
