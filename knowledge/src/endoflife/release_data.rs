//! Release data (<https://github.com/endoflife-date/release-data>): what endoflife.date's robots read from publishers,
//! before people correct it. Of each product only the cycles are used; the dates of single versions say nothing about
//! support.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Dates, When};
use crate::product::Product;

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    #[serde(default)]
    release_date: When,
    #[serde(default)]
    eoas: When,
    #[serde(default)]
    eol: When,
    #[serde(default)]
    eoes: When,
}

/// Reads one product; `None` if no cycle of it has dates.
pub(super) fn read(stem: &str, text: &str) -> Result<Option<Product>, String> {
    let data: Data = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let cycle = |(name, release): (String, Release)| {
        let Release { release_date: released, eoas, eol, eoes } = release;
        Dates { released, eoas, eol, eoes }.lifecycle(stem, name)
    };
    let cycles: Vec<_> = data.releases.into_iter().map(cycle).collect();
    if cycles.is_empty() {
        return Ok(None);
    }
    Ok(Some(Product { name: stem.to_owned(), cycles, ..Product::default() }))
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn cycles_are_read_and_single_versions_are_not() {
        let text = r#"{"releases": {"3.2": {"name": "3.2", "releaseDate": "2022-12-25", "eol": "2026-03-31"}, "1": {"eol": true}},
                       "versions": {"3.2.1": {"name": "3.2.1", "date": "2023-02-08"}}}"#;
        let product = read("ruby", text).unwrap().unwrap();
        let names: Vec<&str> = product.cycles.iter().map(|cycle| cycle.cycle.as_str()).collect();
        assert_eq!(names, ["1", "3.2"]);
        assert_eq!(product.cycles[1].eol, Timestamp::parse("2026-03-31"));
        assert!(product.cycles[0].ended);
        assert!(read("x", r#"{"releases": {}, "versions": {}}"#).unwrap().is_none());
        assert!(read("x", "7").is_err());
    }
}
