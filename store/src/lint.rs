//! Reads schema and statements for the rules that let the same SQL run on SQLite, PostgreSQL and a distributed
//! PostgreSQL, so that growing stays a switch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::dialect::{Dialect, with_list};
use crate::migration::MIGRATIONS;

/// Words that one of the engines does not know, or that do not work across machines.
const FORBIDDEN: [&str; 23] = [
    "autoincrement",
    "serial",
    "bigserial",
    "sequence",
    "nextval",
    "generated",
    "trigger",
    "function",
    "procedure",
    "recursive",
    "listen",
    "notify",
    "greatest",
    "least",
    "ifnull",
    "replace",
    "rowid",
    "last_insert_rowid",
    "glob",
    "ilike",
    "pragma",
    "datetime",
    "strftime",
];

/// Types are placeholders; the driver knows the words.
const TYPES: [&str; 10] =
    ["integer", "int", "bigint", "blob", "bytea", "text", "varchar", "real", "boolean", "timestamptz"];

/// A table of the schema: its columns and keys, and the column by which it is spread (`None`: a copy everywhere).
struct Table {
    spread: Option<String>,
    keys: Vec<BTreeSet<String>>,
}

fn without_comments(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

fn words(sql: &str) -> impl Iterator<Item = String> {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The columns in the first parentheses after `start`.
fn columns_after(text: &str, start: usize) -> BTreeSet<String> {
    let open = text[start..].find('(').unwrap() + start;
    let close = text[open..].find(')').unwrap() + open;
    text[open + 1..close].split(',').map(|column| column.trim().to_owned()).collect()
}

fn schema() -> BTreeMap<String, Table> {
    let mut tables = BTreeMap::new();
    for (_, sql) in MIGRATIONS {
        let lines: Vec<&str> = sql.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(name) = line.strip_prefix("CREATE TABLE ").and_then(|rest| rest.split(' ').next())
            else {
                continue;
            };
            let comment = lines[number - 1].strip_prefix("-- spread: ");
            let comment = comment.unwrap_or_else(|| panic!("table {name} does not say how it is spread"));
            let spread = comment.split('.').next().filter(|word| *word != "copied").map(str::to_owned);
            let body = lines[number + 1..].iter().take_while(|line| !line.starts_with(')'));
            tables.insert(
                name.to_owned(),
                Table { spread, keys: body.flat_map(|line| keys_of(line)).collect() },
            );
        }
    }
    tables
}

fn keys_of(line: &str) -> Option<BTreeSet<String>> {
    let line = line.trim();
    let place = line.find("PRIMARY KEY").or_else(|| line.find("UNIQUE"))?;
    if place == 0 {
        return Some(columns_after(line, 0));
    }
    line.split(' ').next().map(|column| BTreeSet::from([column.to_owned()]))
}

fn statements() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sql");
    let mut found = Vec::new();
    for folder in fs::read_dir(&root).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let sql = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(&root).unwrap().to_owned(), sql));
        }
    }
    found.sort();
    found
}

fn check_words(place: &str, sql: &str) {
    let sql = without_comments(sql);
    for word in words(&sql) {
        assert!(!FORBIDDEN.contains(&word.as_str()), "{place}: `{word}` does not run everywhere");
    }
    let lower = sql.to_lowercase();
    for call in ["for update", "insert or", "now()", "on conflict do", "select *", "returning *"] {
        assert!(!lower.contains(call), "{place}: `{call}` does not run everywhere or leaves columns open");
    }
    for name in ["max(", "min("] {
        for (start, _) in lower.match_indices(name) {
            let inside = lower[start + name.len()..].split(')').next().unwrap();
            assert!(!inside.contains(','), "{place}: `{name}...)` of several values is SQLite's alone");
        }
    }
    assert!(!sql.contains('?'), "{place}: parameters are named $1, $2, ...");
}

#[test]
fn the_schema_uses_nothing_that_one_engine_lacks() {
    for (name, sql) in MIGRATIONS {
        check_words(name, sql);
        for word in
            words(&without_comments(sql).replace("{int}", "").replace("{text}", "").replace("{bytes}", ""))
        {
            assert!(!TYPES.contains(&word.as_str()), "{name}: write a placeholder for the type `{word}`");
        }
    }
}

#[test]
fn every_key_of_a_spread_table_holds_the_column_that_it_is_spread_by() {
    let tables = schema();
    assert!(tables.len() >= 14, "the schema was not read: {} tables", tables.len());
    for (name, table) in &tables {
        assert!(!table.keys.is_empty(), "table {name} has no primary key");
        let Some(spread) = &table.spread else { continue };
        for key in &table.keys {
            assert!(key.contains(spread), "a key of {name} lacks `{spread}`: {key:?}");
        }
    }
    for name in ["image", "container", "host", "change", "tag_member"] {
        assert_eq!(tables[name].spread.as_deref(), Some("customer"), "{name}");
    }
}

#[test]
fn migrations_are_numbered_files_that_are_all_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<String> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let listed: Vec<String> =
        (1..).zip(MIGRATIONS).map(|(number, (name, _))| format!("{number:04}_{name}.sql")).collect();
    assert_eq!(files, listed);
}

#[test]
fn statements_use_nothing_that_one_engine_lacks() {
    for (path, sql) in statements() {
        check_words(&path.display().to_string(), &sql);
    }
}

#[test]
fn parameters_of_statements_are_numbered_without_gaps() {
    for (path, sql) in statements() {
        let numbers: BTreeSet<usize> = sql
            .split('$')
            .skip(1)
            .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>())
            .map(|digits| digits.parse().unwrap())
            .collect();
        assert!(numbers.iter().copied().eq(1..=numbers.len()), "{}: {numbers:?}", path.display());
    }
}

#[test]
fn statements_on_spread_tables_name_the_column_they_are_spread_by() {
    let tables = schema();
    for (path, sql) in statements() {
        let flat = without_comments(&sql).split_whitespace().collect::<Vec<_>>().join(" ");
        for (start, _) in flat.match_indices("ON CONFLICT") {
            let table = flat.strip_prefix("INSERT INTO ").and_then(|rest| rest.split(' ').next()).unwrap();
            let target = columns_after(&flat, start);
            if let Some(spread) = &tables[table].spread {
                assert!(target.contains(spread), "{}: conflict target lacks `{spread}`", path.display());
            }
        }
        let changed = ["UPDATE ", "DELETE FROM "].iter().find_map(|verb| flat.strip_prefix(verb));
        if let Some(table) = changed.and_then(|rest| rest.split(' ').next())
            && let Some(spread) = &tables[table].spread
        {
            let condition = flat.split(" WHERE ").nth(1).unwrap_or_default();
            assert!(
                condition.contains(&format!("{spread} = $")),
                "{}: touches every machine",
                path.display()
            );
        }
    }
}

#[test]
fn every_statement_is_used_and_fits_the_schema() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut code = String::new();
    for file in fs::read_dir(sources).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    let database = rusqlite::Connection::open_in_memory().unwrap();
    for (_, sql) in MIGRATIONS {
        database.execute_batch(&Dialect::SQLITE.expand(sql)).unwrap();
    }
    for (path, sql) in statements() {
        let name = path.with_extension("");
        assert!(code.contains(&format!("sql!(\"{}\")", name.display())), "{} is not used", path.display());
        let whole = if sql.trim_end().ends_with("VALUES") {
            format!("{sql} ($1, $2, $3, $4)")
        } else {
            with_list(&sql, 1)
        };
        database.prepare(&whole).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
