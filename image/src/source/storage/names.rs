//! Which image or container of a storage a name means.
//!
//! As with the engines, a full name comes before a short one, and any name before the beginning of an id.
//! Nothing is guessed: what fits several is an error that lists them.

use std::collections::BTreeSet;

use model::{Digest, Reference};

use super::StorageError;
use super::root::Root;

/// Names that an error lists.
const MAX_NEAR: usize = 10;

/// Hex digits that the beginning of an id needs at least.
const MIN_ID: usize = 4;

/// An image or container under all its names.
#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub(super) names: Vec<String>,
    /// Its ids as hex digits; the first one is shown where there is no name.
    pub(super) ids: Vec<String>,
}

impl Named {
    fn shown(&self) -> String {
        let id = self.ids.first().map_or("", String::as_str);
        let id = id.get(..12).unwrap_or(id);
        self.names.first().map_or_else(|| id.to_owned(), |name| format!("{name} ({id})"))
    }
}

/// The image that `wanted` means; gives its index.
pub(super) fn find_image(root: &Root, all: &[Named], wanted: &str) -> Result<usize, StorageError> {
    let full = |named: &Named| is_image(named, wanted);
    let short = |named: &Named| is_image_of_any_registry(named, wanted);
    find(root, "image", all, wanted, &[&full, &short])
}

/// The container that `wanted` means; gives its index.
pub(super) fn find_container(root: &Root, all: &[Named], wanted: &str) -> Result<usize, StorageError> {
    let wanted = wanted.strip_prefix('/').unwrap_or(wanted);
    find(root, "container", all, wanted, &[&|named| named.names.iter().any(|name| name == wanted)])
}

/// The first of the rules that any fits decides; after them the ids.
fn find(
    root: &Root,
    kind: &'static str,
    all: &[Named],
    wanted: &str,
    rules: &[&dyn Fn(&Named) -> bool],
) -> Result<usize, StorageError> {
    let id = wanted.strip_prefix("sha256:").unwrap_or(wanted).to_ascii_lowercase();
    let whole = |named: &Named| named.ids.contains(&id);
    let begun = |named: &Named| {
        let is_hex = id.len() >= MIN_ID && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex && named.ids.iter().any(|known| known.starts_with(&id))
    };
    let by_id: [&dyn Fn(&Named) -> bool; 2] = [&whole, &begun];
    for rule in rules.iter().copied().chain(by_id) {
        let fitting: Vec<usize> = (0..all.len()).filter(|&index| rule(&all[index])).collect();
        match fitting[..] {
            [] => {}
            [only] => return Ok(only),
            _ => {
                let names = fitting.iter().map(|&index| all[index].shown()).collect();
                let (path, wanted) = (root.path.clone(), wanted.to_owned());
                return Err(StorageError::Ambiguous { kind, path, wanted, names });
            }
        }
    }
    let names = near(all, wanted);
    let (engine, path, wanted) = (root.engine, root.path.clone(), wanted.to_owned());
    Err(StorageError::NotFound { engine, kind, path, wanted, names })
}

fn is_image(named: &Named, wanted: &str) -> bool {
    let Some(wanted) = Reference::parse(wanted) else { return false };
    named.names.iter().filter_map(|name| Reference::parse(name)).any(|name| {
        (&name.registry, &name.repository) == (&wanted.registry, &wanted.repository)
            && fits(&name, &wanted, named)
    })
}

/// A name without a registry may be that of any: podman's `web` is `localhost/web`.
fn is_image_of_any_registry(named: &Named, wanted: &str) -> bool {
    let Some(wanted) = Reference::parse(wanted).filter(|_| !wanted.starts_with("docker.io/")) else {
        return false;
    };
    wanted.registry == "docker.io"
        && named
            .names
            .iter()
            .filter_map(|name| Reference::parse(name))
            .any(|name| name.repository == wanted.repository && fits(&name, &wanted, named))
}

/// Whether tag or digest are those asked for.
fn fits(name: &Reference, wanted: &Reference, named: &Named) -> bool {
    let tag = |reference: &Reference| reference.tag.clone().unwrap_or_else(|| "latest".to_owned());
    match wanted.digest {
        Some(digest) => name.digest == Some(digest) || named.ids.contains(&digest.to_hex()),
        // a name with a digest and no tag is not that of the latest one
        None => (name.digest.is_none() || name.tag.is_some()) && tag(name) == tag(wanted),
    }
}

/// The names that have most in common with `wanted`; if none has anything, the first ones.
fn near(all: &[Named], wanted: &str) -> Vec<String> {
    let wanted = pairs(wanted);
    let names = all.iter().flat_map(|named| match named.names.is_empty() {
        true => vec![named.shown()],
        false => named.names.clone(),
    });
    let mut ranked: Vec<(usize, String)> = names
        .map(|name| {
            let own = pairs(&name);
            let common = own.intersection(&wanted).count();
            // the share of pairs in common, in thousandths
            (2_000 * common / (own.len() + wanted.len()).max(1), name)
        })
        .collect();
    ranked.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    ranked.dedup_by(|a, b| a.1 == b.1);
    let has_near = ranked.first().is_some_and(|(share, _)| *share >= 200);
    let near = ranked.into_iter().filter(|(share, _)| !has_near || *share >= 200);
    near.take(MAX_NEAR).map(|(_, name)| name).collect()
}

fn pairs(text: &str) -> BTreeSet<[u8; 2]> {
    text.as_bytes()
        .windows(2)
        .map(|pair| [pair[0].to_ascii_lowercase(), pair[1].to_ascii_lowercase()])
        .collect()
}

/// The chain ids of layers, lowest first (OCI image-spec, "Layer ChainID").
pub(super) fn chain_ids(diff_ids: impl IntoIterator<Item = Digest>) -> Vec<Digest> {
    let mut chain: Vec<Digest> = Vec::new();
    for diff_id in diff_ids {
        let next = match chain.last() {
            None => diff_id,
            Some(below) => Digest::of(format!("{below} {diff_id}").as_bytes()),
        };
        chain.push(next);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::source::storage::Engine;

    fn found(names: &[&[&str]], wanted: &str) -> Result<usize, String> {
        let folder = tempfile::tempdir().unwrap();
        let mut root = Root::open(Engine::Podman, folder.path(), &Limits::default()).unwrap();
        root.path = "/s".into();
        let named = |(index, names): (usize, &&[&str])| Named {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            ids: vec![format!("{:02x}", 0xa0 + index).repeat(32)],
        };
        let all: Vec<Named> = names.iter().enumerate().map(named).collect();
        find_image(&root, &all, wanted).map_err(|error| error.to_string())
    }

    const SOME: &[&[&str]] = &[
        &["docker.io/library/alpine:3.18", "docker.io/library/alpine:latest"],
        &["localhost/team/web:2"],
        &[
            "quay.io/team/web:2",
            "quay.io/team/web@sha256:a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2",
        ],
        &[],
    ];

    #[test]
    fn an_image_is_found_by_full_name_short_name_digest_and_the_beginning_of_its_id() {
        for (wanted, index) in [
            ("alpine", 0),
            ("alpine:3.18", 0),
            ("docker.io/alpine", 0),
            ("localhost/team/web:2", 1),
            ("quay.io/team/web:2", 2),
            ("quay.io/team/web@sha256:a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2", 2),
            ("sha256:a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3", 3),
            ("a3a3a3a3a3a3", 3),
            ("A1A1", 1),
        ] {
            assert_eq!(found(SOME, wanted), Ok(index), "{wanted}");
        }
    }

    #[test]
    fn a_name_that_fits_several_or_none_lists_what_there_is() {
        assert_eq!(
            found(SOME, "team/web:2").unwrap_err(),
            "`team/web:2` may be 2 different images of `/s`: localhost/team/web:2 (a1a1a1a1a1a1), \
             quay.io/team/web:2 (a2a2a2a2a2a2)"
        );
        assert_eq!(
            found(SOME, "alpin").unwrap_err(),
            "the podman storage `/s` has no image `alpin`, but docker.io/library/alpine:3.18, \
             docker.io/library/alpine:latest"
        );
        assert_eq!(
            found(&[], "x").unwrap_err(),
            "the podman storage `/s` has no image `x`; it has none at all"
        );
        for wanted in ["a1a", "", "team/web", "@", "docker.io/team/web:2"] {
            assert!(found(SOME, wanted).is_err(), "{wanted}");
        }
    }

    #[test]
    fn chain_ids_are_those_that_docker_computes() {
        let diff_ids = [
            "147792ceffd2dc140ce779b6d2f09b8cbc9ba344da85f919b33534dc44ad0219",
            "d7952f73de7bef968b446a498bb5481bc0eb5ae486277635a7c203de87b319d4",
        ];
        let chain = chain_ids(diff_ids.map(|hex| Digest::from_hex(hex).unwrap()));
        assert_eq!(chain[0].to_hex(), diff_ids[0]);
        assert_eq!(chain[1].to_hex(), "dbd8e5944f8a7773d3d3ae28affad51e51ae4151efa3a4b7aeb0c6294745abbe");
    }
}
