//! `plimsoll registry`: registries that a server knows, and walks through them.

mod add;
mod here;
mod list;
mod scan;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::output::usage;
use crate::push::{PushArgs, Target, message};

#[derive(clap::Subcommand)]
pub(crate) enum RegistryCommand {
    /// Make a registry known to a server
    Add(add::AddArgs),
    /// List the registries of a server
    List(ServerFlags),
    /// Show one registry with its schedules and repositories
    Show {
        /// The registry: its name, host or uuid
        name: String,
        #[command(flatten)]
        server: ServerFlags,
    },
    /// Walk through a registry now and scan what is new
    Scan(scan::ScanArgs),
    /// Forget a registry; what was found in its images stays
    Remove {
        /// The registry: its name, host or uuid
        name: String,
        #[command(flatten)]
        server: ServerFlags,
    },
    /// Make a secret with which a registry tells of pushes and deletions; an older one ends
    EventSecret {
        /// The registry: its name, host or uuid
        name: String,
        #[command(flatten)]
        server: ServerFlags,
    },
}

/// Which server, and as whom.
#[derive(clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerFlags {
    /// URL of the server
    #[arg(long, value_name = "URL")]
    server: String,
    /// Account to ask as [env: PLIMSOLL_USER]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Its password [env: PLIMSOLL_PASSWORD]
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
    /// A token of `POST /auth`, in place of account and password [env: PLIMSOLL_TOKEN]
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["user", "password"])]
    token: Option<String>,
}

impl ServerFlags {
    fn target(&self) -> anyhow::Result<Target> {
        PushArgs::server(&self.server, self.user.clone(), self.password.clone(), self.token.clone())
    }
}

/// A registry, as `GET /api/v1/registries` shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registry {
    uuid: String,
    name: String,
    uri: String,
    r#type: String,
    takes_events: bool,
    repositories: u64,
    images: u64,
    scanned: u64,
    vulnerable: u64,
    schedules: Vec<Schedule>,
}

/// A schedule with its latest walk.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schedule {
    uuid: String,
    name: String,
    status: String,
    on_demand: bool,
    due: Option<i64>,
    ended: Option<i64>,
    worker: Option<String>,
    progress: model::registry::RunProgress,
}

pub(crate) fn run(command: &RegistryCommand) -> anyhow::Result<()> {
    match command {
        RegistryCommand::Add(args) => add::run(args),
        RegistryCommand::List(server) => list::list(&server.target()?),
        RegistryCommand::Show { name, server } => list::show(&server.target()?, name),
        RegistryCommand::Scan(args) => scan::run(args),
        RegistryCommand::Remove { name, server } => {
            let target = server.target()?;
            let registry = find(&target, name)?;
            call(&target, Method::DELETE, &format!("csapi/v1.3/registry/{}", registry.uuid), None)?;
            crate::output::note(&format!("registry {} is forgotten", registry.name));
            Ok(())
        }
        RegistryCommand::EventSecret { name, server } => list::event_secret(&server.target()?, name),
    }
}

/// Asks the server; gives its answer as JSON, null if it has none.
fn call(target: &Target, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
    let json = body.map(serde_json::to_vec).transpose()?;
    let response = target.call(method, path, json)?;
    let status = response.status();
    if !status.is_success() {
        let said = message(response);
        match status {
            reqwest::StatusCode::BAD_REQUEST => return Err(usage(said)),
            _ => bail!("{} answered {status}: {said}", target.url()),
        }
    }
    let text = response.text().context("the server's answer broke off")?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).context("the server's answer is no JSON")
}

fn all(target: &Target) -> anyhow::Result<Vec<Registry>> {
    let mut answer = call(target, Method::GET, "api/v1/registries", None)?;
    serde_json::from_value(answer["data"].take()).context("the server's answer is no list of registries")
}

/// The registry of that name, host, address or uuid.
fn find(target: &Target, name: &str) -> anyhow::Result<Registry> {
    let mut all = all(target)?;
    let host = |uri: &str| uri.split_once("://").map_or(uri, |(_, host)| host).to_owned();
    let found = all.iter().position(|registry| registry.name == name || registry.uuid == name);
    let found = found.or_else(|| {
        all.iter().position(|registry| registry.uri == name || host(&registry.uri) == host(name))
    });
    let Some(at) = found else {
        let names: Vec<&str> = all.iter().map(|registry| registry.name.as_str()).take(20).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        bail!("the server knows no registry `{name}`; it knows {known}");
    };
    Ok(all.swap_remove(at))
}
