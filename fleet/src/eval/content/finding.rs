//! Conditions on one vulnerability of a record, as formulas over the properties of its affected places.
//!
//! What belongs to the vulnerability itself (title, ids, scores, threats) is answered first, as a set of vulnerabilities. What
//! the record's own times decide (`firstFound` is never before the record was stored) is settled while the formula is made:
//! records are told apart by where their times lie, see [`Own`].

use model::Confidence;
use qql::fields::{FieldId, FindingField};
use qql::{Array, Condition, Test};

use super::software::{Place, SoftwareCompiler, SoftwareTest};
use super::whole::{Whole, whole};
use super::{Content, Own};
use crate::eval::formula::{Formula, MAX_PROPERTIES, Mask};
use crate::eval::row::{Value, passes};
use crate::eval::shown;
use crate::facts::FindingRow;
use crate::table::Bits;

/// A condition cannot be brought to a formula; records must be looked at one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsupported;

/// A property of one affected place.
#[derive(Debug)]
enum Property {
    /// The vulnerability, by number, is in the set.
    Whole(Bits),
    Severity(i64, i64),
    Risk(i64, i64),
    Confirmed,
    Fixed,
    /// First judged so at this time or before.
    FoundBy(i64),
    /// Judged anew, and that at this time or later.
    ChangedFrom(i64),
    /// A package of the system, or the release itself.
    System,
    Language,
    /// It is software that satisfies the condition.
    Affected(SoftwareTest),
}

/// A formula with what its numbers stand for.
#[derive(Debug)]
pub(crate) struct FindingTest {
    pub(crate) formula: Formula,
    properties: Vec<Property>,
}

/// A condition on the way to a formula: what speaks of the vulnerability alone is put together into one set.
enum Ask {
    Constant(bool),
    Whole(Bits),
    Some(Property),
    And(Vec<Ask>),
    Or(Vec<Ask>),
    Not(Box<Ask>),
}

impl FindingTest {
    /// Prepares a condition for records with such times of their own.
    pub(crate) fn compile(
        content: Content<'_>,
        own: Own,
        condition: &Condition,
    ) -> Result<Self, Unsupported> {
        Self::compile_with(content, Moments::Own(own), condition)
    }

    /// Prepares a condition; `moments` settles what is asked of times.
    pub(crate) fn compile_with(
        content: Content<'_>,
        moments: Moments<'_>,
        condition: &Condition,
    ) -> Result<Self, Unsupported> {
        let ask = Compiler { content, moments }.compile(condition)?;
        let mut test = Self { formula: Formula::Constant(false), properties: Vec::new() };
        test.formula = test.lower(ask)?;
        Ok(test)
    }

    fn lower(&mut self, ask: Ask) -> Result<Formula, Unsupported> {
        let mut all = |operands: Vec<Ask>| {
            operands.into_iter().map(|operand| self.lower(operand)).collect::<Result<Vec<_>, _>>()
        };
        Ok(match ask {
            Ask::Constant(holds) => Formula::Constant(holds),
            Ask::Whole(set) if set.is_empty() => Formula::Constant(false),
            Ask::Whole(set) => Formula::Whole(self.number(Property::Whole(set))?),
            Ask::Some(property) => Formula::Some(self.number(property)?),
            Ask::And(operands) => Formula::all(all(operands)?),
            Ask::Or(operands) => Formula::any(all(operands)?),
            Ask::Not(inner) => self.lower(*inner)?.negated(),
        })
    }

    fn number(&mut self, property: Property) -> Result<u8, Unsupported> {
        let number = self.properties.len();
        if number >= MAX_PROPERTIES {
            return Err(Unsupported);
        }
        self.properties.push(property);
        u8::try_from(number).map_err(|_| Unsupported)
    }

    /// Whether every vulnerability satisfies it.
    pub(crate) fn is_always(&self) -> bool {
        matches!(self.formula, Formula::Constant(true))
    }

    /// The properties that a finding at a place has.
    pub(crate) fn mask(&self, content: Content<'_>, row: &FindingRow, place: &Place<'_>) -> Mask {
        let mut mask = 0;
        for (bit, property) in self.properties.iter().enumerate() {
            mask |= Mask::from(property.holds(content, row, place)) << bit;
        }
        mask
    }

    /// Whether it holds for a vulnerability that affects this place alone.
    pub(crate) fn holds_alone(&self, content: Content<'_>, row: &FindingRow, place: &Place<'_>) -> bool {
        self.formula.holds(self.mask(content, row, place))
    }

    /// The bits of a mask that speak of the vulnerability itself.
    pub(crate) fn whole_bits(&self) -> Mask {
        let mut bits = 0;
        for (bit, property) in self.properties.iter().enumerate() {
            bits |= Mask::from(matches!(property, Property::Whole(_))) << bit;
        }
        bits
    }

    /// The sets of vulnerabilities that it asks for.
    pub(crate) fn sets(&self) -> impl Iterator<Item = &Bits> {
        self.properties.iter().filter_map(|property| match property {
            Property::Whole(set) => Some(set),
            _ => None,
        })
    }

    /// Whether it asks for paths, which belong to the place and not to the package.
    pub(crate) fn asks_for_places(&self) -> bool {
        self.properties
            .iter()
            .any(|property| matches!(property, Property::Affected(test) if test.asks_for_places()))
    }
}

impl Property {
    fn holds(&self, content: Content<'_>, row: &FindingRow, place: &Place<'_>) -> bool {
        match self {
            Self::Whole(set) => set.contains(row.vulnerability),
            Self::Severity(from, to) => (*from..=*to).contains(&i64::from(row.severity.get())),
            Self::Risk(from, to) => (*from..=*to).contains(&i64::from(row.risk)),
            Self::Confirmed => row.confidence == Confidence::Confirmed,
            Self::Fixed => row.has_fix(),
            Self::FoundBy(time) => row.first_found.0 <= *time,
            Self::ChangedFrom(time) => {
                place.head.changed.0 >= *time
                    && content
                        .packages
                        .entry(place.package)
                        .is_some_and(|entry| entry.changed > entry.created)
            }
            Self::System => !is_language(place),
            Self::Language => is_language(place),
            Self::Affected(test) => {
                shown::is_software(place.head.ecosystem) && test.holds(content, place, row.fix_version)
            }
        }
    }
}

/// Whether what is affected here counts as a language package; the release of the system does not.
fn is_language(place: &Place<'_>) -> bool {
    shown::is_software(place.head.ecosystem) && !place.head.ecosystem.is_os()
}

/// The vulnerabilities with a `firstFound` or `lastFound` in one of some ranges.
pub(crate) type ByTime<'t> = &'t dyn Fn(FindingField, &[(i64, i64)]) -> Bits;

/// What `firstFound` and `lastFound` depend on.
#[derive(Clone, Copy)]
pub(crate) enum Moments<'t> {
    /// The times of the record and those of its places.
    Own(Own),
    /// They are known.
    Known(ByTime<'t>),
}

impl Moments<'_> {
    fn ask(self, field: FindingField, ranges: &[(i64, i64)]) -> Ask {
        match self {
            Self::Known(with) => Ask::Whole(with(field, ranges)),
            Self::Own(own) if field == FindingField::FirstFound => {
                Ask::Or(ranges.iter().map(|range| first_found(*range, own)).collect())
            }
            Self::Own(own) => Ask::Or(ranges.iter().map(|range| last_found(*range, own)).collect()),
        }
    }
}

struct Compiler<'i> {
    content: Content<'i>,
    moments: Moments<'i>,
}

impl Compiler<'_> {
    fn compile(&self, condition: &Condition) -> Result<Ask, Unsupported> {
        let all = |operands: &[Condition]| {
            operands.iter().map(|operand| self.compile(operand)).collect::<Result<Vec<_>, _>>()
        };
        let vulnerabilities = self.content.packages.vulnerabilities();
        Ok(match condition {
            Condition::All => Ask::Constant(true),
            Condition::And(operands) => join(all(operands)?, Bits::and, Ask::And),
            Condition::Or(operands) => join(all(operands)?, Bits::or, Ask::Or),
            Condition::Not(inner) => negated(self.compile(inner)?, vulnerabilities.len()),
            Condition::Test { field: FieldId::Finding(field), test } => {
                match whole(vulnerabilities, *field, Some(test)) {
                    Whole::Set(set) => Ask::Whole(set),
                    Whole::Never => Ask::Constant(false),
                    Whole::Always => Ask::Constant(true),
                    Whole::OfGroup => self.test(*field, test)?,
                }
            }
            Condition::IsNull(FieldId::Finding(field)) => {
                let present = match whole(vulnerabilities, *field, None) {
                    Whole::Set(set) => Ask::Whole(set),
                    Whole::Never => Ask::Constant(false),
                    Whole::Always => Ask::Constant(true),
                    Whole::OfGroup => self.present(*field)?,
                };
                negated(present, vulnerabilities.len())
            }
            Condition::Any { array: Array::AffectedSoftware, inner } => {
                let compiler = SoftwareCompiler { content: self.content, own: Own::NONE, is_affected: true };
                Ask::Some(Property::Affected(compiler.compile(inner)?))
            }
            Condition::Test { .. } | Condition::Any { .. } => Ask::Constant(false),
            Condition::IsNull(_) => Ask::Constant(true),
        })
    }

    /// A test on what a vulnerability is in its record.
    fn test(&self, field: FindingField, test: &Test) -> Result<Ask, Unsupported> {
        let word = |word| passes(test, Value::Text(word));
        Ok(match (field, test) {
            (FindingField::Severity, Test::Number(test)) => highest(test.ranges(), 5, Property::Severity),
            (FindingField::Risk | FindingField::QdsScore, Test::Number(test)) => {
                highest(test.ranges(), 255, Property::Risk)
            }
            (FindingField::TypeDetected, _) => match (word("CONFIRMED"), word("POTENTIAL")) {
                (true, true) => Ask::Constant(true),
                (true, false) => Ask::Some(Property::Confirmed),
                (false, true) => not(Ask::Some(Property::Confirmed)),
                (false, false) => Ask::Constant(false),
            },
            (FindingField::PatchAvailable, Test::Bool(true)) => Ask::Some(Property::Fixed),
            (FindingField::PatchAvailable, Test::Bool(false)) | (FindingField::NoPatch, Test::Bool(true)) => {
                not(Ask::Some(Property::Fixed))
            }
            (FindingField::ZeroDay, Test::Bool(true)) => {
                let attacks =
                    whole(self.content.packages.vulnerabilities(), FindingField::ActiveAttacks, Some(test));
                let Whole::Set(attacked) = attacks else { return Err(Unsupported) };
                Ask::And(vec![Ask::Whole(attacked), not(Ask::Some(Property::Fixed))])
            }
            (FindingField::ScanType, _) => {
                let kinds = [(shown::OS_SCAN, Property::System), (shown::LANGUAGE_SCAN, Property::Language)];
                Ask::Or(
                    kinds
                        .into_iter()
                        .filter(|(kind, _)| word(kind))
                        .map(|(_, kind)| Ask::Some(kind))
                        .collect(),
                )
            }
            (FindingField::FirstFound | FindingField::LastFound, Test::Date(test)) => {
                self.moments.ask(field, test.ranges())
            }
            (FindingField::Result | FindingField::LayerSha, _) => return Err(Unsupported),
            _ => Ask::Constant(false),
        })
    }

    fn present(&self, field: FindingField) -> Result<Ask, Unsupported> {
        match field {
            FindingField::ZeroDay | FindingField::NoPatch => self.test(field, &Test::Bool(true)),
            FindingField::LayerSha => Err(Unsupported),
            _ => Ok(Ask::Constant(true)),
        }
    }
}

fn not(ask: Ask) -> Ask {
    Ask::Not(Box::new(ask))
}

fn negated(ask: Ask, len: u32) -> Ask {
    match ask {
        Ask::Constant(holds) => Ask::Constant(!holds),
        Ask::Whole(set) => {
            let mut rest = Bits::all(len);
            rest.subtract(&set);
            Ask::Whole(rest)
        }
        other => not(other),
    }
}

/// Joins operands; those that are sets become one.
fn join(operands: Vec<Ask>, join: fn(&mut Bits, &Bits), many: fn(Vec<Ask>) -> Ask) -> Ask {
    let mut joined: Option<Bits> = None;
    let mut rest = Vec::new();
    for operand in operands {
        match (operand, &mut joined) {
            (Ask::Whole(set), Some(all)) => join(all, &set),
            (Ask::Whole(set), none) => *none = Some(set),
            (other, _) => rest.push(other),
        }
    }
    rest.extend(joined.map(Ask::Whole));
    if rest.len() == 1 { rest.swap_remove(0) } else { many(rest) }
}

/// The highest of a group lies in a range if one place is in it and none above.
fn highest(ranges: &[(i64, i64)], greatest: i64, property: fn(i64, i64) -> Property) -> Ask {
    let one = |(from, to): &(i64, i64)| {
        let inside = Ask::Some(property(*from, *to));
        if *to >= greatest {
            return inside;
        }
        Ask::And(vec![inside, not(Ask::Some(property(to + 1, greatest)))])
    };
    let possible = ranges.iter().filter(|(from, to)| *from <= greatest && *to >= 0);
    Ask::Or(possible.map(one).collect())
}

/// A range without an end turns no judgement away, and what then asks for no time at all is known already.
fn found_by(to: i64) -> Ask {
    if to == i64::MAX { Ask::Constant(true) } else { Ask::Some(Property::FoundBy(to)) }
}

/// The later of the record's time and the earliest judgement lies in a range.
fn first_found((from, to): (i64, i64), own: Own) -> Ask {
    if own.first_stored > to {
        return Ask::Constant(false);
    }
    let by_end = found_by(to);
    match from.checked_sub(1).filter(|_| own.first_stored < from) {
        Some(before) => Ask::And(vec![by_end, not(Ask::Some(Property::FoundBy(before)))]),
        None => by_end,
    }
}

/// The latest of the record's times, the earliest judgement and the last new one lies in a range.
fn last_found((from, to): (i64, i64), own: Own) -> Ask {
    if own.latest > to {
        return Ask::Constant(false);
    }
    let mut all = vec![found_by(to)];
    if let Some(after) = to.checked_add(1) {
        all.push(not(Ask::Some(Property::ChangedFrom(after))));
    }
    if let Some(before) = from.checked_sub(1).filter(|_| own.latest < from) {
        let found_late = not(Ask::Some(Property::FoundBy(before)));
        all.push(Ask::Or(vec![found_late, Ask::Some(Property::ChangedFrom(from))]));
    }
    Ask::And(all)
}
