//! Running other programs: three ways of treating their output, one way of reporting their failure.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};

/// How many of the last lines of a failed program's output are shown.
const SHOWN_LINES: usize = 60;

/// A command without standard input: nothing here may ever wait for a person.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    command
}

/// Runs with the output passed through as it comes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", describe(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", describe(command));
    }
    Ok(())
}

/// Runs silently; the end of the output appears only in the error.
pub(crate) fn run_quiet(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs and hands back standard output.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    String::from_utf8(output.stdout).with_context(|| format!("{} printed invalid UTF-8", describe(command)))
}

fn output(command: &mut Command) -> Result<Output> {
    let output = command.output().with_context(|| format!("cannot start {}", describe(command)))?;
    if !output.status.success() {
        let text =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n");
        bail!("{} ended with {}\n{tail}", describe(command), output.status);
    }
    Ok(output)
}

/// The program and its arguments, shortened to one readable line.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(200).map(|c| if c == '\n' { ' ' } else { c }).collect();
    if short.len() < line.len() { format!("`{short}…`") } else { format!("`{short}`") }
}

/// Whether `program` can be found on the search path.
pub(crate) fn is_installed(program: &str) -> bool {
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether this process may install packages and change roots.
pub(crate) fn is_root() -> bool {
    capture(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
