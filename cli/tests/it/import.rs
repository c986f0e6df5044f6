//! Containers of other tools, brought into a server.

use crate::harness::{PASSWORD, Server, failure_of, image_id, report, run};

#[test]
fn inspected_containers_appear_with_their_image_and_survive_a_second_import() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    server.ingest(&report(1, 3, 1_700_000_000_000));
    let image = image_id(1).0.to_hex();
    let id = "a979ee950e639492563f2dd7caa231adc5fc3fe5714f1d82a23cc2f8bbcda22f";
    let inspected = format!(
        r#"[{{"Id":"{id}","Created":"2024-05-01T10:00:00Z","Path":"/bin/sh","Args":["-c","run.sh"],"Image":"sha256:{image}",
        "Name":"/web-1","State":{{"Status":"running","StartedAt":"2024-05-01T10:00:01Z"}},"Config":{{"Image":"team/web:1","Env":["DB_PASSWORD=abc"]}},
        "Mounts":[{{"Type":"bind","Source":"/srv","Destination":"/data","RW":false}}]}}]"#
    );
    let file = data.path().join("inspect.json");
    std::fs::write(&file, inspected).unwrap();
    let arguments = [
        "import",
        "containers",
        file.to_str().unwrap(),
        "--push",
        &server.base,
        "--user",
        "admin",
        "--password",
        PASSWORD,
        "--host",
        "node-a",
    ];
    for _ in 0..2 {
        let output = run(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let containers = server.export("/csapi/v1.1/containers/list");
    assert_eq!(containers.len(), 1);
    let container = &containers[0];
    assert_eq!((container["sha"].as_str(), container["name"].as_str()), (Some(id), Some("web-1")));
    assert_eq!(
        (container["state"].as_str(), container["imageSha"].as_str()),
        (Some("RUNNING"), Some(&*image))
    );
    assert_eq!(container["command"], "/bin/sh -c run.sh");
    assert_eq!(container["host"]["hostname"], "node-a");
    let detail = server.json(&format!("/csapi/v1.3/containers/{}", &id[..12]));
    assert_eq!(detail["sha"], id);
    assert_eq!(detail["environment"][0], "DB_PASSWORD=****");
    let whole = server.json(&format!("/api/v1/containers/{}", &id[..12]));
    let mount = &whole["details"]["mounts"][0];
    assert_eq!(
        (&mount["source"], &mount["target"], &mount["readOnly"]),
        (&"/srv".into(), &"/data".into(), &true.into())
    );
    let image = server.json("/csapi/v1.3/images?filter=&pageSize=1");
    assert_eq!(image["data"][0]["associatedContainersCount"], 1);
}

#[test]
fn a_file_that_is_no_inspection_is_refused_and_nothing_is_sent() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    let file = data.path().join("inspect.json");
    std::fs::write(&file, "{\"RepoTags\":[]}").unwrap();
    let arguments =
        ["import", "containers", file.to_str().unwrap(), "--push", &server.base, "--user", "admin"];
    let said = failure_of(&[&arguments[..], &["--password", PASSWORD]].concat());
    assert!(said.contains("inspect.json") && said.contains("record 0"), "{said}");
    assert_eq!(server.export("/csapi/v1.1/containers/list").len(), 0);
}
