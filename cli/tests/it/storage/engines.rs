//! The real engines, each with its storage in a folder of the test.
//!
//! Nothing of the machine's own engines is touched: every daemon has its own sockets, settings and
//! directories, is ended with the test, and takes its mounts with it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a daemon may take until it answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether engines can run: they need root. Everything else that is missing fails a test.
pub(super) fn can_run() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        eprintln!("skipped: container engines need root");
    }
    is_root
}

/// A folder with a short name, for the paths of sockets have room for 107 bytes. What engines left mounted in
/// it is unmounted before it is removed.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("pl").tempdir_in("/tmp").unwrap())
    }

    pub(super) fn join(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let own = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        let own: Vec<&str> = own.filter(|point| Path::new(point).starts_with(self.0.path())).collect();
        for point in own.iter().rev() {
            let _ = Command::new("umount").args(["--lazy", point]).status();
        }
    }
}

/// A program that must succeed.
pub(super) fn succeed(command: &mut Command) -> String {
    let output = run(command);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; `cargo xtask setup` installs what the tests need")
    })
}

/// A process that is ended with the test.
struct Daemon(Child);

impl Daemon {
    /// Starts it with its output in `log` and waits until `probe` succeeds.
    fn start(command: &mut Command, log: &Path, mut probe: impl FnMut() -> Command) -> Self {
        let file = std::fs::File::create(log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("{command:?}: {error}; `cargo xtask setup` installs what the tests need")
        });
        let mut daemon = Self(child);
        let begin = Instant::now();
        while !run(&mut probe()).status.success() {
            let ended = daemon.0.try_wait().unwrap();
            if ended.is_some() || begin.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(12).collect();
                panic!("{command:?} does not answer ({ended:?}), its last words first: {tail:#?}");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if matches!(self.0.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A Docker daemon.
pub(super) struct Docker {
    // the order matters: the daemon is ended before its folder is removed
    _daemon: Daemon,
    folder: Folder,
}

impl Docker {
    pub(super) fn start(driver: &str) -> Self {
        let folder = Folder::new();
        let mut command = Command::new("dockerd");
        command.args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver", driver]);
        command.arg("--config-file").arg(folder.join("none.json"));
        command.arg("--host").arg(format!("unix://{}", folder.join("s").display()));
        command.arg("--data-root").arg(folder.join("root")).arg("--exec-root").arg(folder.join("e"));
        command.arg("--pidfile").arg(folder.join("pid"));
        std::fs::write(folder.join("none.json"), "{}").unwrap();
        let probe = || client(&folder, &["version"]);
        let daemon = Daemon::start(&mut command, &folder.join("log"), probe);
        Self { _daemon: daemon, folder }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    pub(super) fn run(&self, arguments: &[&str]) -> String {
        succeed(&mut client(&self.folder, arguments))
    }
}

fn client(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.arg("--config").arg(folder.join("c"));
    command.arg("--host").arg(format!("unix://{}", folder.join("s").display())).args(arguments);
    command
}

/// A containerd daemon.
pub(super) struct Containerd {
    _daemon: Daemon,
    folder: Folder,
}

impl Containerd {
    pub(super) fn start() -> Self {
        let folder = Folder::new();
        let at = |name: &str| folder.join(name).display().to_string();
        let settings = format!(
            "version = 2\nroot = \"{}\"\nstate = \"{}\"\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\
             [grpc]\naddress = \"{}\"\n[ttrpc]\naddress = \"{}\"\n\
             [plugins.\"io.containerd.internal.v1.opt\"]\npath = \"{}\"\n",
            at("root"),
            at("state"),
            at("s"),
            at("t"),
            at("opt")
        );
        std::fs::write(folder.join("config.toml"), settings).unwrap();
        let mut command = Command::new("containerd");
        command.arg("--config").arg(folder.join("config.toml"));
        let daemon = Daemon::start(&mut command, &folder.join("log"), || ctr(&folder, &["version"]));
        Self { _daemon: daemon, folder }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    pub(super) fn run(&self, arguments: &[&str]) -> String {
        succeed(&mut ctr(&self.folder, arguments))
    }
}

fn ctr(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new("ctr");
    command.arg("--address").arg(folder.join("s")).args(arguments);
    command
}

/// How podman keeps layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Driver {
    Overlay,
    /// overlay by fuse-overlayfs, which has marks of its own.
    Fuse,
    Vfs,
    /// overlay that copies and renames as little as it can.
    Sparing,
}

/// A storage of podman; there is no daemon.
pub(super) struct Podman {
    folder: Folder,
}

impl Podman {
    pub(super) fn new(driver: Driver) -> Self {
        let folder = Folder::new();
        let settings = "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\n\
                        [engine]\nruntime = \"runc\"\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n";
        std::fs::write(folder.join("containers.conf"), settings).unwrap();
        let (name, further) = match driver {
            Driver::Overlay => ("overlay", String::new()),
            Driver::Fuse => {
                ("overlay", "[storage.options.overlay]\nmount_program = \"/usr/bin/fuse-overlayfs\"\n".into())
            }
            Driver::Vfs => ("vfs", String::new()),
            Driver::Sparing => {
                let options = "mountopt = \"metacopy=on,redirect_dir=on\"\n";
                ("overlay", format!("[storage.options.overlay]\n{options}"))
            }
        };
        let [graph, run] = ["g", "r"].map(|name| folder.join(name).display().to_string());
        let settings = format!(
            "[storage]\ndriver = \"{name}\"\ngraphroot = \"{graph}\"\nrunroot = \"{run}\"\n{further}"
        );
        std::fs::write(folder.join("storage.conf"), settings).unwrap();
        std::fs::write(folder.join("policy.json"), r#"{"default":[{"type":"insecureAcceptAnything"}]}"#)
            .unwrap();
        Self { folder }
    }

    pub(super) fn root(&self) -> PathBuf {
        self.folder.join("g")
    }

    /// Its settings file, which names the root.
    pub(super) fn settings(&self) -> PathBuf {
        self.folder.join("storage.conf")
    }

    pub(super) fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("podman");
        command.env("CONTAINERS_CONF", self.folder.join("containers.conf"));
        command.env("CONTAINERS_STORAGE_CONF", self.settings());
        succeed(command.args(arguments))
    }

    pub(super) fn load(&self, archive: &Path) {
        let policy = self.folder.join("policy.json").display().to_string();
        let archive = archive.display().to_string();
        self.run(&["load", "--quiet", "--signature-policy", &policy, "--input", &archive]);
    }
}
