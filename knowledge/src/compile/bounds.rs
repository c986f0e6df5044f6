//! Records that would make the bundle grow out of all proportion.
//!
//! What it is for: a record is listed under each CVE that it names, with all that it says. A thousand CVEs and ten
//! thousand packages fit into a small file and would make ten million statements. What it is not for: limits of one
//! feed's format, which its reader knows.

use std::collections::HashSet;

use crate::record::{FileHarvest, Record};

/// Statements that one record may come to. The largest real advisories, of a kernel, come to some ten thousand.
const MAX_STATEMENTS: usize = 500_000;

/// Ids that a record may have beside its own; real ones have some hundred.
const MAX_ALIASES: usize = 10_000;

/// Sets such records aside, named and counted like those that cannot be read.
pub(super) fn set_aside(out: &mut FileHarvest<'_>) {
    let refused: Vec<(usize, String)> = out
        .harvest
        .records
        .iter()
        .enumerate()
        .filter_map(|(index, record)| Some((index, excess(record)?)))
        .collect();
    if refused.is_empty() {
        return;
    }
    let indexes: HashSet<usize> = refused.iter().map(|(index, _)| *index).collect();
    for (index, reason) in refused {
        let id = out.harvest.records[index].id.clone();
        out.quarantine(&id, reason);
        // readers count documents, which can make several records: never more are taken away than were counted
        out.records = out.records.saturating_sub(1);
    }
    let mut index = 0;
    out.harvest.records.retain(|_| {
        index += 1;
        !indexes.contains(&(index - 1))
    });
}

fn excess(record: &Record) -> Option<String> {
    let (aliases, statements) = (record.aliases.len(), record.statements.len());
    let cves = record.aliases.iter().filter(|alias| alias.starts_with("CVE-")).count().max(1);
    if aliases > MAX_ALIASES {
        return Some(format!("it has {aliases} other ids, more than {MAX_ALIASES}"));
    }
    let makes = cves.saturating_mul(statements);
    (makes > MAX_STATEMENTS).then(|| {
        format!("it says {statements} things of {cves} CVEs, more than {MAX_STATEMENTS} statements together")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Named, NamespaceFamily};

    use super::*;
    use crate::record::Statement;

    fn record(id: &str, cves: usize, statements: usize) -> Record {
        let mut record = Record::new(NamespaceFamily::Pypi, "osv", id.to_owned());
        record.aliases = (0..cves).map(|number| format!("CVE-2020-{number:05}")).collect();
        let statement = Statement::new(Arc::from("pypi"), "p".to_owned(), Named::Source);
        record.statements = vec![statement; statements];
        record
    }

    #[test]
    fn a_small_record_that_would_make_millions_of_statements_is_set_aside_by_name() {
        let wanted = HashSet::new();
        let mut out = FileHarvest::new(&wanted);
        out.harvest.records = vec![
            record("many-things", 1000, 501),
            record("good", 300, 500),
            record("many-ids", 10_001, 1),
            record("also-good", 0, 500_000),
        ];
        out.records = 4;
        set_aside(&mut out);
        let kept: Vec<&str> = out.harvest.records.iter().map(|record| record.id.as_str()).collect();
        let named: Vec<&str> = out.quarantined.iter().map(|bad| bad.record.as_str()).collect();
        assert_eq!((kept, named), (vec!["good", "also-good"], vec!["many-things", "many-ids"]));
        assert_eq!((out.records, out.quarantined_count), (2, 2));
    }
}
