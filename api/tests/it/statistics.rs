//! Numbers and completions inside a scope: equal to those of a fleet that has nothing else.

use serde_json::{Value, json};
use store::{DEFAULT_CUSTOMER, Role};

use crate::client::Request;
use crate::server::{ADMIN, TestServer};

const TARGETS: [&str; 21] = [
    "/api/v1/summary",
    "/api/v1/summary?entity=containers",
    "/api/v1/aggregates?by=severity",
    "/api/v1/aggregates?by=package&top=1000",
    "/api/v1/aggregates?by=package-version&top=1000",
    "/api/v1/aggregates?by=vulnerability&top=1000",
    "/api/v1/aggregates?by=cve&top=1000",
    "/api/v1/aggregates?by=repository",
    "/api/v1/aggregates?by=host",
    "/api/v1/aggregates?by=operatingSystem",
    "/api/v1/aggregates?entity=containers&by=name",
    "/api/v1/history",
    "/api/v1/qql/complete?q=repo.repository:",
    "/api/v1/qql/complete?entity=software&q=name:",
    "/api/v1/qql/complete?entity=vulnerabilities&q=qid:",
    "/csapi/v1.1/vulnerability",
    "/csapi/v1.1/vuln/count?groupBy=severity",
    "/api/v1/query?limit=0&columns=sha,repo.repository,label.key,layers.sha,softwares.name,vulnerabilities.qid",
    "/api/v1/query?limit=0&entity=containers&columns=sha,name,host.hostname,portMapping.port,vulnerabilities.qid",
    "/api/v1/query?limit=0&entity=software&columns=name,version,fixVersion,packagePath,imageCount,containerCount",
    "/api/v1/query?limit=0&entity=vulnerabilities",
];

const DEBIAN: &str = "81d93757457f988523814ae0009837ae893f38d3fe123f2c37896f118b4c7804";

/// What an account is told, without the times at which things were stored here.
async fn told(server: &TestServer, account: (&str, &str), target: &str) -> Value {
    let response = server.send(Request::get(target).basic(account.0, account.1)).await;
    assert_eq!(response.status, 200, "{target}: {}", response.text());
    let mut json = response.json();
    for row in json.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
        for key in ["firstFound", "lastFound"] {
            if let Some(time) = row.get_mut(key) {
                assert_eq!(time.as_str().unwrap().len(), 13, "{target}: {time}");
                *time = Value::Null;
            }
        }
    }
    json
}

/// Tags the first record of a list.
async fn tag(server: &TestServer, name: &str, target: &str) {
    let list = server.get(target).await.json();
    let id = format!("sha256:{}", list["data"][0]["sha"].as_str().unwrap());
    let kind = if target.contains("/containers") { "containers" } else { "images" };
    let request = Request::new("POST", &format!("/api/v1/tags/{name}")).basic(ADMIN.0, ADMIN.1);
    let response = server.send(request.json(&json!({ kind: [id] }))).await;
    assert!(response.status < 300, "{}", response.text());
}

#[tokio::test]
async fn a_scope_has_the_numbers_of_a_fleet_that_has_nothing_else() {
    let alone = TestServer::start().await;
    let shared = TestServer::start().await;
    shared.account("crew", "correct horse", Role::Reader, &["blue"]).await;
    for server in [&alone, &shared] {
        server.post_file("/api/v1/reports", "image-debian.json").await;
        server.post_file("/api/v1/containers", "containers-known-image.json").await;
    }
    shared.post_file("/api/v1/reports", "image-exploited.json").await;
    shared.post_file("/api/v1/reports", "image-alpine.json").await;
    shared.post_file("/api/v1/containers", "containers-unknown-image.json").await;
    tag(&shared, "blue", &format!("/csapi/v1.3/images?filter=sha:{DEBIAN}")).await;
    for target in TARGETS {
        let (here, there) =
            (told(&shared, ("crew", "correct horse"), target).await, told(&alone, ADMIN, target).await);
        assert_eq!(here, there, "{target}");
        assert_ne!(told(&shared, ADMIN, target).await, here, "{target} tells more of more");
    }
}

#[tokio::test]
async fn a_container_tells_its_findings_and_not_what_the_record_of_its_hidden_image_says() {
    let server = TestServer::start().await;
    server.account("crew", "correct horse", Role::Reader, &["red"]).await;
    for file in ["image-debian.json", "image-exploited.json"] {
        server.post_file("/api/v1/reports", file).await;
    }
    server.post_file("/api/v1/containers", "containers-known-image.json").await;
    tag(&server, "red", "/csapi/v1.3/containers").await;
    let crew = ("crew", "correct horse");
    for by in ["repository", "operatingSystem", "created", "architecture"] {
        let groups = told(&server, crew, &format!("/api/v1/aggregates?by={by}")).await;
        assert_eq!(groups, json!({ "data": [], "count": 0, "images": 0, "containers": 1 }), "{by}");
    }
    let rows = told(&server, crew, "/csapi/v1.1/vulnerability").await;
    let rows = rows["data"].as_array().unwrap();
    assert!(!rows.is_empty(), "the findings are the container's own");
    assert!(rows.iter().all(|row| row["imageCount"] == 0 && row["containerCount"] == 1));
    // with another image in sight the times are still times
    tag(&server, "red", "/csapi/v1.3/images?filter=repo.repository:exploited").await;
    told(&server, crew, "/csapi/v1.1/vulnerability").await;
    let target = format!("/csapi/v1.3/images/{DEBIAN}/association");
    assert_eq!(server.send(Request::get(&target).basic(crew.0, crew.1)).await.status, 403);
}

#[tokio::test]
async fn history_gives_back_the_days_of_exactly_the_scope_and_leaves_out_what_was_not_noted() {
    let server = TestServer::start().await;
    server.account("crew", "correct horse", Role::Reader, &["b", "a"]).await;
    server.account("mate", "correct horse", Role::Reader, &["a"]).await;
    let today = i32::try_from(model::Timestamp::now().0.div_euclid(86_400_000)).unwrap();
    let day = |images: u64| api::day_document(fleet::Summary { images, ..fleet::Summary::default() });
    for (key, ago, document) in [
        ("", 1, day(9)),
        ("", 3, day(8)),
        ("", 40, day(7)),
        ("[\"a\",\"b\"]", 2, day(5)),
        ("[\"a\",\"b\"]", 1, "not numbers".to_owned()),
        // an old note of today does not hide how it is now
        ("[\"a\",\"b\"]", 0, day(6)),
    ] {
        server.store.put_day(DEFAULT_CUSTOMER, key, today - ago, &document).await.unwrap();
    }
    for (account, days, expected) in [
        (ADMIN, 30, vec![8, 9, 0]),
        (ADMIN, 41, vec![7, 8, 9, 0]),
        (ADMIN, 40, vec![8, 9, 0]),
        (ADMIN, 1, vec![0]),
        (("crew", "correct horse"), 30, vec![5, 0]),
        (("mate", "correct horse"), 30, vec![0]),
    ] {
        let target = format!("/api/v1/history?days={days}");
        let history = told(&server, account, &target).await;
        let images: Vec<u64> =
            history["data"].as_array().unwrap().iter().map(|day| day["images"].as_u64().unwrap()).collect();
        assert_eq!(images, expected, "{} {days}", account.0);
    }
}
