//! What is left of deleted records: for each its end, until the record is there again.

use std::sync::Arc;

use model::{Digest, Timestamp};
use store::{Change, ChangeKind};
use uuid::Uuid;

use super::change::{NO_ID, give_up, stamp, stands, take_position, uuids};
use super::{NO_TIME, TextsColumn};
use crate::persist::{PersistError, persist};
use crate::table::{Bits, Chunked, Lookup, OrderLog, Stamp};

/// The ends of images and containers of one customer, in the order of the clock.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tombstones {
    live: Arc<Bits>,
    free: Arc<Vec<u32>>,
    uuid: Chunked<Uuid>,
    by_uuid: Lookup,
    clock: Chunked<i64>,
    order: OrderLog,
    is_container: Chunked<bool>,
    id: Chunked<Digest>,
    tags: TextsColumn,
    image_tags: TextsColumn,
}

/// The end of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tombstone {
    /// When, by the clock.
    pub(crate) clock: Timestamp,
    /// Image or container.
    pub(crate) kind: ChangeKind,
    /// Which one.
    pub(crate) uuid: Uuid,
    /// The image's or container's own id, if the store knows it.
    pub(crate) id: Option<Digest>,
    /// The tags that it had.
    pub(crate) tags: Vec<String>,
    /// Of a container: the tags that its image had.
    pub(crate) image_tags: Vec<String>,
}

impl Tombstones {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.live.len() as usize - self.free.len()
    }

    /// The ends after a clock value, in its order.
    pub(crate) fn after(&self, clock: Timestamp) -> impl Iterator<Item = Tombstone> + '_ {
        let stands = stands(&self.live, &self.clock, &self.uuid);
        let entries = self.order.from(Timestamp(clock.0.saturating_add(1)), None);
        entries.filter(move |of| of.updated > clock && stands(of)).map(|of| self.get(of.position))
    }

    fn get(&self, position: u32) -> Tombstone {
        let texts = |column: &TextsColumn| column.get(position).map(str::to_owned).collect();
        let is_container = self.is_container.get(position).copied().unwrap_or_default();
        Tombstone {
            clock: Timestamp(self.clock.get(position).copied().unwrap_or(NO_TIME)),
            kind: if is_container { ChangeKind::Container } else { ChangeKind::Image },
            uuid: self.uuid.get(position).copied().unwrap_or_default(),
            id: self.id.get(position).copied().filter(|id| *id != NO_ID),
            tags: texts(&self.tags),
            image_tags: texts(&self.image_tags),
        }
    }

    /// Notes the ends of records.
    pub(super) fn put(&mut self, ends: &[Change]) {
        let mut stamps: Vec<Stamp> = Vec::with_capacity(ends.len());
        for end in ends {
            self.forget(end.key);
            let position = take_position(&mut self.live, &mut self.free);
            self.uuid.put(position, end.key, &Uuid::nil());
            self.by_uuid.insert(Lookup::key(end.key.as_bytes()), position);
            self.clock.put(position, end.clock.0, &NO_TIME);
            self.is_container.put(position, end.kind == ChangeKind::Container, &false);
            let left = end.tombstone.as_ref();
            self.id.put(position, left.map_or(NO_ID, |left| left.id), &NO_ID);
            let texts = |tags: Option<&Vec<String>>| tags.cloned().unwrap_or_default();
            let (own, images) =
                (texts(left.map(|left| &left.tags)), texts(left.map(|left| &left.image_tags)));
            self.tags.put(position, own.iter().map(String::as_str));
            self.image_tags.put(position, images.iter().map(String::as_str));
            stamps.push(stamp(&self.clock, &self.uuid, position));
        }
        let standing = self.len();
        let stands = stands(&self.live, &self.clock, &self.uuid);
        stamps.retain(&stands);
        let is_live = |position| self.live.contains(position);
        self.order.add(stamps, standing, uuids(&self.uuid), (is_live, stands));
    }

    /// Takes away the end of a record that is there again.
    pub(super) fn forget(&mut self, uuid: Uuid) {
        let key = Lookup::key(uuid.as_bytes());
        let known = self.by_uuid.get(key).find(|position| self.uuid.get(*position) == Some(&uuid));
        if let Some(position) = known {
            self.by_uuid.remove(key, position);
            give_up(&mut self.live, &mut self.free, position);
        }
    }
}

persist!(Tombstones { live, free, uuid, by_uuid, clock, order, is_container, id, tags, image_tags });

impl Tombstones {
    /// Whether what was read from a file can be used without harm.
    pub(super) fn check(&self) -> Result<(), PersistError> {
        super::tenant::check_positions(&self.live, &self.free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(number: u128, clock: i64) -> Change {
        let left = store::Tombstone { id: NO_ID, tags: vec![format!("t{number}")], image_tags: Vec::new() };
        Change {
            clock: Timestamp(clock),
            customer: Uuid::nil(),
            kind: ChangeKind::Container,
            key: Uuid::from_u128(number << 64),
            deleted: true,
            cause: "deletion".into(),
            tombstone: Some(left),
        }
    }

    #[test]
    fn each_record_has_one_end_and_none_when_it_is_there_again() {
        let mut tombstones = Tombstones::default();
        tombstones.put(&[end(1, 5), end(2, 6), end(3, 7)]);
        tombstones.put(&[end(1, 8)]);
        let before = tombstones.clone();
        tombstones.forget(end(2, 0).key);
        tombstones.forget(end(9, 0).key);
        let clocks =
            |of: &Tombstones, after| of.after(Timestamp(after)).map(|end| end.clock.0).collect::<Vec<_>>();
        assert_eq!((clocks(&before, 0), clocks(&before, 6)), (vec![6, 7, 8], vec![7, 8]));
        assert_eq!(
            (clocks(&tombstones, 0), clocks(&tombstones, 8), tombstones.len()),
            (vec![7, 8], vec![], 2)
        );
        let last = tombstones.after(Timestamp(7)).next().unwrap();
        assert_eq!(
            (last.kind, last.id, last.tags.as_slice()),
            (ChangeKind::Container, None, &["t1".to_owned()][..])
        );
    }
}
