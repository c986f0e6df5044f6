//! Which of the statements about one vulnerability are heard.
//!
//! - What is said of the binary package itself outweighs what is said of its source, which stands for "somewhere in it". Only
//!   RPM distributions say both.
//! - Of a package of a restricted update stream, the stream's own word counts. Where it says nothing about the vulnerability, the
//!   next namespace behind it does; of one whose fixes do not come to the stream, only what is said without a fix.

use knowledge::{Fallback, StatementView};
use model::{Ecosystem, Named, Standing};

use crate::decide::{Ranges, visit};
use crate::speaks::{PAIR, Place, Places, Subject};

/// The namespace and the kind of name that are heard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Voice {
    /// 0 is the package's own namespace.
    level: usize,
    by_name: bool,
}

impl Voice {
    /// Whether a statement of the row at `place` counts.
    pub(crate) fn hears(
        &self,
        place: usize,
        statement: &StatementView<'_>,
        further: Option<&Fallback>,
    ) -> bool {
        !(self.by_name && statement.named() == Named::Source)
            && place / PAIR == self.level
            && further.is_none_or(|next| is_shared(next, statement))
    }

    /// Whether a statement of the row at `place` is of the namespace that is heard.
    pub(crate) fn is_of(&self, place: usize) -> bool {
        place / PAIR == self.level
    }
}

/// Whether what the namespace says is true for the packages of a stream before it.
pub(crate) fn is_shared(next: &Fallback, statement: &StatementView<'_>) -> bool {
    next.fixes || (statement.fix_version().is_none() && statement.fixes().next().is_none())
}

/// The voice on a vulnerability about a package of a release.
pub(crate) fn of_release<const N: usize>(
    subject: Subject<'_>,
    places: &[Option<Place<'_>>; N],
    ranges: Ranges<N>,
) -> Voice {
    let mut by_name = false;
    if subject.package.ecosystem == Ecosystem::Rpm {
        visit(subject, places, ranges, |_, view, _| {
            by_name |= view.named() == Named::Binary && view.standing() == Standing::InForce;
        });
    }
    Voice { level: 0, by_name }
}

/// The voice on a vulnerability about a package of a stream.
pub(crate) fn of_stream<const N: usize>(
    subject: Subject<'_>,
    places: &[Option<Place<'_>>; N],
    further: &[Option<Fallback>],
    ranges: Ranges<N>,
) -> Voice {
    let mut voice: Option<Voice> = None;
    visit(subject, places, ranges, |which, view, _| {
        let level = usize::from(which.place) / PAIR;
        let next = level.checked_sub(1).and_then(|index| further.get(index)?.as_ref());
        if view.standing() != Standing::InForce || next.is_some_and(|next| !is_shared(next, &view)) {
            return;
        }
        let by_name = subject.package.ecosystem == Ecosystem::Rpm && view.named() == Named::Binary;
        // rows come namespace by namespace, so that the first that speaks is the one that counts
        let heard = voice.get_or_insert(Voice { level, by_name });
        heard.by_name |= by_name && heard.level == level;
    });
    voice.unwrap_or(Voice { level: 0, by_name: false })
}

/// The voice on the vulnerability of that number.
pub(crate) fn on(subject: Subject<'_>, places: &Places<'_>, qid: u32) -> Voice {
    match places {
        Places::Release(pair) => of_release(subject, pair, ranges(pair, qid)),
        Places::Stream(stream) => {
            of_stream(subject, &stream.places, &stream.further, ranges(&stream.places, qid))
        }
    }
}

/// Where the statements about a vulnerability stand in each row.
fn ranges<const N: usize>(places: &[Option<Place<'_>>; N], qid: u32) -> Ranges<N> {
    let first = |from: u32| {
        places.map(|place| {
            let row = place.map(|place| place.row);
            row.map_or(0, |row| (0..row.len()).take_while(|&index| row.qid(index) < from).count())
        })
    };
    let end = places.map(|place| {
        let row = place.map(|place| place.row);
        row.map_or(0, |row| (0..row.len()).take_while(|&index| row.qid(index) <= qid).count())
    });
    (first(qid), end)
}
