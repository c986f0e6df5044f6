//! A PostgreSQL server for tests: Debian's package, unpacked below `target/` and not installed.
//!
//! Installing it would make a cluster, a user and a service on the machine, and needs root. Unpacking needs neither, and
//! the tests start and stop their own servers (`testkit::postgres`). A server that is installed already is used as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{process, project};

/// The server, and the libraries that a bare system lacks. Its compiler for queries (LLVM) is left out: it is loaded
/// only if asked for.
const PACKAGES: &[&str] = &[
    "postgresql-15",
    "libpq5",
    "libicu72",
    "libxml2",
    "libldap-2.5-0",
    "libsasl2-2",
    "libgssapi-krb5-2",
    "libkrb5-3",
    "libk5crypto3",
    "libkrb5support0",
    "libkeyutils1",
    "libcom-err2",
    "liblz4-1",
    "libzstd1",
    "libpam0g",
    "libaudit1",
    "libcap-ng0",
    "libsystemd0",
    "libcap2",
    "libgcrypt20",
    "libgpg-error0",
    "liblzma5",
    "libssl3",
    "zlib1g",
];

/// Makes sure that there is a server which the tests find.
pub(crate) fn install() -> Result<()> {
    if is_there() {
        return Ok(());
    }
    let folder = project::target().join("postgresql");
    let wanted = PACKAGES.join(" ");
    for program in ["apt-get", "dpkg-deb"] {
        if !process::is_installed(program) {
            bail!(
                "the tests need a PostgreSQL server: install one, for there is no {program} to fetch Debian's"
            );
        }
    }
    eprintln!("setup: PostgreSQL from Debian's packages into {}", project::relative(&folder));
    let _ = fs::remove_dir_all(&folder);
    let archives = folder.join("archives");
    fs::create_dir_all(&archives)?;
    download(&folder, &archives)?;
    for archive in project::files(&archives, &["deb"])? {
        process::run_quiet(process::command("dpkg-deb").arg("-x").arg(&archive).arg(&folder))?;
    }
    if !installed(&folder.join("usr")) {
        bail!("the packages were unpacked, but there is no server in {}", project::relative(&folder));
    }
    fs::remove_dir_all(&archives)?;
    let _ = fs::remove_dir_all(folder.join("apt"));
    fs::write(folder.join("complete"), wanted).context("cannot note that PostgreSQL is complete")
}

/// Whether the tests find a server.
pub(crate) fn is_there() -> bool {
    let complete = fs::read_to_string(project::target().join("postgresql/complete"));
    complete.is_ok_and(|there| there == PACKAGES.join(" ")) || installed(Path::new("/usr"))
}

/// Whether `base/lib/postgresql/N/bin` holds a server.
fn installed(base: &Path) -> bool {
    let Ok(versions) = fs::read_dir(base.join("lib/postgresql")) else { return false };
    let bins = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    let mut bins = bins.filter(|bin: &PathBuf| bin.join("postgres").exists() && bin.join("initdb").exists());
    bins.next().is_some()
}

/// Fetches the archives by the system's lists, or, where they are absent or old, by lists of our own: those of the system
/// are root's to renew.
fn download(folder: &Path, archives: &Path) -> Result<()> {
    if process::run_quiet(apt_get(archives).arg("download").args(PACKAGES)).is_ok() {
        return Ok(());
    }
    let own = folder.join("apt");
    let (lists, cache) = (own.join("lists"), own.join("cache"));
    fs::create_dir_all(lists.join("partial"))?;
    fs::create_dir_all(cache.join("archives/partial"))?;
    let with_own = |command: &mut Command| {
        command.arg("-o").arg(format!("Dir::State::Lists={}", lists.display()));
        command.arg("-o").arg(format!("Dir::Cache={}", cache.display()));
    };
    let mut update = apt_get(archives);
    with_own(&mut update);
    process::run_quiet(update.args(["update", "-q"]))?;
    let mut fetch = apt_get(archives);
    with_own(&mut fetch);
    process::run_quiet(fetch.arg("download").args(PACKAGES))
}

fn apt_get(folder: &Path) -> Command {
    let mut command = process::command("apt-get");
    // as root it would become a user that cannot write into our folder
    command.current_dir(folder).args(["-o", "APT::Sandbox::User=root", "-q"]);
    command
}
