//! A PostgreSQL server for tests: made in a temporary folder, thrown away when the test's process ends.
//!
//! What it is for: tests that need a real server, and some that stop it in the middle. Its programs come from Debian's
//! package (`cargo xtask setup` fetches it); nothing has to be installed or running.
//!
//! The decision a reader may doubt: the server is the child of a shell that waits for the end of a pipe which the test
//! holds open. However the test's process ends, by a panic or by a signal, the pipe closes and the shell stops the
//! server and removes the folder. A destructor would miss most of that.

mod programs;

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use programs::Programs;

/// The owner of all databases.
pub const USER: &str = "plimsoll";
/// The owner's password over TCP; on the socket file none is asked for.
pub const PASSWORD: &str = "throw-away";

/// A server at an address of the tester's choice, in place of one that is started: `postgres://…/postgres` of somebody
/// who may make databases.
pub const URL_VARIABLE: &str = "PLIMSOLL_TEST_POSTGRES_URL";
/// The same for a server with Citus.
pub const CITUS_VARIABLE: &str = "PLIMSOLL_TEST_CITUS_URL";
/// If set, a test fails rather than be skipped where there is no server to be had.
pub const DEMAND_VARIABLE: &str = "PLIMSOLL_DEMAND_POSTGRES";

/// How long a server may take to start or stop.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// Settings that make a server small and careless; durability is not what tests measure.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=200",
    "wal_level=minimal",
    "max_wal_senders=0",
    "listen_addresses=127.0.0.1",
    "logging_collector=off",
    "jit=off",
];

/// What the shell does: starts the server, waits for the end of its input, stops the server, tidies up.
const SUPERVISE: &str = r#"folder=$1; shift
"$@" >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
(sleep 10; kill -KILL "$server") 2>/dev/null &
patience=$!
wait "$server"
kill "$patience" 2>/dev/null
[ -e "$folder/keep" ] || rm -rf "$folder""#;

/// A server that is this test's own.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    programs: Programs,
    settings: Vec<String>,
    supervisor: Option<Child>,
}

/// A database on some server, by its URL.
#[derive(Debug)]
pub struct Database {
    /// `postgres://USER:PASSWORD@HOST:PORT/NAME`
    pub url: String,
    /// Its name, which no other has.
    pub name: String,
}

impl Database {
    /// Runs statements in it.
    pub fn run_sql(&self, sql: &str) -> Vec<String> {
        admin(&self.url, sql)
    }
}

/// Whether [`fresh_database`] and [`Cluster::start`] work here; says why if not.
///
/// # Panics
/// If there is no server to be had and [`DEMAND_VARIABLE`] is set.
pub fn is_there() -> bool {
    if std::env::var_os(URL_VARIABLE).is_some() || Programs::find().is_some() {
        return true;
    }
    let reason = "no PostgreSQL server found; `cargo xtask setup` fetches one";
    assert!(std::env::var_os(DEMAND_VARIABLE).is_none(), "{reason}");
    say(&format!("skipped: {reason}"));
    false
}

/// A new empty database, on the server that [`URL_VARIABLE`] names or on one that all tests of this process share.
///
/// # Panics
/// If the server does not work; ask [`is_there`] first.
pub fn fresh_database() -> Database {
    if let Ok(url) = std::env::var(URL_VARIABLE) {
        return database_at(&url);
    }
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(|| Cluster::start(&[])).fresh_database()
}

/// Whether a server with Citus is named; says so if not.
pub fn citus_is_there() -> bool {
    let named = std::env::var_os(CITUS_VARIABLE).is_some();
    if !named {
        say(&format!("skipped: {CITUS_VARIABLE} names no server with Citus"));
    }
    named
}

/// A new empty database on the server that [`CITUS_VARIABLE`] names.
///
/// # Panics
/// If the server does not work; ask [`citus_is_there`] first.
pub fn fresh_citus_database() -> Database {
    let url = std::env::var(CITUS_VARIABLE).expect("a server with Citus is named");
    let database = database_at(&url);
    admin(&database.url, "CREATE EXTENSION IF NOT EXISTS citus");
    database
}

/// Makes a database at somebody's server.
fn database_at(url: &str) -> Database {
    let name = unique_name();
    admin(url, &create(&name));
    let (address, parameters) =
        url.split_once('?').map_or((url, String::new()), |(a, p)| (a, format!("?{p}")));
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    Database { url: format!("{server}/{name}{parameters}"), name }
}

fn unique_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    format!("plimsoll_test_{}_{process}_{number}", now.as_secs())
}

fn create(name: &str) -> String {
    format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
}

impl Cluster {
    /// Starts a server with further settings, each `name=value`.
    ///
    /// # Panics
    /// If the server does not start; ask [`is_there`] first.
    pub fn start(settings: &[&str]) -> Self {
        let programs = Programs::find().expect("a PostgreSQL server is installed");
        let folder = std::env::temp_dir().join(unique_name());
        programs.new_data(&folder).unwrap_or_else(|error| panic!("cannot make a cluster: {error}"));
        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mut cluster = Self { folder, port: 0, programs, settings, supervisor: None };
        cluster.run();
        cluster
    }

    /// A folder of the server's owner, for files that settings name.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Copies a file into the server's folder, where the server alone may read it.
    pub fn give_file(&self, file: &Path, name: &str) {
        let copy = self.folder.join(name);
        self.programs
            .give(file, &copy)
            .unwrap_or_else(|error| panic!("cannot copy {}: {error}", file.display()));
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database over TCP.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The URL of a database over the socket file.
    pub fn socket_url(&self, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{USER}@{folder}:{}/{database}", self.port)
    }

    /// Makes a database.
    pub fn fresh_database(&self) -> Database {
        let name = unique_name();
        admin(&self.socket_url("template1"), &create(&name));
        Database { url: self.url(&name), name }
    }

    /// Runs statements in a database as its owner.
    pub fn run_sql(&self, database: &str, sql: &str) -> Vec<String> {
        admin(&self.socket_url(database), sql)
    }

    /// Stops the server without asking those who are connected; what was committed is there after a start.
    pub fn stop(&mut self) {
        let Some(mut supervisor) = self.supervisor.take() else { return };
        std::fs::write(self.folder.join("keep"), "").expect("a file can be made in the server's folder");
        drop(supervisor.stdin.take());
        supervisor.wait().expect("the server's shell can be waited for");
        std::fs::remove_file(self.folder.join("keep")).expect("the file was just made");
    }

    /// Starts the server again, on the same port.
    pub fn start_again(&mut self) {
        self.stop();
        self.run();
    }

    fn run(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let fixed = self.port;
        loop {
            self.port = if fixed == 0 { free_port() } else { fixed };
            self.supervisor = Some(self.spawn());
            if self.wait_until_ready(deadline) {
                return;
            }
            // somebody else took the port first
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the PostgreSQL server does not start:\n{log}");
            self.stop();
            std::thread::sleep(PAUSE);
        }
    }

    fn spawn(&self) -> Child {
        // what an earlier server said says nothing about this one
        let _ = std::fs::remove_file(self.folder.join("log"));
        let mut command = self.programs.as_owner("sh");
        command.args(["-c", SUPERVISE, "sh"]).arg(&self.folder).arg(self.programs.path("postgres"));
        command.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        command.args(["-p", &self.port.to_string()]);
        for setting in SETTINGS.iter().copied().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
        // what ends this process with its group, as a runner of tests does, must leave the shell to its work
        command.process_group(0).spawn().expect("a shell can be started")
    }

    fn wait_until_ready(&mut self, deadline: Instant) -> bool {
        let pid_file = self.folder.join("data/postmaster.pid");
        while Instant::now() < deadline {
            // the last line of this file says how far the server is
            let told = std::fs::read_to_string(&pid_file).unwrap_or_default();
            if told.trim_end().ends_with("ready") && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            if log.lines().last().is_some_and(|line| line.contains("database system is shut down")) {
                return false;
            }
            std::thread::sleep(PAUSE);
        }
        false
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.take() {
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port can be had");
    listener.local_addr().expect("a bound listener has an address").port()
}

/// Runs statements; gives the values of all rows, one after the other.
fn admin(url: &str, sql: &str) -> Vec<String> {
    let (url, sql) = (url.to_owned(), sql.to_owned());
    // a thread of its own, because the caller's may serve a runtime
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime can be made").block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
                .await
                .unwrap_or_else(|error| panic!("cannot connect to the test's server: {error:?}"));
            let serving = tokio::spawn(connection);
            let answer = client.simple_query(&sql).await;
            drop(client);
            let _ = serving.await;
            answer.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        })
    };
    let messages = std::thread::spawn(work).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let mut values = Vec::new();
    for message in messages {
        if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
            values.extend((0..row.len()).map(|column| row.get(column).unwrap_or_default().to_owned()));
        }
    }
    values
}

/// Tells the reader of the test's output.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A command whose output is wanted only if it fails.
fn run_quiet(command: &mut Command) -> std::io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(std::io::Error::other(format!("{:?} ended with {}: {text}", command.get_program(), output.status)))
}
