//! `Package.resolved` (github.com/swiftlang/swift-package-manager), versions 1 to 3: pins with their repository.
//!
//! The name is the repository without scheme, as package URLs want it; a package of a registry has only its identity. A pin to
//! a branch or a revision has no version and cannot be judged.

use model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::declared::Declared;
use crate::declared::document::{Items, Word, json, read_text};
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::Problem;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, default)]
    pins: Items<&'a RawValue>,
    /// Version 1.
    #[serde(borrow, default)]
    object: Object<'a>,
}

#[derive(Default, Deserialize)]
struct Object<'a> {
    #[serde(borrow, default)]
    pins: Items<&'a RawValue>,
}

#[derive(Deserialize)]
struct Pin {
    #[serde(default)]
    identity: Word,
    #[serde(default)]
    kind: Word,
    #[serde(default, alias = "repositoryURL")]
    location: Word,
    state: State,
}

#[derive(Deserialize)]
struct State {
    version: Option<String>,
}

/// Keeps the pins with a version.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = read_text(input)?;
    let document: Document<'_> = json(&text, "file of resolved Swift packages")?;
    let mut list = Declared::new(facts, Ecosystem::Swift);
    for pin in document.pins.0.into_iter().chain(document.object.pins.0) {
        let Ok(pin) = serde_json::from_str::<Pin>(pin.get()) else {
            list.note("a pin cannot be read");
            continue;
        };
        let name = match repository(&pin.location.0) {
            _ if pin.kind.0 == "localSourceControl" => continue,
            Some(repository) => repository,
            None if pin.location.0.is_empty() => pin.identity.0,
            None => continue,
        };
        if let Some(version) = &pin.state.version {
            list.add(&name, version)?;
        }
    }
    Ok(())
}

/// `https://github.com/owner/name.git` and `git@github.com:owner/name.git` give `github.com/owner/name`; a folder gives none.
fn repository(location: &str) -> Option<String> {
    let path = match location.split_once("://") {
        Some(("file", _)) => return None,
        Some((_, rest)) => rest.rsplit_once('@').map_or(rest, |(_, rest)| rest).to_owned(),
        None => {
            let (host, path) = location.split_once(':')?;
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{host}/{}", path.trim_start_matches('/'))
        }
    };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_whole = path.contains('/') && !path.starts_with('/');
    is_whole.then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::repository;
    use crate::declared::testing::{notes, packages};

    #[test]
    fn pins_of_all_versions_tell_repository_and_version() {
        let one = r#"{"object":{"pins":[{"package":"NIO","repositoryURL":"https://github.com/apple/swift-nio.git",
            "state":{"branch":null,"revision":"x","version":"2.41.0"}}]},"version":1}"#;
        assert_eq!(packages("app/Package.resolved", one), ["github.com/apple/swift-nio 2.41.0"]);
        let three = r#"{"originHash":"x","pins":[
            {"identity":"swift-nio","kind":"remoteSourceControl","location":"git@github.com:apple/swift-nio.git","state":{"version":"2.60.0"}},
            {"identity":"mona.LinkedList","kind":"registry","location":"","state":{"version":"1.0.0"}},
            {"identity":"branch","kind":"remoteSourceControl","location":"https://github.com/a/b","state":{"branch":"main"}},
            {"identity":"own","kind":"localSourceControl","location":"/srv/own","state":{"version":"1.0.0"}}],"version":3}"#;
        let expected = ["github.com/apple/swift-nio 2.60.0", "mona.LinkedList 1.0.0"];
        assert_eq!(packages("app/Package.resolved", three), expected);
        assert!(notes("app/Package.resolved", "[1")[0].starts_with("no file of resolved Swift packages"));
    }

    #[test]
    fn folders_are_no_repositories() {
        for location in ["/srv/own", "file:///srv/own", "../own", "", "https://", "a:"] {
            assert_eq!(repository(location), None, "{location}");
        }
        assert_eq!(repository("ssh://git@h.example:22/o/n/").as_deref(), Some("h.example:22/o/n"));
    }
}
