//! `plimsoll serve`: the API from a data directory, until it is told to stop.

use std::io::Write as _;

use anyhow::Context as _;
use server::Server;

use crate::settings::ServerArgs;

/// Arguments of `plimsoll serve`.
#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs a server until SIGINT or SIGTERM.
pub(crate) fn run(args: ServeArgs) -> anyhow::Result<()> {
    let settings = args.server.resolve()?;
    run_async(async {
        let server = Server::start(&settings).await?;
        announce(&server)?;
        server.run_until(stop_signal()).await.context("the server failed")
    })
}

/// Runs `work` to its end on an async runtime.
///
/// Work on other threads that nobody waits for any more, such as a scan or a compilation of feeds when the server is
/// told to stop, is left where it is: it ends with the process, and what it had not finished is not in force.
pub(crate) fn run_async<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}

/// Prints where the server listens and, the first time, the password of the first account.
pub(crate) fn announce(server: &Server) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "plimsoll is listening on http://{}", server.address)?;
    if let Some(password) = &server.generated_password {
        writeln!(out, "account:  {}", server::run::FIRST_ACCOUNT)?;
        writeln!(out, "password: {password}   (shown this once)")?;
    }
    out.flush()?;
    Ok(())
}

/// Ready when the process is asked to stop.
pub(crate) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_stop_does_not_wait_for_a_long_scan() {
        let started = Instant::now();
        run_async(async {
            tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(600)));
            Ok(())
        })
        .unwrap();
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}
