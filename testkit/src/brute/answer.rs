//! What the rows come to for one package.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::order::Order;
use super::question::Question;
use super::row::{Event, Row, Says, is_distribution, order_of};
use super::{BruteForce, osv};

/// A flaw that a package has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The main id.
    pub id: String,
    /// The publisher's position.
    pub state: String,
    /// The version to upgrade to.
    pub fix: Option<String>,
    /// The record that decides.
    pub advisory: String,
}

/// A row that applies to a version.
struct Hit<'a> {
    row: &'a Row,
    state: &'static str,
    fix: Option<String>,
}

impl BruteForce {
    /// What a package has, by every row about it. `None` if its version is no version.
    pub fn judge(&self, question: &Question) -> Option<BTreeSet<Found>> {
        let order = order_of(&question.namespace)?;
        if !order.reads(&question.version) {
            return None;
        }
        let mut about: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in self.rows(&question.namespace, &question.name) {
            for id in &row.about {
                about.entry(id.clone()).or_default().push(row);
            }
        }
        // what stands behind the hyphen of Bitnami's versions is the revision of the build
        let mut question = question.clone();
        let revision = question.version.rsplit_once('-').filter(|_| question.namespace == "bitnami");
        if let Some((version, revision)) = revision
            && revision.bytes().all(|byte| byte.is_ascii_digit())
        {
            question.version = version.to_owned();
        }
        let finding = |(id, rows): (String, Vec<&Row>)| finding(id, &rows, &question, order);
        Some(about.into_iter().filter_map(finding).collect())
    }
}

fn finding(id: String, rows: &[&Row], question: &Question, order: Order) -> Option<Found> {
    let in_force: Vec<&&Row> =
        rows.iter().filter(|row| !row.withdrawn && !matches!(row.says, Says::Nothing)).collect();
    let strength = |row: &Row| match row.family() {
        "golang" => u8::from(!row.id.starts_with("GO-")),
        "cargo" => u8::from(!row.id.starts_with("RUSTSEC-")),
        _ if is_distribution(&row.namespace) => row.rank,
        _ => 0,
    };
    let strongest = in_force.iter().map(|row| strength(row)).min()?;
    let speaking = in_force.into_iter().filter(|row| strength(row) == strongest);
    let mut hits = Vec::new();
    for row in speaking.filter(|row| row.module == question.module && same_arch(row, question)) {
        if let Some(state) = applies(&row.says, &question.version, order, &question.namespace) {
            hits.push(Hit { row, state, fix: fix(&row.says, &question.version, order, &question.namespace) });
        }
    }
    let best = hits.into_iter().min_by(|a, b| precedence(a, b, order))?;
    let state = match (best.state, &best.fix) {
        (_, Some(_)) if matches!(best.state, "fixed" | "affected") => "fixed",
        ("fixed", None) => "affected",
        (state, _) => state,
    };
    Some(Found { id, state: state.to_owned(), fix: best.fix, advisory: best.row.id.clone() })
}

fn same_arch(row: &Row, question: &Question) -> bool {
    match (&row.arch, &question.arch) {
        (Some(row), Some(question)) => row == question,
        _ => true,
    }
}

/// With a fix first, then the ecosystem's own database, then the higher fix, then the lower id, then the feed's name.
fn precedence(a: &Hit<'_>, b: &Hit<'_>, order: Order) -> Ordering {
    let own = |hit: &Hit<'_>| match hit.row.family() {
        "pypi" => hit.row.id.starts_with("PYSEC-"),
        "cargo" => hit.row.id.starts_with("RUSTSEC-"),
        "golang" => hit.row.id.starts_with("GO-"),
        _ => false,
    };
    let higher = match (&a.fix, &b.fix) {
        (Some(a), Some(b)) => order.compare(b, a).unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    };
    b.fix
        .is_some()
        .cmp(&a.fix.is_some())
        .then(own(b).cmp(&own(a)))
        .then(higher)
        .then_with(|| a.row.id.cmp(&b.row.id))
        .then_with(|| a.row.feed.cmp(b.row.feed))
}

/// The publisher's position if a version is affected.
fn applies(says: &Says, version: &str, order: Order, namespace: &str) -> Option<&'static str> {
    let is = |yes: bool| yes.then_some("fixed");
    match says {
        Says::Nothing | Says::NotAffected => None,
        Says::Everything(state) => Some(state),
        Says::Before(fix) => is(order.compare(version, fix) == Some(Ordering::Less)),
        Says::Events(lists, listed) => is(osv::is_affected(lists, listed, version, order, namespace)),
        Says::UnlessRuby(requirements) => {
            is(!requirements.iter().any(|wanted| satisfies_ruby(wanted, version)))
        }
        Says::AnyOf(branches, _) => is(branches.iter().any(|branch| {
            let holds = |(operator, bound): &(String, String)| holds(operator, bound, version, order);
            branch.iter().all(holds)
        })),
    }
}

/// The lowest version that the row names as a fix, lies ahead and is not affected by the row itself.
fn fix(says: &Says, version: &str, order: Order, namespace: &str) -> Option<String> {
    let named: Vec<String> = match says {
        Says::Before(fix) => vec![fix.clone()],
        Says::Events(lists, _) => lists.iter().flat_map(|list| osv::fixes(list, order)).collect(),
        Says::UnlessRuby(requirements) => {
            let conditions = requirements.iter().flat_map(|requirement| requirement.split(','));
            let conditions = conditions.map(str::trim).filter(|text| !text.starts_with(['<', '!']));
            conditions.map(|text| text.trim_start_matches(['>', '=', '~', ' ']).to_owned()).collect()
        }
        Says::AnyOf(branches, more) => {
            let ends = branches.iter().flatten().filter(|(operator, _)| operator == "<");
            ends.map(|(_, bound)| bound.clone()).chain(more.iter().cloned()).collect()
        }
        _ => Vec::new(),
    };
    let ahead = named.into_iter().filter(|fix| {
        order.compare(fix, version) == Some(Ordering::Greater)
            && applies(says, fix, order, namespace).is_none()
    });
    ahead.min_by(|a, b| order.compare(a, b).unwrap_or(Ordering::Equal))
}

/// Whether a version satisfies a condition such as `>= 1.0`.
fn holds(operator: &str, bound: &str, version: &str, order: Order) -> bool {
    let Some(found) = order.compare(version, bound) else { return false };
    match operator {
        "<" => found.is_lt(),
        "<=" => found.is_le(),
        ">" => found.is_gt(),
        ">=" => found.is_ge(),
        "!=" => found.is_ne(),
        _ => found.is_eq(),
    }
}

/// Whether a version satisfies all conditions of a requirement of RubyGems.
fn satisfies_ruby(requirement: &str, version: &str) -> bool {
    requirement.split(',').map(str::trim).all(|condition| {
        let at = condition.find(|c: char| !"<>=~!".contains(c)).unwrap_or(condition.len());
        let (operator, bound) = (&condition[..at], condition[at..].trim());
        if operator != "~>" {
            return holds(operator, bound, version, Order::Gem);
        }
        // `~> 2.0.9` is at least that, and the same up to the number before the last
        holds(">=", bound, version, Order::Gem) && release(version) < release_after(bound)
    })
}

/// The numbers of a version, before any pre-release.
fn release(version: &str) -> Vec<u64> {
    let parts = version.split(['.', '-']);
    let mut numbers: Vec<u64> = parts.map_while(|part| part.parse().ok()).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

fn release_after(bound: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = bound.split(['.', '-']).map_while(|part| part.parse().ok()).collect();
    if numbers.len() > 1 {
        numbers.pop();
    }
    if let Some(last) = numbers.last_mut() {
        *last += 1;
    }
    numbers
}

impl Event {
    /// The version that it is about.
    pub fn version(&self) -> &str {
        match self {
            Self::Introduced(at) | Self::Fixed(at) | Self::LastAffected(at) | Self::Limit(at) => at,
        }
    }
}
