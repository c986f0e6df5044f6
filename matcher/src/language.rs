//! Language packages: judged by the OSV records of their ecosystem, explicit versions or ranges.
//!
//! The decision a reader may doubt: an ecosystem without a version scheme of its own is not covered, even if the
//! bundle holds its advisories. Comparing its versions by another ecosystem's order would be right most of the time,
//! and silently wrong for the rest.

use knowledge::{Bundle, advisory_key, namespace_of};
use model::{Ecosystem, Package};
use version::Scheme;

use crate::{Judgement, decide};

pub(crate) fn judge(package: &Package, bundle: &Bundle) -> Judgement {
    let scheme = match package.ecosystem {
        // known by a product name only; no advisory database speaks of it
        Ecosystem::Generic => None,
        ecosystem => Scheme::of(ecosystem),
    };
    let namespace = namespace_of(package).filter(|namespace| bundle.covers(namespace));
    let (Some(scheme), Some(namespace)) = (scheme, namespace) else {
        return Judgement::not_covered();
    };
    Judgement::of(decide(package, scheme, &bundle.affected(&namespace, &advisory_key(package))))
}
