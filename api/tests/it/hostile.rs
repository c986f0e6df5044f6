//! Queries and cursors that nobody means well with: each is refused in words or answered within the account's scope, and
//! costs little.

use std::time::{Duration, Instant};

use serde_json::json;
use store::{NewAccount, Role};
use uuid::Uuid;

use crate::client::{Request, Response};
use crate::server::{ADMIN, TestServer, report};

/// What any of these may take, on a slow machine that does other things.
const BOUND: Duration = Duration::from_secs(5);

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Queries that are no queries, or too much of one.
fn hostile() -> Vec<(&'static str, String)> {
    let many = |part: &str, count: usize| part.repeat(count);
    vec![
        ("parentheses", many("(", 60_000)),
        ("parentheses that close", format!("{}updated>1{}", many("(", 30_000), many(")", 30_000))),
        ("negations", format!("{}updated>1", many("not ", 15_000))),
        ("groups of elements", format!("{}x", many("vulnerabilities:(", 3_000))),
        ("elements of a list", format!("uuid:[{}x]", many("x,", 10_001))),
        ("conditions", format!("{}updated>1", many("author:x and sha:y or ", 2_500))),
        ("quotes", many("`", 60_001)),
        ("backslashes", format!("author:\"{}", many("\\", 60_000))),
        ("brackets", format!("created:{}", many("[", 60_000))),
        ("a surrogate", "author:\u{fffd}x and".to_owned()),
        ("control characters", "author\u{0}:\u{1}\u{7f}\u{202e} and".to_owned()),
    ]
}

fn assert_refused(what: &str, response: &Response, begun: Instant) {
    assert_eq!(response.status, 400, "{what}: {}", response.text());
    let body = response.json();
    assert_eq!(body["errorCode"], "400 BAD_REQUEST", "{what}");
    assert!(body["timestamp"].is_i64(), "{what}");
    let message = body["message"].as_str().unwrap();
    assert!(!message.is_empty() && message.len() < 1_000, "{what}: {message}");
    assert!(begun.elapsed() < BOUND, "{what} took {:?}", begun.elapsed());
}

#[tokio::test]
async fn hostile_filters_and_cursors_are_refused_in_words_and_soon_on_every_route_that_takes_them() {
    let server = TestServer::start().await;
    server.send(Request::new("POST", "/api/v1/reports").basic(ADMIN.0, ADMIN.1).json(&report(1))).await;
    let digest = model::Digest::of(&1_u32.to_le_bytes()).to_hex();
    let routes = [
        "/csapi/v1.3/images?filter=".to_owned(),
        "/csapi/v1.1/images/list?filter=".to_owned(),
        "/csapi/v1.3/images/list?paginationQuery=".to_owned(),
        "/csapi/v1.3/images/snow?filter=".to_owned(),
        "/csapi/v1.3/containers?filter=".to_owned(),
        "/csapi/v1.3/vulnerability?filter=".to_owned(),
        "/csapi/v1.3/vuln/count?filter=".to_owned(),
        "/api/v1/aggregates?by=severity&filter=".to_owned(),
        "/api/v1/summary?filter=".to_owned(),
        format!("/csapi/v1.3/images/{digest}/software?filter="),
        format!("/csapi/v1.3/images/{digest}/vuln?filter="),
        format!("/csapi/v1.3/images/{digest}/association?filter="),
        "/csapi/v1.3/images?sort=".to_owned(),
        "/api/v1/aggregates?by=".to_owned(),
    ];
    for (what, text) in hostile() {
        let text: String = encoded(&text).chars().take(64_000).collect();
        for route in &routes {
            let begun = Instant::now();
            let response = server.get(&format!("{route}{text}")).await;
            assert_refused(&format!("{what} at {route}"), &response, begun);
        }
    }
    for surrogate in ["%ED%A0%80", "author:%ED%A0%80", "author:%22%FF%22"] {
        for route in &routes {
            let begun = Instant::now();
            let response = server.get(&format!("{route}{surrogate}")).await;
            assert_refused(&format!("{surrogate} at {route}"), &response, begun);
        }
    }
    assert_eq!(server.get("/csapi/v1.3/images").await.json()["count"], 1, "the server goes on");
}

#[tokio::test]
async fn a_filter_in_a_body_may_be_longer_than_an_address_and_is_refused_all_the_same() {
    let server = TestServer::start().await;
    let list = |count: usize| format!("uuid:[{}x]", "x,".repeat(count));
    for (what, filter) in [
        ("a hundred thousand parentheses", "(".repeat(100_000)),
        ("a megabyte", format!("author:{}", "x".repeat(1 << 20))),
        ("a list of a million", list(1_000_000)),
        ("a list of ten thousand and two", list(10_001)),
    ] {
        let request = Request::new("DELETE", "/csapi/v1.3/images").basic(ADMIN.0, ADMIN.1);
        let begun = Instant::now();
        let response = server.send(request.json(&json!({ "filter": filter }))).await;
        assert_refused(what, &response, begun);
    }
    let body = br#"{"filter":"author:\ud800"}"#.to_vec();
    let request = Request::new("DELETE", "/csapi/v1.3/images").basic(ADMIN.0, ADMIN.1);
    let begun = Instant::now();
    let response = server.send(request.header("Content-Type", "application/json").body(body)).await;
    assert_refused("a lone surrogate", &response, begun);
}

#[tokio::test]
async fn an_address_longer_than_the_server_takes_is_refused_without_reading_it_all() {
    let server = TestServer::start().await;
    let response = server.get(&format!("/csapi/v1.3/images?filter={}", "(".repeat(100_000))).await;
    assert!(matches!(response.status, 414 | 431), "{}", response.status);
}

#[tokio::test]
async fn completions_of_hostile_texts_are_few_and_soon() {
    let server = TestServer::start().await;
    for (what, text) in hostile() {
        let text: String = encoded(&text).chars().take(64_000).collect();
        let begun = Instant::now();
        let response = server.get(&format!("/api/v1/qql/complete?q={text}")).await;
        assert_eq!(response.status, 200, "{what}: {}", response.text());
        assert!(response.json()["candidates"].as_array().unwrap().len() <= 100, "{what}");
        assert!(begun.elapsed() < BOUND, "{what} took {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_cursor_from_elsewhere_shows_nothing_that_its_sender_may_not_see() {
    let server = TestServer::start().await;
    server.account("crew", "correct horse", Role::Reader, &["blue"]).await;
    let other = NewAccount {
        name: "stranger".into(),
        password: "correct horse".into(),
        role: Role::Manager,
        tags: Vec::new(),
    };
    server.store.create_account_for(Uuid::from_u128(7), other).await.unwrap();
    for number in 1..=5 {
        let request = Request::new("POST", "/api/v1/reports").basic(ADMIN.0, ADMIN.1);
        assert_eq!(server.send(request.json(&report(number))).await.status, 201);
    }
    let page = server.get("/csapi/v1.1/images/list?limit=2").await;
    let seen = page.json()["data"][0]["uuid"].as_str().unwrap().to_owned();
    let id = format!("sha256:{}", page.json()["data"][0]["sha"].as_str().unwrap());
    let tag = Request::new("POST", "/api/v1/tags/blue").basic(ADMIN.0, ADMIN.1);
    let tagged = server.send(tag.json(&json!({ "images": [id] }))).await;
    assert!(tagged.status < 300, "{}", tagged.text());

    let next = page.next().unwrap();
    let cursor = next.split("paginationQuery=").nth(1).unwrap().split('&').next().unwrap();
    let forged = [
        cursor.to_owned(),
        encoded("updated>=0"),
        encoded("updated>=0 AND not uuid: []"),
        encoded("updated>=0 or author:x or not author:x"),
        encoded("not (updated>=0 and tags.name:blue)"),
        encoded("updated>=99999999999999 AND not uuid: [0b1c2d3e-1111-7222-8333-444455556666]"),
        encoded("updated>=0 AND uuid>0b1c2d3e-1111-7222-8333-444455556666"),
    ];
    for text in &forged {
        for end in ["", "&until=0", "&until=9223372036854775807", "&until=-9223372036854775808"] {
            let target = format!("/csapi/v1.1/images/list?limit=250&paginationQuery={text}{end}");
            let crew = server.send(Request::get(&target).basic("crew", "correct horse")).await;
            match crew.status {
                200 => {
                    for row in crew.json()["data"].as_array().unwrap() {
                        assert_eq!(row["uuid"], seen.as_str(), "{target}");
                    }
                }
                status => assert_eq!(status, 400, "{target}: {}", crew.text()),
            }
            let stranger = server.send(Request::get(&target).basic("stranger", "correct horse")).await;
            assert!(
                stranger.status == 400 || stranger.json()["data"] == json!([]),
                "{target}: {}",
                stranger.text()
            );
        }
    }
    // a cursor beside another filter goes on in that filter
    let target = format!("/csapi/v1.3/images/list?limit=250&filter=uuid:{seen}&paginationQuery={cursor}");
    let rows = server.get(&target).await;
    assert!(matches!(rows.status, 200 | 204), "{}", rows.text());
    if rows.status == 200 {
        assert!(rows.json()["data"].as_array().unwrap().iter().all(|row| row["uuid"] == seen.as_str()));
    }
    for broken in ["x", "updated>=", "updated>=1 AND not uuid: [x", "nmae:x", "updated>=now-"] {
        let begun = Instant::now();
        let response =
            server.get(&format!("/csapi/v1.3/images/list?paginationQuery={}", encoded(broken))).await;
        if response.status != 204 {
            assert_refused(broken, &response, begun);
        }
    }
    let begun = Instant::now();
    let response = server.get("/csapi/v1.3/images/list?until=soon").await;
    assert_refused("until", &response, begun);
}
