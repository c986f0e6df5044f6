//! What an editor is offered.

use qql::{CandidateKind, Completions, Entity, FieldId, Values, complete};

/// Frequent values of a small fleet.
struct Fleet;

impl Values for Fleet {
    fn frequent(&self, field: FieldId, prefix: &str, limit: usize) -> Vec<String> {
        let known: &[&str] = match field.field().name {
            "operatingSystem" => &["Ubuntu Linux 22.04", "Alpine Linux 3.19", "Debian"],
            "repository" => &["team/web", "it's \\ odd", "and"],
            "state" => &["RUNNING"],
            _ => &[],
        };
        let begins = |value: &&&str| value.to_lowercase().starts_with(&prefix.to_lowercase());
        known.iter().filter(begins).take(limit).map(|value| (*value).to_owned()).collect()
    }
}

/// Completes where the text has a `|`.
fn at(entity: Entity, text: &str) -> Completions {
    let cursor = text.chars().position(|c| c == '|').unwrap();
    complete(&text.replacen('|', "", 1), cursor, entity, &Fleet)
}

fn line(entity: Entity, text: &str) -> String {
    let completions = at(entity, text);
    let shown: Vec<_> = completions.candidates.iter().take(9).map(|one| one.text.clone()).collect();
    let more = completions.candidates.len().saturating_sub(9);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{entity:?} {text}\n    {:?} {}{more}", completions.span, shown.join("  "))
}

#[test]
fn what_may_come_next_follows_from_what_stands_before_the_cursor() {
    let places = [
        (Entity::Image, "|"),
        (Entity::Image, "las|"),
        (Entity::Image, "sev|"),
        (Entity::Image, "vulnerabilities.s|everity:5"),
        (Entity::Image, "vulnerabilities.threatIntel.a|"),
        (Entity::Image, "image.up|"),
        (Entity::Image, "vulnerabilities:|"),
        (Entity::Image, "vulnerabilities:(|"),
        (Entity::Image, "vulnerabilities:(severity:|"),
        (Entity::Image, "vulnerabilities:(severity:5 a|"),
        (Entity::Image, "vulnerabilities:(vulnerabilities.t|"),
        (Entity::Image, "vulnerabilities:(severity:5) |"),
        (Entity::Image, "vulnerabilities:(threatIntel:(z|"),
        (Entity::Image, "operatingSystem |"),
        (Entity::Image, "operatingSystem i|"),
        (Entity::Image, "operatingSystem is|"),
        (Entity::Image, "operatingSystem is |"),
        (Entity::Image, "operatingSystem is not n|"),
        (Entity::Image, "operatingSystem is not null a|"),
        (Entity::Image, "operatingSystem:|"),
        (Entity::Image, "operatingSystem:ub|"),
        (Entity::Image, "operatingSystem:Ubuntu Li|"),
        (Entity::Image, "operatingSystem:Ubuntu an|"),
        (Entity::Image, "operatingSystem:\"alp|"),
        (Entity::Image, "operatingSystem:[Debian, `u|"),
        (Entity::Image, "repo:(repository:|)"),
        (Entity::Image, "updated|"),
        (Entity::Image, "updated |"),
        (Entity::Image, "updated>|"),
        (Entity::Image, "updated:|"),
        (Entity::Image, "updated:[now-|"),
        (Entity::Image, "updated:[now-7d ... |"),
        (Entity::Image, "imagesInUse:t|"),
        (Entity::Image, "isEol:|"),
        (Entity::Image, "vulnerabilities |"),
        (Entity::Image, "not |"),
        (Entity::Image, "size>5 o|"),
        (Entity::Image, "unknown:(|"),
        (Entity::Image, "unknown:|"),
        (Entity::Image, "'unfinished |"),
        (Entity::Image, ") ] , |"),
        (Entity::Container, "state:r|"),
        (Entity::Container, "state:[RUNNING, |]"),
        (Entity::Container, "state:RUNNING |"),
        (Entity::Container, "state:RUNNING a|"),
        (Entity::Container, "host:(h|"),
        (Entity::Container, "cluster.k8s.pod:(|"),
        (Entity::Vulnerability, "typeDetected:'c|"),
        (Entity::Software, "li|"),
    ];
    let lines: Vec<_> = places.iter().map(|(entity, text)| line(*entity, text)).collect();
    insta::assert_snapshot!("completions", lines.join("\n"));
}

#[test]
fn a_token_says_its_type_and_meaning() {
    let found = at(Entity::Image, "operatingS|").candidates;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, CandidateKind::Token);
    assert_eq!(found[0].detail, "text: The operating system of the image.");
}

#[test]
fn what_was_completed_is_a_query_again() {
    for text in [
        "operatingSystem:|",
        "repo.repository:|",
        "updated:|",
        "isEol:|",
        "repo.repository:`|",
        "repo.repository:\"|",
    ] {
        for candidate in at(Entity::Image, text).candidates {
            let completions = at(Entity::Image, text);
            let written: String = text.replacen('|', "", 1).chars().take(completions.span.start).collect();
            let whole = format!("{written}{}", candidate.text);
            let query = qql::parse(&whole).unwrap_or_else(|error| panic!("{whole}: {error}"));
            qql::resolve(&query, Entity::Image, crate::record::NOW)
                .unwrap_or_else(|error| panic!("{whole}: {error}"));
        }
    }
}

#[test]
fn hostile_text_is_completed_in_bounded_time() {
    for text in [
        "(".repeat(60_000),
        "host:(".repeat(10_000),
        "'".repeat(65_000),
        "a ".repeat(32_000),
        "[".repeat(70_000),
    ] {
        let started = std::time::Instant::now();
        for entity in Entity::ALL {
            complete(&text, usize::MAX, entity, &Fleet);
        }
        assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    }
}
