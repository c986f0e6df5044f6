//! Content sets: the repositories that Red Hat built an image from, in `root/buildinfo/content_manifests/*.json`.
//!
//! What it is for: telling an image of a restricted update stream (EUS, AUS, TUS, E4S) from one of the plain release; their
//! advisories differ, and no release file names the stream. What it is not for: telling which repository a package came from;
//! the manifests do not say.
//!
//! The decision a reader may doubt: one plain set among many restricted ones makes the image plain. With it any package may
//! be newer than what the stream has, and then the stream's fixes say nothing.

use model::OsRelease;
use serde::Deserialize;

use crate::facts::{Facts, ReleaseFacts};
use crate::registry::Input;
use crate::text::{Problem, read_all, without_mark};

/// Largest manifest that is read; newer images have bills of materials of some hundred kilobytes in the same folder.
const MAX_MANIFEST: u64 = 32 << 20;
/// Sets kept of one manifest.
const MAX_SETS: usize = 1_000;
/// Longest name of a set.
const MAX_WORD: usize = 256;

/// Streams by the word in a set's name. With several in one image the first of these counts: the others go on where EUS ends.
const STREAMS: [&str; 4] = ["eus", "aus", "tus", "e4s"];

/// The base of RHEL up to 7, by what follows the number in a set's name; longer ones come first.
const OLD_BASES: [&str; 7] =
    ["server", "for-power-le", "for-power-9", "for-power", "for-system-z-a", "for-system-z", "for-arm-64"];

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    content_sets: Option<Vec<String>>,
}

/// Keeps the sets that tell of a stream; other documents in the folder say nothing.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let bytes = read_all(input.content, input.size, MAX_MANIFEST)?;
    let manifest: Manifest = serde_json::from_slice(without_mark(&bytes))
        .map_err(|error| Problem::Malformed(format!("no content manifest: {error}")))?;
    let sets = manifest.content_sets.unwrap_or_default();
    let mut kept: Vec<String> =
        sets.into_iter().filter(|set| set.len() <= MAX_WORD && base(set).is_some()).take(MAX_SETS).collect();
    kept.sort_unstable();
    kept.dedup();
    if !kept.is_empty() {
        facts.release = Some(ReleaseFacts::ContentSets(kept));
    }
    Ok(())
}

/// A set that holds the base of a release: `rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6`.
struct Base<'a> {
    /// `8`.
    major: &'a str,
    /// `8.6`, if the name tells it.
    minor: Option<String>,
    /// Place in [`STREAMS`]; `None` if everybody has the set.
    stream: Option<usize>,
}

/// `None` for sets beside the base, such as `codeready-builder` and layered products, and for sources and debug symbols.
fn base(set: &str) -> Option<Base<'_>> {
    let mut parts = set.split("__");
    let label = parts.next()?.strip_suffix("-rpms")?;
    let minor = parts.find(|part| part.contains("_DOT_")).map(|part| part.replace("_DOT_", "."));
    let (is_ubi, rest) = match label.strip_prefix("ubi-") {
        Some(rest) => (true, rest),
        None => (false, label.strip_prefix("rhel-")?),
    };
    let (major, rest) = rest.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_release = |text: &String| text.split('.').count() == 2 && text.split('.').all(is_number);
    if !is_number(major) {
        return None;
    }
    let rest = match major {
        "5" | "6" | "7" if !is_ubi => OLD_BASES.iter().find_map(|base| rest.strip_prefix(base))?,
        _ => {
            let rest = rest.strip_prefix("for-").map_or(Some(rest), |rest| Some(rest.split_once('-')?.1))?;
            ["baseos", "appstream"].iter().find_map(|base| rest.strip_prefix(base))?
        }
    };
    if !rest.is_empty() && !rest.starts_with('-') {
        return None;
    }
    // cloud providers and tests have copies of the same sets
    let mut words = rest.split('-').filter(|word| !matches!(*word, "" | "rhui" | "beta"));
    let stream = match words.next() {
        Some(word) => Some(STREAMS.iter().position(|stream| *stream == word)?),
        None => None,
    };
    words.next().is_none().then(|| Base { major, minor: minor.filter(is_release), stream })
}

/// The stream that an image of `release` built from these sets is of, as [`OsRelease::stream`] has it.
pub(crate) fn stream<'a>(release: &OsRelease, sets: impl Iterator<Item = &'a String>) -> Option<String> {
    let version = release.version_id.as_deref().filter(|_| release.id == "rhel")?;
    let (major, _) = version.split_once('.').unwrap_or((version, ""));
    let mut found: Option<(usize, Option<String>)> = None;
    for base in sets.filter_map(|set| base(set)).filter(|base| base.major == major) {
        let this = (base.stream?, base.minor);
        let is_first = |known: &(usize, Option<String>)| rank(&this, version) < rank(known, version);
        if found.as_ref().is_none_or(is_first) {
            found = Some(this);
        }
    }
    let (stream, minor) = found?;
    let minor = minor.or_else(|| version.contains('.').then(|| version.to_owned()))?;
    Some(format!("{minor}:{}", STREAMS[stream]))
}

/// Lower comes first: the minor release that the image says it is, then the order of streams.
fn rank((stream, minor): &(usize, Option<String>), version: &str) -> (bool, usize) {
    (minor.as_deref().is_some_and(|minor| minor != version), *stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: &str, sets: &[&str]) -> Option<String> {
        let release =
            OsRelease { id: "rhel".into(), version_id: Some(version.into()), ..OsRelease::default() };
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        stream(&release, sets.iter())
    }

    #[test]
    fn an_image_of_restricted_sets_alone_is_of_their_stream() {
        let table: [(&str, &[&str], Option<&str>); 16] = [
            ("8.6", &["rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms"], None),
            (
                "8.6",
                &[
                    "rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6",
                    "rhel-8-for-x86_64-appstream-eus-rpms__8_DOT_6",
                ],
                Some("8.6:eus"),
            ),
            ("9.2", &["rhel-9-for-aarch64-baseos-e4s-rpms__9_DOT_2"], Some("9.2:e4s")),
            ("8.4", &["rhel-8-for-x86_64-baseos-aus-rpms"], Some("8.4:aus")),
            ("8.4", &["rhel-8-for-x86_64-baseos-tus-rhui-rpms"], Some("8.4:tus")),
            (
                "7.6",
                &["rhel-7-server-eus-rpms__7_DOT_6__x86_64", "rhel-7-server-extras-rpms"],
                Some("7.6:eus"),
            ),
            ("7.7", &["rhel-7-for-power-le-e4s-rpms__7_DOT_7__ppc64le"], Some("7.7:e4s")),
            ("7.9", &["rhel-7-server-rpms", "rhel-7-server-eus-rpms__7_DOT_6__x86_64"], None),
            // what is beside the base tells nothing
            (
                "8.6",
                &[
                    "rhel-8-for-x86_64-baseos-eus-rpms",
                    "rhel-8-for-x86_64-baseos-source-rpms",
                    "rhocp-4.12-for-rhel-8-x86_64-rpms",
                ],
                Some("8.6:eus"),
            ),
            ("8.6", &["codeready-builder-for-rhel-8-x86_64-eus-rpms__8_DOT_6"], None),
            ("8.6", &["rhel-8-for-x86_64-baseos-eus-debug-rpms"], None),
            // a layer on a base image for everybody
            ("8.6", &["ubi-8-baseos-rpms", "rhel-8-for-x86_64-appstream-eus-rpms__8_DOT_6"], None),
            // sets of another release, as a builder image leaves them
            ("9.2", &["rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6"], None),
            // EUS first, and the minor release that the image is
            (
                "8.6",
                &["rhel-8-for-x86_64-baseos-tus-rpms__8_DOT_6", "rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6"],
                Some("8.6:eus"),
            ),
            (
                "8.6",
                &[
                    "rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_4",
                    "rhel-8-for-x86_64-appstream-tus-rpms__8_DOT_6",
                ],
                Some("8.6:tus"),
            ),
            ("8", &["rhel-8-for-x86_64-baseos-eus-rpms"], None),
        ];
        for (version, sets, expected) in table {
            assert_eq!(of(version, sets).as_deref(), expected, "{sets:?}");
        }
        let release =
            OsRelease { id: "centos".into(), version_id: Some("8.6".into()), ..OsRelease::default() };
        let sets = ["rhel-8-for-x86_64-baseos-eus-rpms__8_DOT_6".to_owned()];
        assert_eq!(stream(&release, sets.iter()), None);
    }

    fn facts_of(text: &str) -> (Option<ReleaseFacts>, String) {
        let (mut content, mut facts) = (text.as_bytes(), Facts::default());
        let mut input = Input { path: b"", size: text.len() as u64, content: &mut content };
        let outcome = read(&mut input, &mut facts);
        (facts.release, outcome.map_or_else(|error| error.to_string(), |()| String::new()))
    }

    #[test]
    fn a_manifest_keeps_its_sets_and_other_documents_say_nothing() {
        let text = r#"{"metadata": {"icm_version": 1, "image_layer_index": 2},
            "content_sets": ["rhel-8-for-x86_64-baseos-rpms", "rhocp-4.9-for-rhel-8-x86_64-rpms", "rhel-8-for-x86_64-baseos-rpms"],
            "image_contents": []}"#;
        let kept = ReleaseFacts::ContentSets(vec!["rhel-8-for-x86_64-baseos-rpms".into()]);
        assert_eq!(facts_of(text), (Some(kept), String::new()));
        let bill = r#"{"bomFormat": "CycloneDX", "components": []}"#;
        for text in [bill, r#"{"content_sets": null}"#, r#"{"content_sets": []}"#] {
            assert_eq!(facts_of(text), (None, String::new()), "{text}");
        }
        for text in ["", "[1]", r#"{"content_sets": [1]}"#] {
            let (facts, problem) = facts_of(text);
            assert!(facts.is_none() && problem.starts_with("no content manifest: "), "{problem}");
        }
    }
}
