//! Writing the log anew: without what is outdated, or with everything to be sent once more.

use std::collections::HashMap;
use std::io;

use model::Timestamp;

use super::book::{Book, Place};
use super::frame::{self, Record};
use super::log::At;

/// A smaller log is not written anew.
const SMALL: u64 = 4 << 20;

impl Book {
    /// Has everything sent anew.
    pub(super) fn resend(&mut self) {
        for (id, entry) in &mut self.containers {
            if entry.sent {
                entry.sent = false;
                entry.since = Timestamp::now();
                self.waiting.insert(entry.number, *id);
            }
        }
        self.images.clear();
        // what the log says of it is outdated
        if let Err(error) = self.renew() {
            tracing::warn!(%error, "the spool cannot be written anew: {error}");
        }
    }

    /// Writes the log anew if most of it is outdated.
    pub(super) fn tidy(&mut self) -> io::Result<()> {
        let length = self.log.length();
        if length > SMALL && length / 2 > self.live { self.renew() } else { Ok(()) }
    }

    /// Writes the log anew. After an error the old one stands, and so does everything in memory.
    pub(super) fn renew(&mut self) -> io::Result<()> {
        let reader = self.log.reader();
        let mut order: Vec<(u64, [u8; 32])> =
            self.containers.iter().map(|(id, entry)| (entry.number, *id)).collect();
        order.sort_unstable();
        let others = self.others();
        let containers = &self.containers;
        let mut moved: HashMap<[u8; 32], At> = HashMap::with_capacity(order.len());
        self.log.renew(|write| {
            for (_, id) in &order {
                let Some(entry) = containers.get(id) else { continue };
                let record = match &entry.place {
                    Place::Disk(at) => reader.read(*at)?,
                    Place::Memory(frame) => frame::decode(frame),
                };
                // what the disk spoilt is not known any more, and so reported again
                let Some(Record::Container(mut record)) = record else { continue };
                record.sent = entry.sent;
                record.since = entry.since;
                record.observed_at = entry.observed_at;
                if let Some(frame) = frame::encode(&Record::Container(record)) {
                    moved.insert(*id, write(&frame)?);
                }
            }
            others.iter().filter_map(frame::encode).try_for_each(|frame| write(&frame).map(|_| ()))
        })?;
        self.containers.retain(|id, entry| match moved.get(id) {
            Some(at) => {
                entry.place = Place::Disk(*at);
                true
            }
            None => {
                self.waiting.remove(&entry.number);
                false
            }
        });
        self.live = moved.values().map(|at| u64::from(at.length)).sum();
        self.held = 0;
        Ok(())
    }

    /// What the log holds beside containers.
    fn others(&self) -> Vec<Record> {
        let buried = self.gone_in_order.iter().filter(|(id, number)| self.gone.get(id) == Some(number));
        let mut records: Vec<Record> = buried.map(|(id, _)| Record::Gone { id: *id }).collect();
        let images = self.images.iter();
        records.extend(images.map(|(id, (scanner, names))| Record::Image {
            id: *id,
            scanner: *scanner,
            names: *names,
        }));
        let followed = self.followed.iter();
        records.extend(
            followed.map(|(runtime, until)| Record::Followed { runtime: runtime.clone(), until: *until }),
        );
        let told = self.containers.iter().filter_map(|(id, entry)| Some((id, entry.told_apart()?)));
        records.extend(told.map(|(id, at)| Record::Told { id: *id, at }));
        records
    }
}
