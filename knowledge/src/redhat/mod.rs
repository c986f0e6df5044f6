//! Red Hat's CSAF advisories and VEX (<https://security.access.redhat.com/data/csaf/v2/>).
//!
//! VEX documents say per CVE what is fixed, what is not yet, what never will be and what is not affected; advisories
//! say what one update brings. Where both speak of a package, VEX is the later word.
//!
//! The decision a reader may doubt: a product is told by its CPE alone. Its names differ between the generations of
//! the documents (`AppStream-9.4.0.Z.MAIN.EUS`, `red_hat_enterprise_linux_9`, `rhel-9.7.z`), its CPE does not.

mod product;

use model::NamespaceFamily;

use crate::csaf::{self, Publisher, bare_source, recognise_list};
use crate::input::FeedFile;
use crate::registry::Recognised;

pub(crate) const VEX: &str = "redhat-vex";
pub(crate) const ADVISORIES: &str = "redhat-csaf";

pub(crate) const PUBLISHER: Publisher = Publisher {
    vex: VEX,
    advisories: ADVISORIES,
    family: NamespaceFamily::Rhel,
    rater: "redhat",
    bare: bare_source(),
    namespaces: product::namespaces,
};

/// `csaf_vex_2026-08-16.tar.zst`, `vex-archive.tar.zst`, `2024/cve-2024-0727.json`.
pub(crate) fn recognise_vex(file: &FeedFile) -> Recognised {
    let is_archive = ["csaf_vex_", "vex-archive"].iter().any(|start| file.name.starts_with(start));
    let is_document = file.name.starts_with("cve-") && file.is("json") && is_inside(file);
    if (is_archive && csaf::is_archive(&file.name)) || is_document {
        return Recognised::Yes;
    }
    if file.name == "repository-to-cpe.json" {
        return Recognised::NotUsed("the names of content sets tell their stream".into());
    }
    recognise_list(file)
}

/// `csaf_advisories_2026-08-16.tar.zst`, `2024/rhsa-2024_0010.json`.
pub(crate) fn recognise_advisories(file: &FeedFile) -> Recognised {
    let is_archive = file.name.starts_with("csaf_advisories_") && csaf::is_archive(&file.name);
    let kinds = ["rhsa-", "rhba-", "rhea-"];
    let is_document = kinds.iter().any(|kind| file.name.starts_with(kind)) && file.is("json");
    Recognised::when(is_archive || is_document)
}

/// Whether the file lies below a folder of VEX documents that is not SUSE's.
fn is_inside(file: &FeedFile) -> bool {
    let is_ours = |parent: &String| {
        let parent = parent.to_ascii_lowercase();
        parent.contains("redhat") || matches!(parent.as_str(), "vex" | "vex-feed")
    };
    file.parents.iter().any(is_ours)
}
