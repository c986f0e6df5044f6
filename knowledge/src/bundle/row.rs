//! What advisories say about one package of one namespace, in a form that is judged in place.
//!
//! ```text
//! counts (6 × 4): statements, ranges, listed versions, classes, texts, bytes of the classes' versions
//! classes + 1 × 4: where each class's version starts
//! versions:        one of each class
//! statements × 64: qid, advisory, feed, fix, note, module, arches (texts), fix position, first range, ranges,
//!                  first listed version, listed versions (4 each), then one byte each: state, standing, severity,
//!                  rule, base severity, raised by, named, whether it is limited, and zeros
//! ranges × 16:     start position, end position, start text, end text (top bit: the end is included)
//! listed × 8:      position, text
//! texts + 1 × 4:   where each text starts
//! text bytes
//! ```
//!
//! The decision a reader may doubt: versions are put in order when the bundle is made. All versions that the statements
//! of a row name are sorted into classes of equal ones; class `c` has position `2c + 1`, and what lies before it
//! has position `2c`. So an installed version is compared with a handful of classes (by halving) to find its own
//! position, and after that every statement is decided by comparing numbers, however many there are. The versions lie
//! first and beside each other, because most of the time goes into fetching them.
//!
//! Every read is checked: a damaged row tells less, and never reaches outside.

use std::cmp::Ordering;

use model::{Affected, AffectedRange, Bound, FixState, Named, RaisedBy, Severity, SeverityRule, Standing};
use version::{Parsed, Scheme};

use super::code;
use super::format::u32_at;

pub(super) const HEAD: usize = 24;
pub(super) const STATEMENT: usize = 64;
pub(super) const RANGE: usize = 16;
pub(super) const LISTED: usize = 8;

/// "No text", "no end", and a start that cannot be read.
pub(super) const NONE: u32 = u32::MAX;
/// A bound that cannot be read, as end or as the position of a listed version or a fix.
pub(super) const UNREAD: u32 = u32::MAX - 1;
/// In an end's text: the end itself is affected.
pub(super) const INCLUDED: u32 = 1 << 31;

/// Everything that is said about one package of one namespace.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    bytes: &'a [u8],
    count: usize,
    class_count: usize,
    text_count: usize,
    /// Where the parts start.
    versions: usize,
    statements: usize,
    ranges: usize,
    listed: usize,
    texts: usize,
}

impl<'a> Row<'a> {
    /// Reads the counts; `None` if they do not fit the bytes.
    pub fn new(bytes: &'a [u8]) -> Option<Self> {
        let counts = [0, 4, 8, 12, 16, 20].map(|at| u32_at(bytes, at) as usize);
        let [count, range_count, listed_count, class_count, text_count, version_bytes] = counts;
        let sizes = [
            (class_count + 1, 4),
            (version_bytes, 1),
            (count, STATEMENT),
            (range_count, RANGE),
            (listed_count, LISTED),
            (text_count + 1, 4),
        ];
        let mut starts = [HEAD; 7];
        for (index, (count, size)) in sizes.into_iter().enumerate() {
            starts[index + 1] = count.checked_mul(size)?.checked_add(starts[index])?;
        }
        let [_, versions, statements, ranges, listed, texts, end] = starts;
        (end <= bytes.len()).then_some(Self {
            bytes,
            count,
            class_count,
            text_count,
            versions,
            statements,
            ranges,
            listed,
            texts,
        })
    }

    /// The row as it lies in the bundle.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The number of statements; they are sorted by vulnerability number.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The statement at `index`; one of zeros if there is none.
    pub fn statement(&self, index: usize) -> StatementView<'a> {
        StatementView {
            row: *self,
            at: self.statements + STATEMENT * index.min(self.count.saturating_sub(1)),
        }
    }

    /// The vulnerability number of the statement at `index`.
    pub fn qid(&self, index: usize) -> u32 {
        u32_at(self.bytes, self.statements + STATEMENT * index)
    }

    /// A text of the row; empty if there is none of this number.
    pub fn text(&self, number: u32) -> &'a str {
        let number = number as usize;
        if number >= self.text_count {
            return "";
        }
        let start = self.texts + 4 * (self.text_count + 1);
        self.slice(self.texts + 4 * number, start)
    }

    /// The text whose place is told at `offsets`, relative to `start`.
    fn slice(&self, offsets: usize, start: usize) -> &'a str {
        let (from, to) = (u32_at(self.bytes, offsets) as usize, u32_at(self.bytes, offsets + 4) as usize);
        let bytes = start.checked_add(from).zip(start.checked_add(to));
        let bytes = bytes.and_then(|(from, to)| self.bytes.get(from..to)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// One version of a class.
    fn version(&self, class: usize) -> &'a str {
        self.slice(HEAD + 4 * class, self.versions)
    }

    fn optional_text(&self, number: u32) -> Option<&'a str> {
        (number != NONE).then(|| self.text(number))
    }

    /// One version of each class, in order.
    pub fn versions(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let row = *self;
        (0..row.class_count).map(move |class| row.version(class))
    }

    /// Where `version` stands among the versions that the row names.
    pub fn position(&self, scheme: Scheme, version: &Parsed<'_>) -> u32 {
        let (mut low, mut high) = (0, self.class_count);
        while low < high {
            let middle = low + (high - low) / 2;
            let order = match Parsed::parse(scheme, self.version(middle)) {
                Ok(class) => class.compare(version),
                Err(_) => Ordering::Greater,
            };
            match order {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return 2 * middle as u32 + 1,
            }
        }
        2 * low as u32
    }
}

/// One statement of a row.
#[derive(Clone, Copy, Debug)]
pub struct StatementView<'a> {
    row: Row<'a>,
    at: usize,
}

/// What a statement says of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does not apply.
    Outside,
    /// It applies; the fix is the lowest version named that is newer than the installed one.
    Inside(Option<Fix>),
    /// It cannot be told: a version could not be read.
    Undecided,
}

/// A fixed version: its place in the row's order, and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Greater for later versions of the same row.
    pub position: u32,
    /// For [`Row::text`].
    pub text: u32,
}

impl<'a> StatementView<'a> {
    fn word(&self, index: usize) -> u32 {
        u32_at(self.row.bytes, self.at + 4 * index)
    }

    fn byte(&self, index: usize) -> u8 {
        self.row.bytes.get(self.at + 48 + index).copied().unwrap_or_default()
    }

    /// The row that it belongs to.
    pub fn row(&self) -> Row<'a> {
        self.row
    }

    /// The vulnerability's number.
    pub fn qid(&self) -> u32 {
        self.word(0)
    }

    /// The publisher's id of the record.
    pub fn advisory(&self) -> &'a str {
        self.row.text(self.word(1))
    }

    /// The feed that it came from.
    pub fn feed(&self) -> &'a str {
        self.row.text(self.word(2))
    }

    /// The fixed version that the publisher names for the statement as a whole.
    pub fn fix_version(&self) -> Option<&'a str> {
        self.row.optional_text(self.word(3))
    }

    /// The publisher's reason.
    pub fn note(&self) -> Option<&'a str> {
        self.row.optional_text(self.word(4))
    }

    /// The module stream that it is limited to.
    pub fn module(&self) -> Option<&'a str> {
        self.row.optional_text(self.word(5))
    }

    /// The architectures that it is limited to; none if to none.
    pub fn arches(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.row.optional_text(self.word(6)).into_iter().flat_map(|text| text.split(','))
    }

    /// The publisher's position.
    pub fn state(&self) -> FixState {
        code::state(self.byte(0))
    }

    /// Whether it counts.
    pub fn standing(&self) -> Standing {
        code::standing(self.byte(1))
    }

    /// Severity, raised by threat intelligence.
    pub fn severity(&self) -> Severity {
        Severity::new(self.byte(2)).unwrap_or_default()
    }

    /// The rule behind its base.
    pub fn severity_rule(&self) -> SeverityRule {
        code::rule(self.byte(3))
    }

    /// The severity before it was raised.
    pub fn base_severity(&self) -> Severity {
        Severity::new(self.byte(4)).unwrap_or_default()
    }

    /// What raised it.
    pub fn raised_by(&self) -> Option<RaisedBy> {
        code::raised_by(self.byte(5))
    }

    /// Which name of the package it uses.
    pub fn named(&self) -> Named {
        code::named(self.byte(6))
    }

    /// Whether it is limited to a module stream or to architectures.
    pub fn is_limited(&self) -> bool {
        self.byte(7) != 0
    }

    /// Whether it can apply to anything at all.
    pub fn is_in_force(&self) -> bool {
        self.byte(1) == code::IN_FORCE && self.byte(0) != code::NOT_AFFECTED
    }

    /// Applies it to the version at `position`; `None` stands for a version that its scheme cannot read, whose
    /// text is `version`.
    ///
    /// An affected version is one of those listed or lies in one of the ranges (OSV schema 1.6, "Evaluation"). One range
    /// that holds the version outweighs another that cannot be read. A range without any bound holds every version,
    /// readable or not.
    pub fn judge(&self, position: Option<u32>, version: &str) -> Verdict {
        if !self.is_in_force() {
            return Verdict::Outside;
        }
        let (mut inside, mut unread, mut fix) = (false, false, None);
        for range in self.ranges() {
            match range.holds(position) {
                Some(true) => {
                    inside = true;
                    fix = lower(fix, range.fix());
                }
                Some(false) => {}
                None => unread = true,
            }
        }
        if !inside {
            match self.lists(position, version) {
                Some(listed) => inside = listed,
                None => unread = true,
            }
        }
        match (inside, unread) {
            (true, _) => Verdict::Inside(fix.or_else(|| self.later_fix(position?))),
            (false, true) => Verdict::Undecided,
            (false, false) => Verdict::Outside,
        }
    }

    fn ranges(&self) -> impl Iterator<Item = RangeView> + use<'a> {
        let (first, count) = (self.word(8) as usize, self.word(9) as usize);
        let (bytes, start, limit) = (self.row.bytes, self.row.ranges, self.row.listed);
        let count = count.min((limit - start) / RANGE);
        (first..first.saturating_add(count)).map(move |index| RangeView::read(bytes, start + RANGE * index))
    }

    /// Positions and texts of the versions that are listed one by one.
    fn listed(&self) -> impl Iterator<Item = (u32, u32)> + use<'a> {
        let (first, count) = (self.word(10) as usize, self.word(11) as usize);
        let (bytes, start, limit) = (self.row.bytes, self.row.listed, self.row.texts);
        let count = count.min((limit - start) / LISTED);
        (first..first.saturating_add(count)).map(move |index| {
            let at = start + LISTED * index;
            (u32_at(bytes, at), u32_at(bytes, at + 4))
        })
    }

    /// Whether the version is listed; `None` if it cannot be told. Entries that cannot be read are different from any
    /// version that can.
    fn lists(&self, position: Option<u32>, version: &str) -> Option<bool> {
        let Some(position) = position else {
            let same = self.listed().any(|(_, text)| self.row.text(text) == version);
            return if same || self.word(11) == 0 { Some(same) } else { None };
        };
        Some(self.listed().any(|(listed, _)| listed == position))
    }

    /// Every fix that it names and that can be read.
    pub fn fixes(&self) -> impl Iterator<Item = Fix> + use<'a> {
        let own = Fix { position: self.word(7), text: self.word(3) };
        let own = (own.text != NONE && own.position < UNREAD).then_some(own);
        self.ranges().filter_map(|range| range.fix()).chain(own)
    }

    /// The lowest fix named anywhere in the statement that is newer than the version: for a range that names none
    /// (it is open, ends with an affected version, or the version is listed).
    fn later_fix(&self, position: u32) -> Option<Fix> {
        self.fixes().filter(|fix| fix.position > position).fold(None, |lowest, fix| lower(lowest, Some(fix)))
    }

    /// The statement as plain data.
    pub fn to_model(&self) -> Affected {
        let text = |number: u32| self.row.text(number).to_owned();
        Affected {
            advisory: self.advisory().to_owned(),
            feed: self.feed().to_owned(),
            named: self.named(),
            module: self.module().map(str::to_owned),
            arches: self.arches().map(str::to_owned).collect(),
            ranges: self.ranges().map(|range| range.to_model(&self.row)).collect(),
            versions: self.listed().map(|(_, number)| text(number)).collect(),
            state: self.state(),
            fix_version: self.fix_version().map(str::to_owned),
            note: self.note().map(str::to_owned),
            standing: self.standing(),
            severity: self.severity(),
            severity_rule: self.severity_rule(),
            base_severity: self.base_severity(),
            raised_by: self.raised_by(),
        }
    }
}

/// The earlier of two fixes.
fn lower(known: Option<Fix>, other: Option<Fix>) -> Option<Fix> {
    match (known, other) {
        (Some(known), Some(other)) if other.position < known.position => Some(other),
        (None, other) => other,
        (known, _) => known,
    }
}

/// An affected range in positions.
struct RangeView {
    start: u32,
    end: u32,
    start_text: u32,
    end_text: u32,
}

impl RangeView {
    fn read(bytes: &[u8], at: usize) -> Self {
        let [start, end, start_text, end_text] = [0, 4, 8, 12].map(|offset| u32_at(bytes, at + offset));
        Self { start, end, start_text, end_text }
    }

    /// Whether it holds the version; `None` if that hangs on a version that cannot be read. One readable bound that
    /// already excludes the version is an answer, whatever the other one holds.
    fn holds(&self, position: Option<u32>) -> Option<bool> {
        let reaches = match (self.start, position) {
            (0, _) => Some(true),
            (NONE, _) | (_, None) => None,
            (start, Some(position)) => Some(position >= start),
        };
        let ends = match (self.end, position) {
            (NONE, _) => Some(true),
            (UNREAD, _) | (_, None) => None,
            (end, Some(position)) => Some(position < end),
        };
        if reaches == Some(false) || ends == Some(false) {
            return Some(false);
        }
        Some(reaches? && ends?)
    }

    /// The end, if it is a fixed version that can be read.
    fn fix(&self) -> Option<Fix> {
        let is_fix = self.end_text != NONE && self.end_text & INCLUDED == 0 && self.end < UNREAD;
        is_fix.then_some(Fix { position: self.end, text: self.end_text })
    }

    fn to_model(&self, row: &Row<'_>) -> AffectedRange {
        let end = |number: u32| row.text(number & !INCLUDED).to_owned();
        AffectedRange {
            introduced: row.optional_text(self.start_text).map(str::to_owned),
            end: match self.end_text {
                NONE => Bound::Open,
                number if number & INCLUDED == 0 => Bound::Fixed(end(number)),
                number => Bound::LastAffected(end(number)),
            },
        }
    }
}
