//! The server over PostgreSQL, as over a file: everything that goes in comes out, also when the database goes away.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::postgres::{self, Cluster};

use crate::harness::{PASSWORD, Server, client, image_id, report, run};

/// How long another server, or one whose database comes back, may take.
const PATIENCE: Duration = Duration::from_secs(60);

fn server(data: &Path, url: &str) -> Server {
    Server::start_with(data, &["--database", url])
}

fn container(number: u64) -> Value {
    json!({
        "id": model::Digest::of(format!("container {number}").as_bytes()),
        "name": format!("web-{number}"), "imageId": image_id(number),
        "host": {"hostname": format!("node-{}", number % 3)}, "state": "RUNNING",
        "created": 1_700_000_000_000_i64, "stateChanged": 1_700_000_000_000_i64,
        "observedAt": 1_700_000_000_000_i64, "source": "GENERAL"
    })
}

fn send_containers(server: &Server, numbers: std::ops::Range<u64>) {
    let containers: Vec<Value> = numbers.map(container).collect();
    let body = serde_json::to_vec(&containers).unwrap();
    let response = server.post("/api/v1/containers", body).unwrap();
    assert!(response.status().is_success(), "{}: {}", response.status(), response.text().unwrap());
}

/// All records of the bulk lists, without anything that names the server.
fn everything(server: &Server) -> Vec<Value> {
    let mut all = server.export("/csapi/v1.3/images/list?limit=7");
    all.extend(server.export("/csapi/v1.3/containers/list?limit=7"));
    all
}

fn count(server: &Server, list: &str) -> u64 {
    let response = server.get(&format!("/csapi/v1.3/{list}"));
    if response.status() == 204 {
        return 0;
    }
    response.json::<Value>().unwrap()["count"].as_u64().unwrap()
}

/// Tries until it holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} does not come about");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn delete(server: &Server, what: &str) {
    let request = client().delete(format!("{}/csapi/v1.3/{what}", server.base));
    let response = request.basic_auth("admin", Some(PASSWORD)).send().unwrap();
    assert!(response.status().is_success(), "{}: {}", response.status(), response.text().unwrap());
}

#[test]
fn what_was_reported_is_listed_exported_deleted_and_there_after_a_restart() {
    if !postgres::is_there() {
        return;
    }
    let database = postgres::fresh_database();
    let data = tempfile::tempdir().unwrap();
    let first = server(data.path(), &database.url);
    (0..20).for_each(|number| first.ingest(&report(number, 6, 1_700_000_000_000 + number as i64)));
    send_containers(&first, 0..12);
    assert_eq!((count(&first, "images"), count(&first, "containers")), (20, 12));
    assert_eq!(count(&first, "images?filter=softwares.version:1.3"), 3);
    delete(&first, "containers?filter=host.hostname:node-1");
    until("the deletion", || count(&first, "containers") == 8);
    let exported = everything(&first);
    assert_eq!(exported.len(), 28);
    assert!(first.terminate());
    assert!(!data.path().join("plimsoll.db").exists(), "nothing is kept in a file");
    let second = server(data.path(), &database.url);
    assert_eq!(everything(&second), exported);
    second.kill();
    let arguments = ["admin", "verify", "--database", &database.url, "--data", data.path().to_str().unwrap()];
    let verified = run(&arguments);
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn two_servers_on_one_database_follow_each_other() {
    if !postgres::is_there() {
        return;
    }
    let database = postgres::fresh_database();
    let (data_a, data_b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (server(data_a.path(), &database.url), server(data_b.path(), &database.url));
    for number in 0..30 {
        let to = if number % 2 == 0 { &a } else { &b };
        to.ingest(&report(number, 5, 1_700_000_000_000 + number as i64));
    }
    send_containers(&b, 0..10);
    until("the same state", || {
        count(&a, "images") == 30 && count(&b, "images") == 30 && count(&a, "containers") == 10
    });
    assert_eq!(everything(&a), everything(&b));
    delete(&b, "containers?filter=host.hostname:node-2");
    until("the deletion", || count(&a, "containers") == 7 && count(&b, "containers") == 7);
    delete(&a, "images?filter=associatedContainersCount:0");
    until("the deletion", || count(&b, "images") == count(&a, "images") && count(&a, "images") < 30);
    assert_eq!(everything(&a), everything(&b));
}

#[test]
fn a_database_that_goes_away_and_comes_back_costs_nothing_but_time() {
    if !postgres::is_there() {
        return;
    }
    let mut cluster = Cluster::start(&[]);
    let database = cluster.fresh_database();
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path(), &database.url);
    (0..5).for_each(|number| server.ingest(&report(number, 4, 1_700_000_000_000)));
    cluster.stop();
    let send = |number| {
        server.post("/api/v1/reports", serde_json::to_vec(&report(number, 4, 1_700_000_000_001)).unwrap())
    };
    let refused = send(5).unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    cluster.start_again();
    until("the return", || send(5).unwrap().status().is_success());
    (6..9).for_each(|number| server.ingest(&report(number, 4, 1_700_000_000_002)));
    until("the state", || count(&server, "images") == 9);
    let exported = server.export("/csapi/v1.3/images/list?limit=2");
    assert_eq!(exported.len(), 9);
}

#[test]
fn a_database_that_lost_rows_is_told_with_every_problem_on_a_line() {
    if !postgres::is_there() {
        return;
    }
    let cluster = Cluster::start(&[]);
    let database = cluster.fresh_database();
    let data = tempfile::tempdir().unwrap();
    let server = server(data.path(), &database.url);
    (0..5).for_each(|number| server.ingest(&report(number, 4, 1_700_000_000_000)));
    assert!(server.terminate());
    cluster.run_sql(&database.name, "DELETE FROM inventory");
    let folder = data.path().to_str().unwrap();
    for index in [&[][..], &["--facts-only"]] {
        let arguments = [&["admin", "verify", "--database", &database.url, "--data", folder], index].concat();
        let output = run(&arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        let problems = said.lines().filter(|line| line.starts_with("problem: image ")).count();
        assert_eq!(problems, 5, "{said}");
        assert_eq!(said.contains("problem: index: "), index.is_empty(), "{said}");
    }
}
