//! What was committed lately, for the one who follows the change log: to read it back costs more than to write it.
//!
//! Only what cannot be another thing is found here: an image by the clock value of its last change, which no two transactions
//! give, and an inventory by its digest. What is not found, because there was too much of it or another process wrote
//! it, is read from the database, which says the same. Nothing is kept before somebody wants it.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Digest, Timestamp};
use uuid::Uuid;

use crate::draft::DraftEntry;
use crate::prepare::PreparedReport;
use crate::record::ImageRecord;
use crate::store::Store;

/// Bytes that are kept at most; what is older is read from the database.
const MAX_BYTES: usize = 64 << 20;

/// What was committed lately.
#[derive(Default)]
pub(crate) struct Recent {
    wanted: AtomicBool,
    batches: Mutex<VecDeque<Batch>>,
}

/// What one transaction wrote.
#[derive(Default)]
struct Batch {
    /// The last clock value of the transaction.
    clock: Timestamp,
    images: HashMap<(Uuid, Uuid), RecentImage>,
    inventories: HashMap<Digest, Arc<PlacedInventory>>,
    bytes: usize,
}

/// An image as it was written.
pub(crate) enum RecentImage {
    /// By its first report.
    First {
        /// See [`ImageRecord::updated`].
        updated: Timestamp,
        /// See [`ImageRecord::inventory`].
        inventory: Digest,
        /// See [`ImageRecord::tags`].
        tags: Vec<String>,
        /// See [`ImageRecord::registries`].
        registries: Vec<Uuid>,
        /// The rest.
        report: Arc<PreparedReport>,
    },
    /// By a later one.
    Again(Box<ImageRecord>),
}

/// An inventory as it was written: each text once, and entries by the places of their texts.
pub struct PlacedInventory {
    report: Arc<PreparedReport>,
    entries: Vec<DraftEntry>,
}

impl PlacedInventory {
    /// The entries of an inventory whose texts are those of a report's draft.
    pub(crate) fn new(report: Arc<PreparedReport>, entries: Vec<DraftEntry>) -> Self {
        Self { report, entries }
    }

    /// The texts that entries speak of, each once, among others.
    pub fn texts(&self) -> &[String] {
        &self.report.inventory.texts
    }

    /// The entries, sorted as [`crate::Inventory::entries`] and without repetition. Places are below the number of texts.
    pub fn entries(&self) -> &[DraftEntry] {
        &self.entries
    }
}

impl RecentImage {
    fn updated(&self) -> Timestamp {
        match self {
            Self::First { updated, .. } => *updated,
            Self::Again(record) => record.updated,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::First { report, .. } => report.size,
            Self::Again(record) => record.document_bytes.len() * 8,
        }
    }

    fn record(&self) -> ImageRecord {
        let (updated, inventory, tags, registries, report) = match self {
            Self::First { updated, inventory, tags, registries, report } => {
                (*updated, *inventory, tags, registries, report)
            }
            Self::Again(record) => return (**record).clone(),
        };
        let mut document = report.document.clone();
        document.facts.references.clone_from(&report.names);
        ImageRecord {
            customer: report.customer,
            uuid: report.uuid,
            id: report.id,
            created_at: updated,
            updated,
            last_scanned: report.scanned_at,
            sources: vec![report.source.clone()],
            tags: tags.clone(),
            registries: registries.clone(),
            inventory,
            since: Box::default(),
            document,
            document_bytes: Arc::clone(&report.packed),
        }
    }
}

/// What a transaction has written so far.
#[derive(Default)]
pub(crate) struct Notes {
    images: Vec<Option<((Uuid, Uuid), RecentImage)>>,
    inventories: Vec<(Digest, PlacedInventory)>,
}

impl Notes {
    /// Notes an image in place of what was noted of it.
    pub(crate) fn image(&mut self, customer: Uuid, uuid: Uuid, image: RecentImage) {
        self.stale(customer, uuid);
        self.images.push(Some(((customer, uuid), image)));
    }

    /// An image is written otherwise: what was noted of it holds no more.
    pub(crate) fn stale(&mut self, customer: Uuid, uuid: Uuid) {
        let is_it = |note: &&mut Option<((Uuid, Uuid), RecentImage)>| {
            note.as_ref().is_some_and(|(key, _)| *key == (customer, uuid))
        };
        self.images.iter_mut().filter(is_it).for_each(|note| *note = None);
    }

    /// Notes an inventory.
    pub(crate) fn inventory(&mut self, digest: Digest, inventory: PlacedInventory) {
        self.inventories.push((digest, inventory));
    }

    /// How much there is, for [`Self::undo`].
    pub(crate) fn len(&self) -> (usize, usize) {
        (self.images.len(), self.inventories.len())
    }

    /// Forgets what was noted since there was so much.
    pub(crate) fn undo(&mut self, len: (usize, usize)) {
        self.images.truncate(len.0);
        self.inventories.truncate(len.1);
    }
}

impl Recent {
    /// Whether anybody wants it.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Keeps what a transaction wrote, which is committed.
    pub(crate) fn keep(&self, notes: Notes, clock: Timestamp) {
        let images: HashMap<_, _> = notes.images.into_iter().flatten().collect();
        let inventories: HashMap<_, _> =
            notes.inventories.into_iter().map(|(digest, inventory)| (digest, Arc::new(inventory))).collect();
        if images.is_empty() && inventories.is_empty() {
            return;
        }
        let of_entries = |inventory: &Arc<PlacedInventory>| {
            inventory.report.size + inventory.entries.len() * size_of::<DraftEntry>()
        };
        let bytes = images.values().map(RecentImage::bytes).sum::<usize>()
            + inventories.values().map(of_entries).sum::<usize>();
        let mut batches = self.batches();
        batches.push_back(Batch { clock, images, inventories, bytes });
        let mut held: usize = batches.iter().map(|batch| batch.bytes).sum();
        while held > MAX_BYTES
            && let Some(oldest) = batches.pop_front()
        {
            held -= oldest.bytes;
        }
    }

    fn batches(&self) -> MutexGuard<'_, VecDeque<Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a follower of the change log need not ask the database for.
impl Store {
    /// From now on keeps what this process writes, until it is forgotten or there is too much of it.
    pub fn keep_recent(&self) {
        self.recent().wanted.store(true, Ordering::Relaxed);
    }

    /// The image whose last change has this clock value, if it is still kept; else the database has to be asked.
    pub fn recent_image(&self, customer: Uuid, uuid: Uuid, updated: Timestamp) -> Option<ImageRecord> {
        let batches = self.recent().batches();
        let mut found = batches.iter().filter_map(|batch| batch.images.get(&(customer, uuid)));
        found.find(|image| image.updated() == updated).map(RecentImage::record)
    }

    /// The inventory of a digest, if it is still kept; else the database has to be asked.
    pub fn recent_inventory(&self, digest: &Digest) -> Option<Arc<PlacedInventory>> {
        let batches = self.recent().batches();
        batches.iter().find_map(|batch| batch.inventories.get(digest)).cloned()
    }

    /// Forgets what was written up to a clock value, because it is not asked for any more.
    pub fn forget_recent(&self, upto: Timestamp) {
        let mut forgotten = Vec::new();
        let mut batches = self.recent().batches();
        while batches.front().is_some_and(|batch| batch.clock <= upto) {
            forgotten.extend(batches.pop_front());
        }
        // it is given back when nobody waits for the lock
        drop(batches);
    }
}
