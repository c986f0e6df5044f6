//! Wolfi and Chainguard: the security database (`https://packages.wolfi.dev/os/security.json`,
//! `https://packages.cgr.dev/chainguard/security.json`, in Alpine's form) and the advisories that it is computed from
//! ([`advisories`]).
//!
//! Both distributions are rolling, so there is one namespace each. The database of Chainguard lists the packages that its
//! images take from Wolfi again; neither is looked up for the other.
//!
//! The decision a reader may doubt: the database is the stronger feed of the two, although it says less. It speaks of a flaw
//! once that is fixed or refuted, and the public advisories end in May 2025 (what came later is under other terms, see
//! the licences in the registry), so where both speak the database is newer or the same. What it does not speak of, above
//! all flaws that are not fixed, is known from the advisories alone.

mod advisories;

use std::sync::Arc;

use model::NamespaceFamily;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::alpine::{Database, Wrapped};
use crate::input::{FeedFile, LIMITS, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) use advisories::{
    FEED as ADVISORIES_FEED, read as read_advisories, recognise as recognise_advisories,
};

pub(crate) const FEED: &str = "wolfi";

/// A publisher's page about an id.
const PAGE: &str = "https://images.chainguard.dev/security/";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(default)]
    reponame: String,
    #[serde(default)]
    urlprefix: String,
    #[serde(borrow, default, deserialize_with = "crate::json::list")]
    packages: Vec<&'a RawValue>,
}

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    Recognised::when(matches!(file.name.as_str(), "security.json" | "security.json.gz"))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let text = read_document(&file.path, &LIMITS)?;
    out.date = file.date();
    let document: Document<'_> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let namespace = namespace(&document.reponame, &document.urlprefix)
        .ok_or_else(|| format!("it is of repository `{}`, not of Wolfi or Chainguard", document.reponame))?;
    let database =
        Database { feed: FEED, family: NamespaceFamily::Wolfi, namespace: Arc::from(namespace), page: PAGE };
    for raw in document.packages {
        match serde_json::from_str::<Wrapped>(raw.get()) {
            Ok(package) => database.add(raw.get(), package, out),
            Err(error) => out.quarantine(raw.get(), error),
        }
    }
    Ok(())
}

/// The distribution whose repository it is.
fn namespace(repository: &str, site: &str) -> Option<&'static str> {
    let host = site.split("//").last().unwrap_or_default().split('/').next().unwrap_or_default();
    match repository {
        "chainguard" | "extra-packages" | "extras" => Some("chainguard"),
        _ if host.ends_with("wolfi.dev") => Some("wolfi"),
        _ if host.ends_with("cgr.dev") => Some("chainguard"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_says_whose_it_is() {
        assert_eq!(namespace("os", "https://packages.wolfi.dev"), Some("wolfi"));
        assert_eq!(namespace("chainguard", "https://packages.cgr.dev"), Some("chainguard"));
        assert_eq!(namespace("os", "https://packages.cgr.dev/x"), Some("chainguard"));
        assert_eq!(namespace("os", "https://example.org"), None);
        assert_eq!(namespace("", ""), None);
    }
}
