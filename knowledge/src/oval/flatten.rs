//! From trees of criteria to one claim per package.
//!
//! A tree is read as "these packages, in these versions, where this holds": conditions that name no package (a product, a
//! module, a machine) narrow the packages that stand under the same AND. The decision a reader may doubt: a branch
//! with a condition that is not understood says nothing at all. It is reported, and never read as if the
//! condition held.

use model::{FixState, Named};

use super::comment::Fact;
use super::document::{Criteria, Document};
use super::leaf::leaf;
use super::publisher::Publisher;

/// Where a claim holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// `None` if the tree names no product.
    pub(super) namespaces: Option<Vec<String>>,
    pub(super) modules: Vec<String>,
    /// Machines, by the architectures of their packages; packages for all of them count too.
    pub(super) machines: Vec<String>,
    /// Oracle's packages for patching without a restart.
    pub(super) ksplice: bool,
}

/// One package, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) scope: Scope,
    pub(super) package: String,
    pub(super) named: Named,
    /// Architectures of the package itself.
    pub(super) arches: Vec<String>,
    /// The one CVE it is about, where the definition is about a package.
    pub(super) cve: Option<String>,
    pub(super) position: Position,
    pub(super) note: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Affected from the first version on (`None`: from the beginning), before the second.
    Fixed(Option<String>, String),
    /// Affected up to and with that version; no fix is named.
    UpTo(Option<String>, String),
    /// Affected from that version on, if there is one.
    Open(Option<String>, FixState),
    NotAffected,
}

/// What criteria of one definition come to.
#[derive(Debug, Default)]
pub(super) struct Flattened {
    pub(super) claims: Vec<Claim>,
    /// The first condition that was not understood.
    pub(super) unknown: Option<String>,
}

/// A tree whose leaves are understood.
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Neutral,
    Scope(Scope),
    Packages(Vec<Said>),
    Unknown(String),
}

/// What one criterion says of one package.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) package: String,
    pub(super) named: Named,
    pub(super) arches: Vec<String>,
    pub(super) cve: Option<String>,
    pub(super) namespaces: Option<Vec<String>>,
    pub(super) fact: Fact,
    pub(super) note: Option<String>,
}

pub(super) fn flatten(publisher: Publisher, document: &Document, criteria: &Criteria) -> Flattened {
    let node = node(publisher, document, criteria);
    let mut out = Flattened::default();
    walk(&node, &Scope::default(), &mut out);
    out
}

fn node(publisher: Publisher, document: &Document, criteria: &Criteria) -> Node {
    let all = |members: &[Criteria]| members.iter().map(|member| node(publisher, document, member)).collect();
    match criteria {
        Criteria::All(members) => Node::All(all(members)),
        Criteria::Any(members) => Node::Any(all(members)),
        Criteria::Leaf(criterion) => leaf(publisher, document, criterion),
        Criteria::Odd => Node::Unknown("a negated group or an unusual operator".into()),
    }
}

impl Node {
    fn names_packages(&self) -> bool {
        match self {
            Self::All(members) | Self::Any(members) => members.iter().any(Self::names_packages),
            Self::Packages(_) => true,
            Self::Neutral | Self::Scope(_) | Self::Unknown(_) => false,
        }
    }

    /// What a tree without packages narrows down to; the condition that is not understood, if there is one.
    fn scope(&self) -> Result<Scope, &str> {
        let mut scope = Scope::default();
        match self {
            Self::All(members) => {
                for member in members {
                    scope.narrow(member.scope()?);
                }
            }
            Self::Any(members) => {
                for member in members {
                    scope.widen(member.scope()?);
                }
            }
            Self::Scope(own) => scope = own.clone(),
            Self::Unknown(what) => return Err(what),
            Self::Neutral | Self::Packages(_) => {}
        }
        Ok(scope)
    }
}

impl Scope {
    /// Both hold.
    fn narrow(&mut self, other: Self) {
        self.namespaces = match (self.namespaces.take(), other.namespaces) {
            (Some(mut own), Some(other)) => {
                own.retain(|name| other.contains(name));
                Some(own)
            }
            (own, other) => own.or(other),
        };
        if !other.modules.is_empty() {
            self.modules = other.modules;
        }
        if self.machines.is_empty() {
            self.machines = other.machines;
        } else if !other.machines.is_empty() {
            self.machines.retain(|machine| other.machines.contains(machine));
        }
        self.ksplice |= other.ksplice;
    }

    /// One of both holds.
    fn widen(&mut self, other: Self) {
        if let Some(names) = other.namespaces {
            let own = self.namespaces.get_or_insert_default();
            for name in names {
                if !own.contains(&name) {
                    own.push(name);
                }
            }
        }
        self.modules.extend(other.modules);
        self.machines.extend(other.machines);
        self.ksplice |= other.ksplice;
    }
}

fn walk(node: &Node, scope: &Scope, out: &mut Flattened) {
    match node {
        Node::Any(members) => members.iter().for_each(|member| walk(member, scope, out)),
        Node::Packages(said) => claim(said, scope, out),
        Node::All(members) => {
            let mut scope = scope.clone();
            let mut direct: Vec<Said> = Vec::new();
            for member in members {
                match member {
                    Node::Packages(said) => direct.extend_from_slice(said),
                    member if member.names_packages() => {}
                    member => match member.scope() {
                        Ok(narrower) => scope.narrow(narrower),
                        Err(what) => return not_understood(what, out),
                    },
                }
            }
            claim(&direct, &scope, out);
            let groups = members.iter().filter(|member| !matches!(member, Node::Packages(_)));
            groups.filter(|member| member.names_packages()).for_each(|member| walk(member, &scope, out));
        }
        Node::Unknown(what) => not_understood(what, out),
        Node::Neutral | Node::Scope(_) => {}
    }
}

fn not_understood(what: &str, out: &mut Flattened) {
    out.unknown.get_or_insert_with(|| what.to_owned());
}

/// Joins what is said of the same package at once: `older than 2` and `newer than 1` is one range.
fn claim(said: &[Said], scope: &Scope, out: &mut Flattened) {
    let mut done: Vec<&str> = Vec::new();
    for one in said {
        if done.contains(&one.package.as_str()) && one.cve.is_none() {
            continue;
        }
        done.push(&one.package);
        let same: Vec<&Said> =
            said.iter().filter(|other| other.package == one.package && other.cve == one.cve).collect();
        let Some(position) = position(&same) else {
            not_understood(&format!("what is said of {}", one.package), out);
            continue;
        };
        let mut scope = scope.clone();
        // A pocket says more than the product of the whole file, which may be a stream that contains it.
        if let Some(pocket) = &one.namespaces
            && !is_stream(scope.namespaces.as_deref())
        {
            scope.namespaces = Some(pocket.clone());
        }
        out.claims.push(Claim {
            scope,
            package: one.package.clone(),
            named: one.named,
            arches: same
                .iter()
                .find(|said| !said.arches.is_empty())
                .map_or_else(Vec::new, |s| s.arches.clone()),
            cve: one.cve.clone(),
            position,
            note: same.iter().find_map(|said| said.note.clone()),
        });
    }
}

/// Whether a product is a restricted stream, `id:release:stream`.
fn is_stream(namespaces: Option<&[String]>) -> bool {
    namespaces.into_iter().flatten().any(|name| name.matches(':').count() > 1)
}

fn position(said: &[&Said]) -> Option<Position> {
    let mut start = None;
    let mut position = None;
    let (mut installed, mut absent) = (false, false);
    for one in said {
        match &one.fact {
            Fact::Installed => installed = true,
            Fact::Absent => absent = true,
            Fact::After(version) => start = Some(version.clone()),
            Fact::Before(version) => position = Some(Position::Fixed(None, version.clone())),
            Fact::UpTo(version) => position = Some(Position::UpTo(None, version.clone())),
            Fact::Affected(state) => position = Some(Position::Open(None, *state)),
            Fact::NotAffected => position = Some(Position::NotAffected),
        }
    }
    match position {
        // Red Hat's way of saying that no installed version is affected: it must be installed and must not.
        None if installed && absent => Some(Position::NotAffected),
        None if installed || start.is_some() => Some(Position::Open(start, FixState::Affected)),
        None => None,
        Some(Position::Fixed(_, version)) => Some(Position::Fixed(start, version)),
        Some(Position::UpTo(_, version)) => Some(Position::UpTo(start, version)),
        Some(Position::Open(_, state)) => Some(Position::Open(start, state)),
        Some(Position::NotAffected) => Some(Position::NotAffected),
    }
}
