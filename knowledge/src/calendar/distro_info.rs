//! `distro-info-data` (<https://salsa.debian.org/debian/distro-info-data>): one line for each release, columns named in the
//! first line: `version,codename,series,created,release,eol` and a distribution's own further ends of support.

use model::{Lifecycle, Timestamp};

use crate::record::FileHarvest;
use crate::text::is_id;

/// Reads the calendar of `product`.
pub(super) fn read(product: &str, text: &str, out: &mut FileHarvest<'_>) -> Result<(), String> {
    let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let header: Vec<&str> = lines.next().ok_or("it is empty")?.split(',').collect();
    let column = |name: &str| header.iter().position(|title| title.trim() == name);
    let (Some(version), Some(release), Some(eol)) = (column("version"), column("release"), column("eol"))
    else {
        return Err("it has no columns version, release and eol".to_owned());
    };
    let [server, lts, esm] = ["eol-server", "eol-lts", "eol-esm"].map(column);
    for line in lines {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let date = |column: Option<usize>| -> Result<Option<Timestamp>, String> {
            match column.and_then(|column| cells.get(column)).filter(|cell| !cell.is_empty()) {
                Some(cell) => Timestamp::parse(cell).map(Some).ok_or_else(|| format!("`{cell}` is no date")),
                None => Ok(None),
            }
        };
        let dates = || -> Result<Option<Lifecycle>, String> {
            // `22.04 LTS` is release 22.04
            let cycle = cells.get(version).and_then(|cell| cell.split(' ').next()).unwrap_or_default();
            let Some(ga) = date(Some(release))?.filter(|_| is_id(cycle)) else { return Ok(None) };
            Ok(Some(Lifecycle {
                product: product.to_owned(),
                cycle: cycle.to_owned(),
                ga: Some(ga),
                eol: date(Some(eol))?.max(date(server)?),
                eos: date(lts)?.or(date(esm)?),
                ..Lifecycle::default()
            }))
        };
        match dates() {
            Ok(Some(release)) => {
                out.records += 1;
                out.harvest.products.add_release(release);
            }
            Ok(None) => {}
            Err(reason) => out.quarantine(line, reason),
        }
    }
    Ok(())
}
