//! All detailed images, page by page, by one client on one connection; and pages of static files by the same client.

use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use crate::Options;
use crate::client::Client;

/// The first page of the export.
pub(crate) fn first_page(limit: u64) -> String {
    format!("/csapi/v1.3/images/list?limit={limit}")
}

/// How a walk over pages went.
#[derive(Default)]
struct Walk {
    /// Seconds and bytes of each page, in order.
    pages: Vec<(f64, u64)>,
    bytes: u64,
}

impl Walk {
    /// Megabytes (10^6 bytes) a second.
    fn rate(&self) -> f64 {
        self.bytes as f64 / 1e6 / self.seconds()
    }

    fn seconds(&self) -> f64 {
        self.pages.iter().map(|(seconds, _)| seconds).sum()
    }

    /// What a page costs in a tenth of the export: 0 is the first, 9 the last. The very last page is left out, since it is not full.
    fn tenth(&self, number: usize) -> Value {
        let full = &self.pages[..self.pages.len().saturating_sub(1).max(1)];
        let first = full.len() * number / 10;
        let part = &full[first..(full.len() * (number + 1) / 10).max(first + 1)];
        let milliseconds = part.iter().map(|(seconds, _)| seconds).sum::<f64>() * 1e3;
        let megabytes = part.iter().map(|(_, bytes)| bytes).sum::<u64>() as f64 / 1e6;
        json!({"milliseconds": milliseconds / part.len() as f64, "perMegabyte": milliseconds / megabytes.max(1e-9)})
    }
}

/// `--limit N --save DIR --save-pages N`: the walk is timed first, pages are saved in a second one.
pub(crate) fn export(options: &Options) -> Result<Value, String> {
    let limit = options.number("limit", 250)?;
    let mut client = options.client()?;
    let mut walk = Walk::default();
    let mut next = Some(first_page(limit));
    while let Some(path) = next {
        next = page(&mut client, &path, &mut walk)?;
    }
    let last = records(&client.body)?;
    let records = (walk.pages.len() as u64).saturating_sub(1) * limit + last;
    let saved = save(options, &mut client, limit)?;
    Ok(json!({
        "pages": walk.pages.len(), "records": records, "bytes": walk.bytes, "seconds": walk.seconds(),
        "megabytesPerSecond": walk.rate(), "recordsPerSecond": records as f64 / walk.seconds(),
        "firstTenth": walk.tenth(0), "lastTenth": walk.tenth(9), "saved": saved,
    }))
}

/// Fetches a page; gives where the next one is.
fn page(client: &mut Client, path: &str, walk: &mut Walk) -> Result<Option<String>, String> {
    let started = Instant::now();
    let answer = client.get(path)?;
    let size = client.body.len() as u64;
    walk.pages.push((started.elapsed().as_secs_f64(), size));
    walk.bytes += size;
    match answer.status {
        200 => Ok(answer.next),
        204 => Ok(None),
        status => Err(format!("{path}: {status} {}", client.text())),
    }
}

/// The records of a page.
fn records(body: &[u8]) -> Result<u64, String> {
    if body.is_empty() {
        return Ok(0);
    }
    let page: Value = serde_json::from_slice(body).map_err(|error| format!("the last page: {error}"))?;
    Ok(page["data"].as_array().map_or(0, Vec::len) as u64)
}

fn save(options: &Options, client: &mut Client, limit: u64) -> Result<u64, String> {
    let Ok(folder) = options.path("save") else { return Ok(0) };
    let wanted = options.number("save-pages", 300)?;
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut next = Some(first_page(limit));
    let mut saved = 0;
    while let Some(path) = next.filter(|_| saved < wanted) {
        next = client.get(&path)?.next;
        fs::write(folder.join(format!("page-{saved}.json")), &client.body).map_err(failed)?;
        saved += 1;
    }
    Ok(saved)
}

/// `--address A --pages N --bytes B`: reads saved pages in turn until that many bytes have come.
pub(crate) fn files(options: &Options) -> Result<Value, String> {
    let (pages, bytes) = (options.number("pages", 1)?.max(1), options.number("bytes", 1 << 30)?);
    let mut client = Client::connect(options.text("address")?)?;
    let path = |number: u64| format!("/page-{}.json", number % pages);
    // once round, so that the files are in memory as the server's data is
    for number in 0..pages {
        client.get(&path(number))?;
    }
    let mut walk = Walk::default();
    for number in 0.. {
        page(&mut client, &path(number), &mut walk)?;
        if walk.bytes >= bytes {
            break;
        }
    }
    let pages = walk.pages.len();
    Ok(
        json!({"pages": pages, "bytes": walk.bytes, "seconds": walk.seconds(), "megabytesPerSecond": walk.rate()}),
    )
}
