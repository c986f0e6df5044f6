//! Sensors as an administrator lets them in and looks after them, beside a running server.

use serde_json::{Value, json};

use crate::harness::{Server, client, failure_of, run, stdout_of};

#[test]
fn a_token_of_the_command_lets_a_sensor_in_that_the_command_then_manages() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let folder = data.path().to_str().unwrap();
    let token = stdout_of(&["admin", "sensor", "token", "--data", folder]);
    let body = json!({
        "token": token.trim(), "publicKey": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc", "name": "node-a",
        "type": "GENERAL", "version": "plimsoll/0.1.0", "host": {"hostname": "node-a.example"},
    });
    let enrol = || {
        let request = client().post(format!("{}/api/v1/sensors/enrol", server.base));
        request.header("content-type", "application/json").body(body.to_string()).send().unwrap()
    };
    let answer = enrol();
    assert_eq!(answer.status(), 201);
    let told: Value = serde_json::from_str(&answer.text().unwrap()).unwrap();
    let uuid = told["sensor"].as_str().unwrap().to_owned();

    let list = stdout_of(&["admin", "sensor", "list", "--data", folder]);
    assert!(list.starts_with(&uuid) && list.contains("RUNNING"), "{list}");
    stdout_of(&["admin", "sensor", "resync", "node-a", "--data", folder]);
    stdout_of(&["admin", "sensor", "set-version", &uuid, "0.2.0", "--data", folder]);
    let shown: Value =
        serde_json::from_str(&stdout_of(&["admin", "sensor", "show", "node-a", "--data", folder])).unwrap();
    assert_eq!((&shown["resync"], &shown["wantedVersion"]), (&true.into(), &"0.2.0".into()));
    assert_eq!(shown["host"]["hostname"], "node-a.example");
    assert_eq!(server.json(&format!("/api/v1/sensors/{uuid}"))["wantedVersion"], "0.2.0");

    let said = stdout_of(&["admin", "sensor", "revoke", "node-a", "--data", folder]);
    assert!(said.contains("is shut out"), "{said}");
    assert!(stdout_of(&["admin", "sensor", "list", "--data", folder]).contains("REVOKED"));
    assert_eq!(enrol().status(), 401, "the token was used");

    let said = failure_of(&["admin", "sensor", "show", "nobody", "--data", folder]);
    assert!(said.contains("there is no sensor `nobody`"), "{said}");
    let said = failure_of(&["admin", "sensor", "token", "--profile", "night", "--data", folder]);
    assert!(said.contains("no sensor profile `night`"), "{said}");
    assert_eq!(run(&["admin", "sensor", "token", "--uses", "0", "--data", folder]).status.code(), Some(2));
}
