//! Which packages an archive is or contains, from its poms, its manifest and its file name, in this order of
//! trust.
//!
//! Every `pom.properties` counts: an archive with several of them was shaded together from several. Without
//! any, the manifest and the file name together may still tell one. A name without a group stays without: a
//! wrong group would match the advisories of someone else's library.

use model::Ecosystem;

use super::classes::Classes;
use super::known;
use super::manifest::Manifest;
use super::pom::{Coordinates, is_token};
use crate::facts::Found;

/// What was read of one archive.
#[derive(Debug, Default)]
pub(super) struct Clues {
    /// Coordinates of its poms.
    pub poms: Vec<Coordinates>,
    /// Its manifest.
    pub manifest: Option<Manifest>,
    /// Its classes that are known.
    pub classes: Classes,
}

/// The packages of the archive called `file_name`, the archive's own first.
pub(super) fn identify(file_name: &str, clues: &Clues) -> Vec<Found> {
    let (stem, file_version) = split_file_name(file_name);
    let mut poms: Vec<Coordinates> = clues.poms.clone();
    for pom in &mut poms {
        // A pom of the archive itself that leaves its version to a placeholder.
        if !is_token(&pom.version) && pom.artifact == stem {
            pom.version = file_version.unwrap_or_default().to_owned();
        }
    }
    poms.retain(Coordinates::is_complete);
    poms.sort_by(|a, b| (a.artifact != stem, a).cmp(&(b.artifact != stem, b)));
    poms.dedup_by(|b, a| {
        let is_same = (&a.group, &a.artifact, &a.version) == (&b.group, &b.artifact, &b.version);
        if is_same {
            a.license = a.license.take().or(b.license.take());
        }
        is_same
    });
    let mut all: Vec<Found> = if poms.is_empty() {
        clues.manifest.as_ref().map_or_else(
            || by_manifest(stem, file_version, &Manifest::default()),
            |manifest| by_manifest(stem, file_version, manifest),
        )
    } else {
        poms.iter()
            .map(|pom| Found {
                license: pom.license.clone(),
                ..found(&pom.group, &pom.artifact, &pom.version)
            })
            .collect()
    };
    // a manifest speaks of the whole archive, which is one package only where nothing was shaded into it
    if let ([only], Some(manifest)) = (all.as_mut_slice(), &clues.manifest) {
        only.license = only.license.take().or_else(|| manifest.license());
    }
    all
}

fn by_manifest(stem: &str, file_version: Option<&str>, manifest: &Manifest) -> Vec<Found> {
    if let Some(found) = by_coordinate_title(&manifest.implementation_title) {
        return vec![found];
    }
    let artifact = artifact_of(stem, file_version.is_some(), manifest);
    let version = [
        manifest.plugin_version.as_str(),
        file_version.unwrap_or_default(),
        manifest.implementation_version.as_str(),
        manifest.bundle_version.as_str(),
    ]
    .into_iter()
    .map(|version| version.split_ascii_whitespace().next().unwrap_or_default())
    .find(|version| is_token(version) && version.starts_with(|first: char| first.is_ascii_digit()));
    match (artifact, version) {
        (Some(artifact), Some(version)) => vec![found(group_of(artifact, manifest), artifact, version)],
        _ => Vec::new(),
    }
}

/// The name of the artifact. A file name with a version is trusted; one without may have been given by
/// anyone, so there the manifest's names go first.
fn artifact_of<'a>(stem: &'a str, has_version: bool, manifest: &'a Manifest) -> Option<&'a str> {
    let (bundle, title) = (manifest.bundle_symbolic_name.as_str(), manifest.implementation_title.as_str());
    let is_artifact_like = title.contains('-') && !title.contains(|one: char| one.is_ascii_uppercase());
    let candidates = [
        Some(manifest.short_name.as_str()),
        has_version.then_some(stem),
        is_artifact_like.then_some(title),
        bundle.contains(stem).then_some(stem),
        Some(bundle),
        Some(stem),
        Some(title),
    ];
    candidates.into_iter().flatten().find(|name| is_token(name) && !is_generic(name))
}

/// `group#artifact;version` as title, the way a widespread Gradle plug-in writes it.
fn by_coordinate_title(title: &str) -> Option<Found> {
    let (group, rest) = title.split_once('#')?;
    let (artifact, version) = rest.split_once(';')?;
    let complete = [group, artifact, version].into_iter().all(is_token);
    complete.then(|| found(group, artifact, version))
}

/// The group, if the manifest states it or the library is well known; empty if it would have to be guessed.
fn group_of<'a>(artifact: &str, manifest: &'a Manifest) -> &'a str {
    if is_token(&manifest.group_id) {
        return &manifest.group_id;
    }
    if let Some(group) = known::group(artifact, &manifest.bundle_symbolic_name) {
        return group;
    }
    if is_token(&manifest.implementation_vendor_id) && manifest.implementation_vendor_id.contains('.') {
        return &manifest.implementation_vendor_id;
    }
    let bundle = &manifest.bundle_symbolic_name;
    match bundle.strip_suffix(artifact).and_then(|rest| rest.strip_suffix('.')) {
        Some(group) if is_token(group) => group,
        _ => "",
    }
}

/// Names that builds give to whatever they build.
fn is_generic(name: &str) -> bool {
    matches!(
        name.to_ascii_lowercase().as_str(),
        "app" | "application" | "main" | "service" | "plugin" | "classes"
    )
}

fn found(group: &str, artifact: &str, version: &str) -> Found {
    let name = if group.is_empty() { artifact.to_owned() } else { format!("{group}:{artifact}") };
    Found::language(Ecosystem::Maven, name, version)
}

/// Splits `artifact-1.2.3.jar` before the first `-` that a digit follows; what classifies (`-sources`) is cut
/// off.
fn split_file_name(file_name: &str) -> (&str, Option<&str>) {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let dashes = stem.match_indices('-').map(|(at, _)| at);
    let is_version = |at: &usize| stem[at + 1..].starts_with(|first: char| first.is_ascii_digit());
    let Some(at) = dashes.into_iter().find(is_version) else { return (stem, None) };
    let mut version = &stem[at + 1..];
    for classifier in ["-sources", "-javadoc", "-tests", "-test", "-all", "-jar-with-dependencies"] {
        version = version.strip_suffix(classifier).unwrap_or(version);
    }
    // `3.x` names a line of releases and no release.
    (&stem[..at], Some(version).filter(|version| !version.split('.').any(|part| part == "x")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pom(group: &str, artifact: &str, version: &str) -> Coordinates {
        Coordinates {
            group: group.into(),
            artifact: artifact.into(),
            version: version.into(),
            ..Coordinates::default()
        }
    }

    fn told(file_name: &str, poms: Vec<Coordinates>, manifest: &[u8]) -> Vec<String> {
        let manifest = Some(super::super::manifest::parse(manifest));
        let clues = Clues { poms, manifest, ..Clues::default() };
        identify(file_name, &clues).iter().map(|found| format!("{} {}", found.name, found.version)).collect()
    }

    #[test]
    fn every_pom_of_a_shaded_archive_counts_its_own_first() {
        let poms = vec![pom("a.b", "other", "2"), pom("org.x", "tool", "1"), pom("a.b", "other", "2")];
        assert_eq!(told("tool-1.jar", poms, b""), ["org.x:tool 1", "a.b:other 2"]);
    }

    #[test]
    fn the_manifests_licence_counts_for_an_archive_of_one_package() {
        let license = |poms: Vec<Coordinates>| {
            let manifest = super::super::manifest::parse(b"Bundle-License: MIT\n");
            let all = identify("tool-1.jar", &Clues { poms, manifest: Some(manifest), ..Clues::default() });
            all.into_iter().map(|found| found.license).collect::<Vec<_>>()
        };
        let own = || pom("org.x", "tool", "1");
        assert_eq!(license(vec![own()]), [Some("MIT".to_owned())]);
        assert_eq!(license(vec![]), [Some("MIT".to_owned())]);
        assert_eq!(license(vec![own(), pom("a.b", "other", "2")]), [None, None]);
        let stated = Coordinates { license: Some("ISC".into()), ..own() };
        assert_eq!(license(vec![own(), stated]), [Some("ISC".to_owned())]);
    }

    #[test]
    fn the_pom_wins_over_the_file_name() {
        assert_eq!(told("lib-9.9.jar", vec![pom("org.x", "y", "1")], b""), ["org.x:y 1"]);
    }

    #[test]
    fn a_placeholder_version_is_taken_from_the_file_name() {
        let poms = vec![pom("org.x", "y", "${revision}")];
        assert_eq!(told("y-1.5.jar", poms.clone(), b""), ["org.x:y 1.5"]);
        assert!(told("z.jar", poms, b"").is_empty());
    }

    #[test]
    fn manifest_and_file_name_tell_an_archive_without_poms() {
        let bundle =
            b"Bundle-SymbolicName: com.fasterxml.jackson.core.jackson-core\nBundle-Version: 2.14.1\n";
        assert_eq!(
            told("jackson-core-2.14.1.jar", vec![], bundle),
            ["com.fasterxml.jackson.core:jackson-core 2.14.1"]
        );
        assert_eq!(
            told("jackson-core.jar", vec![], bundle),
            ["com.fasterxml.jackson.core:jackson-core 2.14.1"]
        );
        let vendor = b"Implementation-Title: x\nImplementation-Vendor-Id: org.apache\nImplementation-Version: 1.0 b7\n";
        assert_eq!(told("app.jar", vec![], vendor), ["org.apache:x 1.0"]);
        assert_eq!(told("commons-io-2.11.0-sources.jar", vec![], b""), ["commons-io:commons-io 2.11.0"]);
        assert!(told("app.jar", vec![], b"").is_empty());
        assert_eq!(
            told("spring3-web-3.x.jar", vec![], b"Implementation-Version: 4.3.30\n"),
            ["spring3-web 4.3.30"]
        );
        let gradle =
            b"Implementation-Title: io.micrometer#micrometer-core;1.9.2\nImplementation-Version: 1.9.2\n";
        assert_eq!(
            told("micrometer-core-1.9.2.jar", vec![], gradle),
            ["io.micrometer:micrometer-core 1.9.2"]
        );
        assert!(
            told("run-3d.jar", vec![], b"Implementation-Version: ${v}").iter().all(|text| text == "run 3d")
        );
    }
}
