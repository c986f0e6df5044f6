//! Makes a report out of a document one that a server accepts: words that a scan chooses itself and a document may lack or garble.
//!
//! What it is not for: lengths and counts, which [`model::bounds`] keeps for every report.

use model::{ScanReport, Unreadable};

/// Puts in what must be there, takes out what points nowhere, and keeps the rest within bounds.
pub(crate) fn keep_within(report: &mut ScanReport) {
    if report.scanner.is_empty() {
        "unknown".clone_into(&mut report.scanner);
    }
    if !is_source_word(&report.source) {
        "GENERAL".clone_into(&mut report.source);
    }
    report.tags.retain(|tag| is_tag(tag));
    if let Some(release) = report.os_release.as_mut().filter(|release| release.id.is_empty()) {
        "linux".clone_into(&mut release.id);
    }
    report.image.size = report.image.size.min(i64::MAX as u64);
    for layer in &mut report.image.layers {
        layer.size = layer.size.min(i64::MAX as u64);
    }
    model::bounds::keep_within(report);
    forget_lost_layers(report);
}

/// A layer that the document does not list is as none.
fn forget_lost_layers(report: &mut ScanReport) {
    let layers = report.image.diff_ids().len() as u32;
    let packages = report.packages.iter_mut().map(|record| &mut record.layer);
    let secrets = report.secrets.iter_mut().map(|record| &mut record.layer);
    let mut lost = 0;
    for layer in packages.chain(secrets).filter(|layer| layer.is_some_and(|number| number >= layers)) {
        *layer = None;
        lost += 1;
    }
    if lost > 0 {
        let reason = format!("{lost} packages or secrets name a layer that the document does not list");
        report.unreadable.insert(0, Unreadable { layer: None, path: String::new(), reason });
    }
}

/// Whether a server takes the name of a tag.
fn is_tag(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.trim() == name && !name.chars().any(char::is_control)
}

/// Whether a server takes the word for who reported.
fn is_source_word(word: &str) -> bool {
    !word.is_empty() && word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}
