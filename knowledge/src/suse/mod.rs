//! SUSE's CSAF advisories and VEX (<https://ftp.suse.com/pub/projects/security/csaf/> and `…/csaf-vex/`).
//!
//! The decision a reader may doubt: versions that SUSE calls `recommended` are taken as fixed. SUSE lists under that
//! word the versions in which a flaw is gone, in VEX documents and in many advisories.
//!
//! Products are told by their names, which are those of SUSE's OVAL.

use model::NamespaceFamily;

use crate::csaf::{self, Publisher, bare_binary};
use crate::input::FeedFile;
use crate::oval;
use crate::registry::Recognised;

pub(crate) const VEX: &str = "suse-vex";
pub(crate) const ADVISORIES: &str = "suse-csaf";

pub(crate) const PUBLISHER: Publisher = Publisher {
    vex: VEX,
    advisories: ADVISORIES,
    family: NamespaceFamily::Suse,
    rater: "suse",
    bare: bare_binary(),
    namespaces: |product| oval::suse_namespaces(product.name),
};

/// `csaf-vex.tar.bz2`, `csaf-vex/cve-2023-5568.json`.
pub(crate) fn recognise_vex(file: &FeedFile) -> Recognised {
    let is_archive = file.name.starts_with("csaf-vex") && csaf::is_archive(&file.name);
    let is_document = file.name.starts_with("cve-") && file.is("json") && is_inside(file);
    Recognised::when(is_archive || is_document)
}

/// `csaf.tar.bz2`, `csaf/suse-su-2019_0048-2.json`, and archives that hold both forms.
pub(crate) fn recognise_advisories(file: &FeedFile) -> Recognised {
    let is_archive = ["csaf.", "csaf-suse"].iter().any(|start| file.name.starts_with(start));
    let kinds = ["suse-", "opensuse-"]
        .map(|vendor| ["su-", "ru-", "fu-", "ou-"].map(|kind| format!("{vendor}{kind}")));
    let is_document = kinds.iter().flatten().any(|kind| file.name.starts_with(kind)) && file.is("json");
    Recognised::when((is_archive && csaf::is_archive(&file.name)) || is_document)
}

/// Whether the file lies below a folder of SUSE's.
fn is_inside(file: &FeedFile) -> bool {
    file.parents
        .iter()
        .any(|parent| parent.eq_ignore_ascii_case("csaf-vex") || parent.to_ascii_lowercase().contains("suse"))
}
