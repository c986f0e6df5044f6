//! A fleet into a store, with many reports on their way at once, so that they share commits.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use model::ScanReport;
use store::{DEFAULT_CUSTOMER, Store, StoreError, StoreOptions};
use testkit::fleet_builder::Fleet;
use tokio::task::JoinSet;

/// Reports on their way at once.
const SENDERS: usize = 96;
/// Reports that are made before they are sent; the clock stands meanwhile.
const BLOCK: u64 = 4_096;
/// Containers of one request.
const BATCH: u64 = 500;
/// Requests of containers on their way at once.
const BATCHES: usize = 6;
/// How often the rate is told.
const TELL: Duration = Duration::from_secs(10);

pub(crate) fn make(fleet: &Fleet, seed: u64, data: &Path) -> Result<(), String> {
    let stamp = data.join("fleet.txt");
    let sizes = fleet.sizes();
    let wanted = format!("seed {seed} images {} containers {}\n", sizes.images, sizes.containers);
    match std::fs::read_to_string(&stamp) {
        Ok(there) if there.starts_with(&wanted) => {
            eprintln!("fleet: {} holds it already", data.display());
            println!("{}", there[wanted.len()..].trim_end());
            return Ok(());
        }
        Ok(there) => {
            let other = there.lines().next().unwrap_or_default();
            return Err(format!("{} holds another fleet ({other}); name another folder", data.display()));
        }
        Err(_) => {}
    }
    std::fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let database = data.join("plimsoll.db");
    let open = || Store::open(&StoreOptions::new(&database)).map_err(|error| error.to_string());
    let store = open()?;
    let (of_images, tenths) = runtime.block_on(images(fleet, &store)).map_err(|error| error.to_string())?;
    // the log goes into the file when the last handle is gone
    drop(store);
    let after_images = size(&database);
    let store = open()?;
    let (of_containers, _) =
        runtime.block_on(containers(fleet, &store)).map_err(|error| error.to_string())?;
    drop(store);
    let after_all = size(&database);
    let figures = format!(
        "{{\"images\": {}, \"imageSeconds\": {of_images:.2}, \"imagesPerSecondAtEnd\": {:.0}, \"imagesPerSecondSlowestTenth\": {:.0}, \"imageBytes\": {after_images}, \"containers\": {}, \
         \"containerSeconds\": {of_containers:.2}, \"bytes\": {after_all}}}",
        sizes.images, tenths.last, tenths.slowest, sizes.containers
    );
    std::fs::write(&stamp, format!("{wanted}{figures}\n"))
        .map_err(|error| format!("{}: {error}", stamp.display()))?;
    println!("{figures}");
    Ok(())
}

async fn images(fleet: &Fleet, store: &Store) -> Result<(f64, Tenths), StoreError> {
    let total = fleet.sizes().images;
    let progress = Arc::new(Progress::new("images", total));
    for first in (0..total).step_by(BLOCK as usize) {
        let reports = Arc::new(Mutex::new(reports(fleet, first, (first + BLOCK).min(total)).await?));
        progress.go_on();
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            let (store, progress, reports) = (store.clone(), Arc::clone(&progress), Arc::clone(&reports));
            let next = move || reports.lock().unwrap_or_else(PoisonError::into_inner).pop();
            senders.spawn(async move {
                while let Some(report) = next() {
                    store.put_report(DEFAULT_CUSTOMER, report).await?;
                    progress.done(1);
                }
                Ok(())
            });
        }
        finish(senders).await?;
        progress.stand();
    }
    Ok(progress.end())
}

/// The reports of some images, the last first; they are made by two threads.
async fn reports(fleet: &Fleet, first: u64, end: u64) -> Result<Vec<ScanReport>, StoreError> {
    let middle = first + (end - first) / 2;
    let halves = [middle..end, first..middle].map(|numbers| {
        let fleet = fleet.clone();
        tokio::task::spawn_blocking(move || numbers.rev().map(|index| fleet.image(index)).collect())
    });
    let mut all: Vec<ScanReport> = Vec::new();
    for half in halves {
        all.append(&mut half.await.map_err(|_| StoreError::Closed)?);
    }
    Ok(all)
}

async fn containers(fleet: &Fleet, store: &Store) -> Result<(f64, Tenths), StoreError> {
    let total = fleet.sizes().containers;
    let progress = Arc::new(Progress::new("containers", total));
    let mut senders = JoinSet::new();
    for _ in 0..BATCHES {
        let (fleet, store, progress) = (fleet.clone(), store.clone(), Arc::clone(&progress));
        senders.spawn(async move {
            while let Some(first) = progress.take(BATCH) {
                let numbers = first..(first + BATCH).min(total);
                let count = numbers.end - numbers.start;
                let batch = numbers.map(|index| fleet.container(index)).collect();
                store.put_containers(DEFAULT_CUSTOMER, batch).await?;
                progress.done(count);
            }
            Ok(())
        });
    }
    progress.go_on();
    finish(senders).await?;
    progress.stand();
    Ok(progress.end())
}

async fn finish(mut senders: JoinSet<Result<(), StoreError>>) -> Result<(), StoreError> {
    while let Some(outcome) = senders.join_next().await {
        outcome.map_err(|_| StoreError::Closed)??;
    }
    Ok(())
}

/// Hands out numbers, and tells how many of them are durable.
struct Progress {
    what: &'static str,
    total: u64,
    next: AtomicU64,
    durable: AtomicU64,
    clock: Mutex<Clock>,
    told: AtomicU64,
}

/// Records that were durable in a second, of a tenth of all.
struct Tenths {
    last: f64,
    slowest: f64,
}

/// Stands while nothing is sent.
#[derive(Default)]
struct Clock {
    passed: Duration,
    runs_since: Option<Instant>,
    /// When each tenth was durable.
    tenths: Vec<Duration>,
}

impl Clock {
    fn passed(&self) -> Duration {
        self.passed + self.runs_since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

impl Progress {
    fn new(what: &'static str, total: u64) -> Self {
        let zero = AtomicU64::default;
        Self { what, total, next: zero(), durable: zero(), clock: Mutex::default(), told: zero() }
    }

    fn take(&self, count: u64) -> Option<u64> {
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        (first < self.total).then_some(first)
    }

    fn done(&self, count: u64) {
        let durable = self.durable.fetch_add(count, Ordering::Relaxed) + count;
        let mut clock = self.clock();
        let passed = clock.passed();
        if durable * 10 >= self.total * (clock.tenths.len() as u64 + 1) {
            clock.tenths.push(passed);
        }
        drop(clock);
        let round = passed.as_secs() / TELL.as_secs();
        if self.told.fetch_max(round, Ordering::Relaxed) < round {
            let rate = durable as f64 / passed.as_secs_f64();
            eprintln!("fleet: {durable} of {} {} durable, {rate:.0}/s", self.total, self.what);
        }
    }

    fn clock(&self) -> std::sync::MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on(&self) {
        self.clock().runs_since = Some(Instant::now());
    }

    fn stand(&self) {
        let mut clock = self.clock();
        clock.passed = clock.passed();
        clock.runs_since = None;
    }

    /// Seconds in all, and how many of a tenth were durable in a second.
    fn end(&self) -> (f64, Tenths) {
        let clock = self.clock();
        let seconds = clock.passed().as_secs_f64();
        let mut before = Duration::ZERO;
        let each = clock.tenths.iter().map(|end| end.saturating_sub(std::mem::replace(&mut before, *end)));
        let rate = |tenth: Duration| self.total as f64 / 10.0 / tenth.as_secs_f64().max(1e-3);
        let rates: Vec<f64> = each.map(rate).collect();
        let slowest = rates.iter().copied().reduce(f64::min).unwrap_or_default();
        let tenths = Tenths { last: rates.last().copied().unwrap_or_default(), slowest };
        if self.total > 0 {
            let rate = self.total as f64 / seconds;
            eprintln!("fleet: {} {} durable in {seconds:.1} s, {rate:.0}/s", self.total, self.what);
        }
        (seconds, tenths)
    }
}

/// The database with its log.
fn size(database: &Path) -> u64 {
    let log = database.with_extension("db-wal");
    [database, &log].iter().filter_map(|path| std::fs::metadata(path).ok()).map(|data| data.len()).sum()
}
