//! New scan reports over HTTP: each is durable and shown by the lists when its answer comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use testkit::fleet_builder::{Fleet, Sizes};

use crate::Options;

/// Connections that report.
const SENDERS: usize = 32;

/// `--seed S --from N --count N`: reports images that the fleet does not have, which are made before the clock runs.
pub(crate) fn report(options: &Options) -> Result<Value, String> {
    let (seed, from) = (options.number("seed", 1)?, options.number("from", 0)?);
    let count = options.number("count", 3_000)?;
    let fleet = Fleet::new(seed, Sizes { images: from, containers: 0 })?;
    let body = |index: u64| serde_json::to_vec(&fleet.image(index)).map_err(|error| error.to_string());
    let bodies: Arc<Vec<Vec<u8>>> = Arc::new((from..from + count).map(body).collect::<Result<_, _>>()?);
    let client = options.client()?;
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut senders = Vec::new();
    for _ in 0..SENDERS {
        let (mut client, bodies, next) = (client.another()?, Arc::clone(&bodies), Arc::clone(&next));
        senders.push(std::thread::spawn(move || -> Result<u64, String> {
            let mut fresh = 0;
            while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = client.post("/api/v1/reports", body)?;
                match answer.status {
                    201 => fresh += 1,
                    200 => {}
                    status => return Err(format!("a report was refused: {status} {}", client.text())),
                }
            }
            Ok(fresh)
        }));
    }
    let mut fresh = 0;
    for sender in senders {
        fresh += sender.join().map_err(|_| "a sender ended early")??;
    }
    let seconds = started.elapsed().as_secs_f64();
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    Ok(json!({
        "reports": count, "new": fresh, "seconds": seconds, "reportsPerSecond": count as f64 / seconds,
        "bytesEach": bytes as u64 / count.max(1), "senders": SENDERS,
    }))
}
