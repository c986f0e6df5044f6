//! Lists what is in an image: `cargo run -p plimsoll-image --example walk -- [--quiet] SOURCE`.
//!
//! With `--quiet` it only counts, which shows what the walk itself costs.

use std::io::{self, BufWriter, Read, Write};

use image::{Entry, LayerVisitor, OpenOptions, Source};

struct List<'o> {
    out: Option<&'o mut dyn Write>,
}

impl LayerVisitor for List<'_> {
    fn entry(&mut self, entry: &Entry<'_>, _content: &mut dyn Read) {
        if let Some(out) = &mut self.out {
            let path = String::from_utf8_lossy(entry.path);
            let link =
                entry.link.map(|link| format!(" -> {}", String::from_utf8_lossy(link))).unwrap_or_default();
            // a closed pipe ends the listing, not the walk
            let _ = writeln!(out, "{:?} {:04o} {} {path}{link}", entry.kind, entry.mode, entry.size);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let quiet = arguments.first().is_some_and(|argument| argument == "--quiet");
    arguments.drain(..usize::from(quiet));
    let [source] = arguments.as_slice() else { return Err("give one source".into()) };
    let image = image::open(&Source::detect(source)?, &OpenOptions::default())?;
    let mut out = BufWriter::new(io::stdout().lock());
    writeln!(out, "{}", image.facts.id)?;
    for index in 0..image.layer_count() {
        let mut list = List { out: if quiet { None } else { Some(&mut out) } };
        let outcome = image.read_layer_partly(index, &mut list);
        let summary = outcome.summary;
        let (entries, bytes, verified) = (summary.entries, summary.uncompressed_bytes, summary.verified);
        writeln!(out, "layer {index}: {entries} entries, {bytes} bytes, verified: {verified}")?;
        for note in summary.notes {
            writeln!(out, "note: {}: {}", note.path, note.reason)?;
        }
        if let Some(error) = outcome.error {
            writeln!(out, "error: {error}")?;
        }
    }
    Ok(())
}
