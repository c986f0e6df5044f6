//! What one whole process costs, measured from outside with GNU time.
//!
//! CPU time and peak memory include children that were waited for, so a pipeline in a shell is measured whole. Temporary files are
//! watched, because a file that was unlinked before the end would otherwise never be seen: a folder of our own is the process's
//! `TMPDIR`, and its size is looked at every few milliseconds.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process;

/// The cost of one run, or the median of several, field by field.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    /// Seconds from start to end.
    pub(super) wall: f64,
    /// Seconds of processor time, user and system.
    pub(super) cpu: f64,
    /// Peak resident memory of the largest process, in MiB.
    pub(super) memory: f64,
    /// Peak size of the temporary folder, in MiB.
    pub(super) temporary: f64,
    /// What was written to file systems, temporary files and caches included, in MiB.
    pub(super) written: f64,
}

/// How often the temporary folder is looked at.
const WATCH: Duration = Duration::from_millis(5);

/// Runs a command once, in `work`, which is emptied before.
pub(super) fn once(command: &Command, work: &Path) -> Result<Cost> {
    let temporary = work.join("tmp");
    if temporary.exists() {
        fs::remove_dir_all(&temporary)?;
    }
    fs::create_dir_all(&temporary)?;
    let figures = work.join("figures");
    let errors = work.join("errors");

    let mut timed = process::command("/usr/bin/time");
    timed.args(["--format", "%e %U %S %M %O", "--output"]).arg(&figures).arg(command.get_program());
    timed.args(command.get_args()).env("TMPDIR", &temporary).current_dir(&temporary);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    timed.stdout(Stdio::null()).stderr(fs::File::create(&errors)?);

    let ended = AtomicBool::new(false);
    let (status, wall, peak) = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| peak_size(&temporary, &ended));
        let started = Instant::now();
        let status = timed.status();
        let wall = started.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, wall, watcher.join().unwrap_or_default())
    });
    let status = status.context("cannot start /usr/bin/time")?;
    if !status.success() {
        let text = fs::read_to_string(&errors).unwrap_or_default();
        let tail: Vec<&str> = text.lines().rev().take(10).collect();
        bail!(
            "{:?} ended with {status}\n{}",
            command.get_program(),
            tail.into_iter().rev().collect::<Vec<_>>().join("\n")
        );
    }
    let text = fs::read_to_string(&figures)?;
    let cost = parse(&text, peak).with_context(|| format!("GNU time printed `{}`", text.trim()))?;
    // GNU time rounds to hundredths, which is too coarse for a warm scan.
    Ok(Cost { wall, ..cost })
}

/// The largest size of a folder until `ended`.
fn peak_size(folder: &Path, ended: &AtomicBool) -> u64 {
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        peak = peak.max(size(folder));
        std::thread::sleep(WATCH);
    }
    peak
}

fn parse(text: &str, peak: u64) -> Result<Cost> {
    let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [wall, user, system, kilobytes, blocks] = numbers[..] else { bail!("five numbers are expected") };
    // GNU time counts written blocks of 512 bytes.
    let written = blocks * 512.0 / MEBIBYTE;
    let temporary = peak as f64 / MEBIBYTE;
    Ok(Cost { wall, cpu: user + system, memory: kilobytes / 1024.0, temporary, written })
}

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// The bytes below a folder that may change under our eyes: what vanishes meanwhile counts nothing.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// The median of each field on its own.
pub(super) fn median(costs: &[Cost]) -> Cost {
    let middle = |field: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(field).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Cost {
        wall: middle(|cost| cost.wall),
        cpu: middle(|cost| cost.cpu),
        memory: middle(|cost| cost.memory),
        temporary: middle(|cost| cost.temporary),
        written: middle(|cost| cost.written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_gnu_time_become_seconds_and_mebibytes() {
        let cost = parse("1.50 0.80 0.20 2048 4096\n", 3 << 20).unwrap();
        assert_eq!(
            (cost.wall, cost.cpu, cost.memory, cost.temporary, cost.written),
            (1.5, 1.0, 2.0, 3.0, 2.0)
        );
        assert!(parse("1.5 0.8", 0).is_err());
    }

    #[test]
    fn each_field_has_its_own_median() {
        let cost = |wall, cpu| Cost { wall, cpu, ..Cost::default() };
        let middle = median(&[cost(1.0, 9.0), cost(3.0, 7.0), cost(2.0, 8.0)]);
        assert_eq!((middle.wall, middle.cpu), (2.0, 8.0));
    }
}
