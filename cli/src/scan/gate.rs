//! Sending a report to a server, and judging it there: a gate decides by the data that everybody else sees.

use anyhow::{Context as _, bail};
use matcher::ReportJudgement;
use model::{Digest, ScanReport};
use serde::Deserialize;

use crate::push::Target;

/// The largest answer that is read.
const MOST: u64 = 1 << 30;

/// A server's judgement of a report.
#[derive(Deserialize)]
pub(super) struct Judged {
    /// The data that it was judged by.
    pub(super) bundle: Digest,
    #[serde(flatten)]
    pub(super) report: ReportJudgement,
}

#[derive(Deserialize)]
struct Answer {
    judgement: Option<Judged>,
}

/// Sends a report. With `judge`, waits for the server's judgement of it, by the data that is in force there.
pub(super) fn send(target: &Target, report: &ScanReport, judge: bool) -> anyhow::Result<Option<Judged>> {
    let json = serde_json::to_vec(report).context("cannot encode the report")?;
    if !judge {
        target.post("api/v1/reports", &json)?;
        return Ok(None);
    }
    let response = target.post("api/v1/reports?judgement=true", &json)?;
    let answer = std::io::Read::take(response, MOST);
    let answer: Answer = serde_json::from_reader(std::io::BufReader::new(answer))
        .with_context(|| format!("cannot read the judgement of {}", target.url()))?;
    let Some(judged) = answer.judgement else {
        bail!(
            "{} took the report and does not judge it, so it is older than this program: update it, or judge here with \
             --feeds, --bundle or --data",
            target.url()
        );
    };
    // indexes come from elsewhere
    if let Some((index, _)) = judged.report.packages.iter().find(|(index, _)| *index >= report.packages.len())
    {
        bail!("{} judged package {index} of a report with {}", target.url(), report.packages.len());
    }
    Ok(Some(judged))
}
