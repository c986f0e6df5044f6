//! `plimsoll explain`: why an image has a finding, or has none.
//!
//! What it is for: people who doubt a judgement, and programs that show it to them. What it is not for: judging; it asks
//! the judge and shows what the judge looked at.
//!
//! The decision a reader may doubt: a vulnerability that no package of the image has to do with is an answer and no
//! failure, because "no statement speaks of it" is what was asked for. Only a word that nothing knows is one.

mod document;
mod text;
mod words;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use matcher::inquiry::{About, Answer, Inquiry, Question, Seen, is_number};
use model::{Namespace, Package, ScanReport, Timestamp};

use self::document::{Document, SetAside};
use crate::output::ColourArgs;
use crate::scan::{self, ReadArgs};
use crate::verdict::{Hit, Subject, SuppressionArgs, Suppressions};

/// How many packages that statements elsewhere speak of are told.
const TOLD: usize = 20;

/// The end of the long help.
const AFTER_HELP: &str = "\
Exit codes:
  0  explained, whether or not something is reported
  1  failed: no image, no vulnerability data, or nothing has this name
  2  wrong usage";

#[derive(clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(crate) struct ExplainArgs {
    /// What `plimsoll scan` takes: an archive, a layout, a root file system, a bill of materials, the name of an image
    source: String,
    /// A vulnerability by its number (QID) or any of its ids (CVE, GHSA, DSA, RUSTSEC, EOL …), or a package by its name, its source
    /// package's name, or its package URL
    what: String,
    /// Form of what is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    suppressions: SuppressionArgs,
    #[command(flatten)]
    bundle: scan::bundle::BundleArgs,
    #[command(flatten)]
    reading: ReadArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs: everything
    Json,
}

pub(crate) fn run(args: &ExplainArgs, colours: ColourArgs) -> anyhow::Result<ExitCode> {
    let now = Timestamp::now();
    let suppressions = args.suppressions.read(now)?;
    let cache = args.reading.cache_dir();
    let report = scan::read(&args.source, &args.reading)?;
    let bundle = args.bundle.open(cache.as_deref(), true)?.context(
        "no vulnerability data: name a folder of feeds (--feeds), a bundle (--bundle) or a data directory (--data)",
    )?;
    let packages: Vec<Package> = report.packages.iter().map(model::PackageRecord::package).collect();
    let release = report.os_release.as_ref().map(model::OsRelease::package);
    let inquiry = Inquiry {
        seen: report
            .packages
            .iter()
            .zip(&packages)
            .map(|(record, package)| Seen::of(record, package))
            .collect(),
        release: release.as_ref(),
        facts: &report.image,
        bundle: &bundle,
        now,
        most: usize::MAX,
    };
    let document = explain(&inquiry, &report, &args.what, &suppressions)?;
    let out = io::stdout().lock();
    let coloured = colours.wanted(&out);
    let mut out = io::BufWriter::new(out);
    match args.format {
        Format::Json => {
            serde_json::to_writer(&mut out, &document).context("cannot write to standard output")?;
            out.write_all(b"\n")
        }
        Format::Text => text::write(&mut out, &document, coloured),
    }
    .and_then(|()| out.flush())
    .context("cannot write to standard output")?;
    Ok(ExitCode::SUCCESS)
}

fn explain<'a>(
    inquiry: &Inquiry<'a>,
    report: &'a ScanReport,
    what: &'a str,
    suppressions: &Suppressions,
) -> anyhow::Result<Document<'a>> {
    let question = question(inquiry, what)?;
    let further = match &question {
        Question::Id(id) => inquiry.bundle.numbers_of(id),
        _ => Vec::new(),
    };
    let mut answer = inquiry.answer(&question, &further);
    if answer.packages.is_empty() && answer.vulnerabilities.is_empty() {
        bail!("{}", unknown(inquiry, &question, what));
    }
    let (elsewhere, more) = match answer.packages.is_empty() {
        true => elsewhere(inquiry, &mut answer),
        false => (Vec::new(), 0),
    };
    let not_covered = |package: &&Package| {
        matcher::judge(package, inquiry.bundle, inquiry.now).coverage == matcher::Coverage::NotCovered
    };
    let not_covered =
        inquiry.seen.iter().filter(|seen| seen.owned_by.is_none() && not_covered(&seen.package)).count();
    let suppressed = set_aside(&answer, report, suppressions);
    Ok(Document::new(inquiry, report, (&question, what), answer, (elsewhere, more), not_covered, suppressed))
}

/// What a word means. A package of the image goes before an id, which none is called like.
fn question(inquiry: &Inquiry<'_>, what: &str) -> anyhow::Result<Question> {
    let what = what.trim();
    if !what.is_empty() && is_number(what) {
        return Ok(Question::Number(what.parse().context("the number is too large")?));
    }
    if what.starts_with("pkg:") {
        let package = sbom::package_of_purl(what)
            .map_err(|reason| crate::output::usage(format!("{what}: {reason}")))?;
        let Package { ecosystem, name, version, .. } = package;
        let version = Some(version).filter(|version| !version.is_empty());
        return Ok(Question::Package { ecosystem: Some(ecosystem), name, version });
    }
    let name = what.to_owned();
    Ok(match inquiry.named(None, what, None).is_empty() {
        true => Question::Id(name),
        false => Question::Package { ecosystem: None, name, version: None },
    })
}

/// What is said of a word that nothing has to do with.
fn unknown(inquiry: &Inquiry<'_>, question: &Question, what: &str) -> String {
    let name = match question {
        Question::Number(number) => {
            return format!("no vulnerability of the data has the number {number}");
        }
        Question::Package { name, .. } => name,
        Question::Id(id) => id,
    };
    let near = inquiry.near(name);
    let near = match near.as_slice() {
        [] => String::new(),
        near => format!("; packages with a similar name: {}", near.join(", ")),
    };
    match question {
        Question::Package { .. } => format!("the image holds no package {what}{near}"),
        _ => {
            format!("the image holds no package `{what}`, and no vulnerability of the data has this id{near}")
        }
    }
}

/// What the statements on the vulnerabilities are about, where none is about a package of the image. Packages
/// of the image with the same names are added to the answer: why they are not meant is what people want to know.
fn elsewhere<'a>(inquiry: &Inquiry<'a>, answer: &mut Answer<'a>) -> (Vec<(Namespace, String)>, usize) {
    let numbers: Vec<u32> = answer.vulnerabilities.iter().map(|meant| meant.qid).collect();
    let mut all = matcher::packages_of(inquiry.bundle, &numbers, usize::MAX);
    let mut known: Vec<&Package> = Vec::new();
    for seen in &inquiry.seen {
        let package = seen.package;
        let is_namesake =
            all.iter().any(|(_, name)| *name == package.name || name == package.advisory_name());
        if is_namesake && !known.contains(&package) {
            known.push(package);
            answer.packages.extend(inquiry.about(package, &numbers));
        }
    }
    let more = all.len().saturating_sub(TOLD);
    all.truncate(TOLD);
    (all, more)
}

/// Which of the findings do not count, by somebody's ignore file or statement.
fn set_aside(answer: &Answer<'_>, report: &ScanReport, suppressions: &Suppressions) -> Vec<SetAside> {
    let mut aside = Vec::new();
    for About { places, explanation, part_of } in &answer.packages {
        if part_of.is_some() {
            continue;
        }
        for finding in explanation.vulnerabilities.iter().filter_map(|reasoning| reasoning.finding.as_ref()) {
            let subjects =
                places.iter().map(|place| Subject::Package(place.index, &report.packages[place.index]));
            let release = report.os_release.as_ref().filter(|_| places.is_empty()).map(Subject::System);
            for subject in subjects.chain(release) {
                if let Some(why) = suppressions.of(Hit { subject, finding }, &report.image) {
                    aside.push(SetAside::new(subject, finding, &why));
                }
            }
        }
    }
    aside
}
