//! The packages of a security database in Alpine's form: source package → fixed version → ids. Wolfi's and Chainguard's
//! have the same form.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Digest, Named, NamespaceFamily};
use serde::Deserialize;
use serde_json::Value;

use crate::qid::parse_cve;
use crate::record::{FileHarvest, Record, Statement};
use crate::text::{is_name, is_version};

use super::ids::split_value;

/// Whose database it is.
pub(crate) struct Database {
    pub(crate) feed: &'static str,
    pub(crate) family: NamespaceFamily,
    pub(crate) namespace: Arc<str>,
    /// The publisher's page about an id is at this address, with the id behind it.
    pub(crate) page: &'static str,
}

#[derive(Deserialize)]
pub(crate) struct Wrapped {
    pkg: SourcePackage,
}

#[derive(Deserialize)]
struct SourcePackage {
    name: String,
    #[serde(default)]
    secfixes: Option<BTreeMap<String, Value>>,
}

impl Database {
    /// Takes over a package; `raw` is what the publisher wrote about it.
    pub(crate) fn add(&self, raw: &str, package: Wrapped, out: &mut FileHarvest<'_>) {
        let Wrapped { pkg: package } = package;
        if !is_name(&package.name) {
            return out.quarantine(&package.name, "it is no package name");
        }
        let digest = Digest::of(raw.as_bytes());
        for (version, values) in package.secfixes.unwrap_or_default() {
            let place = format!("{} {version}", package.name);
            let version = version.trim();
            if !is_version(version) {
                out.quarantine(&place, "its fixed version is no version");
                continue;
            }
            // An empty list is written as null; both say nothing.
            let values = match values {
                Value::Array(values) => values,
                Value::Null => continue,
                _ => {
                    out.quarantine(&place, "its value is no list");
                    continue;
                }
            };
            for value in values {
                match value.as_str().map(split_value) {
                    Some(ids) if !ids.ids.is_empty() => {
                        out.records += 1;
                        let version = if ids.not_affected { "0" } else { version };
                        self.add_records(&package.name, version, ids.ids, digest, out);
                    }
                    _ => out.quarantine(&place, format_args!("{value} holds no identifier")),
                }
            }
        }
    }

    fn add_records(
        &self,
        package: &str,
        version: &str,
        ids: Vec<String>,
        digest: Digest,
        out: &mut FileHarvest<'_>,
    ) {
        let (cves, mut others): (Vec<String>, Vec<String>) =
            ids.into_iter().partition(|id| parse_cve(id).is_some());
        let mut records = Vec::new();
        if let [cve] = cves.as_slice() {
            let mut record = Record::new(self.family, self.feed, cve.clone());
            record.aliases = std::mem::take(&mut others);
            records.push(record);
        } else {
            let each = cves.into_iter().chain(others);
            records.extend(each.map(|id| Record::new(self.family, self.feed, id)));
        }
        for mut record in records {
            record.references.push(format!("{}{}", self.page, record.id));
            record.digest = Some(digest);
            record.statements.push(statement(package, &self.namespace, version));
            out.harvest.records.push(record);
        }
    }
}

fn statement(package: &str, namespace: &Arc<str>, version: &str) -> Statement {
    let statement = Statement::new(Arc::clone(namespace), package.to_owned(), Named::Source);
    match version {
        "0" => statement.not_affected(),
        fixed => statement.fixed_in(fixed.to_owned()),
    }
}
