//! `cargo xtask bench idle`: what a sensor costs beside many running containers in which nothing happens.
//!
//! The containers are real ones of dockerd. First the sensor runs with its ordinary intervals; then one that looks into every container
//! as often as a profile may ask for, so that the cost of one look at a running, unchanged container can be told.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::life::daemon::{Daemon, Kind};
use super::life::plimsoll::Plimsoll;
use super::{keep, print, release_program, table};
use crate::fleet::number;
use crate::{fixtures, project};

const USAGE: &str = "[--containers N] [--minutes M] [--image NAME]";
/// Seconds between looks of a sensor that nobody has set otherwise.
const ORDINARY: u32 = 60;
/// The shortest that a profile may set.
const OFTEN: u32 = 10;
/// How long the second sensor looks so often.
const BUSY: Duration = Duration::from_secs(120);
/// How long the server may take to show all of them.
const PATIENCE: Duration = Duration::from_secs(300);
/// Clock ticks of `/proc/PID/stat` in a second, which Linux shows to programs as 100 everywhere.
const TICKS: f64 = 100.0;

pub(super) fn run(arguments: &[String]) -> Result<()> {
    let (mut count, mut minutes, mut image) = (200, 10, "debian-python".to_owned());
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { bail!("{} has no value; bench idle {USAGE}", pair[0]) };
        match name.as_str() {
            "--containers" => count = number(value)?,
            "--minutes" => minutes = number(value)?,
            "--image" => image.clone_from(value),
            other => bail!("`{other}` is not an option of bench idle {USAGE}"),
        }
    }
    fixtures::build(&[])?;
    let program = release_program()?;
    let daemon = Daemon::start(Kind::Docker)?;
    let name = daemon.load(&fixtures::output(&image, "docker.tar"))?;
    eprintln!("bench: starting {count} containers of {name}");
    for _ in 0..count {
        daemon.docker(&["run", "--detach", "--network", "none", &name, "sleep", "86400"])?;
    }
    let work = project::target().join("bench/idle");
    let mut rows = Vec::new();
    for (what, seconds, time) in
        [("ordinary", ORDINARY, Duration::from_secs(60 * minutes)), ("a look every 10 seconds", OFTEN, BUSY)]
    {
        let place = work.join(seconds.to_string());
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        let plimsoll = Plimsoll::start(&program, &place, Kind::Docker, &daemon, seconds)?;
        settle(&plimsoll, count)?;
        eprintln!("bench: {what} for {} s", time.as_secs());
        let usage = watch(plimsoll.sensor_id(), time)?;
        rows.push((what, seconds, time, usage));
        plimsoll.stop()?;
    }
    tell(count, &rows)
}

/// Waits until the server shows every container and the sensor has become quiet.
fn settle(plimsoll: &Plimsoll, count: u64) -> Result<()> {
    let begun = Instant::now();
    while plimsoll.containers()?.len() as u64 != count {
        if begun.elapsed() > PATIENCE {
            bail!("the server shows {} of {count} containers", plimsoll.containers()?.len());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    // the image is read and every container looked into once
    std::thread::sleep(Duration::from_secs(20));
    Ok(())
}

/// What a process used.
struct Usage {
    cpu_seconds: f64,
    /// MiB: of its own, the most of it that was seen, and the most with files that are mapped.
    own: f64,
    own_peak: f64,
    peak: f64,
}

fn watch(process: u32, time: Duration) -> Result<Usage> {
    let begun = Instant::now();
    let before = cpu(process)?;
    let mut usage = Usage { cpu_seconds: 0.0, own: 0.0, own_peak: 0.0, peak: 0.0 };
    while begun.elapsed() < time {
        std::thread::sleep(Duration::from_secs(1).min(time));
        usage.own = memory(process, "RssAnon:")?;
        usage.own_peak = usage.own_peak.max(usage.own);
    }
    usage.peak = memory(process, "VmHWM:")?;
    usage.cpu_seconds = cpu(process)? - before;
    Ok(usage)
}

/// Seconds of processor time so far.
fn cpu(process: u32) -> Result<f64> {
    let text = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"))?;
    // the name of the program stands in parentheses and may hold spaces
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    Ok(ticks.iter().sum::<f64>() / TICKS)
}

/// A line of `/proc/PID/status`, in MiB.
fn memory(process: u32, line: &str) -> Result<f64> {
    let text = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"))?;
    let found = text.lines().find_map(|each| each.strip_prefix(line)).context("the system does not tell")?;
    let kibibytes: f64 = found.trim().trim_end_matches(" kB").parse().context("no number")?;
    Ok(kibibytes / 1024.0)
}

fn tell(count: u64, rows: &[(&str, u32, Duration, Usage)]) -> Result<()> {
    let row = |(what, seconds, time, usage): &(&str, u32, Duration, Usage)| {
        let looks = time.as_secs_f64() / f64::from(*seconds);
        vec![
            (*what).to_owned(),
            format!("{:.0}", time.as_secs_f64()),
            format!("{:.2}", usage.cpu_seconds),
            format!("{:.2}", 100.0 * usage.cpu_seconds / time.as_secs_f64()),
            format!("{:.3}", 1000.0 * usage.cpu_seconds / looks / count as f64),
            format!("{:.1}", usage.own),
            format!("{:.1}", usage.own_peak),
            format!("{:.1}", usage.peak),
        ]
    };
    print(&format!("{count} running containers, nothing happens in them"));
    print(&table::render(
        &[
            "sensor",
            "seconds",
            "CPU s",
            "% of a core",
            "CPU ms a look at a container",
            "own MiB",
            "own MiB, most",
            "with mapped files, most",
        ],
        &rows.iter().map(row).collect::<Vec<_>>(),
    ));
    let kept = |(what, _, time, usage): &(&str, u32, Duration, Usage)| {
        json!({ "sensor": what, "seconds": time.as_secs(), "cpuSeconds": usage.cpu_seconds, "ownMebibytes": usage.own,
                "ownPeakMebibytes": usage.own_peak, "peakMebibytes": usage.peak })
    };
    keep("idle", &json!({ "containers": count, "rows": rows.iter().map(kept).collect::<Vec<_>>() }))
}
