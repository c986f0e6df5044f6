//! A zip inside a zip, as the CVE Program publishes its daily snapshot, read without unpacking it.
//!
//! The decision a reader may doubt: the inner archive is read from front to back, member by member, and its directory
//! at the end is not looked at. It has half a gigabyte, which fits neither in memory nor surely on the disk for
//! temporary files.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::read::read_zipfile_from_stream;

use crate::input::{Limits, decode_text, read_bounded};
use crate::record::FileHarvest;

/// Calls `visit` with name and text of every member that `wanted` accepts, of every zip in the zip at `path`.
///
/// A member that is too large is quarantined; an inner archive that breaks off, or that does not say before each member
/// how long it is, is an error.
pub(crate) fn for_each_inner_zip_member<'a>(
    path: &Path,
    limits: &Limits,
    out: &mut FileHarvest<'a>,
    wanted: impl Fn(&str) -> bool,
    mut visit: impl FnMut(&str, &str, &mut FileHarvest<'a>),
) -> Result<(), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut outer = zip::ZipArchive::new(BufReader::with_capacity(1 << 16, file))
        .map_err(|error| format!("it cannot be read as zip: {error}"))?;
    let names: Vec<String> =
        outer.file_names().filter_map(Result::ok).map(|name| name.into_owned()).collect();
    let mut budget = limits.archive;
    let mut members = 0;
    for name in names.iter().filter(|name| name.ends_with(".zip")) {
        let inner = outer.by_name(name).map_err(|error| format!("{name}: {error}"))?;
        let mut inner = BufReader::with_capacity(1 << 16, inner.take(limits.archive));
        let failed = |error: &dyn std::fmt::Display| format!("{name}: {error}; unpack it once");
        while let Some(mut member) = read_zipfile_from_stream(&mut inner).map_err(|error| failed(&error))? {
            members += 1;
            if members > limits.members {
                return Err(format!("it has more than {} members", limits.members));
            }
            let path = member.name().map_err(|error| failed(&error))?.into_owned();
            if !wanted(&path) {
                continue;
            }
            match read_bounded(&mut member, limits.member.min(budget)) {
                Ok(bytes) => {
                    budget -= bytes.len() as u64;
                    visit(&path, &decode_text(bytes), out);
                }
                Err(_) if budget < limits.member => {
                    return Err(format!("its members hold more than {} bytes", limits.archive));
                }
                Err(error) => out.quarantine(&path, error),
            }
        }
    }
    Ok(())
}
