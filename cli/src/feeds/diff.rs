//! `plimsoll feeds diff`: what two bundles say differently.

use std::io::Write as _;
use std::path::PathBuf;

use comfy_table::{Cell, CellAlignment, Table, presets};
use knowledge::{Bundle, Difference, NamespaceCounts, VulnerabilityChange, VulnerabilityName};
use model::Timestamp;

use crate::output::printable;

/// Arguments of `plimsoll feeds diff`.
#[derive(clap::Args)]
pub(crate) struct DiffArgs {
    /// The older bundle
    old: PathBuf,
    /// The newer bundle
    new: PathBuf,
    /// The form of the output
    #[arg(long, value_enum, default_value_t = Form::Table)]
    format: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Table,
    Json,
}

pub(super) fn run(args: &DiffArgs) -> anyhow::Result<()> {
    let difference = Difference::between(&Bundle::open(&args.old)?, &Bundle::open(&args.new)?);
    let mut out = std::io::stdout().lock();
    match args.format {
        Form::Json => {
            serde_json::to_writer_pretty(&mut out, &difference)?;
            writeln!(out)?;
        }
        Form::Table => show(&mut out, &difference)?,
    }
    Ok(())
}

fn show(out: &mut impl std::io::Write, difference: &Difference) -> std::io::Result<()> {
    let date = |date: Option<Timestamp>| date.map_or_else(|| "no date".to_owned(), Timestamp::to_rfc3339);
    writeln!(out, "old  {}  {}", difference.old, date(difference.old_date))?;
    writeln!(out, "new  {}  {}", difference.new, date(difference.new_date))?;
    if difference.is_empty() {
        return writeln!(out, "They are the same.");
    }
    writeln!(
        out,
        "{} vulnerabilities came, {} went, {} changed, {} have another prediction only; {} packages are touched",
        difference.came.len(),
        difference.went.len(),
        difference.changed.len(),
        difference.predictions,
        difference.packages_touched
    )?;
    show_feeds(out, difference)?;
    show_namespaces(out, difference)?;
    show_names(out, "came", &difference.came)?;
    show_names(out, "went", &difference.went)?;
    if !difference.changed.is_empty() {
        writeln!(out, "\nchanged")?;
    }
    difference.changed.iter().try_for_each(|change| show_change(out, change))
}

fn number(number: impl ToString) -> Cell {
    Cell::new(number.to_string()).set_alignment(CellAlignment::Right)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().copied());
    table
}

fn show_feeds(out: &mut impl std::io::Write, difference: &Difference) -> std::io::Result<()> {
    if difference.feeds.is_empty() {
        return Ok(());
    }
    let mut table = table(&["feed", "files", "", "records", "", "quarantined", ""]);
    for feed in &difference.feeds {
        let counts = [feed.files, feed.records, feed.quarantined].into_iter().flatten().map(number);
        table.add_row(std::iter::once(Cell::new(printable(&feed.feed))).chain(counts));
    }
    writeln!(out, "\nfeeds, before and now\n{table}")
}

fn show_namespaces(out: &mut impl std::io::Write, difference: &Difference) -> std::io::Result<()> {
    if difference.namespaces.is_empty() {
        return Ok(());
    }
    let mut table = table(&["namespace", "packages", "", "statements", ""]);
    for namespace in &difference.namespaces {
        let count = |counts: &Option<NamespaceCounts>, which: fn(&NamespaceCounts) -> u64| {
            number(counts.as_ref().map_or_else(|| "-".to_owned(), |counts| which(counts).to_string()))
        };
        let (before, now) = (&namespace.before, &namespace.now);
        table.add_row([
            Cell::new(printable(&namespace.namespace)),
            count(before, |counts| counts.packages),
            count(now, |counts| counts.packages),
            count(before, |counts| counts.statements),
            count(now, |counts| counts.statements),
        ]);
    }
    writeln!(out, "\nnamespaces, before and now\n{table}")
}

fn show_names(out: &mut impl std::io::Write, what: &str, names: &[VulnerabilityName]) -> std::io::Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{what}")?;
    names.iter().try_for_each(|name| show_name(out, name))
}

fn show_name(out: &mut impl std::io::Write, name: &VulnerabilityName) -> std::io::Result<()> {
    let severity = name.severity.map_or_else(|| "-".to_owned(), |severity| severity.to_string());
    writeln!(out, "  {severity} {}  {}", printable(&name.id), printable(&name.title))
}

fn show_change(out: &mut impl std::io::Write, change: &VulnerabilityChange) -> std::io::Result<()> {
    show_name(out, &change.now)?;
    if let Some(before) = change.severity_before {
        writeln!(out, "      severity was {before}")?;
    }
    if let Some(before) = &change.title_before {
        writeln!(out, "      title was {}", printable(before))?;
    }
    for (what, packages) in [("now also in", &change.packages_came), ("no longer in", &change.packages_went)]
    {
        if !packages.is_empty() {
            writeln!(out, "      {what} {}", printable(&packages.join(", ")))?;
        }
    }
    Ok(())
}
