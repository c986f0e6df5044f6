//! A component's SPDX document (SPDX 2.3, JSON): its packages, by their package URLs.

use model::Ecosystem;
use serde::Deserialize;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};
use crate::word::{is_name, is_version};

/// Largest document that is read.
const MAX_DOCUMENT: u64 = 32 << 20;
/// Packages that are kept.
const MAX_PACKAGES: usize = 50_000;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version_info: String,
    #[serde(default)]
    license_declared: String,
    #[serde(default)]
    external_refs: Vec<Reference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    reference_type: String,
    #[serde(default)]
    reference_locator: String,
}

/// Keeps what has a package URL and a version.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_DOCUMENT)?;
    let bytes = without_mark(&bytes).trim_ascii_start();
    if bytes.starts_with(b"SPDXVersion") {
        return Err(Problem::Malformed("SPDX document is in tag-value form, which is not read".to_owned()));
    }
    let document: Document = serde_json::from_slice(bytes)
        .map_err(|error| Problem::Malformed(format!("no SPDX document: {error}")))?;
    for package in document.packages.iter().take(MAX_PACKAGES) {
        let locator = package.external_refs.iter().find(|reference| reference.reference_type == "purl");
        let Some(ecosystem) = locator.and_then(|reference| ecosystem(&reference.reference_locator)) else {
            continue;
        };
        let name = match ecosystem {
            Ecosystem::Maven => package.name.replacen('/', ":", 1),
            _ => package.name.clone(),
        };
        if is_name(&name) && is_version(&package.version_info) {
            let mut found = Found::language(ecosystem, name, package.version_info.as_str());
            found.license = license::expression(&package.license_declared);
            facts.packages.push(found);
        }
    }
    Ok(())
}

/// The ecosystem of a package URL. Operating-system packages are known from their own database.
fn ecosystem(purl: &str) -> Option<Ecosystem> {
    let kind = purl.strip_prefix("pkg:")?.split('/').next()?;
    let ecosystem: Ecosystem = kind.parse().ok()?;
    (!ecosystem.is_os() && ecosystem != Ecosystem::Os).then_some(ecosystem)
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    const PATH: &str = "opt/bitnami/common/.spdx-render-template.spdx";

    #[test]
    fn the_component_and_what_it_is_linked_from_are_kept() {
        let package = |name: &str, version: &str, purl: &str| {
            format!(
                r#"{{"SPDXID": "x", "name": "{name}", "versionInfo": "{version}", "licenseDeclared": "Apache-2.0", "externalRefs": [
                {{"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:*:a:b"}},
                {{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "{purl}"}}]}}"#
            )
        };
        let packages = [
            package("render-template", "1.0.7-4", "pkg:bitnami/render-template@1.0.7-4?arch=arm64"),
            package("golang.org/x/sys", "v0.21.0", "pkg:golang/golang.org/x/sys@v0.21.0"),
            package(
                "github.com/bitnami/render-template",
                "",
                "pkg:golang/github.com/bitnami/render-template",
            ),
            package("libc6", "2.36", "pkg:deb/debian/libc6@2.36"),
            r#"{"name": "opt/bitnami/common/bin/render-template"}"#.to_owned(),
        ];
        let text = format!(r#"{{"spdxVersion": "SPDX-2.3", "packages": [{}]}}"#, packages.join(","));
        assert_eq!(
            lines(&facts_of(PATH, text)),
            ["bitnami render-template 1.0.7-4 Apache-2.0", "golang golang.org/x/sys v0.21.0 Apache-2.0"]
        );
    }

    #[test]
    fn other_forms_are_noted_and_other_places_not_asked_for() {
        assert!(facts_of(PATH, "SPDXVersion: SPDX-2.3\n").notes[0].contains("tag-value"));
        assert!(facts_of(PATH, "{").notes[0].starts_with("no SPDX document"));
        assert_eq!(who("srv/.spdx-a.spdx"), None);
    }
}
