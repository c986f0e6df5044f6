//! Bad input: a clear message with the place, a failing exit code or a 4xx, nothing lost, nothing half written.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Server, client, failure_of, image_id, report, run};

fn write(directory: &Path, name: &str, bytes: &[u8]) -> String {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn files_that_are_no_images_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let cases: [(&str, &[u8]); 4] = [
        ("empty.tar", b""),
        ("text.tar", b"this is a text file, not an image\n"),
        ("zeros.tar", &[0; 10_240]),
        ("gzip.tar", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]),
    ];
    for (name, bytes) in cases {
        let path = write(directory.path(), name, bytes);
        let said = failure_of(&["scan", &path]);
        assert!(said.contains(name), "{name}: {said}");
        let said = failure_of(&["scan", &format!("docker-archive:{path}")]);
        assert!(said.contains(name), "{name}: {said}");
    }
    let said = failure_of(&["scan", "no/such/file.tar"]);
    assert!(said.contains("no/such/file.tar"), "{said}");
}

#[test]
fn an_output_file_is_not_touched_by_a_scan_that_fails() {
    let directory = tempfile::tempdir().unwrap();
    let kept = write(directory.path(), "report.json", b"the report of yesterday");
    let broken = write(directory.path(), "broken.tar", b"");
    failure_of(&["scan", &broken, "--format", "json", "-o", &kept]);
    assert_eq!(std::fs::read(&kept).unwrap(), b"the report of yesterday");
}

#[test]
fn reports_with_unknown_fields_or_wrong_types_are_refused_with_their_place_and_change_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let good = serde_json::to_value(report(1, 2, 1_700_000_000_000)).unwrap();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut value = good.clone();
        change(&mut value);
        serde_json::to_vec(&value).unwrap()
    };
    let cases: [(&str, Vec<u8>); 7] = [
        ("surprise", changed(&|value| value["packages"][1]["surprise"] = json!(1))),
        ("scannedAt", changed(&|value| value["scannedAt"] = json!("yesterday"))),
        ("sha512", changed(&|value| value["image"]["id"] = json!("sha512:00"))),
        ("schema", changed(&|value| value["schema"] = json!(999))),
        (
            "packages",
            changed(&|value| {
                value.as_object_mut().unwrap().remove("packages");
            }),
        ),
        ("EOF", serde_json::to_vec(&good).unwrap()[..200].to_vec()),
        ("line 1", b"[]".to_vec()),
    ];
    for (word, body) in cases {
        let response = server.post("/api/v1/reports", body).unwrap();
        assert_eq!(response.status(), 400, "{word}");
        let body: Value = response.json().unwrap();
        assert_eq!(body["errorCode"], "400 BAD_REQUEST");
        assert!(body["message"].as_str().unwrap().contains(word), "{word}: {body}");
    }
    assert_eq!(server.export("/csapi/v1.1/images/list").len(), 0);
}

#[test]
fn wrong_credentials_are_refused_everywhere_and_say_nothing() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let sha = image_id(1).0.to_hex();
    for path in ["/csapi/v1.1/images/list", &format!("/csapi/v1.3/images/{sha}"), "/csapi/v1.3/containers"] {
        let response = server.get_as("admin", "wrong", path);
        assert_eq!(response.status(), 401, "{path}");
        assert_eq!(response.json::<Value>().unwrap()["errorCode"], "401 UNAUTHORIZED");
    }
    let http = client();
    let request = http.get(format!("{}/csapi/v1.3/images", server.base)).bearer_auth("a.b.c");
    assert_eq!(request.send().unwrap().status(), 401);
}

#[test]
fn a_filter_that_is_wrong_is_answered_with_what_and_where() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    for (filter, word) in
        [("foo:1", "`foo` (column 1)"), ("(updated>1", "column 1"), ("state:HAPPY", "RUNNING")]
    {
        let response = server.get(&format!("/csapi/v1.3/containers/list?filter={filter}"));
        assert_eq!(response.status(), 400, "{filter}");
        let message = response.json::<Value>().unwrap()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(word), "{filter}: {message}");
    }
    assert_eq!(server.get("/csapi/v1.3/containers/list?filter=state:RUNNING").status(), 204);
}

#[test]
fn pushing_with_a_wrong_password_or_to_nobody_fails_and_says_why() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let root = tempfile::tempdir().unwrap();
    let source = format!("dir:{}", root.path().display());
    let said =
        failure_of(&["scan", &source, "--push", &server.base, "--user", "admin", "--password", "wrong"]);
    assert!(said.contains("401"), "{said}");
    let output = run(&["scan", &source, "--push", &server.base]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("--user"), "{said}");
    assert_eq!(server.export("/csapi/v1.1/images/list").len(), 0);
}

#[test]
fn a_full_disk_refuses_what_does_not_fit_and_keeps_what_was_taken() {
    let mount = tempfile::tempdir().unwrap();
    let path = mount.path().to_str().unwrap().to_owned();
    let mounted =
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "none", &path]).status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("left out: this machine lets nobody mount a small file system");
        return;
    }
    let outcome = std::panic::catch_unwind(|| fill_the_disk(Path::new(&path)));
    let unmounted = std::process::Command::new("umount").args(["-l", &path]).status().unwrap();
    assert!(unmounted.success());
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

fn fill_the_disk(data: &Path) {
    let server = Server::start(data);
    let mut taken = Vec::new();
    let mut refusal = None;
    for number in 0..2_000 {
        let mut big = report(number, 200, 1_700_000_000_000);
        big.users = (0..2_000).map(|user| format!("user-{number}-{user}")).collect();
        let response = server.post("/api/v1/reports", serde_json::to_vec(&big).unwrap()).unwrap();
        if !response.status().is_success() {
            refusal = Some((response.status().as_u16(), response.text().unwrap()));
            break;
        }
        taken.push(image_id(number).0.to_hex());
    }
    let (status, message) = refusal.expect("the disk fills up");
    assert!(status == 507 && message.contains("disk"), "{status} {message}");
    let listed = |server: &Server| -> Vec<String> {
        let mut shas: Vec<String> = server
            .export("/csapi/v1.1/images/list?limit=250")
            .iter()
            .map(|image| image["sha"].as_str().unwrap().to_owned())
            .collect();
        shas.sort();
        shas
    };
    taken.sort();
    assert_eq!(listed(&server), taken);
    server.kill();
    let server = Server::start(data);
    assert_eq!(listed(&server), taken, "after a restart");
}
