//! `plimsoll judge`: what is known about packages that are given by their package URLs, one a line, as one JSON object a
//! line in the same order. For pipelines, and for checks of the judgements against other programs.
//!
//! The decision a reader may doubt: a line that cannot be understood is answered with an object that says so, instead
//! of ending the program, so that answers stay beside their questions.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use knowledge::Bundle;
use matcher::{Coverage, Judgement};
use model::{Confidence, Finding, FixState, Timestamp};
use serde::Serialize;

use crate::lines::{Line, for_each_line};
use crate::scan::bundle::BundleArgs;

/// The longest line that is looked at.
const MAX_LINE: usize = 64 * 1024;

#[derive(Args)]
pub(crate) struct JudgeArgs {
    #[command(flatten)]
    bundle: BundleArgs,
    /// Where compiled feeds are kept; without it `plimsoll` in the user's cache directory [env: PLIMSOLL_CACHE_DIR]
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
}

/// What is told of one line.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    purl: &'a str,
    findings: Vec<Found<'a>>,
    /// Whether the data speaks of the package's release or ecosystem at all; if not, no finding says nothing.
    covered: bool,
    /// Why it is not covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_covered: Option<String>,
    /// The lowest version that ends every finding that has a fix.
    fix_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    undecided: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    id: &'a str,
    aliases: &'a [String],
    qid: u32,
    severity: u8,
    state: FixState,
    fix_version: Option<&'a str>,
    source: &'a str,
    advisory: &'a str,
    confidence: Confidence,
    risk: u8,
}

impl<'a> Found<'a> {
    fn of(finding: &'a Finding) -> Self {
        let vulnerability = &finding.vulnerability;
        Self {
            id: &vulnerability.id,
            aliases: &vulnerability.aliases,
            qid: vulnerability.qid,
            severity: finding.severity.get(),
            state: finding.state,
            fix_version: finding.fix_version.as_deref(),
            source: &finding.feed,
            advisory: &finding.advisory,
            confidence: finding.confidence,
            risk: finding.risk,
        }
    }
}

pub(crate) fn run(args: &JudgeArgs) -> anyhow::Result<()> {
    let cache = crate::scan::cache_directory(args.cache_dir.clone());
    let bundle = args.bundle.open(cache.as_deref(), true)?.context(
        "no vulnerability data: name a folder of feeds (--feeds), a bundle (--bundle) or a data directory (--data)",
    )?;
    let now = Timestamp::now();
    let mut out = io::BufWriter::new(io::stdout().lock());
    for_each_line(&mut io::stdin().lock(), &mut out, MAX_LINE, |line, out| answer(&line, &bundle, now, out))?;
    out.flush().context("cannot write to standard output")
}

/// Writes what is known of one line.
fn answer(line: &Line, bundle: &Bundle, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let read = line.text.as_deref().ok_or("the line is too long");
    let text = read.and_then(|text| std::str::from_utf8(text).map_err(|_| "the line is not UTF-8"));
    let package = text.map_err(str::to_owned).and_then(sbom::package_of_purl);
    let mut not_covered = None;
    let (judgement, error) = match package {
        Ok(package) => {
            let judgement = matcher::judge(&package, bundle, now);
            let why = || matcher::why_not_covered(&package, bundle);
            not_covered = (judgement.coverage == Coverage::NotCovered).then(why);
            (Some(judgement), None)
        }
        Err(error) => (None, Some(error)),
    };
    let mut answer = told(text.unwrap_or_default(), judgement.as_ref(), error);
    answer.not_covered = not_covered;
    serde_json::to_writer(&mut *out, &answer)?;
    out.write_all(b"\n")
}

fn told<'a>(purl: &'a str, judgement: Option<&'a Judgement>, error: Option<String>) -> Answer<'a> {
    let undecided = judgement.into_iter().flat_map(|judgement| &judgement.undecided);
    Answer {
        purl,
        findings: judgement.into_iter().flat_map(|judgement| &judgement.findings).map(Found::of).collect(),
        covered: judgement.is_some_and(|judgement| judgement.coverage == Coverage::Covered),
        not_covered: None,
        fix_version: judgement.and_then(|judgement| judgement.fix_version.as_deref()),
        undecided: undecided.map(|entry| format!("{}: {}", entry.advisory, entry.reason)).collect(),
        error,
    }
}
