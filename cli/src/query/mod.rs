//! `plimsoll query`: what a query finds, as a table, JSON or CSV; from a server, or from a data directory that none holds.

mod caret;
mod offline;
mod table;

use std::io::{self, Write as _};

use anyhow::{Context as _, bail};
use fleet::Entity;
use server::QueryForm;

use crate::feeds::DataArgs;
use crate::output::usage;
use crate::push::{PushArgs, Target, message};

#[derive(clap::Args)]
pub(crate) struct QueryArgs {
    /// The query, in the language of the API's filters, such as 'vulnerabilities.severity:5 and repo.registry:docker.io';
    /// empty for everything
    #[arg(value_name = "QQL", default_value = "")]
    query: String,
    /// What to find; software and vulnerabilities are those of all images and containers, each once
    #[arg(long, value_enum, default_value_t = Kind::Images)]
    entity: Kind,
    /// Tokens to show, separated by commas; of software and vulnerabilities also imageCount and containerCount
    #[arg(long, value_name = "TOKENS")]
    columns: Option<String>,
    /// Token to sort by, with :asc or :desc; without it the newest first, or what most images have
    #[arg(long, value_name = "TOKEN")]
    sort: Option<String>,
    /// Rows at most
    #[arg(long, value_name = "N", default_value_t = server::DEFAULT_ROWS as u64, value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// All rows
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// How to print them
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Where the records are.
#[derive(clap::Args)]
#[command(next_help_heading = "Where the records are")]
struct PlaceArgs {
    /// Ask the server at this URL, in place of a data directory
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Account to ask as [env: PLIMSOLL_USER]
    #[arg(long, value_name = "NAME", requires = "server")]
    user: Option<String>,
    /// Its password [env: PLIMSOLL_PASSWORD]
    #[arg(long, value_name = "PASSWORD", requires = "server")]
    password: Option<String>,
    /// A token of `POST /auth`, in place of account and password [env: PLIMSOLL_TOKEN]
    #[arg(long, value_name = "TOKEN", requires = "server", conflicts_with_all = ["user", "password"])]
    token: Option<String>,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Kind {
    Images,
    Containers,
    Software,
    Vulnerabilities,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Table,
    Json,
    Csv,
}

impl Kind {
    const fn entity(self) -> Entity {
        match self {
            Self::Images => Entity::Image,
            Self::Containers => Entity::Container,
            Self::Software => Entity::Software,
            Self::Vulnerabilities => Entity::Vulnerability,
        }
    }
}

impl Format {
    /// A table is made of JSON.
    const fn form(self) -> QueryForm {
        match self {
            Self::Table | Self::Json => QueryForm::Json,
            Self::Csv => QueryForm::Csv,
        }
    }
}

impl QueryArgs {
    /// Rows at most; `None` for all.
    fn rows(&self) -> Option<usize> {
        (!self.all).then(|| usize::try_from(self.limit).unwrap_or(usize::MAX))
    }
}

pub(crate) fn run(args: &QueryArgs) -> anyhow::Result<()> {
    let PlaceArgs { server, user, password, token, .. } = &args.place;
    let Some(url) = server else { return crate::serve::run_async(offline::run(args)) };
    let target = PushArgs::server(url, user.clone(), password.clone(), token.clone())?;
    ask(args, &target)
}

fn ask(args: &QueryArgs, target: &Target) -> anyhow::Result<()> {
    let limit = args.rows().unwrap_or(0).to_string();
    let format = if args.format == Format::Csv { "csv" } else { "json" };
    let mut parameters = vec![
        ("entity", args.entity.entity().plural()),
        ("filter", args.query.as_str()),
        ("limit", limit.as_str()),
        ("format", format),
    ];
    parameters.extend(args.columns.as_deref().map(|columns| ("columns", columns)));
    parameters.extend(args.sort.as_deref().map(|sort| ("sort", sort)));
    let mut response = target.get("api/v1/query", &parameters)?;
    let status = response.status();
    if status == reqwest::StatusCode::BAD_REQUEST {
        let said = message(response);
        // where the mistake is shown best by the same parser; a server of another version may still see it otherwise
        return Err(caret::mistake(&args.query, args.entity.entity()).unwrap_or_else(|| usage(said)));
    }
    if !status.is_success() {
        bail!("{} answered {status}: {}", target.url(), message(response));
    }
    if args.format == Format::Table {
        let body = response.bytes().context("the server's answer broke off")?;
        return table::print(&body, args.entity.entity());
    }
    let mut out = io::stdout().lock();
    io::copy(&mut response, &mut out).context("cannot copy the server's answer")?;
    Ok(out.flush()?)
}
