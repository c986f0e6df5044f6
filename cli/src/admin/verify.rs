//! `plimsoll admin verify`: whether the facts hold together, and whether the saved index shows what they say.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use server::{DataDir, DataDirError, Fingerprint, Offline, StartError};
use store::Verified;

use super::FactsArgs;
use crate::output::{note, printable};

#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    /// Check the facts only, and not the index, which takes as much memory as a server
    #[arg(long)]
    facts_only: bool,
    #[command(flatten)]
    data: FactsArgs,
}

/// Prints every problem on a line of its own, then what was looked at.
pub(super) async fn run(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let store = args.data.open_existing()?;
    let mut tell = |problem: store::Problem| say(&problem.to_string());
    let verified = store.verify(&mut tell).await.context("the database cannot be read to its end")?;
    drop(store);
    let mut problems = verified.problems;
    if !args.facts_only {
        problems += index(&args.data).await?;
    }
    counts(&verified)?;
    if problems == 0 {
        note("no problem found");
        return Ok(ExitCode::SUCCESS);
    }
    note(&format!("{problems} problems found"));
    Ok(ExitCode::FAILURE)
}

fn say(line: &str) {
    // whoever reads no further still learns from the exit code
    let _ = writeln!(std::io::stdout(), "problem: {}", printable(line));
}

fn counts(of: &Verified) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for (what, count) in [
        ("images", of.images),
        ("containers", of.containers),
        ("packages", of.packages),
        ("findings", of.findings),
        ("inventories", of.inventories),
        ("entries", of.entries),
        ("orphans", of.orphans),
        ("drifted", of.drifted),
        ("hosts", of.hosts),
        ("tags", of.tags),
        ("tombstones", of.tombstones),
        ("judgements", of.judgements),
        ("jobs", of.jobs),
        ("days", of.days),
        ("accounts", of.accounts),
        ("sensors", of.sensors),
        ("tokens", of.sensor_tokens),
        ("profiles", of.profiles),
        ("registries", of.registries),
        ("connectors", of.connectors),
        ("schedules", of.schedules),
        ("listed tags", of.registry_tags),
        ("manifests", of.manifests),
    ] {
        writeln!(out, "{what:<12} {count}")?;
    }
    Ok(out.flush()?)
}

/// Makes the index from the database and from the saved one and compares all lists; gives the number of problems.
///
/// One after the other, so that no more than one index is in memory.
async fn index(facts: &FactsArgs) -> anyhow::Result<u64> {
    let folder = &facts.directory.data;
    if !folder.is_dir() {
        note(&format!(
            "the index is not checked: there is no data directory {} with vulnerability data",
            folder.display()
        ));
        return Ok(0);
    }
    let built = match lists(facts, false).await? {
        Made::Lists(built) => built,
        Made::Held => {
            note("the index is not checked: a server holds the data directory; stop it first");
            return Ok(0);
        }
        Made::Not(reason) => {
            say(&format!("index: cannot be built from the database: {reason}"));
            return Ok(1);
        }
    };
    if !DataDir::create(folder)?.index().is_file() {
        note(&format!("{} lists; there is no saved index to compare them with", built.1.len()));
        return Ok(0);
    }
    let saved = match lists(facts, true).await? {
        Made::Lists(saved) => saved,
        Made::Held => return Ok(0),
        Made::Not(reason) => {
            say(&format!("index: cannot be made from the saved one: {reason}"));
            return Ok(1);
        }
    };
    if built.0 != saved.0 {
        note("the index is not compared: the database was written to meanwhile");
        return Ok(0);
    }
    let problems = differences(&built.1, &saved.1);
    problems.iter().for_each(|problem| say(problem));
    note(&format!("{} lists compared with those of the saved index", built.1.len()));
    Ok(problems.len() as u64)
}

enum Made {
    /// The clock of the database, and all lists.
    Lists((i64, Vec<Fingerprint>)),
    /// A server holds the data directory.
    Held,
    Not(String),
}

async fn lists(facts: &FactsArgs, from_saved: bool) -> anyhow::Result<Made> {
    let opened = match Offline::with(&facts.directory.data, facts.options()?, from_saved).await {
        Err(StartError::DataDir(DataDirError::InUse { .. })) => return Ok(Made::Held),
        Err(StartError::Fleet(error)) => return Ok(Made::Not(error.to_string())),
        opened => opened?,
    };
    let mut lists = Vec::new();
    if let Err(error) = server::fingerprints(&opened.fleet, &mut |list| lists.push(list)) {
        return Ok(Made::Not(error.to_string()));
    }
    let clock = opened.store.clock().await.context("cannot read the clock")?;
    Ok(Made::Lists((clock.0, lists)))
}

/// What differs between the lists of two indexes, in words.
fn differences(built: &[Fingerprint], saved: &[Fingerprint]) -> Vec<String> {
    let mut problems = Vec::new();
    for of_built in built {
        match saved.iter().find(|list| list.list == of_built.list) {
            Some(of_saved) if of_saved == of_built => {}
            Some(of_saved) if of_saved.count != of_built.count => problems.push(format!(
                "index: {}: the database has {}, the saved index {}",
                of_built.list, of_built.count, of_saved.count
            )),
            Some(_) => {
                problems.push(format!("index: {}: the saved index shows something else", of_built.list))
            }
            None => problems.push(format!("index: {}: missing in the saved index", of_built.list)),
        }
    }
    let is_new = |list: &&Fingerprint| !built.iter().any(|known| known.list == list.list);
    problems.extend(
        saved.iter().filter(is_new).map(|list| format!("index: {}: only in the saved index", list.list)),
    );
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_differ_in_count_bytes_or_existence_are_problems() {
        let list = |list: &str, count, text: &str| Fingerprint {
            list: list.to_owned(),
            count,
            digest: model::Digest::of(text.as_bytes()),
        };
        let built = [list("a", 1, "x"), list("b", 1, "x"), list("c", 1, "x"), list("d", 1, "x")];
        let saved = [list("a", 1, "x"), list("b", 2, "x"), list("c", 1, "y"), list("e", 1, "x")];
        assert_eq!(differences(&built, &saved).len(), 4);
        assert!(differences(&built, &built).is_empty());
    }
}
