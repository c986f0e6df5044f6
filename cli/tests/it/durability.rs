//! What was acknowledged survives whatever happens to the process.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::harness::{Server, image_id, report};

const PACKAGES: usize = 40;
const KILLS: u64 = 50;
const WRITERS: u64 = 4;

/// A pause between 5 and 150 ms that differs from round to round.
fn moment(round: u64) -> Duration {
    Duration::from_millis(5 + round.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17) % 146)
}

#[test]
fn every_acknowledged_report_survives_fifty_kills_and_none_is_half_applied() {
    let data = tempfile::tempdir().unwrap();
    let acknowledged = Mutex::new(BTreeMap::new());
    for round in 0..KILLS {
        let server = Server::start(data.path());
        let process = server.id();
        let before = acknowledged.lock().unwrap().len();
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (server, acknowledged) = (&server, &acknowledged);
                scope.spawn(move || write_until_it_fails(server, round, writer, acknowledged));
            }
            if round % 2 == 0 {
                wait_for_more_than(before, &acknowledged);
            }
            std::thread::sleep(moment(round));
            let killed = std::process::Command::new("kill").args(["-9", &process.to_string()]).status();
            assert!(killed.unwrap().success());
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() as u64 >= KILLS / 2, "only {} reports were taken", acknowledged.len());

    let server = Server::start(data.path());
    let found: BTreeMap<String, usize> = server
        .export("/csapi/v1.1/images/list?limit=250")
        .iter()
        .map(|image| {
            (image["sha"].as_str().unwrap().to_owned(), image["softwares"].as_array().unwrap().len())
        })
        .collect();
    let missing: Vec<_> = acknowledged.keys().filter(|sha| !found.contains_key(*sha)).collect();
    assert!(missing.is_empty(), "{} of {} acknowledged reports are gone", missing.len(), acknowledged.len());
    assert!(found.values().all(|count| *count == PACKAGES), "a report is half applied");
}

/// Waits until another report is acknowledged, so that half of the kills hit a server in full work even on a slow machine.
fn wait_for_more_than(before: usize, acknowledged: &Mutex<BTreeMap<String, ()>>) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while acknowledged.lock().unwrap().len() <= before {
        assert!(Instant::now() < deadline, "no report is taken");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn write_until_it_fails(
    server: &Server,
    round: u64,
    writer: u64,
    acknowledged: &Mutex<BTreeMap<String, ()>>,
) {
    for count in 0.. {
        let number = (round * WRITERS + writer) * 100_000 + count;
        let body = serde_json::to_vec(&report(number, PACKAGES, 1_700_000_000_000)).unwrap();
        match server.post("/api/v1/reports", body) {
            Ok(response) if response.status().is_success() => {
                acknowledged.lock().unwrap().insert(image_id(number).0.to_hex(), ());
            }
            _ => return,
        }
    }
}

#[test]
fn a_stop_by_signal_finishes_what_was_asked_and_ends_well() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    server.ingest(&report(1, PACKAGES, 1_700_000_000_000));
    let started = Instant::now();
    assert!(server.terminate());
    assert!(started.elapsed() < Duration::from_secs(30));
    let server = Server::start(data.path());
    assert_eq!(server.export("/csapi/v1.1/images/list").len(), 1);
    server.kill();
}
