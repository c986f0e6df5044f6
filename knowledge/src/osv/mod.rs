//! OSV dumps (`<ecosystem>/all.zip`, one record per member; schema at <https://ossf.github.io/osv-schema/>).
//!
//! Any ecosystem can be parsed; those in [`USED`] are taken, the others are named and passed over. A record's entries for
//! other ecosystems than the folder's are left to those ecosystems' own dumps, where OSV lists them again. Withdrawn
//! records are counted and say nothing.

mod convert;
mod range;
mod schema;

use model::{Ecosystem, Timestamp};

use crate::input::{FeedFile, LIMITS, for_each_zip_member};
use crate::record::FileHarvest;
use crate::registry::Recognised;

use convert::Target;

pub(crate) const FEED: &str = "osv";

/// The ecosystems that are used, by OSV's name.
pub(crate) const USED: [(&str, Ecosystem); 3] =
    [("PyPI", Ecosystem::Pypi), ("npm", Ecosystem::Npm), ("Maven", Ecosystem::Maven)];

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    match file.name.as_str() {
        "all.zip" if target(file.folder()).is_some() => Recognised::Yes,
        "all.zip" => Recognised::NotUsed(format!("ecosystem {} is not used yet", file.folder())),
        "modified_id.csv" | "ecosystems.txt" => {
            Recognised::NotUsed("the list of changes is not needed".into())
        }
        _ => Recognised::No,
    }
}

/// The ecosystem of a dump; OSV's names may carry a release after a colon, which dumps do not.
fn target(folder: &str) -> Option<Target> {
    USED.iter().find(|(name, _)| *name == folder).map(|&(name, ecosystem)| Target { name, ecosystem })
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let target = target(file.folder()).ok_or("its folder names no ecosystem")?;
    let mut newest: Option<Timestamp> = None;
    for_each_zip_member(
        &file.path,
        &LIMITS,
        out,
        |name| name.ends_with(".json"),
        |name, text, out| match convert::record(text, target, out) {
            Ok(published) => newest = newest.max(published),
            Err(reason) => out.quarantine(name, reason),
        },
    )?;
    // The newest publication: `modified` moves when aliases are recomputed and is in the future at times.
    out.date = newest.or_else(|| file.date());
    Ok(())
}
