//! The progress bar: bytes of layers read, on a terminal only.

use std::io::IsTerminal as _;

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
        self.0.set_length(stored_bytes);
    }

    fn advance(&self, stored_bytes: u64) {
        self.0.inc(stored_bytes);
    }
}
