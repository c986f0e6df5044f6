//! Programs that benches compare with, out of Debian's packages: unpacked below `target/peers`, not installed.
//!
//! It needs no root, starts no service and leaves the machine as it was.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{process, project};

/// A package and the program in it.
pub(crate) struct Unpacked {
    package: &'static str,
    program: &'static str,
}

/// The server of static files that the export of a fleet is compared with.
pub(crate) const NGINX: Unpacked = Unpacked { package: "nginx", program: "usr/sbin/nginx" };

/// PostgreSQL's client.
pub(crate) const PSQL: Unpacked =
    Unpacked { package: "postgresql-client-15", program: "usr/lib/postgresql/15/bin/psql" };

impl Unpacked {
    /// The program, fetched when it is missing.
    pub(crate) fn program(&self) -> Result<PathBuf> {
        let folder = project::target().join("peers").join(self.package);
        let program = folder.join("root").join(self.program);
        if !program.exists() {
            eprintln!("setup: {} from Debian's package into {}", self.package, project::relative(&folder));
            self.unpack(&folder)?;
        }
        if !program.exists() {
            bail!("package {} was unpacked, but holds no {}", self.package, self.program);
        }
        Ok(program)
    }

    fn unpack(&self, folder: &Path) -> Result<()> {
        for program in ["apt-get", "dpkg-deb"] {
            if !process::is_installed(program) {
                bail!("there is no {program} to fetch the package {}", self.package);
            }
        }
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)?;
        let mut fetch = process::command("apt-get");
        // as root it would become a user that cannot write into our folder
        fetch.current_dir(folder).args(["-o", "APT::Sandbox::User=root", "-q", "download", self.package]);
        process::run_quiet(&mut fetch)?;
        for archive in project::files(folder, &["deb"])? {
            let mut unpack = process::command("dpkg-deb");
            process::run_quiet(unpack.arg("-x").arg(&archive).arg(folder.join("root")))?;
            fs::remove_file(archive)?;
        }
        Ok(())
    }
}
