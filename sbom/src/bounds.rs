//! Keeps a report within the bounds that a server accepts, whatever a document holds.
//!
//! The decision a reader may doubt: a word that is too long is cut and noted, so that one odd line does not cost the document. What
//! an identity hangs on is left out instead of cut: a cut name names something else.

use model::report::limits;
use model::{Ecosystem, ImageFacts, OsRelease, PackageRecord, Reference, ScanReport, Unreadable};

/// Cuts, leaves out and notes what is too much.
pub(crate) fn keep_within(report: &mut ScanReport) {
    let mut notes = Vec::new();
    image(&mut report.image, &mut notes);
    if let Some(release) = &mut report.os_release {
        os_release(release, &mut notes);
    }
    cut("scanner", &mut report.scanner, limits::WORD, &mut notes);
    if report.scanner.is_empty() {
        "unknown".clone_into(&mut report.scanner);
    }
    if !is_source_word(&report.source) {
        "GENERAL".clone_into(&mut report.source);
    }
    report.tags.retain(|tag| is_tag(tag));
    shorten("tags", &mut report.tags, limits::TAGS, &mut notes);
    shorten("secrets", &mut report.secrets, limits::LIST, &mut notes);
    leave_out("account names", &mut report.users, |user| user.len() <= limits::WORD, &mut notes);
    shorten("account names", &mut report.users, limits::LIST, &mut notes);
    leave_out("packages", &mut report.packages, is_within, &mut notes);
    shorten("packages", &mut report.packages, limits::PACKAGES, &mut notes);
    let layers = report.image.layers.iter().filter(|layer| layer.diff_id.is_some()).count() as u32;
    let mut lost = 0;
    for layer in report
        .packages
        .iter_mut()
        .map(|record| &mut record.layer)
        .filter(|layer| layer.is_some_and(|n| n >= layers))
    {
        *layer = None;
        lost += 1;
    }
    if lost > 0 {
        notes.push(format!("{lost} packages name a layer that the document does not list"));
    }
    report.unreadable.iter_mut().for_each(|note| {
        note.path.truncate(note.path.floor_char_boundary(limits::PATH));
        note.reason.truncate(note.reason.floor_char_boundary(limits::WORD));
    });
    let notes = notes.into_iter().map(|reason| Unreadable { layer: None, path: String::new(), reason });
    report.unreadable.extend(notes);
    report.unreadable.truncate(limits::LIST);
}

fn image(image: &mut ImageFacts, notes: &mut Vec<String>) {
    let is_short = |name: &Reference| {
        let parts = [&name.registry, &name.repository, name.tag.as_ref().unwrap_or(&name.registry)];
        parts.iter().all(|part| !part.is_empty() && part.len() <= limits::WORD)
    };
    leave_out("names of the image", &mut image.references, is_short, notes);
    if let Some(base) = &mut image.base {
        leave_out("names of the base image", &mut base.references, is_short, notes);
        shorten("names of the base image", &mut base.references, limits::REFERENCES, notes);
    }
    shorten("names of the image", &mut image.references, limits::REFERENCES, notes);
    cut("author", &mut image.author, limits::WORD, notes);
    let words = [&mut image.architecture, &mut image.os, &mut image.docker_version];
    words.into_iter().flatten().for_each(|word| cut("platform", word, limits::WORD, notes));
    image.size = image.size.min(i64::MAX as u64);
    leave_out("labels", &mut image.labels, |label| label.key.len() <= limits::PATH, notes);
    shorten("labels", &mut image.labels, limits::LIST, notes);
    image.labels.iter_mut().for_each(|label| cut("labels", &mut label.value, limits::TEXT, notes));
    shorten("environment", &mut image.environment, limits::LIST, notes);
    image.environment.iter_mut().for_each(|variable| cut("environment", variable, limits::TEXT, notes));
    shorten("layers", &mut image.layers, limits::LAYERS, notes);
    for layer in &mut image.layers {
        layer.size = layer.size.min(i64::MAX as u64);
        cut("commands of the history", &mut layer.created_by, limits::TEXT, notes);
        cut("comments of the history", &mut layer.comment, limits::TEXT, notes);
    }
}

fn os_release(release: &mut OsRelease, notes: &mut Vec<String>) {
    if release.id.is_empty() {
        "linux".clone_into(&mut release.id);
    }
    cut("release", &mut release.id, limits::WORD, notes);
    cut("release", &mut release.display_name, limits::WORD, notes);
    let words = [&mut release.version_id, &mut release.version_codename];
    words.into_iter().flatten().for_each(|word| cut("release", word, limits::WORD, notes));
    shorten("words of ID_LIKE", &mut release.id_like, limits::TAGS, notes);
    release.id_like.iter_mut().for_each(|word| cut("release", word, limits::WORD, notes));
}

/// Whether a server takes the name of a tag.
fn is_tag(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.trim() == name && !name.chars().any(char::is_control)
}

/// Whether a server takes the word for who reported.
fn is_source_word(word: &str) -> bool {
    !word.is_empty() && word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// Whether every word of a package is one that a server accepts.
fn is_within(record: &PackageRecord) -> bool {
    let is_named = |name: &str| !name.is_empty();
    if record.ecosystem == Ecosystem::Os
        || !is_named(&record.name)
        || !record.distro.as_ref().is_none_or(|distro| is_named(&distro.id))
        || !record.source.as_ref().is_none_or(|source| is_named(&source.name))
    {
        return false;
    }
    let optional = [&record.arch, &record.module, &record.vendor, &record.owned_by, &record.license];
    let optional = optional.into_iter().flatten().map(String::as_str);
    let distro = record.distro.iter().flat_map(|distro| [distro.id.as_str(), distro.version.as_str()]);
    let source = record.source.iter().flat_map(|source| [source.name.as_str(), source.version.as_str()]);
    let words = [record.name.as_str(), record.version.as_str(), record.found_by.as_str()];
    record.path.len() <= limits::PATH
        && words
            .into_iter()
            .chain(optional)
            .chain(distro)
            .chain(source)
            .all(|word| word.len() <= limits::WORD)
}

fn leave_out<T>(what: &str, list: &mut Vec<T>, is_fine: impl Fn(&T) -> bool, notes: &mut Vec<String>) {
    let before = list.len();
    list.retain(|entry| is_fine(entry));
    if list.len() < before {
        notes.push(format!("{} of the {what} left out: too long or empty", before - list.len()));
    }
}

fn shorten<T>(what: &str, list: &mut Vec<T>, most: usize, notes: &mut Vec<String>) {
    if list.len() > most {
        notes.push(format!("{what}: {} beyond the first {most} are left out", list.len() - most));
        list.truncate(most);
    }
}

/// Cuts at the end of a character; of several cuts of one kind one is noted.
fn cut(what: &str, text: &mut String, most: usize, notes: &mut Vec<String>) {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        let note = format!("{what}: a text is cut after {most} bytes");
        if notes.last() != Some(&note) {
            notes.push(note);
        }
    }
}
