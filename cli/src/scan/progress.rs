//! The progress bar: bytes of layers read, on a terminal only. Of a root file system nobody knows beforehand how much
//! there is, so a turning sign and the time show that it goes on.

use std::io::IsTerminal as _;
use std::time::Duration;

use catalog::Progress;
use indicatif::{ProgressBar, ProgressStyle};

/// A [`Progress`] that may be a bar on standard error.
pub(super) struct Bar(ProgressBar);

/// A bar if standard error is a terminal and nobody objects.
pub(super) fn start(hidden: bool) -> Box<Bar> {
    if hidden || !std::io::stderr().is_terminal() {
        return Box::new(Bar(ProgressBar::hidden()));
    }
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("reading {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    Box::new(Bar(bar))
}

impl Bar {
    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn total(&self, stored_bytes: u64) {
        if stored_bytes > 0 {
            return self.0.set_length(stored_bytes);
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} reading files  {elapsed}") {
            self.0.set_style(style);
            self.0.enable_steady_tick(Duration::from_millis(200));
        }
    }

    fn advance(&self, stored_bytes: u64) {
        self.0.inc(stored_bytes);
    }
}
