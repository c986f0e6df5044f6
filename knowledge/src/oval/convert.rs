//! From a definition and its claims to records.
//!
//! The decision a reader may doubt: an advisory whose CVEs are rated differently becomes one record for each rating, and
//! with several CVEs a record carries neither CVSS nor weaknesses, because those are each one's own; they stand in further
//! records, one a CVE, that state nothing of packages.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::{AffectedRange, Bound, FixState, Severity};

use super::document::{Class, Definition, Document};
use super::flatten::{Claim, Flattened, Position, flatten};
use super::metadata::{CveWords, Words};
use super::namespace::namespaces;
use super::publisher::Publisher;
use crate::record::{FileHarvest, Record, Statement};
use crate::text::is_id;

/// Statements of one definition.
const MAX_STATEMENTS: usize = 50_000;

/// What is known of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct File<'a> {
    pub(super) publisher: Publisher,
    /// The namespace that its name tells, where definitions do not tell any (Azure).
    pub(super) namespace: Option<&'a str>,
    /// The layered product or stream that its name tells, where definitions do not tell any (Red Hat until 2021).
    pub(super) product: Option<&'a str>,
}

/// Reads one definition.
pub(super) fn definition(
    file: File<'_>,
    document: &Document,
    definition: &Definition,
    out: &mut FileHarvest<'_>,
) {
    let words = Words::of(file.publisher, definition, document.made);
    let id = words.id();
    let shown = id.as_deref().unwrap_or(&definition.id);
    let Some(criteria) = &definition.criteria else { return out.quarantine(shown, "it has no criteria") };
    let Flattened { claims, unknown } = flatten(file.publisher, document, criteria);
    if let Some(what) = &unknown {
        out.quarantine(shown, format_args!("a condition is not understood: {what}"));
    }
    if claims.is_empty() {
        if unknown.is_none() {
            out.quarantine(shown, "its criteria name no package");
        }
        return;
    }
    let entries = words.cve_words();
    if claims.iter().any(|claim| claim.cve.is_some()) {
        return per_cve(file, definition, &words, &entries, claims, out);
    }
    let Some(id) = id else { return out.quarantine(shown, "it has neither a CVE nor an id of an advisory") };
    let statements = match statements(file, &words, &claims) {
        Ok(statements) => statements,
        Err(reason) => return out.quarantine(&id, reason),
    };
    let record = record(file.publisher, definition, &words, id);
    out.records += 1;
    // What is said of other products alone is read, and kept nowhere.
    if statements.is_empty() {
        return;
    }
    for (vendor, aliases) in ratings(&words, &entries, definition.class, &record.id) {
        let mut record = Record { aliases, statements: statements.clone(), ..record.clone() };
        record.statements.iter_mut().for_each(|statement| statement.vendor = vendor);
        let of_cves = tell_of_cves(&mut record, &entries);
        out.harvest.records.push(record);
        out.harvest.records.extend(of_cves);
    }
}

/// One record for each CVE of a definition that is about a package (Canonical's `pkg` files).
fn per_cve(
    file: File<'_>,
    definition: &Definition,
    words: &Words<'_>,
    entries: &[CveWords],
    claims: Vec<Claim>,
    out: &mut FileHarvest<'_>,
) {
    let cves: BTreeSet<String> = claims.iter().filter_map(|claim| claim.cve.clone()).collect();
    for cve in cves.into_iter().filter(|cve| is_id(cve)) {
        let own: Vec<Claim> =
            claims.iter().filter(|claim| claim.cve.as_ref() == Some(&cve)).cloned().collect();
        let entry = entries.iter().find(|entry| entry.id == cve);
        let mut record = Record::new(file.publisher.family(), file.publisher.feed(), cve.clone());
        record.digest = Some(definition.digest);
        record.references = vec![format!("https://ubuntu.com/security/{cve}")];
        if let Some(entry) = entry {
            record.cvss.clone_from(&entry.cvss);
            record.cwes.clone_from(&entry.cwes);
            record.published = entry.public;
        }
        match statements(file, words, &own) {
            Ok(statements) => record.statements = statements,
            Err(reason) => {
                out.quarantine(&cve, reason);
                continue;
            }
        }
        let vendor = entry.and_then(|entry| entry.impact);
        record.statements.iter_mut().for_each(|statement| statement.vendor = vendor);
        out.records += 1;
        out.harvest.records.push(record);
    }
}

fn record(publisher: Publisher, definition: &Definition, words: &Words<'_>, id: String) -> Record {
    let mut record = Record::new(publisher.family(), publisher.feed(), id);
    record.digest = Some(definition.digest);
    record.summary = words.summary();
    record.sentence = words.sentence();
    record.published = words.published();
    record.modified = words.modified();
    record.references = words.references();
    record
}

/// The vendor's ratings with the CVEs of an advisory that are rated so; what is said of no CVE alone has the rating of the
/// advisory.
fn ratings(
    words: &Words<'_>,
    entries: &[CveWords],
    class: Class,
    id: &str,
) -> Vec<(Option<Severity>, Vec<String>)> {
    let whole = words.severity();
    let of =
        |cve: &str| entries.iter().find(|entry| entry.id == cve).and_then(|entry| entry.impact).or(whole);
    let cves = match class {
        Class::Patch => words.cves(),
        Class::Vulnerability => Vec::new(),
    };
    if cves.is_empty() {
        return vec![(of(id), Vec::new())];
    }
    let mut rated: Vec<(Option<Severity>, Vec<String>)> = Vec::new();
    for cve in cves {
        let rating = of(&cve);
        match rated.iter_mut().find(|(known, _)| *known == rating) {
            Some((_, same)) => same.push(cve),
            None => rated.push((rating, vec![cve])),
        }
    }
    rated
}

/// Puts what is said of the only CVE into the record; of several, makes a record for each.
fn tell_of_cves(record: &mut Record, entries: &[CveWords]) -> Vec<Record> {
    let mut further = Vec::new();
    for entry in entries {
        if entry.id == record.id || record.aliases == [entry.id.as_str()] {
            record.cvss.clone_from(&entry.cvss);
            record.cwes.clone_from(&entry.cwes);
            record.published = record.published.or(entry.public);
        } else if record.aliases.contains(&entry.id) && !(entry.cvss.is_empty() && entry.cwes.is_empty()) {
            let mut own = Record::new(record.family, record.feed, entry.id.clone());
            own.cvss.clone_from(&entry.cvss);
            own.cwes.clone_from(&entry.cwes);
            own.digest = record.digest;
            further.push(own);
        }
    }
    further
}

/// A statement, and what it is limited to before that is simplified.
struct Draft {
    statement: Statement,
    machines: BTreeSet<String>,
}

fn statements(file: File<'_>, words: &Words<'_>, claims: &[Claim]) -> Result<Vec<Statement>, &'static str> {
    let resolutions = words.resolutions();
    let of_title = words.module_of_title();
    let machines: BTreeSet<String> = claims.iter().flat_map(|claim| claim.scope.machines.clone()).collect();
    let mut drafts: Vec<Draft> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for claim in claims {
        let said = statement(file.publisher, words, claim, &resolutions);
        let modules: Vec<Option<&String>> = match claim.scope.modules.as_slice() {
            [] if is_of_module(claim) => vec![of_title.as_ref()],
            [] => vec![None],
            modules => modules.iter().map(Some).collect(),
        };
        for namespace in namespaces(file, words, claim) {
            let namespace: Arc<str> = namespace.into();
            for module in &modules {
                let statement =
                    Statement { namespace: Arc::clone(&namespace), module: module.cloned(), ..said.clone() };
                let key = (namespace.to_string(), format!("{:?}", without_arches(&statement)));
                let at = *places.entry(key).or_insert(drafts.len());
                if at == drafts.len() {
                    let machines = claim.scope.machines.iter().cloned().collect();
                    drafts.push(Draft { statement, machines });
                } else {
                    drafts[at].join(&claim.arches, &claim.scope.machines);
                }
                if drafts.len() > MAX_STATEMENTS {
                    return Err("it says more than is believed of one definition");
                }
            }
        }
    }
    Ok(drafts.into_iter().map(|draft| draft.finish(&machines)).collect())
}

/// Packages built in a module carry a mark of it: `1.0.5-18.module+el8+2765+cfa4f87b`.
fn is_of_module(claim: &Claim) -> bool {
    matches!(&claim.position, Position::Fixed(_, version) if version.contains(".module+") || version.contains(".module_"))
}

fn without_arches(statement: &Statement) -> Statement {
    Statement { arches: Vec::new(), ..statement.clone() }
}

impl Draft {
    /// Adds where the same is said again.
    fn join(&mut self, arches: &[String], machines: &[String]) {
        let own = &mut self.statement.arches;
        match (own.is_empty(), arches.is_empty()) {
            (true, _) => {}
            (false, true) => own.clear(),
            (false, false) => own.extend_from_slice(arches),
        }
        if machines.is_empty() {
            self.machines.clear();
        } else if !self.machines.is_empty() {
            self.machines.extend(machines.iter().cloned());
        }
    }

    /// What holds on every machine that the definition names is not limited to any.
    fn finish(mut self, all: &BTreeSet<String>) -> Statement {
        let arches = &mut self.statement.arches;
        if !self.machines.is_empty() && self.machines != *all {
            if arches.is_empty() {
                arches.extend(self.machines);
                // Such a package may be one for every machine.
                arches.push("noarch".to_owned());
            } else {
                arches.retain(|arch| arch == "noarch" || self.machines.contains(arch));
            }
        }
        arches.sort();
        arches.dedup();
        self.statement
    }
}

fn statement(
    publisher: Publisher,
    words: &Words<'_>,
    claim: &Claim,
    resolutions: &[(&str, &str)],
) -> Statement {
    let mut said = Statement::new("".into(), claim.package.clone(), claim.named);
    said.arches.clone_from(&claim.arches);
    said.note.clone_from(&claim.note);
    if publisher == Publisher::Azure && words.is_not_applicable() {
        said.note = Some("not applicable".to_owned());
        return said.not_affected();
    }
    let starting = |start: &Option<String>, end| vec![AffectedRange { introduced: start.clone(), end }];
    match &claim.position {
        Position::NotAffected => said.not_affected(),
        Position::Fixed(start, version) => {
            let ranges = starting(start, Bound::Fixed(version.clone()));
            Statement { ranges, ..said.fixed_in(version.clone()) }
        }
        Position::UpTo(start, version) => {
            let ranges = starting(start, Bound::LastAffected(version.clone()));
            Statement { ranges, state: FixState::Affected, ..said }
        }
        Position::Open(start, state) => {
            let (state, note) = match resolution(&claim.package, resolutions) {
                Some(words) => (resolution_state(words), Some(words.to_owned())),
                None => (*state, said.note.take()),
            };
            let ranges = starting(start, Bound::Open);
            Statement { ranges, note, ..said.affects_everything(state) }
        }
    }
}

/// Red Hat's words on the component that a package comes from. Components are source packages, at times behind a
/// module (`postgresql:12/postgresql`), and packages are not: the same name decides, else the longest one that the
/// package's name begins with, else what is said of all.
fn resolution<'a>(package: &str, resolutions: &[(&'a str, &str)]) -> Option<&'a str> {
    let name = |component: &'_ str| component.rsplit('/').next().unwrap_or_default().to_owned();
    let same = resolutions.iter().find(|(_, component)| name(component) == package);
    let begins = || {
        let of =
            |component: &str| Some(name(component)).filter(|name| package.starts_with(&format!("{name}-")));
        let found = resolutions.iter().filter_map(|(state, component)| Some((of(component)?.len(), *state)));
        found.max_by_key(|(length, _)| *length).map(|(_, state)| state)
    };
    let shared = || {
        let (first, _) = resolutions.first()?;
        resolutions.iter().all(|(state, _)| state == first).then_some(*first)
    };
    same.map(|(state, _)| *state).or_else(begins).or_else(shared)
}

fn resolution_state(words: &str) -> FixState {
    match words.to_ascii_lowercase().as_str() {
        "will not fix" => FixState::WillNotFix,
        "fix deferred" => FixState::FixDeferred,
        "out of support scope" => FixState::EndOfLife,
        "under investigation" => FixState::UnderInvestigation,
        _ => FixState::Affected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_on_a_component_counts_for_the_packages_built_from_it() {
        let said = [("Will not fix", "kernel"), ("Affected", "kernel-rt"), ("Fix deferred", "a:1/zlib")];
        assert_eq!(resolution("kernel", &said), Some("Will not fix"));
        assert_eq!(resolution("kernel-rt-core", &said), Some("Affected"));
        assert_eq!(resolution("zlib-devel", &said), Some("Fix deferred"));
        assert_eq!(resolution("bpftool", &said), None);
        assert_eq!(resolution("libfoo", &said[..1]), Some("Will not fix"));
        assert_eq!(resolution_state("Out of support scope"), FixState::EndOfLife);
    }
}
