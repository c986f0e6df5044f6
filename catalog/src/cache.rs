//! Layer results on disk, one file per layer, named by the digest of the stored layer.
//!
//! A file is written beside its place and renamed, so a reader sees a whole one or none. It carries the
//! fingerprint of the scanner that made it and a checksum; anything else than a perfect file is a miss and is
//! written anew. A cache that cannot be written costs time and not the scan.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use model::Digest;

use crate::facts::LayerCatalog;
use crate::path::hash;
use crate::registry::fingerprint;

const MAGIC: &[u8; 8] = b"PLIMLAYR";
/// Magic, fingerprint, checksum.
const HEAD: usize = 24;
/// Largest file that is taken for a layer result.
const MAX_FILE: u64 = 1 << 30;

/// The folder of layer results.
pub(crate) struct Cache {
    folder: PathBuf,
    with_secrets: bool,
    /// Whether it was said that nothing can be written.
    has_warned: AtomicBool,
}

impl Cache {
    /// Uses `folder`, which need not exist yet, for results with or without secrets.
    pub(crate) fn new(folder: &Path, with_secrets: bool) -> Self {
        Self { folder: folder.to_owned(), with_secrets, has_warned: AtomicBool::new(false) }
    }

    /// The result of the layer stored as `digest`, if this scanner has read it before.
    pub(crate) fn load(&self, digest: &Digest) -> Option<LayerCatalog> {
        let path = self.path(digest);
        if fs::metadata(&path).ok()?.len() > MAX_FILE {
            return None;
        }
        let bytes = fs::read(&path).ok()?;
        let loaded = decode(&bytes);
        if loaded.is_none() {
            tracing::debug!(path = %path.display(), "layer result `{}` is old or damaged", path.display());
        }
        loaded
    }

    /// Keeps the result of the layer stored as `digest`. That this cannot be done is said once per scan.
    pub(crate) fn save(&self, digest: &Digest, catalog: &LayerCatalog) {
        let path = self.path(digest);
        let Err(error) = self.write(&path, catalog) else { return };
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                path = %path.display(), %error,
                "layer result `{}` cannot be written, layers will be read again next time: {error}", path.display()
            );
        }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let kind = if self.with_secrets { "" } else { "-plain" };
        self.folder.join(format!("{}{kind}.layer", digest.to_hex()))
    }

    fn write(&self, path: &Path, catalog: &LayerCatalog) -> io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(&self.folder)?;
        let bytes = encode(catalog)?;
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
        let written = fs::File::create(&temporary)
            .and_then(|mut file| file.write_all(&bytes))
            .and_then(|()| fs::rename(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}

/// The hashes are written as differences, which packs them into seven bytes instead of ten.
fn encode(catalog: &LayerCatalog) -> io::Result<Vec<u8>> {
    let mut packed = catalog.clone();
    for hashes in hashes_of(&mut packed) {
        let mut previous = 0;
        for hash in hashes {
            (*hash, previous) = (hash.wrapping_sub(previous), *hash);
        }
    }
    let body = postcard::to_stdvec(&packed).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(HEAD + body.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&fingerprint().to_le_bytes());
    bytes.extend_from_slice(&hash(&body).to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Option<LayerCatalog> {
    let (head, body) = bytes.split_at_checked(HEAD)?;
    let expected = [&MAGIC[..], &fingerprint().to_le_bytes(), &hash(body).to_le_bytes()].concat();
    if head != expected {
        return None;
    }
    let mut catalog: LayerCatalog = postcard::from_bytes(body).ok()?;
    for hashes in hashes_of(&mut catalog) {
        let mut previous = 0_u64;
        for hash in hashes {
            *hash = hash.wrapping_add(previous);
            previous = *hash;
        }
    }
    Some(catalog)
}

/// The long lists of sorted hashes.
fn hashes_of(catalog: &mut LayerCatalog) -> impl Iterator<Item = &mut Vec<u64>> {
    let owners = catalog.evidence.iter_mut().flat_map(|evidence| &mut evidence.facts.owners);
    let programs = owners.map(|owner| &mut owner.programs);
    [&mut catalog.hides, &mut catalog.directories].into_iter().chain(programs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Evidence, Facts, Owner};

    fn sample() -> LayerCatalog {
        let owner = Owner { package: "a".into(), paths: Vec::new(), programs: vec![9, u64::MAX] };
        let facts = Facts { users: vec!["root".into()], owners: vec![owner], ..Facts::default() };
        LayerCatalog {
            evidence: vec![Evidence { path: b"etc/passwd".to_vec(), cataloger: 1, facts }],
            hides: vec![1, 77, u64::MAX - 3, u64::MAX],
            directories: vec![3, 4],
            opaque: vec![5],
            size: 9,
            ..LayerCatalog::default()
        }
    }

    #[test]
    fn a_layer_result_comes_back_as_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(&folder.path().join("deeper"), true);
        let digest = Digest::of(b"layer");
        assert_eq!(cache.load(&digest), None);
        cache.save(&digest, &sample());
        assert_eq!(cache.load(&digest), Some(sample()));
        let plain = Cache::new(&folder.path().join("deeper"), false);
        assert_eq!(plain.load(&digest), None, "a result with secrets is none without");
        assert_eq!(fs::read_dir(folder.path().join("deeper")).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_damaged_or_old_file_is_a_miss_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), true);
        let digest = Digest::of(b"layer");
        cache.save(&digest, &sample());
        let path = cache.path(&digest);
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert_eq!(cache.load(&digest), None, "byte {at}");
            fs::write(&path, &good[..at]).unwrap();
            assert_eq!(cache.load(&digest), None, "cut at {at}");
        }
        cache.save(&digest, &sample());
        assert_eq!(cache.load(&digest), Some(sample()));
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_nothing_but_the_cache() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let cache = Cache::new(&file, true);
        cache.save(&Digest::of(b"layer"), &sample());
        assert_eq!(cache.load(&Digest::of(b"layer")), None);
    }
}
