//! The few places where the SQL of the engines differs, and the placeholders that stand for them.

/// An engine's own words for the placeholders of the common SQL text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `{int}`: a 64-bit whole number.
    pub(crate) int: &'static str,
    /// `{bytes}`: bytes of any length, compared bytewise.
    pub(crate) bytes: &'static str,
    /// `{text}`: text, compared bytewise.
    pub(crate) text: &'static str,
    /// `{table}`: what follows the columns of an ordinary table.
    pub(crate) table: &'static str,
    /// `{keyed}`: what follows the columns of a table of small rows that is read by its primary key.
    pub(crate) keyed: &'static str,
    /// `{unique_long}`: makes a column unique whose values may be longer than an ordered index can hold.
    pub(crate) unique_long: &'static str,
    /// `{each}`: what follows such a column.
    pub(crate) each: &'static str,
}

impl Dialect {
    /// SQLite. `STRICT` makes it refuse values of a wrong type, as PostgreSQL does.
    pub(crate) const SQLITE: Self = Self {
        int: "INTEGER",
        bytes: "BLOB",
        text: "TEXT COLLATE BINARY",
        table: "STRICT",
        keyed: "STRICT, WITHOUT ROWID",
        unique_long: "UNIQUE",
        each: "",
    };

    /// PostgreSQL. Text is compared bytewise whatever the database's own order is.
    pub(crate) const POSTGRES: Self = Self {
        int: "BIGINT",
        bytes: "BYTEA",
        text: "TEXT COLLATE \"C\"",
        table: "",
        keyed: "",
        // values of its ordered indexes end at 2.7 KB
        unique_long: "EXCLUDE USING hash",
        each: "WITH =",
    };

    /// Puts the engine's words in place of the placeholders.
    pub(crate) fn expand(&self, sql: &str) -> String {
        sql.replace("{int}", self.int)
            .replace("{bytes}", self.bytes)
            .replace("{text}", self.text)
            .replace("{table}", self.table)
            .replace("{keyed}", self.keyed)
            .replace("{unique_long}", self.unique_long)
            .replace("{each}", self.each)
    }
}

/// A statement with a list of `rows` rows of `columns` parameters each between `before` and `after`:
/// `before ($1, $2), ($3, $4) after`. Only placeholders are put in, never values.
pub(crate) fn with_rows(before: &str, columns: usize, rows: usize, after: &str) -> String {
    let mut sql = String::with_capacity(before.len() + after.len() + rows * columns * 6);
    sql.push_str(before.trim_end());
    for row in 0..rows {
        sql.push_str(if row == 0 { " (" } else { ", (" });
        push_list(&mut sql, row * columns, columns);
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(after);
    sql
}

/// A statement whose placeholder `{list}` becomes `$1, $2, ...` of `count` parameters.
pub(crate) fn with_list(sql: &str, count: usize) -> String {
    let mut list = String::with_capacity(count * 6);
    push_list(&mut list, 0, count);
    sql.replace("{list}", &list)
}

fn push_list(sql: &mut String, start: usize, count: usize) {
    use std::fmt::Write as _;
    for index in 0..count {
        let comma = if index == 0 { "" } else { ", " };
        let _ = write!(sql, "{comma}${}", start + index + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_rows_are_numbered_on() {
        assert_eq!(with_rows("INSERT INTO t VALUES", 2, 2, "X"), "INSERT INTO t VALUES ($1, $2), ($3, $4) X");
        assert_eq!(with_list("a IN ({list})", 3), "a IN ($1, $2, $3)");
    }
}
