//! SUSE's products to namespaces, by name (`SUSE Linux Enterprise Server 15 SP4-LTSS`).
//!
//! Modules and extensions of a release are repositories of it and belong to its namespace. Support beyond the end of a
//! service pack (LTSS, ESPOS, …) has a third part. SLES for SAP is a system of its own that calls itself so. Products
//! beside the distributions (Manager, Storage, OpenStack Cloud, Package Hub, container images) are left out.

use crate::csaf::Item;

/// What a product's name starts with, and the system that it is or belongs to. The first that fits decides.
const PRODUCTS: [(&str, &str); 13] = [
    ("openSUSE Leap Micro ", "opensuse-leap-micro"),
    ("openSUSE Leap ", "opensuse-leap"),
    ("openSUSE ", "opensuse"),
    ("SUSE Linux Enterprise Micro ", "sle-micro"),
    ("SUSE Linux Micro ", "sl-micro"),
    ("SUSE Linux Enterprise Server for SAP Applications ", "sles_sap"),
    ("SUSE Linux Enterprise Server for SAP applications ", "sles_sap"),
    ("SUSE Linux Enterprise Server ", "sles"),
    ("SUSE Linux Enterprise Desktop ", "sled"),
    ("SUSE Linux Enterprise High Availability Extension ", "sles"),
    ("SUSE Linux Enterprise Software Development Kit ", "sles"),
    ("SUSE Linux Enterprise Workstation Extension ", "sles"),
    ("SUSE Linux Enterprise Live Patching ", "sles"),
];

/// Support beyond the end of a service pack, as it stands behind the release, with its part of the namespace.
const STREAMS: [(&str, &str); 6] = [
    ("ltss", "ltss"),
    ("ltss extended security", "ltss_extended"),
    ("ltss-extended security", "ltss_extended"),
    ("espos", "espos"),
    ("bcl", "bcl"),
    ("lts", "ltss"),
];

/// The last service pack of SLES 12; its modules are not bound to one.
const LAST_PACK_OF_12: u32 = 5;

pub(super) fn namespaces(product: &Item<'_>) -> Vec<String> {
    let name = product.name.trim();
    if name == "openSUSE Tumbleweed" {
        return vec!["opensuse-tumbleweed".to_owned()];
    }
    if let Some(module) = name.strip_prefix("SUSE Linux Enterprise Module for ") {
        return of_module(module);
    }
    let Some((start, id)) = PRODUCTS.iter().find(|(start, _)| name.starts_with(start)) else {
        return Vec::new();
    };
    let Some((release, stream)) = release(&name[start.len()..]) else { return Vec::new() };
    let id = match *id {
        // Leap called itself so from 15 on, the successor of SLE Micro 5 itself `sl-micro`.
        "opensuse-leap" if release.starts_with("42.") => "opensuse",
        "sle-micro" if !release.starts_with("5.") => "sl-micro",
        id => id,
    };
    match stream {
        None => vec![format!("{id}:{release}")],
        Some(stream) => vec![format!("{id}:{release}:{stream}")],
    }
}

/// `Basesystem 15 SP4`, `Web and Scripting 12`.
fn of_module(rest: &str) -> Vec<String> {
    let numbers = rest.match_indices(' ').map(|(at, _)| &rest[at + 1..]);
    let found = numbers.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).find_map(release);
    match found {
        Some((release, None)) if release == "12" => {
            let packs = (1..=LAST_PACK_OF_12).map(|pack| format!("sles:12.{pack}"));
            std::iter::once("sles:12".to_owned()).chain(packs).collect()
        }
        Some((release, None)) => vec![format!("sles:{release}")],
        _ => Vec::new(),
    }
}

/// Reads `15 SP4-LTSS` as release `15.4` and stream `ltss`; `None` if something else stands there.
fn release(text: &str) -> Option<(String, Option<&'static str>)> {
    let digits = text.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, rest) = text.split_at(digits);
    if number.is_empty() || number.len() > 8 {
        return None;
    }
    let (release, rest) = match rest.strip_prefix(" SP") {
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (pack, rest) = rest.split_at(digits);
            if pack.is_empty() || pack.len() > 2 {
                return None;
            }
            (format!("{number}.{pack}"), rest)
        }
        None => (number.to_owned(), rest),
    };
    let rest = rest.trim_start_matches([' ', '-']).to_ascii_lowercase();
    if rest.is_empty() || rest == "nonfree" {
        return Some((release, None));
    }
    STREAMS.iter().find(|(words, _)| *words == rest).map(|(_, stream)| (release, Some(*stream)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_systems_or_parts_of_them() {
        let table = [
            ("openSUSE Tumbleweed", "opensuse-tumbleweed"),
            ("openSUSE Leap 15.4", "opensuse-leap:15.4"),
            ("openSUSE Leap 42.3", "opensuse:42.3"),
            ("openSUSE Leap Micro 5.5", "opensuse-leap-micro:5.5"),
            ("openSUSE Leap 15.3 NonFree", "opensuse-leap:15.3"),
            ("openSUSE 13.2", "opensuse:13.2"),
            ("SUSE Linux Enterprise Server 15 SP4", "sles:15.4"),
            ("SUSE Linux Enterprise Server 15", "sles:15"),
            ("SUSE Linux Enterprise Server 16.0", "sles:16.0"),
            ("SUSE Linux Enterprise Server 15-LTSS", "sles:15:ltss"),
            ("SUSE Linux Enterprise Server 15 SP1-LTSS", "sles:15.1:ltss"),
            ("SUSE Linux Enterprise Server 11 SP4 LTSS", "sles:11.4:ltss"),
            ("SUSE Linux Enterprise Server 12 SP5-LTSS Extended Security", "sles:12.5:ltss_extended"),
            ("SUSE Linux Enterprise Server 15 SP3-ESPOS", "sles:15.3:espos"),
            ("SUSE Linux Enterprise Server for SAP Applications 15 SP3", "sles_sap:15.3"),
            ("SUSE Linux Enterprise Desktop 15 SP4", "sled:15.4"),
            ("SUSE Linux Enterprise Module for Basesystem 15 SP4", "sles:15.4"),
            ("SUSE Linux Enterprise Module for Python 3 15 SP6", "sles:15.6"),
            (
                "SUSE Linux Enterprise Module for Containers 12",
                "sles:12 sles:12.1 sles:12.2 sles:12.3 sles:12.4 sles:12.5",
            ),
            ("SUSE Linux Enterprise High Availability Extension 15 SP1", "sles:15.1"),
            ("SUSE Linux Enterprise Micro 5.3", "sle-micro:5.3"),
            ("SUSE Linux Enterprise Micro 6.0", "sl-micro:6.0"),
            ("SUSE Linux Micro 6.1", "sl-micro:6.1"),
            ("SUSE Linux Enterprise Server Teradata 12 SP3-LTSS", ""),
            ("SUSE Linux Enterprise Server 11 SP4-CLIENT-TOOLS", ""),
            ("SUSE Linux Enterprise Real Time 15 SP3", ""),
            ("SUSE Manager Server 4.2", ""),
            ("SUSE Package Hub 15", ""),
            ("Container suse/sle15:15.3", ""),
        ];
        for (name, expected) in table {
            let item = Item { id: name, name, cpe: None, purl: None };
            assert_eq!(namespaces(&item).join(" "), expected, "{name}");
        }
    }
}
