//! Making a row: texts once each, versions in the order of their scheme. Equal statements give equal bytes.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use model::{AffectedRange, Bound, RaisedBy, Severity, SeverityRule, Standing};
use version::{Parsed, Scheme};

use super::code;
use super::row::{INCLUDED, LISTED, NONE, RANGE, UNREAD};
use crate::record::Statement;

/// A statement with everything that was decided about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) qid: u32,
    pub(crate) advisory: &'a str,
    pub(crate) feed: &'a str,
    pub(crate) statement: &'a Statement,
    pub(crate) standing: Standing,
    pub(crate) severity: Severity,
    pub(crate) severity_rule: SeverityRule,
    pub(crate) base_severity: Severity,
    pub(crate) raised_by: Option<RaisedBy>,
}

/// The bytes of a row; `said` is sorted by vulnerability number. Without a scheme no version can be read, and only
/// statements about all versions or the very same text can be decided.
pub(crate) fn encode(scheme: Option<Scheme>, said: &[Said<'_>]) -> Vec<u8> {
    let order = Order::of(scheme, said);
    let mut row = RowWriter { order, ..RowWriter::default() };
    said.iter().for_each(|said| row.add(said));
    row.finish(said.len())
}

/// The positions of all versions of a row.
#[derive(Default)]
struct Order<'a> {
    positions: HashMap<&'a str, u32>,
    /// One version of each class, in order.
    classes: Vec<&'a str>,
}

impl<'a> Order<'a> {
    fn of(scheme: Option<Scheme>, said: &[Said<'a>]) -> Self {
        let Some(scheme) = scheme else { return Self::default() };
        let mut versions: Vec<&'a str> = said.iter().flat_map(|said| versions_of(said.statement)).collect();
        versions.sort_unstable();
        versions.dedup();
        let read = |text: &'a str| Parsed::parse(scheme, text).ok().map(|version| (text, version));
        // stable, so that of equal versions the first by text stands for the class
        let readable: Vec<(&'a str, Parsed<'a>)> =
            version::sort(versions.into_iter().filter_map(read).collect());
        let mut order = Self::default();
        let mut last: Option<&Parsed<'a>> = None;
        for (text, version) in &readable {
            if last.is_none_or(|last| last.compare(version) != Ordering::Equal) {
                order.classes.push(text);
            }
            order.positions.insert(text, 2 * order.classes.len() as u32 - 1);
            last = Some(version);
        }
        order
    }

    fn position(&self, version: &str) -> u32 {
        self.positions.get(version).copied().unwrap_or(UNREAD)
    }
}

/// Every version that a statement names.
fn versions_of(statement: &Statement) -> impl Iterator<Item = &str> {
    let bounds = statement.ranges.iter().flat_map(|range| {
        let end = match &range.end {
            Bound::Open => None,
            Bound::Fixed(version) | Bound::LastAffected(version) => Some(version),
        };
        range.introduced.iter().chain(end)
    });
    bounds.chain(&statement.versions).chain(&statement.fix_version).map(String::as_str)
}

#[derive(Default)]
struct RowWriter<'a> {
    order: Order<'a>,
    numbers: HashMap<&'a str, u32>,
    joined: HashMap<String, u32>,
    text: Vec<u8>,
    starts: Vec<u8>,
    statements: Vec<u8>,
    ranges: Vec<u8>,
    listed: Vec<u8>,
    /// Where equal runs of ranges and lists lie; most advisories of a package fix several vulnerabilities in one version.
    known_ranges: HashMap<Vec<u8>, u32>,
    known_lists: HashMap<Vec<u8>, u32>,
}

fn put(bytes: &mut Vec<u8>, words: &[u32]) {
    words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
}

/// Puts a run of entries into a pool, once; gives the number of its first entry.
fn pooled(pool: &mut Vec<u8>, known: &mut HashMap<Vec<u8>, u32>, run: Vec<u8>, size: usize) -> u32 {
    if run.is_empty() {
        return 0;
    }
    let next = (pool.len() / size) as u32;
    match known.entry(run) {
        Entry::Occupied(place) => *place.get(),
        Entry::Vacant(place) => {
            pool.extend(place.key());
            *place.insert(next)
        }
    }
}

impl<'a> RowWriter<'a> {
    fn text(&mut self, text: &'a str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.new_text(text);
        self.numbers.insert(text, number);
        number
    }

    fn new_text(&mut self, text: &str) -> u32 {
        let number = self.starts.len() as u32 / 4;
        put(&mut self.starts, &[self.text.len() as u32]);
        self.text.extend(text.as_bytes());
        number
    }

    fn optional(&mut self, text: Option<&'a str>) -> u32 {
        text.map_or(NONE, |text| self.text(text))
    }

    /// The architectures as one text, separated by commas.
    fn arches(&mut self, arches: &[String]) -> u32 {
        if arches.is_empty() {
            return NONE;
        }
        let joined = arches.join(",");
        if let Some(&number) = self.joined.get(&joined) {
            return number;
        }
        let number = self.new_text(&joined);
        self.joined.insert(joined, number);
        number
    }

    fn add(&mut self, said: &Said<'a>) {
        let statement = said.statement;
        let mut ranges = Vec::new();
        statement.ranges.iter().for_each(|range| self.put_range(&mut ranges, range));
        let first_range = pooled(&mut self.ranges, &mut self.known_ranges, ranges, RANGE);
        let mut listed = Vec::new();
        for version in &statement.versions {
            let words = [self.order.position(version), self.text(version)];
            put(&mut listed, &words);
        }
        let first_listed = pooled(&mut self.listed, &mut self.known_lists, listed, LISTED);
        let fix = statement.fix_version.as_deref();
        let words = [
            said.qid,
            self.text(said.advisory),
            self.text(said.feed),
            self.optional(fix),
            self.optional(statement.note.as_deref()),
            self.optional(statement.module.as_deref()),
            self.arches(&statement.arches),
            fix.map_or(UNREAD, |fix| self.order.position(fix)),
            first_range,
            statement.ranges.len() as u32,
            first_listed,
            statement.versions.len() as u32,
        ];
        put(&mut self.statements, &words);
        self.statements.extend([
            code::of_state(statement.state),
            code::of_standing(said.standing),
            said.severity.get(),
            code::of_rule(said.severity_rule),
            said.base_severity.get(),
            code::of_raised_by(said.raised_by),
            code::of_named(statement.named),
            u8::from(statement.module.is_some() || !statement.arches.is_empty()),
        ]);
        self.statements.extend([0; 8]);
    }

    fn put_range(&mut self, ranges: &mut Vec<u8>, range: &'a AffectedRange) {
        let start = match range.introduced.as_deref() {
            None => (0, NONE),
            Some(version) => match self.order.position(version) {
                UNREAD => (NONE, self.text(version)),
                position => (position, self.text(version)),
            },
        };
        let end = match &range.end {
            Bound::Open => (NONE, NONE),
            Bound::Fixed(version) => (self.order.position(version), self.text(version)),
            Bound::LastAffected(version) => {
                let position = self.order.position(version);
                let after = if position == UNREAD { UNREAD } else { position + 1 };
                (after, self.text(version) | INCLUDED)
            }
        };
        put(ranges, &[start.0, end.0, start.1, end.1]);
    }

    fn finish(mut self, statements: usize) -> Vec<u8> {
        let (mut starts, mut versions) = (Vec::new(), Vec::new());
        for class in &self.order.classes {
            put(&mut starts, &[versions.len() as u32]);
            versions.extend(class.as_bytes());
        }
        put(&mut starts, &[versions.len() as u32]);
        let texts = self.starts.len() / 4;
        put(&mut self.starts, &[self.text.len() as u32]);
        let (ranges, listed) = (self.ranges.len() / RANGE, self.listed.len() / LISTED);
        let counts = [statements, ranges, listed, self.order.classes.len(), texts, versions.len()];
        let mut row = Vec::new();
        put(&mut row, &counts.map(|count| count as u32));
        let parts = [starts, versions, self.statements, self.ranges, self.listed, self.starts, self.text];
        parts.into_iter().for_each(|part| row.extend(part));
        row
    }
}
