//! Daemons that end with the test's process, and their folders with them.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// What the shell does: starts the daemon, waits for the end of its input, tidies up, stops the daemon, unmounts, removes.
const SUPERVISE: &str = r#"folder=$1; shift
"$@" >>"$folder/log" 2>&1 &
daemon=$!
echo "$daemon" >"$folder/daemon"
cat >/dev/null
[ -e "$folder/keep" ] || sh "$folder/tidy" >>"$folder/log" 2>&1
kill -TERM "$daemon" 2>/dev/null
(sleep 20; kill -KILL "$daemon") 2>/dev/null &
patience=$!
wait "$daemon"
kill "$patience" 2>/dev/null
[ -e "$folder/keep" ] && exit
sed -n "s|^[^ ]* \($folder/[^ ]*\) .*|\1|p" /proc/self/mounts | sort -r | while read -r point; do
    umount -l "$point"
done
rm -rf "$folder""#;

/// A daemon and the folder that holds all of it.
#[derive(Debug)]
pub(super) struct Supervised {
    folder: PathBuf,
    shell: Option<Child>,
}

impl Supervised {
    /// A new folder, with a short name: the paths of sockets have room for 107 bytes. A file `tidy` in it is a shell script that ends
    /// what the daemon started.
    pub(super) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let temporary = std::env::temp_dir();
        let place = if temporary.as_os_str().len() < 40 { temporary } else { PathBuf::from("/tmp") };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = place.join(format!("pl-{}-{number}", std::process::id()));
        // what a process of the same number left behind
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder for a runtime can be made");
        Self { folder, shell: None }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file into the folder.
    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text)
            .expect("a file can be written into the runtime's folder");
    }

    /// Starts the daemon with a command of the shell's words.
    pub(super) fn start(&mut self, daemon: &[&str], environment: &[(&str, PathBuf)]) {
        let _ = std::fs::remove_file(self.folder.join("keep"));
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISE, "sh"]).arg(&self.folder).args(daemon);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        // what ends this process with its group, as a runner of tests does, must leave the shell to its work
        self.shell = Some(command.process_group(0).spawn().expect("a shell can be started"));
    }

    /// What the daemon said last.
    pub(super) fn log(&self) -> String {
        let log = std::fs::read(self.folder.join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log).into_owned();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Whether the daemon ended by itself. Its shell waits for other things and leaves it a zombie.
    pub(super) fn has_ended(&self) -> bool {
        let number = std::fs::read_to_string(self.folder.join("daemon")).unwrap_or_default();
        let state = std::fs::read_to_string(format!("/proc/{}/stat", number.trim())).unwrap_or_default();
        state.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'))
    }

    /// Stops the daemon; its folder stays.
    pub(super) fn stop(&mut self) {
        self.write("keep", "");
        self.end();
    }

    fn end(&mut self) {
        let Some(mut shell) = self.shell.take() else { return };
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        let was_running = self.shell.is_some();
        self.end();
        if !was_running {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A program's output, or its errors as words.
pub(super) fn output(command: &mut Command, input: Option<&Path>) -> Result<String, String> {
    let input = match input {
        Some(path) => Stdio::from(File::open(path).map_err(|error| format!("{}: {error}", path.display()))?),
        None => Stdio::null(),
    };
    let output = command.stdin(input).output().map_err(|error| {
        format!("{:?}: {error}; `cargo xtask setup` installs what the tests need", command.get_program())
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Tells the reader of the test's output.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
