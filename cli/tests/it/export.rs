//! A bulk export loses nothing and repeats nothing while the fleet changes under it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::harness::{Server, image_id, report};

const FIRST: u64 = 300;
const WRITERS: u64 = 4;

#[test]
fn an_export_returns_each_image_exactly_once_while_four_writers_keep_ingesting() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    for number in 0..FIRST {
        server.ingest(&report(number, 10, 1_700_000_000_000));
    }
    let (stop, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let exports = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (server, stop, written) = (&server, &stop, &written);
            scope.spawn(move || {
                for count in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    server.ingest(&report(1_000_000 * (writer + 1) + count, 10, 1_700_000_000_000));
                    written.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let exports: Vec<_> = (0..5).map(|_| server.export("/csapi/v1.1/images/list?limit=7")).collect();
        stop.store(true, Ordering::Relaxed);
        exports
    });
    assert!(written.load(Ordering::Relaxed) > WRITERS, "the writers did not write");
    for export in exports {
        let shas: Vec<&str> = export.iter().map(|image| image["sha"].as_str().unwrap()).collect();
        let distinct: BTreeSet<&str> = shas.iter().copied().collect();
        assert_eq!(distinct.len(), shas.len(), "an image came twice");
        for number in 0..FIRST {
            assert!(distinct.contains(image_id(number).0.to_hex().as_str()), "image {number} is missing");
        }
    }
}

#[test]
fn an_export_ends_and_repeats_no_version_while_images_are_scanned_again() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path());
    for number in 0..40 {
        server.ingest(&report(number, 5, 1_700_000_000_000));
    }
    let stop = AtomicBool::new(false);
    let export = std::thread::scope(|scope| {
        let (server, stop) = (&server, &stop);
        scope.spawn(move || {
            for count in 1.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                server.ingest(&report(count % 40, 5, 1_700_000_000_000 + i64::try_from(count).unwrap()));
            }
        });
        let export = server.export("/csapi/v1.3/images/list?limit=1");
        stop.store(true, Ordering::Relaxed);
        export
    });
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for image in &export {
        let (sha, updated) = (image["sha"].as_str().unwrap(), image["updated"].as_str().unwrap());
        assert!(versions.entry(sha).or_default().insert(updated), "{sha} came twice at {updated}");
    }
    assert_eq!(versions.len(), 40);
}
