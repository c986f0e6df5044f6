//! Compiling feed files into a bundle.
//!
//! Two rounds: advisories first, then facts about the CVEs that they speak of. Each file is read by itself; one that is
//! broken is named and passed over, a bad record among good ones is set aside and counted. Nothing here asks for
//! the time: equal inputs give equal bytes.

mod assemble;
mod group;
mod report;
mod walk;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use model::Digest;

pub use report::{CompileReport, Quarantined, SourceReport};

use crate::BUILDER;
use crate::bundle::write::{Content, write_whole};
use crate::bundle::{Bundle, Manifest, Source};
use crate::error::KnowledgeError;
use crate::qid::Registry;
use crate::record::{FileHarvest, Harvest};
use crate::registry::Round;

use assemble::Parts;
use group::Group;
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
    compile_after(inputs, None, output, progress)
}

/// Like [`compile`], and carries over the numbers that an earlier bundle has given, so that none is ever used for
/// another vulnerability.
pub fn compile_after(
    inputs: &Path,
    previous: Option<&Bundle>,
    output: &Path,
    progress: &dyn Fn(&str),
) -> Result<CompileReport, KnowledgeError> {
    let mut found = walk::walk(inputs)?;
    let mut reading = Reading::default();
    let none = HashSet::new();
    reading.round(Round::Advisories, &mut found, &none, progress);
    progress("grouping advisories");
    let groups = group::group(&reading.harvest.records);
    let wanted: HashSet<String> = groups.iter().map(|group| group.id.clone()).collect();
    reading.round(Round::CveFacts, &mut found, &wanted, progress);
    if reading.sources.is_empty() {
        return Err(KnowledgeError::NothingToCompile { path: inputs.to_owned(), skipped: found.skipped });
    }
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
    };
    let bytes = content.encode()?;
    write_whole(output, &bytes)?;
    Ok(CompileReport {
        skipped: found.skipped,
        skipped_count: found.skipped_count,
        vulnerabilities: parts.vulnerabilities.len() as u64,
        packages: parts.packages.len() as u64,
        statements: parts.statements,
        lifecycles: parts.lifecycles.len() as u64,
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
        lifecycles: parts.lifecycles.len() as u64,
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
}

impl Reading {
    fn round(&mut self, round: Round, found: &mut Found, wanted: &HashSet<String>, progress: &dyn Fn(&str)) {
        let files: Vec<_> = found.files.iter().filter(|(_, feed)| feed.round == round).cloned().collect();
        for (file, feed) in files {
            progress(&format!("reading {}", file.relative));
            let mut out = FileHarvest::new(wanted);
            if let Err(reason) = (feed.read)(&file, &mut out) {
                tracing::warn!(file = %file.relative, feed = feed.name, "{} is left out: {reason}", file.relative);
                found.skip(&file.relative, format!("it cannot be read as {}: {reason}", feed.name));
                continue;
            }
            if out.quarantined_count > 0 {
                tracing::info!(
                    file = %file.relative, count = out.quarantined_count,
                    "{} of the records of {} are set aside", out.quarantined_count, file.relative
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
            };
            self.sources.push((report, feed.licence));
            self.harvest.absorb(out.harvest);
        }
    }
}
