//! The page of the language names every token as the code has it.
//!
//! The tables of the page are written by this test when `UPDATE_REFERENCE` is set.

use std::fmt::Write as _;

use qql::fields::{Field, FieldType, Form, ImageField, Level};
use qql::{Array, Entity, FieldId, Values, complete, parse, resolve};

use crate::record::{NOW, mistake};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/qql.md");

fn page() -> String {
    std::fs::read_to_string(PAGE).unwrap()
}

/// The table of an entity, with its small arrays.
fn table(level: Level) -> String {
    let mut text = "| token | type | meaning |\n| --- | --- | --- |\n".to_owned();
    for field in level.fields() {
        row(&mut text, field.name, field);
    }
    for (name, _, array) in level.arrays() {
        if matches!(array, Array::Vulnerabilities | Array::Softwares) {
            continue;
        }
        for field in array.level().fields() {
            row(&mut text, &format!("{name}.{}", field.name), field);
        }
    }
    text
}

fn row(text: &mut String, name: &str, field: &Field) {
    let kind = match (field.kind, field.spec.form) {
        (FieldType::Keyword, Form::Exact) => "keyword (case matters)",
        (FieldType::Keyword, Form::Digest) => "digest",
        (FieldType::Keyword, Form::ShortId) => "short id",
        (FieldType::Keyword, Form::Uuid) => "uuid",
        _ if field.id == FieldId::Image(ImageField::ImagesInUse) => "date, boolean",
        (kind, _) => kind.as_str(),
    };
    let several = if field.spec.many { ", several" } else { "" };
    let about = field.about.trim();
    let values = if field.spec.values.is_empty() {
        String::new()
    } else {
        let end = if field.spec.closed { "" } else { ", …" };
        format!(" `{}`{end}", field.spec.values.join("` `"))
    };
    writeln!(text, "| `{name}` | {kind}{several} | {about}{values} |").unwrap();
}

#[test]
fn the_tables_of_the_page_are_those_of_the_code() {
    let tables = [
        ("images", Level::Image),
        ("containers", Level::Container),
        ("vulnerabilities", Level::Finding),
        ("software", Level::Software),
        ("sensors", Level::Sensor),
        ("registries", Level::Registry),
        ("repositories", Level::Repository),
        ("schedules", Level::Schedule),
    ];
    let mut text = page();
    for (name, level) in tables {
        let (begin, end) = (format!("<!-- tokens of {name} -->\n\n"), format!("\n<!-- end of {name} -->"));
        let from = text.find(&begin).unwrap_or_else(|| panic!("{begin} is missing")) + begin.len();
        let to = from + text[from..].find(&end).unwrap_or_else(|| panic!("{end} is missing"));
        let table = table(level);
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            text.replace_range(from..to, &table);
        } else {
            assert_eq!(
                &text[from..to],
                table,
                "run the test with UPDATE_REFERENCE=1 to write the table anew"
            );
        }
    }
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(PAGE, text).unwrap();
    }
}

/// The examples of the page: lines of code blocks, of the entity that the block names.
fn examples() -> Vec<(Entity, String)> {
    let mut found = Vec::new();
    let mut entity = None;
    for line in page().lines() {
        match line.strip_prefix("```") {
            Some("qql images") => entity = Some(Entity::Image),
            Some("qql containers") => entity = Some(Entity::Container),
            Some("qql vulnerabilities") => entity = Some(Entity::Vulnerability),
            Some("qql software") => entity = Some(Entity::Software),
            Some(_) => entity = None,
            None => found.extend(entity.map(|entity| (entity, line.to_owned()))),
        }
    }
    found
}

#[test]
fn the_examples_of_the_page_are_queries() {
    let examples = examples();
    assert!(examples.len() > 20, "{} examples", examples.len());
    for (entity, text) in examples {
        let resolved = parse(&text).and_then(|query| resolve(&query, entity, NOW));
        assert!(resolved.is_ok(), "{text}: {}", mistake(entity, &text));
    }
}

#[test]
fn the_messages_that_the_page_quotes_are_those_of_the_code() {
    let page = page();
    for (entity, text) in [
        (Entity::Image, "udpated>5"),
        (Entity::Image, "state:RUNNING"),
        (Entity::Container, "state:RUNNIG"),
        (Entity::Image, "updated>=soon"),
        (Entity::Image, "(size>5"),
    ] {
        let message = mistake(entity, text);
        assert!(page.contains(&format!("| `{text}` | {message} |")), "{text}: {message}");
    }
}

/// Values of every field, to see that completing never offers what is refused.
struct Everything;

impl Values for Everything {
    fn frequent(&self, _: FieldId, _: &str, _: usize) -> Vec<String> {
        vec!["a b".to_owned(), "x`y".to_owned()]
    }
}

#[test]
fn every_token_of_every_table_can_be_searched_completed_and_asked_for_null() {
    for entity in Entity::ALL {
        let mut names: Vec<String> =
            entity.level().fields().iter().map(|field| field.name.to_owned()).collect();
        for (name, alias, array) in entity.level().arrays() {
            for spelling in [name, alias] {
                names.extend(array.level().fields().iter().map(|field| format!("{spelling}.{}", field.name)));
            }
        }
        for name in names {
            let text = format!("{name} is null");
            assert!(resolve(&parse(&text).unwrap(), entity, NOW).is_ok(), "{}", mistake(entity, &text));
            let begun = format!("{name}:");
            let offered = complete(&begun, usize::MAX, entity, &Everything);
            assert_eq!(offered.span, begun.len()..begun.len());
            for candidate in offered.candidates.iter().filter(|one| one.detail != "frequent") {
                let text = format!("{begun}{}", candidate.text);
                assert!(
                    parse(&text).and_then(|query| resolve(&query, entity, NOW)).is_ok(),
                    "{}",
                    mistake(entity, &text)
                );
            }
        }
    }
}
