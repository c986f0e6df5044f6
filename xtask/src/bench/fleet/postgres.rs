//! The same fleet and the same questions in PostgreSQL, with the textbook's schema and indexes, on a server of its own.
//!
//! The decision a reader may doubt: the questions in SQL find beginnings of whole values where the server finds beginnings of words, and a page
//! is sent as rows instead of the documented JSON over HTTP. Both favour PostgreSQL.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::compare::in_arguments;
use super::server::figures;
use crate::fleet::Fleet;
use crate::unpacked::PSQL;
use crate::{postgres, process, project};

/// Sensible for a machine of 16 GB with two processors and a fast disk.
const SETTINGS: &[&str] = &[
    "shared_buffers=2GB",
    "effective_cache_size=8GB",
    "work_mem=64MB",
    "maintenance_work_mem=1GB",
    "random_page_cost=1.1",
    "max_wal_size=8GB",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_parallel_workers_per_gather=2",
    "listen_addresses=",
];

const ROUNDS: usize = 5;
/// Images in a page of the export, and pages that are read.
const PAGE: u64 = 250;
const PAGES: u64 = 8;
/// Debian's `nobody`, whom the server runs as if the bench is root, which PostgreSQL refuses.
const NOBODY: &str = "65534";

/// Loads the fleet, asks, and gives what was measured: `questions` by their names in milliseconds, `bytes`, `export`.
pub(super) fn measure(client: &Path, fleet: &Fleet, bundle: &Path, work: &Path) -> Result<Value> {
    let rows = work.join("rows");
    let [images, containers, seed] =
        [fleet.images, fleet.containers, fleet.seed].map(|number| number.to_string());
    eprintln!("bench: writing the fleet as tables");
    let mut write = process::command(client);
    write.args(["rows", "--images", &images, "--containers", &containers, "--seed", &seed]);
    let counts = figures(write.arg("--bundle").arg(bundle).arg("--to").arg(&rows))?;
    let cluster = Cluster::start()?;
    eprintln!("bench: loading PostgreSQL");
    let started = Instant::now();
    let mut load = String::from(include_str!("schema.sql"));
    for table in counts.as_object().context("the tables are not named")?.keys() {
        let _ = writeln!(load, "\\copy {table} FROM '{}'", rows.join(table).with_extension("tsv").display());
    }
    load.push_str(include_str!("indexes.sql"));
    cluster.run(&load, None)?;
    let load_seconds = started.elapsed().as_secs_f64();
    fs::remove_dir_all(&rows)?;
    let bytes = cluster.run("SELECT pg_database_size(current_database());", None)?;
    eprintln!("bench: asking PostgreSQL");
    let questions = ask(&cluster)?;
    let export = export(&cluster, &work.join("postgres-export"))?;
    Ok(json!({
        "rows": counts, "loadSeconds": load_seconds, "bytes": bytes.trim().parse::<u64>().unwrap_or_default(),
        "questions": questions, "export": export,
    }))
}

/// For each question the count, the median of counting and page together in milliseconds, and why its total may differ from the server's.
fn ask(cluster: &Cluster) -> Result<BTreeMap<String, Value>> {
    let mut script = String::from("\\timing on\n\\pset pager off\n");
    let mut reasons = BTreeMap::new();
    for _ in 0..ROUNDS {
        let mut name = String::new();
        for line in include_str!("questions.sql").lines() {
            if let Some(next) = line.strip_prefix("-- question: ") {
                name = in_arguments(next);
                let _ = writeln!(script, "\\echo '{QUESTION}{name}'");
            } else if let Some(reason) = line.strip_prefix("-- differs: ") {
                reasons.insert(name.clone(), reason);
            } else if line.starts_with("SELECT count") {
                let _ = writeln!(script, "{line}");
            } else {
                let _ = writeln!(script, "\\o /dev/null\n{line}\n\\o");
            }
        }
    }
    let printed = cluster.run(&script, None)?;
    let mut taken: BTreeMap<String, (Vec<f64>, u64)> = BTreeMap::new();
    let mut name = String::new();
    for line in printed.lines() {
        if let Some(next) = line.strip_prefix(QUESTION) {
            name = next.to_owned();
        } else if let Some(time) = line.strip_prefix("Time: ") {
            let milliseconds = time.split(' ').next().and_then(|number| number.parse().ok());
            taken.entry(name.clone()).or_default().0.push(milliseconds.context("a time is no number")?);
        } else if let Ok(count) = line.parse() {
            taken.entry(name.clone()).or_default().1 = count;
        }
    }
    let summary = |name: &str, (times, count): (Vec<f64>, u64)| {
        // the count and the page of a round stand beside each other
        let mut rounds: Vec<f64> = times.chunks(2).map(|round| round.iter().sum()).collect();
        rounds.sort_by(f64::total_cmp);
        json!({"median": rounds.get(rounds.len() / 2), "count": count, "reason": reasons.get(name)})
    };
    Ok(taken.into_iter().map(|(name, found)| (name.clone(), summary(&name, found))).collect())
}

/// Marks a line that names the question whose times follow.
const QUESTION: &str = "QUESTION ";

/// Images with their packages and findings as JSON, by the key, a page at a time.
fn export(cluster: &Cluster, file: &Path) -> Result<Value> {
    let mut script = String::new();
    for page in 0..PAGES {
        let (from, to) = (page * PAGE, (page + 1) * PAGE);
        let _ = writeln!(
            script,
            "SELECT json_build_object('image', to_json(i), \
             'tags', (SELECT json_agg(t.name) FROM image_tag t WHERE t.image = i.id), \
             'labels', (SELECT json_agg(l) FROM image_label l WHERE l.image = i.id), \
             'softwares', (SELECT json_agg(json_build_object('name', p.name, 'version', p.version, 'path', ip.path, 'layer', ip.layer)) \
              FROM image_package ip JOIN package p ON p.id = ip.package WHERE ip.image = i.id), \
             'vulnerabilities', (SELECT json_agg(json_build_object('vulnerability', v.document, 'severity', pv.severity, 'fix', pv.fixed_version)) \
              FROM image_package ip JOIN package_vulnerability pv ON pv.package = ip.package JOIN vulnerability v ON v.qid = pv.qid \
              WHERE ip.image = i.id)) FROM image i WHERE i.id >= {from} AND i.id < {to} ORDER BY i.id;"
        );
    }
    let started = Instant::now();
    cluster.run(&script, Some(file))?;
    let seconds = started.elapsed().as_secs_f64();
    let bytes = fs::metadata(file)?.len();
    fs::remove_file(file)?;
    Ok(json!({"bytes": bytes, "seconds": seconds, "megabytesPerSecond": bytes as f64 / 1e6 / seconds}))
}

/// A server in a temporary folder, which is removed with it.
struct Cluster {
    folder: PathBuf,
    child: Option<Child>,
}

impl Cluster {
    fn start() -> Result<Self> {
        postgres::install()?;
        let folder = std::env::temp_dir().join(format!("plimsoll-bench-postgres-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut cluster = Self { folder, child: None };
        let programs = project::target().join("postgresql");
        if programs.join("complete").exists() {
            // somebody else than root may not look below the workspace
            process::run_quiet(
                process::command("cp").arg("-a").arg(&programs).arg(cluster.folder.join("programs")),
            )?;
        }
        if process::is_root() {
            process::run_quiet(process::command("chown").args(["-R", NOBODY]).arg(&cluster.folder))?;
        }
        let mut initdb = cluster.as_owner("initdb")?;
        initdb.args(["--encoding=UTF8", "--locale=C", "--username=bench", "--auth=trust", "-D"]);
        process::run_quiet(initdb.arg(cluster.folder.join("data")))?;
        let mut server = cluster.as_owner("postgres")?;
        server.arg("-D").arg(cluster.folder.join("data")).arg("-k").arg(&cluster.folder);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        server.stderr(File::create(cluster.folder.join("log"))?);
        cluster.child = Some(server.spawn().context("cannot start PostgreSQL")?);
        let started = Instant::now();
        while cluster.run("SELECT 1;", None).is_err() {
            if started.elapsed() > Duration::from_secs(60) {
                bail!("PostgreSQL does not start; see {}", cluster.folder.join("log").display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(cluster)
    }

    /// One of the server's programs, run as somebody whom it does not refuse.
    fn as_owner(&self, name: &str) -> Result<Command> {
        let own = self.folder.join("programs/usr");
        let base = if own.exists() { own } else { PathBuf::from("/usr") };
        let versions = fs::read_dir(base.join("lib/postgresql")).context("PostgreSQL is not there")?;
        let mut bins = versions.flatten().map(|version| version.path().join("bin").join(name));
        let program = bins.find(|path| path.exists()).with_context(|| format!("there is no {name}"))?;
        let mut command = if process::is_root() {
            let mut command = process::command("setpriv");
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
            command
        } else {
            process::command(program)
        };
        command
            .env("LD_LIBRARY_PATH", base.join("lib/x86_64-linux-gnu"))
            .env("LC_ALL", "C")
            .current_dir(&self.folder);
        Ok(command)
    }

    /// Runs statements of the client and gives what it prints, or writes it to a file.
    fn run(&self, script: &str, to: Option<&Path>) -> Result<String> {
        let input = std::env::temp_dir().join(format!("plimsoll-bench-{}.sql", std::process::id()));
        fs::write(&input, script)?;
        let mut client = process::command(PSQL.program()?);
        client.args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--username=bench",
            "--dbname=postgres",
        ]);
        client.args(["--set=ON_ERROR_STOP=1", "--host"]).arg(&self.folder).arg("--file").arg(&input);
        let own = project::target().join("postgresql/usr/lib/x86_64-linux-gnu");
        client.env("LD_LIBRARY_PATH", own);
        let outcome = match to {
            Some(file) => process::run(client.stdout(File::create(file)?)).map(|()| String::new()),
            None => process::capture(&mut client),
        };
        let _ = fs::remove_file(input);
        outcome
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // a fast end, in which open sessions are cut
            let number = child.id().to_string();
            let _ = process::run_quiet(process::command("kill").args(["-INT", &number]));
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}
