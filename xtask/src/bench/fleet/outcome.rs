//! What came out, beside the figures to reach, as a table in Markdown.

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::compare::compare;
use super::server::Memory;
use super::steps::mebibytes;
use crate::fleet::Fleet;

/// The rows so far, and the raw figures.
pub(super) struct Outcome {
    images: u64,
    containers: u64,
    /// Bytes of the database when the fleet had been written: after the images, and in all.
    bytes: Option<(u64, u64)>,
    rows: Vec<[String; 4]>,
    notes: Vec<String>,
    figures: Map<String, Value>,
}

/// The figure of a key, 0 if it is not there.
fn of(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_default()
}

impl Outcome {
    pub(super) fn new(fleet: &Fleet) -> Self {
        let (images, containers) = (fleet.images, fleet.containers);
        let figures = Map::from_iter([
            ("images".to_owned(), images.into()),
            ("containers".to_owned(), containers.into()),
            ("seed".to_owned(), fleet.seed.into()),
        ]);
        Self { images, containers, bytes: None, rows: Vec::new(), notes: Vec::new(), figures }
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    fn row(&mut self, what: &str, target: &str, measured: String, met: Option<bool>) {
        let met = met.map_or("", |met| if met { "yes" } else { "no" });
        self.rows.push([what.to_owned(), target.to_owned(), measured, met.to_owned()]);
    }

    /// Takes figures in, or a row that says what went wrong.
    fn take(&mut self, what: &str, figures: Result<Value>) -> Option<Value> {
        match figures {
            Ok(figures) => {
                self.figures.insert(what.to_owned(), figures.clone());
                Some(figures)
            }
            Err(error) => {
                self.row(what, "", format!("failed: {error:#}"), Some(false));
                None
            }
        }
    }

    /// The fleet as it was written through the store.
    pub(super) fn made(&mut self, made: Option<&Value>) {
        let Some(made) = made else { return };
        self.figures.insert("made".to_owned(), made.clone());
        let rate = |count: &str, seconds: &str| of(made, count) / of(made, seconds).max(1e-9);
        let images = rate("images", "imageSeconds");
        self.row(
            "ingest of new reports through the store, durable",
            "≥ 2,000/s",
            format!("{images:.0}/s"),
            Some(images >= 2_000.0),
        );
        let at_end = of(made, "imagesPerSecondAtEnd");
        self.row(
            "the same for the last tenth of the images",
            "≥ 2,000/s",
            format!("{at_end:.0}/s"),
            Some(at_end >= 2_000.0),
        );
        let containers = rate("containers", "containerSeconds");
        self.row(
            "ingest of new containers through the store, durable",
            "",
            format!("{containers:.0}/s"),
            None,
        );
        self.bytes = Some((of(made, "imageBytes") as u64, of(made, "bytes") as u64));
    }

    pub(super) fn disk(&mut self, knowledge: u64, all: u64) {
        if let Some((images, both)) = self.bytes {
            let each = images as f64 / self.images.max(1) as f64;
            self.row("disk an image", "≤ 4 KB", format!("{each:.0} B"), Some(each <= 4_096.0));
            let each = both.saturating_sub(images) as f64 / self.containers.max(1) as f64;
            self.row("disk a container", "≤ 300 B", format!("{each:.0} B"), Some(each <= 300.0));
        }
        let rest = all.saturating_sub(knowledge);
        let each = rest as f64 / self.images.max(1) as f64;
        self.row(
            "data directory at the end, without the bundle",
            "",
            format!("{:.0} MB, {each:.0} B an image", rest as f64 / 1e6),
            None,
        );
        self.figures.insert("disk".to_owned(), json!({"knowledge": knowledge, "all": all}));
    }

    pub(super) fn started(&mut self, what: &str, seconds: f64, target: Option<f64>) {
        let words = target.map(|target| format!("≤ {target:.0} s")).unwrap_or_default();
        self.row(what, &words, format!("{seconds:.2} s"), target.map(|target| seconds <= target));
        self.figures.insert(what.to_owned(), seconds.into());
    }

    pub(super) fn memory(&mut self, moments: [(&str, Memory); 4]) {
        for (after, memory) in moments {
            let met = memory.now <= 8.0 * 1024.0;
            self.row(&format!("memory after {after}, MiB"), "≤ 8 GiB", mebibytes(memory), Some(met));
            self.figures
                .insert(format!("memory after {after}"), json!({"now": memory.now, "peak": memory.peak}));
        }
    }

    pub(super) fn asked(&mut self, user: &str, asked: Result<Value>) {
        let what = format!("filtered page with exact total, as {user}");
        let Some(asked) = self.take(&what, asked) else { return };
        let [p50, p95, p99, max] = ["p50", "p95", "p99", "max"].map(|key| of(&asked, key));
        self.row(&format!("{what}: p50"), "≤ 10 ms", format!("{p50:.2} ms"), Some(p50 <= 10.0));
        self.row(&format!("{what}: p99"), "≤ 100 ms", format!("{p99:.2} ms"), Some(p99 <= 100.0));
        self.row(&format!("{what}: p95, max"), "", format!("{p95:.2} ms, {max:.2} ms"), None);
        let list = |key: &str| asked[key].as_array().cloned().unwrap_or_default();
        let refused = list("refused");
        let count = format!(
            "{} of {} ({} without a match)",
            of(&asked, "questions") - refused.len() as f64,
            of(&asked, "questions"),
            asked["empty"]
        );
        self.row(&format!("{what}: questions answered"), "all", count, Some(refused.is_empty()));
        let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
        for slow in list("slowest") {
            let words = format!(
                "slow as {user}: `{}` worst {:.1} ms, median {:.1} ms, {} matches",
                name(&slow),
                of(&slow, "worst"),
                of(&slow, "median"),
                slow["count"]
            );
            self.note(words);
        }
        for one in refused {
            self.note(format!(
                "refused as {user}: `{}`: {}",
                name(&one),
                one["why"].as_str().unwrap_or_default()
            ));
        }
    }

    pub(super) fn exported(&mut self, own: Result<Value>, files: Option<Result<Value>>) {
        let Some(own) = self.take("export", own) else { return };
        let rate = of(&own, "megabytesPerSecond");
        let words = format!(
            "{rate:.0} MB/s, {:.0} records/s, {} records, {:.0} B each",
            of(&own, "recordsPerSecond"),
            own["records"],
            of(&own, "bytes") / of(&own, "records").max(1.0)
        );
        self.row("export of all detailed images, 250 a page", "", words, None);
        let (first, last) = (of(&own["firstTenth"], "perMegabyte"), of(&own["lastTenth"], "perMegabyte"));
        let pages = [&own["firstTenth"], &own["lastTenth"]].map(|tenth| of(tenth, "milliseconds"));
        let words = format!("{:.2} ms and {:.2} ms, {first:.2} and {last:.2} ms a MB", pages[0], pages[1]);
        self.row(
            "a page of it, in the first tenth and in the last",
            "constant",
            words,
            Some(last <= first * 1.25),
        );
        let Some(files) = files.and_then(|files| self.take("nginx", files)) else { return };
        let theirs = of(&files, "megabytesPerSecond");
        let ratio = rate / theirs.max(1e-9);
        self.row(
            "export beside nginx with the same pages",
            "≥ 0.5",
            format!("{ratio:.2} (nginx {theirs:.0} MB/s)"),
            Some(ratio >= 0.5),
        );
    }

    pub(super) fn live(&mut self, live: Result<Value>) {
        let what = "export while records change";
        let Some(live) = self.take(what, live) else { return };
        let words = format!(
            "{} of {} live missing, {} twice, ends: {}, {} pages ({} at rest), {:.0} updates/s",
            live["missing"],
            live["live"],
            live["twice"],
            live["ends"],
            live["pages"],
            live["pagesAtRest"],
            of(&live, "updatesPerSecond")
        );
        let met = live["missing"] == 0
            && live["twice"] == 0
            && live["ends"] == true
            && of(&live, "updatesPerSecond") >= 950.0;
        self.row(what, "1,000 updates/s, each once a version, ends", words, Some(met));
    }

    pub(super) fn reported(&mut self, reported: Result<Value>) {
        let what = "ingest of new reports over HTTP, durable and shown";
        let Some(reported) = self.take(what, reported) else { return };
        let rate = of(&reported, "reportsPerSecond");
        self.row(
            what,
            "≥ 2,000/s",
            format!("{rate:.0}/s ({} B each)", reported["bytesEach"]),
            Some(rate >= 2_000.0),
        );
    }

    /// A new bundle: shown by images and containers, and the old one back again.
    pub(super) fn shown(&mut self, touched: &str, shown: Result<[Value; 2]>) {
        let (what, target) = match touched {
            "all" => ("new bundle that rates everything anew, in every list".to_owned(), 30.0),
            touched => (format!("new bundle touching {touched} vulnerabilities, in every list"), 2.0),
        };
        let figures = shown.map(|[shown, gone]| json!({"shown": shown, "gone": gone}));
        let Some(figures) = self.take(&what, figures) else { return };
        let seconds = |key: &str| of(&figures[key], "images").max(of(&figures[key], "containers"));
        let (there, back) = (seconds("shown"), seconds("gone"));
        self.row(
            &what,
            &format!("≤ {target:.0} s"),
            format!("{there:.2} s (and back {back:.2} s)"),
            Some(there <= target),
        );
    }

    /// Medians of the same questions, and what the data takes.
    pub(super) fn postgres(&mut self, theirs: Result<Value>) {
        let Some(theirs) = self.take("PostgreSQL", theirs) else { return };
        let own = self.figures.get("filtered page with exact total, as admin").cloned().unwrap_or_default();
        let each = own["each"].as_array().cloned().unwrap_or_default();
        let compared = compare(&each, &theirs["questions"], self.images);
        let [middle, least, most] = compared.spread();
        let words =
            format!("{middle:.1} times (from {least:.1} to {most:.1}; {} questions)", compared.ratios.len());
        self.row("median of a question in PostgreSQL, as a multiple", "", words, None);
        let words = format!(
            "{} the same, {} different for the reason named below, {} not explained",
            compared.equal, compared.explained, compared.unexplained
        );
        self.row(
            "totals of the questions in PostgreSQL",
            "explained",
            words,
            Some(compared.unexplained == 0),
        );
        compared.notes.into_iter().for_each(|note| self.note(note));
        let megabytes = of(&theirs, "bytes") / 1e6;
        self.row(
            "PostgreSQL: disk, time to load",
            "",
            format!("{megabytes:.0} MB, {:.0} s", of(&theirs, "loadSeconds")),
            None,
        );
        let rate = of(&theirs["export"], "megabytesPerSecond");
        self.row("PostgreSQL: export of pages as JSON", "", format!("{rate:.1} MB/s"), None);
    }

    pub(super) fn figures(&self) -> Value {
        Value::Object(self.figures.clone())
    }

    pub(super) fn table(&self) -> String {
        let mut text = format!(
            "{} images, {} containers\n\n| what | target | measured | met |\n| --- | --- | --- | --- |\n",
            self.images, self.containers
        );
        for [what, target, measured, met] in &self.rows {
            text += &format!("| {what} | {target} | {measured} | {met} |\n");
        }
        for note in &self.notes {
            text += &format!("\n- {note}");
        }
        text
    }
}
