//! The change feed: what changed after a place, each thing with its latest change, in the order of the clock.
//!
//! Nothing is kept for it. Living records stand in their orders with the time of their last change, ends are in the
//! tombstones, and the causes of new judgements are noted by their clock values; the feed is the three in one order.
//! Whoever goes on from the place of the last entry misses nothing, from however long ago it comes.

use std::fmt;
use std::ops::Bound;
use std::str::FromStr;

use model::{Digest, Timestamp};
use store::ChangeKind;
use uuid::Uuid;

use super::{Index, Rows, Tenant, Visible, cause_word};
use crate::request::Scope;
use crate::table::NONE;

/// A place in the feed: everything up to it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The clock value.
    pub clock: Timestamp,
    /// The last record of that value that is known; nil if none is, the greatest if all are.
    pub uuid: Uuid,
}

impl Place {
    /// Before everything.
    pub const START: Self = Self { clock: Timestamp(i64::MIN), uuid: Uuid::nil() };
}

/// `CLOCK` (everything of that value is known) or `CLOCK.UUID`.
impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (clock, uuid) = match text.split_once('.') {
            Some((clock, uuid)) => (clock, uuid.parse().map_err(drop)?),
            None => (text, Uuid::max()),
        };
        Ok(Self { clock: Timestamp(clock.parse().map_err(drop)?), uuid })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.clock.0, self.uuid)
    }
}

/// The latest change of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When and which.
    pub place: Place,
    /// Whether it is a container; else it is an image.
    pub is_container: bool,
    /// The image's or container's own id.
    pub id: Option<Digest>,
    /// Whether it is gone.
    pub deleted: bool,
    /// Why: the words of [`store::Change::cause`]; of a container that changed because its image did, what changed the image.
    pub cause: String,
}

impl Index {
    /// The changes behind a place that a scope may see, at most `limit`.
    pub(crate) fn changes_after(
        &self,
        customer: Uuid,
        scope: &Scope,
        after: Place,
        limit: usize,
    ) -> Vec<Change> {
        let Some(tenant) = self.tenant(customer) else { return Vec::new() };
        let visible = tenant.visible(scope);
        let ends = tenant.tombstones.after(Timestamp(after.clock.0.saturating_sub(1)));
        let ends = ends.filter(|end| match scope {
            Scope::Everything => true,
            Scope::Tags(tags) => end.tags.iter().chain(&end.image_tags).any(|tag| tags.contains(tag)),
        });
        let ends = ends.map(|end| Change {
            place: Place { clock: end.clock, uuid: end.uuid },
            is_container: end.kind == ChangeKind::Container,
            id: end.id,
            deleted: true,
            cause: "deletion".to_owned(),
        });
        let mut feed: Vec<Change> = Vec::new();
        feed.extend(ends.filter(|end| end.place > after).take(limit));
        feed.extend(self.images(tenant, &visible, after, limit));
        feed.extend(self.containers(tenant, &visible, after, limit));
        feed.sort_by_key(|change| change.place);
        feed.truncate(limit);
        feed
    }

    fn images(&self, tenant: &Tenant, visible: &Visible, after: Place, limit: usize) -> Vec<Change> {
        let rows = tenant.images.rows();
        let positions = behind(rows, after).filter(|position| visible.images.contains(*position));
        let change = |position| Change {
            place: Place { clock: rows.updated(position), uuid: rows.uuid(position) },
            is_container: false,
            id: tenant.images.id.get(position).copied(),
            deleted: false,
            cause: self.cause_of_image(tenant, position),
        };
        positions.take(limit).map(change).collect()
    }

    fn containers(&self, tenant: &Tenant, visible: &Visible, after: Place, limit: usize) -> Vec<Change> {
        let rows = tenant.containers.rows();
        let positions = behind(rows, after).filter(|position| visible.containers.contains(*position));
        let change = |position| Change {
            place: Place { clock: rows.updated(position), uuid: rows.uuid(position) },
            is_container: true,
            id: tenant.containers.id.get(position).copied(),
            deleted: false,
            cause: self.cause_of_container(tenant, position),
        };
        positions.take(limit).map(change).collect()
    }

    /// Why packages were judged anew at a clock value, if they were.
    fn rejudgement_at(&self, clock: Timestamp) -> Option<&str> {
        let mut later = self.rejudgements_after(Timestamp(clock.0.saturating_sub(1)));
        later.next().filter(|(at, _)| *at == clock).map(|(_, cause)| cause.as_ref())
    }

    fn cause_of_image(&self, tenant: &Tenant, position: u32) -> String {
        let images = &tenant.images;
        let (updated, own) = (images.updated.get(position), images.own_updated.get(position));
        match updated.and_then(|updated| self.rejudgement_at(Timestamp(*updated))) {
            Some(cause) if updated != own => cause.to_owned(),
            _ => cause_word(images.cause.get(position).copied().unwrap_or_default()).to_owned(),
        }
    }

    fn cause_of_container(&self, tenant: &Tenant, position: u32) -> String {
        let containers = &tenant.containers;
        let inside = containers.inside.get(position).copied().unwrap_or(NONE);
        if inside != NONE && containers.updated.get(position) != containers.own_updated.get(position) {
            return self.cause_of_image(tenant, inside);
        }
        cause_word(containers.cause.get(position).copied().unwrap_or_default()).to_owned()
    }
}

/// The records that changed last behind a place, in the order of the feed.
fn behind(rows: Rows<'_>, after: Place) -> impl Iterator<Item = u32> + '_ {
    rows.in_order((after.clock, Bound::Excluded(after.uuid)), Timestamp(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_clock_value_with_or_without_a_record() {
        let uuid = Uuid::from_u128(7);
        let place = Place { clock: Timestamp(1_700_000_000_000), uuid };
        assert_eq!(place.to_string().parse(), Ok(place));
        assert_eq!("0".parse(), Ok(Place { clock: Timestamp(0), uuid: Uuid::max() }));
        assert_eq!("-5".parse::<Place>().unwrap().clock, Timestamp(-5));
        for text in ["", "x", "5.", "5.x", ".", "5.7.7", "99999999999999999999"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }
}
