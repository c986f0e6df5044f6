//! Streams of modules for fixes whose advisories do not name them.
//!
//! The release of such a fix says that it was built in a module, and a package of a module is only touched by what is
//! said of its stream. Other advisories of the same dump name the streams that a package comes in, and in which of them
//! its versions begin alike (`4.9` of podman's `4.9.4` is only in `container-tools:rhel8`). If all packages of the advisory of
//! which this tells one stream agree, it is meant; else the fix has none and says nothing about packages of modules.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Record, Statement};

/// Whether an RPM's release says that it was built in a module (`.module_el8.5.0+119+9a9ec082`, `.module+el9.4.0+…`).
pub(super) fn is_modular(version: &str) -> bool {
    version.contains(".module_el") || version.contains(".module+el")
}

/// Fills in the streams that other records tell.
pub(super) fn fill_in(records: &mut [Record]) {
    let lacks = |statement: &Statement| {
        statement.module.is_none() && statement.fix_version.as_deref().is_some_and(is_modular)
    };
    if !records.iter().flat_map(|record| &record.statements).any(lacks) {
        return;
    }
    let mut streams: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    for statement in records.iter().flat_map(|record| &record.statements) {
        if let (Some(module), Some(key)) = (&statement.module, key(statement)) {
            streams.entry(key).or_default().insert(module.clone());
        }
    }
    for record in records {
        let lacking = || record.statements.iter().filter(|statement| lacks(statement));
        let told =
            lacking().filter_map(|statement| streams.get(&key(statement)?)).filter(|known| known.len() == 1);
        let told: BTreeSet<&String> = told.flatten().collect();
        // An advisory that names no stream is about one.
        let Some(module) = told.first().filter(|_| told.len() == 1).map(|module| (*module).clone()) else {
            continue;
        };
        for statement in record.statements.iter_mut().filter(|statement| lacks(statement)) {
            statement.module = Some(module.clone());
        }
    }
}

/// Namespace, package, and the first two numbers of the version that fixes it.
fn key(statement: &Statement) -> Option<(String, String, String)> {
    let fix = statement.fix_version.as_deref()?;
    let version = fix.split_once(':').map_or(fix, |(_, version)| version).split('-').next()?;
    let begin: Vec<&str> = version.splitn(3, '.').take(2).collect();
    Some((statement.namespace.to_string(), statement.package.clone(), begin.join(".")))
}

#[cfg(test)]
mod tests {
    use model::{Named, NamespaceFamily};

    use super::*;

    #[test]
    fn a_stream_is_the_one_whose_versions_begin_alike() {
        let record = |module: Option<&str>, fix: &str| {
            let mut statement = Statement::new("almalinux:8".into(), "podman".into(), Named::Binary);
            statement.module = module.map(str::to_owned);
            let mut record = Record::new(NamespaceFamily::Rhel, "osv", "ALSA-1".into());
            record.statements = vec![statement.fixed_in(fix.into())];
            record
        };
        let mut records = [
            record(Some("container-tools:rhel8"), "4:4.9.4-1.module_el8.10.0+1"),
            record(Some("container-tools:4.0"), "4:4.0.2-1.module_el8.6.0+1"),
            record(Some("container-tools:rhel8"), "4:4.0.2-9.module_el8.6.0+2"),
            record(None, "4:4.9.4-4.module_el8.10.0+2"),
            record(None, "4:4.0.2-4.module_el8.10.0+2"),
            record(None, "4:5.0.0-4.module_el8.10.0+2"),
            record(None, "4:4.9.4-4.el8"),
        ];
        fill_in(&mut records);
        let filled: Vec<_> =
            records[3..].iter().map(|record| record.statements[0].module.as_deref()).collect();
        assert_eq!(filled, [Some("container-tools:rhel8"), None, None, None]);
    }
}
