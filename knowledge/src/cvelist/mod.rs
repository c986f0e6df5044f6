//! CVE 5.x records of the CVE Program with CISA's container (<https://github.com/CVEProject/cvelistV5>,
//! <https://github.com/cisagov/vulnrichment>): title, description, CVSS and weaknesses by the CNA and by CISA, SSVC,
//! rejection.
//!
//! Read as published: the daily and the hourly zip of the releases (the daily one is a zip in a zip), a zip or tarball of
//! either repository, or unpacked records below their `<N>xxx` folders. Used for facts about CVEs only; `affected` never
//! decides a match here.
//!
//! The decision a reader may doubt: the CNA's container and CISA's count as two sources. A copy of the record from one
//! repository can be newer in one container and older in the other.

mod record;

use crate::facts::{FactSource, is_cve};
use crate::inner_zip::for_each_inner_zip_member;
use crate::input::{FeedFile, LIMITS, for_each_tar_member, for_each_zip_member, read_document};
use crate::record::FileHarvest;
use crate::registry::Recognised;

pub(crate) use record::{CISA, Options, exploitation_of};

pub(crate) const FEED: &str = "cvelist";

pub(crate) fn recognise(file: &FeedFile) -> Recognised {
    let lower = file.name.to_ascii_lowercase();
    let named = lower.contains("_cves") || lower.contains("cvelist") || lower.contains("vulnrichment");
    let placed = matches!(file.folder(), "cvelist" | "cvelistV5" | "vulnrichment");
    if file.is("zip") || is_tar(file) {
        return Recognised::when(named || placed);
    }
    let is_folder_of_thousand = |name: &str| {
        name.strip_suffix("xxx").is_some_and(|n| !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let by_number = is_folder_of_thousand(file.folder()) || matches!(file.folder(), "deltaCves" | "cvelist");
    Recognised::when(by_number && is_record(&file.name))
}

fn is_tar(file: &FeedFile) -> bool {
    file.is("tar") || file.is("tgz")
}

/// Whether a path is that of a record: the name is its id.
fn is_record(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".json").is_some_and(is_cve)
}

pub(crate) fn read(file: &FeedFile, out: &mut FileHarvest<'_>) -> Result<(), String> {
    out.date = file.date();
    if is_tar(file) {
        for_each_tar_member(&file.path, &LIMITS, out, is_record, read_record)?;
    } else if file.is("zip") {
        for_each_zip_member(&file.path, &LIMITS, out, is_record, read_record)?;
        if out.records == 0 && out.quarantined_count == 0 {
            for_each_inner_zip_member(&file.path, &LIMITS, out, is_record, read_record)?;
        }
    } else {
        read_record(&file.name, &read_document(&file.path, &LIMITS)?, out);
    }
    if out.records == 0 && out.quarantined_count == 0 {
        return Err("it holds no CVE records".into());
    }
    Ok(())
}

fn read_record(name: &str, text: &str, out: &mut FileHarvest<'_>) {
    let id = match record::id_of(text) {
        Ok(id) => id,
        Err(error) => return out.quarantine(name, error),
    };
    if !is_cve(&id) {
        return out.quarantine(name, format!("\"{id}\" is no CVE"));
    }
    if !out.wanted.contains(&id) {
        out.records += 1;
        return;
    }
    match record::read(text, out) {
        Ok((own, cisa)) => {
            out.records += 1;
            out.say(&id, FactSource::Cna, own);
            if let Some(cisa) = cisa {
                out.say(&id, FactSource::CisaAdp, cisa);
            }
        }
        Err(error) => out.quarantine(name, error),
    }
}
