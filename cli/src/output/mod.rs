//! What the program prints: data on standard output or into files, notes on standard error.

mod colour;
mod file;
mod json;
mod plan;
mod printable;
mod sarif;
mod table;
mod template;
mod usage;
mod vex;

use std::io::{self, Write};

use anyhow::{Context as _, bail};

pub(crate) use self::colour::ColourArgs;
use self::plan::{Form, Sink};
pub(crate) use self::plan::{OutputArgs, Plan};
pub(crate) use self::printable::printable;
pub(crate) use self::usage::{is_usage, usage};
use crate::verdict::{Policy, Verdict};

/// Writes everything that the plan asks for. Each file appears whole or not at all.
pub(crate) fn write(
    plan: &Plan,
    verdict: &Verdict<'_>,
    policy: &Policy,
    colours: ColourArgs,
) -> anyhow::Result<()> {
    for sink in &plan.sinks {
        let Some(file) = &sink.file else {
            let out = io::stdout().lock();
            let look = table::Look {
                terminal: true,
                colours: colours.wanted(&out),
                show_suppressed: plan.show_suppressed,
                vex_all: plan.vex_all,
            };
            let mut out = io::BufWriter::new(out);
            let outcome = write_form(sink, verdict, policy, &look, &mut out).and_then(|()| Ok(out.flush()?));
            match outcome {
                // The reader has seen enough; files and the policy still follow.
                Err(error) if crate::is_broken_pipe(&error) => continue,
                outcome => outcome.context("cannot write to standard output")?,
            }
            continue;
        };
        let look = table::Look {
            terminal: false,
            colours: colours.in_files(),
            show_suppressed: plan.show_suppressed,
            vex_all: plan.vex_all,
        };
        file::write(file, |out| write_form(sink, verdict, policy, &look, out))?;
    }
    Ok(())
}

fn write_form(
    sink: &Sink,
    verdict: &Verdict<'_>,
    policy: &Policy,
    look: &table::Look,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match &sink.form {
        Form::Table => table::write(out, verdict, look),
        Form::Json => json::write(out, verdict, policy),
        Form::Sarif => sarif::write(out, verdict, look.show_suppressed),
        Form::OpenVex => vex::write(out, verdict, look.vex_all, sbom::vex::write_openvex),
        Form::CsafVex => vex::write(out, verdict, look.vex_all, sbom::vex::write_csaf),
        Form::Template(template) => template.write(out, &json::document(verdict, policy)),
        Form::Spdx => Ok(sbom::write_spdx(verdict.report, out)?),
        Form::CycloneDx => {
            let placed = verdict.placed();
            let findings = verdict.knowledge.is_some().then_some(placed.as_slice());
            Ok(sbom::write_cyclonedx(verdict.report, findings, out)?)
        }
    }
}

/// Prints a generated reference page.
pub(crate) fn docs(page: &str) -> anyhow::Result<()> {
    match page {
        "settings" => {
            let mut out = io::stdout().lock();
            out.write_all(server::settings::reference_page().as_bytes())?;
            Ok(())
        }
        "secrets" => {
            let mut out = io::stdout().lock();
            out.write_all(catalog::secrets_page().as_bytes())?;
            Ok(())
        }
        "feeds" => {
            let mut out = io::stdout().lock();
            out.write_all(knowledge::feeds_page().as_bytes())?;
            Ok(())
        }
        other => bail!("there is no reference page `{other}`; there are: settings, secrets, feeds"),
    }
}

/// Says something to the person at the terminal.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "plimsoll: {}", printable(line));
}

/// The name of an image as people write it.
pub(crate) fn reference(name: &model::Reference) -> String {
    match (&name.tag, &name.digest) {
        (Some(tag), _) => format!("{}/{}:{tag}", name.registry, name.repository),
        (None, Some(digest)) => format!("{}/{}@{digest}", name.registry, name.repository),
        (None, None) => format!("{}/{}", name.registry, name.repository),
    }
}

/// Where something could not be read, for what follows it; a layer as a whole has no path, a whole document neither.
pub(crate) fn place(unreadable: &model::Unreadable) -> String {
    let layer = unreadable.layer.map(|layer| format!("layer {layer}"));
    let path = Some(unreadable.path.clone()).filter(|path| !path.is_empty());
    let place: Vec<String> = layer.into_iter().chain(path).collect();
    if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) }
}

/// Says why the program failed: the error and its causes, further lines of theirs indented.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&cause);
        }
    }
    let shown: Vec<_> = line.trim_end().lines().map(printable).collect();
    let _ = writeln!(io::stderr(), "plimsoll: error: {}", shown.join("\n  "));
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_place_has_a_layer_a_path_both_or_neither() {
        let place = |layer, path: &str| {
            super::place(&model::Unreadable { layer, path: path.to_owned(), reason: String::new() })
        };
        assert_eq!(
            [place(Some(1), "a/b"), place(Some(1), ""), place(None, "components[1]"), place(None, "")],
            ["layer 1, a/b: ", "layer 1: ", "components[1]: ", ""]
        );
    }
}
