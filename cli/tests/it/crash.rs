//! A server that is killed in the middle of its work shows afterwards what a rebuild from the database shows.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{PASSWORD, Server, client, image_id, report, run};

const PACKAGES: usize = 12;
const ROUNDS: u64 = 9;

/// Debian's tracker with flaws in the packages of [`report`]; those of `round` differ from those of the round before.
fn feeds(folder: &Path, round: u64) {
    let flaws = (0..PACKAGES as u64).filter(|package| (package + round).is_multiple_of(3)).map(|package| {
        let state = json!({"status": "resolved", "repositories": {"bookworm": "1.9"},
            "fixed_version": format!("1.{}", 2 + round % 5), "urgency": "medium"});
        let flaw = json!({format!("CVE-2024-{package:04}"): {"description": "made up", "releases": {"bookworm": state}}});
        (format!("package-{package}"), flaw)
    });
    let tracker: serde_json::Map<String, Value> = flaws.collect();
    std::fs::create_dir_all(folder.join("debian")).unwrap();
    std::fs::write(folder.join("debian/json"), Value::Object(tracker).to_string()).unwrap();
}

fn container(number: u64, state: &str) -> Value {
    json!({
        "id": model::Digest::of(format!("container {number}").as_bytes()),
        "name": format!("web-{number}"), "imageId": image_id(number % 40),
        "host": {"hostname": format!("node-{}", number % 3)}, "state": state,
        "created": 1_700_000_000_000_i64, "stateChanged": 1_700_000_000_000_i64,
        "observedAt": 1_700_000_000_000_i64 + number as i64, "source": "GENERAL"
    })
}

/// Reports images and containers until the server is gone.
fn write(server: &Server, next: &AtomicU64) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let image =
            serde_json::to_vec(&report(number % 60, PACKAGES, 1_700_000_000_000 + number as i64)).unwrap();
        let states = ["RUNNING", "DELETED", "STOPPED", "UNKNOWN"];
        let containers = json!([container(number % 90, states[number as usize % 4])]);
        let containers = serde_json::to_vec(&containers).unwrap();
        for (path, body) in [("/api/v1/reports", image), ("/api/v1/containers", containers)] {
            let Ok(response) = server.post(path, body) else { return };
            assert!(!response.status().is_client_error(), "{path}: {}", response.text().unwrap());
        }
    }
}

/// Deletes by filter until the server is gone.
fn delete(base: &str) {
    let client = client();
    let filters = [
        "containers?filter=state:DELETED",
        "images?filter=associatedContainersCount:0",
        "containers?filter=state:STOPPED",
    ];
    for filter in filters.iter().cycle() {
        let request = client.delete(format!("{base}/csapi/v1.3/{filter}"));
        if request.basic_auth("admin", Some(PASSWORD)).send().is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(7));
    }
}

/// Waits until every deletion that was asked for is carried out.
fn wait_for_jobs(server: &Server) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let jobs = server.json("/api/v1/jobs");
        let is_open = |job: &&Value| matches!(job["state"].as_str(), Some("QUEUED" | "RUNNING"));
        let Some(open) = jobs["data"].as_array().unwrap().iter().find(is_open) else { return };
        assert!(Instant::now() < deadline, "a job does not end: {open}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The bytes of every list that tells of the whole fleet, and of what belongs to some records.
fn everything(server: &Server) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut take = |path: String| {
        let response = server.get(&path);
        let link = crate::harness::next_link(&response);
        // the port is another one after each start
        let status = response.status();
        // what is not there is told with the time of day
        let body = if status.is_success() { response.text().unwrap() } else { String::new() };
        let text = format!("{status} {link:?} {body}");
        pages.push((path, text.replace(&server.base, "")));
        link
    };
    for version in ["v1.1", "v1.3"] {
        for list in ["images", "containers"] {
            let mut next = Some(format!("/csapi/{version}/{list}/list?limit=17"));
            while let Some(path) = next {
                next = take(path).map(|link| link.replace(&server.base, ""));
            }
            for sort in ["created:desc", "updated:asc", "riskScore:desc"] {
                take(format!("/csapi/{version}/{list}?pageSize=1000&sort={sort}"));
            }
            for filter in [
                "vulnerabilities.severity:[1,2,3,4,5]",
                "softwares.name:package",
                "not vulnerabilities.patchAvailable:true",
            ] {
                take(format!("/csapi/{version}/{list}?pageSize=1000&filter={filter}"));
            }
        }
        for number in 0..60 {
            let sha = image_id(number).0.to_hex();
            for part in ["", "/software", "/vuln", "/vuln/count", "/association"] {
                take(format!("/csapi/{version}/images/{sha}{part}"));
            }
        }
    }
    pages
}

#[test]
fn after_kills_in_ingest_deletion_and_rejudgement_every_list_is_that_of_a_rebuild() {
    let data = tempfile::tempdir().unwrap();
    let source = tempfile::tempdir().unwrap();
    let next = AtomicU64::new(0);
    for round in 0..ROUNDS {
        feeds(source.path(), round);
        let server = Server::start(data.path());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| write(&server, &next));
            }
            scope.spawn(|| delete(&server.base));
            std::thread::sleep(Duration::from_millis(60 + 90 * (round % 4)));
            let (data, source) = (data.path().to_str().unwrap(), source.path().to_str().unwrap());
            assert!(
                run(&["feeds", "import", source, "--data", data, "--allow-shrink", "debian"])
                    .status
                    .success()
            );
            std::thread::sleep(Duration::from_millis(130 * (round % 5)));
            let killed = std::process::Command::new("kill").args(["-9", &server.id().to_string()]).status();
            assert!(killed.unwrap().success());
        });
    }
    let server = Server::start(data.path());
    wait_for_jobs(&server);
    let followed = everything(&server);
    server.kill();
    let _ = std::fs::remove_dir_all(data.path().join("index"));
    let server = Server::start(data.path());
    let rebuilt = everything(&server);
    assert_eq!(followed.len(), rebuilt.len());
    for (followed, rebuilt) in followed.iter().zip(&rebuilt) {
        assert_eq!(followed, rebuilt);
    }
    assert!(server.terminate());
    let server = Server::start(data.path());
    assert!(everything(&server) == rebuilt, "a start from the saved index shows something else");
    let images = server.json("/csapi/v1.3/images?pageSize=1");
    assert!(images["count"].as_u64().unwrap() > 20, "{}", images["count"]);
}
