//! A git repository as the archive of one commit: the name of the newest commit first, the archive only if it is another one.

use std::path::Path;

use super::MIB;
use crate::download::client::Request;
use crate::download::kind::Kind;
use crate::download::retry::Failure;
use crate::download::sidecar::Sidecar;
use crate::download::worker::Worker;

/// A repository at GitHub.
#[derive(Clone, Copy, Debug)]
pub(in crate::download) struct Repository {
    /// `owner/name`.
    pub(in crate::download) name: &'static str,
    pub(in crate::download) branch: &'static str,
    /// Where its archive goes.
    pub(in crate::download) path: &'static str,
}

impl Repository {
    /// Where the newest commit is asked for.
    pub(in crate::download) fn url(&self) -> String {
        format!("https://api.github.com/repos/{}/commits/{}", self.name, self.branch)
    }
}

pub(in crate::download) fn run(worker: &mut Worker<'_>, repository: Repository) {
    let target = worker.into.join(repository.path);
    let outcome = update(worker, repository, &target);
    worker.note(repository.path, &repository.url(), outcome);
}

fn update(worker: &mut Worker<'_>, repository: Repository, target: &Path) -> Result<Option<u64>, Failure> {
    let url = repository.url();
    let known = Sidecar::of(target, &url).unwrap_or_default();
    let request = Request {
        accept: Some("application/vnd.github.sha"),
        ..Request::new(&url, Kind::Text, 4096).known(&known.validators)
    };
    let Some(page) = worker.page(request)? else { return Ok(None) };
    let commit = page.text().trim().to_owned();
    if !(40..=64).contains(&commit.len()) || !commit.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Failure::other("the answer names no commit"));
    }
    let mut note =
        Sidecar { validators: page.validators, revision: Some(commit.clone()), ..Sidecar::new(&url) };
    if known.revision.as_ref() == Some(&commit) {
        note.write(target).map_err(Failure::other)?;
        return Ok(None);
    }
    let archive = format!("https://codeload.github.com/{}/tar.gz/{commit}", repository.name);
    let request = Request::new(&archive, Kind::Gzip, 256 * MIB);
    let Some((part, bytes, validators)) = worker.part(request, target)? else { return Ok(None) };
    // The archive's date, where there is one, is the file's; what to ask with is the commit's.
    note.validators.last_modified = note.validators.last_modified.or(validators.last_modified);
    part.place(target, &note)?;
    Ok(Some(bytes))
}
