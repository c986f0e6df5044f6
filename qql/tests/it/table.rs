//! The conformance table of the reference (section 10), row by row: what each filter must mean.

use model::Timestamp;
use qql::{Entity, parse};

use crate::record::{NOW, Record, condition, mistake};

const SHA: &str = "ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12ab12";
const UUID: &str = "0b1c2d3e-1111-3222-8333-444455556666";
const DAY: i64 = 86_400_000;

/// A filter, records that it finds, and records that it does not.
struct Row {
    entity: Entity,
    filter: &'static str,
    finds: &'static [&'static [&'static str]],
    misses: &'static [&'static [&'static str]],
}

const TABLE: &[Row] = &[
    Row {
        entity: Entity::Image,
        filter: "updated>=1700000000123 AND not uuid: [0b1c2d3e-1111-3222-8333-444455556666]",
        finds: &[&["updated=1700000000123", "uuid=0b1c2d3e-1111-3222-8333-444455556667"]],
        misses: &[
            &["updated=1700000000122", "uuid=0b1c2d3e-1111-3222-8333-444455556667"],
            &["updated=1700000000123", "uuid=0b1c2d3e-1111-3222-8333-444455556666"],
        ],
    },
    Row {
        entity: Entity::Image,
        filter: "imagesInUse:`[now-30d ... now]` and vulnerabilities.severity:5",
        finds: &[&["imagesInUse=NOW-1", "vulnerabilities{severity=4}", "vulnerabilities{severity=5}"]],
        misses: &[
            &["imagesInUse=NOW-31", "vulnerabilities{severity=5}"],
            &["imagesInUse=NOW-1", "vulnerabilities{severity=4}"],
        ],
    },
    Row {
        entity: Entity::Image,
        filter: "imagesInUse:'[now-7d ... now]'",
        finds: &[&["imagesInUse=NOW-7"]],
        misses: &[&["imagesInUse=NOW-8"], &[]],
    },
    Row {
        entity: Entity::Container,
        filter: "state: `RUNNING` and imageSha:<sha> and lastVmScanDate:[now-3d ... now]",
        finds: &[&["state=RUNNING", "imageSha=<sha>", "lastVmScanDate=NOW-2"]],
        misses: &[
            &["state=STOPPED", "imageSha=<sha>", "lastVmScanDate=NOW-2"],
            &["state=RUNNING", "imageSha=<sha>", "lastVmScanDate=NOW-4"],
        ],
    },
    Row {
        entity: Entity::Image,
        filter: "sha:<sha> and lastScanned: [now-95s ... now]",
        finds: &[&["sha=<sha>", "lastScanned=NOW-0"]],
        misses: &[&["sha=<sha>", "lastScanned=NOW-1"], &["sha=<sha>"]],
    },
    Row {
        entity: Entity::Image,
        filter: "vulnerabilities:(severity:5 or severity:4) and not imagesInUse:[now-7d ... now]",
        finds: &[&["vulnerabilities{severity=4}", "imagesInUse=NOW-8"], &["vulnerabilities{severity=5}"]],
        misses: &[&["vulnerabilities{severity=4}", "imagesInUse=NOW-6"], &["vulnerabilities{severity=3}"]],
    },
    Row {
        entity: Entity::Container,
        filter: "updated:[\"2024-05-01T00:00:00Z\"..\"2024-05-02T00:00:00Z\"] and (state:RUNNING)",
        finds: &[&["updated=1714521600000", "state=RUNNING"], &["updated=1714608000000", "state=RUNNING"]],
        misses: &[&["updated=1714608000001", "state=RUNNING"], &["updated=1714521600000", "state=PAUSED"]],
    },
    Row {
        entity: Entity::Image,
        filter: "repo.registry:registry.example.com and repo.repository:team/web and repo.tag:1.4",
        finds: &[&["repo{registry=registry.example.com;repository=team/web;tag=1.4}"]],
        misses: &[
            &["repo{registry=other.example.com;repository=team/web;tag=1.4}"],
            &["repo{registry=registry.example.com;tag=1.4}"],
        ],
    },
    Row {
        entity: Entity::Container,
        filter: "created:[1700000000000 ... 1700604802000] and state:RUNNING and imageId:d1a50f311f32",
        finds: &[&["created=1700604802000", "state=RUNNING", "imageId=d1a50f311f32"]],
        misses: &[&["created=1700604802001", "state=RUNNING", "imageId=d1a50f311f32"]],
    },
    Row {
        entity: Entity::Image,
        filter: "vulnerabilities.typeDetected:[Confirmed, Potential]",
        finds: &[&["vulnerabilities{typeDetected=CONFIRMED}"], &["vulnerabilities{typeDetected=POTENTIAL}"]],
        misses: &[&["vulnerabilities{qid=1}"], &[]],
    },
    Row {
        entity: Entity::Image,
        filter: "sha:<sha> and updated:[1700000000 ..]",
        finds: &[&["sha=<sha>", "updated=1700000000"], &["sha=<sha>", "updated=1800000000000"]],
        misses: &[&["sha=<sha>", "updated=1699999999"]],
    },
    Row {
        entity: Entity::Container,
        filter: "state:'RUNNING'",
        finds: &[&["state=RUNNING"]],
        misses: &[&["state=PAUSED"]],
    },
    Row {
        entity: Entity::Container,
        filter: "state: ' RUNNING'",
        finds: &[&["state=RUNNING"]],
        misses: &[&["state=PAUSED"]],
    },
    Row {
        entity: Entity::Image,
        filter: "not lastScanned is null AND updated>1700000000123",
        finds: &[&["lastScanned=1", "updated=1700000000124"]],
        misses: &[&["updated=1700000000124"], &["lastScanned=1", "updated=1700000000123"]],
    },
    Row {
        entity: Entity::Software,
        filter: "name:libsystemd0:amd64",
        finds: &[&["name=libsystemd0:amd64"]],
        misses: &[&["name=libsystemd0"], &["name=amd64"]],
    },
    Row { entity: Entity::Image, filter: "", finds: &[&[], &["updated=1"]], misses: &[] },
];

fn record(row: &Row, lines: &[&str]) -> Record {
    let days_ago = |line: &str| match line.split_once("=NOW-") {
        Some((name, days)) => format!("{name}={}", NOW.0 - days.parse::<i64>().unwrap() * DAY),
        None => line.replace("<sha>", SHA),
    };
    let lines: Vec<_> = lines.iter().map(|line| days_ago(line)).collect();
    Record::of(row.entity, &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_row_of_the_conformance_table_finds_what_it_must_and_nothing_else() {
    for row in TABLE {
        let condition = condition(row.entity, &row.filter.replace("<sha>", SHA));
        for lines in row.finds {
            assert!(record(row, lines).satisfies(&condition), "{} must find {lines:?}", row.filter);
        }
        for lines in row.misses {
            assert!(!record(row, lines).satisfies(&condition), "{} must not find {lines:?}", row.filter);
        }
    }
}

#[test]
fn the_rows_that_must_be_refused_are() {
    for text in ["state:", "(state:RUNNING"] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(mistake(Entity::Container, "foo:1").ends_with("is unknown"));
    assert!(
        parse("openPorts.port:(123 .. 1234)").is_ok(),
        "an exclusive range of an unknown token is a range"
    );
    assert!(mistake(Entity::Container, "openPorts.port:(123 .. 1234)").ends_with("is unknown"));
}

#[test]
fn the_moment_of_now_is_the_callers() {
    let at = |now: i64| {
        let query = parse(&format!("uuid:{UUID} or updated:now")).unwrap();
        let condition = qql::resolve(&query, Entity::Image, Timestamp(now)).unwrap();
        Record::of(Entity::Image, &["updated=5"]).satisfies(&condition)
    };
    assert!(at(5) && !at(6));
}
