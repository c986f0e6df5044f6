//! `plimsoll up`: from nothing to a first answered question with one command.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use model::ScanReport;
use server::Server;
use store::DEFAULT_CUSTOMER;

use crate::output::note;
use crate::scan::ReadArgs;
use crate::serve::{announce, run_async, stop_signal};
use crate::settings::ServerArgs;

/// Arguments of `plimsoll up`.
#[derive(clap::Args)]
pub(crate) struct UpArgs {
    /// What to scan first, as for `plimsoll scan`; without it this machine's own root file system
    sources: Vec<String>,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    reading: ReadArgs,
}

/// How long the first answer waits for vulnerability data before it is printed without.
const DATA_PATIENCE: Duration = Duration::from_secs(600);

/// How long a scanned image is waited for to show up in answers.
const INDEX_PATIENCE: Duration = Duration::from_secs(60);

/// Runs a server until SIGINT or SIGTERM; scans meanwhile and prints what to try.
pub(crate) fn run(args: UpArgs) -> anyhow::Result<()> {
    let settings = args.server.resolve()?;
    run_async(async {
        let server = Server::start(&settings).await?;
        announce(&server)?;
        // Data of an earlier start answers at once; newer data comes into force whenever it is ready.
        let has_data = !server.fleet.bundle().manifest().sources.is_empty();
        let loading = !has_data && (settings.feeds.is_some() || settings.feeds_interval.is_some());
        let guide = tokio::spawn(guide(Guide {
            base: settings.public_url.clone().unwrap_or_else(|| format!("http://{}", server.address)),
            password: server.generated_password.clone(),
            store: server.store.clone(),
            fleet: server.fleet.clone(),
            feeds_loaded: loading.then(|| server.feeds_loaded.clone()),
            sources: args.sources,
            reading: args.reading,
        }));
        let outcome = server.run_until(stop_signal()).await.context("the server failed");
        guide.abort();
        outcome
    })
}

/// All that the guided start needs of the running server.
struct Guide {
    base: String,
    /// The password that this start made up; one that was chosen is not shown, it may have changed since.
    password: Option<String>,
    store: store::Store,
    fleet: fleet::Fleet,
    feeds_loaded: Option<tokio::sync::watch::Receiver<u64>>,
    sources: Vec<String>,
    reading: ReadArgs,
}

/// Scans, waits for the vulnerability data and prints the lines to try. Failures are notes: the server goes on.
async fn guide(mut guide: Guide) {
    let mut last = None;
    for (source, host) in targets(&guide.sources) {
        match scan_into(&guide, source, host).await {
            Ok(report) => last = Some(report),
            Err(error) => crate::output::complain(&error),
        }
    }
    if let Some(loaded) = &mut guide.feeds_loaded {
        if *loaded.borrow() == 0 {
            note("vulnerability data is still loading");
        }
        let _ = tokio::time::timeout(DATA_PATIENCE, loaded.wait_for(|count| *count > 0)).await;
        wait_for_bundle(&guide.fleet).await;
    }
    if guide.fleet.bundle().manifest().sources.is_empty() {
        note(
            "no vulnerability data is loaded: packages are listed, not judged (plimsoll feeds import FOLDER)",
        );
    }
    if let Err(error) = print_next_steps(&guide, last.as_ref()) {
        crate::output::complain(&error);
    }
}

/// What to scan, and whether it is the machine itself.
fn targets(sources: &[String]) -> Vec<(&str, bool)> {
    if sources.is_empty() {
        vec![("dir:/", true)]
    } else {
        sources.iter().map(|source| (source.as_str(), false)).collect()
    }
}

async fn scan_into(guide: &Guide, source: &str, host: bool) -> anyhow::Result<ScanReport> {
    note(&format!("scanning {source}"));
    let (name, reading) = (source.to_owned(), guide.reading.clone());
    let origin = if host { "HOST" } else { "GENERAL" };
    let scan = move || {
        let image = crate::scan::open(&name, &reading)?;
        crate::scan::catalog(&image, &reading, origin, &[])
    };
    let report = tokio::task::spawn_blocking(scan).await.context("the scan was interrupted")??;
    let ack = guide.store.put_report(DEFAULT_CUSTOMER, report.clone()).await?;
    // What is stored stays stored: a list of packages that takes the index long shows up when it is through.
    if let Err(error) = guide.fleet.caught_up(ack.updated, INDEX_PATIENCE).await {
        note(&format!("{source} is stored and not to be seen yet: {error}"));
    }
    let unreadable = match report.unreadable.len() {
        0 => String::new(),
        1 => ", 1 place unreadable".to_owned(),
        count => format!(", {count} places unreadable"),
    };
    let packages = match report.packages.len() {
        1 => "1 package".to_owned(),
        count => format!("{count} packages"),
    };
    note(&format!("{source}: {packages}{unreadable}"));
    Ok(report)
}

/// A bundle that was installed a moment ago is in force within a second; gives up quietly if none was.
async fn wait_for_bundle(fleet: &fleet::Fleet) {
    for _ in 0..100 {
        if !fleet.bundle().manifest().sources.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn print_next_steps(guide: &Guide, report: Option<&ScanReport>) -> anyhow::Result<()> {
    let account = match &guide.password {
        Some(password) => format!("admin:{password}"),
        None => "admin:PASSWORD".to_owned(),
    };
    let base = &guide.base;
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nready: {base}\ntry:")?;
    writeln!(out, "  curl -u '{account}' '{base}/csapi/v1.1/images/list?limit=2'")?;
    if let Some(report) = report {
        let sha = report.image.id.0.to_hex();
        writeln!(out, "  curl -u '{account}' '{base}/csapi/v1.3/images/{sha}/software'")?;
        writeln!(out, "  curl -u '{account}' '{base}/csapi/v1.3/images/{sha}/vuln'")?;
    }
    out.flush()?;
    Ok(())
}
