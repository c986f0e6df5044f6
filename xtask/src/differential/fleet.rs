//! `cargo xtask differential fleet [N] [SEED]`: N random questions over random fleets by random accounts, answered by the server and by
//! a walk through its records; and the comparison of a sub-user's answers with those of a database that holds only its scope.

use anyhow::{Context as _, Result, bail};

use crate::{process, project};

/// Questions unless a number is given.
const CASES: &str = "100000";
/// The first fleet unless a number is given.
const SEED: &str = "1";
/// Questions for one fleet of the scope test.
const CASES_OF_A_SCOPE: u64 = 2_000;

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    let (cases, seed) = match arguments {
        [] => (CASES, SEED),
        [cases] => (cases.as_str(), SEED),
        [cases, seed] => (cases.as_str(), seed.as_str()),
        _ => bail!("differential fleet takes a number of questions and a seed"),
    };
    let count: u64 = cases.parse().with_context(|| format!("`{cases}` is not a number of questions"))?;
    seed.parse::<u64>().with_context(|| format!("`{seed}` is not a seed"))?;
    let mut command = process::command("cargo");
    command.current_dir(project::root());
    command.env("PLIMSOLL_ORACLE_CASES", cases).env("PLIMSOLL_ORACLE_SEED", seed);
    command.env("PLIMSOLL_SCOPES", (count / CASES_OF_A_SCOPE).max(3).to_string());
    command.args(["test", "--quiet", "--package", "plimsoll-api", "--test", "it", "--", "--nocapture"]);
    command.args(["questions_are_answered_as_a_walk", "an_account_sees_what_it_would_see"]);
    process::run(&mut command)
}
