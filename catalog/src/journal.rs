//! Databases whose last changes lie in a log beside them: both are read a second time and put together.
//!
//! It happens where a program was stopped while it had rpm's SQLite store open, so it is rare, and the memory for both
//! files is taken only then. The log may lie in a higher layer than the database; the packages are then of that layer.

use std::collections::HashMap;
use std::io::Read;

use image::{Entry, EntryKind, ImageError, LayerVisitor, OpenImage};

use crate::compose::compose;
use crate::facts::{Evidence, LayerCatalog};
use crate::registry::CATALOGERS;
use crate::rpm;

/// Databases with logs in one image; no honest one has two.
const MAX_LOGS: usize = 3;

/// A log and its database, with the layers that they are in.
struct Pair {
    log: (usize, Vec<u8>),
    database: Option<usize>,
    path: Vec<u8>,
}

/// Puts logs into their databases, where both are seen in the finished image. The error names the layer that could not be
/// read.
pub(crate) fn apply_logs(image: &OpenImage, layers: &mut [LayerCatalog]) -> Result<(), (usize, ImageError)> {
    let is_log = |evidence: &Evidence| rpm::is_unread_log(&evidence.path, &evidence.facts);
    if !layers.iter().any(|layer| layer.evidence.iter().any(is_log)) {
        return Ok(());
    }
    for pair in pairs(layers).into_iter().take(MAX_LOGS) {
        let mut files: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        let (log_layer, log_path) = &pair.log;
        let mut wanted = vec![(*log_layer, log_path)];
        wanted.extend(pair.database.map(|layer| (layer, &pair.path)));
        wanted.sort_unstable();
        for (layer, path) in wanted {
            let mut fetch = Fetch { path, found: None };
            image.read_layer(layer, &mut fetch).map_err(|error| (layer, error))?;
            if let Some(content) = fetch.found {
                files.insert(path.clone(), content);
            }
        }
        let Some(log) = files.remove(log_path) else { continue };
        let database = files.remove(&pair.path);
        if database.is_none() && pair.database.is_some() {
            continue;
        }
        let Some(facts) = rpm::read_with_log(database.unwrap_or_default(), &log) else { continue };
        let layer = &mut layers[*log_layer];
        if let Ok(at) = layer.evidence.binary_search_by(|evidence| evidence.path.cmp(log_path)) {
            layer.evidence.remove(at);
        }
        let cataloger = CATALOGERS.iter().position(|cataloger| cataloger.name == rpm::DATABASE.name);
        let cataloger = cataloger.unwrap_or_default() as u8;
        let evidence = Evidence { path: pair.path, cataloger, facts };
        match layer.evidence.binary_search_by(|known| known.path.cmp(&evidence.path)) {
            Ok(at) => layer.evidence[at] = evidence,
            Err(at) => layer.evidence.insert(at, evidence),
        }
    }
    Ok(())
}

fn pairs(layers: &[LayerCatalog]) -> Vec<Pair> {
    let visible = compose(layers);
    let mut pairs = Vec::new();
    for file in &visible {
        let evidence = file.evidence();
        if !rpm::is_unread_log(&evidence.path, &evidence.facts) {
            continue;
        }
        let path = evidence.path.strip_suffix(b"-wal").unwrap_or_default().to_vec();
        let database = visible.binary_search_by(|other| other.evidence().path.as_slice().cmp(&path));
        let database = database.ok().map(|at| visible[at].layer());
        pairs.push(Pair { log: (file.layer(), evidence.path.clone()), database, path });
    }
    pairs
}

/// Takes the content of one file; the last one of that path counts.
struct Fetch<'a> {
    path: &'a [u8],
    found: Option<Vec<u8>>,
}

impl LayerVisitor for Fetch<'_> {
    fn entry(&mut self, entry: &Entry<'_>, content: &mut dyn Read) {
        if entry.path != self.path || entry.kind == EntryKind::Directory {
            return;
        }
        self.found = None;
        let mut bytes = Vec::new();
        let is_file = entry.kind == EntryKind::File;
        if is_file && content.take(rpm::MAX_DATABASE + 1).read_to_end(&mut bytes).is_ok() {
            self.found = Some(bytes).filter(|bytes| bytes.len() as u64 <= rpm::MAX_DATABASE);
        }
    }
}
