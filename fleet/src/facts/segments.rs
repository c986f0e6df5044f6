//! Which inventories hold an item: segments that are never changed, each with up to 65,536 inventories.
//!
//! In a segment an inventory is known by its place, which fits 16 bits. Items that few inventories hold have a list
//! of places, those that many hold a set of bits. What came last is in no segment yet and is looked at one by one;
//! when that gets long it becomes a small segment, and small segments become larger ones.

use std::io;
use std::sync::Arc;

use super::listing::Listing;
use crate::persist::{Persist, PersistError, Sink, Source, persist};
use crate::table::Bits;

/// Inventories of one segment at most.
pub(crate) const FULL: usize = 1 << 16;
/// So many inventories without a segment become one.
const SEAL: usize = 1_024;
/// Segments of one size that become one of the next.
const FAN: usize = 8;
/// Inventories from which on segments are searched by two threads.
const SHARED: u32 = if cfg!(test) { 2_000 } else { 2 * FULL as u32 };
/// An item has a set of bits if it is in more than one of so many inventories; then the list would take more memory.
const DENSE: usize = 16;
/// To look into the content of one inventory costs about as much as to go through so many places.
const LOOK: u64 = if cfg!(test) { 2 } else { 256 };

/// Items of an inventory, about.
const SEVERAL: usize = 256;
/// To sort what inventories hold costs less than to count it for all items, if these are so many times more.
const FEW: usize = 8;

/// All segments and what is not in one yet; a clone costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Segments {
    segments: Arc<Vec<Segment>>,
    /// Inventories that are in no segment.
    tail: Arc<Vec<u32>>,
}

#[derive(Clone, Debug)]
struct Segment {
    core: Arc<Core>,
    /// Places of inventories that are gone.
    dead: Option<Arc<Bits>>,
}

#[derive(Debug, Default)]
struct Core {
    /// The inventories, ascending.
    numbers: Vec<u32>,
    /// Items that few hold, ascending.
    sparse: Vec<u32>,
    /// Where the places of each of them end.
    ends: Vec<u32>,
    places: Vec<u16>,
    /// Items that many hold, ascending.
    dense: Vec<u32>,
    /// A set of places for each of them.
    words: Vec<u64>,
}

impl Segments {
    /// Takes in an inventory that is in no segment.
    pub(crate) fn add(&mut self, inventory: u32) {
        Arc::make_mut(&mut self.tail).push(inventory);
    }

    /// Takes inventories out; their numbers may then be used for others.
    pub(crate) fn remove(&mut self, inventories: &Bits) {
        if self.tail.iter().any(|inventory| inventories.contains(*inventory)) {
            Arc::make_mut(&mut self.tail).retain(|inventory| !inventories.contains(*inventory));
        }
        for segment in Arc::make_mut(&mut self.segments) {
            segment.bury(inventories);
        }
    }

    /// The inventories below `len` that hold one of `items`; `listing` gives the content of each.
    pub(crate) fn holding<'l>(
        &self,
        items: &Bits,
        len: u32,
        listing: impl Fn(u32) -> Option<&'l Listing> + Sync,
    ) -> Bits {
        let wanted = items.count();
        if wanted == 0 {
            return Bits::none(len);
        }
        let holds = |listing: &Listing| listing.items().any(|item| items.contains(item));
        let holds = |inventory: u32| listing(inventory).is_some_and(holds);
        let within = |segments: &[Segment]| {
            let (mut found, mut words) = (Bits::none(len), Vec::new());
            for segment in segments {
                segment.add_holding((items, wanted), &holds, &mut words, &mut found);
            }
            found
        };
        let segments = self.segments.as_slice();
        let (low, high) = segments.split_at(if len < SHARED { 0 } else { segments.len() / 2 });
        let mut found = std::thread::scope(|scope| {
            let low = (!low.is_empty()).then(|| scope.spawn(|| within(low)));
            let mut found = within(high);
            let low = low.map(|low| low.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            low.iter().for_each(|low| found.or(low));
            found
        });
        for inventory in self.tail.iter().filter(|inventory| holds(**inventory)) {
            found.insert(*inventory);
        }
        found
    }

    /// The items below `len` that one of `inventories` holds. An item that many of them hold costs no more than one that few do.
    pub(crate) fn held_by<'l>(
        &self,
        inventories: &Bits,
        len: u32,
        listing: impl Fn(u32) -> Option<&'l Listing>,
    ) -> Bits {
        let mut found = Bits::none(len);
        self.segments.iter().for_each(|segment| segment.add_items(inventories, &mut found));
        for inventory in self.tail.iter().filter(|inventory| inventories.contains(**inventory)) {
            let items = listing(*inventory).into_iter().flat_map(Listing::items);
            items.for_each(|item| found.insert(item));
        }
        found
    }

    /// Makes segments of what is in none, and larger ones of small ones, if there is enough of it. `items` is the number
    /// that all items are below.
    pub(crate) fn settle<'l>(&mut self, items: u32, listing: impl Fn(u32) -> Option<&'l Listing>) {
        if self.tail.len() >= SEAL {
            let mut tail = std::mem::take(Arc::make_mut(&mut self.tail));
            tail.sort_unstable();
            let segments = Arc::make_mut(&mut self.segments);
            segments.extend(tail.chunks(FULL).map(|numbers| Segment::build(numbers, items, &listing)));
        }
        for limit in [SEAL * FAN, FULL] {
            self.merge(limit, items, &listing);
        }
    }

    /// Merges the segments with fewer than half of `limit` inventories if there are many of them or they come to `limit`.
    fn merge<'l>(&mut self, limit: usize, items: u32, listing: &impl Fn(u32) -> Option<&'l Listing>) {
        // half, so that one from which a few have gone is not merged again and again
        let is_small = |alive: usize| alive < limit / 2;
        let small: Vec<usize> =
            self.segments.iter().map(Segment::alive).filter(|alive| is_small(*alive)).collect();
        let is_worn = |segment: &Segment| segment.alive() * 2 < segment.core.numbers.len();
        let enough = small.len() >= FAN || small.iter().sum::<usize>() >= limit && small.len() > 1;
        if !enough && !self.segments.iter().any(is_worn) {
            return;
        }
        let is_taken = |segment: &Segment| enough && is_small(segment.alive()) || is_worn(segment);
        let segments = std::mem::take(Arc::make_mut(&mut self.segments));
        let (taken, mut kept): (Vec<Segment>, Vec<Segment>) = segments.into_iter().partition(is_taken);
        let mut numbers: Vec<u32> = taken.iter().flat_map(Segment::living).collect();
        numbers.sort_unstable();
        kept.extend(numbers.chunks(FULL).map(|numbers| Segment::build(numbers, items, listing)));
        self.segments = Arc::new(kept);
    }
}

impl Segment {
    /// A segment of inventories, which are ascending.
    fn build<'l>(numbers: &[u32], items: u32, listing: &impl Fn(u32) -> Option<&'l Listing>) -> Self {
        let core = Core::build(numbers, items, listing);
        Self { core: Arc::new(core), dead: None }
    }

    fn alive(&self) -> usize {
        self.core.numbers.len() - self.dead.as_ref().map_or(0, |dead| dead.count() as usize)
    }

    fn living(&self) -> impl Iterator<Item = u32> + '_ {
        let is_dead = |place: u32| self.dead.as_ref().is_some_and(|dead| dead.contains(place));
        (0..).zip(&self.core.numbers).filter(move |(place, _)| !is_dead(*place)).map(|(_, number)| *number)
    }

    fn bury(&mut self, inventories: &Bits) {
        let len = self.core.numbers.len() as u32;
        for inventory in inventories.iter() {
            if let Ok(place) = self.core.numbers.binary_search(&inventory) {
                let dead = self.dead.get_or_insert_with(|| Arc::new(Bits::none(len)));
                Arc::make_mut(dead).insert(place as u32);
            }
        }
    }

    /// Adds the items that a living one of `inventories` holds.
    fn add_items(&self, inventories: &Bits, found: &mut Bits) {
        let core = &*self.core;
        let is_wanted = |place: u32, number: u32| {
            inventories.contains(number) && self.dead.as_ref().is_none_or(|dead| !dead.contains(place))
        };
        let numbers = &core.numbers;
        let wanted = Bits::from_fn(numbers.len() as u32, |place| is_wanted(place, numbers[place as usize]));
        if wanted.is_empty() {
            return;
        }
        let width = wanted.words().len();
        for (item, words) in core.dense.iter().zip(core.words.chunks_exact(width)) {
            if words.iter().zip(wanted.words()).any(|(word, wanted)| word & wanted != 0) {
                found.insert(*item);
            }
        }
        let mut start = 0;
        for (item, end) in core.sparse.iter().zip(&core.ends) {
            let places = core.places.get(start..*end as usize).unwrap_or_default();
            start = *end as usize;
            if places.iter().any(|place| wanted.contains(u32::from(*place))) {
                found.insert(*item);
            }
        }
    }

    /// Adds the living inventories that hold one of some items, which come with their number; `holds` tells it of one inventory,
    /// `words` is room to work in.
    fn add_holding(
        &self,
        items: (&Bits, u64),
        holds: &impl Fn(u32) -> bool,
        words: &mut Vec<u64>,
        found: &mut Bits,
    ) {
        self.collect(items, holds, words);
        for (index, word) in words.iter().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let place = index * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                if let Some(inventory) = self.core.numbers.get(place) {
                    found.insert(*inventory);
                }
            }
        }
    }

    /// The places of living inventories that hold one of some items.
    fn collect(&self, (items, wanted): (&Bits, u64), holds: &impl Fn(u32) -> bool, out: &mut Vec<u64>) {
        let core = &*self.core;
        let width = core.numbers.len().div_ceil(64);
        out.clear();
        out.resize(width, 0);
        let mut found = 0_usize;
        for (index, item) in core.dense.iter().enumerate() {
            if found == core.numbers.len() {
                break;
            }
            if items.contains(*item) {
                let words = core.words.get(index * width..(index + 1) * width).unwrap_or_default();
                found = out.iter_mut().zip(words).fold(0, |count, (out, word)| {
                    *out |= word;
                    count + out.count_ones() as usize
                });
            }
        }
        // what nearly every inventory holds leaves few open, and to ask these costs less than to go through places
        let places = core.places.len() as u64 * wanted / u64::from(items.len()).max(1);
        let open = (core.numbers.len() - found) as u64;
        if open.saturating_mul(LOOK) < places {
            for (place, number) in core.numbers.iter().enumerate() {
                let (word, bit) = (&mut out[place / 64], 1 << (place % 64));
                if *word & bit == 0 && holds(*number) {
                    *word |= bit;
                }
            }
        } else if open > 0 {
            core.visit_sparse(items, wanted, |places| {
                for place in places {
                    let word = &mut out[usize::from(*place) / 64];
                    let bit = 1 << (place % 64);
                    found += usize::from(*word & bit == 0);
                    *word |= bit;
                }
                found < core.numbers.len()
            });
        }
        if let Some(dead) = &self.dead {
            out.iter_mut().zip(dead.words()).for_each(|(out, dead)| *out &= !dead);
        }
    }
}

impl Core {
    fn build<'l>(numbers: &[u32], items: u32, listing: &impl Fn(u32) -> Option<&'l Listing>) -> Self {
        let mut core = Self::of(numbers);
        if numbers.len() * SEVERAL < items as usize / FEW {
            core.take_sorted(listing);
        } else {
            core.take_counted(items, listing);
        }
        core
    }

    /// Of inventories, which are ascending; what they hold is still to be taken over.
    fn of(numbers: &[u32]) -> Self {
        Self { numbers: numbers.to_vec(), ..Self::default() }
    }

    /// Takes over what the inventories hold by counting it.
    fn take_counted<'l>(&mut self, items: u32, listing: &impl Fn(u32) -> Option<&'l Listing>) {
        // counting places of each item, then putting each place where it belongs: two passes, no comparisons
        let mut starts = vec![0_u32; items as usize + 1];
        let contents = |number: &u32| listing(*number).into_iter().flat_map(Listing::items);
        for number in &self.numbers {
            for item in contents(number) {
                starts[item as usize] += 1;
            }
        }
        let mut total = 0_u32;
        for start in &mut starts {
            total += std::mem::replace(start, total);
        }
        let mut places = vec![0_u16; total as usize];
        for (place, number) in (0_u16..=u16::MAX).zip(&self.numbers) {
            for item in contents(number) {
                let at = &mut starts[item as usize];
                places[*at as usize] = place;
                *at += 1;
            }
        }
        // now each start is where the next item's places begin
        self.take_places(&starts, &places);
    }

    /// Takes over what the inventories hold by sorting it: for few inventories, of which most items know nothing.
    fn take_sorted<'l>(&mut self, listing: &impl Fn(u32) -> Option<&'l Listing>) {
        let mut pairs: Vec<(u32, u16)> = Vec::with_capacity(self.numbers.len() * SEVERAL);
        for (place, number) in (0_u16..=u16::MAX).zip(&self.numbers) {
            let items = listing(*number).into_iter().flat_map(Listing::items);
            pairs.extend(items.map(|item| (item, place)));
        }
        pairs.sort_unstable();
        let places: Vec<u16> = pairs.iter().map(|(_, place)| *place).collect();
        let mut start = 0;
        for of_item in pairs.chunk_by(|a, b| a.0 == b.0) {
            let end = start + of_item.len();
            self.take_item(of_item[0].0, &places[start..end]);
            start = end;
        }
        self.places.shrink_to_fit();
        self.words.shrink_to_fit();
    }

    /// Takes over places by item; those of an item end where `ends` says.
    fn take_places(&mut self, ends: &[u32], places: &[u16]) {
        let mut start = 0;
        for (item, end) in (0..).zip(ends) {
            let end = *end as usize;
            let of_item = places.get(start..end).unwrap_or_default();
            start = end;
            if !of_item.is_empty() {
                self.take_item(item, of_item);
            }
        }
        self.places.shrink_to_fit();
        self.words.shrink_to_fit();
    }

    /// Takes over the places of an item, which come in order.
    fn take_item(&mut self, item: u32, of_item: &[u16]) {
        if of_item.len() * DENSE > self.numbers.len() {
            self.dense.push(item);
            let first = self.words.len();
            self.words.resize(first + self.numbers.len().div_ceil(64), 0);
            for place in of_item {
                self.words[first + usize::from(*place) / 64] |= 1 << (place % 64);
            }
        } else {
            // an item that lies in several layers of an inventory is there several times, side by side
            self.sparse.push(item);
            let mut last = None;
            for place in of_item {
                if last.replace(*place) != Some(*place) {
                    self.places.push(*place);
                }
            }
            self.ends.push(self.places.len() as u32);
        }
    }

    /// Calls `more` with the places of each of `items` that few hold, until it says that it has enough.
    fn visit_sparse(&self, items: &Bits, wanted: u64, mut more: impl FnMut(&[u16]) -> bool) {
        let places = |index: usize| {
            let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
            let end = self.ends.get(index).copied().unwrap_or(start);
            self.places.get(start as usize..end as usize).unwrap_or_default()
        };
        if wanted * 8 > self.sparse.len() as u64 {
            for (index, item) in self.sparse.iter().enumerate() {
                if items.contains(*item) && !more(places(index)) {
                    return;
                }
            }
            return;
        }
        let mut from = 0;
        for item in items.iter() {
            from += gallop(&self.sparse[from..], item);
            match self.sparse.get(from) {
                None => return,
                Some(found) if *found == item && !more(places(from)) => return,
                Some(_) => {}
            }
        }
    }
}

/// How many of the sorted `numbers` are below `number`; fast if they are few.
fn gallop(numbers: &[u32], number: u32) -> usize {
    let mut step = 1;
    while step < numbers.len() && numbers[step] < number {
        step *= 2;
    }
    let (from, to) = (step / 2, numbers.len().min(step + 1));
    from + numbers[from..to].partition_point(|known| *known < number)
}

persist!(Segments { segments, tail });
persist!(Core { numbers, sparse, ends, places, dense, words });

impl Persist for Vec<Segment> {
    fn form(form: &mut String) {
        form.push_str("segments of ");
        Core::form(form);
    }

    fn save(&self, sink: &mut Sink<'_>) -> io::Result<()> {
        sink.count(self.len())?;
        for segment in self {
            segment.core.save(sink)?;
            match &segment.dead {
                Some(dead) => dead.save(sink)?,
                None => Bits::default().save(sink)?,
            }
        }
        Ok(())
    }

    fn load(source: &mut Source) -> Result<Self, PersistError> {
        let count = source.count(8)?;
        let one = |_| {
            let (core, dead) = (Arc::load(source)?, Bits::load(source)?);
            Ok(Segment { core, dead: (!dead.is_empty()).then(|| Arc::new(dead)) })
        };
        (0..count).map(one).collect()
    }
}

impl Segments {
    /// Whether what was read from a file can be used without harm, with inventories below a number.
    pub(super) fn check(&self, end: u32) -> Result<(), PersistError> {
        let is_known = |number: &u32| *number < end;
        let fits = self.tail.iter().all(is_known) && self.segments.iter().all(|segment| segment.fits(end));
        fits.then_some(()).ok_or(PersistError::Damaged("segments do not fit the inventories"))
    }
}

impl Segment {
    fn fits(&self, end: u32) -> bool {
        let Core { numbers, sparse, ends, places, dense, words } = &*self.core;
        let len = numbers.len();
        len <= FULL
            && numbers.is_sorted_by(|a, b| a < b)
            && numbers.last().is_none_or(|last| *last < end)
            && sparse.is_sorted()
            && ends.len() == sparse.len()
            && ends.is_sorted()
            && ends.last().is_none_or(|end| *end as usize <= places.len())
            && places.iter().all(|place| usize::from(*place) < len)
            && words.len() == dense.len() * len.div_ceil(64)
            && self.dead.as_ref().is_none_or(|dead| dead.len() as usize == len)
    }
}

#[cfg(test)]
#[path = "segments_tests.rs"]
mod tests;
