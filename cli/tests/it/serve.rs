//! The server as operators and clients meet it.

use serde_json::Value;

use crate::harness::{PASSWORD, Server, client, failure_of, image_id, plimsoll, report, stdout_of};

#[test]
fn the_documented_calls_are_answered_with_basic_authentication_and_with_a_token() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    for number in 0..3 {
        server.ingest(&report(number, 4, 1_700_000_000_000));
    }
    let first = server.get("/csapi/v1.1/images/list?limit=2");
    assert!(first.headers().get("link").is_some());
    assert_eq!(server.export("/csapi/v1.1/images/list?limit=2").len(), 3);

    let http = client();
    let form = [("username", "admin"), ("password", PASSWORD), ("token", "true")];
    let body = form.map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).join("&");
    let response = http
        .post(format!("{}/auth", server.base))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .unwrap();
    assert_eq!(response.status(), 201);
    let token = response.text().unwrap();
    assert_eq!(token.matches('.').count(), 2);
    let url = format!("{}/csapi/v1.3/images/{}/software", server.base, image_id(1).0.to_hex());
    let software: Value = http.get(url).bearer_auth(token).send().unwrap().json().unwrap();
    assert_eq!(software["count"], 4);
}

#[test]
fn header_names_go_out_in_title_case_because_clients_look_them_up_by_letter() {
    use std::io::{Read as _, Write as _};
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    for number in 0..2 {
        server.ingest(&report(number, 1, 1_700_000_000_000));
    }
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    // "admin:correct horse battery"
    let credentials = "YWRtaW46Y29ycmVjdCBob3JzZSBiYXR0ZXJ5";
    write!(
        stream,
        "GET /csapi/v1.1/images/list?limit=1 HTTP/1.1\r\nHost: {address}\r\n\
         Authorization: Basic {credentials}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.contains(&format!("\r\nLink: <http://{address}/csapi/v1.1/images/list?limit=1&")),
        "{answer}"
    );
    assert!(answer.contains("\r\nContent-Type: application/json;charset=UTF-8\r\n"), "{answer}");
}

#[test]
fn a_second_server_on_one_data_directory_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let _server = Server::start(data.path());
    let said = failure_of(&["serve", "--listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap()]);
    assert!(said.contains("in use by another plimsoll server"), "{said}");
}

#[test]
fn the_generated_password_is_printed_once_and_works() {
    use std::io::{BufRead as _, BufReader};
    let data = tempfile::tempdir().unwrap();
    let start = || {
        let mut child = plimsoll()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        (child, lines)
    };
    let (mut child, mut lines) = start();
    let base = lines.next().unwrap().unwrap().split_whitespace().last().unwrap().to_owned();
    assert_eq!(lines.next().unwrap().unwrap(), "account:  admin");
    let line = lines.next().unwrap().unwrap();
    let password = line.split_whitespace().nth(1).unwrap().to_owned();
    let http = client();
    let get = |password: &str| {
        let request = http.get(format!("{base}/csapi/v1.1/images")).basic_auth("admin", Some(password));
        request.send().unwrap().status().as_u16()
    };
    assert_eq!((get(&password), get("wrong")), (200, 401));
    child.kill().unwrap();
    child.wait().unwrap();

    let (mut child, mut lines) = start();
    lines.next().unwrap().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(lines.next().is_none(), "the password is shown once only");
}

#[test]
fn a_sub_user_sees_what_bears_its_tags_and_gets_the_documented_403_for_the_rest() {
    let data = tempfile::tempdir().unwrap();
    let directory = data.path().to_str().unwrap();
    let server = Server::start(data.path());
    server.ingest(&report(1, 2, 1_700_000_000_000));
    let mut tagged = report(2, 2, 1_700_000_000_000);
    tagged.tags = vec!["team-a".into()];
    server.ingest(&tagged);
    let added = stdout_of(&[
        "admin",
        "user",
        "add",
        "sub",
        "--role",
        "reader",
        "--tags",
        "team-a",
        "--password",
        "sub password",
        "--data",
        directory,
    ]);
    assert!(added.contains("account sub made"), "{added}");

    let ask = |path: &str| server.get_as("sub", "sub password", path);
    let list: Value = ask("/csapi/v1.1/images/list").json().unwrap();
    let shas: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|i| i["sha"].as_str().unwrap()).collect();
    assert_eq!(shas, [image_id(2).0.to_hex()]);
    let outside = ask(&format!("/csapi/v1.3/images/{}/software", image_id(1).0.to_hex()));
    assert_eq!(outside.status(), 403);
    let body: Value = outside.json().unwrap();
    assert_eq!(
        (body["errorCode"].as_str(), body["message"].as_str()),
        (Some("403 FORBIDDEN"), Some("Request Forbidden"))
    );
    assert!(body["timestamp"].is_i64());

    let assigned =
        stdout_of(&["admin", "tag", "assign", "team-a", &image_id(1).0.to_hex(), "--data", directory]);
    assert!(assigned.contains("1 images"), "{assigned}");
    let seen = || ask(&format!("/csapi/v1.3/images/{}/software", image_id(1).0.to_hex())).status();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while seen() != 200 {
        assert!(std::time::Instant::now() < deadline, "a tag set by another process is not seen");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[test]
fn settings_are_taken_from_flags_before_variables_before_the_file() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("plimsoll.toml");
    std::fs::write(&file, "public-url = \"https://file.example.com\"\n").unwrap();
    let server = Server::start_with(data.path(), &["--config", file.to_str().unwrap()]);
    for number in 0..2 {
        server.ingest(&report(number, 1, 1_700_000_000_000));
    }
    let response = server.get("/csapi/v1.2/images/list?limit=1");
    let link = response.headers()["link"].to_str().unwrap().to_owned();
    assert!(link.starts_with("<https://file.example.com/csapi/v1.2/images/list?limit=1&"), "{link}");
    server.kill();
    let arguments = ["--config", file.to_str().unwrap(), "--public-url", "https://flag.example.com/"];
    let server = Server::start_with(data.path(), &arguments);
    let response = server.get("/csapi/v1.2/images/list?limit=1");
    assert!(response.headers()["link"].to_str().unwrap().starts_with("<https://flag.example.com/csapi"));
}

#[test]
fn health_and_readiness_need_no_account() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let http = client();
    for path in ["/healthz", "/readyz"] {
        assert_eq!(http.get(format!("{}{path}", server.base)).send().unwrap().status(), 200, "{path}");
    }
}

#[test]
fn a_misspelt_data_directory_is_told_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("dta");
    let directory = missing.to_str().unwrap();
    for command in [&["list"][..], &["password", "admin"], &["delete", "admin"]] {
        let said = failure_of(&[&["admin", "user"], command, &["--data", directory]].concat());
        assert!(said.contains(directory), "{said}");
    }
    assert!(!missing.exists());
}
