//! Alpine: a directory listing names the releases, each with one JSON file a repository.

use super::MIB;
use crate::download::kind::Kind;
use crate::download::worker::{Item, Worker};

pub(in crate::download) const INDEX: &str = "https://secdb.alpinelinux.org/";

/// Releases that are fetched if the listing cannot be read.
const MINORS: std::ops::RangeInclusive<u32> = 2..=23;

pub(in crate::download) fn run(worker: &mut Worker<'_>) {
    let index = worker.text(INDEX, Kind::Page, MIB).unwrap_or_else(|failure| {
        tracing::debug!("the list of alpine releases could not be fetched: {}", failure.reason());
        String::new()
    });
    for item in items(&index) {
        worker.whole_noted(&item);
    }
}

/// The files for the releases that `index` lists, else for the ones known here.
fn items(index: &str) -> Vec<Item> {
    let mut minors: Vec<u32> = index
        .split("href=\"v3.")
        .skip(1)
        .filter_map(|rest| rest.split_once(['/', '"'])?.0.parse().ok())
        .filter(|minor| (*MINORS.start()..1000).contains(minor))
        .collect();
    minors.sort_unstable();
    minors.dedup();
    if minors.is_empty() {
        minors = MINORS.collect();
    }
    let releases = minors.into_iter().map(|minor| format!("v3.{minor}")).chain(["edge".to_owned()]);
    releases
        .flat_map(|release| {
            // The community repository came with 3.3.
            let repositories: &[&str] = if release == "v3.2" { &["main"] } else { &["main", "community"] };
            repositories.iter().map(move |repository| format!("{release}/{repository}.json"))
        })
        .map(|file| Item {
            path: format!("alpine-secdb/{file}"),
            url: format!("{INDEX}{file}"),
            limit: 64 * MIB,
            kind: Kind::Json,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpine_releases_come_from_the_listing_or_else_the_known_ones() {
        let index =
            "<a href=\"v3.1/\">x</a> <a href=\"v3.24/\">x</a> <a href=\"v3.18/\">x</a> <a href=\"edge/\">";
        let paths: Vec<String> = items(index).into_iter().map(|item| item.path).collect();
        assert_eq!(paths.len(), 6);
        assert_eq!(paths[0], "alpine-secdb/v3.18/main.json");
        assert_eq!(paths[5], "alpine-secdb/edge/community.json");
        assert_eq!(items("").len(), 22 * 2 - 1 + 2);
    }
}
