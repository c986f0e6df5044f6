//! Pages over the columns: bulk lists with a cursor, plain lists with sort and exact count.
//!
//! Both work on positions only; what belongs to them is fetched by the caller. The cost of a page of a bulk list does not
//! depend on how far the export has come.

use std::ops::Bound;

use model::Timestamp;
use uuid::Uuid;

use crate::column::{Columns, Visible};
use crate::eval::Predicate;
use crate::eval::cursor::{Cursor, Position};
use crate::request::{Sort, SortKey};

/// The most records that a cursor names: about two thousand characters of a link, which every client and proxy takes.
/// Fewer in the unit tests, whose small worlds are to meet both forms.
const MAX_NAMED: usize = if cfg!(test) { 3 } else { 50 };

/// What a page is taken from.
pub(crate) struct Source<'a> {
    pub(crate) columns: &'a Columns,
    pub(crate) customer: Uuid,
    pub(crate) visible: Visible,
    pub(crate) filter: Predicate,
}

impl Source<'_> {
    fn admits(&self, position: u32) -> bool {
        self.visible.contains(position) && self.filter.holds(self.columns.at(position))
    }

    /// One page of an export. `rest` is the cursor's own additional conditions, resolved.
    ///
    /// An export without an end yet ends at the last change of what the reader may see; the clock itself would tell
    /// of changes that are none of the reader's business.
    pub(crate) fn bulk(&self, cursor: Cursor, rest: &Predicate, limit: usize) -> (Vec<u32>, Option<Cursor>) {
        let last = || self.columns.last_updated(self.customer, &self.visible);
        let end = cursor.end.or_else(last).unwrap_or(Timestamp(i64::MIN));
        let export = Export { source: self, rest, limit: limit.max(1), end };
        match &cursor.position {
            Position::Moved(after, _) => export.moved(*after, cursor),
            _ => export.in_order(cursor),
        }
    }

    /// One page of a plain list and the number of all matches.
    pub(crate) fn list(&self, sort: Sort, page: usize, page_size: usize) -> (Vec<u32>, u64) {
        let candidates: Box<dyn Iterator<Item = u32> + '_> = match &self.visible {
            Visible::All => Box::new(self.columns.of_customer(self.customer)),
            Visible::Only(positions) => Box::new(positions.iter()),
        };
        let mut matches: Vec<(i128, Uuid, u32)> = candidates
            .map(|position| (position, self.columns.at(position)))
            .filter(|(_, scalars)| self.filter.holds(scalars))
            .map(|(position, scalars)| {
                let time = match sort.key {
                    SortKey::Updated => Some(scalars.updated),
                    SortKey::Created => scalars.created,
                };
                // an unknown time is shown as 0, so that is where it stands
                let rank = i128::from(time.map_or(0, |time| time.0));
                (if sort.descending { -rank } else { rank }, scalars.uuid, position)
            })
            .collect();
        let count = matches.len() as u64;
        let start = (page.max(1) - 1).saturating_mul(page_size).min(matches.len());
        let end = start.saturating_add(page_size).min(matches.len());
        if start == end {
            return (Vec::new(), count);
        }
        if end < matches.len() {
            matches.select_nth_unstable(end - 1);
            matches.truncate(end);
        }
        matches.sort_unstable();
        (matches[start..].iter().map(|(_, _, position)| *position).collect(), count)
    }
}

/// One page of an export that ends at `end`.
struct Export<'a> {
    source: &'a Source<'a>,
    rest: &'a Predicate,
    limit: usize,
    end: Timestamp,
}

impl Export<'_> {
    fn admits(&self, position: u32) -> bool {
        self.source.admits(position) && self.rest.holds(self.source.columns.at(position))
    }

    /// The first part: records up to the end, by (`updated`, `uuid`); on the last page the second part as well, if it fits.
    fn in_order(&self, cursor: Cursor) -> (Vec<u32>, Option<Cursor>) {
        let columns = self.source.columns;
        let (least, to) = self.bounds();
        let (from, returned): (_, &[Uuid]) = match &cursor.position {
            Position::Listed(time, uuids) => ((*time, Bound::Unbounded), uuids),
            Position::After(time, uuid) => ((*time, Bound::Excluded(*uuid)), &[]),
            Position::Start | Position::Moved(..) => ((least, Bound::Unbounded), &[]),
        };
        let from = if least > from.0 { (least, Bound::Unbounded) } else { from };
        let mut page: Vec<u32> = columns
            .in_order(self.source.customer, from, to)
            .filter(|position| self.admits(*position) && !returned.contains(&columns.at(*position).uuid))
            .take(self.limit.saturating_add(1))
            .collect();
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

    /// The part of the order in which the filter can hold at all, cut at the end.
    fn bounds(&self) -> (Timestamp, Timestamp) {
        let (filter_from, filter_to) = self.source.filter.updated_bounds();
        let (rest_from, rest_to) = self.rest.updated_bounds();
        (filter_from.max(rest_from), filter_to.min(rest_to).min(self.end))
    }

    /// At most `most` records of the second part, by (`updated`, `uuid`).
    fn moved_in_order(&self, most: usize) -> Vec<u32> {
        let Some(from) = self.end.0.checked_add(1) else { return Vec::new() };
        self.source
            .columns
            .in_order(self.source.customer, (Timestamp(from), Bound::Unbounded), Timestamp(i64::MAX))
            .filter(|position| self.is_moved(*position))
            .take(most)
            .collect()
    }

    /// Whether a record existed at the end and has changed since.
    fn is_moved(&self, position: u32) -> bool {
        let scalars = self.source.columns.at(position);
        scalars.updated > self.end && scalars.first_stored <= self.end && self.admits(position)
    }

    /// The second part by `uuid`, for when there is too much of it for one page.
    fn moved(&self, after: Uuid, cursor: Cursor) -> (Vec<u32>, Option<Cursor>) {
        let columns = self.source.columns;
        let mut page: Vec<u32> = columns
            .by_uuid_after(self.source.customer, after)
            .filter(|position| self.is_moved(*position))
            .take(self.limit.saturating_add(1))
            .collect();
        if page.len() <= self.limit {
            return (page, None);
        }
        page.truncate(self.limit);
        let last = columns.at(page[self.limit - 1]).uuid;
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
        let columns = self.source.columns;
        let last = columns.at(page[page.len() - 1]);
        let is_passed_over = |uuid: &&Uuid| {
            let position = columns.position(self.source.customer, **uuid);
            let position = position.filter(|position| **uuid < last.uuid && self.admits(*position));
            position.is_some_and(|position| columns.at(position).updated == last.updated)
        };
        let (named_before, is_beyond_names): (&[Uuid], bool) = match &cursor.position {
            Position::Listed(_, uuids) => (uuids, false),
            Position::After(time, _) => (&[], *time == last.updated),
            Position::Start | Position::Moved(..) => (&[], false),
        };
        let returned = page.iter().map(|position| columns.at(*position));
        let returned = returned.filter(|scalars| scalars.updated == last.updated).map(|scalars| scalars.uuid);
        let mut named: Vec<Uuid> =
            named_before.iter().filter(is_passed_over).copied().chain(returned).collect();
        named.sort_unstable();
        let position = if is_beyond_names || named.len() > MAX_NAMED {
            Position::After(last.updated, last.uuid)
        } else {
            Position::Listed(last.updated, named)
        };
        let end = (cursor.position != Position::Start).then_some(self.end);
        Cursor { position, end, rest: cursor.rest }
    }
}
