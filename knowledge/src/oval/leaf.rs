//! Understanding one criterion: by its comment what tests do not tell, by its test what a package is asked for.

use model::{FixState, Named};

use super::comment::{self, Fact};
use super::document::{Criterion, Document, Resolved};
use super::flatten::{Node, Said, Scope};
use super::platform::{Platform, platform};
use super::publisher::Publisher;
use crate::text::{is_name, is_version, shown};
use crate::ubuntu::namespace_of_series;

/// Understands one criterion.
pub(super) fn leaf(publisher: Publisher, document: &Document, criterion: &Criterion) -> Node {
    let comment = criterion.comment.trim();
    if comment::is_neutral(comment) {
        return Node::Neutral;
    }
    if let Some(scope) = scope_of_comment(publisher, comment) {
        return if criterion.negate { Node::Unknown(shown(comment)) } else { Node::Scope(scope) };
    }
    let resolved = document.test(&criterion.test);
    let node = match publisher {
        Publisher::Ubuntu => canonical(comment, resolved.as_ref()),
        _ => None,
    };
    let node = node.unwrap_or_else(|| match &resolved {
        Some(resolved) => of_test(publisher, resolved, comment),
        None if criterion.test.is_empty() => Node::Neutral,
        None => match comment::package(publisher, comment) {
            Some((package, fact)) => said(publisher.named(), &[&package], &[], &fact),
            None => Node::Unknown(shown(comment)),
        },
    });
    match node {
        // Canonical negates the test where a package is not affected; nobody else negates tests of packages.
        Node::Packages(said)
            if criterion.negate && said.iter().any(|said| said.fact != Fact::NotAffected) =>
        {
            Node::Unknown(shown(comment))
        }
        node => node,
    }
}

fn scope_of_comment(publisher: Publisher, comment: &str) -> Option<Scope> {
    if let Some(module) = comment::module(comment) {
        return Some(Scope { modules: vec![module.to_owned()], ..Scope::default() });
    }
    if let Some(machines) = comment::machine(comment) {
        return Some(Scope { machines, ..Scope::default() });
    }
    if comment.ends_with(" is ksplice-based") {
        return Some(Scope { ksplice: true, ..Scope::default() });
    }
    let product = comment.trim_end_matches('.').strip_suffix(" is installed")?;
    match platform(publisher, product) {
        Platform::Namespaces(names) => Some(Scope { namespaces: Some(names), ..Scope::default() }),
        Platform::Unknown => None,
    }
}

/// Canonical's comment names the source package, its test the version.
fn canonical(comment: &str, resolved: Option<&Resolved<'_>>) -> Option<Node> {
    let said = comment::canonical(comment)?;
    let fact = match (said.fact, resolved.and_then(|resolved| resolved.states.first()?.evr.as_ref())) {
        (Fact::Before(_), Some((operation, version))) if operation == "less than" => {
            Fact::Before(plain(version))
        }
        (Fact::Before(version), _) => Fact::Before(plain(&version)),
        (fact, _) => fact,
    };
    if !is_name(&said.package) || matches!(&fact, Fact::Before(version) if !is_usable(version)) {
        return Some(Node::Unknown(shown(comment)));
    }
    // Before 2019 a test asked for one binary package by its name, and the comment named that.
    let named = match resolved {
        Some(resolved) if !resolved.listed => Named::Binary,
        _ => Named::Source,
    };
    let namespaces = said.pocket.as_deref().and_then(namespace_of_series).map(|namespace| vec![namespace]);
    let said = Said {
        package: said.package,
        named,
        arches: Vec::new(),
        cve: said.cve,
        namespaces,
        fact,
        note: said.note,
    };
    Some(Node::Packages(vec![said]))
}

fn of_test(publisher: Publisher, resolved: &Resolved<'_>, comment: &str) -> Node {
    let names: Vec<String> =
        resolved.names.iter().filter_map(|name| name_of_pattern(name, resolved.listed)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let is_release = names.iter().all(|name| name.ends_with("-release"));
    let unknown = || Node::Unknown(shown(comment));
    if names.is_empty() {
        return unknown();
    }
    let mut arches = Vec::new();
    let mut fact = None;
    for state in &resolved.states {
        arches.extend(state.arch.as_deref().and_then(arches_of_pattern).into_iter().flatten());
        fact = match (&state.evr, &state.version) {
            (Some((operation, version)), _) => match evr_fact(operation, &plain(version)) {
                Some(fact) => Some(fact),
                // A rolling release is told by the date that its release package has as version.
                None if is_release => return Node::Neutral,
                None => return unknown(),
            },
            (None, Some((operation, version))) if operation == "equals" && version == "0" => {
                Some(Fact::NotAffected)
            }
            _ => fact,
        };
    }
    match fact {
        Some(Fact::After(_)) if is_release => Node::Neutral,
        Some(_) if resolved.absent => unknown(),
        Some(fact) => said(publisher.named(), &names, &arches, &fact),
        None if !resolved.states.is_empty() => Node::Neutral,
        None if resolved.absent => said(publisher.named(), &names, &arches, &Fact::Absent),
        None => said(publisher.named(), &names, &arches, &Fact::Installed),
    }
}

fn evr_fact(operation: &str, version: &str) -> Option<Fact> {
    match operation {
        "less than" => Some(Fact::Before(version.to_owned())),
        "less than or equal" => Some(Fact::UpTo(version.to_owned())),
        // SUSE's way of saying "any version".
        "greater than" | "greater than or equal" if matches!(version, "0" | "0-0") => {
            Some(Fact::Affected(FixState::Affected))
        }
        "greater than" | "greater than or equal" => Some(Fact::After(version.to_owned())),
        _ => None,
    }
}

fn said(named: Named, names: &[&str], arches: &[String], fact: &Fact) -> Node {
    let version = match fact {
        Fact::Before(version) | Fact::UpTo(version) | Fact::After(version) => Some(plain(version)),
        _ => None,
    };
    let fact = match (fact, version) {
        (fact, None) => fact.clone(),
        (_, Some(version)) if !is_usable(&version) => {
            return Node::Unknown(format!("`{}` {fact:?}", names.join(" ")));
        }
        (Fact::Before(_), Some(version)) => Fact::Before(version),
        (Fact::UpTo(_), Some(version)) => Fact::UpTo(version),
        (_, Some(version)) => Fact::After(version),
    };
    let one = |name: &&str| Said {
        package: (*name).to_owned(),
        named,
        arches: arches.to_vec(),
        cve: None,
        namespaces: None,
        fact: fact.clone(),
        note: None,
    };
    match names.iter().find(|name| !is_name(name)) {
        Some(name) => Node::Unknown(format!("`{}` is no package name", shown(name))),
        None => Node::Packages(names.iter().map(one).collect()),
    }
}

/// Debian's generator writes 0 for what is open and for what was never affected.
fn is_usable(version: &str) -> bool {
    version != "0" && is_version(version) && !version.contains(' ')
}

/// A version without the epoch 0, which is the same version.
fn plain(version: &str) -> String {
    let version = version.trim();
    version.strip_prefix("0:").filter(|rest| !rest.is_empty()).unwrap_or(version).to_owned()
}

/// `(aarch64|x86_64)` → its names; `None` if it is another sort of pattern.
fn arches_of_pattern(pattern: &str) -> Option<Vec<String>> {
    let inner = pattern.trim().trim_start_matches(['^', '(']).trim_end_matches(['$', ')']);
    let is_arch = |part: &str| {
        !part.is_empty() && part.len() <= 16 && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    inner.split('|').map(|part| is_arch(part).then(|| part.to_owned())).collect()
}

/// `^libstdc\+\+6(?::\w+|)\s+(.*)$` over the manifest of an image → `libstdc++6`. A name that is no pattern stays.
fn name_of_pattern(text: &str, listed: bool) -> Option<String> {
    let Some(pattern) = text.strip_prefix('^').filter(|_| listed) else { return Some(text.to_owned()) };
    let mut name = String::new();
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => match rest.next()? {
                escaped if escaped.is_ascii_alphanumeric() => break,
                escaped => name.push(escaped),
            },
            '(' | '$' => break,
            '[' | '*' | '?' | '{' => return None,
            plain => name.push(plain),
        }
    }
    Some(name)
}
