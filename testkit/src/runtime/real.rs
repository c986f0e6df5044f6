//! A real dockerd or `podman system service`, spoken to with Docker's own client.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::DEMAND_VARIABLE;
use super::supervise::{Supervised, output, say};
use crate::layer_builder::LayerBuilder;

/// How long a daemon may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// A network of its own, so that bridges and ports of several daemons do not meet.
const ALONE: [&str; 6] = ["unshare", "--net", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh"];

/// Which daemon, with which storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// dockerd over overlay2.
    Docker,
    /// dockerd that copies whole file systems.
    DockerVfs,
    /// podman over overlay.
    Podman,
    /// podman over fuse-overlayfs.
    PodmanFuse,
    /// podman that copies whole file systems.
    PodmanVfs,
}

impl Kind {
    fn is_docker(self) -> bool {
        matches!(self, Self::Docker | Self::DockerVfs)
    }
}

/// A running daemon. It goes with all its containers when this is dropped.
#[derive(Debug)]
pub struct RealRuntime {
    kind: Kind,
    daemon: Supervised,
}

impl RealRuntime {
    /// Starts a daemon; `None`, with words on standard error, where it cannot run.
    ///
    /// # Panics
    /// If it does not run and [`DEMAND_VARIABLE`] is set.
    pub fn start(kind: Kind) -> Option<Self> {
        match Self::try_start(kind) {
            Ok(runtime) => Some(runtime),
            Err(reason) => {
                assert!(std::env::var_os(DEMAND_VARIABLE).is_none(), "{kind:?}: {reason}");
                say(&format!("skipped: {kind:?} does not run here: {reason}"));
                None
            }
        }
    }

    fn try_start(kind: Kind) -> Result<Self, String> {
        if std::fs::metadata("/proc/self").map_or(0, |process| process.uid()) != 0 {
            return Err("container runtimes need root".to_owned());
        }
        let mut runtime = Self { kind, daemon: Supervised::new() };
        runtime.settle();
        runtime.run()?;
        Ok(runtime)
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.daemon.folder().join("s")
    }

    /// Docker's data root or podman's graph root.
    pub fn root(&self) -> PathBuf {
        self.daemon.folder().join("root")
    }

    /// A folder that lives as long as the daemon.
    pub fn folder(&self) -> &Path {
        self.daemon.folder()
    }

    /// Runs Docker's client; gives what it printed, without the last newline.
    ///
    /// # Panics
    /// If it fails.
    pub fn docker(&self, arguments: &[&str]) -> String {
        self.try_docker(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs Docker's client; an error is its words.
    ///
    /// # Errors
    /// If it fails.
    pub fn try_docker(&self, arguments: &[&str]) -> Result<String, String> {
        let printed = output(self.client().args(arguments), None)?;
        Ok(printed.trim_end().to_owned())
    }

    /// Docker's client, to be run by the caller.
    pub fn client(&self) -> Command {
        let mut command = Command::new("docker");
        command.env_remove("DOCKER_HOST").env_remove("DOCKER_CONTEXT");
        command.arg("--config").arg(self.daemon.folder().join("c"));
        command.arg("--host").arg(format!("unix://{}", self.socket().display()));
        command
    }

    /// Makes an image of a layer, with Dockerfile instructions for its config; gives its id, 64 hex digits.
    ///
    /// # Panics
    /// If it fails.
    pub fn import(&self, name: &str, layer: &LayerBuilder, changes: &[&str]) -> String {
        let tar = self.daemon.folder().join("import.tar");
        let mut file = std::fs::File::create(&tar).expect("a file can be made in the runtime's folder");
        layer.write_to(&mut file).expect("a layer can be written");
        let mut command = self.client();
        command.arg("import");
        for change in changes {
            command.args(["--change", change]);
        }
        output(command.args(["-", name]), Some(&tar)).unwrap_or_else(|error| panic!("{error}"));
        let id = self.docker(&["image", "inspect", "--format", "{{.Id}}", name]);
        id.trim_start_matches("sha256:").to_owned()
    }

    /// Starts a container in the background that ends at once when it is stopped; gives its id.
    ///
    /// # Panics
    /// If it fails.
    pub fn run_detached(&self, arguments: &[&str]) -> String {
        self.docker(&[&["run", "--detach", "--stop-signal", "KILL"], arguments].concat())
    }

    /// Stops the daemon; what it stored stays. Docker stops its containers first.
    pub fn stop(&mut self) {
        self.daemon.stop();
        let _ = std::fs::remove_file(self.socket());
    }

    /// Starts the daemon again.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        self.run().unwrap_or_else(|error| panic!("{error}"));
    }

    /// A file system with a busybox that is its own shell.
    ///
    /// # Panics
    /// If the machine has no static busybox.
    pub fn busybox() -> LayerBuilder {
        let places = ["/bin/busybox", "/usr/bin/busybox"];
        let busybox = places.into_iter().find_map(|path| std::fs::read(path).ok());
        let busybox = busybox.expect("busybox is there: `cargo xtask setup` installs what the tests need");
        let mut layer = LayerBuilder::new().dir("bin").dir("etc").dir("tmp");
        layer = layer.file_with_mode("bin/busybox", 0o755, busybox);
        for applet in ["sh", "sleep", "rm", "mkdir", "touch", "cat", "true", "echo", "cp", "ls", "chmod"] {
            layer = layer.symlink(format!("bin/{applet}"), "busybox");
        }
        layer
            .file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
            .file("etc/passwd", "root:x:0:0::/:/bin/sh\n")
    }

    /// Writes the settings.
    fn settle(&self) {
        let at = |name: &str| self.daemon.folder().join(name).display().to_string();
        if self.kind.is_docker() {
            self.daemon.write("none.json", "{}");
            let docker = format!("docker --config {} --host unix://{}", at("c"), at("s"));
            self.daemon.write("tidy", &format!("{docker} ps --quiet | xargs -r {docker} kill"));
            return;
        }
        let settings = format!(
            "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\nlog_driver = \"k8s-file\"\n\
             [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\nlock_type = \"file\"\n\
             tmp_dir = \"{}\"\n[network]\nnetwork_backend = \"cni\"\ncni_plugin_dirs = [\"/usr/lib/cni\"]\n\
             network_config_dir = \"{}\"\n",
            at("t"),
            at("n")
        );
        self.daemon.write("containers.conf", &settings);
        let (driver, further) = match self.kind {
            Kind::PodmanVfs => ("vfs", ""),
            Kind::PodmanFuse => {
                ("overlay", "[storage.options.overlay]\nmount_program = \"/usr/bin/fuse-overlayfs\"\n")
            }
            _ => ("overlay", ""),
        };
        let (root, run) = (at("root"), at("r"));
        let storage =
            format!("driver = \"{driver}\"\ngraphroot = \"{root}\"\nrunroot = \"{run}\"\n{further}");
        self.daemon.write("storage.conf", &format!("[storage]\n{storage}"));
        let podman = format!("podman --remote --url unix://{}", at("s"));
        self.daemon.write("tidy", &format!("{podman} rm --all --force --time 0"));
    }

    fn run(&mut self) -> Result<(), String> {
        let at = |name: &str| self.daemon.folder().join(name).display().to_string();
        let socket = format!("unix://{}", at("s"));
        if self.kind.is_docker() {
            let driver = if self.kind == Kind::DockerVfs { "vfs" } else { "overlay2" };
            let (settings, root, state, pid) = (at("none.json"), at("root"), at("e"), at("pid"));
            let command =
                ["dockerd", "--storage-driver", driver, "--config-file", &settings, "--host", &socket];
            let places = ["--data-root", &root, "--exec-root", &state, "--pidfile", &pid];
            self.daemon.start(&[&ALONE[..], &command, &places].concat(), &[]);
        } else {
            let command = ["podman", "system", "service", "--time", "0", &socket];
            let file = |name: &str| self.daemon.folder().join(name);
            let environment = [
                ("CONTAINERS_CONF", file("containers.conf")),
                ("CONTAINERS_STORAGE_CONF", file("storage.conf")),
            ];
            self.daemon.start(&[&ALONE[..], &command].concat(), &environment);
        }
        self.wait()
    }

    fn wait(&mut self) -> Result<(), String> {
        let begin = Instant::now();
        while UnixStream::connect(self.socket()).is_err() || self.try_docker(&["version"]).is_err() {
            let has_ended = begin.elapsed() > Duration::from_millis(500) && self.daemon.has_ended();
            if has_ended || begin.elapsed() > PATIENCE {
                return Err(format!("it does not answer; its last words:\n{}", self.daemon.log()));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}
