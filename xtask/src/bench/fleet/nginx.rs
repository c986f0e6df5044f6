//! nginx as it serves files best: two workers, `sendfile`, no log, over loopback.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::server::{figures, free_address};
use crate::process;
use crate::unpacked::NGINX;

/// What the pages of a folder are read with: megabytes a second by the same client that read them from the server.
///
/// `bytes` is how much is read.
pub(super) fn measure(client: &Path, folder: &Path, pages: u64, bytes: u64) -> Result<Value> {
    let address = free_address()?;
    let mut nginx = start(folder, &address)?;
    let mut run = process::command(client);
    let outcome = figures(run.args([
        "files",
        "--address",
        &address,
        "--pages",
        &pages.to_string(),
        "--bytes",
        &bytes.to_string(),
    ]));
    let number = nginx.id().to_string();
    process::run_quiet(process::command("kill").args(["-TERM", &number]))?;
    nginx.wait()?;
    outcome
}

fn start(folder: &Path, address: &str) -> Result<Child> {
    let prefix = folder.with_extension("nginx");
    fs::create_dir_all(&prefix)?;
    let settings = prefix.join("nginx.conf");
    fs::write(&settings, configuration(folder, &prefix, address))?;
    let mut command = process::command(NGINX.program()?);
    command.arg("-p").arg(&prefix).arg("-c").arg(&settings).arg("-e").arg(prefix.join("errors"));
    let mut child = command.spawn().context("cannot start nginx")?;
    let started = Instant::now();
    while TcpStream::connect(address).is_err() {
        if let Some(status) = child.try_wait()? {
            bail!("nginx ended with {status}; see {}", prefix.join("errors").display());
        }
        if started.elapsed() > Duration::from_secs(10) {
            let _ = child.kill();
            bail!("nginx does not listen on {address}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(child)
}

fn configuration(folder: &Path, prefix: &Path, address: &str) -> String {
    let (folder, prefix) = (folder.display(), prefix.display());
    // a server that root starts would serve as somebody who may not read the files
    let user = if process::is_root() { "user root;" } else { "" };
    format!(
        "daemon off; {user} worker_processes 2; pid {prefix}/pid; error_log {prefix}/errors;\n\
         events {{ worker_connections 64; }}\n\
         http {{\n  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600s;\n  \
         default_type application/json;\n  client_body_temp_path {prefix}/body; proxy_temp_path {prefix}/proxy; \
         fastcgi_temp_path {prefix}/fastcgi; uwsgi_temp_path {prefix}/uwsgi; scgi_temp_path {prefix}/scgi;\n  \
         server {{ listen {address}; root {folder}; }}\n}}\n"
    )
}
