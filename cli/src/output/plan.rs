//! Which forms go where: `--format`, `-o` and `--template`.
//!
//! The decision a reader may doubt: `--format` speaks of what names no form of its own. That is every plain `-o FILE`, and
//! standard output if there is no plain one. So `--format json -o x.json` writes JSON into the file and nothing else, and
//! `--format table -o sarif=x.sarif` prints a table beside the file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::template::Template;
use super::usage;

/// The flags that say what is written.
#[derive(clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Form of what is printed, and of files whose `-o` names no form; without it a table, or what a file's name tells
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Write to this file, whole or not at all; several allowed, all from one scan. FORMAT= before the name is one of the
    /// formats or a built-in template (@html, @junit); without it the name tells: .json, .cdx.json, .spdx.json, .openvex.json, .csaf.json, .sarif,
    /// .html, .txt. `-` is standard output
    #[arg(short, long, value_name = "[FORMAT=]FILE")]
    output: Vec<String>,
    /// The template of the format `template`: a file, @html or @junit
    #[arg(long, value_name = "FILE|@NAME")]
    template: Option<String>,
    /// List in tables and SARIF, too, what an ignore file or a statement sets aside; JSON always does
    #[arg(long)]
    show_suppressed: bool,
    /// In exploitability statements, also say what the image's packages were looked at for and do not have: what is fixed in
    /// them and what their publishers call not affected
    #[arg(long)]
    vex_all: bool,
}

/// The forms of a scan's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs: everything (docs/reference/report.schema.json)
    Json,
    /// Bill of materials, CycloneDX 1.6, with the findings
    CyclonedxJson,
    /// Bill of materials, SPDX 2.3
    SpdxJson,
    /// For code scanning services, SARIF 2.1.0
    Sarif,
    /// Exploitability statements, OpenVEX 0.2.0
    Openvex,
    /// Exploitability statements, the VEX profile of CSAF 2.0
    CsafVex,
    /// What --template says
    Template,
}

/// What is written, and how.
pub(crate) struct Plan {
    /// At least one.
    pub(super) sinks: Vec<Sink>,
    pub(super) show_suppressed: bool,
    pub(super) vex_all: bool,
}

/// One form at one place.
pub(super) struct Sink {
    pub(super) form: Form,
    /// `None` is standard output.
    pub(super) file: Option<PathBuf>,
}

/// A format with all that it needs.
pub(super) enum Form {
    Table,
    Json,
    CycloneDx,
    Spdx,
    Sarif,
    OpenVex,
    CsafVex,
    Template(Box<Template>),
}

impl OutputArgs {
    /// Whether a file is asked for.
    pub(crate) fn has_files(&self) -> bool {
        !self.output.is_empty()
    }

    /// Reads the flags and the templates. Nothing is written yet.
    pub(crate) fn plan(&self) -> anyhow::Result<Plan> {
        let template = self.template.as_deref();
        let format = match self.format {
            // A template is asked for by naming it.
            None if template.is_some() => Some(Format::Template),
            format => format,
        };
        let mut sinks = Vec::new();
        let mut plain = false;
        for output in &self.output {
            let (name, file) = split(output)?;
            plain |= name.is_none();
            let form = match name {
                Some(name) if name.starts_with('@') => form(Format::Template, Some(name))?,
                Some(name) => form(named(name)?, template)?,
                None => match format {
                    Some(format) => form(format, template)?,
                    None => by_suffix(file)?,
                },
            };
            sinks.push(Sink { form, file: (file != "-").then(|| PathBuf::from(file)) });
        }
        if sinks.is_empty() || (self.format.is_some() && !plain) {
            sinks.push(Sink { form: form(format.unwrap_or(Format::Table), template)?, file: None });
        }
        let by_template =
            |sink: &Sink| matches!(&sink.form, Form::Template(form) if Some(form.asked()) == template);
        if let Some(name) = template
            && !sinks.iter().any(by_template)
        {
            return Err(usage(format!("--template {name} is not used: no output has the format template")));
        }
        let mut places = HashSet::new();
        for sink in &sinks {
            if !places.insert(&sink.file) {
                let place = sink.file.as_deref().map_or("standard output".into(), Path::to_string_lossy);
                return Err(usage(format!("two forms cannot both go to {place}")));
            }
            check_folder(sink.file.as_deref())?;
        }
        if self.vex_all && !sinks.iter().any(|sink| matches!(sink.form, Form::OpenVex | Form::CsafVex)) {
            return Err(usage("--vex-all is not used: no output has the format openvex or csaf-vex"));
        }
        Ok(Plan { sinks, show_suppressed: self.show_suppressed, vex_all: self.vex_all })
    }
}

/// Splits `FORMAT=FILE`. A name with an equals sign in it is written `./a=b`.
fn split(output: &str) -> anyhow::Result<(Option<&str>, &str)> {
    let (name, file) = match output.split_once('=') {
        Some((name, file)) if !name.contains(['/', '.']) => (Some(name), file),
        _ => (None, output),
    };
    if file.is_empty() {
        return Err(usage(format!("-o {output} names no file")));
    }
    Ok((name, file))
}

fn named(name: &str) -> anyhow::Result<Format> {
    <Format as clap::ValueEnum>::from_str(name, true).map_err(|_| {
        let known = ["table", "json", "cyclonedx-json", "spdx-json", "sarif", "template", "@html", "@junit"];
        usage(format!("there is no format `{name}`; there are {}", known.join(", ")))
    })
}

fn form(format: Format, template: Option<&str>) -> anyhow::Result<Form> {
    Ok(match format {
        Format::Table => Form::Table,
        Format::Json => Form::Json,
        Format::CyclonedxJson => Form::CycloneDx,
        Format::SpdxJson => Form::Spdx,
        Format::Sarif => Form::Sarif,
        Format::Openvex => Form::OpenVex,
        Format::CsafVex => Form::CsafVex,
        Format::Template => {
            let missing = || usage("the format template needs --template FILE or --template @html");
            let name = template.ok_or_else(missing)?;
            Form::Template(Box::new(Template::read(name)?))
        }
    })
}

/// Endings of names and what they tell, longer ones first.
const SUFFIXES: [(&str, Format); 10] = [
    (".openvex.json", Format::Openvex),
    (".csaf.json", Format::CsafVex),
    (".cdx.json", Format::CyclonedxJson),
    (".bom.json", Format::CyclonedxJson),
    (".spdx.json", Format::SpdxJson),
    (".sarif.json", Format::Sarif),
    (".sarif", Format::Sarif),
    (".json", Format::Json),
    (".txt", Format::Table),
    (".html", Format::Template),
];

fn by_suffix(file: &str) -> anyhow::Result<Form> {
    let lower = file.to_ascii_lowercase();
    match SUFFIXES.iter().find(|(suffix, _)| lower.ends_with(suffix)) {
        Some((_, format)) => form(*format, Some("@html")),
        // A device, a pipe or a plain word.
        None if !Path::new(file).file_name().is_some_and(|name| name.to_string_lossy().contains('.')) => {
            Ok(Form::Table)
        }
        None => Err(usage(format!(
            "the name of {file} tells no format: write FORMAT={file}, such as json={file}"
        ))),
    }
}

/// A folder that is missing is told before the image is read, not after.
fn check_folder(file: Option<&Path>) -> anyhow::Result<()> {
    let folder = file.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    if let (Some(folder), Some(file)) = (folder, file) {
        std::fs::metadata(folder).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        output: OutputArgs,
    }

    /// The plan as `form>place` words.
    fn planned(flags: &str) -> Result<String, String> {
        let flags = Flags::try_parse_from(std::iter::once("x").chain(flags.split_whitespace())).unwrap();
        let plan = flags.output.plan().map_err(|error| format!("{error:#}"))?;
        let word = |sink: &Sink| {
            let form = match &sink.form {
                Form::Table => "table",
                Form::Json => "json",
                Form::CycloneDx => "cyclonedx",
                Form::Spdx => "spdx",
                Form::Sarif => "sarif",
                Form::OpenVex => "openvex",
                Form::CsafVex => "csaf-vex",
                Form::Template(template) => template.asked(),
            };
            format!("{form}>{}", sink.file.as_deref().map_or("-".into(), Path::to_string_lossy))
        };
        Ok(plan.sinks.iter().map(word).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn every_combination_has_one_meaning() {
        for (flags, expected) in [
            ("", "table>-"),
            ("--format json", "json>-"),
            ("--format json -o x", "json>x"),
            ("-o x.json", "json>x.json"),
            (
                "-o x.cdx.json -o X.SPDX.JSON -o x.sarif",
                "cyclonedx>x.cdx.json spdx>X.SPDX.JSON sarif>x.sarif",
            ),
            ("-o x.html", "@html>x.html"),
            ("-o word -o /dev/stderr", "table>word table>/dev/stderr"),
            (
                "-o cyclonedx-json=bom.json -o sarif=x.sarif -o report.json",
                "cyclonedx>bom.json sarif>x.sarif json>report.json",
            ),
            ("--format table -o sarif=x", "sarif>x table>-"),
            ("--format json -o sarif=x -o y", "sarif>x json>y"),
            ("-o @junit=x.xml -o table=-", "@junit>x.xml table>-"),
            ("--template @html", "@html>-"),
            ("-o ./a=b.json", "json>./a=b.json"),
            ("-o openvex=x -o csaf-vex=y --vex-all", "openvex>x csaf-vex>y"),
            ("-o x.openvex.json -o x.csaf.json", "openvex>x.openvex.json csaf-vex>x.csaf.json"),
        ] {
            assert_eq!(planned(flags).as_deref(), Ok(expected), "{flags}");
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused_in_words() {
        for (flags, word) in [
            ("-o jsn=x.json", "no format `jsn`"),
            ("-o x.yaml", "FORMAT=x.yaml"),
            ("-o json=", "names no file"),
            ("-o x.json -o json=x.json", "two forms cannot both go to x.json"),
            ("--format table -o json=-", "standard output"),
            ("--format template", "needs --template"),
            ("-o @pdf=x", "@pdf"),
            ("-o no/folder/x.json", "no/folder/x.json"),
            ("-o json=y --vex-all", "--vex-all is not used"),
            ("--template @html -o json=y", "--template @html is not used"),
            ("--template @html --format json", "--template @html is not used"),
        ] {
            let said = planned(flags).unwrap_err();
            assert!(said.contains(word), "{flags}: {said}");
        }
    }
}
