//! A result as text, piece by piece.

use std::str::FromStr;

use fleet::QueryResult;

use super::cell;
use crate::wire::append_json;

/// A piece is handed over once it is this long.
const PIECE: usize = 64 << 10;
/// Rows that are asked for at once.
const ROWS: usize = 64;

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryForm {
    /// One object: `count`, `columns` and `data`.
    Json,
    /// An object on each line.
    Ndjson,
    /// A line of names, then the rows.
    Csv,
}

impl FromStr for QueryForm {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "ndjson" => Ok(Self::Ndjson),
            "csv" => Ok(Self::Csv),
            _ => Err(()),
        }
    }
}

impl QueryForm {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => crate::wire::JSON,
            Self::Ndjson => "application/x-ndjson;charset=UTF-8",
            Self::Csv => "text/csv;charset=UTF-8;header=present",
        }
    }
}

/// The pieces of a text; only one of them is in memory at a time.
#[derive(Debug)]
pub struct QueryText {
    result: QueryResult,
    form: QueryForm,
    /// The next row; `None` before the head.
    next: Option<usize>,
    done: bool,
}

impl QueryText {
    /// Begins to write a result.
    pub fn new(result: QueryResult, form: QueryForm) -> Self {
        Self { result, form, next: None, done: false }
    }

    fn head(&self, out: &mut Vec<u8>) {
        let names = self.result.columns().iter().map(|column| column.name.as_str());
        match self.form {
            QueryForm::Json => {
                out.extend_from_slice(format!("{{\"count\":{},\"columns\":", self.result.count).as_bytes());
                append_json(out, &names.collect::<Vec<_>>());
                out.extend_from_slice(b",\"data\":[");
            }
            QueryForm::Ndjson => {}
            QueryForm::Csv => {
                for (index, name) in names.enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    cell::field(out, name);
                }
                out.extend_from_slice(b"\r\n");
            }
        }
    }

    fn rows(&self, out: &mut Vec<u8>, start: usize) {
        let (columns, mut index) = (self.result.columns(), start);
        self.result.each_row(start, ROWS, &mut |row| {
            let cells = columns.iter().zip(row).enumerate();
            if self.form == QueryForm::Csv {
                for (place, (_, values)) in cells {
                    if place > 0 {
                        out.push(b',');
                    }
                    cell::csv(out, values);
                }
                out.extend_from_slice(b"\r\n");
                return;
            }
            if self.form == QueryForm::Json && index > 0 {
                out.push(b',');
            }
            for (place, (column, values)) in cells {
                out.push(if place > 0 { b',' } else { b'{' });
                append_json(out, &column.name);
                out.push(b':');
                cell::json(out, values, column.many);
            }
            out.push(b'}');
            if self.form == QueryForm::Ndjson {
                out.push(b'\n');
            }
            index += 1;
        });
    }
}

impl Iterator for QueryText {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.done {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
        let mut next = self.next.unwrap_or_else(|| {
            self.head(&mut piece);
            0
        });
        while next < self.result.len() && piece.len() < PIECE {
            self.rows(&mut piece, next);
            next += ROWS;
        }
        self.next = Some(next);
        if next >= self.result.len() {
            self.done = true;
            if self.form == QueryForm::Json {
                piece.extend_from_slice(b"]}\n");
            }
        }
        Some(piece)
    }
}
