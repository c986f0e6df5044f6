//! What a scanner found, in one form for all: sets of (name, version) per ecosystem, comparable with the package managers' truth.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Packages by ecosystem; the same package at several places counts once.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    packages: BTreeMap<String, BTreeSet<(String, String)>>,
}

impl Inventory {
    /// From our own JSON report.
    pub(super) fn of_plimsoll(report: &Value) -> Result<Self> {
        let mut inventory = Self::default();
        for package in report["packages"].as_array().context("the report has no list `packages`")? {
            let field = |name: &str| package[name].as_str().unwrap_or_default();
            // Source packages that a Debian package was built with are parts of it; no peer and no truth lists them.
            if (field("ecosystem"), field("arch")) != ("deb", "source") {
                inventory.insert(field("ecosystem"), field("name"), field("version"));
            }
        }
        Ok(inventory)
    }

    /// From the package URLs in `list`: Syft's `artifacts`, CycloneDX's `components`.
    pub(super) fn of_purls(document: &Value, list: &str) -> Result<Self> {
        let mut inventory = Self::default();
        for package in
            document[list].as_array().with_context(|| format!("the document has no list `{list}`"))?
        {
            if let Some((ecosystem, name, version)) = package["purl"].as_str().and_then(parse_purl) {
                inventory.insert(&ecosystem, &name, &version);
            }
        }
        Ok(inventory)
    }

    /// From the truth beside a fixture.
    pub(super) fn of_truth(truth: &Value) -> Self {
        let mut inventory = Self::default();
        for (ecosystem, list) in truth.as_object().into_iter().flatten() {
            let is_list_of_packages = ecosystem != "absent";
            for package in list.as_array().into_iter().flatten().filter(|_| is_list_of_packages) {
                let field = |name: &str| package[name].as_str().unwrap_or_default();
                inventory.insert(ecosystem, field("name"), field("version"));
            }
        }
        inventory
    }

    fn insert(&mut self, ecosystem: &str, name: &str, version: &str) {
        let name = match ecosystem {
            "pypi" => name.to_lowercase().replace(['_', '.'], "-"),
            _ => name.to_owned(),
        };
        self.packages.entry(ecosystem.to_owned()).or_default().insert((name, version.to_owned()));
    }

    /// The packages of one ecosystem.
    pub(super) fn of(&self, ecosystem: &str) -> impl Iterator<Item = &(String, String)> {
        self.packages.get(ecosystem).into_iter().flatten()
    }

    /// How many packages of one ecosystem.
    pub(super) fn count(&self, ecosystem: &str) -> usize {
        self.of(ecosystem).count()
    }

    /// The ecosystems that something was found of; a release of an operating system is no package.
    pub(super) fn ecosystems(&self) -> impl Iterator<Item = &str> {
        self.packages.keys().map(String::as_str).filter(|name| *name != "os")
    }

    /// What `self` has and `other` lacks, as `name version`.
    pub(super) fn without(&self, other: &Self, ecosystem: &str) -> Vec<String> {
        let known: BTreeSet<_> = other.of(ecosystem).collect();
        self.of(ecosystem)
            .filter(|package| !known.contains(package))
            .map(|(name, version)| format!("{name} {version}"))
            .collect()
    }
}

/// Ecosystem, name and version of a package URL; `None` without a version.
/// A Maven name is `group:artifact`; a Debian epoch that stands in a qualifier goes back into the version.
fn parse_purl(purl: &str) -> Option<(String, String, String)> {
    let (path, qualifiers) =
        purl.strip_prefix("pkg:")?.split_once('?').unwrap_or((purl.strip_prefix("pkg:")?, ""));
    let path = path.split('#').next()?;
    let (ecosystem, rest) = path.split_once('/')?;
    let (full_name, version) = rest.rsplit_once('@')?;
    let full_name = decode(full_name);
    let name = match (ecosystem, full_name.rsplit_once('/')) {
        ("maven", Some((group, artifact))) => format!("{group}:{artifact}"),
        ("deb" | "apk" | "rpm", Some((_, name))) => name.to_owned(),
        _ => full_name,
    };
    let mut version = decode(version);
    if let Some(epoch) = qualifiers.split('&').find_map(|pair| pair.strip_prefix("epoch=")) {
        version = format!("{epoch}:{version}");
    }
    Some((ecosystem.to_owned(), name, version))
}

/// Undoes percent-encoding; what is not valid stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let value = tail
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, value) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn package_urls_of_both_peers_give_the_package_managers_own_names() {
        let cases = [
            (
                "pkg:deb/debian/bsdutils@1:2.38.1-5%2Bdeb12u3?arch=amd64",
                ("deb", "bsdutils", "1:2.38.1-5+deb12u3"),
            ),
            (
                "pkg:deb/debian/bsdutils@2.38.1-5%2Bdeb12u3?arch=amd64&epoch=1",
                ("deb", "bsdutils", "1:2.38.1-5+deb12u3"),
            ),
            ("pkg:npm/%40hapi/hoek@8.2.0", ("npm", "@hapi/hoek", "8.2.0")),
            ("pkg:maven/org.yaml/snakeyaml@1.26", ("maven", "org.yaml:snakeyaml", "1.26")),
        ];
        for (purl, (ecosystem, name, version)) in cases {
            let expected = Some((ecosystem.to_owned(), name.to_owned(), version.to_owned()));
            assert_eq!(parse_purl(purl), expected, "{purl}");
        }
        assert_eq!(parse_purl("pkg:maven/a/b"), None);
    }

    #[test]
    fn a_package_at_two_places_counts_once_and_python_names_are_normalised() {
        let package = |name| json!({"ecosystem": "pypi", "name": name, "version": "1"});
        let report = json!({"packages": [package("Jinja_2"), package("jinja-2"), package("six")]});
        let found = Inventory::of_plimsoll(&report).unwrap();
        let truth = Inventory::of_truth(
            &json!({"pypi": [{"name": "Jinja.2", "version": "1"}, {"name": "idna", "version": "2"}]}),
        );
        assert_eq!(found.count("pypi"), 2);
        assert_eq!(truth.without(&found, "pypi"), ["idna 2"]);
        assert_eq!(found.without(&truth, "pypi"), ["six 1"]);
    }
}
