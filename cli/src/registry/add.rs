//! `plimsoll registry add`.
//!
//! There is no flag for a password: whatever stands on a command line is seen by everybody on the machine.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::{Value, json};

use super::{ServerFlags, call};
use crate::output::note;

/// Bytes of a password or token that are read.
const MAX_SECRET: u64 = 64 << 10;

#[derive(clap::Args)]
pub(crate) struct AddArgs {
    /// Where it is, such as `https://registry.example.com` or `docker.io`; with `http://` it is spoken to without TLS
    uri: String,
    /// What to call it; without it its host
    #[arg(long)]
    name: Option<String>,
    /// V2, V2_PRIVATE, DockerHub, AWS, Azure, GCP, GOOGLE_ARTIFACT_REGISTRY, JFrog, Harbor or Quay
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// User, or id of an access key; its password is in PLIMSOLL_REGISTRY_PASSWORD or comes with --password-stdin
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    password_stdin: bool,
    /// Log in by the token in PLIMSOLL_REGISTRY_TOKEN
    #[arg(long)]
    token_from_env: bool,
    /// Region at AWS
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Role at AWS that is taken with the access key, arn:aws:iam::NUMBER:role/NAME
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    /// Organisation or user on Docker Hub whose repositories are walked; without it those of --username
    #[arg(long, value_name = "NAME")]
    organisation: Option<String>,
    /// Connector at the server whose login is used
    #[arg(long, value_name = "ID")]
    connector: Option<String>,
    /// It may be on the very machine that asks it, or at a link-local address
    #[arg(long)]
    allow_private: bool,
    /// Requests to it at a time, 1 to 32
    #[arg(long, value_name = "N")]
    parallel: Option<u16>,
    /// Platform to scan of images for several, such as linux/amd64
    #[arg(long, value_name = "OS/ARCH")]
    platform: Option<String>,
    /// Do not log in to see whether it lets us in
    #[arg(long)]
    no_check: bool,
    /// Walk through it at this time of the day (UTC), such as 04:30
    #[arg(long, value_name = "HH:MM")]
    at: Option<String>,
    /// Days between two walks
    #[arg(long, value_name = "DAYS", requires = "at", default_value_t = 1)]
    every: u16,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    server: ServerFlags,
}

/// What is looked at.
#[derive(clap::Args)]
#[command(next_help_heading = "What is looked at")]
pub(super) struct FilterArgs {
    /// Pattern of repositories, with * and ?; may be repeated
    #[arg(long, value_name = "PATTERN")]
    repo: Vec<String>,
    /// Pattern of tags, with * and ?
    #[arg(long, value_name = "PATTERN")]
    tag: Option<String>,
    /// Images built within so many days: 1 to 7, or 14
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,
    /// The newest so many of each repository
    #[arg(long, value_name = "N")]
    newest: Option<u32>,
}

impl FilterArgs {
    /// The filters of a schedule; none for everything.
    pub(super) fn filters(&self) -> Vec<Value> {
        let tag = self.tag.as_deref().unwrap_or_default();
        let mut names: Vec<Value> =
            self.repo.iter().map(|repo| json!({ "repo": repo, "tag": tag })).collect();
        if names.is_empty() && !tag.is_empty() {
            names.push(json!({ "repo": "", "tag": tag }));
        }
        if names.is_empty() && self.days.is_none() && self.newest.is_none() {
            return Vec::new();
        }
        vec![json!({ "days": self.days, "newest": self.newest, "repoTags": names })]
    }
}

pub(super) fn run(args: &AddArgs) -> anyhow::Result<()> {
    let target = args.server.target()?;
    let password = args.password()?;
    let token = match args.token_from_env {
        true => Some(std::env::var("PLIMSOLL_REGISTRY_TOKEN").context("PLIMSOLL_REGISTRY_TOKEN is not set")?),
        false => None,
    };
    if args.username.is_some() && password.is_none() && token.is_none() {
        bail!("--username needs a password: set PLIMSOLL_REGISTRY_PASSWORD or give --password-stdin");
    }
    let credential =
        args.username.as_ref().map(|username| json!({ "username": username, "password": password }));
    let request = json!({
        "registryUri": args.uri, "registryType": args.kind, "name": args.name, "credential": credential,
        "accessToken": token, "allowPrivate": args.allow_private, "parallelRequests": args.parallel,
        "platform": args.platform,
        "dockerHubOrgName": args.organisation,
        "aws": (args.region.is_some() || args.role.is_some())
            .then(|| json!({ "region": args.region, "arn": args.role })),
        "acr": args.connector.as_ref().map(|id| json!({ "connectorId": id })),
    });
    if !args.no_check {
        let fits = call(&target, Method::POST, "csapi/v1.3/registry/validate", Some(&request))?;
        if fits != Value::Bool(true) {
            bail!(
                "{} does not let the server in, or is not one that it may ask: check address and login, give --allow-private for a registry on the \
                 server's own machine, or --no-check if only sensors reach it; the server's log says more",
                args.uri
            );
        }
    }
    let made = call(&target, Method::POST, "csapi/v1.3/registry", Some(&request))?;
    let uuid = made["registryUuid"].as_str().context("the server's answer has no registryUuid")?;
    if let Some(at) = &args.at {
        let schedule = json!({
            "name": "schedule", "onDemand": false, "schedule": at, "scheduleScanIntervalInDays": args.every,
            "filters": args.filter.filters(),
        });
        call(&target, Method::POST, &format!("csapi/v1.3/registry/{uuid}/schedule"), Some(&schedule))?;
    }
    note(&format!("registry {} is known as {uuid}", args.name.as_deref().unwrap_or(&args.uri)));
    Ok(())
}

impl AddArgs {
    fn password(&self) -> anyhow::Result<Option<String>> {
        if !self.password_stdin {
            return Ok(std::env::var("PLIMSOLL_REGISTRY_PASSWORD").ok().filter(|text| !text.is_empty()));
        }
        let mut password = String::new();
        let read = std::io::stdin().take(MAX_SECRET).read_to_string(&mut password);
        read.context("cannot read the password from standard input")?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        if password.is_empty() {
            bail!("--password-stdin found no password on standard input");
        }
        Ok(Some(password))
    }
}
