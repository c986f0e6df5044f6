//! Scanning: all layers, on several threads, biggest first; then one report.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{ImageError, OpenImage};
use model::{Digest, ScanReport};

use crate::cache::Cache;
use crate::facts::LayerCatalog;
use crate::layer::LayerPass;
use crate::{journal, link, report};

/// Is told how far a scan is. Called from several threads.
pub trait Progress: Sync {
    /// How many stored bytes there are in all layers together; told once, first.
    fn total(&self, stored_bytes: u64) {
        let _ = stored_bytes;
    }

    /// How many more of them are done with, read or known from before.
    fn advance(&self, stored_bytes: u64) {
        let _ = stored_bytes;
    }
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {}

/// How to scan, and what to write into the report about the scan itself.
pub struct ScanOptions<'a> {
    /// Layers that are read at the same time, at least 1.
    pub threads: usize,
    /// Folder for the results of single layers; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Whether results of layers that an engine unpacked into directories are kept as well, by the diff-id that the engine states:
    /// right for whoever runs beside the engine, and relies on nobody changing what it stored.
    pub trusts_unpacked: bool,
    /// See [`ScanReport::source`].
    pub source: String,
    /// See [`ScanReport::tags`].
    pub tags: Vec<String>,
    /// Whether credentials are looked for, in files and in the image's config.
    pub secrets: bool,
    /// Is told how far the scan is.
    pub progress: &'a dyn Progress,
}

impl Default for ScanOptions<'_> {
    /// As many threads as the machine runs at once, no cache, source `COMMAND_LINE`, with secrets.
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            cache: None,
            trusts_unpacked: false,
            source: "COMMAND_LINE".to_owned(),
            tags: Vec::new(),
            secrets: true,
            progress: &Silent,
        }
    }
}

/// Why there is no report. Bad files inside a layer are never the reason; they are listed in the report.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A layer is missing, damaged or beyond a limit.
    #[error("layer {index} cannot be read: {source}")]
    Layer {
        /// Which, lowest first from 0.
        index: usize,
        /// What is wrong and where, with the layer's digest.
        source: ImageError,
    },
}

/// Reads all layers of an image and reports what is installed in the image that they make together.
///
/// Results of single layers are kept in the cache, if one is given, under the digest of the stored bytes, or
/// the diff-id where that is not known; such a layer is not read again. The report depends on nothing but the
/// image and the options, apart from its time.
pub fn scan(image: &OpenImage, options: &ScanOptions<'_>) -> Result<ScanReport, ScanError> {
    let layers = read_all(image, options)?;
    Ok(report::build(image, &layers, options))
}

/// Reads all layers and settles what needs several of them.
pub(crate) fn read_all(image: &OpenImage, options: &ScanOptions<'_>) -> Result<Vec<LayerCatalog>, ScanError> {
    let mut layers = read_layers(image, options)?;
    if layers.iter().any(|layer| !layer.foreign_links.is_empty()) {
        link::resolve_foreign(image, &mut layers)
            .map_err(|(index, source)| ScanError::Layer { index, source })?;
    }
    journal::apply_logs(image, &mut layers).map_err(|(index, source)| ScanError::Layer { index, source })?;
    Ok(layers)
}

fn read_layers(image: &OpenImage, options: &ScanOptions<'_>) -> Result<Vec<LayerCatalog>, ScanError> {
    let count = image.layer_count();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|index| std::cmp::Reverse(image.layer(*index).stored_size()));
    options.progress.total(order.iter().map(|index| image.layer(*index).stored_size()).sum());
    let cache = options.cache.as_deref().map(|folder| Cache::new(folder, options.secrets));

    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<Result<LayerCatalog, ImageError>>>> =
        (0..count).map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = read_layer(image, *index, cache.as_ref(), options);
            if result.is_err() {
                // The scan has failed; layers that nobody has begun are left alone.
                next.store(count, Ordering::Relaxed);
            }
            *results[*index].lock().expect("no thread fails while it holds this") = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads.clamp(1, count.max(1)) {
            scope.spawn(work);
        }
        work();
    });

    let mut layers = Vec::with_capacity(count);
    let mut failed = None;
    for (index, result) in results.into_iter().enumerate() {
        match result.into_inner().expect("no thread fails while it holds this") {
            Some(Ok(layer)) => layers.push(layer),
            Some(Err(source)) => failed = failed.or(Some(ScanError::Layer { index, source })),
            None => {}
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(layers),
    }
}

fn read_layer(
    image: &OpenImage,
    index: usize,
    cache: Option<&Cache>,
    options: &ScanOptions<'_>,
) -> Result<LayerCatalog, ImageError> {
    let source = image.layer(index);
    // A source that does not state the stored digest (compressed layers of a docker-archive) states the
    // diff-id.
    let stated: Option<Digest> = source.digest().or(source.diff_id().map(|id| id.0));
    let is_trusted = source.is_directory() && options.trusts_unpacked;
    let key = match source.is_directory() {
        false => stated,
        // not under the diff-id itself, which would say that the blob was seen and held against it
        true => stated.filter(|_| is_trusted).map(|id| Digest::of(format!("unpacked {id}").as_bytes())),
    };
    if let Some(known) = cache.zip(key).and_then(|(cache, digest)| cache.load(&digest)) {
        options.progress.advance(source.stored_size());
        return Ok(known);
    }
    if let Some(catalog) = read_parts(image, index, cache, options) {
        options.progress.advance(source.stored_size());
        return Ok(catalog);
    }
    let mut pass = LayerPass::new(options.progress, options.secrets);
    let summary = image.read_layer(index, &mut pass)?;
    let verified = summary.verified;
    let (mut catalog, pending) = pass.finish(summary);
    if !pending.is_empty() {
        link::resolve_local(image, index, &mut catalog, pending)?;
    }
    if let (Some(cache), Some(digest), true) = (cache, key, verified || is_trusted) {
        cache.save(&digest, &catalog);
    }
    Ok(catalog)
}

/// Reads a layer by its table of contents, without the contents that no cataloger asks for; `None` if it must be read
/// whole.
///
/// The result is kept under a key of its own: the digest of the blob would say that all of it was seen.
fn read_parts(
    image: &OpenImage,
    index: usize,
    cache: Option<&Cache>,
    options: &ScanOptions<'_>,
) -> Option<LayerCatalog> {
    let key = image.layer(index).parts_key()?;
    if let Some(known) = cache.and_then(|cache| cache.load(&key)) {
        return Some(known);
    }
    // whoever watches is told once it is done: after a failure everything is read again
    let mut pass = LayerPass::new(&Silent, options.secrets);
    let summary = match image.read_layer_parts(index, &mut pass) {
        Ok(summary) => summary?,
        Err(error) => {
            tracing::debug!(%error, "layer {index} is read whole: {error}");
            return None;
        }
    };
    let (mut catalog, pending) = pass.finish(summary);
    if pending.iter().any(|link| link.is_local) {
        return None;
    }
    link::resolve_local(image, index, &mut catalog, pending).ok()?;
    if let Some(cache) = cache {
        cache.save(&key, &catalog);
    }
    Some(catalog)
}
