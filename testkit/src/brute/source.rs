//! Opening the files of the feeds.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How much of a raw record is kept to be shown.
const SHOWN: usize = 600;

/// The names of the folders in a folder, sorted; none if it is not there.
pub(super) fn folders(path: &Path) -> Result<Vec<String>, String> {
    let Ok(entries) = std::fs::read_dir(path) else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| format!("{}: {error}", path.display()))?;
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The text of a file, unpacked if it is packed.
pub(super) fn text(path: &Path) -> Result<String, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(fault)?;
    let mut text = String::new();
    if path.extension().is_some_and(|end| end == "gz") {
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).map_err(fault)?;
    } else {
        std::io::BufReader::new(file).read_to_string(&mut text).map_err(fault)?;
    }
    Ok(text)
}

/// Name and text of every member of a zip archive.
pub(super) fn zip(path: &Path) -> Result<Vec<(String, String)>, String> {
    let fault = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| fault(&error))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| fault(&error))?;
    let mut members = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| fault(&error))?;
        let mut text = String::new();
        member.read_to_string(&mut text).map_err(|error| fault(&error))?;
        let name = member.name().map_or_else(|_| index.to_string(), |name| name.into_owned());
        members.push((name, text));
    }
    Ok(members)
}

/// Name and text of every file in the only `.tar.gz` of a folder.
pub(super) fn tar(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(fault)?.filter_map(Result::ok).map(|entry| entry.path());
    let path = entries.filter(|path| path.to_string_lossy().ends_with(".tar.gz")).min();
    let path = path.ok_or_else(|| format!("{} holds no archive", folder.display()))?;
    let mut archive = ::tar::Archive::new(flate2::read::GzDecoder::new(File::open(&path).map_err(fault)?));
    let mut members = Vec::new();
    for entry in archive.entries().map_err(fault)? {
        let mut entry = entry.map_err(fault)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let name = entry.path().map_err(fault)?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(fault)?;
        if let Ok(text) = String::from_utf8(bytes) {
            members.push((name, text));
        }
    }
    Ok(members)
}

/// A raw record, cut short.
pub(super) fn shown(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
}
