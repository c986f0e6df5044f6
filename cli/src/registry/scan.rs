//! `plimsoll registry scan`: a walk at once, by a sensor or in this process.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context as _, bail};
use model::registry::RunProgress;
use reqwest::Method;
use sensor::registry::{WalkOptions, walk_next};
use serde_json::json;

use super::add::FilterArgs;
use super::here::Here;
use super::{ServerFlags, call, find, list};
use crate::output::note;
use crate::push::Target;

/// The pause between two looks at a walk that a sensor makes.
const POLL: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub(crate) struct ScanArgs {
    /// The registry: its name, host or uuid
    name: String,
    /// Walk in this process, in place of waiting for a registry sensor
    #[arg(long)]
    here: bool,
    /// Scan also what was scanned before
    #[arg(long)]
    force: bool,
    /// Do not wait for the end
    #[arg(long, conflicts_with = "here")]
    no_wait: bool,
    /// Images that are read at a time
    #[arg(long, value_name = "N", requires = "here", default_value_t = 2)]
    images: usize,
    /// Certificates (PEM) to trust beside the system's
    #[arg(long, value_name = "FILE", requires = "here")]
    registry_ca: Option<std::path::PathBuf>,
    /// Directory of the layer cache; without it `plimsoll` in the user's cache directory [env: PLIMSOLL_CACHE_DIR]
    #[arg(long, value_name = "DIR", requires = "here")]
    cache_dir: Option<std::path::PathBuf>,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    server: ServerFlags,
}

pub(super) fn run(args: &ScanArgs) -> anyhow::Result<()> {
    let target = args.server.target()?;
    let registry = find(&target, &args.name)?;
    let request = json!({
        "name": "on demand", "onDemand": true, "forceScan": args.force, "filters": args.filter.filters(),
    });
    let path = format!("csapi/v1.3/registry/{}/schedule", registry.uuid);
    let made = call(&target, Method::POST, &path, Some(&request))?;
    let schedule = made["scheduleUuid"].as_str().context("the server's answer has no scheduleUuid")?;
    if args.here {
        return walk_here(args, &target, schedule);
    }
    if args.no_wait {
        note(&format!("schedule {schedule} waits for a registry sensor"));
        return Ok(());
    }
    wait(&target, &args.name, schedule)
}

fn walk_here(args: &ScanArgs, target: &Target, schedule: &str) -> anyhow::Result<()> {
    let cache = crate::scan::cache_directory(args.cache_dir.clone()).map(|cache| cache.join("layers"));
    let options = WalkOptions {
        worker: concat!("plimsoll/", env!("CARGO_PKG_VERSION")).to_owned(),
        cache,
        authorities: args.registry_ca.clone(),
        images: args.images.max(1),
        ..WalkOptions::default()
    };
    let schedule = schedule.parse().context("the server's answer has no usable scheduleUuid")?;
    let never = AtomicBool::new(false);
    let walked = walk_next(&Here(target), &options, Some(schedule), &never)?;
    let walked = walked.context("another sensor was faster, or the walk was called off")?;
    list::outcome(&walked.progress)?;
    match (walked.failure, walked.lost) {
        (Some(failure), _) => bail!(failure),
        (None, true) => bail!("the walk was called off, or taken over by another sensor"),
        (None, false) => judge(&walked.progress),
    }
}

fn wait(target: &Target, name: &str, uuid: &str) -> anyhow::Result<()> {
    let mut told = false;
    loop {
        let registry = find(target, name)?;
        let schedule = registry.schedules.into_iter().find(|schedule| schedule.uuid == uuid);
        let schedule = schedule.context("the schedule is gone")?;
        match schedule.status.as_str() {
            "Queued" | "Running" => {}
            "Finished" | "Completed" | "Error" => {
                list::outcome(&schedule.progress)?;
                return judge(&schedule.progress);
            }
            other => {
                list::outcome(&schedule.progress)?;
                bail!("the walk ended as {other}");
            }
        }
        if !told && schedule.status == "Queued" {
            note(
                "waiting for a registry sensor (plimsoll sensor --registries); --here walks in this process",
            );
            told = true;
        }
        std::thread::sleep(POLL);
    }
}

fn judge(progress: &RunProgress) -> anyhow::Result<()> {
    match progress.failed {
        0 => Ok(()),
        failed => bail!(
            "{failed} repositories, tags or images could not be looked at; they are tried again by the next walk"
        ),
    }
}
