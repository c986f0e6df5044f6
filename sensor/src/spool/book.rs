//! The newest of every container, and what the server has of it: an index in memory over the log on the disk.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::Arc;

use model::{ContainerReport, ContainerState, Digest, ImageId, Timestamp};

use super::frame::{self, ContainerRecord, Record};
use super::log::{At, Damage, Log};
use super::pack;

/// Containers that are gone and whose end the server knows: so many are remembered, so that an event that is told twice
/// does not bring them back.
const GONE: usize = 20_000;
/// Images of which is remembered that the server has them.
const IMAGES: usize = 20_000;
/// A full log is written anew if that many bytes of it are outdated.
const WORTHWHILE: u64 = 1 << 20;
/// Bytes of records that are held in memory while the disk is full.
const HELD: usize = 32 << 20;
/// The longest report that is unpacked.
const LONGEST_BODY: usize = frame::LONGEST;

/// What is known of a container without reading the disk.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// The runtime's id.
    pub(crate) id: Digest,
    /// Which runtime it is of: the first word of its description.
    pub(crate) runtime: Arc<str>,
    /// What it does.
    pub(crate) state: ContainerState,
    /// When it was last seen.
    pub(crate) observed_at: Timestamp,
}

/// A report on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitingContainer {
    /// The runtime's id.
    pub(crate) id: Digest,
    /// Which version of it.
    pub(crate) number: u64,
    /// The report.
    pub(crate) json: Vec<u8>,
    /// When it was seen, by the clock of whoever has it in hand: this host's, and the server's once it is made ready to be sent.
    pub(crate) observed_at: Timestamp,
    /// The time, by the server's clock, of what the server has of the container; 0 if nothing is known of that.
    pub(crate) told: Timestamp,
}

pub(super) enum Place {
    Disk(At),
    /// The disk was full.
    Memory(Vec<u8>),
}

pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) number: u64,
    runtime: Arc<str>,
    state: ContainerState,
    pub(super) observed_at: Timestamp,
    pub(super) since: Timestamp,
    print: u64,
    pub(super) sent: bool,
    /// See [`WaitingContainer::told`].
    pub(super) told: Timestamp,
}

impl Entry {
    /// The time of what the server has, if the log does not tell it otherwise.
    pub(super) fn told_apart(&self) -> Option<Timestamp> {
        let is_plain =
            if self.sent { self.told == self.observed_at } else { self.told == Timestamp::default() };
        (!is_plain).then_some(self.told)
    }

    fn on_disk(&self) -> u64 {
        match &self.place {
            Place::Disk(at) => at.length.into(),
            Place::Memory(_) => 0,
        }
    }
}

pub(super) struct Book {
    pub(super) log: Log,
    pub(super) containers: HashMap<[u8; 32], Entry>,
    /// Versions that the server lacks.
    pub(super) waiting: BTreeMap<u64, [u8; 32]>,
    pub(super) gone: HashMap<[u8; 32], u64>,
    pub(super) gone_in_order: VecDeque<([u8; 32], u64)>,
    pub(super) images: HashMap<[u8; 32], (u64, u64)>,
    pub(super) followed: HashMap<String, Timestamp>,
    next: u64,
    /// Bytes of frames that say the newest.
    pub(super) live: u64,
    pub(super) held: usize,
}

impl Book {
    /// Reads the log.
    pub(super) fn open(path: &std::path::Path, most: u64) -> io::Result<(Self, Damage)> {
        let mut records = Vec::new();
        let (log, damage) = Log::open(path, most, |at, mut record| {
            // bodies stay on the disk
            if let Record::Container(container) = &mut record {
                container.body = Vec::new();
            }
            records.push((at, record));
        })?;
        let mut book = Self {
            log,
            containers: HashMap::new(),
            waiting: BTreeMap::new(),
            gone: HashMap::new(),
            gone_in_order: VecDeque::new(),
            images: HashMap::new(),
            followed: HashMap::new(),
            next: 1,
            live: 0,
            held: 0,
        };
        for (at, record) in records {
            book.replay(at, record);
        }
        Ok((book, damage))
    }

    fn replay(&mut self, at: At, record: Record) {
        match record {
            Record::Container(record) => self.insert(Place::Disk(at), &record),
            Record::Sent { id, number } => self.mark_sent(&id, number),
            Record::Forgotten { id } => self.remove(&id),
            Record::Gone { id } => self.bury(id),
            Record::Image { id, scanner, names } => {
                self.images.insert(id, (scanner, names));
            }
            Record::Followed { runtime, until } => {
                self.followed.insert(runtime, until);
            }
            Record::Told { id, at } => {
                if let Some(entry) = self.containers.get_mut(&id) {
                    entry.told = at;
                }
            }
        }
    }

    fn insert(&mut self, place: Place, record: &ContainerRecord) {
        let told = self.containers.get(&record.id).map(|entry| entry.told).unwrap_or_default();
        self.remove(&record.id);
        self.gone.remove(&record.id);
        self.next = self.next.max(record.number + 1);
        if !record.sent {
            self.waiting.insert(record.number, record.id);
        }
        let entry = Entry {
            place,
            number: record.number,
            runtime: record.runtime.as_str().into(),
            state: record.state,
            observed_at: record.observed_at,
            since: record.since,
            print: record.print,
            sent: record.sent,
            told: if record.sent { told.max(record.observed_at) } else { told },
        };
        self.live += entry.on_disk();
        self.containers.insert(record.id, entry);
    }

    fn remove(&mut self, id: &[u8; 32]) {
        let Some(entry) = self.containers.remove(id) else { return };
        self.waiting.remove(&entry.number);
        self.live -= entry.on_disk();
        if let Place::Memory(frame) = entry.place {
            self.held -= frame.len();
        }
    }

    /// Remembers that a container is gone and the server knows.
    fn bury(&mut self, id: [u8; 32]) {
        self.remove(&id);
        let number = self.next;
        self.next += 1;
        self.gone.insert(id, number);
        self.gone_in_order.push_back((id, number));
        while self.gone_in_order.len() > GONE {
            let Some((oldest, number)) = self.gone_in_order.pop_front() else { break };
            if self.gone.get(&oldest) == Some(&number) {
                self.gone.remove(&oldest);
            }
        }
    }

    fn mark_sent(&mut self, id: &[u8; 32], number: u64) {
        let Some(entry) = self.containers.get_mut(id).filter(|entry| entry.number == number) else { return };
        entry.sent = true;
        entry.told = entry.observed_at;
        self.waiting.remove(&number);
        if entry.state == ContainerState::Deleted {
            self.bury(*id);
        }
    }

    /// Takes in what was seen of a container; gives whether it says anything new.
    pub(super) fn put(&mut self, report: &ContainerReport, runtime: &str) -> io::Result<bool> {
        let id = *report.id.as_bytes();
        let print = print_of(report);
        let known = self.containers.get_mut(&id);
        if let Some(known) = known.filter(|known| known.print == print) {
            known.observed_at = known.observed_at.max(report.observed_at);
            return Ok(false);
        }
        let waits_since = self.containers.get(&id).filter(|known| !known.sent).map(|known| known.since);
        let json = serde_json::to_vec(report)?;
        let mut record = ContainerRecord {
            id,
            number: self.next,
            runtime: runtime.to_owned(),
            state: report.state,
            observed_at: report.observed_at,
            since: waits_since.unwrap_or_else(Timestamp::now),
            print,
            sent: false,
            body: pack::pack(&json, 1)?,
        };
        let whole = Record::Container(record.clone());
        record.body = Vec::new();
        let frame = frame::encode(&whole).ok_or(io::ErrorKind::FileTooLarge)?;
        let place = match self.append(&frame) {
            Ok(at) => Place::Disk(at),
            Err(error) if self.held + frame.len() > HELD => return Err(error),
            Err(error) => {
                tracing::debug!(%error, "a report is held in memory: {error}");
                Place::Memory(frame)
            }
        };
        let in_memory = if let Place::Memory(frame) = &place { frame.len() } else { 0 };
        self.insert(place, &record);
        self.held += in_memory;
        Ok(true)
    }

    /// Appends a frame, after throwing away what is outdated if there is no room.
    fn append(&mut self, frame: &[u8]) -> io::Result<At> {
        match self.log.append(frame) {
            Err(_) if self.live + WORTHWHILE < self.log.length() => {
                self.renew()?;
                self.log.append(frame)
            }
            done => done,
        }
    }

    /// Whether reports are in memory that belong on the disk.
    pub(super) fn holds_any(&self) -> bool {
        self.held > 0
    }

    /// Tries once more to write what did not fit.
    pub(super) fn write_held(&mut self) -> io::Result<()> {
        let held: Vec<[u8; 32]> = self
            .containers
            .iter()
            .filter(|(_, entry)| matches!(entry.place, Place::Memory(_)))
            .map(|(id, _)| *id)
            .collect();
        for id in held {
            let Some(entry) = self.containers.get(&id) else { continue };
            let Place::Memory(frame) = &entry.place else { continue };
            let frame = frame.clone();
            let at = self.append(&frame)?;
            let Some(entry) = self.containers.get_mut(&id) else { continue };
            entry.place = Place::Disk(at);
            self.live += u64::from(at.length);
            self.held -= frame.len();
        }
        Ok(())
    }

    fn record(&self, id: &[u8; 32]) -> io::Result<Option<ContainerRecord>> {
        let Some(entry) = self.containers.get(id) else { return Ok(None) };
        let record = match &entry.place {
            Place::Disk(at) => self.log.reader().read(*at)?,
            Place::Memory(frame) => frame::decode(frame),
        };
        Ok(match record {
            Some(Record::Container(record)) if record.id == *id => Some(record),
            _ => None,
        })
    }

    /// The newest report of a container.
    pub(super) fn report(&self, id: &Digest) -> Option<ContainerReport> {
        let record = self.record(id.as_bytes()).ok()??;
        serde_json::from_slice(&pack::unpack(&record.body, LONGEST_BODY).ok()?).ok()
    }

    /// What is known of a container.
    pub(super) fn known(&self, id: &Digest) -> Option<Known> {
        self.containers.get(id.as_bytes()).map(|entry| known(id.as_bytes(), entry))
    }

    /// Whether a container is gone and the server knows.
    pub(super) fn is_buried(&self, id: &Digest) -> bool {
        self.gone.contains_key(id.as_bytes())
    }

    /// All containers but those that are gone.
    pub(super) fn all(&self) -> Vec<Known> {
        let there = self.containers.iter().filter(|(_, entry)| entry.state != ContainerState::Deleted);
        there.map(|(id, entry)| known(id, entry)).collect()
    }

    /// The oldest reports that the server lacks: at most so many, with so many bytes, but one at least.
    pub(super) fn waiting(&mut self, most: usize, bytes: usize) -> Vec<WaitingContainer> {
        let mut taken = Vec::new();
        let mut spoilt = Vec::new();
        let mut total = 0;
        for (number, id) in self.waiting.iter().take(most) {
            let record = self.record(id).ok().flatten();
            let Some(json) = record.and_then(|record| pack::unpack(&record.body, LONGEST_BODY).ok()) else {
                spoilt.push(*id);
                continue;
            };
            total += json.len();
            if total > bytes && !taken.is_empty() {
                break;
            }
            let entry = self.containers.get(id);
            let (observed_at, told) = entry.map(|entry| (entry.observed_at, entry.told)).unwrap_or_default();
            let id = Digest::from_bytes(*id);
            taken.push(WaitingContainer { id, number: *number, json, observed_at, told });
        }
        for id in spoilt {
            // the next listing sees it as a new container and reports it again
            tracing::warn!("the disk spoilt a report that waited; its container is asked for again");
            self.remove(&id);
        }
        taken
    }

    /// How many reports wait, and since when the oldest.
    pub(super) fn waiting_since(&self) -> (usize, Option<Timestamp>) {
        let since =
            self.waiting.values().filter_map(|id| self.containers.get(id)).map(|entry| entry.since).min();
        (self.waiting.len(), since)
    }

    /// Notes that the server has a version of a container, seen at `at` by its clock.
    pub(super) fn sent(&mut self, id: &Digest, number: u64, at: Timestamp) {
        self.mark_sent(id.as_bytes(), number);
        self.note(&Record::Sent { id: *id.as_bytes(), number });
        self.told(id, at);
    }

    /// Notes the time, by the server's clock, of what the server has of a container.
    pub(super) fn told(&mut self, id: &Digest, at: Timestamp) {
        let Some(entry) = self.containers.get_mut(id.as_bytes()).filter(|entry| entry.told != at) else {
            return;
        };
        entry.told = at;
        self.note(&Record::Told { id: *id.as_bytes(), at });
    }

    /// Stops knowing a container, without telling anybody.
    pub(super) fn forget(&mut self, id: &Digest) {
        if self.containers.contains_key(id.as_bytes()) {
            self.remove(id.as_bytes());
            self.note(&Record::Forgotten { id: *id.as_bytes() });
        }
    }

    /// Whether the server has the report that this scanner makes of an image, with names of this print or any.
    pub(super) fn has_image(&self, image: &ImageId, scanner: u64, names: Option<u64>) -> bool {
        let known = self.images.get(image.0.as_bytes());
        known.is_some_and(|(by, of)| *by == scanner && names.is_none_or(|names| *of == names))
    }

    /// Notes that the server has the report of an image.
    pub(super) fn image_sent(&mut self, image: &ImageId, scanner: u64, names: u64) {
        let id = *image.0.as_bytes();
        if self.images.len() >= IMAGES && !self.images.contains_key(&id) {
            // scanned and sent once more if it is still there: a rare cost, and the layers are known
            if let Some(any) = self.images.keys().next().copied() {
                self.images.remove(&any);
            }
        }
        self.images.insert(id, (scanner, names));
        self.note(&Record::Image { id, scanner, names });
    }

    /// Until when a runtime's events are in the log.
    pub(super) fn followed(&self, runtime: &str) -> Option<Timestamp> {
        self.followed.get(runtime).copied()
    }

    /// Notes until when a runtime's events are in the log.
    pub(super) fn follow(&mut self, runtime: &str, until: Timestamp) {
        if self.followed(runtime) < Some(until) {
            self.followed.insert(runtime.to_owned(), until);
            self.note(&Record::Followed { runtime: runtime.to_owned(), until });
        }
    }

    /// Writes something down that costs a repetition at most if it is lost.
    fn note(&mut self, record: &Record) {
        let Some(frame) = frame::encode(record) else { return };
        if let Err(error) = self.append(&frame) {
            tracing::debug!(%error, "a note does not fit into the spool: {error}");
        }
    }
}

fn known(id: &[u8; 32], entry: &Entry) -> Known {
    Known {
        id: Digest::from_bytes(*id),
        runtime: Arc::clone(&entry.runtime),
        state: entry.state,
        observed_at: entry.observed_at,
    }
}

/// A print of all that a report says but when it was looked.
fn print_of(report: &ContainerReport) -> u64 {
    let mut timeless = report.clone();
    timeless.observed_at = Timestamp::default();
    if let Some(drift) = timeless.details.as_mut().and_then(|details| details.drift.as_mut()) {
        drift.checked_at = Timestamp::default();
    }
    let json = serde_json::to_vec(&timeless).unwrap_or_default();
    let digest = Digest::of(&json);
    u64::from_le_bytes(digest.as_bytes()[..8].try_into().unwrap_or_default())
}
