//! Pages of bulk lists: exports with a cursor.
//!
//! They work on positions only; what belongs to them is fetched by the caller. The cost of a page does not depend on how far
//! the export has come.

use std::ops::Bound;
use std::sync::Arc;

use model::Timestamp;
use uuid::Uuid;

use crate::eval::cursor::{Cursor, Position};
use crate::facts::Rows;
use crate::table::Bits;

/// The most records that a cursor names: about two thousand characters of a link, which every client and proxy takes.
/// Fewer in the unit tests, whose small worlds are to meet both forms.
const MAX_NAMED: usize = if cfg!(test) { 3 } else { 50 };

/// Fewer records than one in so many are gone through themselves instead of the order of all.
const RARE: u64 = 32;

/// What a page is taken from.
pub(crate) struct Source<'a> {
    pub(crate) rows: Rows<'a>,
    /// The records that the reader may see.
    pub(crate) visible: Arc<Bits>,
    /// Those of them that the filter and the cursor's own additional conditions admit.
    pub(crate) listed: Arc<Bits>,
}

impl Source<'_> {
    /// One page of an export.
    ///
    /// An export without an end yet ends at the last change of what the reader may see; the clock itself would tell
    /// of changes that are none of the reader's business.
    pub(crate) fn bulk(&self, cursor: Cursor, limit: usize) -> (Vec<u32>, Option<Cursor>) {
        let end = cursor.end.unwrap_or_else(|| self.last_updated());
        let export = Export { source: self, limit: limit.max(1), end };
        match &cursor.position {
            Position::Moved(after, _) => export.moved(*after, cursor),
            _ => export.in_order(cursor),
        }
    }

    /// The greatest `updated` of all records that the reader may see.
    fn last_updated(&self) -> Timestamp {
        let rows = self.rows;
        if is_rare(&self.visible, rows) {
            let all = self.visible.iter().map(|position| rows.updated(position));
            return all.max().unwrap_or(Timestamp(i64::MIN));
        }
        let last = rows.last_first().find(|position| self.visible.contains(*position));
        last.map_or(Timestamp(i64::MIN), |position| rows.updated(position))
    }

    /// At most `most` of the listed records by (`updated`, `uuid`), from a place in this order up to the last one at `to`, for
    /// which `holds`.
    fn in_order(
        &self,
        from: (Timestamp, Bound<Uuid>),
        to: Timestamp,
        most: usize,
        holds: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let rows = self.rows;
        if !is_rare(&self.listed, rows) {
            let listed = rows.in_order(from, to).filter(|position| self.listed.contains(*position));
            return listed.filter(|position| holds(*position)).take(most).collect();
        }
        let is_behind = |updated: Timestamp, uuid: Uuid| match from.1 {
            Bound::Unbounded => updated >= from.0,
            Bound::Included(bound) => (updated, uuid) >= (from.0, bound),
            Bound::Excluded(bound) => (updated, uuid) > (from.0, bound),
        };
        let key = |position: u32| (rows.updated(position), rows.uuid(position), position);
        let keys = self.listed.iter().map(key);
        let mut keys: Vec<_> = keys
            .filter(|(at, uuid, position)| *at <= to && is_behind(*at, *uuid) && holds(*position))
            .collect();
        if keys.len() > most && most > 0 {
            keys.select_nth_unstable(most - 1);
        }
        keys.truncate(most);
        keys.sort_unstable();
        keys.into_iter().map(|(.., position)| position).collect()
    }
}

fn is_rare(set: &Bits, rows: Rows<'_>) -> bool {
    set.count() * RARE < u64::from(rows.live.len())
}

/// One page of an export that ends at `end`.
struct Export<'a> {
    source: &'a Source<'a>,
    limit: usize,
    end: Timestamp,
}

impl Export<'_> {
    /// The first part: records up to the end, by (`updated`, `uuid`); on the last page the second part as well, if it fits.
    fn in_order(&self, cursor: Cursor) -> (Vec<u32>, Option<Cursor>) {
        let rows = self.source.rows;
        let (from, returned): (_, &[Uuid]) = match &cursor.position {
            Position::Listed(time, uuids) => ((*time, Bound::Unbounded), uuids),
            Position::After(time, uuid) => ((*time, Bound::Excluded(*uuid)), &[]),
            Position::Start | Position::Moved(..) => ((Timestamp(i64::MIN), Bound::Unbounded), &[]),
        };
        let is_new = |position: u32| returned.is_empty() || !returned.contains(&rows.uuid(position));
        let mut page = self.source.in_order(from, self.end, self.limit.saturating_add(1), is_new);
        if page.len() > self.limit {
            page.truncate(self.limit);
            let next = self.next_in_order(&page, cursor);
            return (page, Some(next));
        }
        let room = self.limit - page.len();
        let moved = self.moved_in_order(room.saturating_add(1));
        if moved.len() <= room {
            page.extend(moved);
            return (page, None);
        }
        let second = Cursor {
            position: Position::Moved(Uuid::nil(), self.end),
            end: Some(self.end),
            rest: cursor.rest,
        };
        if page.is_empty() { self.moved(Uuid::nil(), second) } else { (page, Some(second)) }
    }

    /// At most `most` records of the second part, by (`updated`, `uuid`).
    fn moved_in_order(&self, most: usize) -> Vec<u32> {
        let Some(from) = self.end.0.checked_add(1) else { return Vec::new() };
        let from = (Timestamp(from), Bound::Unbounded);
        self.source.in_order(from, Timestamp(i64::MAX), most, |position| self.existed(position))
    }

    /// Whether a record existed at the end.
    fn existed(&self, position: u32) -> bool {
        self.source.rows.first_stored(position) <= self.end
    }

    /// The second part by `uuid`, for when there is too much of it for one page.
    fn moved(&self, after: Uuid, cursor: Cursor) -> (Vec<u32>, Option<Cursor>) {
        let (rows, listed) = (self.source.rows, &self.source.listed);
        let is_moved = |position: u32| rows.updated(position) > self.end && self.existed(position);
        let most = self.limit.saturating_add(1);
        let mut page: Vec<u32> = if is_rare(listed, rows) {
            let moved = listed.iter().filter(|position| is_moved(*position));
            let mut keys: Vec<_> = moved.map(|position| (rows.uuid(position), position)).collect();
            keys.retain(|(uuid, _)| *uuid > after);
            keys.sort_unstable();
            keys.into_iter().take(most).map(|(_, position)| position).collect()
        } else {
            let moved = rows.by_uuid_after(after).filter(|position| listed.contains(*position));
            moved.filter(|position| is_moved(*position)).take(most).collect()
        };
        if page.len() <= self.limit {
            return (page, None);
        }
        page.truncate(self.limit);
        let last = rows.uuid(page[self.limit - 1]);
        (
            page,
            Some(Cursor {
                position: Position::Moved(last, self.end),
                end: Some(self.end),
                rest: cursor.rest,
            }),
        )
    }

    /// The cursor behind a full page of the first part.
    ///
    /// The documented form names every record at the last `updated` that was returned, here or on a page before, or
    /// passed over here because the cursor named it and it has changed since. Where those are too many for an
    /// address, the other form says how far the export has come.
    fn next_in_order(&self, page: &[u32], cursor: Cursor) -> Cursor {
        let rows = self.source.rows;
        let last = page[page.len() - 1];
        let (last_updated, last_uuid) = (rows.updated(last), rows.uuid(last));
        let is_passed_over = |uuid: &&Uuid| {
            let position = rows.position(**uuid);
            let listed = position.filter(|at| **uuid < last_uuid && self.source.listed.contains(*at));
            listed.is_some_and(|position| rows.updated(position) == last_updated)
        };
        let (named_before, is_beyond_names): (&[Uuid], bool) = match &cursor.position {
            Position::Listed(_, uuids) => (uuids, false),
            Position::After(time, _) => (&[], *time == last_updated),
            Position::Start | Position::Moved(..) => (&[], false),
        };
        let returned = page.iter().copied().filter(|position| rows.updated(*position) == last_updated);
        let mut named: Vec<Uuid> = named_before
            .iter()
            .filter(is_passed_over)
            .copied()
            .chain(returned.map(|position| rows.uuid(position)))
            .collect();
        named.sort_unstable();
        let position = if is_beyond_names || named.len() > MAX_NAMED {
            Position::After(last_updated, last_uuid)
        } else {
            Position::Listed(last_updated, named)
        };
        let end = (cursor.position != Position::Start).then_some(self.end);
        Cursor { position, end, rest: cursor.rest }
    }
}
