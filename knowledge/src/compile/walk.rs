//! Finding feed files below a folder.
//!
//! A file is recognised by its name and the folders above it, those above the compiled folder included: a folder of
//! feeds, a feed's own folder, or one ecosystem's folder all work. Documentation and hidden files are passed over
//! silently; everything else that is not used is named.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::compile::CompileReport;
use crate::error::KnowledgeError;
use crate::input::FeedFile;
use crate::registry::{FEEDS, Feed, NOT_USED_YET, Recognised};

/// Mirrors of RPM repositories have up to ten folders above their notices.
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 200_000;

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    /// Files with their feeds, sorted by path.
    pub(crate) files: Vec<(FeedFile, &'static Feed)>,
    pub(crate) skipped: Vec<(PathBuf, String)>,
    pub(crate) skipped_count: u64,
    /// The folders that links led to.
    linked: HashSet<PathBuf>,
}

impl Found {
    /// Whether a link in `folder` leads to a folder above it, or to one that another link led to: links may run in
    /// circles.
    fn leads_back(&mut self, folder: &Path, link: &Path) -> bool {
        let (Ok(folder), Ok(target)) = (folder.canonicalize(), link.canonicalize()) else { return true };
        folder.starts_with(&target) || !self.linked.insert(target)
    }

    /// Notes something that is not used.
    pub(crate) fn skip(&mut self, relative: &str, reason: impl Into<String>) {
        self.skipped_count += 1;
        if self.skipped.len() < CompileReport::MAX_SKIPPED {
            self.skipped.push((PathBuf::from(relative), reason.into()));
        }
    }
}

/// Walks `root` in the order of names.
pub(crate) fn walk(root: &Path) -> Result<Found, KnowledgeError> {
    let above = root.canonicalize().map_err(KnowledgeError::io("read", root))?;
    let parents: Vec<String> = above
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    let mut found = Found::default();
    let mut seen = 0;
    visit(root, "", &parents, 0, &mut seen, &mut found)?;
    Ok(found)
}

fn visit(
    folder: &Path,
    relative: &str,
    parents: &[String],
    depth: usize,
    seen: &mut usize,
    found: &mut Found,
) -> Result<(), KnowledgeError> {
    let listing = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries = match listing {
        Ok(entries) => entries,
        Err(error) if depth > 0 => {
            found.skip(relative, format!("it cannot be listed: {error}"));
            return Ok(());
        }
        Err(source) => {
            return Err(KnowledgeError::Io { action: "list", path: folder.to_owned(), source });
        }
    };
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        *seen += 1;
        if *seen > MAX_FILES {
            found.skip(relative, format!("only the first {MAX_FILES} files are looked at"));
            return Ok(());
        }
        let path = entry.path();
        let relative = if relative.is_empty() { name.clone() } else { format!("{relative}/{name}") };
        let is_folder = fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir());
        let is_file = fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if is_folder && is_link && found.leads_back(folder, &path) {
            found.skip(&relative, "it is a link to a folder that is looked at already");
        } else if is_folder {
            if NOT_USED_YET.contains(&name.as_str()) {
                found.skip(&relative, format!("feed {name} is not used yet"));
            } else if depth + 1 >= MAX_DEPTH {
                found.skip(&relative, "it is nested too deep");
            } else {
                let mut parents = parents.to_vec();
                parents.push(name);
                visit(&path, &relative, &parents, depth + 1, seen, found)?;
            }
        } else if is_file {
            classify(FeedFile { path, relative, parents: parents.to_vec(), name }, found);
        } else {
            found.skip(&relative, "it is neither a file nor a folder");
        }
    }
    Ok(())
}

fn classify(file: FeedFile, found: &mut Found) {
    let documentation = ["README", "LICENSE", "COPYING", "NOTICE"];
    if documentation.iter().any(|word| file.name.starts_with(word)) || is_note(&file.name) {
        return;
    }
    for feed in &FEEDS {
        match (feed.recognise)(&file) {
            Recognised::No => {}
            Recognised::Yes => return found.files.push((file, feed)),
            Recognised::NotUsed(reason) => return found.skip(&file.relative, reason),
        }
    }
    found.skip(&file.relative, "no feed is recognised in it");
}

/// What downloads leave beside feed files.
fn is_note(name: &str) -> bool {
    let left = [crate::download::SIDECAR, crate::download::LAST_GOOD, ".part"];
    left.iter().any(|suffix| name.ends_with(suffix))
}
