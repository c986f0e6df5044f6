//! What is refused, with what message.

use qql::{Entity, MAX_DEPTH, MAX_LIST, MAX_TESTS, QueryError, parse, resolve};

use crate::record::{NOW, mistake};

#[test]
fn mistakes_name_the_token_the_column_and_a_way_to_mend_them() {
    let texts = [
        (Entity::Image, "foo:1"),
        (Entity::Image, "sha:a and udpated>5"),
        (Entity::Image, "state:RUNNING"),
        (Entity::Container, "repo.tag:1"),
        (Entity::Image, "openPorts.port:(123 .. 1234)"),
        (Entity::Image, "severity:5"),
        (Entity::Image, "vulnerabilities:(operatingSystem:x)"),
        (Entity::Image, "vulnerabilities:(sevrity:5)"),
        (Entity::Image, "vulnerabilities.vulnerabilities.qid:1"),
        (Entity::Image, "vulnerabilities:5"),
        (Entity::Image, "lastFoundOnHost:x"),
        (Entity::Image, "updated:(sha:x)"),
        (Entity::Container, "state:(RUNNING or STOPPED)"),
        (Entity::Container, "state:RUNNIG"),
        (Entity::Container, "state:[RUNNING, `gone`]"),
        (Entity::Container, "state>RUNNING"),
        (Entity::Image, "vulnerabilities.typeDetected:sure"),
        (Entity::Image, "qdsSeverity:5"),
        (Entity::Image, "updated>=soon"),
        (Entity::Image, "updated:[now-7d .. tomorow]"),
        (Entity::Image, "size:big"),
        (Entity::Image, "size:4.5"),
        (Entity::Image, "vulnerabilities.cvssInfo.baseScore>high"),
        (Entity::Image, "isEol:maybe"),
        (Entity::Image, "isEol>true"),
        (Entity::Image, "lastFoundOnHost.ipAddress:10.0.0"),
        (Entity::Image, "lastFoundOnHost.ipAddress:[10.0.0.1 .. fe80::1]"),
        (Entity::Image, "operatingSystem>Ubuntu"),
        (Entity::Image, "operatingSystem:[a .. b]"),
        (Entity::Software, "version>1.2"),
        (Entity::Image, "uuid>x"),
        (Entity::Image, "tags:(name:a and not name:b)"),
        (Entity::Image, "nothing is null"),
    ];
    let lines: Vec<_> = texts
        .iter()
        .map(|(entity, text)| format!("{entity:?} {text}\n    {}", mistake(*entity, text)))
        .collect();
    insta::assert_snapshot!("refused", lines.join("\n"));
}

#[test]
fn the_first_mistake_in_the_text_is_named() {
    let refused = mistake(Entity::Image, "sha:a and (foo:1 or bar:2)");
    assert_eq!(refused, "filter token `foo` (column 12) is unknown");
}

#[test]
fn a_word_that_is_meant_as_a_condition_is_not_looked_for_as_text() {
    for text in
        ["image-id:abc", "日本語:1", "сreated>5", "!size>0", "1size>5", "size>5 and repo-tag:x", "foo-bar!=1"]
    {
        let refused = parse(text).unwrap_err().to_string();
        assert!(refused.contains("is not the name of a token"), "{text}: {refused}");
    }
    for text in [":x", ">= 5", "size>5 and =x"] {
        assert!(parse(text).unwrap_err().to_string().contains("a token is missing"), "{text}");
    }
    for text in [
        "10.0.0.1:5000",
        "libstdc++6:amd64",
        "team/web:1.4",
        "`a-b:c`",
        "\"a-b: c\"",
        "web-1",
        "author:a-b:c d-e:f",
    ] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn a_list_has_a_limit() {
    let list = |items: usize| format!("vulnerabilities.qid:[{}]", vec!["1"; items].join(","));
    assert!(resolve(&parse(&list(MAX_LIST)).unwrap(), Entity::Image, NOW).is_ok());
    let refused = resolve(&parse(&list(MAX_LIST + 1)).unwrap(), Entity::Image, NOW).unwrap_err();
    assert!(
        matches!(refused, QueryError::TooMany { column: 1, length: 10_001, limit: 10_000, .. }),
        "{refused}"
    );
}

#[test]
fn conditions_have_a_limit_but_alternatives_on_one_token_count_once() {
    let joined = |word: &str, count: usize| vec!["size>1"; count].join(word);
    let read = |text: &str| resolve(&parse(text).unwrap(), Entity::Image, NOW);
    assert!(read(&joined(" or ", 6_000)).is_ok());
    assert!(read(&joined(" ", MAX_TESTS)).is_ok());
    let refused = read(&joined(" ", MAX_TESTS + 1)).unwrap_err();
    assert_eq!(refused, QueryError::TooManyTests { count: 4_097, limit: 4_096 });
    assert_eq!(refused.column(), 1);
}

#[test]
fn hostile_text_is_refused_or_resolved_in_bounded_time_and_stack() {
    let texts = [
        "(".repeat(100_000),
        ")".repeat(100_000),
        "x".repeat(1 << 20),
        format!("uuid:[{}]", "a,".repeat(1_000_000)),
        "not ".repeat(100_000),
        "(".repeat(60_000),
        "host:(".repeat(10_000),
        "not ".repeat(16_000),
        "a ".repeat(32_000),
        "'".repeat(65_000),
        "`\u{fffd}".repeat(10_000),
        "uuid:\u{fffd} and name:\u{0} ".repeat(3_000),
        ".".repeat(65_000),
        "a.".repeat(32_000),
        format!("{}:1", "vulnerabilities.".repeat(4_000)),
        format!("name:{}", " ".repeat(65_000)),
        format!("name:`{}`", "[".repeat(65_000)),
        format!("updated:`{}`", "[".repeat(65_000)),
        format!("operatingSystem:[{}]", (0..9_999).map(|n| format!("{n:x},")).collect::<String>() + "1"),
        format!("operatingSystem:[{}]", (0..7_000).map(|n| format!("`{n:x}`,")).collect::<String>() + "1"),
        format!("uuid:[{}]", (0..9_999).map(|n| format!("{n:x}*,")).collect::<String>() + "1"),
        format!(
            "{}uuid:[{}]{}",
            "(".repeat(900),
            (0..9_000).map(|n| format!("{n:x},")).collect::<String>() + "1",
            " or uuid:x)".repeat(900)
        ),
    ];
    for text in texts {
        let begin = text.chars().take(20).collect::<String>();
        let started = std::time::Instant::now();
        for entity in Entity::ALL {
            let _ = parse(&text).and_then(|query| resolve(&query, entity, NOW));
        }
        assert!(started.elapsed().as_secs() < 30, "{begin} took {:?}", started.elapsed());
    }
}

#[test]
fn the_deepest_query_is_resolved_on_a_small_stack() {
    let groups = format!("{}isRoot:true{}", "host:(".repeat(MAX_DEPTH - 1), ")".repeat(MAX_DEPTH - 1));
    let mixed = format!(
        "{}isRoot:true{}",
        "(isRoot:true or isRoot:false and ".repeat(MAX_DEPTH),
        ")".repeat(MAX_DEPTH)
    );
    let groups = groups.replace("isRoot", "hostname").replace("true", "a");
    let negated = format!("{}isRoot:true", "not ".repeat(MAX_DEPTH));
    let walk = move || {
        for text in [groups, mixed, negated] {
            assert!(resolve(&parse(&text).unwrap(), Entity::Container, NOW).is_ok());
        }
    };
    std::thread::Builder::new().stack_size(1 << 19).spawn(walk).unwrap().join().unwrap();
}
