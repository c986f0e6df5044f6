//! Taking changed records into an archive: what does not change is copied as it is, into a new file beside the old one.
//!
//! The decision a reader may doubt: increments are merged here instead of being laid beside the archive. So the compiler, an
//! export over an air gap and a person who looks into the folder see one file in the publisher's own form.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::Path;

use crate::input::{LIMITS, open_decompressed};
use crate::tar_name::Names;

/// How hard archives are packed that are packed anew; the standard level of zstd.
const LEVEL: i32 = 3;

/// What changes in an archive. Members are known by the end of their names, from a slash on.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// By path below the publisher's folder.
    pub(super) put: BTreeMap<String, Vec<u8>>,
    pub(super) drop: BTreeSet<String>,
}

impl Changed {
    /// The changed path that a member's name stands for.
    fn hit<'n>(&self, name: &'n str) -> Option<&'n str> {
        let mut path = name;
        loop {
            if self.put.contains_key(path) || self.drop.contains(path) {
                return Some(path);
            }
            path = path.split_once('/')?.1;
        }
    }
}

/// Writes `base` with the changes as a zip file; new members lie below `prefix`.
pub(super) fn zip(base: &Path, changed: &Changed, prefix: &str, out: &Path) -> Result<(), String> {
    let text = |error: zip::result::ZipError| error.to_string();
    let mut archive = zip::ZipArchive::new(open(base)?).map_err(text)?;
    if archive.len() > LIMITS.members {
        return Err(format!("it has more than {} members", LIMITS.members));
    }
    let mut writer = zip::ZipWriter::new(BufWriter::new(create(out)?));
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(text)?;
        // A name that cannot be read is nobody's, and stays as it is.
        let name = member.name().map(std::borrow::Cow::into_owned).unwrap_or_default();
        match changed.hit(&name) {
            Some(path) => {
                names.insert(path.to_owned(), name);
            }
            None => writer.raw_copy_file(member).map_err(text)?,
        }
    }
    for (path, bytes) in &changed.put {
        let name = names.get(path).cloned().unwrap_or_else(|| format!("{prefix}{path}"));
        // No time of day: the same records give the same bytes.
        let options = zip::write::SimpleFileOptions::default()
            .last_modified_time(zip::DateTime::default())
            .large_file(false);
        writer.start_file(name, options).map_err(text)?;
        writer.write_all(bytes).map_err(|error| error.to_string())?;
    }
    let file = writer.finish().map_err(text)?;
    sync(file)
}

/// Writes `base`, a tar file however it is compressed, with the changes as a tar file compressed by zstd.
pub(super) fn tar(base: &Path, changed: &Changed, prefix: &str, out: &Path) -> Result<(), String> {
    let io = |error: io::Error| error.to_string();
    let mut archive = tar::Archive::new(open_decompressed(base)?.take(LIMITS.archive));
    let encoder = zstd::Encoder::new(BufWriter::new(create(out)?), LEVEL).map_err(io)?;
    let mut builder = tar::Builder::new(encoder);
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut long_names = Names::default();
    for (index, entry) in archive.entries().map_err(io)?.raw(true).enumerate() {
        if index >= LIMITS.members {
            return Err(format!("it has more than {} members", LIMITS.members));
        }
        let mut entry = entry.map_err(|error| format!("member {index}: {error}"))?;
        let name = long_names.of(&mut entry).map_err(|error| format!("member {index}: {error}"))?;
        let Some(name) = name else { continue };
        if let Some(path) = changed.hit(&name) {
            names.insert(path.to_owned(), name);
            continue;
        }
        append(&mut builder, &name, entry.size(), &mut entry).map_err(|error| format!("{name}: {error}"))?;
    }
    for (path, bytes) in &changed.put {
        let name = names.get(path).cloned().unwrap_or_else(|| format!("{prefix}{path}"));
        append(&mut builder, &name, bytes.len() as u64, bytes.as_slice()).map_err(io)?;
    }
    sync(builder.into_inner().and_then(zstd::Encoder::finish).map_err(io)?)
}

/// Owner, mode and times of members mean nothing here, and are the same for all.
fn append(
    builder: &mut tar::Builder<impl io::Write>,
    name: &str,
    size: u64,
    data: impl io::Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    builder.append_data(&mut header, name, data)
}

fn open(path: &Path) -> Result<File, String> {
    File::open(path).map_err(|error| error.to_string())
}

fn create(path: &Path) -> Result<File, String> {
    File::create(path).map_err(|error| error.to_string())
}

fn sync(writer: BufWriter<File>) -> Result<(), String> {
    let file = writer.into_inner().map_err(|error| error.to_string())?;
    file.sync_all().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed() -> Changed {
        let put = [("2024/a.json", "new a"), ("2024/d.json", "d")];
        Changed {
            put: put.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect(),
            drop: BTreeSet::from(["2023/b.json".to_owned()]),
        }
    }

    const BEFORE: [(&str, &str); 4] =
        [("x/2024/a.json", "old a"), ("x/2023/b.json", "b"), ("x/2023/c.json", "c"), ("x/xa.json", "e")];
    const AFTER: [(&str, &str); 4] =
        [("x/2023/c.json", "c"), ("x/xa.json", "e"), ("x/2024/a.json", "new a"), ("x/2024/d.json", "d")];

    #[test]
    fn a_tar_file_takes_in_changes_and_keeps_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let (base, out) = (folder.path().join("base"), folder.path().join("out"));
        let packer = bzip2::write::BzEncoder::new(File::create(&base).unwrap(), bzip2::Compression::fast());
        let mut builder = tar::Builder::new(packer);
        for (name, text) in BEFORE {
            append(&mut builder, name, text.len() as u64, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap();
        tar(&base, &changed(), "x/", &out).unwrap();
        let mut archive = tar::Archive::new(open_decompressed(&out).unwrap());
        let mut found = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            found.push((entry.path().unwrap().display().to_string(), text));
        }
        let expected: Vec<_> =
            AFTER.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_zip_file_takes_in_changes_and_is_the_same_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let (base, out) = (folder.path().join("base"), folder.path().join("out"));
        let mut writer = zip::ZipWriter::new(File::create(&base).unwrap());
        for (name, text) in BEFORE {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        zip(&base, &changed(), "x/", &out).unwrap();
        let first = std::fs::read(&out).unwrap();
        zip(&base, &changed(), "x/", &out).unwrap();
        assert_eq!(std::fs::read(&out).unwrap(), first);
        let mut archive = zip::ZipArchive::new(File::open(&out).unwrap()).unwrap();
        let mut found = Vec::new();
        for index in 0..archive.len() {
            let mut member = archive.by_index(index).unwrap();
            let name = member.name().unwrap().into_owned();
            let mut text = String::new();
            member.read_to_string(&mut text).unwrap();
            found.push((name, text));
        }
        let expected: Vec<_> =
            AFTER.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_base_that_is_no_archive_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (base, out) = (folder.path().join("base"), folder.path().join("out"));
        std::fs::write(&base, "<html>").unwrap();
        assert!(zip(&base, &Changed::default(), "", &out).is_err());
        assert!(tar(&base, &Changed::default(), "", &out).is_err());
    }
}
