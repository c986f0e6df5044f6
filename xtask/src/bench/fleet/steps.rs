//! The measurements, in the order in which they disturb each other least.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::outcome::Outcome;
use super::server::{Memory, PASSWORD, SCOPED, Server, figures};
use super::{nginx, postgres};
use crate::fleet::{Fleet, import};
use crate::{process, project};

/// Pages that are saved for nginx.
const SAVED: u64 = 300;
/// How much is read from nginx at least and at most, in bytes.
const FROM_FILES: (u64, u64) = (2 << 30, 16 << 30);
/// How many vulnerabilities a small new bundle touches.
const TOUCHED: &str = "1000";
/// The vulnerability that the small bundle adds, and the one that the bundle adds in which everything is different.
const MARKERS: [&str; 2] = ["CVE-2025-999001", "CVE-2025-999002"];
/// Feeds without which nearly every vulnerability is rated otherwise.
const RATINGS: &str = "epss,kev,cvelist,nvd,exploitdb";

/// What a run measures with.
pub(super) struct Bench {
    pub(super) program: PathBuf,
    pub(super) client: PathBuf,
    pub(super) work: PathBuf,
    pub(super) fleet: Fleet,
    /// New reports that are sent over HTTP.
    pub(super) reports: u64,
}

impl Bench {
    /// Puts the vulnerability data and the account with a scope into the data directory, if they are not there.
    pub(super) fn import(&self, outcome: &mut Outcome) -> Result<()> {
        if !self.current().exists() {
            eprintln!("bench: compiling the feeds");
            import(&self.program, &project::shared().join("data"), &self.fleet.data)?;
        }
        let mut add = process::command(&self.program);
        add.args(["admin", "user", "add", SCOPED.0, "--role", "reader", "--tags", SCOPED.1, "--data"]);
        let added = process::run_quiet(add.arg(&self.fleet.data).env("PLIMSOLL_PASSWORD", PASSWORD));
        if let Err(error) = added
            && !format!("{error:#}").contains("exist")
        {
            outcome.note(format!("the account with a scope was not made: {error:#}"));
        }
        Ok(())
    }

    /// Everything that needs the server.
    pub(super) fn measure(&self, outcome: &mut Outcome) -> Result<()> {
        let log = self.work.join("server.log");
        let start = || Server::start(&self.program, &self.fleet.data, &log);
        eprintln!("bench: first start");
        let server = start()?;
        outcome.started("first start to ready", server.ready_seconds, None);
        let first = server.memory();
        server.stop()?;
        eprintln!("bench: restart");
        let server = start()?;
        outcome.started("restart to ready", server.ready_seconds, Some(10.0));
        let after_start = server.memory();
        for user in ["admin", SCOPED.0] {
            eprintln!("bench: the questions, as {user}");
            let asked = server.measure(&self.client, user, &["ask", "--rounds", "5"]);
            outcome.asked(user, asked);
        }
        let after_questions = server.memory();
        self.export(&server, outcome);
        outcome.live(server.measure(&self.client, "admin", &["live", "--rate", "1000"]));
        eprintln!("bench: new reports");
        let from = (self.fleet.images + seconds_now() * 10_000).to_string();
        let (seed, count) = (self.fleet.seed.to_string(), self.reports.to_string());
        let report = ["report", "--seed", &seed, "--from", &from, "--count", &count];
        outcome.reported(server.measure(&self.client, "admin", &report));
        let [small, all] = MARKERS;
        outcome.shown(TOUCHED, self.new_bundle(&server, small, TOUCHED, None));
        outcome.shown("all", self.new_bundle(&server, all, "1000000", Some(RATINGS)));
        let at_end = server.memory();
        outcome.memory([
            ("the first start", first),
            ("the restart", after_start),
            ("the questions", after_questions),
            ("all", at_end),
        ]);
        outcome.disk(size(&self.fleet.data.join("knowledge")), size(&self.fleet.data));
        server.stop()
    }

    /// The export, and the same pages from nginx.
    fn export(&self, server: &Server, outcome: &mut Outcome) {
        eprintln!("bench: export");
        let pages = self.work.join("pages");
        let _ = fs::remove_dir_all(&pages);
        let (folder, saved) = (pages.to_string_lossy().into_owned(), SAVED.to_string());
        let own =
            server.measure(&self.client, "admin", &["export", "--save", &folder, "--save-pages", &saved]);
        eprintln!("bench: the same pages from nginx");
        let files = own.as_ref().ok().map(|own| {
            let bytes = own["bytes"].as_u64().unwrap_or_default().clamp(FROM_FILES.0, FROM_FILES.1);
            nginx::measure(&self.client, &pages, own["saved"].as_u64().unwrap_or(1), bytes)
        });
        outcome.exported(own, files);
        let _ = fs::remove_dir_all(&pages);
    }

    /// Compiles a bundle that says something new, puts it in force and waits until the lists show it; then puts the old one back.
    fn new_bundle(
        &self,
        server: &Server,
        marker: &str,
        touched: &str,
        without: Option<&str>,
    ) -> Result<[Value; 2]> {
        eprintln!("bench: a new bundle ({touched} vulnerabilities)");
        let feeds = self.work.join("feeds");
        let _ = fs::remove_dir_all(&feeds);
        let mut change = process::command(&self.client);
        change.arg("feeds").arg("--from").arg(project::shared().join("data")).arg("--to").arg(&feeds);
        change.args(["--vulnerabilities", touched, "--marker", marker]);
        if let Some(without) = without {
            change.args(["--without", without]);
        }
        let changed = figures(&mut change)?;
        ensure!(changed["vulnerabilities"].as_u64() > Some(0), "no vulnerability was changed");
        let (old, new) = (self.beside_current("old"), self.beside_current("new"));
        fs::copy(self.current(), &old)?;
        let mut compile = process::command(&self.program);
        process::run_quiet(compile.args(["feeds", "build"]).arg(&feeds).arg("--output").arg(&new))?;
        fs::remove_dir_all(&feeds)?;
        let shown = self.show(server, &new, marker, "yes");
        // the old one goes back whatever came of the new one
        let gone = self.show(server, &old, marker, "no");
        if old.exists() {
            fs::rename(&old, self.current())?;
        }
        Ok([shown?, gone?])
    }

    fn show(&self, server: &Server, bundle: &Path, marker: &str, shown: &str) -> Result<Value> {
        let (bundle, current) =
            (bundle.to_string_lossy().into_owned(), self.current().to_string_lossy().into_owned());
        let arguments =
            ["shown", "--bundle", &bundle, "--current", &current, "--marker", marker, "--shown", shown];
        server.measure(&self.client, "admin", &arguments)
    }

    pub(super) fn postgres(&self, outcome: &mut Outcome) {
        outcome.postgres(postgres::measure(&self.client, &self.fleet, &self.current(), &self.work));
    }

    fn current(&self) -> PathBuf {
        self.fleet.data.join("knowledge/current.bundle")
    }

    /// A file on the same file system as the bundle in force, so that it can be renamed into its place.
    fn beside_current(&self, name: &str) -> PathBuf {
        self.fleet.data.join("knowledge").join(format!("bench-{name}.bundle"))
    }
}

/// Numbers of new images differ from run to run.
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Bytes of a file, or of all files in a folder.
fn size(path: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(path) else { return fs::metadata(path).map_or(0, |data| data.len()) };
    entries.flatten().map(|entry| size(&entry.path())).sum()
}

/// Memory as a figure.
pub(super) fn mebibytes(memory: Memory) -> String {
    format!("{:.0} (peak {:.0})", memory.now, memory.peak)
}
