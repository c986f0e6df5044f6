//! Directories whose listing names the files or releases.

use std::collections::BTreeSet;

use super::{MIB, repomd};
use crate::download::kind::Kind;
use crate::download::worker::{Item, Worker};

/// SUSE's OVAL definitions.
pub(in crate::download) const SUSE_OVAL: &str = "https://ftp.suse.com/pub/projects/security/oval/";
/// Fedora's updates.
pub(in crate::download) const FEDORA: &str = "https://dl.fedoraproject.org/pub/fedora/linux/updates/";

/// The names that a listing links to, without the slash of folders.
fn names(page: &str) -> BTreeSet<&str> {
    page.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(name, _)| name.trim_start_matches("./").trim_end_matches('/'))
        .filter(|name| !name.is_empty() && !name.contains('/') && !name.starts_with(['.', '?']))
        .collect()
}

/// One file a product: those that speak of affected and of fixed packages.
pub(in crate::download) fn suse_oval(worker: &mut Worker<'_>) {
    let page = match worker.text(SUSE_OVAL, Kind::Page, 16 * MIB) {
        Ok(page) => page,
        Err(failure) => return worker.note("suse-oval", SUSE_OVAL, Err(failure)),
    };
    for name in names(&page).into_iter().filter(|name| is_wanted(name)) {
        let kind = if name.ends_with(".bz2") { Kind::Bzip2 } else { Kind::Gzip };
        worker.whole_noted(&Item {
            path: format!("suse-oval/{name}"),
            url: format!("{SUSE_OVAL}{name}"),
            limit: 512 * MIB,
            kind,
        });
    }
}

/// Server, Leap, Tumbleweed and Micro; the variants that hold a part of the definitions are left out.
fn is_wanted(name: &str) -> bool {
    let Some(product) = name.strip_suffix(".xml.gz").or_else(|| name.strip_suffix(".xml.bz2")) else {
        return false;
    };
    let families =
        ["suse.linux.enterprise.server.", "suse.linux.enterprise.micro.", "suse.linux.micro.", "opensuse."];
    let whole =
        !product.ends_with("-affected") && !product.ends_with("-patch") && !product.contains("unaffected");
    whole && families.iter().any(|family| product.starts_with(family))
}

/// The releases that are updated at present; older ones move to an archive.
pub(in crate::download) fn fedora(worker: &mut Worker<'_>) {
    let page = match worker.text(FEDORA, Kind::Page, 16 * MIB) {
        Ok(page) => page,
        Err(failure) => return worker.note("updateinfo/fedora", FEDORA, Err(failure)),
    };
    for release in
        names(&page).into_iter().filter(|name| name.parse::<u16>().is_ok_and(|number| number >= 30))
    {
        let base = format!("{FEDORA}{release}/Everything/x86_64/");
        repomd::run(worker, &repomd::Base::At(base), &format!("updateinfo/fedora/{release}/repodata"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_interest_are_found_in_a_listing() {
        let page = "<a href=\"../\">up</a><a href=\"?C=M\">x</a><a href=\"./opensuse.leap.15.6.xml.gz\">x</a>\
                    <a href=\"opensuse.leap.15.6-affected.xml.gz\"><a href=\"suse.linux.enterprise.server.15.xml.bz2\">\
                    <a href=\"suse.linux.enterprise.desktop.15.xml.gz\"><a href=\"/abs/opensuse.x.xml.gz\">";
        let wanted: Vec<&str> = names(page).into_iter().filter(|name| is_wanted(name)).collect();
        assert_eq!(wanted, ["opensuse.leap.15.6.xml.gz", "suse.linux.enterprise.server.15.xml.bz2"]);
    }
}
