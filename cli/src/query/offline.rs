//! The answer out of a data directory that no server holds.

use std::io::{self, Write as _};

use anyhow::bail;
use fleet::{Entity, QueryColumn, QueryOrder, QueryRequest, Scope};
use server::{DataDirError, Offline, QueryText, StartError};
use store::DEFAULT_CUSTOMER;

use super::{Format, QueryArgs, caret, table};
use crate::output::usage;

pub(super) async fn run(args: &QueryArgs) -> anyhow::Result<()> {
    let entity = args.entity.entity();
    let request = request(args, entity)?;
    let folder = &args.place.data.data;
    if !folder.join("plimsoll.db").is_file() {
        bail!(
            "there is no database in {}; name the data directory with --data, or a server with --server",
            folder.display()
        );
    }
    let opened = match Offline::open(folder).await {
        Err(StartError::DataDir(DataDirError::InUse { path, holder })) => {
            bail!("a server holds the data directory {}{holder}; ask it with --server URL", path.display())
        }
        opened => opened?,
    };
    let result = opened.fleet.query(request).map_err(|error| refused(args, error))?;
    let mut pieces = QueryText::new(result, args.format.form());
    if args.format == Format::Table {
        return table::print(&pieces.by_ref().flatten().collect::<Vec<u8>>(), entity);
    }
    let mut out = io::stdout().lock();
    for piece in pieces {
        out.write_all(&piece)?;
    }
    Ok(out.flush()?)
}

fn request(args: &QueryArgs, entity: Entity) -> anyhow::Result<QueryRequest> {
    if let Some(mistake) = caret::mistake(&args.query, entity) {
        return Err(mistake);
    }
    let said = |flag: &'static str| {
        move |error: qql::QueryError| {
            usage(format!("{flag}: {}", error.to_string().replacen("filter token", "token", 1)))
        }
    };
    let columns = QueryColumn::parse_list(args.columns.as_deref().unwrap_or_default(), entity);
    let order = args.sort.as_deref().map(|text| QueryOrder::parse(text, entity)).transpose();
    Ok(QueryRequest {
        customer: DEFAULT_CUSTOMER,
        scope: Scope::Everything,
        entity,
        filter: Some(qql::parse(&args.query)?),
        columns: columns.map_err(said("--columns"))?,
        order: order.map_err(said("--sort"))?,
        limit: args.rows(),
    })
}

fn refused(args: &QueryArgs, error: fleet::FleetError) -> anyhow::Error {
    match error {
        fleet::FleetError::Query(error) => caret::shown(&args.query, &error),
        other => other.into(),
    }
}
