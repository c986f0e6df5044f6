//! A fleet into a store, with many reports on their way at once, so that they share commits.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use store::{DEFAULT_CUSTOMER, Store, StoreError, StoreOptions};
use testkit::fleet_builder::Fleet;
use tokio::task::JoinSet;

/// Reports on their way at once.
const SENDERS: usize = 96;
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
    let (of_images, at_end) = runtime.block_on(images(fleet, &store)).map_err(|error| error.to_string())?;
    // the log goes into the file when the last handle is gone
    drop(store);
    let after_images = size(&database);
    let store = open()?;
    let (of_containers, _) =
        runtime.block_on(containers(fleet, &store)).map_err(|error| error.to_string())?;
    drop(store);
    let after_all = size(&database);
    let figures = format!(
        "{{\"images\": {}, \"imageSeconds\": {of_images:.2}, \"imagesPerSecondAtEnd\": {at_end:.0}, \"imageBytes\": {after_images}, \"containers\": {}, \
         \"containerSeconds\": {of_containers:.2}, \"bytes\": {after_all}}}",
        sizes.images, sizes.containers
    );
    std::fs::write(&stamp, format!("{wanted}{figures}\n"))
        .map_err(|error| format!("{}: {error}", stamp.display()))?;
    println!("{figures}");
    Ok(())
}

async fn images(fleet: &Fleet, store: &Store) -> Result<(f64, f64), StoreError> {
    let total = fleet.sizes().images;
    let progress = Arc::new(Progress::new("images", total));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (fleet, store, progress) = (fleet.clone(), store.clone(), Arc::clone(&progress));
        senders.spawn(async move {
            while let Some(index) = progress.take(1) {
                store.put_report(DEFAULT_CUSTOMER, fleet.image(index)).await?;
                progress.done(1);
            }
            Ok(())
        });
    }
    finish(senders).await?;
    Ok(progress.end())
}

async fn containers(fleet: &Fleet, store: &Store) -> Result<(f64, f64), StoreError> {
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
    finish(senders).await?;
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
    started: Instant,
    told: AtomicU64,
    /// When nine tenths were durable, in milliseconds since the start.
    nine_tenths: AtomicU64,
}

impl Progress {
    fn new(what: &'static str, total: u64) -> Self {
        let zero = AtomicU64::default;
        Self {
            what,
            total,
            next: zero(),
            durable: zero(),
            started: Instant::now(),
            told: zero(),
            nine_tenths: zero(),
        }
    }

    fn take(&self, count: u64) -> Option<u64> {
        let first = self.next.fetch_add(count, Ordering::Relaxed);
        (first < self.total).then_some(first)
    }

    fn done(&self, count: u64) {
        let durable = self.durable.fetch_add(count, Ordering::Relaxed) + count;
        let passed = self.started.elapsed();
        if durable * 10 >= self.total * 9 {
            let millis = passed.as_millis() as u64;
            let _ = self.nine_tenths.compare_exchange(0, millis, Ordering::Relaxed, Ordering::Relaxed);
        }
        let round = passed.as_secs() / TELL.as_secs();
        if self.told.fetch_max(round, Ordering::Relaxed) < round {
            let rate = durable as f64 / passed.as_secs_f64();
            eprintln!("fleet: {durable} of {} {} durable, {rate:.0}/s", self.total, self.what);
        }
    }

    /// Seconds in all, and how many of the last tenth were durable in a second.
    fn end(&self) -> (f64, f64) {
        let seconds = self.started.elapsed().as_secs_f64();
        let last = seconds - self.nine_tenths.load(Ordering::Relaxed) as f64 / 1e3;
        let at_end = self.total as f64 / 10.0 / last.max(1e-3);
        if self.total > 0 {
            let rate = self.total as f64 / seconds;
            eprintln!("fleet: {} {} durable in {seconds:.1} s, {rate:.0}/s", self.total, self.what);
        }
        (seconds, at_end)
    }
}

/// The database with its log.
fn size(database: &Path) -> u64 {
    let log = database.with_extension("db-wal");
    [database, &log].iter().filter_map(|path| std::fs::metadata(path).ok()).map(|data| data.len()).sum()
}
