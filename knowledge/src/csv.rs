//! Comma-separated values (RFC 4180) of foreign origin, row by row.
//!
//! The decision a reader may doubt: a quoted cell that never ends would swallow all that follows. So a cell is bounded,
//! and after a row that cannot be read the next line is tried, as if the broken one ended where it should have.

use crate::record::FileHarvest;

/// The longest quoted cell in bytes; descriptions have some thousand.
const MAX_CELL: usize = 1 << 16;

/// Cells of one row.
const MAX_CELLS: usize = 1 << 10;

/// Rows that cannot be read, before the whole is given up: each costs a look ahead of one cell.
const MAX_BROKEN: usize = 10_000;

/// The rows of a text. An error is the text of a row that cannot be read, up to its first line end.
pub(crate) struct Rows<'a> {
    rest: &'a str,
    broken: usize,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text, broken: 0 }
    }

    /// The next row with as many cells as `header`; others are set aside. `None` at the end.
    pub(crate) fn next_like(&mut self, header: &[String], out: &mut FileHarvest<'_>) -> Option<Vec<String>> {
        loop {
            match self.next()? {
                Ok(cells) if cells.len() == header.len() => return Some(cells),
                Ok(cells) => out.quarantine(&cells.join(","), "it has not as many cells as the header"),
                Err(line) => out.quarantine(line, "it is no row of a CSV file"),
            }
        }
    }

    /// Whether so many rows were broken that the reading was given up.
    pub(crate) fn gave_up(&self) -> bool {
        self.broken > MAX_BROKEN
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Result<Vec<String>, &'a str>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_start_matches(['\r', '\n']);
        if self.rest.is_empty() || self.gave_up() {
            return None;
        }
        match read_row(self.rest) {
            Some((cells, length)) => {
                self.rest = &self.rest[length..];
                Some(Ok(cells))
            }
            None => {
                self.broken += 1;
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                let (line, rest) = self.rest.split_at(end);
                self.rest = rest;
                Some(Err(line.trim_end()))
            }
        }
    }
}

/// The cells of the first row and how many bytes it takes.
fn read_row(text: &str) -> Option<(Vec<String>, usize)> {
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let (cell, length) = read_cell(&text[at..])?;
        cells.push(cell);
        at += length;
        if !text[at..].starts_with(',') {
            return Some((cells, at));
        }
        at += 1;
        if cells.len() == MAX_CELLS {
            return None;
        }
    }
}

/// A cell and how many bytes it takes, the comma or line end behind it not included.
fn read_cell(text: &str) -> Option<(String, usize)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', '\n', '\r']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), end));
    };
    let mut cell = String::new();
    let mut at = 0;
    while at <= MAX_CELL {
        // bytes, because the bound may lie within a character
        let bytes = &quoted.as_bytes()[at..];
        let quote = bytes.iter().take(MAX_CELL + 1).position(|byte| *byte == b'"')?;
        cell.push_str(&quoted[at..at + quote]);
        at += quote + 1;
        if quoted[at..].starts_with('"') {
            cell.push('"');
            at += 1;
            continue;
        }
        let ends = quoted[at..].is_empty() || quoted[at..].starts_with([',', '\n', '\r']);
        return ends.then_some((cell, at + 1));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Result<Vec<String>, &str>> {
        Rows::new(text).collect()
    }

    fn row(cells: &[&str]) -> Result<Vec<String>, &'static str> {
        Ok(cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn quoted_cells_hold_commas_quotes_and_line_ends() {
        assert_eq!(
            rows("a,\"b, \"\"c\"\"\nd\",\r\n\n\"\",e"),
            [row(&["a", "b, \"c\"\nd", ""]), row(&["", "e"])]
        );
    }

    #[test]
    fn a_quote_that_never_ends_costs_its_own_line_only() {
        assert_eq!(rows("a,b\nc,\"d\ne,f\n"), [row(&["a", "b"]), Err("c,\"d"), row(&["e", "f"])]);
        assert_eq!(rows("c,\"d\"e\ng"), [Err("c,\"d\"e"), row(&["g"])]);
        let long = format!("\"{}\"\nx", "é".repeat(MAX_CELL));
        assert_eq!(rows(&long)[1], row(&["x"]));
    }

    #[test]
    fn many_broken_rows_end_the_reading() {
        let mut all = Rows::new("");
        assert!(all.next().is_none() && !all.gave_up());
        let text = "\"a\"b\n".repeat(20_000);
        let mut broken = Rows::new(&text);
        assert_eq!(broken.by_ref().count(), MAX_BROKEN + 1);
        assert!(broken.gave_up());
    }
}
