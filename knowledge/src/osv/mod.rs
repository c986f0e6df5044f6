//! OSV records (schema at <https://ossf.github.io/osv-schema/>): dumps (`<ecosystem>/all.zip`, one record per member), the
//! dump of everything (`osv/all.zip`), single records (`<ecosystem>/<id>.json`), and archives of records as GitHub
//! and distributions keep them (`advisory-database-*.tar.gz`, `osv-all.tar.xz`).
//!
//! Ecosystems that no package here belongs to are named and passed over. A record's entries for other ecosystems than the
//! folder's are left to those ecosystems' own dumps, where OSV lists them again. Withdrawn records are kept, so that it
//! can be explained why they say nothing any more.
//!
//! The decision a reader may doubt: `upstream` and `related` are followed for distributions and for nobody else. An
//! advisory of a distribution has no other way to say what it fixes; in language databases the same words mean
//! another flaw of the same kind.

mod advisory;
mod convert;
mod modules;
mod package;
mod place;
mod range;
mod schema;

use model::Timestamp;

use crate::input::{FeedFile, LIMITS, for_each_tar_member, for_each_zip_member, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

use convert::{Reader, Scope};

pub(crate) const FEED: &str = "osv";

/// From this many records on, a dump holds some of the year in which it was made.
const LARGE: u64 = 100;

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let folder = file.folder();
    match file.name.as_str() {
        "all.zip" if place::is_used(folder) || folder == "osv" => Recognised::Yes,
        "all.zip" => Recognised::NotUsed(format!("ecosystem {folder} is not used")),
        "modified_id.csv" | "ecosystems.txt" => {
            Recognised::NotUsed("the list of changes is not needed".into())
        }
        name if is_archive(name) => Recognised::Yes,
        name if name.ends_with(".json") && is_record_folder(&file.parents) => Recognised::Yes,
        _ => Recognised::No,
    }
}

/// Whether a file is an archive of many ecosystems' records.
fn is_archive(name: &str) -> bool {
    let known = ["osv-all.tar", "osv.tar", "advisory-database"].iter().any(|start| name.starts_with(start));
    known
        && [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// Whether single records of a used ecosystem lie in a folder.
fn is_record_folder(parents: &[String]) -> bool {
    matches!(parents, [.., osv, ecosystem] if osv == "osv" && place::is_used(ecosystem))
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let scope = match file.folder() {
        folder if !is_archive(&file.name) && place::is_used(folder) => Scope::Database(folder.to_owned()),
        _ => Scope::Everything,
    };
    let mut reader = Reader::new(scope);
    let mut newest: Option<Timestamp> = None;
    let is_record = |name: &str| name.ends_with(".json");
    let mut visit = |name: &str, text: &str, out: &mut FileHarvest<'_>| match reader.record(text, out) {
        Ok(published) => newest = newest.max(published),
        Err(reason) => out.quarantine(name, reason),
    };
    if file.name.ends_with(".zip") {
        for_each_zip_member(&file.path, &LIMITS, out, is_record, visit)?;
    } else if is_archive(&file.name) {
        for_each_tar_member(&file.path, &LIMITS, out, is_record, visit)?;
    } else {
        visit(&file.name, &read_document(&file.path, &LIMITS)?, out);
        if out.records == 0 {
            return Err("it is no record".into());
        }
    }
    if reader.elsewhere + reader.harmless > 0 {
        tracing::info!(
            file = %file.relative, elsewhere = reader.elsewhere, harmless = reader.harmless,
            "{} speaks of {} packages that belong to no release and holds {} advisories without a vulnerability",
            file.relative, reader.elsewhere, reader.harmless
        );
    }
    modules::fill_in(&mut out.harvest.records);
    drop_dates_of_the_future(reader.year, out);
    // The newest publication: `modified` moves when aliases are recomputed and is in the future at times.
    out.date = newest.or_else(|| file.date());
    Ok(())
}

/// Forgets when a record was changed if that lies behind the year in which the dump was made, as far as its own ids
/// and publications tell it: the clock is never asked, so that equal files give equal bundles. A small file may hold
/// nothing of its own year, so that it gets a year more.
fn drop_dates_of_the_future(year: Option<i16>, out: &mut FileHarvest<'_>) {
    let Some(year) = year else { return };
    let first = year + if out.records >= LARGE { 1 } else { 2 };
    let Some(future) = Timestamp::parse(&format!("{first:04}-01-01")) else { return };
    for record in &mut out.harvest.records {
        record.modified = record.modified.filter(|modified| *modified < future);
    }
}
