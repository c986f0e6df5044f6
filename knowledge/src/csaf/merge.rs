//! From single positions to statements: one per package, kind of name and module of a namespace.
//!
//! A document repeats itself for every architecture, repository and minor release of a namespace. The rules:
//!
//! 1. A fix wins over positions without one: the minor releases of one release are one row of versions, and what a later
//!    or earlier one has not got yet ends with the same version.
//! 2. Of positions without a fix the worst wins, because a missed finding costs more than one too many.
//! 3. Architectures are told only where they differ, and where no position is about all of them.
//! 4. Of several fixes see [`super::fix`].
//! 5. Positions without a fix and a version about binary packages whose source package has a fix are left out: their
//!    build is the source's, and the list that they stand in is older than the fix.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::{AffectedRange, FixState, Named, Severity};

use super::fix;
use super::rpm::Rpm;
use crate::record::Statement;

/// What statements are made one of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    namespace: Arc<str>,
    module: Option<String>,
    named: Named,
    package: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Said {
    /// The worst first.
    rank: u8,
    state: FixState,
    version: Option<String>,
    note: Option<String>,
    vendor: Option<Severity>,
}

/// What the positions on one package and architecture come to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Outcome {
    state: FixState,
    ranges: Vec<AffectedRange>,
    fix_version: Option<String>,
    note: Option<String>,
    vendor: Option<Severity>,
}

/// The positions of one vulnerability.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    said: BTreeMap<Key, BTreeMap<Option<String>, BTreeSet<Said>>>,
}

impl Positions {
    pub(crate) fn add(
        &mut self,
        namespace: &Arc<str>,
        rpm: &Rpm,
        state: FixState,
        note: Option<String>,
        vendor: Option<Severity>,
    ) {
        let version = rpm.version.clone().filter(|_| state == FixState::Fixed);
        let said = Said { rank: rank(state), state, version, note, vendor };
        for &named in rpm.named {
            let namespace = Arc::clone(namespace);
            let key = Key { namespace, module: rpm.module.clone(), named, package: rpm.name.clone() };
            self.said.entry(key).or_default().entry(rpm.arch.clone()).or_default().insert(said.clone());
        }
    }

    /// The statements, sorted by namespace, module, kind of name and package.
    pub(crate) fn statements(mut self) -> Vec<Statement> {
        self.drop_superseded();
        let mut statements = Vec::new();
        for (key, by_arch) in self.said {
            let mut arches: BTreeMap<Outcome, Vec<String>> = BTreeMap::new();
            if by_arch.contains_key(&None) {
                let all = by_arch.into_values().flatten().collect();
                arches.insert(outcome(&all), Vec::new());
            } else {
                for (arch, said) in by_arch {
                    arches.entry(outcome(&said)).or_default().extend(arch);
                }
            }
            let differ = arches.len() > 1;
            for (outcome, arches) in arches {
                statements.push(statement(&key, outcome, if differ { arches } else { Vec::new() }));
            }
        }
        statements
    }

    /// Rule 5.
    fn drop_superseded(&mut self) {
        let mut sources: BTreeMap<(&str, Option<&str>), Sources<'_>> = BTreeMap::new();
        for (key, by_arch) in self.said.iter().filter(|(key, _)| key.named == Named::Source) {
            let fixed = by_arch.values().flatten().any(|said| said.state == FixState::Fixed);
            let place = sources.entry((&*key.namespace, key.module.as_deref())).or_default();
            place.unfixed |= !fixed;
            place.fixed.insert(&key.package, fixed);
        }
        let superseded = |key: &Key| {
            let place = sources.get(&(&*key.namespace, key.module.as_deref()));
            place.is_some_and(|place| !place.unfixed || place.owner_is_fixed(&key.package))
        };
        let is_stale = |key: &Key, by_arch: &BTreeMap<Option<String>, BTreeSet<Said>>| {
            let unfixed = |said: &Said| !matches!(said.state, FixState::Fixed | FixState::NotAffected);
            key.named == Named::Binary
                && by_arch.len() == 1
                && by_arch.get(&None).is_some_and(|said| said.iter().all(unfixed))
                && superseded(key)
        };
        let stale: Vec<Key> =
            self.said.iter().filter(|(key, said)| is_stale(key, said)).map(|(key, _)| key.clone()).collect();
        for key in &stale {
            self.said.remove(key);
        }
    }
}

/// The source packages of one namespace and module.
#[derive(Default)]
struct Sources<'a> {
    /// Whether it has a fix, by name.
    fixed: BTreeMap<&'a str, bool>,
    /// Whether any has none.
    unfixed: bool,
}

impl Sources<'_> {
    /// Whether the source package with the longest name that `package` starts with (`firefox` of `firefox-x11`) is fixed.
    fn owner_is_fixed(&self, package: &str) -> bool {
        let starts = package.rmatch_indices('-').map(|(at, _)| &package[..at]);
        std::iter::once(package)
            .chain(starts)
            .find_map(|start| self.fixed.get(start))
            .is_some_and(|fixed| *fixed)
    }
}

fn rank(state: FixState) -> u8 {
    match state {
        FixState::Fixed => 0,
        FixState::Affected => 1,
        FixState::FixDeferred => 2,
        FixState::WillNotFix => 3,
        FixState::EndOfLife => 4,
        FixState::UnderInvestigation => 5,
        FixState::Unknown => 6,
        FixState::NotAffected => 7,
    }
}

/// Rules 1, 2 and 4. `said` is not empty.
fn outcome(said: &BTreeSet<Said>) -> Outcome {
    let vendor = said.iter().filter_map(|said| said.vendor).max();
    let versions: BTreeSet<&str> = said.iter().filter_map(|said| said.version.as_deref()).collect();
    if versions.is_empty() {
        let (state, note) =
            said.first().map_or((FixState::Unknown, None), |said| (said.state, said.note.clone()));
        return Outcome { state, ranges: Vec::new(), fix_version: None, note, vendor };
    }
    let ranges = fix::ranges(versions.into_iter().collect());
    let fix_version = fix::last(&ranges);
    let brings = |said: &&Said| said.version.is_some() && said.version == fix_version;
    let note = said.iter().find(brings).and_then(|said| said.note.clone());
    Outcome { state: FixState::Fixed, ranges, fix_version, note, vendor }
}

fn statement(key: &Key, outcome: Outcome, arches: Vec<String>) -> Statement {
    let said = Statement::new(Arc::clone(&key.namespace), key.package.clone(), key.named);
    let mut statement = match outcome.state {
        FixState::Fixed => Statement { state: FixState::Fixed, ranges: outcome.ranges, ..said },
        FixState::NotAffected => said.not_affected(),
        state => said.affects_everything(state),
    };
    statement.fix_version = outcome.fix_version;
    statement.module.clone_from(&key.module);
    statement.arches = arches;
    statement.note = outcome.note;
    statement.vendor = outcome.vendor;
    statement
}

#[cfg(test)]
mod tests {
    use super::super::rpm::{bare_binary, bare_source};
    use super::*;

    /// Adds `source|binary name[@version][.arch]` with its state, and gives the statements as lines.
    fn merged(positions: &[(&str, FixState)]) -> Vec<String> {
        let namespace: Arc<str> = "rhel:9".into();
        let mut merged = Positions::default();
        for (text, state) in positions {
            let (kind, rest) = text.split_once(' ').unwrap();
            let (rest, arch) = rest.split_once(' ').unwrap_or((rest, ""));
            let (name, version) = rest.split_once('@').unwrap_or((rest, ""));
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let named = if kind == "source" { bare_source() } else { bare_binary() };
            let rpm =
                Rpm { name: name.to_owned(), version: some(version), arch: some(arch), module: None, named };
            merged.add(&namespace, &rpm, *state, None, None);
        }
        let show = |statement: Statement| {
            let Statement { named, package, state, fix_version, arches, .. } = statement;
            let fix = fix_version.unwrap_or_default();
            format!("{named:?} {package} {state:?} {fix} {}", arches.join(",")).trim_end().to_owned()
        };
        merged.statements().into_iter().map(show).collect()
    }

    #[test]
    fn a_fix_wins_over_positions_without_one_and_the_worst_of_those_over_others() {
        use FixState::{Affected, EndOfLife, Fixed, NotAffected, WillNotFix};
        let found = merged(&[
            ("binary a x86_64", WillNotFix),
            ("binary a@1-2 x86_64", Fixed),
            ("source b", NotAffected),
            ("source b", EndOfLife),
            ("source b", Affected),
            ("binary c", NotAffected),
        ]);
        assert_eq!(found, ["Source b Affected", "Binary a Fixed 1-2", "Binary c NotAffected"]);
    }

    #[test]
    fn architectures_are_told_only_where_they_differ() {
        use FixState::{Fixed, NotAffected};
        let same = merged(&[("binary a@1-2 x86_64", Fixed), ("binary a@1-2 s390x", Fixed)]);
        assert_eq!(same, ["Binary a Fixed 1-2"]);
        let other = merged(&[
            ("binary a@1-2 x86_64", Fixed),
            ("binary a s390x", NotAffected),
            ("binary a ppc", NotAffected),
        ]);
        assert_eq!(other, ["Binary a Fixed 1-2 x86_64", "Binary a NotAffected  ppc,s390x"]);
        let whole = merged(&[("binary a@1-2 x86_64", Fixed), ("binary a@1-2", Fixed)]);
        assert_eq!(whole, ["Binary a Fixed 1-2"]);
    }

    #[test]
    fn unfixed_binary_packages_of_a_fixed_source_package_are_out_of_date() {
        use FixState::{Affected, Fixed, NotAffected};
        let only = merged(&[
            ("source python3@1-2", Fixed),
            ("binary platform-python", Affected),
            ("binary doc", NotAffected),
        ]);
        assert_eq!(only, ["Source python3 Fixed 1-2", "Binary doc NotAffected"]);
        let several = merged(&[
            ("source openssl@1-2", Fixed),
            ("source openssl-fips", Affected),
            ("binary openssl-libs", Affected),
            ("binary openssl-fips-provider", Affected),
            ("binary libssl", Affected),
        ]);
        assert_eq!(
            several,
            [
                "Source openssl Fixed 1-2",
                "Source openssl-fips Affected",
                "Binary libssl Affected",
                "Binary openssl-fips-provider Affected"
            ]
        );
    }
}
