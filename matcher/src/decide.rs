//! From the statements about a package to its findings: one per vulnerability.
//!
//! Several statements can speak of one vulnerability, such as a GHSA and a PYSEC record of one alias group. It is a
//! finding if any of them applies: a missed finding costs more than one too many. Which of them decides
//! its fix version, state and advisory id:
//!
//! 1. one that names a fix for the installed version before one that names none;
//! 2. the ecosystem's own database (PYSEC, RUSTSEC, GO) before others, since it knows its versions best;
//! 3. the higher fix version, since the lower one would leave the other statement true;
//! 4. the lower advisory id, so that the outcome never depends on the order of the input.
//!
//! The severity is that of the applying statement with the strongest rule, the highest if several are as strong, whoever
//! decides the rest: a database that rates nothing must not hide the rating of one that does.
//!
//! Not every statement is heard: see [`crate::voice`].
//!
//! The decision a reader may doubt: a [`Hit`] is numbers only. Most packages are judged to be compared with what was
//! known before, and nobody looks at the words.

use std::cmp::{Ordering, Reverse};

use knowledge::{Fallback, Fix, StatementView, Verdict};
use model::{Ecosystem, FixState};

use crate::speaks::{PAIR, Place, Places, Subject};
use crate::voice;

/// A statement of a row: which row, which statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Which {
    pub(crate) place: u8,
    pub(crate) statement: u32,
}

/// A vulnerability that a package has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The vulnerability's number.
    pub qid: u32,
    /// The publisher's position on this very version.
    pub state: FixState,
    /// The fix that lies ahead, if any.
    pub fix: Option<Fix>,
    /// The statement that decides.
    pub(crate) deciding: Which,
    /// The statement whose severity counts.
    pub(crate) rating: Which,
}

/// What the statements about a package come to. Reused from package to package, it costs no allocation.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// Sorted by vulnerability number.
    pub hits: Vec<Hit>,
    /// One statement for each vulnerability that is not among `hits` and could not be decided.
    pub(crate) undecided: Vec<Which>,
    /// The lowest version that ends every hit that has a fix; with its row.
    pub(crate) clearing: Option<(u8, Fix)>,
}

/// Where the statements about one vulnerability begin and end in each of the rows.
pub(crate) type Ranges<const N: usize> = ([usize; N], [usize; N]);

/// A statement that applies.
struct Match<'b> {
    which: Which,
    statement: StatementView<'b>,
    fix: Option<Fix>,
}

/// Decides over all statements of `places`; `out` is emptied first.
pub(crate) fn decide(subject: Subject<'_>, places: &Places<'_>, out: &mut Hits) {
    out.hits.clear();
    out.undecided.clear();
    match places {
        Places::Release(pair) => decide_over(subject, pair, &[], out),
        Places::Stream(stream) => decide_over(subject, &stream.places, &stream.further, out),
    }
    out.clearing = crate::clearing::lowest(subject, places.all(), &out.hits);
}

/// For each number of rows of its own: most packages have two, and a stream costs only those that are of one.
fn decide_over<const N: usize>(
    subject: Subject<'_>,
    places: &[Option<Place<'_>>; N],
    further: &[Option<Fallback>],
    out: &mut Hits,
) {
    let mut cursors = [0_usize; N];
    while let Some(qid) = next_qid(places, cursors) {
        let start = cursors;
        for (cursor, place) in cursors.iter_mut().zip(places) {
            let Some(place) = place else { continue };
            while *cursor < place.row.len() && place.row.qid(*cursor) == qid {
                *cursor += 1;
            }
        }
        judge_group(subject, (places, further), qid, (start, cursors), out);
    }
}

/// The lowest vulnerability number that is still to be looked at.
fn next_qid<const N: usize>(places: &[Option<Place<'_>>; N], cursors: [usize; N]) -> Option<u32> {
    let ahead = places.iter().zip(cursors).filter_map(|(place, cursor)| {
        let row = place.as_ref()?.row;
        (cursor < row.len()).then(|| row.qid(cursor))
    });
    ahead.min()
}

/// Visits the statements about one vulnerability that mean this package and can apply to something.
pub(crate) fn visit<'b, const N: usize>(
    subject: Subject<'_>,
    places: &[Option<Place<'b>>; N],
    (start, end): Ranges<N>,
    mut each: impl FnMut(Which, StatementView<'b>, Option<u32>),
) {
    for (number, place) in places.iter().enumerate() {
        let Some(place) = place else { continue };
        for index in start[number]..end[number] {
            let view = place.row.statement(index);
            let Some(spot) = place.spot(view.named()) else { continue };
            if subject.is_meant(&view) {
                each(Which { place: number as u8, statement: index as u32 }, view, spot);
            }
        }
    }
}

fn judge_group<const N: usize>(
    subject: Subject<'_>,
    (places, further): (&[Option<Place<'_>>; N], &[Option<Fallback>]),
    qid: u32,
    ranges: Ranges<N>,
    out: &mut Hits,
) {
    let voice = match N {
        PAIR => voice::of_release(subject, places, ranges),
        _ => voice::of_stream(subject, places, further, ranges),
    };
    let mut deciding: Option<Match<'_>> = None;
    let mut rating: Option<(Which, StatementView<'_>)> = None;
    let mut undecided = None;
    visit(subject, places, ranges, |which, statement, spot| {
        let place = usize::from(which.place);
        let next = (place / PAIR).checked_sub(1).and_then(|index| further.get(index)?.as_ref());
        if !voice.hears(place, &statement, next) {
            return;
        }
        match statement.judge(spot, subject.version(statement.named())) {
            Verdict::Outside => {}
            Verdict::Undecided => undecided = undecided.or(Some(which)),
            Verdict::Inside(fix) => {
                let found = Match { which, statement, fix };
                if rating.as_ref().is_none_or(|(_, known)| strength(&statement) < strength(known)) {
                    rating = Some((which, statement));
                }
                if deciding.as_ref().is_none_or(|known| precedence(subject, &found, known).is_lt()) {
                    deciding = Some(found);
                }
            }
        }
    });
    match (deciding, rating) {
        (Some(deciding), Some((rating, _))) => out.hits.push(Hit {
            qid,
            state: state_of(deciding.statement.state(), deciding.fix.is_some()),
            fix: deciding.fix,
            deciding: deciding.which,
            rating,
        }),
        _ => out.undecided.extend(undecided),
    }
}

/// Lower is stronger.
fn strength(statement: &StatementView<'_>) -> (model::SeverityRule, Reverse<model::Severity>) {
    (statement.severity_rule(), Reverse(statement.severity()))
}

/// Orders statements of one vulnerability, the deciding one first; see the head of this file.
fn precedence(subject: Subject<'_>, a: &Match<'_>, b: &Match<'_>) -> Ordering {
    let own = |found: &Match<'_>| is_own_database(subject.package.ecosystem, found.statement.advisory());
    let higher_fix = || match (a.fix, b.fix) {
        (Some(a_fix), Some(b_fix)) if a.which.place == b.which.place => b_fix.position.cmp(&a_fix.position),
        _ => Ordering::Equal,
    };
    b.fix
        .is_some()
        .cmp(&a.fix.is_some())
        .then_with(|| own(b).cmp(&own(a)))
        .then_with(higher_fix)
        .then_with(|| a.statement.advisory().cmp(b.statement.advisory()))
        .then_with(|| a.statement.feed().cmp(b.statement.feed()))
}

/// Whether the statement comes from the advisory database that the ecosystem itself runs.
fn is_own_database(ecosystem: Ecosystem, advisory: &str) -> bool {
    let prefix = match ecosystem {
        Ecosystem::Pypi => "PYSEC-",
        Ecosystem::Cargo => "RUSTSEC-",
        Ecosystem::Golang => "GO-",
        _ => return false,
    };
    advisory.starts_with(prefix)
}

/// The publisher's position on this very version: "fixed" is only true if a fix lies ahead of it, and a record that
/// names one says "fixed" even if it was written as a mere range.
fn state_of(state: FixState, has_fix: bool) -> FixState {
    match state {
        FixState::Fixed if !has_fix => FixState::Affected,
        FixState::Affected | FixState::Unknown if has_fix => FixState::Fixed,
        state => state,
    }
}
