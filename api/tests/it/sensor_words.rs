//! What sensors ask and are told: images that others have read, containers that are believed to be alive, clocks, sizes.

use model::{Digest, Timestamp};
use serde_json::{Value, json};
use store::NewSensorToken;
use uuid::Uuid;

use crate::client::{Request, Response};
use crate::sensors::{TestSensor, admin, enrolled, message};
use crate::server::{TestServer, report};

async fn post(server: &TestServer, sensor: &TestSensor, target: &str, body: &Value) -> Response {
    server.send(sensor.signs(Request::new("POST", target)).json(body)).await
}

async fn wanted(server: &TestServer, sensor: &TestSensor, scanner: &str, images: Value) -> Vec<String> {
    let question = json!({"scanner": scanner, "images": images});
    let answer = post(server, sensor, "/api/v1/sensors/images", &question).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let wanted = answer.json()["wanted"].as_array().unwrap().clone();
    wanted.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn name(tag: &str) -> Value {
    json!({"registry": "docker.io", "repository": "shop/web", "tag": tag})
}

#[tokio::test]
async fn an_image_that_a_sensor_has_read_is_not_wanted_again_and_gets_the_new_names() {
    let server = TestServer::start().await;
    let (first, second) = (enrolled(&server, 1).await, enrolled(&server, 2).await);
    let mut whole = serde_json::to_value(report(1)).unwrap();
    (whole["source"], whole["unreadable"]) = ("GENERAL".into(), json!([]));
    whole["image"]["references"] = json!([name("1")]);
    let (id, scanner) = (whole["image"]["id"].clone(), whole["scanner"].as_str().unwrap().to_owned());
    let sha = id.as_str().unwrap().trim_start_matches("sha256:").to_owned();
    assert_eq!(post(&server, &first, "/api/v1/reports", &whole).await.status, 201);

    let other = Digest::of(b"another image").to_string();
    let asked =
        json!([{"id": id, "references": [name("1"), name("stable")]}, {"id": other, "references": []}]);
    assert_eq!(wanted(&server, &second, &scanner, asked.clone()).await, std::slice::from_ref(&other));
    let shown = server.get(&format!("/csapi/v1.3/images/{sha}")).await.json();
    let tags: Vec<&str> =
        shown["repo"].as_array().unwrap().iter().filter_map(|place| place["tag"].as_str()).collect();
    assert_eq!(tags, ["1", "stable"], "{shown}");
    let updated = server.get("/api/v1/changes").await.text();
    assert_eq!(wanted(&server, &second, &scanner, asked).await, std::slice::from_ref(&other));
    assert_eq!(server.get("/api/v1/changes").await.text(), updated, "the same again is no news");

    // the same as if the whole report had come from both
    let twin = TestServer::start().await;
    let (one, two) = (enrolled(&twin, 1).await, enrolled(&twin, 2).await);
    post(&twin, &one, "/api/v1/reports", &whole).await;
    whole["image"]["references"] = json!([name("1"), name("stable")]);
    post(&twin, &two, "/api/v1/reports", &whole).await;
    let place = format!("/csapi/v1.3/images/{sha}");
    let (here, there) = (server.get(&place).await.json(), twin.get(&place).await.json());
    for key in ["repo", "repoDigests", "source", "lastFoundOnHost", "associatedHostsCount", "softwares"] {
        assert_eq!(here[key], there[key], "{key}");
    }
}

#[tokio::test]
async fn what_was_not_read_whole_by_a_sensor_with_the_same_program_is_wanted() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let mut sent = Vec::new();
    for (number, source, scanner, unreadable) in [
        (1, "CICD", "plimsoll/0.1.0", json!([])),
        (2, "GENERAL", "plimsoll/0.0.9", json!([])),
        (3, "GENERAL", "syft/1.0", json!([])),
        (4, "GENERAL", "plimsoll/0.1.0", json!([{"path": "a.jar", "reason": "broken"}])),
        (5, "REGISTRY", "plimsoll/0.1.0", json!([])),
    ] {
        let mut report = serde_json::to_value(report(number)).unwrap();
        (report["source"], report["scanner"], report["unreadable"]) =
            (source.into(), scanner.into(), unreadable);
        let answer = server.send(admin("POST", "/api/v1/reports").json(&report)).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        sent.push(report["image"]["id"].as_str().unwrap().to_owned());
    }
    let asked: Vec<Value> = sent.iter().map(|id| json!({"id": id})).collect();
    assert_eq!(wanted(&server, &sensor, "plimsoll/0.1.0", json!(asked)).await, sent[..4]);
    assert_eq!(wanted(&server, &sensor, "plimsoll/0.2.0", json!(asked)).await, sent);
}

#[tokio::test]
async fn images_of_another_customer_are_as_if_there_were_none() {
    let server = TestServer::start().await;
    let own = enrolled(&server, 1).await;
    let mut whole = serde_json::to_value(report(1)).unwrap();
    (whole["source"], whole["unreadable"]) = ("GENERAL".into(), json!([]));
    let (id, scanner) = (whole["image"]["id"].clone(), whole["scanner"].as_str().unwrap().to_owned());
    post(&server, &own, "/api/v1/reports", &whole).await;
    let new = NewSensorToken {
        customer: Uuid::from_u128(77),
        created_by: "test".into(),
        expires: Timestamp(Timestamp::now().0 + 60_000),
        uses: 1,
        profile: None,
    };
    let (token, _) = server.store.create_sensor_token(new).await.unwrap();
    let stranger = crate::sensors::enrolled_by(&server, &token, 2).await;
    let asked = json!([{"id": id, "references": [name("stolen")]}]);
    assert_eq!(wanted(&server, &stranger, &scanner, asked).await.len(), 1);
    let sha = id.as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let shown = server.get(&format!("/csapi/v1.3/images/{sha}")).await;
    assert!(!shown.text().contains("stolen"), "{}", shown.text());
}

#[tokio::test]
async fn a_question_is_bounded_and_its_faults_are_named() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let image = |number: u32| json!({"id": Digest::of(&number.to_le_bytes())});
    let many: Vec<Value> = (0..501).map(image).collect();
    let bad = json!([{"id": Digest::of(b"x"), "references": [{"registry": "", "repository": "a"}]}]);
    for (body, told) in [
        (json!({"scanner": "plimsoll/0.1.0", "images": many}), "`images`"),
        (json!({"scanner": "", "images": []}), "`scanner`"),
        (json!({"scanner": "x", "images": bad}), "images[0].references[0].registry"),
        (json!({"scanner": "x", "images": [{"id": "x"}]}), "images[0].id"),
        (json!({"scanner": "x", "images": [], "more": 1}), "unknown field"),
    ] {
        let answer = post(&server, &sensor, "/api/v1/sensors/images", &body).await;
        assert_eq!((answer.status, message(&answer).contains(told)), (400, true), "{}", answer.text());
    }
    assert_eq!(wanted(&server, &sensor, "x", json!(many[..500])).await.len(), 500);
}

#[tokio::test]
async fn what_is_too_large_is_refused_with_its_bound() {
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let own = format!("/api/v1/sensors/{}", sensor.uuid);
    for (method, target, most) in [
        ("POST", "/api/v1/sensors/enrol", 64 << 10),
        ("POST", "/api/v1/sensors/tokens", 64 << 10),
        ("POST", "/api/v1/sensors/heartbeat", 512 << 10),
        ("POST", "/api/v1/sensors/images", 2 << 20),
        ("GET", "/api/v1/sensors/containers", 64 << 10),
        ("PATCH", own.as_str(), 64 << 10),
        ("POST", &format!("{own}/revoke"), 64 << 10),
    ] {
        let is_ours =
            target.ends_with("beat") || target.ends_with("images") || target.ends_with("containers");
        let request =
            if is_ours { sensor.signs(Request::new(method, target)) } else { admin(method, target) };
        let request = request.body(" ".repeat(most + 1));
        let answer = server.send(request).await;
        assert_eq!(answer.status, 413, "{method} {target}: {}", answer.text());
        let told = format!("no more than {most}");
        assert!(message(&answer).contains(&told), "{method} {target}: {}", answer.text());
    }
}

fn container(number: u32, host: &str, observed: i64) -> Value {
    json!({
        "id": Digest::of(&number.to_le_bytes()), "name": format!("web-{number}"), "host": {"hostname": host},
        "state": "RUNNING", "created": 100, "stateChanged": observed, "observedAt": observed,
        "source": "GENERAL", "environment": ["A=b"], "details": {"runtime": "docker"},
    })
}

#[tokio::test]
async fn a_sensor_is_told_what_is_believed_alive_beside_it_also_by_its_predecessor() {
    let server = TestServer::start().await;
    let (former, other) = (enrolled(&server, 1).await, enrolled(&server, 2).await);
    let send = async |sensor: &TestSensor, containers: Value| {
        let answer = post(&server, sensor, "/api/v1/containers", &containers).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    };
    // the host of a sensor of seed N is node-N
    send(&former, json!([container(1, "node-3", 1_000), container(2, "elsewhere", 1_000)])).await;
    send(&other, json!([container(3, "node-3", 1_000)])).await;
    let new = enrolled(&server, 3).await;
    send(&new, json!([container(4, "node-3", 1_000)])).await;
    let ids = async |query: &str| {
        let target = format!("/api/v1/sensors/containers{query}");
        let answer = server.send(new.signs(Request::get(&target))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut rows = answer.json()["data"].as_array().unwrap().clone();
        rows.sort_by_key(|row| row["id"].to_string());
        rows
    };
    let of = |numbers: &[u32]| {
        let mut ids: Vec<String> =
            numbers.iter().map(|number| Digest::of(&number.to_le_bytes()).to_string()).collect();
        ids.sort();
        ids
    };
    let text = |rows: &[Value]| -> Vec<String> {
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(text(&ids("").await), of(&[4]), "another sensor that lives speaks for its own");
    server.send(admin("POST", &format!("/api/v1/sensors/{}/revoke", former.uuid))).await;
    let rows = ids("?reports=true").await;
    assert_eq!(text(&rows), of(&[1, 4]));
    assert!(rows.iter().all(|row| row["report"]["environment"] == json!(["A=b"])), "{rows:?}");
    assert!(ids("").await.iter().all(|row| row.get("report").is_none()));
    let refused =
        server.send(new.signs(Request::get("/api/v1/sensors/containers?reports=true&limit=101"))).await;
    assert_eq!((refused.status, message(&refused).contains("between 1 and 100")), (400, true));
}

#[tokio::test]
async fn times_of_the_future_are_taken_as_of_now_from_a_sensor_and_told() {
    const YEAR: i64 = 365 * 24 * 3_600 * 1_000;
    let server = TestServer::start().await;
    let sensor = enrolled(&server, 1).await;
    let now = Timestamp::now().0;
    let sent = json!([container(1, "node-1", now + YEAR), container(2, "node-1", now)]);
    let answer = post(&server, &sensor, "/api/v1/containers", &sent).await;
    assert_eq!((answer.status, &answer.json()["heldBack"]), (201, &1.into()), "{}", answer.text());
    let target = "/api/v1/sensors/containers";
    let rows = server.send(sensor.signs(Request::get(target))).await.json();
    for row in rows["data"].as_array().unwrap() {
        assert!((row["observedAt"].as_i64().unwrap() - now).abs() < 60_000, "{row}");
    }
    // an account is told that its clock is wrong
    let refused =
        server.send(admin("POST", "/api/v1/containers").json(&json!([container(3, "a", now + YEAR)]))).await;
    assert_eq!((refused.status, message(&refused).contains("in the future")), (400, true));

    let mut image = serde_json::to_value(report(1)).unwrap();
    image["scannedAt"] = (now + YEAR).into();
    assert_eq!(post(&server, &sensor, "/api/v1/reports", &image).await.status, 201);
    let sha = image["image"]["id"].as_str().unwrap().trim_start_matches("sha256:").to_owned();
    let shown = server.get(&format!("/csapi/v1.3/images/{sha}")).await.json();
    let scanned: i64 = shown["lastScanned"].to_string().trim_matches('"').parse().unwrap();
    assert!((scanned - now).abs() < 60_000, "{shown}");

    let beat = json!({"version": "plimsoll/0.1.0", "sentAt": now + YEAR, "troubles": ["x"]});
    assert_eq!(post(&server, &sensor, "/api/v1/sensors/heartbeat", &beat).await.status, 200);
    let shown = server.get(&format!("/api/v1/sensors/{}", sensor.uuid)).await.json();
    let troubles = shown["heartbeat"]["troubles"].to_string();
    assert!(troubles.contains("ahead of the server's"), "{troubles}");
}
