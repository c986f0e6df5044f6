//! Taking changed records into a yearly feed of NVD, every other record byte for byte as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::input::{LIMITS, read_document};

#[derive(Deserialize)]
struct Record {
    cve: Cve,
}

#[derive(Deserialize)]
struct Cve {
    id: String,
}

/// The CVE that a record is about.
pub(super) fn id(record: &str) -> Option<String> {
    serde_json::from_str::<Record>(record).ok().map(|record| record.cve.id)
}

/// Writes the feed `base` with the records to `out`; `false`, and no file, if it holds them all as they are. A feed that is
/// not there is begun.
pub(super) fn merge(base: &Path, records: &BTreeMap<String, String>, out: &Path) -> Result<bool, String> {
    let text = if base.is_file() { read_document(base, &LIMITS)? } else { EMPTY.to_owned() };
    let envelope: BTreeMap<&str, &RawValue> =
        serde_json::from_str(&text).map_err(|error| format!("the yearly feed cannot be read: {error}"))?;
    let list = envelope.get("vulnerabilities").ok_or("the yearly feed holds no records")?;
    let old: Vec<&RawValue> = serde_json::from_str(list.get()).map_err(|error| error.to_string())?;
    let mut waiting: BTreeSet<&str> = records.keys().map(String::as_str).collect();
    let mut merged: Vec<&str> = Vec::with_capacity(old.len() + records.len());
    let mut changed = false;
    for record in old {
        let id = id(record.get()).unwrap_or_default();
        match records.get(&id) {
            Some(new) => {
                changed |= new != record.get();
                waiting.remove(id.as_str());
                merged.push(new);
            }
            None => merged.push(record.get()),
        }
    }
    if !changed && waiting.is_empty() {
        return Ok(false);
    }
    merged.extend(waiting.into_iter().map(|id| records[id].as_str()));
    write(&envelope, &merged, out).map_err(|error| error.to_string())?;
    Ok(true)
}

const EMPTY: &str = r#"{"format":"NVD_CVE","version":"2.0","vulnerabilities":[]}"#;

fn write(envelope: &BTreeMap<&str, &RawValue>, records: &[&str], out: &Path) -> std::io::Result<()> {
    let file = BufWriter::new(File::create(out)?);
    let mut packer = GzEncoder::new(file, flate2::Compression::fast());
    packer.write_all(b"{")?;
    for (key, value) in envelope {
        // Counts of the page that it was once; they are no longer true, and nobody reads them.
        if !matches!(*key, "vulnerabilities" | "totalResults" | "resultsPerPage" | "startIndex") {
            write!(packer, "{}:{},", serde_json::Value::from(*key), value.get())?;
        }
    }
    packer.write_all(b"\"vulnerabilities\":[")?;
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            packer.write_all(b",\n")?;
        }
        packer.write_all(record.as_bytes())?;
    }
    packer.write_all(b"]}\n")?;
    packer.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_records_are_replaced_new_ones_added_and_others_kept_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let (base, out) = (folder.path().join("feed"), folder.path().join("out"));
        let record = |id: &str, text: &str| format!(r#"{{ "cve": {{"id": "{id}", "x": "{text}"}} }}"#);
        let (a, b) = (record("CVE-2024-0001", "a"), record("CVE-2024-0002", "b"));
        let feed =
            format!(r#"{{"timestamp": "2026-11-01", "totalResults": 2, "vulnerabilities": [{a}, {b}]}}"#);
        std::fs::write(&base, feed).unwrap();
        let put = |list: &[(&str, &str)]| {
            list.iter().map(|(id, text)| ((*id).to_owned(), record(id, text))).collect::<BTreeMap<_, _>>()
        };
        assert!(!merge(&base, &put(&[("CVE-2024-0001", "a")]), &out).unwrap(), "nothing new");
        assert!(!out.exists());
        assert!(merge(&base, &put(&[("CVE-2024-0001", "new"), ("CVE-2024-0003", "c")]), &out).unwrap());
        let text = read_document(&out, &LIMITS).unwrap();
        let (a, c) = (record("CVE-2024-0001", "new"), record("CVE-2024-0003", "c"));
        let expected = format!("{{\"timestamp\":\"2026-11-01\",\"vulnerabilities\":[{a},\n{b},\n{c}]}}\n");
        assert_eq!(text, expected);
        assert!(merge(&folder.path().join("none"), &put(&[("CVE-2027-0001", "a")]), &out).unwrap());
        assert!(read_document(&out, &LIMITS).unwrap().contains("CVE-2027-0001"));
    }
}
