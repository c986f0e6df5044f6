//! `plimsoll sensor`: watches the container runtimes of this host and tells the server what there is.

mod runtimes;
mod size;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use ::sensor::client::{Login, ServerOptions};
use ::sensor::engine::{Reader, Registries, Sensor, Settings, serve_reader};
use ::sensor::host::Host;
use ::sensor::kubernetes::{Cluster, Place};
use ::sensor::limits::Limits;
use anyhow::Context as _;
use model::SensorType;

use self::runtimes::Named;
use crate::output::{note, usage};
use crate::serve::{run_async, stop_signal};

/// Where the state is unless told otherwise.
const STATE: &str = "/var/lib/plimsoll-sensor";
/// This very program, also after another one has taken its place on the disk.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// Bytes of a file with a token.
const MAX_TOKEN: u64 = 4 << 10;

/// The end of the long help.
const AFTER_HELP: &str = "\
The first start needs a one-time token, which `plimsoll admin sensor token` prints. With it the sensor sends the public half of
a key of its own; from then on that key is what the server knows it by, and the token is worth nothing.

Exit codes:
  0  stopped, or with --once: all is done and the server has it
  1  failed: the server refuses the sensor, or with --once something could not be done
  2  wrong usage";

/// Arguments of `plimsoll sensor`.
#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct SensorArgs {
    /// Which runtimes to follow, separated by commas
    #[arg(long, value_name = "RUNTIMES", value_enum, value_delimiter = ',', default_value = "auto")]
    runtime: Vec<Named>,
    /// The runtime's socket, if it is not where it usually is
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Walk the registries that the server knows, instead of following runtimes
    #[arg(long, conflicts_with_all = ["runtime", "socket", "once"])]
    registries: bool,
    /// File of certificates in PEM form that registries' are signed by, beside the system's
    #[arg(long, value_name = "FILE", requires = "registries")]
    registry_ca: Option<PathBuf>,
    /// List, look and read once, deliver, and end
    #[arg(long)]
    once: bool,
    /// Directory of the sensor's key, of what the server does not have yet, and of results of layers
    #[arg(long, env = "PLIMSOLL_SENSOR_STATE", value_name = "DIR", default_value = STATE)]
    state: PathBuf,
    /// Where the host's root directory is mounted, if the sensor runs in a container
    #[arg(long, value_name = "DIR", default_value = "/")]
    host_root: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

/// The server and who the sensor is there.
#[derive(clap::Args)]
#[command(next_help_heading = "Server")]
struct ServerArgs {
    /// URL of the server
    #[arg(long, env = "PLIMSOLL_SERVER", value_name = "URL")]
    server: String,
    /// One-time token to enrol with; needed at the first start only
    #[arg(long, env = "PLIMSOLL_SENSOR_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// File that holds the token
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    token_file: Option<PathBuf>,
    /// Send as this account instead of enrolling; the server then shows no sensor
    #[arg(long, value_name = "NAME", requires = "password", conflicts_with_all = ["token", "token_file"])]
    user: Option<String>,
    /// Its password
    #[arg(long, env = "PLIMSOLL_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// File of certificates in PEM form that are trusted beside the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// What to call the sensor; without it the name of the host
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

/// What the sensor may use.
#[derive(clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Processors that reading images and looking into containers may use together
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = size::share)]
    max_cpu: f64,
    /// Memory to stay within, together with the process that reads images; more lets more layers be read at a time
    #[arg(long, value_name = "BYTES", default_value = "128MiB", value_parser = size::bytes)]
    max_memory: u64,
    /// Bytes a second to send at most; without it as fast as it goes
    #[arg(long, value_name = "BYTES", value_parser = size::bytes)]
    max_bandwidth: Option<u64>,
    /// Disk space for what the server does not have yet
    #[arg(long, value_name = "BYTES", default_value = "1GiB", value_parser = size::bytes)]
    spool_bytes: u64,
}

/// Runs a sensor until SIGINT or SIGTERM, or once.
pub(crate) fn run(args: &SensorArgs) -> anyhow::Result<()> {
    let followed = match args.registries {
        true => Vec::new(),
        false => runtimes::choose(&args.runtime, args.socket.as_deref(), &args.host_root)?,
    };
    let kinds: Vec<&str> = followed.iter().map(|one| one.kind.as_str()).collect();
    let kinds = if args.registries { "registries".to_owned() } else { kinds.join(", ") };
    let settings = args.settings()?;
    let sensor = Sensor::new(settings, followed)?;
    if args.once {
        let summary = run_async(async { Ok(sensor.once().await?) })?;
        note(&format!("{} containers of {kinds} told to {}", summary.containers, args.server.server));
        return Ok(());
    }
    tracing::info!(
        runtimes = kinds,
        server = args.server.server,
        "following {kinds} for {}",
        args.server.server
    );
    run_async(async { Ok(sensor.run(stop_signal()).await?) })
}

/// Reads the one image that the sensor which started this process wants read.
pub(crate) fn read_image() -> anyhow::Result<()> {
    serve_reader(std::io::stdin().lock(), std::io::stdout().lock())
        .context("this is for sensors: it takes its task from the sensor that starts it")
}

impl SensorArgs {
    fn settings(&self) -> anyhow::Result<Settings> {
        let limits = &self.limits;
        let own = || Host::at(&self.host_root).describe(Vec::new()).hostname;
        Ok(Settings {
            state: self.state.clone(),
            server: ServerOptions {
                url: self.server.server.clone(),
                login: self.server.login()?,
                authorities: self.server.ca.clone(),
                bandwidth: limits.max_bandwidth,
                name: self.server.name.clone().unwrap_or_else(own),
                kind: if self.registries { SensorType::Registry } else { SensorType::General },
            },
            limits: Limits { cpu: limits.max_cpu, memory: limits.max_memory, spool: limits.spool_bytes },
            reader: Some(Reader { program: OWN_PROGRAM.into(), arguments: vec!["sensor-reader".into()] }),
            host_root: self.host_root.clone(),
            cluster: cluster()?,
            registries: self.registries.then(|| Registries { authorities: self.registry_ca.clone() }),
        })
    }
}

impl ServerArgs {
    fn login(&self) -> anyhow::Result<Login> {
        if let (Some(user), Some(password)) = (&self.user, &self.password) {
            return Ok(Login::Account { user: user.clone(), password: password.clone() });
        }
        let token = match &self.token_file {
            Some(path) => Some(read_token(path)?),
            None => self.token.clone(),
        };
        Ok(Login::Enrolled(token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty())))
    }
}

fn read_token(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = file.take(MAX_TOKEN).read_to_string(&mut text);
    read.with_context(|| format!("cannot read {}", path.display()))?;
    match text.trim().is_empty() {
        true => Err(usage(format!("--token-file: {} is empty", path.display()))),
        false => Ok(text),
    }
}

/// The cluster that this process runs in, if it runs in a pod with a service account.
fn cluster() -> anyhow::Result<Option<Cluster>> {
    match Place::of_process() {
        Ok(place) => Cluster::new(place).map(Some).context("the API server of the cluster cannot be asked"),
        Err(error) => {
            tracing::debug!(%error, "no API server of a cluster is asked: {error}");
            Ok(None)
        }
    }
}
