//! New scan reports over HTTP: each is durable and shown by the lists when its answer comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};
use testkit::fleet_builder::{Fleet, Sizes};

use crate::client::Client;
use crate::{Options, percentile};

/// Connections that report.
const SENDERS: u64 = 32;

/// What one connection saw.
#[derive(Default)]
struct Sent {
    fresh: u64,
    /// When each answer came and how long it took, in seconds.
    answers: Vec<(f64, f64)>,
}

/// `--seed S --from N --count N --senders N`: reports images that the fleet does not have, which are made before the clock runs.
pub(crate) fn report(options: &Options) -> Result<Value, String> {
    let (seed, from) = (options.number("seed", 1)?, options.number("from", 0)?);
    let (count, connections) = (options.number("count", 3_000)?, options.number("senders", SENDERS)?);
    let fleet = Fleet::new(seed, Sizes { images: from, containers: 0 })?;
    let body = |index: u64| serde_json::to_vec(&fleet.image(index)).map_err(|error| error.to_string());
    let bodies: Arc<Vec<Vec<u8>>> = Arc::new((from..from + count).map(body).collect::<Result<_, _>>()?);
    let client = options.client()?;
    let next = Arc::new(AtomicUsize::new(0));
    let own_time = processor_seconds();
    let started = Instant::now();
    let mut senders = Vec::new();
    for _ in 0..connections {
        let (client, bodies, next) = (client.another()?, Arc::clone(&bodies), Arc::clone(&next));
        senders.push(std::thread::spawn(move || send(client, &bodies, &next, started)));
    }
    let (mut fresh, mut answers) = (0, Vec::with_capacity(bodies.len()));
    for sender in senders {
        let sent = sender.join().map_err(|_| "a sender ended early")??;
        fresh += sent.fresh;
        answers.extend(sent.answers);
    }
    let seconds = started.elapsed().as_secs_f64();
    let own_time = processor_seconds() - own_time;
    let bytes: usize = bodies.iter().map(Vec::len).sum();
    let mut waits: Vec<f64> = answers.iter().map(|(_, wait)| wait * 1e3).collect();
    waits.sort_unstable_by(f64::total_cmp);
    Ok(json!({
        "reports": count, "new": fresh, "seconds": seconds, "reportsPerSecond": count as f64 / seconds,
        "slowestTenthPerSecond": slowest_tenth(answers),
        "bytesEach": bytes as u64 / count.max(1), "senders": connections,
        "milliseconds": {"p50": percentile(&waits, 50), "p99": percentile(&waits, 99)},
        "clientProcessorSeconds": own_time,
    }))
}

fn send(
    mut client: Client,
    bodies: &[Vec<u8>],
    next: &AtomicUsize,
    started: Instant,
) -> Result<Sent, String> {
    let mut sent = Sent::default();
    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
        let asked = started.elapsed().as_secs_f64();
        let answer = client.post("/api/v1/reports", body)?;
        let answered = started.elapsed().as_secs_f64();
        sent.answers.push((answered, answered - asked));
        match answer.status {
            201 => sent.fresh += 1,
            200 => {}
            status => return Err(format!("a report was refused: {status} {}", client.text())),
        }
    }
    Ok(sent)
}

/// Answers a second in that tenth of them that took longest.
fn slowest_tenth(mut answers: Vec<(f64, f64)>) -> f64 {
    answers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let part = answers.len().div_ceil(10).max(1);
    let mut before = 0.0;
    let rate = |tenth: &[(f64, f64)]| {
        let end = tenth.last().map_or(before, |(answered, _)| *answered);
        tenth.len() as f64 / (end - std::mem::replace(&mut before, end)).max(1e-9)
    };
    answers.chunks(part).map(rate).fold(f64::INFINITY, f64::min)
}

/// What this process has used of the processors so far; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // behind the name, which may hold anything: state is the first, times in hundredths of a second are 12th and 13th
    let fields = stat.rsplit(')').next().unwrap_or_default().split_ascii_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}
