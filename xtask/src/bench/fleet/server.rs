//! The server under test: started on a data directory, watched from outside, ended in good order.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process;

/// The manager's password; the directory is the bench's own.
pub(in crate::bench) const PASSWORD: &str = "fleet-bench-password";
/// The account that sees a part only, and the tags that it sees.
pub(super) const SCOPED: (&str, &str) = ("fleet-scoped", "emea,pci");

/// How long a start or an end may take.
const PATIENCE: Duration = Duration::from_secs(3_600);
const PAUSE: Duration = Duration::from_millis(5);

/// A running server.
pub(in crate::bench) struct Server {
    child: Child,
    pub(in crate::bench) address: String,
    /// From the start of the process until it said that it is ready.
    pub(super) ready_seconds: f64,
}

/// Memory of a process in MiB.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    pub(super) now: f64,
    pub(super) peak: f64,
}

impl Server {
    /// Starts `program` on `data` and waits until it is ready. What it logs goes to `log`.
    pub(in crate::bench) fn start(program: &Path, data: &Path, log: &Path) -> Result<Self> {
        let address = free_address()?;
        let mut command = process::command(program);
        command.arg("serve").arg("--data").arg(data).args(["--listen", &address, "--feeds-interval", "0"]);
        // nginx writes no line for a request either
        command.env("PLIMSOLL_ADMIN_PASSWORD", PASSWORD).env("PLIMSOLL_LOG", "warn");
        let file = File::options().create(true).append(true).open(log)?;
        command.stdout(file.try_clone()?).stderr(file);
        let started = Instant::now();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        while !is_ready(&address) {
            if let Some(status) = child.try_wait()? {
                bail!("the server ended with {status}; see {}", log.display());
            }
            if started.elapsed() > PATIENCE {
                let _ = child.kill();
                bail!("the server is not ready after {} s; see {}", PATIENCE.as_secs(), log.display());
            }
            std::thread::sleep(PAUSE);
        }
        Ok(Self { child, address, ready_seconds: started.elapsed().as_secs_f64() })
    }

    pub(super) fn memory(&self) -> Memory {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kibibytes.unwrap_or_default() / 1024.0
        };
        Memory { now: field("VmRSS:"), peak: field("VmHWM:") }
    }

    /// Runs a command of the measuring client as a user, and reads its figures.
    pub(super) fn measure(&self, client: &Path, user: &str, arguments: &[&str]) -> Result<Value> {
        let [command, options @ ..] = arguments else { bail!("a command of the client is missing") };
        let mut run = process::command(client);
        run.args([command, "--address", &self.address, "--user", user, "--password", PASSWORD]);
        figures(run.args(options))
    }

    /// Asks the server to end, and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        let number = self.child.id().to_string();
        process::run_quiet(process::command("kill").args(["-TERM", &number]))?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            if asked.elapsed() > PATIENCE {
                bail!("the server does not end");
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // after a failure elsewhere nobody else would end it
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The last line that a measuring program prints.
pub(super) fn figures(command: &mut Command) -> Result<Value> {
    let printed = process::capture(command)?;
    let line = printed.lines().last().context("the measuring program printed nothing")?;
    serde_json::from_str(line).with_context(|| format!("the measuring program printed `{line}`"))
}

/// An address of this machine that nobody listens on.
pub(super) fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn is_ready(address: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
