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
    runtime()?.block_on(async {
        let server = Server::start(&settings).await?;
        announce(&server)?;
        server.run_until(stop_signal()).await.context("the server failed")
    })
}

/// The async runtime of the server commands.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the async runtime")
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
