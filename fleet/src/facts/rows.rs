//! What images and containers have in common: who they are, when they changed, and their order.

use std::ops::Bound;

use model::Timestamp;
use uuid::Uuid;

use super::{Containers, Images, NO_TIME};
use crate::table::{Bits, Chunked, Lookup, OrderLog, Stamp};

/// The common columns of a table of records.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'t> {
    pub(crate) live: &'t Bits,
    pub(crate) uuid: &'t Chunked<Uuid>,
    pub(crate) updated: &'t Chunked<i64>,
    pub(crate) first_stored: &'t Chunked<i64>,
    by_uuid: &'t Lookup,
    pub(crate) order: &'t OrderLog,
}

impl Images {
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows {
            live: &self.live,
            uuid: &self.uuid,
            updated: &self.updated,
            first_stored: &self.first_stored,
            by_uuid: &self.by_uuid,
            order: &self.order,
        }
    }
}

impl Containers {
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows {
            live: &self.live,
            uuid: &self.uuid,
            updated: &self.updated,
            first_stored: &self.first_stored,
            by_uuid: &self.by_uuid,
            order: &self.order,
        }
    }
}

impl<'t> Rows<'t> {
    /// The uuid of a record.
    pub(crate) fn uuid(&self, position: u32) -> Uuid {
        self.uuid.get(position).copied().unwrap_or_default()
    }

    /// The effective `updated` of a record.
    pub(crate) fn updated(&self, position: u32) -> Timestamp {
        Timestamp(self.updated.get(position).copied().unwrap_or(NO_TIME))
    }

    /// When a record was first stored.
    pub(crate) fn first_stored(&self, position: u32) -> Timestamp {
        Timestamp(self.first_stored.get(position).copied().unwrap_or(NO_TIME))
    }

    /// The position of the record with that uuid.
    pub(crate) fn position(&self, uuid: Uuid) -> Option<u32> {
        let mut found = self.by_uuid.get(Lookup::key(uuid.as_bytes()));
        found.find(|position| self.uuid(*position) == uuid)
    }

    fn stands(&self, stamp: &Stamp) -> bool {
        self.live.contains(stamp.position)
            && self.updated.get(stamp.position) == Some(&stamp.updated.0)
            && Lookup::key(self.uuid(stamp.position).as_bytes()) == stamp.uuid
    }

    /// The records by (`updated`, `uuid`) ascending, from a place in this order up to the last one at `to`. An unbounded
    /// uuid begins with the first record of that time.
    pub(crate) fn in_order(
        self,
        from: (Timestamp, Bound<Uuid>),
        to: Timestamp,
    ) -> impl Iterator<Item = u32> + 't {
        let first = match from.1 {
            Bound::Included(uuid) | Bound::Excluded(uuid) => Some(uuid),
            Bound::Unbounded => None,
        };
        let entries = self.order.from(from.0, first).take_while(move |stamp| stamp.updated <= to);
        entries.filter(move |stamp| self.stands(stamp)).map(|stamp| stamp.position).filter(move |position| {
            self.updated(*position) > from.0
                || match from.1 {
                    Bound::Included(uuid) => self.uuid(*position) >= uuid,
                    Bound::Excluded(uuid) => self.uuid(*position) > uuid,
                    Bound::Unbounded => true,
                }
        })
    }

    /// The records, the last changed first.
    pub(crate) fn last_first(self) -> impl Iterator<Item = u32> + 't {
        self.order.backwards().filter(move |stamp| self.stands(stamp)).map(|stamp| stamp.position)
    }

    /// The records with a uuid greater than `after`, ascending.
    pub(crate) fn by_uuid_after(self, after: Uuid) -> impl Iterator<Item = u32> + 't {
        let mut entries = self.by_uuid.range(Lookup::key(after.as_bytes()), u64::MAX).peekable();
        // those whose keys are equal stand in no order, so they are put in order here
        let mut alike: Vec<(Uuid, u32)> = Vec::new();
        std::iter::from_fn(move || {
            loop {
                if let Some((_, position)) = alike.pop() {
                    return Some(position);
                }
                let (key, position) = entries.next()?;
                alike.push((self.uuid(position), position));
                while let Some((_, position)) = entries.next_if(|(next, _)| *next == key) {
                    alike.push((self.uuid(position), position));
                }
                alike.retain(|(uuid, _)| *uuid > after);
                alike.sort_unstable_by(|a, b| b.cmp(a));
            }
        })
    }
}
