//! What each vulnerability comes to over many inventories.

use std::collections::BTreeMap;

use model::{Confidence, Severity};

use super::Weights;
use super::content::Count;
use crate::eval::Search;
use crate::facts::Since;
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

impl Span {
    const NONE: Self = Self { first_stored: i64::MAX, latest: i64::MIN };

    fn add(&mut self, first_stored: i64, last_scanned: i64) {
        self.first_stored = self.first_stored.min(first_stored);
        self.latest = self.latest.max(first_stored).max(last_scanned);
    }
}

/// The times of all records.
struct Spans {
    /// By inventory.
    of_inventories: Vec<Span>,
    /// By image, of those to which packages came later: they share nothing with others of their inventory.
    of_images: BTreeMap<u32, Span>,
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
            share.take(*inventory, Count { images, containers }, spans.of_inventories[at], Since::default());
        }
        share.all
    };
    let mut all = if used.len() < SHARED {
        share(&used)
    } else {
        let (low, high) = used.split_at(used.len() / 2);
        let (mut all, more) = std::thread::scope(|scope| {
            let more = scope.spawn(|| share(high));
            (share(low), more.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        all.iter_mut().zip(&more).for_each(|(all, more)| all.add(more));
        all
    };
    add_late(search, &spans.of_images, &mut all);
    all
}

/// Adds the times in images to which packages came later; they are counted already.
fn add_late(search: &Search<'_>, spans: &BTreeMap<u32, Span>, all: &mut [Gathered]) {
    if spans.is_empty() {
        return;
    }
    let images = &search.tenant.images;
    let mut share = Share::new(search);
    for (image, span) in spans {
        let inventory = images.inventory.get(*image).copied().unwrap_or(NONE);
        share.take(inventory, Count::default(), *span, images.since(*image));
    }
    all.iter_mut().zip(&share.all).for_each(|(all, late)| all.add(late));
}

fn spans(search: &Search<'_>, images: &Bits, containers: &Bits) -> Spans {
    let tenant = search.tenant;
    let mut spans = Spans {
        of_inventories: vec![Span::NONE; search.content.inventories.end() as usize],
        of_images: BTreeMap::new(),
    };
    let mut add = |image: u32, first_stored: Option<&i64>| {
        let inventory = tenant.images.inventory.get(image).copied().unwrap_or(NONE);
        let (Some(span), Some(first_stored)) =
            (spans.of_inventories.get_mut(inventory as usize), first_stored)
        else {
            return;
        };
        let span = match tenant.images.has_since.contains(image) {
            true => spans.of_images.entry(image).or_insert(Span::NONE),
            false => span,
        };
        let last_scanned = tenant.images.last_scanned.get(image).copied().unwrap_or(i64::MIN);
        span.add(*first_stored, last_scanned);
    };
    images.iter().for_each(|image| add(image, tenant.images.first_stored.get(image)));
    // an image that is not counted itself stands in through its containers, with their times
    for container in containers.iter() {
        let inside = tenant.containers.inside.get(container).copied().unwrap_or(NONE);
        if !images.contains(inside) {
            let first_stored = tenant.containers.first_stored.get(container);
            add(inside, first_stored.max(tenant.images.first_stored.get(inside)));
        }
    }
    spans
}

struct Share<'s> {
    search: &'s Search<'s>,
    groups: Vec<u32>,
    all: Vec<Gathered>,
    /// How many inventories were gone through.
    round: u32,
    /// What a vulnerability comes to in the present inventory, and the round that it is of.
    present: Vec<(u32, Gathered)>,
    met: Vec<u32>,
}

impl<'s> Share<'s> {
    fn new(search: &'s Search<'s>) -> Self {
        let groups: Vec<u32> =
            search.content.packages.vulnerabilities().rows().map(|row| row.group).collect();
        let all = vec![Gathered::NOTHING; groups.len()];
        let present = vec![(0, Gathered::NOTHING); groups.len()];
        Self { search, groups, all, round: 0, present, met: Vec::new() }
    }

    fn take(&mut self, inventory: u32, count: Count, span: Span, since: Since<'_>) {
        self.round += 1;
        let content = self.search.content;
        let items = content.inventories.items();
        let listed = content.inventories.listing(inventory).into_iter().flat_map(|listing| listing.items());
        for item in listed.filter(|item| items.is_judged(*item)) {
            let package = items.package(item);
            let rows = content.packages.findings(package);
            if rows.is_empty() {
                continue;
            }
            let rejudged = content.packages.entry(package).filter(|entry| entry.changed > entry.created);
            let rejudged = rejudged.map_or(i64::MIN, |entry| entry.changed.0);
            let came = since.of(package).unwrap_or(i64::MIN);
            for row in rows {
                let Some(group) = self.groups.get(row.vulnerability as usize) else { continue };
                let (of, known) = &mut self.present[*group as usize];
                if *of != self.round {
                    (*of, *known) = (self.round, Gathered { count, ..Gathered::NOTHING });
                    self.met.push(*group);
                }
                known.add(&Gathered {
                    count: Count::default(),
                    severity: row.severity,
                    risk: row.risk,
                    confidence: row.confidence,
                    is_fixable: row.has_fix(),
                    first_found: row.first_found.0.max(came),
                    last_found: rejudged.max(came),
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
