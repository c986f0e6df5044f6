//! Queries from the command line, against a server and against a data directory.

use std::path::Path;

use serde_json::Value;

use crate::harness::{PASSWORD, Server, failure_of, report, run, stdout_of};

fn data_with_images(folder: &Path) -> Server {
    let server = Server::start(folder);
    (0..9).for_each(|number| server.ingest(&report(number, 4, 1_700_000_000_000 + number as i64)));
    server
}

fn at_server<'a>(server: &'a Server, arguments: &[&'a str]) -> Vec<&'a str> {
    let place = ["--server", &server.base, "--user", "admin", "--password", PASSWORD];
    [&["query"], arguments, &place].concat()
}

#[test]
fn a_server_and_its_data_directory_give_the_same_answers() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    let server = data_with_images(data.path());
    let held = failure_of(&["query", "", "--data", folder]);
    assert!(held.contains("--server") && held.contains("process"), "{held}");
    let questions: &[&[&str]] = &[
        &["", "--columns", "sha,softwares.name,softwares.version", "--sort", "sha:asc", "--format", "json"],
        &[
            "softwares.version:1.3",
            "--columns",
            "imageId,users,size",
            "--sort",
            "imageId:desc",
            "--format",
            "csv",
        ],
        &["", "--entity", "software", "--format", "json", "--all"],
        &["name:package-2", "--entity", "software", "--format", "csv", "--sort", "version:asc"],
        &["", "--entity", "vulnerabilities", "--format", "json"],
        &["", "--entity", "containers", "--format", "csv"],
        &["", "--limit", "3"],
    ];
    let answers: Vec<String> =
        questions.iter().map(|question| stdout_of(&at_server(&server, question))).collect();
    assert!(server.terminate());
    for (question, answer) in questions.iter().zip(&answers) {
        let arguments = [&["query"], *question, &["--data", folder]].concat();
        assert_eq!(&stdout_of(&arguments), answer, "{question:?}");
    }
    let all: Value = serde_json::from_str(&answers[0]).unwrap();
    assert_eq!(all["count"], 9);
    assert_eq!(all["data"].as_array().unwrap().len(), 9);
    assert_eq!(all["data"][0]["softwares.name"].as_array().unwrap().len(), 4);
    // images 3 of the seven versions
    assert_eq!(answers[1].lines().count(), 2);
    assert!(answers[1].starts_with("imageId,users,size\r\n"));
    let software: Value = serde_json::from_str(&answers[2]).unwrap();
    assert_eq!(software["count"], 28);
    assert_eq!(software["data"][0]["imageCount"], 2);
    assert_eq!(answers[3].lines().count(), 8);
    // a head and three rows
    assert_eq!(answers[6].lines().count(), 4);
    let verified = run(&["admin", "verify", "--data", folder]);
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(
        verified.status.success() && said.contains("compared with those of the saved index"),
        "{verified:?}"
    );
}

#[test]
fn a_mistake_is_shown_with_the_query_and_a_mark_under_the_place() {
    let data = tempfile::tempdir().unwrap();
    let server = data_with_images(data.path());
    let folder = data.path().to_str().unwrap();
    let query = "size>5 and sofware.name:a";
    for arguments in [vec!["query", query, "--data", folder], at_server(&server, &[query])] {
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        let place = lines[1].find("sofware").unwrap();
        assert_eq!(lines[2].find('^'), Some(place), "{said}");
    }
    let wrong = run(&at_server(&server, &["", "--columns", "sha,nothing"]));
    assert_eq!(wrong.status.code(), Some(2));
    let elsewhere = tempfile::tempdir().unwrap();
    let none = failure_of(&["query", "", "--data", elsewhere.path().to_str().unwrap()]);
    assert!(none.contains("no database"), "{none}");
}
