//! From grouped statements to the rows of a bundle: which of them count, in which order they lie.
//!
//! A statement does not count if its record was withdrawn, if the CVE that it is about was rejected, or if somebody
//! who knows better speaks of the same package and vulnerability: for a distribution's package the feed of the lowest
//! rank; for Go modules and crates the ecosystem's own database, whose ranges are made by those who know its
//! versions. Statements that do not count stay in the row, so that they can be explained.

use std::collections::BTreeMap;

use model::{Namespace, NamespaceFamily, Standing};

use crate::bundle::NamespaceCounts;
use crate::bundle::row_write::{Said, encode};
use crate::bundle::write::PackageRow;
use crate::lookup::{family_of, scheme_of};
use crate::registry;

/// Statements by namespace and package.
pub(super) type Gathered<'a> = BTreeMap<(&'a str, &'a str), Vec<Said<'a>>>;

/// Encodes what was gathered; gives the rows and the counts of each namespace.
pub(super) fn rows(gathered: Gathered<'_>) -> (Vec<PackageRow<'_>>, BTreeMap<String, NamespaceCounts>) {
    let mut namespaces: BTreeMap<String, NamespaceCounts> = BTreeMap::new();
    let mut rows = Vec::with_capacity(gathered.len());
    for ((namespace, package), mut said) in gathered {
        said.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        said.dedup_by(|a, b| same(a, b));
        let family = family_of(&Namespace(namespace.to_owned()));
        said.chunk_by_mut(|a, b| a.qid == b.qid).for_each(|group| outrank(family, group));
        let counts = namespaces.entry(namespace.to_owned()).or_default();
        counts.packages += 1;
        counts.statements += said.len() as u64;
        rows.push(PackageRow { namespace, package, row: encode(scheme_of(namespace), &said) });
    }
    (rows, namespaces)
}

fn sort_key<'a>(said: &Said<'a>) -> (u32, &'a str, &'a str, Option<&'a str>, Option<&'a str>) {
    let statement = said.statement;
    (said.qid, said.advisory, said.feed, statement.module.as_deref(), statement.fix_version.as_deref())
}

/// Whether two statements say the same, as when a file lies in a folder twice.
fn same(a: &Said<'_>, b: &Said<'_>) -> bool {
    sort_key(a) == sort_key(b)
        && a.statement.state == b.statement.state
        && a.statement.named == b.statement.named
        && a.statement.arches == b.statement.arches
        && a.statement.versions == b.statement.versions
        && a.statement.ranges == b.statement.ranges
        && a.standing == b.standing
        && a.severity == b.severity
}

/// Marks those statements about one vulnerability that a stronger one outranks.
fn outrank(family: NamespaceFamily, group: &mut [Said<'_>]) {
    let strength = |said: &Said<'_>| match own_database(family) {
        Some(prefix) => u8::from(!said.advisory.starts_with(prefix)),
        None if is_distribution(family) => registry::rank(said.feed),
        None => 0,
    };
    let counts = |said: &&Said<'_>| said.standing == Standing::InForce;
    let Some(strongest) = group.iter().filter(counts).map(strength).min() else { return };
    for said in group.iter_mut().filter(|said| counts(&&**said)) {
        if strength(said) > strongest {
            said.standing = Standing::Outranked;
        }
    }
}

/// How ids of the advisory database begin that an ecosystem itself runs and whose ranges are to be preferred.
fn own_database(family: NamespaceFamily) -> Option<&'static str> {
    match family {
        NamespaceFamily::Golang => Some("GO-"),
        NamespaceFamily::Cargo => Some("RUSTSEC-"),
        _ => None,
    }
}

fn is_distribution(family: NamespaceFamily) -> bool {
    use NamespaceFamily as Family;
    matches!(
        family,
        Family::Debian
            | Family::Ubuntu
            | Family::Alpine
            | Family::Rhel
            | Family::Suse
            | Family::Amazon
            | Family::Wolfi
            | Family::Oracle
            | Family::Azure
            | Family::Fedora
            | Family::Photon
            | Family::OpenEuler
            | Family::Arch
    )
}
