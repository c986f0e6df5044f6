//! Distributions' own calendars: `distro-info` (Debian, Ubuntu and Devuan releases, CSV) and `debian-security-support`
//! (packages whose support ends before their release's).
//!
//! What it is for: dates from those who decide them. A calendar wins over endoflife.date for the releases and dates that it
//! names, also where it is older: it is kept by the distribution itself.
//!
//! The decisions a reader may doubt: a release without a release date is left out, so that Debian's testing and unstable
//! have no end. Debian's end of extended support is that of LTS and Ubuntu's that of ESM; what third parties (ELTS) or a
//! further contract (Ubuntu's legacy add-on) give beyond that is not the distribution's support. Where Ubuntu's desktop and
//! server editions ended apart, the server's end counts.

mod distro_info;
mod security_support;

use crate::input::{FeedFile, LIMITS, for_each_tar_member, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) const FEED: &str = "calendar";

/// Calendars by the name of their file, with the product that they are of.
const CALENDARS: [(&str, &str); 4] =
    [("debian.csv", "debian"), ("devuan.csv", "devuan"), ("elxr.csv", "elxr"), ("ubuntu.csv", "ubuntu")];

const SUPPORT: &str = "security-support.deb";

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let tar = file.is("tar") || file.is("tgz");
    let archive =
        tar && (file.name.starts_with("support-and-lifecycle") || file.name.starts_with("distro-info"));
    let debian = tar && file.name.starts_with("debian-security-support");
    Recognised::when(archive || debian || is_ours(&file.name, file.folder()))
}

fn is_ours(name: &str, folder: &str) -> bool {
    let calendar = CALENDARS.iter().any(|(known, _)| *known == name);
    (calendar && folder.contains("distro-info")) || name.starts_with(SUPPORT)
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    if is_ours(&file.name, file.folder()) {
        let text = read_document(&file.path, &LIMITS)?;
        return read_one(&file.name, &text, out);
    }
    let wanted = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        is_ours(name, folder)
    };
    for_each_tar_member(&file.path, &LIMITS, out, wanted, |path, text, out| {
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Err(reason) = read_one(name, text, out) {
            out.quarantine(path, reason);
        }
    })
}

fn read_one(name: &str, text: &str, out: &mut FileHarvest<'_>) -> Result<(), String> {
    if let Some(release) = name.strip_prefix(SUPPORT) {
        return security_support::read(release, text, out);
    }
    match CALENDARS.iter().find(|(known, _)| *known == name) {
        Some((_, product)) => distro_info::read(product, text, out),
        None => Err("it is no calendar".to_owned()),
    }
}
