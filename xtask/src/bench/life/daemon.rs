//! A dockerd or podman of the bench's own: its data, socket and network are nobody else's, and it ends with the bench.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::process;

/// Runs the daemon until standard input ends, however the bench does; then ends its containers, unmounts and removes everything.
const SUPERVISE: &str = include_str!("supervise.sh");
/// How long a daemon may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Kind {
    Docker,
    Podman,
}

impl Kind {
    /// The word of the sensor's command line.
    pub(in crate::bench) fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

/// A running daemon; it goes with its containers when this is dropped.
pub(in crate::bench) struct Daemon {
    kind: Kind,
    folder: PathBuf,
    shell: Child,
}

impl Daemon {
    pub(in crate::bench) fn start(kind: Kind) -> Result<Self> {
        if !process::is_root() {
            bail!("container runtimes need root");
        }
        // the paths of sockets have room for 107 bytes
        let folder = PathBuf::from(format!("/tmp/pl-life-{}-{}", kind.name(), std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("supervise"), SUPERVISE)?;
        let socket = format!("unix://{}/s", folder.display());
        let at = |name: &str| folder.join(name).display().to_string();
        let mut command = process::command("sh");
        command.arg(folder.join("supervise")).arg(&folder);
        match kind {
            Kind::Docker => {
                fs::write(folder.join("none.json"), "{}")?;
                command.args(["dockerd", "--storage-driver", "overlay2", "--host", &socket]);
                command.args(["--config-file", &at("none.json"), "--data-root", &at("root")]);
                command.args(["--exec-root", &at("e"), "--pidfile", &at("pid")]);
            }
            Kind::Podman => {
                settle_podman(&folder)?;
                command.args(["podman", "system", "service", "--time", "0", &socket]);
                command.env("CONTAINERS_CONF", folder.join("containers.conf"));
                command.env("CONTAINERS_STORAGE_CONF", folder.join("storage.conf"));
            }
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        let shell = command.process_group(0).spawn().context("cannot start a shell")?;
        let daemon = Self { kind, folder, shell };
        daemon.wait()?;
        Ok(daemon)
    }

    fn wait(&self) -> Result<()> {
        let begun = Instant::now();
        while UnixStream::connect(self.socket()).is_err() || self.docker(&["version"]).is_err() {
            if begun.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let lines: Vec<&str> = log.lines().collect();
                bail!("the daemon does not answer:\n{}", lines[lines.len().saturating_sub(15)..].join("\n"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    pub(in crate::bench) fn socket(&self) -> PathBuf {
        self.folder.join("s")
    }

    /// Runs Docker's client, which podman answers as well.
    pub(in crate::bench) fn docker(&self, arguments: &[&str]) -> Result<String> {
        let mut command = process::command("docker");
        command.env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT");
        command.arg("--config").arg(self.folder.join("c"));
        command.arg("--host").arg(format!("unix://{}", self.socket().display())).args(arguments);
        process::capture(&mut command).map(|text| text.trim_end().to_owned())
    }

    /// Loads an image; gives its name.
    pub(in crate::bench) fn load(&self, archive: &Path) -> Result<String> {
        let path = archive.display().to_string();
        let said = self.docker(&["load", "--quiet", "--input", &path])?;
        let name = said.split_whitespace().last().context("the runtime does not say what it loaded")?;
        Ok(name.to_owned())
    }

    /// Makes an image of a container; gives its id.
    pub(in crate::bench) fn commit(&self, id: &str, name: &str) -> Result<String> {
        if self.kind == Kind::Docker {
            return self.docker(&["commit", id, name]);
        }
        // podman's service does not take this of Docker's client
        let mut command = process::command("podman");
        command.args(["--remote", "--url", &format!("unix://{}", self.socket().display())]);
        let id = process::capture(command.args(["commit", "--quiet", id, name]))?;
        Ok(id.trim().to_owned())
    }

    /// What the runtime says of containers.
    pub(in crate::bench) fn inspect(&self, ids: &[&str]) -> Result<Vec<Value>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let text = self.docker(&[&["container", "inspect"], ids].concat())?;
        serde_json::from_str(&text).context("cannot read what the runtime says of a container")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// podman with what works on machines of hybrid control groups, see the test-kit.
fn settle_podman(folder: &Path) -> Result<()> {
    let at = |name: &str| folder.join(name).display().to_string();
    let settings = format!(
        "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\nlog_driver = \"k8s-file\"\n\
         [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\nlock_type = \"file\"\n\
         tmp_dir = \"{}\"\n[network]\nnetwork_backend = \"cni\"\ncni_plugin_dirs = [\"/usr/lib/cni\"]\n\
         network_config_dir = \"{}\"\n",
        at("t"),
        at("n")
    );
    fs::write(folder.join("containers.conf"), settings)?;
    let storage = format!(
        "[storage]\ndriver = \"overlay\"\ngraphroot = \"{}\"\nrunroot = \"{}\"\n",
        at("root"),
        at("r")
    );
    fs::write(folder.join("storage.conf"), storage)?;
    Ok(())
}

/// A file to which a child's words go.
pub(in crate::bench) fn log_file(path: &Path) -> Result<File> {
    File::options()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))
}
