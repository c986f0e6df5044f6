//! Walks through a real registry, from the command line to what the server's lists show.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use model::Digest;
use reqwest::blocking::Client;
use serde_json::{Value, json};
use testkit::{BuiltImage, Fault, ImageBuilder, LayerBuilder, TinyRegistry};

use crate::harness::{PASSWORD, Server, client, plimsoll};
use crate::registry::Registry;

/// An image with a base layer that all share and a package in a version of its own.
fn image(number: usize) -> BuiltImage {
    let status =
        format!("Package: app\nStatus: install ok installed\nArchitecture: amd64\nVersion: {number}.0\n\n");
    ImageBuilder::new()
        .layer(LayerBuilder::new().file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"))
        .layer(LayerBuilder::new().file("var/lib/dpkg/status", status))
        .build()
}

/// Pushes as clients do: blobs, then the manifest.
fn push(client: &Client, host: &str, repository: &str, tag: &str, image: &BuiltImage) -> Digest {
    let layers = image.layers.iter().map(|layer| layer.stored.as_slice());
    for blob in layers.chain([image.config.as_slice()]) {
        let digest = Digest::of(blob);
        let started = client.post(format!("http://{host}/v2/{repository}/blobs/uploads/")).send().unwrap();
        let place = started.headers()["location"].to_str().unwrap().to_owned();
        let joint = if place.contains('?') { '&' } else { '?' };
        let sent = client.put(format!("{place}{joint}digest={digest}")).body(blob.to_vec()).send().unwrap();
        assert!(sent.status().is_success(), "{}", sent.status());
    }
    let sent = client
        .put(format!("http://{host}/v2/{repository}/manifests/{tag}"))
        .header("content-type", "application/vnd.oci.image.manifest.v1+json")
        .body(image.manifest.clone())
        .send()
        .unwrap();
    assert!(sent.status().is_success(), "{}: {}", sent.status(), sent.text().unwrap());
    Digest::of(&image.manifest)
}

fn command(server: &Server, cache: &Path, arguments: &[&str]) -> Output {
    plimsoll()
        .arg("registry")
        .args(arguments)
        .args(["--server", &server.base, "--user", "admin"])
        .env("PLIMSOLL_PASSWORD", PASSWORD)
        .env("PLIMSOLL_CACHE_DIR", cache)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn fine(server: &Server, cache: &Path, arguments: &[&str]) -> String {
    let output = command(server, cache, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

/// The figures of a walk: repositories, tags, new, scanned, left out, failed, requests.
fn walk(server: &Server, cache: &Path, more: &[&str]) -> [u64; 7] {
    let arguments = [&["scan", "local", "--here"], more].concat();
    let told = fine(server, cache, &arguments);
    let row = told.lines().nth(1).unwrap_or_default();
    let figures: Vec<u64> = row.split_whitespace().take(7).map(|word| word.parse().unwrap()).collect();
    figures.try_into().unwrap_or_else(|_| panic!("{told}"))
}

/// Tags by image version, out of the server's list of images.
fn tags(server: &Server) -> Vec<String> {
    let list = server.json("/csapi/v1.1/images?pageSize=1000");
    let mut tags = Vec::new();
    for image in list["data"].as_array().unwrap() {
        for name in image["repo"].as_array().unwrap() {
            let word = |key: &str| name[key].as_str().unwrap_or("-").to_owned();
            tags.push(format!("{}:{}", word("repository"), word("tag")));
        }
    }
    tags.sort();
    tags
}

#[test]
fn a_real_registry_is_walked_anew_for_what_is_new_and_tags_that_are_gone_disappear() {
    let (registry, client) = (Registry::start(), client());
    let host = registry.host.clone();
    let mut digests = Vec::new();
    for number in 0..6 {
        let repository = if number < 4 { "team/app" } else { "team/other" };
        digests.push(push(&client, &host, repository, &format!("v{number}"), &image(number)));
    }
    push(&client, &host, "team/app", "latest", &image(3));
    let (data, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (server, cache) = (Server::start(data.path()), cache.path());
    let uri = format!("http://{host}");
    let refused = command(&server, cache, &["add", &uri, "--name", "local"]);
    assert!(!refused.status.success() && said(&refused).contains("--allow-private"), "{}", said(&refused));
    fine(&server, cache, &["add", &uri, "--name", "local", "--allow-private"]);

    let [repositories, listed, new, scanned, left_out, failed, _] = walk(&server, cache, &[]);
    assert_eq!([repositories, listed, new, scanned, left_out, failed], [2, 7, 6, 6, 0, 0]);
    let all = [
        "team/app:latest",
        "team/app:v0",
        "team/app:v1",
        "team/app:v2",
        "team/app:v3",
        "team/other:v4",
        "team/other:v5",
    ];
    assert_eq!(tags(&server), all);
    let list = server.json("/csapi/v1.3/registry");
    let record = &list["data"][0];
    assert_eq!(
        (&record["repoCount"], &record["totalImages"], &record["totalScannedImages"]),
        (&2.into(), &6.into(), &6.into())
    );
    assert_eq!(record["scheduleStatusList"], json!({ "Finished": 1 }));

    // images say which registry lists them
    let uuid = record["registryUuid"].as_str().unwrap().to_owned();
    wait_for_listed(&server, &uuid, 6);

    // nothing changed: the root, the list of repositories, and of each its tags and each tag's manifest
    let unchanged = walk(&server, cache, &[]);
    assert_eq!(unchanged, [2, 7, 0, 0, 0, 0, 1 + 1 + 2 + 7]);

    // one new, one moved, one gone
    push(&client, &host, "team/app", "v9", &image(9));
    push(&client, &host, "team/app", "latest", &image(9));
    let gone = client.delete(format!("{uri}/v2/team/app/manifests/{}", digests[1])).send().unwrap();
    assert!(gone.status().is_success(), "{}", gone.status());
    let [_, listed, new, scanned, _, failed, _] = walk(&server, cache, &[]);
    assert_eq!([listed, new, scanned, failed], [7, 1, 1, 0]);
    let all = [
        "team/app:latest",
        "team/app:v0",
        "team/app:v2",
        "team/app:v3",
        "team/app:v9",
        "team/other:v4",
        "team/other:v5",
    ];
    assert_eq!(tags(&server), all);
    wait_for_listed(&server, &uuid, 6);
    let latest = server.json("/csapi/v1.1/images?filter=repo.tag:latest");
    assert_eq!(latest["count"], 1);
    assert_eq!(latest["data"][0]["registryUuid"], json!([uuid]));
    let unlisted = server.json("/csapi/v1.1/images?filter=registryUuid%20is%20null");
    assert_eq!((&unlisted["count"], &unlisted["data"][0]["registryUuid"]), (&1.into(), &Value::Null));
    let sha = latest["data"][0]["sha"].as_str().unwrap().to_owned();
    assert_eq!(sha, image(9).id.0.to_hex());
    let associated = server.json(&format!("/csapi/v1.3/images/{sha}/associatedRegistries"));
    assert_eq!(associated.as_array().unwrap().len(), 2, "{associated}");
    assert_eq!(server.json("/csapi/v1.1/images")["count"], 7, "the image whose tag is gone stays");

    // filters: what they leave out is neither scanned nor forgotten
    push(&client, &host, "team/other", "v6", &image(10));
    let [repositories, listed, new, ..] = walk(&server, cache, &["--repo", "team/other", "--tag", "v4"]);
    assert_eq!([repositories, listed, new], [1, 3, 0]);
    assert!(tags(&server).contains(&"team/other:v5".to_owned()));

    // a registry that tells of itself is looked at there alone
    let secret = fine(&server, cache, &["event-secret", "local"]).lines().next().unwrap().to_owned();
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let target = json!({ "mediaType": media_type, "repository": "team/other", "tag": "v6", "digest": digests[0].to_string() });
    let envelope = json!({ "events": [{ "action": "push", "target": target }] });
    let tell = |secret: &str| {
        let url = format!("{}/api/v1/registries/{uuid}/events", server.base);
        client.post(url).bearer_auth(secret).body(envelope.to_string()).send().unwrap().status().as_u16()
    };
    assert_eq!((tell("wrong"), tell(&secret)), (401, 200));
    let job = claim(&server);
    assert_eq!(job["only"][0]["tag"], "v6");
    assert_eq!(job["login"], json!({ "kind": "anonymous" }));
    let kept = command(&server, cache, &["remove", "local"]);
    assert!(said(&kept).contains("409"), "{}", said(&kept));
    let end = json!({ "progress": {} }).to_string().into_bytes();
    let path = format!("/api/v1/registry-jobs/{}/end", job["run"].as_str().unwrap());
    assert_eq!(server.post(&path, end.clone()).unwrap().status(), 200);
    assert_eq!(server.post(&path, end).unwrap().status(), 409, "it has ended");
    fine(&server, cache, &["remove", "local"]);
    assert_eq!(server.get("/csapi/v1.3/registry").status(), 204);
    wait_for_listed(&server, &uuid, 0);
}

/// Waits until so many images say that a registry lists them: the index follows what was written.
fn wait_for_listed(server: &Server, uuid: &str, count: u64) {
    let started = Instant::now();
    loop {
        let list = server.json(&format!("/csapi/v1.1/images?filter=registryUuid:%22{uuid}%22"));
        if list["count"] == count {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{} in place of {count}", list["count"]);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Claims whatever waits, as a sensor does.
fn claim(server: &Server) -> Value {
    let claimed = server.post("/api/v1/registry-jobs/claim", br#"{"worker":"test"}"#.to_vec()).unwrap();
    assert_eq!(claimed.status(), 200);
    claimed.json().unwrap()
}

#[test]
fn a_registry_that_fails_in_parts_is_walked_as_far_as_it_goes_and_again_later() {
    let registry = TinyRegistry::start().unwrap();
    for number in 0..3 {
        let status =
            format!("Package: app\nStatus: install ok installed\nArchitecture: amd64\nVersion: {number}\n\n");
        let layer = LayerBuilder::new().file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
        let layer = layer.file("var/lib/dpkg/status", status);
        registry.push("team/app", &format!("v{number}"), &ImageBuilder::new().layer(layer));
    }
    registry.put("/v2/team/app/manifests/note", "application/json", b"{\"no\":\"image\"}");
    let (data, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (server, cache) = (Server::start(data.path()), cache.path());
    let uri = format!("http://{}", registry.host());
    fine(
        &server,
        cache,
        &["add", &uri, "--name", "local", "--allow-private", "--no-check", "--parallel", "1"],
    );
    registry.put("/v2/", "application/json", b"{}");
    registry.fail("manifests/v1", 1, Fault::Status(404, Vec::new()));
    registry.fail("manifests/v2", 1, Fault::Status(429, vec![("Retry-After", "1".to_owned())]));
    let output = command(&server, cache, &["scan", "local", "--here"]);
    let told = said(&output);
    assert_eq!(tags(&server), ["team/app:v0", "team/app:v2"], "{told}");
    let [_, listed, _, scanned, ..] = walk_even_so(&server, cache);
    assert_eq!((listed, scanned), (4, 1));
    assert_eq!(tags(&server), ["team/app:v0", "team/app:v1", "team/app:v2"]);
}

/// The figures of a walk that may have failed in parts.
fn walk_even_so(server: &Server, cache: &Path) -> [u64; 7] {
    let told = said(&command(server, cache, &["scan", "local", "--here"]));
    let row = told.lines().nth(1).unwrap_or_default();
    let figures: Vec<u64> = row.split_whitespace().take(7).filter_map(|word| word.parse().ok()).collect();
    figures.try_into().unwrap_or_else(|_| panic!("{told}"))
}
