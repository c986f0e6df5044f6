//! The lowest version that ends all findings of a package that can be ended.
//!
//! It is at least the highest of the fixes. That one is not always enough: a later branch can be affected again, as when one
//! flaw is fixed in 3.0 and another, fixed in 2.9 for the installed branch, in 3.0.5 for that of 3.0. So each candidate is
//! judged like an installed version.

use knowledge::{Fix, Verdict};
use model::Named;
use version::Scheme;

use crate::decide::Hit;
use crate::speaks::{Place, Subject};

/// Candidates beyond the highest fix that are tried; then the highest fix stands.
const TRIED: usize = 64;

/// See the head of this file; `None` if no finding has a fix. The number is that of the row that names the version.
pub(crate) fn lowest(subject: Subject<'_>, places: &[Option<Place<'_>>], hits: &[Hit]) -> Option<(u8, Fix)> {
    let highest = highest(subject, places, hits)?;
    // a distribution's ranges have no gaps, and two rows have two orders
    if subject.package.ecosystem.is_os() {
        return Some(highest);
    }
    let row = places.get(usize::from(highest.0))?.as_ref()?.row;
    if is_clear(places, hits, highest.1.position) {
        return Some(highest);
    }
    let mut later: Vec<Fix> = (0..row.len())
        .flat_map(|index| row.statement(index).fixes())
        .filter(|fix| fix.position > highest.1.position)
        .collect();
    later.sort_by_key(|fix| fix.position);
    later.dedup_by_key(|fix| fix.position);
    let clear = later.into_iter().take(TRIED).find(|fix| is_clear(places, hits, fix.position));
    Some(clear.map_or(highest, |fix| (highest.0, fix)))
}

/// The highest fix among the hits.
fn highest(subject: Subject<'_>, places: &[Option<Place<'_>>], hits: &[Hit]) -> Option<(u8, Fix)> {
    let text = |(place, fix): &(u8, Fix)| {
        places[usize::from(*place)].as_ref().map_or("", |place| place.row.text(fix.text))
    };
    let fixes = hits.iter().filter_map(|hit| Some((hit.deciding.place, hit.fix?)));
    fixes.reduce(|known, other| {
        let is_later = match known.0 == other.0 {
            true => other.1.position > known.1.position,
            false => is_later(subject.scheme, text(&other), text(&known)),
        };
        if is_later { other } else { known }
    })
}

fn is_later(scheme: Scheme, a: &str, b: &str) -> bool {
    version::compare(scheme, a, b).is_ok_and(std::cmp::Ordering::is_gt)
}

/// Whether no hit that has a fix would be one at `position` of the only row.
fn is_clear(places: &[Option<Place<'_>>], hits: &[Hit], position: u32) -> bool {
    let Some(Some(place)) = places.first() else { return true };
    hits.iter().filter(|hit| hit.fix.is_some()).all(|hit| {
        let first = hit.deciding.statement as usize;
        let before = (0..first).rev().take_while(|&index| place.row.qid(index) == hit.qid);
        let after = (first..place.row.len()).take_while(|&index| place.row.qid(index) == hit.qid);
        before.chain(after).map(|index| place.row.statement(index)).all(|statement| {
            let looked_at = place.spot(statement.named()).is_some() || statement.named() == Named::Binary;
            !looked_at || !matches!(statement.judge(Some(position), ""), Verdict::Inside(_))
        })
    })
}
