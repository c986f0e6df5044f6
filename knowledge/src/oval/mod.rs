//! OVAL 5 (<https://oval.mitre.org/language/version5.11/>), the format in which Oracle, SUSE, Microsoft, Canonical, Red Hat,
//! AlmaLinux, VMware and Debian publish what a scanner should ask of a system.
//!
//! What it is for: definitions of the classes `patch` (an advisory that fixes several CVEs) and `vulnerability` (one
//! CVE), brought to statements on packages. What it is not for: definitions that ask for settings or files, and the
//! evaluation of OVAL in general.
//!
//! The decision a reader may doubt: whose a file is, its content tells and not its name or folder, because mirrors rename
//! files. So a file that may be OVAL is opened when feeds are recognised; its beginning is remembered for the next feed
//! that asks.

mod comment;
mod convert;
mod document;
mod element;
mod flatten;
mod leaf;
mod metadata;
mod namespace;
mod platform;
mod publisher;

use std::cell::RefCell;
use std::io::Read as _;
use std::path::PathBuf;

use crate::input::{FeedFile, LIMITS, open_decompressed};
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) use comment::ignored;
use convert::File;
use document::Document;
pub(crate) use metadata::cve_in;
pub(crate) use platform::suse_namespaces;
use publisher::Publisher;

pub(crate) const ORACLE: &str = "oracle";
pub(crate) const SUSE: &str = "suse-oval";
pub(crate) const AZURE: &str = "azure";
pub(crate) const UBUNTU: &str = "ubuntu-oval";
pub(crate) const REDHAT: &str = "redhat-oval";
pub(crate) const ALMALINUX: &str = "almalinux-oval";
pub(crate) const PHOTON: &str = "photon";
pub(crate) const DEBIAN: &str = "debian-oval";

/// How much of a file is looked at to tell whose it is.
const HEAD: u64 = 64 << 10;

pub(crate) fn recognise_oracle(file: &FeedFile) -> Recognised {
    recognise(file, Publisher::Oracle)
}

pub(crate) fn recognise_suse(file: &FeedFile) -> Recognised {
    recognise(file, Publisher::Suse)
}

pub(crate) fn recognise_azure(file: &FeedFile) -> Recognised {
    match recognise(file, Publisher::Azure) {
        Recognised::Yes if azure_namespace(&file.name).is_none() => {
            Recognised::NotUsed("its name does not tell the release that it is about".into())
        }
        recognised => recognised,
    }
}

pub(crate) fn recognise_ubuntu(file: &FeedFile) -> Recognised {
    recognise(file, Publisher::Ubuntu)
}

pub(crate) fn recognise_redhat(file: &FeedFile) -> Recognised {
    recognise(file, Publisher::RedHat)
}

pub(crate) fn recognise_almalinux(file: &FeedFile) -> Recognised {
    recognise(file, Publisher::AlmaLinux)
}

pub(crate) fn recognise_photon(file: &FeedFile) -> Recognised {
    recognise(file, Publisher::Photon)
}

pub(crate) fn recognise_debian(file: &FeedFile) -> Recognised {
    recognise(file, Publisher::Debian)
}

fn recognise(file: &FeedFile, publisher: Publisher) -> Recognised {
    Recognised::when(file.name.to_ascii_lowercase().contains(".xml") && publisher_of(file) == Some(publisher))
}

thread_local! {
    /// The file that was looked at last; each feed asks for the same file in turn.
    static LAST: RefCell<Option<(PathBuf, std::fs::Metadata, Option<Publisher>)>> = const { RefCell::new(None) };
}

fn publisher_of(file: &FeedFile) -> Option<Publisher> {
    let metadata = std::fs::metadata(&file.path).ok()?;
    LAST.with_borrow_mut(|last| match last {
        Some((path, known, publisher)) if *path == file.path && is_same(known, &metadata) => *publisher,
        _ => {
            let publisher = look(file);
            *last = Some((file.path.clone(), metadata, publisher));
            publisher
        }
    })
}

fn is_same(known: &std::fs::Metadata, now: &std::fs::Metadata) -> bool {
    known.len() == now.len() && known.modified().ok() == now.modified().ok()
}

fn look(file: &FeedFile) -> Option<Publisher> {
    let mut head = Vec::new();
    // A file cut short still has a beginning.
    let _ = open_decompressed(&file.path).ok()?.take(HEAD).read_to_end(&mut head);
    Publisher::of(&String::from_utf8_lossy(&head))
}

/// Reads a file of any publisher.
pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let publisher = publisher_of(file).ok_or("its publisher is not known")?;
    let namespace = match publisher {
        Publisher::Azure => Some(azure_namespace(&file.name).ok_or("its name tells no release")?),
        _ => None,
    };
    let mut document = Document::default();
    let source = open_decompressed(&file.path)?.take(LIMITS.archive);
    element::for_each_element(source, "oval_definitions", |list, element, raw| {
        document.add(list, element, raw)
    })?;
    if document.overflows() {
        return Err("it has more elements than are read".into());
    }
    out.date = document.made.or_else(|| file.date());
    let about = File { publisher, namespace: namespace.as_deref(), product: red_hat_product(&file.name) };
    for definition in std::mem::take(&mut document.definitions) {
        convert::definition(about, &document, &definition, out);
    }
    Ok(())
}

/// `azurelinux-3.0-oval.xml`, `cbl-mariner-1.0-oval.xml`: the definitions name the product without its release.
fn azure_namespace(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let product = if name.contains("mariner") { "mariner" } else { "azurelinux" };
    let is_release = |part: &&str| {
        let (major, minor) = part.split_once('.').unwrap_or(("", ""));
        let digits =
            |text: &str| !text.is_empty() && text.len() < 4 && text.bytes().all(|b| b.is_ascii_digit());
        digits(major) && digits(minor)
    };
    let release = name.split(['-', '_']).map(|part| part.trim_end_matches(".xml")).find(is_release)?;
    Some(format!("{product}:{release}"))
}

/// `ansible-2-including-unpatched.oval.xml.bz2` → `ansible-2`; `None` for the plain release with its optional channels.
fn red_hat_product(name: &str) -> Option<&str> {
    let (product, _) = name.split_once("-including-unpatched")?;
    let plain = product.strip_prefix("rhel-").is_some_and(|rest| {
        let (release, channel) = rest.split_once('-').unwrap_or((rest, ""));
        !release.contains('.') && matches!(channel, "" | "extras" | "supplementary" | "optional")
    });
    (!plain && crate::text::is_id(product)).then_some(product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_of_azure_linux_is_told_by_the_name_of_the_file() {
        assert_eq!(azure_namespace("azurelinux-3.0-oval.xml.gz").as_deref(), Some("azurelinux:3.0"));
        assert_eq!(azure_namespace("cbl-mariner-1.0-oval.xml").as_deref(), Some("mariner:1.0"));
        assert_eq!(azure_namespace("oval.xml"), None);
    }

    #[test]
    fn the_layered_product_of_red_hat_is_told_by_the_name_of_the_file() {
        assert_eq!(red_hat_product("ansible-2-including-unpatched.oval.xml.bz2"), Some("ansible-2"));
        assert_eq!(red_hat_product("rhel-8.6-eus-including-unpatched.oval.xml"), Some("rhel-8.6-eus"));
        assert_eq!(red_hat_product("rhel-6-extras-including-unpatched.oval.xml"), None);
        assert_eq!(red_hat_product("rhel-9-including-unpatched.oval.xml.bz2"), None);
        assert_eq!(red_hat_product("com.redhat.rhsa-all.xml"), None);
    }
}
