//! Keeps a report within [`limits`], whatever an image or a document holds.
//!
//! What it is not for: the limits of single files, which their readers keep, and refusing, which the store does. The decision a reader may doubt: a word
//! that is too long is cut and noted instead of refused, because otherwise one odd line would let an image escape the
//! inventory as a whole. What an identity hangs on is left out instead of cut: a cut name names something else.

use crate::build::{self, Build};
use crate::distro::OsRelease;
use crate::image::{ImageFacts, Reference, RuntimeFacts};
use crate::package::Ecosystem;
use crate::report::{PackageRecord, ScanReport, Unreadable, limits};
use crate::secret::SecretRecord;

/// Cuts, leaves out and notes what is too much for a server, or has no name.
///
/// The notes come first among [`ScanReport::unreadable`], so that they are not among what is too much there.
pub fn keep_within(report: &mut ScanReport) {
    let mut notes = Vec::new();
    cut("scanner", &mut report.scanner, limits::WORD, &mut notes);
    shorten("tags", &mut report.tags, limits::TAGS, &mut notes);
    image(&mut report.image, &mut notes);
    report.build = report.build.take().and_then(Build::kept);
    if report.build.as_mut().is_some_and(build::cut) {
        notes.push(format!("build: a text is cut after {} bytes", limits::WORD));
    }
    if let Some(release) = &mut report.os_release {
        os_release(release, &mut notes);
    }
    leave_out("account names", &mut report.users, |user| user.len() <= limits::WORD, &mut notes);
    shorten("account names", &mut report.users, limits::LIST, &mut notes);
    leave_out("packages", &mut report.packages, is_within, &mut notes);
    shorten("packages", &mut report.packages, limits::PACKAGES, &mut notes);
    leave_out("secrets", &mut report.secrets, is_secret_within, &mut notes);
    shorten("secrets", &mut report.secrets, limits::LIST, &mut notes);
    for note in &mut report.unreadable {
        note.path.truncate(note.path.floor_char_boundary(limits::PATH));
        note.reason.truncate(note.reason.floor_char_boundary(limits::WORD));
    }
    report.unreadable.splice(
        0..0,
        notes.into_iter().map(|reason| Unreadable { layer: None, path: String::new(), reason }),
    );
    report.unreadable.truncate(limits::LIST);
}

fn image(image: &mut ImageFacts, notes: &mut Vec<String>) {
    leave_out("names of the image", &mut image.references, is_name_within, notes);
    shorten("names of the image", &mut image.references, limits::REFERENCES, notes);
    if let Some(base) = &mut image.base {
        leave_out("names of the base image", &mut base.references, is_name_within, notes);
        shorten("names of the base image", &mut base.references, limits::REFERENCES, notes);
    }
    cut("author", &mut image.author, limits::WORD, notes);
    let words = [&mut image.architecture, &mut image.os, &mut image.docker_version];
    words.into_iter().flatten().for_each(|word| cut("platform", word, limits::WORD, notes));
    leave_out("labels", &mut image.labels, |label| label.key.len() <= limits::PATH, notes);
    shorten("labels", &mut image.labels, limits::LIST, notes);
    image.labels.iter_mut().for_each(|label| cut("labels", &mut label.value, limits::TEXT, notes));
    shorten("environment", &mut image.environment, limits::LIST, notes);
    image.environment.iter_mut().for_each(|variable| cut("environment", variable, limits::TEXT, notes));
    runtime(&mut image.runtime, notes);
    // entries without a layer tell nothing that is asked for, and packages name layers by their number among the others
    if image.layers.len() > limits::LAYERS {
        notes.push("the history is too long, its entries without a layer are left out".to_owned());
        image.layers.retain(|layer| layer.diff_id.is_some());
        shorten("layers", &mut image.layers, limits::LAYERS, notes);
    }
    for layer in &mut image.layers {
        cut("commands of the history", &mut layer.created_by, limits::TEXT, notes);
        cut("comments of the history", &mut layer.comment, limits::TEXT, notes);
    }
}

fn is_name_within(name: &Reference) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.len() <= limits::WORD;
    is_word(&name.registry) && is_word(&name.repository) && name.tag.as_deref().is_none_or(is_word)
}

fn runtime(runtime: &mut RuntimeFacts, notes: &mut Vec<String>) {
    cut("user", &mut runtime.user, limits::WORD, notes);
    cut("working directory", &mut runtime.working_dir, limits::PATH, notes);
    leave_out("ports", &mut runtime.exposed_ports, |port| port.len() <= limits::WORD, notes);
    leave_out("volumes", &mut runtime.volumes, |volume| volume.len() <= limits::PATH, notes);
    let lists =
        [&mut runtime.exposed_ports, &mut runtime.volumes, &mut runtime.entrypoint, &mut runtime.command];
    lists.into_iter().for_each(|list| shorten("runtime settings", list, limits::LIST, notes));
    let commands = [&mut runtime.entrypoint, &mut runtime.command];
    commands.into_iter().flatten().for_each(|word| cut("runtime settings", word, limits::TEXT, notes));
}

fn os_release(release: &mut OsRelease, notes: &mut Vec<String>) {
    cut("release", &mut release.id, limits::WORD, notes);
    cut("release", &mut release.display_name, limits::WORD, notes);
    let words = [&mut release.version_id, &mut release.version_codename, &mut release.stream];
    words.into_iter().flatten().for_each(|word| cut("release", word, limits::WORD, notes));
    shorten("words of ID_LIKE", &mut release.id_like, limits::TAGS, notes);
    release.id_like.iter_mut().for_each(|word| cut("release", word, limits::WORD, notes));
}

/// Whether a package has its names, and every word of it a length that a server accepts. A release of an operating system
/// is told by [`ScanReport::os_release`] and is no record.
fn is_within(record: &PackageRecord) -> bool {
    let is_unnamed = record.name.is_empty()
        || record.distro.as_ref().is_some_and(|distro| distro.id.is_empty())
        || record.source.as_ref().is_some_and(|source| source.name.is_empty());
    if record.ecosystem == Ecosystem::Os || is_unnamed {
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

/// Whether the place of a secret has a length that a server accepts; its other words are ours.
fn is_secret_within(record: &SecretRecord) -> bool {
    record.path.len() <= limits::PATH && record.masked.len() <= limits::WORD
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::{Digest, ImageId};

    #[test]
    fn what_a_config_says_at_length_is_cut_and_noted() {
        let mut image = ImageFacts::new(ImageId(Digest::of(b"image")));
        image.runtime.user = "u".repeat(limits::WORD + 1);
        image.runtime.exposed_ports = vec!["80/tcp".into(), "9".repeat(limits::WORD + 1)];
        let mut notes = Vec::new();
        super::image(&mut image, &mut notes);
        assert_eq!(image.runtime.user.len(), limits::WORD);
        assert_eq!(image.runtime.exposed_ports, ["80/tcp"]);
        assert_eq!(
            notes,
            ["user: a text is cut after 4096 bytes", "1 of the ports left out: too long or empty"]
        );
    }
}
