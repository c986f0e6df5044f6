//! The examples of the reference, and the places of mistakes.

use qql::{Expr, Op, QueryError, Value, parse};

/// A tree in one line, close to how one would say it.
fn tree(text: &str) -> String {
    match parse(text) {
        Ok(query) => query.root.as_ref().map_or("everything".to_owned(), show),
        Err(error) => format!("error: {error}"),
    }
}

fn show(expr: &Expr) -> String {
    let all = |operands: &[Expr]| operands.iter().map(show).collect::<Vec<_>>().join(", ");
    match expr {
        Expr::And(operands) => format!("and({})", all(operands)),
        Expr::Or(operands) => format!("or({})", all(operands)),
        Expr::Not(inner) => format!("not({})", show(inner)),
        Expr::Nested { token, inner } => format!("{}{{{}}}", token.name, show(inner)),
        Expr::IsNull(token) => format!("{} is null", token.name),
        Expr::FreeText(text) => format!("text {text}"),
        Expr::Term(term) => {
            let kind = match &term.value {
                Value::Scalar(_) => "",
                Value::List(_) => "any of ",
                Value::Range(_) => "within ",
            };
            format!("{} {} {kind}{}", term.token.name, term.op.as_str(), term.value)
        }
    }
}

#[test]
fn the_examples_of_the_reference_are_read_as_it_says() {
    let examples = [
        "updated>=1700000000123 AND not uuid: [0b1c2d3e-1111-3222-8333-444455556666]",
        "imagesInUse:`[now-30d ... now]` and vulnerabilities.severity:5",
        "imagesInUse:'[now-7d ... now]'",
        "state: `RUNNING` and imageSha:ab12 and lastVmScanDate:[now-3d ... now]",
        "sha:ab12 and lastScanned: [now-95s ... now]",
        "vulnerabilities:(severity:5 or severity:4) and not imagesInUse:[now-7d ... now]",
        "updated:[\"2024-05-01T00:00:00Z\"..\"2024-05-02T00:00:00Z\"] and (state:RUNNING)",
        "repo.registry:registry.example.com and repo.repository:team/web and repo.tag:1.4",
        "created:[1700000000000 ... 1700604802000] and state:RUNNING and imageId:d1a50f311f32",
        "vulnerabilities.typeDetected:[Confirmed, Potential]",
        "openPorts.port:(123 .. 1234)",
        "sha:ab12 and updated:[1700000000 ..]",
        "state:'RUNNING'",
        "state: ' RUNNING'",
        "not lastScanned is null AND updated>1700000000123",
        "registryUuid is not null",
        "name:libsystemd0:amd64",
        "asset.name: Car Assembly",
        "operatingSystem:Ubuntu Linux state:RUNNING or name:x",
        "operatingSystem:“Ubuntu Linux 22”",
        "a:1 or b:2 and c:3",
        "(a:1 or b:2) c:3",
        "not not (a:1)",
        "x:[`A`,`B`]",
        "x:[]",
        "x:[a .. b)",
        "x:[* .. b]",
        "x:10.0.0.8",
        "x:2024-05-01..2024-05-02",
        "x:[2024-05-01..2024-05-02]",
        "x:`it\\`s`",
        "name:web(1)",
        "(name:web)",
        "x=`1` and y!=2 and z<3 and w <= 4",
        "android:1 nothing:2",
        "hello \"big world\"",
        "",
        "  \t ",
    ];
    let shown: Vec<String> = examples.iter().map(|text| format!("{text}\n    {}", tree(text))).collect();
    insta::assert_snapshot!("examples", shown.join("\n"));
}

#[test]
fn mistakes_are_named_with_their_column() {
    let mistakes = [
        "state:",
        "(state:RUNNING",
        "state:RUNNING)",
        "and a:1",
        "a:1 and",
        "a:1 or or b:2",
        "not",
        "()",
        "a:()",
        "a:[1, 2",
        "a:[1,,2]",
        "a:[1 .. 2",
        "a:[..]",
        "a:(* ... *)",
        "a:'x",
        "updated>",
        "updated>[1 .. 2]",
        "a:>=5",
        "a is b",
        "a:1, b:2",
        "a:é and ü:",
        "null",
    ];
    let shown: Vec<String> = mistakes.iter().map(|text| format!("{text}\n    {}", tree(text))).collect();
    insta::assert_snapshot!("mistakes", shown.join("\n"));
}

#[test]
fn columns_count_characters_and_not_bytes() {
    let Err(QueryError::Syntax { column, .. }) = parse("a:ééé )") else {
        panic!("expected a syntax error")
    };
    assert_eq!(column, 7);
}

#[test]
fn a_quoted_range_is_read_on_demand() {
    let range = |text: &str| {
        let Some(Expr::Term(term)) = parse(text).unwrap().root else { panic!("expected a term") };
        assert_eq!(term.op, Op::Match);
        let Value::Scalar(scalar) = term.value else { panic!("expected a scalar") };
        qql::quoted_range(&scalar).map(|range| range.to_string())
    };
    assert_eq!(range("imagesInUse:`[now-30d ... now]`").as_deref(), Some("[now-30d ... now]"));
    assert_eq!(range("imagesInUse:'(1..2]'").as_deref(), Some("(1 ... 2]"));
    assert_eq!(range("imagesInUse:`[1, 2]`"), None);
    assert_eq!(range("imagesInUse:\"[1 .. 2]\"").as_deref(), Some("[1 ... 2]"));
    assert_eq!(range("imagesInUse:\"1 .. 2\""), None);
}

#[test]
fn nesting_is_limited_and_deep_text_does_not_exhaust_the_stack() {
    let nested = |depth: usize| format!("{}a:1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(1000)).is_ok());
    assert!(matches!(parse(&nested(1001)), Err(QueryError::TooDeep { column: 1001, .. })));
    assert!(matches!(parse(&"(".repeat(65_000)), Err(QueryError::TooDeep { .. })));
    assert!(matches!(parse(&"a:(".repeat(20_000)), Err(QueryError::TooDeep { .. })));
    assert!(matches!(parse(&"not ".repeat(15_000)), Err(QueryError::TooDeep { .. })));
    let negated = format!("{}a:1", "not ".repeat(1000));
    assert_eq!(parse(&negated).unwrap().to_string(), negated);
    let groups = (0..1000).map(|_| "x:(").collect::<String>() + "a:1" + &")".repeat(1000);
    assert_eq!(parse(&groups).unwrap().to_string(), groups);
    let siblings = "(a:1) ".repeat(5_000);
    assert!(parse(&siblings).is_ok());
}

#[test]
fn length_is_limited_and_a_long_list_is_read() {
    let list = |items: usize| format!("uuid:[{}]", vec!["a"; items].join(","));
    assert!(parse(&list(30_000)).is_ok());
    assert!(matches!(parse(&list(40_000)), Err(QueryError::TooLong { length: 80_006, limit: 65_536 })));
}
