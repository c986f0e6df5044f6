//! A real containerd with its CRI plugin, spoken to with `ctr`.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::DEMAND_VARIABLE;
use super::supervise::{Supervised, output, say};
use crate::image_builder::ImageBuilder;

/// How long it may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// The image that the CRI plugin makes sandboxes of. It has to be imported, into the namespace `k8s.io`, before a pod is run.
pub const SANDBOX_IMAGE: &str = "example.com/pause:1";

/// A running containerd. It goes with all its containers when this is dropped.
#[derive(Debug)]
pub struct RealContainerd {
    daemon: Supervised,
}

impl RealContainerd {
    /// Starts one; `None`, with words on standard error, where it cannot run.
    ///
    /// # Panics
    /// If it does not run and [`DEMAND_VARIABLE`] is set.
    pub fn start() -> Option<Self> {
        match Self::try_start() {
            Ok(runtime) => Some(runtime),
            Err(reason) => {
                assert!(std::env::var_os(DEMAND_VARIABLE).is_none(), "containerd: {reason}");
                say(&format!("skipped: containerd does not run here: {reason}"));
                None
            }
        }
    }

    fn try_start() -> Result<Self, String> {
        if std::fs::metadata("/proc/self").map_or(0, |process| process.uid()) != 0 {
            return Err("container runtimes need root".to_owned());
        }
        let mut runtime = Self { daemon: Supervised::new() };
        runtime.settle();
        runtime.run()?;
        Ok(runtime)
    }

    /// Its socket, for its own API and for that of Kubernetes.
    pub fn socket(&self) -> PathBuf {
        self.daemon.folder().join("s")
    }

    /// The directory that it keeps everything in.
    pub fn root(&self) -> PathBuf {
        self.daemon.folder().join("root")
    }

    /// A folder that lives as long as the daemon.
    pub fn folder(&self) -> &Path {
        self.daemon.folder()
    }

    /// The namespace that `ctr` uses unless it is given another. It is this daemon's own: what runs containers keeps a folder and a control
    /// group for each, by namespace and id, which all daemons of a machine share.
    pub fn namespace(&self) -> String {
        let name = self.daemon.folder().file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Runs `ctr`; gives what it printed, without the last newline.
    ///
    /// # Panics
    /// If it fails.
    pub fn ctr(&self, arguments: &[&str]) -> String {
        self.try_ctr(arguments).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs `ctr`; an error is its words.
    ///
    /// # Errors
    /// If it fails.
    pub fn try_ctr(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("ctr");
        command.env("CONTAINERD_NAMESPACE", self.namespace());
        command.arg("--address").arg(self.socket()).args(arguments);
        Ok(output(&mut command, None)?.trim_end().to_owned())
    }

    /// Imports an image into a namespace and unpacks it for a snapshotter.
    ///
    /// # Panics
    /// If it fails.
    pub fn import(&self, namespace: &str, snapshotter: &str, image: &ImageBuilder) {
        let archive = self.daemon.folder().join("import.tar");
        image.write_oci_archive(&archive).expect("an image can be written");
        let archive = archive.display().to_string();
        self.ctr(&["--namespace", namespace, "images", "import", "--snapshotter", snapshotter, &archive]);
    }

    /// Stops the daemon; its containers run on, and what it stored stays.
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

    /// Writes the settings. A sandbox may not be given a lower score for the out-of-memory killer on a machine that keeps that right to
    /// itself, and nothing of the network is set up: pods are on that of the node.
    fn settle(&self) {
        let at = |name: &str| self.daemon.folder().join(name).display().to_string();
        let settings = format!(
            "version = 2\nroot = \"{}\"\nstate = \"{}\"\n[grpc]\naddress = \"{}\"\n[ttrpc]\naddress = \"{}\"\n\
             [plugins.\"io.containerd.internal.v1.opt\"]\npath = \"{}\"\n\
             [plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"{SANDBOX_IMAGE}\"\n\
             restrict_oom_score_adj = true\nstream_server_port = \"0\"\n\
             [plugins.\"io.containerd.grpc.v1.cri\".cni]\nbin_dir = \"{}\"\nconf_dir = \"{}\"\n",
            at("root"),
            at("state"),
            at("s"),
            at("t"),
            at("opt"),
            at("cni-bin"),
            at("cni-conf"),
        );
        self.daemon.write("config.toml", &settings);
        let ctr = format!("ctr --address {}", at("s"));
        // the shims of containers outlive the daemon, and so do the empty folders of a namespace
        let own = self.namespace();
        let tidy = format!(
            "for name in $({ctr} namespaces list --quiet); do\n\
             {ctr} --namespace $name tasks list --quiet | xargs -r -n 1 {ctr} --namespace $name tasks delete --force\n\
             done\n\
             rmdir /run/containerd/runc/{own} /sys/fs/cgroup/*/{own} 2>/dev/null"
        );
        self.daemon.write("tidy", &tidy);
    }

    fn run(&mut self) -> Result<(), String> {
        let settings = self.daemon.folder().join("config.toml").display().to_string();
        self.daemon.start(&["containerd", "--config", &settings], &[]);
        let begin = Instant::now();
        while self.try_ctr(&["version"]).is_err() {
            let has_ended = begin.elapsed() > Duration::from_millis(500) && self.daemon.has_ended();
            if has_ended || begin.elapsed() > PATIENCE {
                return Err(format!("it does not answer; its last words:\n{}", self.daemon.log()));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}
