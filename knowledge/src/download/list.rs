//! What is downloaded, from where, to where, and how large it may be.

use model::Timestamp;

use crate::osv::USED;

/// A file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Relative to the folder of feeds, in the layout that the compiler recognises.
    pub(crate) path: String,
    pub(crate) url: String,
    /// Bytes as sent.
    pub(crate) limit: u64,
    pub(crate) kind: Kind,
}

/// What the file must start like, so that an error page never replaces a good file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Gzip,
    Zip,
}

impl Kind {
    pub(crate) fn fits(self, head: &[u8]) -> bool {
        match self {
            Self::Json => {
                let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
                matches!(first, Some(b'{' | b'['))
            }
            Self::Gzip => head.starts_with(&[0x1f, 0x8b]),
            Self::Zip => head.starts_with(b"PK"),
        }
    }
}

const MIB: u64 = 1 << 20;

/// Apache directory listing of Alpine's releases.
pub(crate) const ALPINE_INDEX: &str = "https://secdb.alpinelinux.org/";

/// Releases that are fetched if the listing cannot be read.
const ALPINE_MINORS: std::ops::RangeInclusive<u32> = 10..=23;

/// Feeds with one file each.
pub(crate) fn fixed() -> Vec<Item> {
    let item = |path: &str, url: &str, limit: u64, kind: Kind| Item {
        path: path.to_owned(),
        url: url.to_owned(),
        limit,
        kind,
    };
    let mut items = vec![
        item("debian/json", "https://security-tracker.debian.org/tracker/data/json", 512 * MIB, Kind::Json),
        item(
            "kev/known_exploited_vulnerabilities.json",
            "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
            64 * MIB,
            Kind::Json,
        ),
        item(
            "epss/epss_scores-current.csv.gz",
            "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
            64 * MIB,
            Kind::Gzip,
        ),
        item(
            "endoflife/products-full.json",
            "https://endoflife.date/api/v1/products/full",
            128 * MIB,
            Kind::Json,
        ),
    ];
    for (ecosystem, _) in USED {
        let url = format!("https://osv-vulnerabilities.storage.googleapis.com/{ecosystem}/all.zip");
        items.push(item(&format!("osv/{ecosystem}/all.zip"), &url, 2048 * MIB, Kind::Zip));
    }
    items
}

/// Alpine's files for the releases that `index` lists from 3.10 on, else for the ones known here.
pub(crate) fn alpine(index: &str) -> Vec<Item> {
    let mut minors: Vec<u32> = index
        .split("href=\"v3.")
        .skip(1)
        .filter_map(|rest| rest.split_once(['/', '"'])?.0.parse().ok())
        .filter(|minor| (*ALPINE_MINORS.start()..1000).contains(minor))
        .collect();
    minors.sort_unstable();
    minors.dedup();
    if minors.is_empty() {
        minors = ALPINE_MINORS.collect();
    }
    let releases = minors.into_iter().map(|minor| format!("v3.{minor}")).chain(["edge".to_owned()]);
    releases
        .flat_map(|release| ["main", "community"].map(|repository| format!("{release}/{repository}.json")))
        .map(|file| Item {
            path: format!("alpine-secdb/{file}"),
            url: format!("{ALPINE_INDEX}{file}"),
            limit: 64 * MIB,
            kind: Kind::Json,
        })
        .collect()
}

/// NVD's yearly feeds up to `year`, for CVSS ratings; an old year is republished when a record in it changes.
pub(crate) fn nvd(year: i16) -> Vec<Item> {
    let years = (2002..=year).map(|year| year.to_string());
    years
        .map(|name| format!("nvdcve-2.0-{name}.json.gz"))
        .map(|file| Item {
            path: format!("nvd/{file}"),
            url: format!("https://nvd.nist.gov/feeds/json/cve/2.0/{file}"),
            limit: 256 * MIB,
            kind: Kind::Gzip,
        })
        .collect()
}

/// The year of this machine's clock, in UTC.
pub(crate) fn this_year() -> i16 {
    let text = Timestamp::now().to_rfc3339();
    text.get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026)
}

/// The host of an `https` address.
pub(crate) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpine_releases_come_from_the_listing_or_else_the_known_ones() {
        let index = "<a href=\"v3.9/\">v3.9/</a> <a href=\"v3.24/\">x</a> <a href=\"v3.18/\">x</a> <a href=\"edge/\">";
        let paths: Vec<String> = alpine(index).into_iter().map(|item| item.path).collect();
        assert_eq!(paths.len(), 6);
        assert_eq!(paths[0], "alpine-secdb/v3.18/main.json");
        assert_eq!(paths[5], "alpine-secdb/edge/community.json");
        assert_eq!(alpine("").len(), 30);
    }

    #[test]
    fn an_error_page_does_not_fit_any_kind() {
        for kind in [Kind::Json, Kind::Gzip, Kind::Zip] {
            assert!(!kind.fits(b"<!doctype html>"));
            assert!(!kind.fits(b""));
        }
        assert!(Kind::Json.fits(b"\n {"));
    }
}
