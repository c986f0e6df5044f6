//! Lists of repositories and tags, made of what there is, in pages of `n` behind `last`.

use std::collections::BTreeSet;

/// The page at a path and the path of the next one; `None` if it is no list, or one of an unknown repository.
pub(super) fn list<'f>(
    files: impl Iterator<Item = &'f String>,
    path: &str,
) -> Option<(Vec<u8>, Option<String>)> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let value = |key: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == key))
            .map(|(_, v)| v)
    };
    let repository = path.strip_prefix("/v2/").and_then(|rest| rest.strip_suffix("/tags/list"));
    if repository.is_none() && path != "/v2/_catalog" {
        return None;
    }
    let names: BTreeSet<&str> = files
        .filter_map(|file| file.strip_prefix("/v2/")?.split_once("/manifests/"))
        .filter(|(_, tag)| !tag.contains(':'))
        .filter_map(|(name, tag)| match repository {
            None => Some(name),
            Some(repository) => (name == repository).then_some(tag),
        })
        .collect();
    if repository.is_some() && names.is_empty() {
        return None;
    }
    let last = value("last").unwrap_or_default();
    let most = value("n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    let behind: Vec<&str> = names.into_iter().filter(|name| *name > last).collect();
    let page = &behind[..behind.len().min(most)];
    let next = page.last().filter(|_| page.len() < behind.len());
    let next = next.map(|last| format!("{path}?last={last}&n={most}"));
    let quoted: Vec<String> = page.iter().map(|name| format!("\"{name}\"")).collect();
    let body = match repository {
        None => format!("{{\"repositories\":[{}]}}", quoted.join(",")),
        Some(repository) => format!("{{\"name\":\"{repository}\",\"tags\":[{}]}}", quoted.join(",")),
    };
    Some((body.into_bytes(), next))
}
