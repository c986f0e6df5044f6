//! The server with real knowledge, the sensor beside it, and what the bench asks of them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::daemon::{Daemon, Kind, log_file};
use crate::bench::fleet::server::{PASSWORD, Server};
use crate::{process, project};

/// How long the server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Containers of one page.
const PAGE: usize = 1_000;

/// A running server and a running sensor.
pub(in crate::bench) struct Plimsoll {
    server: Server,
    token: String,
    sensor: Child,
}

impl Plimsoll {
    /// Starts both; the sensor follows `daemon` and looks into containers every `seconds`.
    pub(in crate::bench) fn start(
        program: &Path,
        work: &Path,
        kind: Kind,
        daemon: &Daemon,
        seconds: u32,
    ) -> Result<Self> {
        let data = work.join("data");
        knowledge(program, &data)?;
        let server = Server::start(program, &data, &work.join("server.log"))?;
        let form = format!("username=admin&password={PASSWORD}&token=true");
        let (status, token) = ask(&server.address, "POST", "/auth", None, form.as_bytes())?;
        if status != 201 {
            bail!("the server gives no token: {status} {}", String::from_utf8_lossy(&token));
        }
        let token = String::from_utf8(token)?;
        let post = |path: &str, body: &Value| -> Result<Value> {
            let body = serde_json::to_vec(body)?;
            let (status, answer) = ask(&server.address, "POST", path, Some(&token), &body)?;
            if !(200..300).contains(&status) {
                bail!("{path}: {status} {}", String::from_utf8_lossy(&answer));
            }
            Ok(serde_json::from_slice(&answer)?)
        };
        let settings = json!({ "driftSeconds": seconds, "heartbeatSeconds": 5 });
        let profile =
            json!({ "profileName": "bench", "profileType": "GENERAL", "config": { "plimsoll": settings } });
        post("/csapi/v1.3/sensorProfile", &profile)?;
        let mut enrol = process::command(program);
        enrol.args(["admin", "sensor", "token", "--profile", "bench", "--data"]).arg(&data);
        let one_time = process::capture(&mut enrol)?;
        let mut command = process::command(program);
        command.args(["sensor", "--runtime", kind.name(), "--socket"]).arg(daemon.socket());
        command.arg("--state").arg(work.join("state")).args(["--token", one_time.trim(), "--name", "bench"]);
        command.args(["--server", &format!("http://{}", server.address)]).env("PLIMSOLL_LOG", "info");
        let log = log_file(&work.join("sensor.log"))?;
        let sensor =
            command.stdout(log.try_clone()?).stderr(log).spawn().context("cannot start the sensor")?;
        Ok(Self { server, token, sensor })
    }

    /// What the server says at a path; `None` if there is nothing.
    pub(in crate::bench) fn get(&self, path: &str) -> Result<Option<Value>> {
        let path = format!("/csapi/v1.3{path}");
        match ask(&self.server.address, "GET", &path, Some(&self.token), b"")? {
            (200, body) => Ok(Some(serde_json::from_slice(&body).with_context(|| path)?)),
            (204 | 404, _) => Ok(None),
            (status, body) => bail!("{path}: {status} {}", String::from_utf8_lossy(&body)),
        }
    }

    /// All containers of the plain list.
    pub(in crate::bench) fn containers(&self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        loop {
            let page =
                self.get(&format!("/containers?pageSize={PAGE}&pageNumber={}", all.len() / PAGE + 1))?;
            let Some(Value::Array(rows)) = page.map(|mut page| page["data"].take()) else { return Ok(all) };
            let is_last = rows.len() < PAGE;
            all.extend(rows);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// The number of the sensor's process.
    pub(in crate::bench) fn sensor_id(&self) -> u32 {
        self.sensor.id()
    }

    /// What the sensor says is wrong.
    pub(in crate::bench) fn troubles(&self, work: &Path) -> Result<Vec<String>> {
        let log = fs::read_to_string(work.join("sensor.log"))?;
        let is_trouble = |line: &&str| line.contains("WARN") || line.contains("ERROR");
        Ok(log.lines().filter(is_trouble).map(str::to_owned).collect())
    }

    /// Ends both in good order.
    pub(in crate::bench) fn stop(mut self) -> Result<()> {
        let number = self.sensor.id().to_string();
        process::run_quiet(process::command("kill").args(["-TERM", &number]))?;
        let status = self.sensor.wait()?;
        if !status.success() {
            bail!("the sensor ended with {status}");
        }
        Ok(())
    }
}

impl Drop for Plimsoll {
    fn drop(&mut self) {
        if matches!(self.sensor.try_wait(), Ok(None)) {
            let _ = self.sensor.kill();
            let _ = self.sensor.wait();
        }
    }
}

/// Puts the shared feeds in force; what they compile to is kept for the next run with the same program.
fn knowledge(program: &Path, data: &Path) -> Result<()> {
    let kept = project::target().join("bench/life/feeds.bundle");
    let is_newer = |a: &Path, b: &Path| -> bool {
        let time = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        time(a).zip(time(b)).is_some_and(|(a, b)| a > b)
    };
    let import = |source: PathBuf| {
        let mut command = process::command(program);
        command.args(["feeds", "import"]).arg(source).arg("--data").arg(data);
        process::run_quiet(&mut command)
    };
    if is_newer(&kept, program) {
        return import(kept);
    }
    eprintln!("bench: compiling the shared feeds");
    import(project::shared().join("data"))?;
    fs::copy(data.join("knowledge/current.bundle"), &kept)?;
    Ok(())
}

/// One request over a connection of its own; gives the status and the body.
fn ask(address: &str, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let kind = if path == "/auth" { "application/x-www-form-urlencoded" } else { "application/json" };
    // version 1.0: the answer comes as it is, up to the end of the connection
    let mut head = format!(
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n",
        body.len()
    );
    if let Some(token) = token {
        head.push_str(&format!("authorization: Bearer {token}\r\n"));
    }
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").context("the server broke off")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split_whitespace().nth(1).context("the answer has no status")?;
    Ok((status.parse()?, answer.split_off(end + 4)))
}
