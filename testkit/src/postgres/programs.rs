//! Where the server's programs are, and as whom they run: PostgreSQL refuses root, which CI often is.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PASSWORD, USER, run_quiet};

/// Folder of the programs, in place of those that are looked for.
const BIN_VARIABLE: &str = "PLIMSOLL_POSTGRES_BIN";
/// Debian's `nobody` and `nogroup`.
const NOBODY: u32 = 65_534;

/// A found installation.
#[derive(Debug)]
pub(super) struct Programs {
    bin: PathBuf,
    /// Libraries that were unpacked along with the programs.
    libraries: Option<PathBuf>,
    /// Whether this process is root and the server must be somebody else.
    root: bool,
}

/// Where `cargo xtask setup` unpacks the package.
fn unpacked() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/postgresql")
}

/// The newest `BASE/lib/postgresql/N/bin` with a server in it.
fn newest(base: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(base.join("lib/postgresql")).ok()?;
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let mut found: Vec<PathBuf> = versions.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.join("bin/postgres").exists() && path.join("bin/initdb").exists());
    found.into_iter().max_by_key(number).map(|path| path.join("bin"))
}

impl Programs {
    /// Looks at the named folder, then for the unpacked programs, then for the system's.
    pub(super) fn find() -> Option<Self> {
        let root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        if let Some(bin) = std::env::var_os(BIN_VARIABLE).map(PathBuf::from) {
            return Some(Self { bin, libraries: None, root });
        }
        let base = unpacked();
        if !base.join("complete").exists() {
            return newest(Path::new("/usr")).map(|bin| Self { bin, libraries: None, root });
        }
        let base = if root { reachable(&base).ok()? } else { base };
        let libraries = fs::read_dir(base.join("usr/lib")).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        let libraries = libraries.into_iter().find(|path| path.to_string_lossy().ends_with("-linux-gnu"));
        Some(Self { bin: newest(&base.join("usr"))?, libraries, root })
    }

    /// One of the programs.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// A command that runs as the server's owner.
    pub(super) fn as_owner(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = if self.root {
            let id = NOBODY.to_string();
            let mut command = Command::new("setpriv");
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command.env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        command
    }

    /// Makes `folder` with a new cluster in `folder/data`, as a copy of one that was made before.
    pub(super) fn new_data(&self, folder: &Path) -> io::Result<()> {
        let template = self.template()?;
        self.make_folder(folder)?;
        self.copy(&template.join("data"), &folder.join("data"))
    }

    /// Making a cluster takes a second or two, which every test would pay: it is made once and kept.
    fn template(&self) -> io::Result<PathBuf> {
        let version = self.bin.to_string_lossy().replace('/', "-");
        let base = unpacked().with_file_name("postgresql-template");
        fs::create_dir_all(&base)?;
        let lock = File::create(base.join("lock"))?;
        lock.lock()?;
        let template = base.join(format!("{}{version}", if self.root { "root" } else { "own" }));
        if template.join("complete").exists() {
            return Ok(template);
        }
        let scratch = std::env::temp_dir().join(super::unique_name());
        self.make_folder(&scratch)?;
        let made = self.make_template(&scratch, &template);
        fs::remove_dir_all(scratch)?;
        made.map(|()| template)
    }

    fn make_template(&self, scratch: &Path, template: &Path) -> io::Result<()> {
        fs::write(scratch.join("password"), PASSWORD)?;
        fs::set_permissions(scratch.join("password"), fs::Permissions::from_mode(0o644))?;
        let mut initdb = self.as_owner(self.path("initdb"));
        initdb.args(["--no-sync", "--encoding=UTF8", "--locale=C", "--wal-segsize=1", "--username", USER]);
        initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256"]);
        initdb.arg("--pwfile").arg(scratch.join("password")).arg("-D").arg(scratch.join("data"));
        run_quiet(&mut initdb)?;
        let _ = fs::remove_dir_all(template);
        fs::create_dir_all(template)?;
        run_quiet(Command::new("cp").arg("-a").arg(scratch.join("data")).arg(template))?;
        fs::write(template.join("complete"), "")
    }

    /// Makes a folder that only the server's owner and this process can look into.
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        if self.root { chown(folder, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
    }

    /// Copies a file for the server's owner.
    pub(super) fn give(&self, file: &Path, copy: &Path) -> io::Result<()> {
        fs::copy(file, copy)?;
        fs::set_permissions(copy, fs::Permissions::from_mode(0o600))?;
        if self.root { chown(copy, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        // keeps owner and rights; without copying the bytes where the file system can share them
        run_quiet(Command::new("cp").args(["-a", "--reflink=auto"]).arg(from).arg(to))
    }
}

/// Root's folders may be closed to others: then the programs are copied to where the server's owner can run them.
fn reachable(base: &Path) -> io::Result<PathBuf> {
    let open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o5 == 0o5);
    let base = fs::canonicalize(base)?;
    if base.ancestors().all(open) {
        return Ok(base);
    }
    let lock = File::create(base.with_extension("lock"))?;
    lock.lock()?;
    let copy = std::env::temp_dir().join("plimsoll-postgresql");
    let stamp = |base: &Path| fs::read_to_string(base.join("complete")).ok();
    if stamp(&copy).is_none() || stamp(&copy) != stamp(&base) {
        let _ = fs::remove_dir_all(&copy);
        run_quiet(Command::new("cp").arg("-a").arg(&base).arg(&copy))?;
    }
    fs::set_permissions(&copy, fs::Permissions::from_mode(0o755))?;
    Ok(copy)
}
