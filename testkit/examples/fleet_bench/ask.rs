//! The questions, round after round, each timed from the request to the last byte of its page.

use std::time::Instant;

use serde_json::{Value, json};

use crate::client::encode;
use crate::questions::QUESTIONS;
use crate::{Options, percentile};

/// What came of one question.
struct Outcome {
    name: String,
    count: u64,
    bytes: usize,
    milliseconds: Vec<f64>,
    refused: Option<String>,
}

pub(crate) fn ask(options: &Options) -> Result<Value, String> {
    let rounds = options.number("rounds", 5)?;
    let size = options.number("page-size", 50)?;
    let mut client = options.client()?;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for round in 0..rounds {
        for (place, question) in QUESTIONS.iter().enumerate() {
            if round == 0 {
                let name = format!("{}: {} by {}", question.entity, question.filter, question.sort);
                outcomes.push(Outcome { name, count: 0, bytes: 0, milliseconds: Vec::new(), refused: None });
            }
            let outcome = &mut outcomes[place];
            if outcome.refused.is_some() {
                continue;
            }
            let path = format!(
                "/csapi/v1.3/{}?pageSize={size}&filter={}&sort={}",
                question.entity,
                encode(question.filter),
                encode(question.sort)
            );
            let started = Instant::now();
            let answer = client.get(&path)?;
            let taken = started.elapsed().as_secs_f64() * 1e3;
            match answer.status {
                200 => {
                    outcome.count = count(&client.body);
                    outcome.bytes = client.body.len();
                    outcome.milliseconds.push(taken);
                }
                204 => outcome.milliseconds.push(taken),
                status => outcome.refused = Some(format!("{status} {}", client.text())),
            }
        }
    }
    Ok(summary(&outcomes))
}

/// The total that a page names at its end.
fn count(body: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(&body[body.len().saturating_sub(200)..]);
    let digits = text.rsplit_once("\"count\":").map(|(_, rest)| rest).unwrap_or_default();
    digits
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or_default()
}

fn summary(outcomes: &[Outcome]) -> Value {
    let mut all: Vec<f64> =
        outcomes.iter().flat_map(|outcome| outcome.milliseconds.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    let worst = |outcome: &Outcome| outcome.milliseconds.iter().copied().fold(0.0, f64::max);
    let mut slowest: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.refused.is_none()).collect();
    slowest.sort_by(|a, b| worst(b).total_cmp(&worst(a)));
    let slow = slowest.iter().take(5).map(|outcome| {
        json!({"name": outcome.name, "count": outcome.count, "worst": worst(outcome), "median": middle(outcome)})
    });
    let refused = outcomes
        .iter()
        .filter_map(|outcome| outcome.refused.as_ref().map(|why| json!({"name": outcome.name, "why": why})));
    let answered = outcomes.iter().filter(|outcome| outcome.refused.is_none()).map(|outcome| {
        json!({"name": outcome.name, "count": outcome.count, "bytes": outcome.bytes, "median": middle(outcome)})
    });
    json!({
        "questions": outcomes.len(), "asked": all.len(), "p50": percentile(&all, 50), "p95": percentile(&all, 95),
        "p99": percentile(&all, 99), "max": all.last(), "empty": outcomes.iter().filter(|outcome| outcome.count == 0 && outcome.refused.is_none()).count(),
        "slowest": slow.collect::<Vec<_>>(), "refused": refused.collect::<Vec<_>>(), "each": answered.collect::<Vec<_>>(),
    })
}

fn middle(outcome: &Outcome) -> f64 {
    let mut sorted = outcome.milliseconds.clone();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 50)
}
