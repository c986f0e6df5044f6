//! `cargo xtask differential [N]`: the comparison with `umoci unpack` that the tests make with few stacks of layers, with many.
//! `cargo xtask differential fleet`: that of the server's answers with a walk through its records.
//! `cargo xtask differential judge`: that of the findings with a brute-force matcher.

mod fleet;
mod judge;

use anyhow::{Context as _, Result, bail};

use crate::{process, project, setup};

/// Stacks unless a number is given.
const STACKS: &str = "10000";

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    if let Some((word, rest)) = arguments.split_first() {
        match word.as_str() {
            "fleet" => return fleet::command(rest),
            "judge" => return judge::command(rest),
            _ => {}
        }
    }
    let stacks = match arguments {
        [] => STACKS,
        [number] => number,
        _ => bail!("differential takes one number"),
    };
    stacks.parse::<u64>().with_context(|| format!("`{stacks}` is not a number of stacks"))?;
    setup::install_tools()?;
    let mut command = process::command("cargo");
    command.current_dir(project::root()).env("PLIMSOLL_STACKS", stacks);
    command.args(["test", "--quiet", "--package", "plimsoll-catalog", "--test", "it", "differential"]);
    process::run(&mut command)
}
