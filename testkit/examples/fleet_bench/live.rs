//! An export while records change: each live record must come, none twice at the same version, and there must be an end.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Options;
use crate::client::Client;
use crate::export::first_page;

/// Connections that change records.
const WRITERS: u64 = 4;
/// Records changed by one request.
const BATCH: usize = 10;
/// An export of more pages than this for each that it would take at rest does not end.
const ENDLESS: usize = 20;

/// What a page tells of a record.
#[derive(Deserialize)]
struct Record {
    uuid: String,
    sha: String,
    updated: String,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Record>,
}

/// `--rate N --limit N`
pub(crate) fn live(options: &Options) -> Result<Value, String> {
    let (rate, limit) = (options.number("rate", 1_000)?, options.number("limit", 250)?);
    let mut client = options.client()?;
    let mut before: HashMap<String, String> = HashMap::new();
    let at_rest = walk(&mut client, limit, usize::MAX, |record| {
        before.insert(record.uuid, record.sha);
    })?;
    let shas: Arc<Vec<String>> = Arc::new(before.values().cloned().collect());
    if shas.is_empty() {
        return Err("there are no images".to_owned());
    }
    let (stop, changed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let started = Instant::now();
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let (client, shas) = (client.another()?, Arc::clone(&shas));
        let (stop, changed) = (Arc::clone(&stop), Arc::clone(&changed));
        writers.push(std::thread::spawn(move || write(client, number, rate, &shas, &stop, &changed)));
    }
    let mut seen: HashSet<(String, String)> = HashSet::new();
    let mut missing: HashSet<&String> = before.keys().collect();
    let mut twice = 0_u64;
    let mut found = 0_u64;
    let pages = walk(&mut client, limit, (at_rest.pages + 10) * ENDLESS, |record| {
        found += 1;
        missing.remove(&record.uuid);
        twice += u64::from(!seen.insert((record.uuid, record.updated)));
    });
    let seconds = started.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.join().map_err(|_| "a writer ended early")??;
    }
    let pages = pages?;
    Ok(json!({
        "records": found, "live": before.len(), "missing": missing.len(), "twice": twice, "ends": pages.ended, "pages": pages.pages,
        "pagesAtRest": at_rest.pages, "seconds": seconds, "updates": changed.load(Ordering::Relaxed),
        "updatesPerSecond": changed.load(Ordering::Relaxed) as f64 / seconds,
    }))
}

struct Walked {
    pages: usize,
    ended: bool,
}

fn walk(
    client: &mut Client,
    limit: u64,
    most: usize,
    mut each: impl FnMut(Record),
) -> Result<Walked, String> {
    let mut next = Some(first_page(limit));
    let mut pages = 0;
    while let Some(path) = next {
        if pages >= most {
            return Ok(Walked { pages, ended: false });
        }
        let answer = client.get(&path)?;
        match answer.status {
            200 => {}
            204 => break,
            status => return Err(format!("{path}: {status} {}", client.text())),
        }
        let page: Page = serde_json::from_slice(&client.body).map_err(|error| format!("{path}: {error}"))?;
        page.data.into_iter().for_each(&mut each);
        pages += 1;
        next = answer.next;
    }
    Ok(Walked { pages, ended: true })
}

/// Changes records by putting tags on them that they lack: each round over all of them takes another tag.
fn write(
    mut client: Client,
    number: u64,
    rate: u64,
    shas: &[String],
    stop: &AtomicBool,
    changed: &AtomicU64,
) -> Result<(), String> {
    let pause = Duration::from_secs_f64(BATCH as f64 * WRITERS as f64 / rate.max(1) as f64);
    let round_of =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mine: Vec<&String> = shas.iter().skip(number as usize).step_by(WRITERS as usize).collect();
    let started = Instant::now();
    for (turn, place) in (0_u32..).zip((0..).step_by(BATCH)) {
        if stop.load(Ordering::Relaxed) || mine.is_empty() {
            break;
        }
        let images: Vec<String> =
            (place..place + BATCH).map(|place| format!("sha256:{}", mine[place % mine.len()])).collect();
        let body = json!({"images": images}).to_string();
        let tag = format!("wave-{round_of}-{}", place / mine.len());
        let answer = client.post(&format!("/api/v1/tags/{tag}"), body.as_bytes())?;
        if answer.status != 200 {
            return Err(format!("a tag was refused: {} {}", answer.status, client.text()));
        }
        changed.fetch_add(BATCH as u64, Ordering::Relaxed);
        // what is late is made up for, so that the rate is kept if the server can
        std::thread::sleep((pause * (turn + 1)).saturating_sub(started.elapsed()));
    }
    Ok(())
}
