//! Bundles of statements that are given as plain data, for tests of those who judge.

use std::collections::BTreeMap;
use std::path::Path;

use model::{Namespace, Vulnerability};

use super::map::Bytes;
use super::row_write::{Said, encode};
use super::write::{Content, PackageRow};
use super::{Bundle, BundleAffected, Manifest, NamespaceCounts};
use crate::lookup::scheme_of;
use crate::qid::Registry;
use crate::record::Statement;

impl Bundle {
    /// A bundle in memory that holds these statements and nothing else.
    #[doc(hidden)]
    pub fn of_statements(statements: &[(Namespace, String, BundleAffected)]) -> Self {
        let owned: Vec<Statement> = statements.iter().map(statement_of).collect();
        let mut rows: BTreeMap<(&str, &str), Vec<Said<'_>>> = BTreeMap::new();
        let mut vulnerabilities: BTreeMap<u32, Vulnerability> = BTreeMap::new();
        for ((namespace, package, given), statement) in statements.iter().zip(&owned) {
            let affected = &given.affected;
            let qid = given.vulnerability.qid;
            vulnerabilities.insert(qid, (*given.vulnerability).clone());
            rows.entry((&namespace.0, package)).or_default().push(Said {
                qid,
                advisory: &affected.advisory,
                feed: &affected.feed,
                statement,
                standing: affected.standing,
                severity: affected.severity,
                severity_rule: affected.severity_rule,
                base_severity: affected.base_severity,
                raised_by: affected.raised_by,
            });
        }
        let mut namespaces: BTreeMap<String, NamespaceCounts> = BTreeMap::new();
        let rows: Vec<PackageRow<'_>> = rows
            .into_iter()
            .map(|((namespace, package), mut said)| {
                said.sort_by_key(|said| said.qid);
                namespaces.entry(namespace.to_owned()).or_default().packages += 1;
                PackageRow { namespace, package, row: encode(scheme_of(namespace), &said) }
            })
            .collect();
        let vulnerabilities: Vec<Vulnerability> = vulnerabilities.into_values().collect();
        let content = Content {
            manifest: Manifest { builder: crate::BUILDER.to_owned(), namespaces, ..Manifest::default() },
            vulnerabilities: &vulnerabilities,
            packages: &rows,
            lifecycles: &super::write::Lifecycles::default(),
            registry: &Registry::default(),
            records: &BTreeMap::new(),
        };
        let bytes = content.encode().expect("plain data can be encoded");
        Self::of_bytes(Bytes::Owned(bytes), Path::new("given statements")).expect("it was just made")
    }
}

fn statement_of((namespace, package, given): &(Namespace, String, BundleAffected)) -> Statement {
    let affected = &given.affected;
    let mut statement = Statement::new(namespace.0.as_str().into(), package.clone(), affected.named);
    statement.module.clone_from(&affected.module);
    statement.arches.clone_from(&affected.arches);
    statement.ranges.clone_from(&affected.ranges);
    statement.versions.clone_from(&affected.versions);
    statement.state = affected.state;
    statement.fix_version.clone_from(&affected.fix_version);
    statement.note.clone_from(&affected.note);
    statement
}
