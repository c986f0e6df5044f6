//! The searchable scalars of one kind of record as columns, with the orders and bitmaps that answer questions over them.
//!
//! A record has a position: dense numbers, used again after a deletion. Images and containers each have a table
//! of this one type; what belongs to a record besides its scalars is kept beside it under the same position.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use model::{Digest, Timestamp};
use roaring::RoaringBitmap;
use uuid::Uuid;

/// The scalars of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalars {
    pub(crate) customer: Uuid,
    pub(crate) uuid: Uuid,
    /// What it is looked up by: the image's or the container's own id.
    pub(crate) id: Digest,
    /// Build time of an image, creation of a container.
    pub(crate) created: Option<Timestamp>,
    /// When the record was first stored.
    pub(crate) first_stored: Timestamp,
    /// The effective `updated`.
    pub(crate) updated: Timestamp,
    /// Names of all tags that count for it.
    pub(crate) tags: Vec<String>,
}

/// Whether a record may be seen.
#[derive(Clone, Debug)]
pub(crate) enum Visible {
    /// All records of the customer.
    All,
    /// These positions only.
    Only(RoaringBitmap),
}

impl Visible {
    pub(crate) fn contains(&self, position: u32) -> bool {
        match self {
            Self::All => true,
            Self::Only(positions) => positions.contains(position),
        }
    }
}

/// Columns over all records of one kind.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    rows: Vec<Option<Scalars>>,
    free: Vec<u32>,
    /// (customer, updated, uuid): the order of bulk lists.
    order: BTreeMap<(Uuid, Timestamp, Uuid), u32>,
    by_uuid: BTreeMap<(Uuid, Uuid), u32>,
    by_id: BTreeMap<(Uuid, Digest), u32>,
    by_tag: HashMap<(Uuid, String), RoaringBitmap>,
    by_customer: HashMap<Uuid, RoaringBitmap>,
}

impl Columns {
    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.by_uuid.len()
    }

    /// The scalars at `position`, which must be taken.
    pub(crate) fn at(&self, position: u32) -> &Scalars {
        self.rows[position as usize]
            .as_ref()
            .expect("positions are taken from the orders, which hold live records only")
    }

    pub(crate) fn position(&self, customer: Uuid, uuid: Uuid) -> Option<u32> {
        self.by_uuid.get(&(customer, uuid)).copied()
    }

    /// Inserts a record or replaces the one with the same uuid; gives its position.
    pub(crate) fn put(&mut self, scalars: Scalars) -> u32 {
        let (customer, uuid) = (scalars.customer, scalars.uuid);
        let position = match self.position(customer, uuid) {
            Some(position) => {
                if *self.at(position) == scalars {
                    return position;
                }
                self.unlink(position);
                position
            }
            None => self.free.pop().unwrap_or_else(|| {
                self.rows.push(None);
                u32::try_from(self.rows.len() - 1).expect("fewer than 2^32 records fit in memory")
            }),
        };
        self.order.insert((customer, scalars.updated, uuid), position);
        self.by_uuid.insert((customer, uuid), position);
        self.by_id.insert((customer, scalars.id), position);
        self.by_customer.entry(customer).or_default().insert(position);
        for tag in &scalars.tags {
            self.by_tag.entry((customer, tag.clone())).or_default().insert(position);
        }
        self.rows[position as usize] = Some(scalars);
        position
    }

    /// Takes a record out; gives the position that it had.
    pub(crate) fn remove(&mut self, customer: Uuid, uuid: Uuid) -> Option<u32> {
        let position = self.position(customer, uuid)?;
        self.unlink(position);
        self.free.push(position);
        Some(position)
    }

    /// Moves a record in the order of bulk lists.
    pub(crate) fn set_updated(&mut self, position: u32, updated: Timestamp) {
        let Some(scalars) = self.rows[position as usize].as_mut() else { return };
        let before = std::mem::replace(&mut scalars.updated, updated);
        if before != updated {
            self.order.remove(&(scalars.customer, before, scalars.uuid));
            self.order.insert((scalars.customer, updated, scalars.uuid), position);
        }
    }

    fn unlink(&mut self, position: u32) {
        let Some(scalars) = self.rows[position as usize].take() else { return };
        let customer = scalars.customer;
        self.order.remove(&(customer, scalars.updated, scalars.uuid));
        self.by_uuid.remove(&(customer, scalars.uuid));
        self.by_id.remove(&(customer, scalars.id));
        if let Some(positions) = self.by_customer.get_mut(&customer) {
            positions.remove(position);
        }
        for tag in scalars.tags {
            let key = (customer, tag);
            if let Some(positions) = self.by_tag.get_mut(&key) {
                positions.remove(position);
                if positions.is_empty() {
                    self.by_tag.remove(&key);
                }
            }
        }
    }

    /// All records of a customer.
    pub(crate) fn of_customer(&self, customer: Uuid) -> impl Iterator<Item = u32> + '_ {
        self.by_customer.get(&customer).into_iter().flatten()
    }

    /// The records of a customer that have one of `tags`.
    pub(crate) fn with_tags<'a>(
        &self,
        customer: Uuid,
        tags: impl IntoIterator<Item = &'a String>,
    ) -> RoaringBitmap {
        let mut positions = RoaringBitmap::new();
        for tag in tags {
            if let Some(tagged) = self.by_tag.get(&(customer, tag.clone())) {
                positions |= tagged;
            }
        }
        positions
    }

    /// The records of a customer by (`updated`, `uuid`) ascending, from a place in this order up to the last one at `to`.
    /// An unbounded uuid begins with the first record of that time.
    pub(crate) fn in_order(
        &self,
        customer: Uuid,
        from: (Timestamp, Bound<Uuid>),
        to: Timestamp,
    ) -> impl Iterator<Item = u32> + '_ {
        let lower = match from.1 {
            Bound::Excluded(uuid) => Bound::Excluded((customer, from.0, uuid)),
            Bound::Included(uuid) => Bound::Included((customer, from.0, uuid)),
            Bound::Unbounded => Bound::Included((customer, from.0, Uuid::nil())),
        };
        let upper = Bound::Included((customer, to, Uuid::max()));
        // an empty range must be asked for in the right order
        let range = (from.0 <= to).then(|| self.order.range((lower, upper)));
        range.into_iter().flatten().map(|(_, position)| *position)
    }

    /// The greatest `updated` of all records that a reader may see; `None` if there is none.
    pub(crate) fn last_updated(&self, customer: Uuid, visible: &Visible) -> Option<Timestamp> {
        let all = (customer, Timestamp(i64::MIN), Uuid::nil())..=(customer, Timestamp(i64::MAX), Uuid::max());
        let mut descending = self.order.range(all).rev();
        descending.find(|(_, position)| visible.contains(**position)).map(|((_, updated, _), _)| *updated)
    }

    /// The records of a customer with a uuid greater than `after`, ascending.
    pub(crate) fn by_uuid_after(&self, customer: Uuid, after: Uuid) -> impl Iterator<Item = u32> + '_ {
        let range = (Bound::Excluded((customer, after)), Bound::Included((customer, Uuid::max())));
        let range = (after < Uuid::max()).then(|| self.by_uuid.range(range));
        range.into_iter().flatten().map(|(_, position)| *position)
    }

    /// The records of a customer whose id lies within `from..=to`, ascending.
    pub(crate) fn by_id(&self, customer: Uuid, from: Digest, to: Digest) -> impl Iterator<Item = u32> + '_ {
        self.by_id.range((customer, from)..=(customer, to)).map(|(_, position)| *position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(number: u8, updated: i64, tags: &[&str]) -> Scalars {
        Scalars {
            customer: Uuid::from_u128(1),
            uuid: Uuid::from_u128(u128::from(number)),
            id: Digest::from_bytes([number; 32]),
            created: None,
            first_stored: Timestamp(1),
            updated: Timestamp(updated),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    fn order(columns: &Columns) -> Vec<u128> {
        let from = (Timestamp(i64::MIN), Bound::Unbounded);
        let positions = columns.in_order(Uuid::from_u128(1), from, Timestamp(i64::MAX));
        positions.map(|position| columns.at(position).uuid.as_u128()).collect()
    }

    #[test]
    fn a_record_has_one_place_in_the_order_and_moves_with_its_change() {
        let mut columns = Columns::default();
        for (number, updated) in [(3, 10), (1, 10), (2, 5)] {
            columns.put(scalars(number, updated, &[]));
        }
        assert_eq!(order(&columns), [2, 1, 3]);
        columns.put(scalars(2, 20, &[]));
        let position = columns.position(Uuid::from_u128(1), Uuid::from_u128(1)).unwrap();
        columns.set_updated(position, Timestamp(30));
        assert_eq!(order(&columns), [3, 2, 1]);
        assert_eq!(columns.len(), 3);
    }

    #[test]
    fn a_removed_record_leaves_nothing_behind_and_its_position_is_used_again() {
        let mut columns = Columns::default();
        let first = columns.put(scalars(1, 10, &["a", "b"]));
        assert_eq!(columns.remove(Uuid::from_u128(1), Uuid::from_u128(1)), Some(first));
        assert!(order(&columns).is_empty() && columns.by_tag.is_empty() && columns.by_id.is_empty());
        assert_eq!(columns.of_customer(Uuid::from_u128(1)).count(), 0);
        assert_eq!(columns.put(scalars(2, 10, &["b"])), first);
        let tagged = |tag: &str| columns.with_tags(Uuid::from_u128(1), [&tag.to_owned()]).len();
        assert_eq!((tagged("a"), tagged("b")), (0, 1));
    }

    #[test]
    fn ranges_that_hold_nothing_are_empty_instead_of_a_panic() {
        let mut columns = Columns::default();
        columns.put(scalars(1, 10, &[]));
        let customer = Uuid::from_u128(1);
        let none = columns.in_order(customer, (Timestamp(11), Bound::Unbounded), Timestamp(5)).count();
        let same =
            columns.in_order(customer, (Timestamp(10), Bound::Excluded(Uuid::max())), Timestamp(10)).count();
        assert_eq!((none, same, columns.by_uuid_after(customer, Uuid::max()).count()), (0, 0, 0));
    }
}
