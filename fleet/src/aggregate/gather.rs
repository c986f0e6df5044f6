//! What each vulnerability comes to over many inventories.

use model::{Confidence, Severity};

use super::Weights;
use super::content::Count;
use crate::eval::Search;
use crate::table::{Bits, NONE};

/// Inventories from which on the work is shared.
const SHARED: usize = 2_000;

/// What a vulnerability comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gathered {
    pub(crate) count: Count,
    pub(crate) severity: Severity,
    pub(crate) risk: u8,
    pub(crate) confidence: Confidence,
    pub(crate) is_fixable: bool,
    pub(crate) first_found: i64,
    pub(crate) last_found: i64,
}

impl Gathered {
    const NOTHING: Self = Self {
        count: Count { images: 0, containers: 0 },
        severity: Severity::MINIMAL,
        risk: 0,
        confidence: Confidence::Potential,
        is_fixable: false,
        first_found: i64::MAX,
        last_found: i64::MIN,
    };

    fn add(&mut self, other: &Self) {
        self.count.add(other.count);
        self.severity = self.severity.max(other.severity);
        self.risk = self.risk.max(other.risk);
        self.confidence = self.confidence.min(other.confidence);
        self.is_fixable |= other.is_fixable;
        self.first_found = self.first_found.min(other.first_found);
        self.last_found = self.last_found.max(other.last_found);
    }
}

/// The times of the records that have an inventory.
#[derive(Clone, Copy)]
struct Span {
    first_stored: i64,
    /// The latest of all times.
    latest: i64,
}

/// What all vulnerabilities come to, by number of the group; those that no record has have no count.
///
/// Their times are those in images, and those in containers where only the container was counted and not its image.
pub(crate) fn gather(
    search: &Search<'_>,
    weights: &Weights,
    images: &Bits,
    containers: &Bits,
) -> Vec<Gathered> {
    let spans = spans(search, images, containers);
    let used = weights.used();
    let share = |inventories: &[u32]| {
        let mut share = Share::new(search);
        for inventory in inventories {
            let at = *inventory as usize;
            let (images, containers) = (u64::from(weights.images[at]), u64::from(weights.containers[at]));
            share.take(*inventory, Count { images, containers }, spans[at]);
        }
        share.all
    };
    if used.len() < SHARED {
        return share(&used);
    }
    let (low, high) = used.split_at(used.len() / 2);
    let (mut all, more) = std::thread::scope(|scope| {
        let more = scope.spawn(|| share(high));
        (share(low), more.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    all.iter_mut().zip(&more).for_each(|(all, more)| all.add(more));
    all
}

fn spans(search: &Search<'_>, images: &Bits, containers: &Bits) -> Vec<Span> {
    let tenant = search.tenant;
    let none = Span { first_stored: i64::MAX, latest: i64::MIN };
    let mut spans = vec![none; search.content.inventories.end() as usize];
    let mut add = |image: u32, first_stored: Option<&i64>| {
        let inventory = tenant.images.inventory.get(image).copied().unwrap_or(NONE);
        let (Some(span), Some(first_stored)) = (spans.get_mut(inventory as usize), first_stored) else {
            return;
        };
        let last_scanned = tenant.images.last_scanned.get(image).copied().unwrap_or(i64::MIN);
        span.first_stored = span.first_stored.min(*first_stored);
        span.latest = span.latest.max(*first_stored).max(last_scanned);
    };
    images.iter().for_each(|image| add(image, tenant.images.first_stored.get(image)));
    // an image that is not counted itself stands in through its containers, with their times
    for container in containers.iter() {
        let image = tenant.containers.image.get(container).copied().unwrap_or(NONE);
        if !images.contains(image) {
            let first_stored = tenant.containers.first_stored.get(container);
            add(image, first_stored.max(tenant.images.first_stored.get(image)));
        }
    }
    spans
}

struct Share<'s> {
    search: &'s Search<'s>,
    groups: Vec<u32>,
    all: Vec<Gathered>,
    /// What a vulnerability comes to in the present inventory, and which that is, plus one.
    present: Vec<(u32, Gathered)>,
    met: Vec<u32>,
}

impl<'s> Share<'s> {
    fn new(search: &'s Search<'s>) -> Self {
        let groups: Vec<u32> =
            search.content.packages.vulnerabilities().rows().map(|row| row.group).collect();
        let all = vec![Gathered::NOTHING; groups.len()];
        let present = vec![(0, Gathered::NOTHING); groups.len()];
        Self { search, groups, all, present, met: Vec::new() }
    }

    fn take(&mut self, inventory: u32, count: Count, span: Span) {
        let content = self.search.content;
        let items = content.inventories.items();
        let listing = content.inventories.listing(inventory).map_or(&[][..], |listing| listing.items());
        for item in listing.iter().filter(|item| items.is_judged(**item)) {
            let package = items.package(*item);
            let rows = content.packages.findings(package);
            if rows.is_empty() {
                continue;
            }
            let rejudged = content.packages.entry(package).filter(|entry| entry.changed > entry.created);
            let rejudged = rejudged.map_or(i64::MIN, |entry| entry.changed.0);
            for row in rows {
                let Some(group) = self.groups.get(row.vulnerability as usize) else { continue };
                let (of, known) = &mut self.present[*group as usize];
                if *of != inventory + 1 {
                    (*of, *known) = (inventory + 1, Gathered { count, ..Gathered::NOTHING });
                    self.met.push(*group);
                }
                known.add(&Gathered {
                    count: Count::default(),
                    severity: row.severity,
                    risk: row.risk,
                    confidence: row.confidence,
                    is_fixable: row.has_fix(),
                    first_found: row.first_found.0,
                    last_found: rejudged,
                });
            }
        }
        for group in self.met.drain(..) {
            let mut known = self.present[group as usize].1;
            known.last_found = known.last_found.max(span.latest).max(known.first_found);
            known.first_found = known.first_found.max(span.first_stored);
            self.all[group as usize].add(&known);
        }
    }
}
