//! Compiling feed files into a bundle.
//!
//! Two rounds: advisories first, then facts about the CVEs that they speak of. Each file is read by itself; one that is
//! broken is named and passed over, a bad record among good ones is set aside and counted. Nothing here asks for
//! the time: equal inputs give equal bytes.

mod assemble;
mod bounds;
mod group;
mod guard;
mod report;
mod rows;
mod walk;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::Digest;

pub use report::{CompileReport, Quarantined, SourceReport};

use crate::BUILDER;
use crate::bundle::write::{Content, write_whole};
use crate::bundle::{Bundle, Manifest, Source};
use crate::download::last_good;
use crate::error::KnowledgeError;
use crate::input::FeedFile;
use crate::qid::Registry;
use crate::record::{FileHarvest, Harvest};
use crate::registry::{self, Feed, Round};
use crate::text::one_line;

use assemble::Parts;
use group::Group;
use guard::Guard;
use walk::Found;

/// Compiles the feeds below `inputs` into the bundle file `output`.
///
/// `inputs` is a folder laid out like the publishers' sites: `debian/json`, `alpine-secdb/v3.18/main.json`,
/// `osv/PyPI/all.zip`, `kev/`, `epss/`, `endoflife/`, `nvd/`, `cvelist/`; any part of it will do. `progress` is told in
/// words what is being done.
///
/// # Errors
/// If the folder cannot be read or holds nothing that can be used, or the bundle cannot be written. The old
/// file at `output` then stays as it is.
pub fn compile(
    inputs: &Path,
    output: &Path,
    progress: &dyn Fn(&str),
) -> Result<CompileReport, KnowledgeError> {
    compile_with(inputs, &CompileOptions::default(), output, progress)
}

/// How to compile.
#[derive(Clone, Copy, Debug, Default)]
pub struct CompileOptions<'a> {
    /// The bundle in force: its numbers are carried over, and a feed that lost more than a tenth of the records that it
    /// had there is refused.
    pub previous: Option<&'a Bundle>,
    /// Feeds that may shrink all the same, by name.
    pub allow_shrink: &'a [String],
}

/// Like [`compile`], with options.
///
/// A file that lost more than a tenth of its records, or cannot be read any more, is replaced by the last good copy that
/// the download has kept beside it; without one, the compilation is refused.
///
/// # Errors
/// As [`compile`], [`KnowledgeError::Shrunk`], and [`KnowledgeError::UnknownFeed`] for a name in `allow_shrink` that is none.
pub fn compile_with(
    inputs: &Path,
    options: &CompileOptions<'_>,
    output: &Path,
    progress: &dyn Fn(&str),
) -> Result<CompileReport, KnowledgeError> {
    let previous = options.previous;
    registry::known(options.allow_shrink)?;
    let guard = Guard::new(previous.map(Bundle::manifest), options.allow_shrink);
    let mut found = walk::walk(inputs)?;
    let mut reading = Reading::default();
    let none = HashSet::new();
    reading.round(Round::Advisories, &mut found, &none, &guard, progress)?;
    progress("grouping advisories");
    let groups = group::group(&reading.harvest.records);
    let wanted: HashSet<String> = groups.iter().map(|group| group.id.clone()).collect();
    reading.round(Round::CveFacts, &mut found, &wanted, &guard, progress)?;
    reading.harvest.settle();
    if reading.sources.is_empty() {
        return Err(KnowledgeError::NothingToCompile { path: inputs.to_owned(), skipped: found.skipped });
    }
    let reports: Vec<&SourceReport> = reading.sources.iter().map(|(report, _)| report).collect();
    let warnings = guard.check(&reports)?;
    reading.warnings.extend(warnings);
    reading.sources.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    progress("writing the bundle");
    write(reading, &groups, previous, found, output)
}

fn write(
    reading: Reading,
    groups: &[Group],
    previous: Option<&Bundle>,
    found: Found,
    output: &Path,
) -> Result<CompileReport, KnowledgeError> {
    let mut registry = match previous {
        Some(bundle) => Registry::carried_over(bundle.registered()),
        None => Registry::default(),
    };
    let parts = assemble::assemble(&reading.harvest, groups, &mut registry)?;
    let content = Content {
        manifest: manifest(&reading, &parts),
        vulnerabilities: &parts.vulnerabilities,
        packages: &parts.packages,
        lifecycles: &parts.lifecycles,
        registry: &registry,
        records: &parts.records,
    };
    let bytes = content.encode()?;
    write_whole(output, &bytes)?;
    Ok(CompileReport {
        skipped: found.skipped,
        skipped_count: found.skipped_count,
        warnings: reading.warnings,
        vulnerabilities: parts.vulnerabilities.len() as u64,
        packages: parts.packages.len() as u64,
        statements: parts.statements,
        lifecycles: parts.lifecycles.cycles(),
        withdrawn: reading.withdrawn,
        rejected: parts.rejected,
        several_cves: parts.several_cves,
        bundle: Digest::of(&bytes[crate::bundle::format::HEADER..]),
        bytes: bytes.len() as u64,
        sources: reading.sources.into_iter().map(|(report, _)| report).collect(),
    })
}

fn manifest(reading: &Reading, parts: &Parts<'_>) -> Manifest {
    let source = |(report, licence): &(SourceReport, &'static str)| Source {
        feed: report.feed.to_owned(),
        path: report.path.to_string_lossy().into_owned(),
        date: report.date,
        records: report.records,
        quarantined: report.quarantined_count,
        licence: (*licence).to_owned(),
    };
    Manifest {
        builder: BUILDER.to_owned(),
        sources: reading.sources.iter().map(source).collect(),
        namespaces: parts.namespaces.clone(),
        vulnerabilities: parts.vulnerabilities.len() as u64,
        lifecycles: parts.lifecycles.cycles(),
        withdrawn: reading.withdrawn,
        rejected: parts.rejected,
        several_cves: parts.several_cves,
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    harvest: Harvest,
    sources: Vec<(SourceReport, &'static str)>,
    withdrawn: u64,
    warnings: Vec<String>,
}

impl Reading {
    fn round(
        &mut self,
        round: Round,
        found: &mut Found,
        wanted: &HashSet<String>,
        guard: &Guard<'_>,
        progress: &dyn Fn(&str),
    ) -> Result<(), KnowledgeError> {
        let files: Vec<_> = found.files.iter().filter(|(_, feed)| feed.round == round).cloned().collect();
        for (file, feed) in files {
            progress(&format!("reading {}", file.relative));
            let (mut out, older_copy) = match self.read_guarded(&file, feed, wanted, guard)? {
                Ok(read) => read,
                Err(reason) => {
                    let (path, reason) = (logged(&file.relative), logged(&reason));
                    tracing::warn!(file = %path, feed = feed.name, "{path} is left out: {reason}");
                    found.skip(&file.relative, format!("it cannot be read as {}: {reason}", feed.name));
                    continue;
                }
            };
            if out.quarantined_count > 0 {
                let path = logged(&file.relative);
                tracing::info!(
                    file = %path, count = out.quarantined_count,
                    "{} of the records of {path} are set aside", out.quarantined_count
                );
            }
            self.withdrawn += out.withdrawn;
            let report = SourceReport {
                feed: feed.name,
                path: PathBuf::from(&file.relative),
                records: out.records,
                quarantined: out.quarantined,
                quarantined_count: out.quarantined_count,
                date: out.date,
                older_copy,
            };
            let path: Arc<str> = file.relative.as_str().into();
            out.harvest.records.iter_mut().for_each(|record| record.file = Arc::clone(&path));
            self.sources.push((report, feed.licence));
            self.harvest.absorb(out.harvest);
        }
        Ok(())
    }

    /// Reads a file, or its last good copy if it has lost too much, and says which; the inner error is for a file that is
    /// left out.
    fn read_guarded<'w>(
        &mut self,
        file: &FeedFile,
        feed: &Feed,
        wanted: &'w HashSet<String>,
        guard: &Guard<'_>,
    ) -> Result<Result<(FileHarvest<'w>, bool), String>, KnowledgeError> {
        let first = read(file, feed, wanted);
        let now = first.as_ref().map_or(0, |out| out.records);
        let before = guard.lost(feed.name, &file.relative, now);
        let first = match first {
            Ok(out) if before.is_none() => return Ok(Ok((out, false))),
            first => first.map(drop),
        };
        let copy = FeedFile { path: last_good(&file.path), ..file.clone() };
        let older = copy.path.is_file().then(|| read(&copy, feed, wanted)).and_then(Result::ok);
        match (older, before) {
            (Some(out), _) if guard.lost(feed.name, &file.relative, out.records).is_none() => {
                let what = match &first {
                    Ok(_) => format!("has only {now} records"),
                    Err(reason) => format!("cannot be read ({reason})"),
                };
                self.warnings.push(format!(
                    "{} {what}: its last good copy with {} records is used",
                    file.relative, out.records
                ));
                Ok(Ok((out, true)))
            }
            (_, Some(before)) => {
                let place = match &first {
                    Ok(()) => file.relative.clone(),
                    Err(reason) => format!("{} cannot be read: {}", file.relative, logged(reason)),
                };
                Err(guard::refusal(feed.name, Some(&place), before, now))
            }
            (_, None) => Ok(Err(first.err().unwrap_or_default())),
        }
    }
}

/// A name or a reason made fit for the log and for reports: parsers quote what they could not read, and names of files are
/// foreign as well.
fn logged(text: &str) -> String {
    one_line(text, 300).unwrap_or_default()
}

fn read<'w>(file: &FeedFile, feed: &Feed, wanted: &'w HashSet<String>) -> Result<FileHarvest<'w>, String> {
    let mut out = FileHarvest::new(wanted);
    (feed.read)(file, &mut out)?;
    bounds::set_aside(&mut out);
    Ok(out)
}
