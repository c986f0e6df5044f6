//! How long it takes from `docker run` until the container and its findings are in the list of containers.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::daemon::Daemon;
use super::plimsoll::Plimsoll;
use super::shown::counts;

/// How long one container may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(4);

/// Seconds from the beginning of each `run` and from its return.
#[derive(Default)]
pub(super) struct Latency {
    pub(super) from_start: Vec<f64>,
    pub(super) from_return: Vec<f64>,
}

/// Starts containers one after the other, and asks for each from the moment that it is started.
pub(super) fn measure(
    daemon: &Daemon,
    plimsoll: &Plimsoll,
    images: &[&str],
    count: usize,
) -> Result<Latency> {
    let mut latency = Latency::default();
    for number in 0..count {
        let name = format!("late-{number}");
        let image = images[number % images.len()];
        let begun = Instant::now();
        let (returned, seen) = std::thread::scope(|scope| {
            let asking = scope.spawn(|| until_listed(plimsoll, &name));
            let run = daemon.docker(&[
                "run",
                "--detach",
                "--network",
                "none",
                "--name",
                &name,
                image,
                "sleep",
                "1000000",
            ]);
            let returned = Instant::now();
            run.map(|_| (returned, asking.join()))
        })?;
        let Ok(seen) = seen else { bail!("asking for {name} failed") };
        let seen = seen?;
        latency.from_start.push((seen - begun).as_secs_f64());
        latency.from_return.push(seen.saturating_duration_since(returned).as_secs_f64());
    }
    Ok(latency)
}

/// Asks for the newest container until it is this one, runs, and has findings.
fn until_listed(plimsoll: &Plimsoll, name: &str) -> Result<Instant> {
    let begun = Instant::now();
    loop {
        let page = plimsoll.get("/containers?pageSize=1&sort=created:desc")?.unwrap_or_default();
        let line = &page["data"][0];
        let has_findings = counts(&line["vulnerabilities"]).iter().any(|count| *count > 0);
        if line["name"] == name && line["state"] == "RUNNING" && has_findings {
            return Ok(Instant::now());
        }
        if begun.elapsed() > PATIENCE {
            bail!("{name} is not listed with its findings after {} s: {line}", PATIENCE.as_secs());
        }
        std::thread::sleep(PAUSE);
    }
}

/// The value below which this part of all values lies.
pub(super) fn percentile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = (part * values.len() as f64).ceil() as usize;
    values.get(at.clamp(1, values.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

/// The percentiles that are told.
pub(super) const PARTS: [(&str, f64); 4] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)];

/// Percentiles in milliseconds, as a row of the table and as figures.
pub(super) fn row(what: &str, seconds: &[f64]) -> (Vec<String>, Value) {
    let values: Vec<(&str, f64)> =
        PARTS.iter().map(|(name, part)| (*name, percentile(seconds, *part) * 1e3)).collect();
    let cells = values.iter().map(|(_, value)| format!("{value:.0}"));
    let row = std::iter::once(what.to_owned()).chain(cells).collect();
    let figures = values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    (row, Value::Object(figures))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() {
        let values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!([0.5, 0.95, 0.99, 1.0].map(|part| percentile(&values, part)), [50.0, 95.0, 99.0, 100.0]);
        assert_eq!(percentile(&[7.0], 0.5), 7.0);
        assert!(percentile(&[], 0.5).is_nan());
    }
}
