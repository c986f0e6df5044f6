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

/// Hard links into lower layers that one scan follows.
const MAX_FOREIGN: usize = 200_000;

/// Second passes over lower layers that one scan makes; honest images need none or one.
const MAX_PASSES: usize = 64;

/// A link on its way to its content.
struct Search {
    link: HardLink,
    cataloger: usize,
    /// Entries of the target's path count if they stand before this place; the last of them is what the link was made to.
    before: usize,
    /// Whether the target was a link in turn.
    is_moved: bool,
}

/// Fills in the links of a layer whose content is in the layer itself; leaves the others in `foreign_links`.
pub(crate) fn resolve_local(
    image: &OpenImage,
    index: usize,
    catalog: &mut LayerCatalog,
    pending: Vec<PendingLink>,
) -> Result<(), ImageError> {
    let (local, foreign): (Vec<_>, Vec<_>) = pending.into_iter().partition(|pending| pending.is_local);
    catalog.foreign_links = foreign.into_iter().map(|pending| pending.link).collect();
    let local = local.into_iter().map(|pending| {
        let PendingLink { link, cataloger, at, .. } = pending;
        Search { link, cataloger, before: at, is_moved: false }
    });
    let lower = read_targets(image, index, local.collect(), catalog)?;
    catalog.foreign_links.extend(lower.into_iter().map(|search| search.link));
    Ok(())
}

/// Fills in the links whose content is in a lower layer, of all layers.
///
/// The error names the layer that could not be read.
pub(crate) fn resolve_foreign(
    image: &OpenImage,
    layers: &mut [LayerCatalog],
) -> Result<(), (usize, ImageError)> {
    let (mut passes, mut followed) = (0, 0);
    for upper in 0..layers.len() {
        let mut links = std::mem::take(&mut layers[upper].foreign_links);
        if links.len() > MAX_FOREIGN - followed {
            let left_out = links.len() - (MAX_FOREIGN - followed);
            let reason = format!("{left_out} hard links into lower layers are left out, too many");
            layers[upper].notes.push(Note { path: Vec::new(), reason });
            links.truncate(MAX_FOREIGN - followed);
        }
        followed += links.len();
        let mut open: Vec<(Search, usize)> = Vec::with_capacity(links.len());
        for link in links {
            let cataloger = registry::wanted_link(&link.path);
            open.push((Search { link, cataloger, before: usize::MAX, is_moved: false }, upper));
        }
        // Each step goes at least one layer down.
        while !open.is_empty() {
            let mut next = Vec::new();
            for (index, searches) in by_holder(std::mem::take(&mut open), layers, upper) {
                if passes == MAX_PASSES {
                    let reason =
                        format!("{} hard links into lower layers are left out, too many", searches.len());
                    layers[upper].notes.push(Note { path: Vec::new(), reason });
                    continue;
                }
                passes += 1;
                let lower = read_targets(image, index, searches, &mut layers[upper])
                    .map_err(|error| (index, error))?;
                next.extend(lower.into_iter().map(|search| (search, index)));
            }
            open = next;
        }
    }
    Ok(())
}

/// Groups links by the layer that holds their target, looked for below a layer; what such a layer tells already, or
/// nobody holds, is settled here.
fn by_holder(
    searches: Vec<(Search, usize)>,
    layers: &mut [LayerCatalog],
    upper: usize,
) -> BTreeMap<usize, Vec<Search>> {
    let mut by_layer: BTreeMap<usize, Vec<Search>> = BTreeMap::new();
    for (search, below) in searches {
        let target = hash(&search.link.target);
        let holder = (0..below).rev().find(|index| layers[*index].hides.binary_search(&target).is_ok());
        let Some(index) = holder else {
            layers[upper].notes.push(dangling(&search.link));
            continue;
        };
        let known = &layers[index].evidence;
        let known =
            known.binary_search_by(|evidence| evidence.path.cmp(&search.link.target)).map(|at| &known[at]);
        match known.ok().filter(|evidence| usize::from(evidence.cataloger) == search.cataloger) {
            Some(evidence) => {
                let evidence = Evidence { path: search.link.path, ..evidence.clone() };
                layers[upper].evidence.push(evidence);
            }
            None => {
                by_layer.entry(index).or_default().push(Search {
                    before: usize::MAX,
                    is_moved: false,
                    ..search
                });
            }
        }
    }
    layers[upper].evidence.sort_by(|a, b| a.path.cmp(&b.path));
    by_layer
}

fn dangling(link: &HardLink) -> Note {
    let reason = format!("hard link to `{}`, which no layer holds as a file", text(&link.target));
    Note { path: link.path.clone(), reason }
}

/// Reads layer `index` for the targets of `links` and adds what they say to `catalog` under the links' own
/// paths. Gives those that lead to a further target, which the layer does not hold.
fn read_targets(
    image: &OpenImage,
    index: usize,
    mut links: Vec<Search>,
    catalog: &mut LayerCatalog,
) -> Result<Vec<Search>, ImageError> {
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
        for (position, search) in links.iter().enumerate() {
            pass.wanted.entry(search.link.target.clone()).or_default().push(position);
        }
        pass.links = links;
        image.read_layer(index, &mut pass)?;
        links = pass.links;
        links.retain(|search| !pass.evidence.contains_key(&search.link.path));
        catalog.evidence.extend(pass.evidence.into_values());
        for search in &mut links {
            if let Some((target, at)) = pass.redirected.get(&search.link.path) {
                target.clone_into(&mut search.link.target);
                search.before = *at;
                search.is_moved = true;
            }
        }
        if pass.redirected.is_empty() {
            break;
        }
    }
    let (moved, lost): (Vec<_>, Vec<_>) = links.into_iter().partition(|search| search.is_moved);
    catalog.notes.extend(lost.iter().map(|search| dangling(&search.link)));
    catalog.evidence.retain(|evidence| !evidence.facts.is_empty());
    catalog.evidence.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(moved)
}

/// Reads the wanted names of one layer, each with the cataloger of the link that leads to it.
#[derive(Default)]
struct SecondPass {
    wanted: HashMap<Vec<u8>, Vec<usize>>,
    links: Vec<Search>,
    /// Entries so far that are not directories.
    position: usize,
    evidence: HashMap<Vec<u8>, Evidence>,
    /// By the path of the link: where its target points to in turn, and the place of that entry.
    redirected: HashMap<Vec<u8>, (Vec<u8>, usize)>,
}

impl SecondPass {
    /// The content of a wanted name, for the links that were made to it.
    fn read(&mut self, positions: &[usize], entry: &Entry<'_>, content: &mut dyn Read) {
        // All links to one file ask the cataloger of the first: names of different kinds on one file make no sense.
        let Some(first) = positions.first().map(|at| &self.links[*at]) else { return };
        let input = Input { path: entry.path, size: entry.size, content };
        let facts = registry::read(first.cataloger, input);
        for search in positions.iter().map(|at| &self.links[*at]) {
            let (path, cataloger) = (search.link.path.clone(), search.cataloger as u8);
            self.redirected.remove(&path);
            self.evidence.insert(path.clone(), Evidence { path, cataloger, facts: facts.clone() });
        }
    }
}

impl LayerVisitor for SecondPass {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        if matches!(entry.kind, EntryKind::Directory | EntryKind::Whiteout | EntryKind::Opaque) {
            return;
        }
        let at = self.position;
        self.position += 1;
        let Some(positions) = self.wanted.get(entry.path) else { return };
        let mut positions = positions.clone();
        positions.retain(|position| at < self.links[*position].before);
        match entry.kind {
            EntryKind::HardLink => {
                for search in positions.iter().map(|position| &self.links[*position]) {
                    let target = entry.link.unwrap_or_default().to_vec();
                    self.evidence.remove(&search.link.path);
                    self.redirected.insert(search.link.path.clone(), (target, at));
                }
            }
            EntryKind::File => self.read(&positions, entry, content),
            _ => {}
        }
    }
}
