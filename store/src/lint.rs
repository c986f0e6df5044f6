//! Reads schema and statements for the rules that let the same SQL run on SQLite, PostgreSQL and a distributed
//! PostgreSQL, so that growing stays a switch.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::dialect::{Dialect, with_list, with_rows};
use crate::migration::MIGRATIONS;

/// Words that one of the engines does not know, that mean something else there, or that do not work across machines.
const FORBIDDEN: [&str; 42] = [
    // numbers and ids are made by the program, rules are kept by it
    "autoincrement",
    "serial",
    "bigserial",
    "sequence",
    "nextval",
    "generated",
    "gen_random_uuid",
    "random",
    "trigger",
    "function",
    "procedure",
    "references",
    "foreign",
    // one machine cannot ask the others for it
    "recursive",
    "listen",
    "notify",
    "pg_advisory_lock",
    "pg_advisory_xact_lock",
    "lock",
    "offset",
    // SQLite's or PostgreSQL's alone
    "greatest",
    "least",
    "ifnull",
    "replace",
    "rowid",
    "last_insert_rowid",
    "glob",
    "like",
    "ilike",
    "similar",
    "pragma",
    "datetime",
    "strftime",
    "current_timestamp",
    "collate",
    "vacuum",
    "copy",
    "lateral",
    "json_extract",
    "jsonb",
    "string_agg",
    "group_concat",
];

/// Phrases of several words or signs, likewise.
const FORBIDDEN_PHRASES: [&str; 12] = [
    "for update",
    "for share",
    "for no key update",
    "distinct on",
    "insert or",
    "now()",
    "on conflict do",
    "select *",
    "returning *",
    "::",
    "->",
    "~",
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

fn schema(migrations: &[(&str, &str)]) -> BTreeMap<String, Table> {
    let mut tables = BTreeMap::new();
    for (_, sql) in migrations {
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

/// What a text holds that does not run everywhere.
fn faults_of_words(sql: &str) -> Vec<String> {
    let sql = without_comments(sql);
    let mut faults: Vec<String> = words(&sql).filter(|word| FORBIDDEN.contains(&word.as_str())).collect();
    let lower = sql.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    faults
        .extend(FORBIDDEN_PHRASES.iter().filter(|phrase| lower.contains(**phrase)).map(ToString::to_string));
    for name in ["max(", "min("] {
        for (start, _) in lower.match_indices(name) {
            let inside = lower[start + name.len()..].split(')').next().unwrap();
            if inside.contains(',') {
                faults.push(format!("{name}...) of several values"));
            }
        }
    }
    if sql.contains('?') {
        faults.push("a parameter that is not named $1, $2, ...".to_owned());
    }
    faults
}

/// What is wrong with a migration's types: they are placeholders.
fn faults_of_types(sql: &str) -> Vec<String> {
    let bare = without_comments(sql).replace("{int}", "").replace("{text}", "").replace("{bytes}", "");
    words(&bare).filter(|word| TYPES.contains(&word.as_str())).collect()
}

/// What is wrong with the keys of a schema.
fn faults_of_keys(tables: &BTreeMap<String, Table>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, table) in tables {
        if table.keys.is_empty() {
            faults.push(format!("table {name} has no primary key"));
        }
        let Some(spread) = &table.spread else { continue };
        let bad = table.keys.iter().filter(|key| !key.contains(spread));
        faults.extend(bad.map(|key| format!("a key of {name} lacks `{spread}`: {key:?}")));
    }
    faults
}

/// The tables that a statement names after `FROM`, `JOIN`, `INTO` and `UPDATE`.
fn tables_of(flat: &str) -> Vec<String> {
    let parts: Vec<&str> = flat.split([' ', '(', ')', ',']).filter(|part| !part.is_empty()).collect();
    let named = |pair: &[&str]| ["FROM", "JOIN", "INTO", "UPDATE"].contains(&pair[0]) && pair[1] != "SET";
    parts.windows(2).filter(|pair| named(pair)).map(|pair| pair[1].to_owned()).collect()
}

/// What is wrong with a statement on tables that are spread over machines.
fn faults_of_spreading(tables: &BTreeMap<String, Table>, sql: &str) -> Vec<String> {
    let flat = without_comments(sql).split_whitespace().collect::<Vec<_>>().join(" ");
    let spread_of = |table: &str| tables.get(table).and_then(|table| table.spread.as_deref());
    let mut faults = Vec::new();
    for (start, _) in flat.match_indices("ON CONFLICT") {
        let table =
            flat.strip_prefix("INSERT INTO ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        if let Some(spread) = spread_of(table)
            && !columns_after(&flat, start).contains(spread)
        {
            faults.push(format!("the conflict target lacks `{spread}`"));
        }
    }
    let changed = ["UPDATE ", "DELETE FROM "].iter().find_map(|verb| flat.strip_prefix(verb));
    if let Some(spread) = changed.and_then(|rest| rest.split(' ').next()).and_then(spread_of)
        && !flat.split(" WHERE ").nth(1).unwrap_or_default().contains(&format!("{spread} = $"))
    {
        faults.push(format!("touches every machine: no condition on `{spread}`"));
    }
    let mut joined: Vec<String> =
        tables_of(&flat).into_iter().filter(|table| spread_of(table).is_some()).collect();
    joined.dedup();
    for pair in joined.windows(2) {
        let column = |table: &str| format!("{table}.{}", spread_of(table).unwrap_or_default());
        let (one, two) = (column(&pair[0]), column(&pair[1]));
        if !flat.contains(&format!("{one} = {two}")) && !flat.contains(&format!("{two} = {one}")) {
            faults.push(format!("joins {} and {} on other columns than {one} and {two}", pair[0], pair[1]));
        }
    }
    faults
}

#[test]
fn the_schema_uses_nothing_that_one_engine_lacks() {
    for (name, sql) in MIGRATIONS {
        assert_eq!(faults_of_words(sql), [""; 0], "{name}");
        assert_eq!(faults_of_types(sql), [""; 0], "{name}: write placeholders for types");
    }
}

#[test]
fn every_key_of_a_spread_table_holds_the_column_that_it_is_spread_by() {
    let tables = schema(&MIGRATIONS);
    assert!(tables.len() >= 14, "the schema was not read: {} tables", tables.len());
    assert_eq!(faults_of_keys(&tables), [""; 0]);
    for name in ["image", "container", "host", "change", "tag_member"] {
        if let Some(table) = tables.get(name) {
            assert_eq!(table.spread.as_deref(), Some("customer"), "{name}");
        }
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
        assert_eq!(faults_of_words(&sql), [""; 0], "{}", path.display());
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
    let tables = schema(&MIGRATIONS);
    for (path, sql) in statements() {
        let faults = faults_of_spreading(&tables, &sql);
        assert_eq!(faults, [""; 0], "{}", path.display());
    }
}

/// Each rule, broken once.
#[test]
fn what_breaks_a_rule_is_told() {
    for sql in [
        "CREATE TABLE a (id {int} PRIMARY KEY AUTOINCREMENT)",
        "SELECT nextval('numbers')",
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END",
        "WITH RECURSIVE r AS (SELECT 1) SELECT 1 FROM r",
        "SELECT pg_advisory_xact_lock(1)",
        "LOCK TABLE a IN EXCLUSIVE MODE",
        "SELECT now FROM clock FOR UPDATE",
        "SELECT now FROM clock\n    FOR\n    UPDATE",
        "SELECT max(a, b) FROM t",
        "SELECT greatest(a, b) FROM t",
        "INSERT OR REPLACE INTO t (a) VALUES ($1)",
        "INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING",
        "SELECT * FROM t",
        "SELECT a FROM t WHERE a = ?",
        "SELECT a FROM t WHERE a LIKE $1",
        "SELECT a::text FROM t",
        "SELECT a FROM t ORDER BY a LIMIT $1 OFFSET $2",
        "SELECT a FROM t ORDER BY a COLLATE nocase",
        "NOTIFY changes",
    ] {
        assert_ne!(faults_of_words(sql), [""; 0], "{sql}");
    }
    for sql in ["SELECT max(clock) FROM change", "SELECT a -- like this, for update\nFROM t"] {
        assert_eq!(faults_of_words(sql), [""; 0], "{sql}");
    }
    assert_eq!(faults_of_types("CREATE TABLE a (b BIGINT, c {int}, d Text)"), ["bigint", "text"]);
}

#[test]
fn what_cannot_be_spread_is_told() {
    let form = "-- spread: customer.\nCREATE TABLE image (\n    customer {bytes},\n    uuid {bytes} PRIMARY KEY\n) {table};\n\
        -- spread: digest.\nCREATE TABLE inventory (\n    digest {bytes} PRIMARY KEY,\n    name {text} UNIQUE\n) {table};\n\
        -- spread: customer.\nCREATE TABLE part (\n    customer {bytes},\n    n {int},\n    PRIMARY KEY (customer, n)\n) {table};\n\
        -- spread: copied.\nCREATE TABLE tag (\n    n {int}\n) {table};\n";
    let tables = schema(&[("form", form)]);
    let faults = faults_of_keys(&tables).join("\n");
    for told in ["a key of image lacks `customer`", "a key of inventory lacks `digest`", "table tag has no"] {
        assert!(faults.contains(told), "{told}: {faults}");
    }
    assert_eq!(faults.lines().count(), 3, "{faults}");
    for sql in [
        "INSERT INTO part (customer, n) VALUES ($1, $2) ON CONFLICT (n) DO NOTHING",
        "UPDATE part SET n = 1 WHERE n = $1",
        "DELETE FROM part",
        "SELECT part.n FROM part JOIN image ON image.uuid = part.n",
        "DELETE FROM inventory WHERE digest = $1 AND NOT EXISTS (SELECT 1 FROM image WHERE inventory = $1)",
    ] {
        assert_ne!(faults_of_spreading(&tables, sql), [""; 0], "{sql}");
    }
    for sql in [
        "INSERT INTO part (customer, n) VALUES ($1, $2) ON CONFLICT (customer, n) DO NOTHING",
        "UPDATE part SET n = 1 WHERE customer = $1 AND n = $2",
        "SELECT part.n FROM part JOIN image ON image.customer = part.customer AND image.uuid = part.n",
        "SELECT part.n FROM part JOIN tag ON tag.n = part.n",
    ] {
        assert_eq!(faults_of_spreading(&tables, sql), [""; 0], "{sql}");
    }
}

#[test]
fn every_statement_is_used_and_fits_the_schema() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut code, mut folders) = (String::new(), vec![sources]);
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                code.push_str(&fs::read_to_string(path).unwrap());
            }
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
            let columns = sql.split(['(', ')']).nth(1).map_or(0, |columns| columns.split(',').count());
            with_rows(&sql, columns, 1, "")
        } else {
            with_list(&sql, 1)
        };
        database.prepare(&whole).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
