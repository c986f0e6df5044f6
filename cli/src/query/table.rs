//! A result for people.

use std::io::{self, Write as _};

use anyhow::Context as _;
use comfy_table::{ContentArrangement, Table, presets};
use fleet::Entity;
use serde::Deserialize;
use serde_json::Value;

use crate::output::{note, printable};

#[derive(Deserialize)]
struct Document {
    count: u64,
    columns: Vec<String>,
    data: Vec<serde_json::Map<String, Value>>,
}

/// Prints the JSON of a result as a table, and how many rows there are.
pub(super) fn print(json: &[u8], entity: Entity) -> anyhow::Result<()> {
    let document: Document = serde_json::from_slice(json).context("the answer is no result of a query")?;
    let mut out = io::stdout().lock();
    if !document.data.is_empty() {
        writeln!(out, "{}", table(&document).trim_fmt())?;
    }
    out.flush()?;
    let (rows, count) = (document.data.len() as u64, document.count);
    if rows < count {
        note(&format!("{rows} of {count} {}; --limit or --all shows more", entity.plural()));
    } else {
        note(&format!("{count} {}", entity.plural()));
    }
    Ok(())
}

fn table(document: &Document) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(document.columns.iter().map(|name| printable(name).to_string()));
    for row in &document.data {
        table.add_row(document.columns.iter().map(|name| cell(row.get(name).unwrap_or(&Value::Null))));
    }
    table
}

/// Several values with commas between them; a dash for none.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text).to_string(),
        Value::Array(values) if values.is_empty() => "-".to_owned(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_show_what_there_is_and_no_control_characters() {
        let shown = |json: &str| cell(&serde_json::from_str(json).unwrap());
        assert_eq!(shown("null"), "-");
        assert_eq!(shown("[]"), "-");
        assert_eq!(shown(r#"["a",5,true]"#), "a, 5, true");
        assert!(!shown(r#""a\u001b[31m""#).contains('\u{1b}'));
    }
}
