//! The sensor beside a real dockerd, with the real server behind it.

use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::LayerBuilder;
use testkit::runtime::{Kind, RealRuntime};

use crate::harness::{Server, plimsoll, stdout_of};

const IMAGE: &str = "shop/web:1";

/// A busybox that says to be a Debian with one package.
fn image() -> LayerBuilder {
    let status = "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\nMaintainer: x\n\n";
    RealRuntime::busybox().dir("usr/local/bin").file("var/lib/dpkg/status", status)
}

fn token(data: &Path) -> String {
    stdout_of(&["admin", "sensor", "token", "--data", data.to_str().unwrap()]).trim().to_owned()
}

/// The command of a sensor that follows this runtime only.
fn sensor(runtime: &RealRuntime, server: &Server, state: &Path, token: &str) -> Command {
    let mut command = plimsoll();
    command.args(["sensor", "--runtime", "docker", "--socket"]).arg(runtime.socket());
    command.arg("--state").arg(state).args(["--server", &server.base, "--token", token, "--max-cpu", "2"]);
    command.env("PLIMSOLL_LOG", "warn");
    command
}

fn done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Kills the sensor when dropped, without any farewell.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the server has of a container, as (state, isDrift); `None` if it has nothing.
fn told(server: &Server, id: &str) -> Option<(String, bool)> {
    let response = server.get(&format!("/csapi/v1.3/containers/{id}"));
    if response.status() != 200 {
        return None;
    }
    let record: Value = response.json().unwrap();
    Some((record["state"].as_str()?.to_owned(), record["isDrift"].as_bool().unwrap_or(false)))
}

fn until_state(server: &Server, id: &str, state: &str) -> Duration {
    let begun = Instant::now();
    loop {
        let told = told(server, id);
        if told.as_ref().is_some_and(|(told, _)| told == state) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{id} is {told:?} and not {state}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_real_dockerd_runs_is_at_the_server_with_its_image_and_its_drift() {
    let Some(runtime) = RealRuntime::start(Kind::Docker) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (data, state) = (folder.path().join("data"), folder.path().join("state"));
    let server = Server::start(&data);
    let token = token(&data);
    let image = runtime.import(IMAGE, &image(), &[]);
    let start = || {
        runtime.run_detached(&[
            "--network",
            "none",
            "--env",
            "DB_PASSWORD=hunter2hunter2",
            IMAGE,
            "sleep",
            "600",
        ])
    };
    let ids: Vec<String> = (0..3).map(|_| start()).collect();

    done(&sensor(&runtime, &server, &state, &token).arg("--once").output().unwrap());
    for id in &ids {
        assert_eq!(told(&server, id), Some(("RUNNING".to_owned(), false)));
    }
    let shown = server.json(&format!("/csapi/v1.3/images/{image}"));
    assert_eq!(shown["operatingSystem"].as_str().map(|name| name.contains("ebian")), Some(true), "{shown}");
    let container = server.json(&format!("/csapi/v1.3/containers/{}", ids[0]));
    assert_eq!(container["imageSha"].as_str(), Some(image.as_str()));
    assert!(!container["environment"].to_string().contains("hunter2"), "{}", container["environment"]);

    let kept = std::fs::read_dir(state.join("layers")).unwrap().count();
    assert_eq!(kept, 1, "the image's layer is read once, however it is stored");

    // one changes its own layer: a new program, and a package more
    let change = "echo '#!/bin/sh' > /usr/local/bin/tool; chmod 755 /usr/local/bin/tool; \
                  echo 'Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\n' >> /var/lib/dpkg/status";
    runtime.docker(&["exec", &ids[1], "sh", "-c", change]);
    done(&sensor(&runtime, &server, &state, &token).arg("--once").output().unwrap());
    assert_eq!(told(&server, &ids[0]), Some(("RUNNING".to_owned(), false)));
    assert_eq!(told(&server, &ids[1]), Some(("RUNNING".to_owned(), true)));
    let software = server.json(&format!("/csapi/v1.3/containers/{}/software?isDrift=true", ids[1]));
    let names: Vec<&str> =
        software["data"].as_array().unwrap().iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["curl:amd64"], "{software}");

    let sensors = server.json("/csapi/v1.3/sensors");
    assert_eq!((&sensors["count"], sensors["data"][0]["status"].as_str()), (&1.into(), Some("RUNNING")));
}

#[test]
fn a_sensor_that_is_killed_tells_on_its_next_start_what_went_meanwhile() {
    let Some(runtime) = RealRuntime::start(Kind::Docker) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (data, state) = (folder.path().join("data"), folder.path().join("state"));
    let server = Server::start(&data);
    let token = token(&data);
    runtime.import(IMAGE, &image(), &[]);
    let start = || runtime.run_detached(&["--network", "none", IMAGE, "sleep", "600"]);
    let first = start();
    let running = Running(sensor(&runtime, &server, &state, &token).spawn().unwrap());
    until_state(&server, &first, "RUNNING");
    let second = start();
    let seen = until_state(&server, &second, "RUNNING");
    assert!(seen < Duration::from_secs(10), "an event is told at once, not after {seen:?}");
    runtime.docker(&["pause", &second]);
    until_state(&server, &second, "PAUSED");
    drop(running);

    runtime.docker(&["rm", "--force", &first]);
    runtime.docker(&["unpause", &second]);
    // comes and goes while nobody looks; Docker remembers
    let brief = runtime.docker(&["run", "--detach", "--network", "none", IMAGE, "true"]);
    runtime.docker(&["rm", "--force", &brief]);
    let _running = Running(sensor(&runtime, &server, &state, &token).spawn().unwrap());
    until_state(&server, &first, "DELETED");
    until_state(&server, &second, "RUNNING");
    until_state(&server, &brief, "DELETED");
}

#[test]
fn what_is_run_in_a_container_is_seen_within_seconds() {
    let Some(runtime) = RealRuntime::start(Kind::Docker) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (data, state) = (folder.path().join("data"), folder.path().join("state"));
    let server = Server::start(&data);
    let token = token(&data);
    runtime.import(IMAGE, &image(), &[]);
    let id = runtime.run_detached(&["--network", "none", IMAGE, "sleep", "600"]);
    let _running = Running(sensor(&runtime, &server, &state, &token).spawn().unwrap());
    until_state(&server, &id, "RUNNING");
    // its image must be there before anything can be said of what it holds beyond it
    let begun = Instant::now();
    while server.get("/csapi/v1.3/images").status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the image is not told");
        std::thread::sleep(Duration::from_millis(50));
    }
    let install = "echo 'Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 7.88.1-10\n' >> /var/lib/dpkg/status";
    runtime.docker(&["exec", &id, "sh", "-c", install]);
    let begun = Instant::now();
    while told(&server, &id) != Some(("RUNNING".to_owned(), true)) {
        assert!(begun.elapsed() < Duration::from_secs(30), "a minute is too long");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_image_that_needs_more_memory_than_there_is_costs_only_itself() {
    let Some(runtime) = RealRuntime::start(Kind::Docker) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (data, state) = (folder.path().join("data"), folder.path().join("state"));
    let server = Server::start(&data);
    let token = token(&data);
    runtime.import(IMAGE, &image(), &[]);
    let id = runtime.run_detached(&["--network", "none", IMAGE, "sleep", "600"]);
    let mut command = sensor(&runtime, &server, &state, &token);
    let output = command.args(["--once", "--max-memory", "1MiB"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("more memory than --max-memory (1 MiB)"), "{said}");
    assert_eq!(told(&server, &id), Some(("RUNNING".to_owned(), false)), "containers are told all the same");
    assert_eq!(server.get("/csapi/v1.3/images").status(), 204);
}

#[test]
fn a_reader_without_a_task_says_whom_it_is_for() {
    let output = plimsoll().arg("sensor-reader").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("for sensors"), "{said}");
}

#[test]
fn a_sensor_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("data"));
    let state = folder.path().join("state");
    let run = |arguments: &[&str]| {
        let mut command = plimsoll();
        command
            .args(["sensor", "--runtime", "docker", "--socket", "/nowhere/docker.sock", "--once", "--state"])
            .arg(&state);
        let output = command.args(["--server", &server.base]).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run(&[]);
    assert!(code == Some(1) && said.contains("--token"), "{said}");
    let (code, said) = run(&["--token", "guess"]);
    assert!(code == Some(1) && said.contains("refuses this sensor"), "{said}");
    let token = token(&folder.path().join("data"));
    let (code, said) = run(&["--token", &token]);
    assert!(code == Some(1) && said.contains("/nowhere/docker.sock"), "{said}");
    let (code, said) = run(&["--max-cpu", "none"]);
    assert!(code == Some(2) && said.contains("no share of processors"), "{said}");
}
