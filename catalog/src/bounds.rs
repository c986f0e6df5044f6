//! Keeps a report within the bounds that a server accepts, whatever an image holds.
//!
//! What it is not for: the limits of single files, which their readers keep. The decision a reader may doubt: a word
//! that is too long is cut and noted instead of refused, because otherwise one odd line would let an image escape the
//! inventory as a whole. What an identity hangs on is left out instead of cut: a cut name names something else.

use model::report::limits;
use model::{ImageFacts, OsRelease, PackageRecord, RuntimeFacts, ScanReport, SecretRecord, Unreadable};

/// Cuts, leaves out and notes what is too much.
pub(crate) fn keep_within(report: &mut ScanReport) {
    let mut notes = Vec::new();
    image(&mut report.image, &mut notes);
    if let Some(release) = &mut report.os_release {
        os_release(release, &mut notes);
    }
    drop_long("account names", &mut report.users, |user| user.len() <= limits::WORD, &mut notes);
    shorten("account names", &mut report.users, limits::LIST, &mut notes);
    drop_long("packages", &mut report.packages, is_within, &mut notes);
    shorten("packages", &mut report.packages, limits::PACKAGES, &mut notes);
    drop_long("secrets", &mut report.secrets, is_secret_within, &mut notes);
    shorten("secrets", &mut report.secrets, limits::LIST, &mut notes);
    report.unreadable.splice(
        0..0,
        notes.into_iter().map(|reason| Unreadable { layer: None, path: String::new(), reason }),
    );
    report.unreadable.truncate(limits::LIST);
}

fn image(image: &mut ImageFacts, notes: &mut Vec<String>) {
    drop_long(
        "names of the image",
        &mut image.references,
        |name| {
            let tag = name.tag.as_deref().unwrap_or_default();
            let parts = [&name.registry, &name.repository].map(String::as_str);
            parts.iter().all(|part| !part.is_empty() && part.len() <= limits::WORD)
                && tag.len() <= limits::WORD
        },
        notes,
    );
    shorten("names of the image", &mut image.references, limits::REFERENCES, notes);
    cut("author", &mut image.author, limits::WORD, notes);
    let words = [&mut image.architecture, &mut image.os, &mut image.docker_version];
    words.into_iter().flatten().for_each(|word| cut("platform", word, limits::WORD, notes));
    drop_long("labels", &mut image.labels, |label| label.key.len() <= limits::PATH, notes);
    shorten("labels", &mut image.labels, limits::LIST, notes);
    image.labels.iter_mut().for_each(|label| cut("labels", &mut label.value, limits::TEXT, notes));
    shorten("environment", &mut image.environment, limits::LIST, notes);
    image.environment.iter_mut().for_each(|variable| cut("environment", variable, limits::TEXT, notes));
    runtime(&mut image.runtime, notes);
    // entries without a layer tell nothing that is asked for, and packages name layers by their number among the others
    if image.layers.len() > limits::LAYERS {
        notes.push("the history is too long, its entries without a layer are left out".to_owned());
        image.layers.retain(|layer| layer.diff_id.is_some());
    }
    for layer in &mut image.layers {
        cut("commands of the history", &mut layer.created_by, limits::TEXT, notes);
        cut("comments of the history", &mut layer.comment, limits::TEXT, notes);
    }
}

fn runtime(runtime: &mut RuntimeFacts, notes: &mut Vec<String>) {
    cut("user", &mut runtime.user, limits::WORD, notes);
    cut("working directory", &mut runtime.working_dir, limits::PATH, notes);
    drop_long("ports", &mut runtime.exposed_ports, |port| port.len() <= limits::WORD, notes);
    drop_long("volumes", &mut runtime.volumes, |volume| volume.len() <= limits::PATH, notes);
    let lists =
        [&mut runtime.exposed_ports, &mut runtime.volumes, &mut runtime.entrypoint, &mut runtime.command];
    lists.into_iter().for_each(|list| shorten("runtime settings", list, limits::LIST, notes));
    let commands = [&mut runtime.entrypoint, &mut runtime.command];
    commands.into_iter().flatten().for_each(|word| cut("runtime settings", word, limits::TEXT, notes));
}

fn os_release(release: &mut OsRelease, notes: &mut Vec<String>) {
    cut("release", &mut release.id, limits::WORD, notes);
    cut("release", &mut release.display_name, limits::WORD, notes);
    let words = [&mut release.version_id, &mut release.version_codename];
    words.into_iter().flatten().for_each(|word| cut("release", word, limits::WORD, notes));
    shorten("words of ID_LIKE", &mut release.id_like, limits::TAGS, notes);
    release.id_like.iter_mut().for_each(|word| cut("release", word, limits::WORD, notes));
}

/// Whether every word of a package has a length that a server accepts.
fn is_within(record: &PackageRecord) -> bool {
    let optional = [&record.arch, &record.module, &record.vendor, &record.owned_by, &record.license];
    let optional = optional.into_iter().flatten().map(String::as_str);
    let distro = record.distro.iter().flat_map(|distro| [distro.id.as_str(), distro.version.as_str()]);
    let source = record.source.iter().flat_map(|source| [source.name.as_str(), source.version.as_str()]);
    let words = [record.name.as_str(), record.version.as_str()];
    record.path.len() <= limits::PATH
        && words
            .into_iter()
            .chain(optional)
            .chain(distro)
            .chain(source)
            .all(|word| word.len() <= limits::WORD)
}

/// Whether the place of a secret has a length that a server accepts; its other words are ours.
fn is_secret_within(record: &SecretRecord) -> bool {
    record.path.len() <= limits::PATH && record.masked.len() <= limits::WORD
}

fn drop_long<T>(what: &str, list: &mut Vec<T>, is_fine: impl Fn(&T) -> bool, notes: &mut Vec<String>) {
    let before = list.len();
    list.retain(|entry| is_fine(entry));
    if list.len() < before {
        notes.push(format!("{} of the {what} are too long and left out", before - list.len()));
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
