//! Sending facts: forms of a body, repetition, and everything that is refused.

use std::io::Write as _;

use api::ApiSettings;
use serde_json::json;

use crate::client::{Request, Response};
use crate::server::{ADMIN, TestServer, compat_folder, report};

fn post(target: &str) -> Request {
    Request::new("POST", target).basic(ADMIN.0, ADMIN.1)
}

async fn refused(server: &TestServer, request: Request, status: u16, part: &str) -> Response {
    let response = server.send(request).await;
    assert_eq!(response.status, status, "{}", response.text());
    let message = response.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains(part), "{message}");
    response
}

#[tokio::test]
async fn a_report_is_visible_when_it_is_acknowledged_and_known_when_it_comes_again() {
    let server = TestServer::start().await;
    let first = server.send(post("/api/v1/reports").json(&report(1))).await;
    assert_eq!(first.status, 201);
    let stored = first.json();
    assert_eq!(stored["changed"], json!(true));
    let sha = stored["image"]["sha"].as_str().unwrap();
    let shown = server.get(&format!("/csapi/v1.3/images/{sha}")).await.json();
    assert_eq!(shown["uuid"], stored["image"]["uuid"]);
    assert_eq!(shown["updated"], json!(stored["updated"].to_string()));

    let again = server.send(post("/api/v1/reports").json(&report(1))).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["changed"], json!(false));
    assert_eq!(again.json()["updated"], stored["updated"]);
}

#[tokio::test]
async fn bodies_may_be_compressed() {
    let server = TestServer::start().await;
    let text = |number| serde_json::to_vec(&report(number)).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&text(1)).unwrap();
    let gzip = post("/api/v1/reports").header("Content-Encoding", "gzip").body(gzip.finish().unwrap());
    assert_eq!(server.send(gzip).await.status, 201);
    let zstd = zstd::encode_all(&*text(2), 3).unwrap();
    let zstd = post("/api/v1/reports").header("Content-Encoding", "zstd").body(zstd);
    assert_eq!(server.send(zstd).await.status, 201);
    let plain = post("/api/v1/reports").header("Content-Encoding", "identity").body(text(3));
    assert_eq!(server.send(plain).await.status, 201);
    let other = post("/api/v1/reports").header("Content-Encoding", "br").body(text(4));
    refused(&server, other, 415, "supported: identity, gzip, zstd").await;
}

#[tokio::test]
async fn an_invalid_report_is_refused_with_its_place_and_nothing_of_it_is_kept() {
    let server = TestServer::start().await;
    let mut unknown = report(1);
    unknown["packages"][0]["colour"] = json!("red");
    let mut wrong = report(1);
    wrong["image"]["size"] = json!("big");
    let mut empty = report(1);
    empty["packages"][0]["name"] = json!("");
    let mut newer = report(1);
    newer["schema"] = json!(2);
    let cases = [
        (serde_json::to_vec(&unknown).unwrap(), "`packages[0].colour`: unknown field `colour`"),
        (serde_json::to_vec(&wrong).unwrap(), "`image.size`: invalid type"),
        (serde_json::to_vec(&empty).unwrap(), "packages[0].name"),
        (serde_json::to_vec(&newer).unwrap(), "schema"),
        (b"{\"schema\": 1,\n  \"scanner\": nothing}".to_vec(), "line 2 column"),
        (b"".to_vec(), "line 1 column 0"),
        (b"[]".to_vec(), "invalid body"),
        (b"\xff\xfe".to_vec(), "invalid body"),
    ];
    for (body, part) in cases {
        refused(&server, post("/api/v1/reports").body(body), 400, part).await;
    }
    assert_eq!(server.get("/csapi/v1.3/images").await.status, 204);
}

#[tokio::test]
async fn a_body_larger_than_the_limit_is_refused_before_and_after_decompression() {
    let settings = ApiSettings { max_body: 10_000, max_decompressed: 100_000, ..ApiSettings::default() };
    let server = TestServer::start_with(settings).await;
    let large = post("/api/v1/reports").body(vec![b' '; 20_000]);
    refused(&server, large, 413, "larger than 10000 bytes as sent").await;
    let bomb = zstd::encode_all(&*vec![b' '; 50 << 20], 1).unwrap();
    let bomb = post("/api/v1/reports").header("Content-Encoding", "zstd").body(bomb);
    refused(&server, bomb, 413, "larger than 100000 bytes after decompression").await;
    assert_eq!(server.send(post("/api/v1/reports").json(&report(1))).await.status, 201);
}

#[tokio::test]
async fn containers_are_stored_together_or_not_at_all() {
    let server = TestServer::start().await;
    let file = compat_folder().join("data/containers-known-image.json");
    let containers: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let mut broken = containers[0].clone();
    broken["id"] = json!("sha256:5");
    let request = post("/api/v1/containers").json(&json!([containers[0], broken]));
    refused(&server, request, 400, "`[1].id`").await;
    assert_eq!(server.get("/csapi/v1.3/containers").await.status, 204);

    let one = server.send(post("/api/v1/containers").json(&containers[0])).await;
    assert_eq!((one.status, one.json()["changed"].clone()), (201, json!(true)));
    let again = server.send(post("/api/v1/containers").json(&containers)).await;
    assert_eq!((again.status, again.json()["changed"].clone()), (200, json!(false)));
    assert_eq!(again.json()["containers"][0], one.json()["containers"][0]);
    assert_eq!(server.get("/csapi/v1.3/containers?pageSize=1").await.json()["count"], json!(1));
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_was_acknowledged_stays() {
    let server = TestServer::start().await;
    assert_eq!(server.send(post("/api/v1/reports").json(&report(1))).await.status, 201);
    server.store.limit_pages(1).await.unwrap();
    let mut last = None;
    for number in 2..200 {
        let mut large = report(number);
        large["users"] = json!((0..2_000).map(|user| format!("user-{number}-{user}")).collect::<Vec<_>>());
        let response = server.send(post("/api/v1/reports").json(&large)).await;
        if response.status != 201 {
            last = Some(response);
            break;
        }
    }
    let response = last.expect("the disk is full at last");
    assert_eq!(response.status, 507, "{}", response.text());
    assert_eq!(response.json()["errorCode"], json!("507 INSUFFICIENT_STORAGE"));
    assert!(response.json()["message"].as_str().unwrap().contains("disk is full"));
    let sha = model::Digest::of(&1_u32.to_le_bytes()).to_hex();
    assert_eq!(server.get(&format!("/csapi/v1.3/images/{sha}")).await.status, 200);
}

#[tokio::test]
async fn a_tag_brings_an_image_into_a_scope_and_out_of_it() {
    let server = TestServer::start().await;
    server.account("team", "secret", store::Role::Reader, &["blue"]).await;
    server.send(post("/api/v1/reports").json(&report(1))).await;
    let target = format!("/csapi/v1.3/images/{}", model::Digest::of(&1_u32.to_le_bytes()).to_hex());
    let look = || Request::get(&target).basic("team", "secret");
    assert_eq!(server.send(look()).await.status, 403);
    let tagged = json!({ "images": [model::Digest::of(&1_u32.to_le_bytes())] });
    let answer = server.send(post("/api/v1/tags/blue").json(&tagged)).await;
    assert_eq!((answer.status, answer.json()["changed"].clone()), (200, json!(true)));
    assert_eq!(server.send(look()).await.status, 200);
    let unknown = json!({ "images": [model::Digest::of(b"unknown")] });
    refused(&server, post("/api/v1/tags/blue").json(&unknown), 404, "does not exist").await;
    let by_reader = Request::new("POST", "/api/v1/tags/blue").basic("team", "secret").json(&tagged);
    refused(&server, by_reader, 403, "CS.TAG.ASSIGN").await;

    let delete = || Request::new("DELETE", "/api/v1/tags/blue");
    refused(&server, delete().basic("team", "secret").json(&tagged), 403, "CS.TAG.ASSIGN").await;
    refused(&server, delete().basic(ADMIN.0, ADMIN.1).json(&unknown), 404, "does not exist").await;
    for changed in [true, false] {
        let answer = server.send(delete().basic(ADMIN.0, ADMIN.1).json(&tagged)).await;
        assert_eq!((answer.status, answer.json()["changed"].clone()), (200, json!(changed)));
        assert_eq!(server.send(look()).await.status, 403);
    }
}

#[tokio::test]
async fn a_sender_that_stalls_is_cut_off_and_does_not_hold_up_the_others() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let body_pause = std::time::Duration::from_millis(300);
    let server = TestServer::start_with(ApiSettings { body_pause, ..ApiSettings::default() }).await;
    let mut stalled = Vec::new();
    for _ in 0..8 {
        let mut stream = tokio::net::TcpStream::connect(&server.address).await.unwrap();
        let head = "POST /api/v1/reports HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46Y29ycmVjdCBob3JzZQ==\r\n\
                    Content-Length: 900\r\n\r\n{\"schema\"";
        stream.write_all(head.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    let answer = server.send(post("/api/v1/reports").json(&report(1))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    for mut stream in stalled {
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        assert!(
            text.contains(
                r#"{"errorCode":"408 REQUEST_TIMEOUT","message":"the body did not arrive in time""#
            )
        );
    }
}

/// The report of an image with one layer for each name.
fn layered(number: u32, tag: &str, layers: &[&str]) -> serde_json::Value {
    let mut report = report(number);
    let diff_id = |name: &&str| model::Digest::of(name.as_bytes()).to_string();
    let layers = layers.iter().map(|name| json!({"diffId": diff_id(name), "size": 1, "createdBy": name}));
    report["image"]["layers"] = layers.collect();
    report["packages"] = json!([]);
    report["tags"] = json!([tag]);
    report
}

#[tokio::test]
async fn the_base_image_is_the_largest_known_one_below_that_the_reader_may_see() {
    let server = TestServer::start().await;
    server.account("red", "red password", store::Role::Reader, &["red"]).await;
    for (number, tag, layers) in
        [(1, "red", &["a"][..]), (2, "blue", &["a", "b"]), (3, "red", &["a", "b", "c"]), (4, "red", &["x"])]
    {
        let answer = server.send(post("/api/v1/reports").json(&layered(number, tag, layers))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
    let sha = |number| report(number)["image"]["id"].as_str().unwrap().replace("sha256:", "");
    let target = format!("/csapi/v1.3/images/{}", sha(3));
    let shown = server.get(&target).await.json();
    assert_eq!(shown["baseImage"], json!(sha(2)));
    let layers = |shown: &serde_json::Value| {
        shown["layers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|layer| layer["isBaseLayer"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(layers(&shown), [json!(true), json!(true), json!(false)]);

    let scoped = Request::new("GET", &target).basic("red", "red password");
    let scoped = server.send(scoped).await.json();
    assert_eq!(scoped["baseImage"], json!(sha(1)), "an image of another scope is never named");
    assert_eq!(layers(&scoped), [json!(true), json!(false), json!(false)]);

    let alone = server.get(&format!("/csapi/v1.3/images/{}", sha(4))).await.json();
    assert_eq!((&alone["baseImage"], layers(&alone)), (&json!(null), vec![json!(null)]));
}

#[tokio::test]
async fn secrets_are_shown_masked_when_they_are_asked_for() {
    let server = TestServer::start().await;
    let mut report = layered(7, "red", &["a"]);
    report["secrets"] = json!([{
        "path": "srv/.env", "line": 3, "rule": "generic", "title": "a password", "severity": 4, "masked": "ab****", "layer": 0,
    }]);
    assert_eq!(server.send(post("/api/v1/reports").json(&report)).await.status, 201);
    let sha = report["image"]["id"].as_str().unwrap().replace("sha256:", "");
    let plain = server.get(&format!("/csapi/v1.3/images/{sha}")).await.json();
    assert!(plain.get("secrets").is_none());
    let asked = server.get(&format!("/csapi/v1.3/images/{sha}?scanDetails=secrets")).await.json();
    let layer = model::Digest::of(b"a").to_hex();
    assert_eq!(
        asked["secrets"],
        json!([{
            "type": "generic", "category": "SECRET", "title": "a password", "filePath": "srv/.env", "startLine": 3,
            "endLine": 3, "severity": "HIGH", "match": "ab****", "layerSha": [layer],
        }])
    );
}
