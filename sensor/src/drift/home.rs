//! Which language package a file belongs to, told by where the file lies that proves the package.
//!
//! The decision a reader may doubt: of Python, the list that the installer wrote is read (`RECORD`, Recording Installed
//! Projects), because packages share a directory; of all others the package's own directory is enough. A file that the list
//! has no digest of, such as compiled code, is written by the interpreter itself and is nobody's.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

use model::{Ecosystem, PackageRecord};

use super::Opened;
use super::lower::{join, split};

/// Largest list of installed files that is read, in bytes.
const MAX_LIST: u64 = 32 << 20;

/// Files that are kept of one directory of Python packages.
const MAX_FILES: usize = 1_000_000;

/// Longest line of such a list.
const MAX_LINE: u64 = 16 << 10;

/// Gives the content of a file.
pub(crate) type Open<'o> = &'o mut dyn FnMut(&[u8]) -> Option<Opened>;

/// Where the language packages of an image or a container are at home. Positions are those of the records.
#[derive(Debug, Default)]
pub(crate) struct Homes {
    folders: HashMap<Vec<u8>, u32>,
    files: HashMap<Vec<u8>, Vec<u32>>,
    /// By directory of Python packages.
    sites: HashMap<Vec<u8>, Site>,
}

/// The record of the package that lists a path.
type Listed = HashMap<Vec<u8>, u32>;

#[derive(Debug, Default)]
struct Site {
    /// The packages in it: the folder of the metadata, and the record.
    packages: Vec<(Vec<u8>, u32)>,
    /// By path; read when it is first asked for.
    files: Mutex<Option<Arc<Listed>>>,
}

impl Homes {
    /// Finds out where `records` are at home.
    pub(crate) fn of(records: &[PackageRecord]) -> Self {
        let mut homes = Self::default();
        for (at, record) in records.iter().enumerate() {
            if record.ecosystem.is_os() || record.declared {
                continue;
            }
            let file = record.path.split("!/").next().unwrap_or_default().as_bytes();
            homes.add(at as u32, record, file);
        }
        homes
    }

    fn add(&mut self, at: u32, record: &PackageRecord, file: &[u8]) {
        let (folder, name) = split(file);
        self.files.entry(file.to_vec()).or_default().push(at);
        let mut is_in = |folder: &[u8]| {
            self.folders.entry(folder.to_vec()).or_insert(at);
        };
        match record.ecosystem {
            Ecosystem::Pypi => {
                let (site, own) = split(folder);
                if own == b"EGG-INFO" {
                    return is_in(site);
                }
                // a record of the older form is a file of its own, one of the newer form a folder
                let (site, metadata) =
                    if name.ends_with(b".egg-info") { (folder, file) } else { (site, folder) };
                let packages = &mut self.sites.entry(site.to_vec()).or_default().packages;
                packages.push((metadata.to_vec(), at));
            }
            Ecosystem::Npm | Ecosystem::Pub | Ecosystem::Julia | Ecosystem::Cran | Ecosystem::Luarocks => {
                is_in(folder);
            }
            Ecosystem::Gem => {
                let stem = name.strip_suffix(b".gemspec").unwrap_or(name);
                let (above, last) = split(folder);
                let specifications = if last == b"default" { above } else { folder };
                is_in(&join(&join(split(specifications).0, b"gems"), stem));
            }
            Ecosystem::Composer => is_in(&join(split(folder).0, record.name.as_bytes())),
            Ecosystem::Hex | Ecosystem::Otp if split(folder).1 == b"ebin" => is_in(split(folder).0),
            Ecosystem::Nuget if name.ends_with(b".nuspec") => is_in(folder),
            _ => {}
        }
    }

    /// The records of the packages that the file at `path` belongs to.
    pub(crate) fn owners(&self, path: &[u8], open: Open<'_>) -> Vec<u32> {
        let mut owners = self.files.get(path).cloned().unwrap_or_default();
        let mut folder = split(path).0;
        while !folder.is_empty() {
            if let Some(at) = self.folders.get(folder) {
                owners.push(*at);
                break;
            }
            folder = split(folder).0;
        }
        owners.extend(self.in_site(path, open));
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// The Python package that lists `path`.
    fn in_site(&self, path: &[u8], open: Open<'_>) -> Option<u32> {
        let (above, _) = split(path);
        self.sites
            .iter()
            .filter(|(site, _)| may_list(site, path, above))
            .find_map(|(site, known)| known.files(site, open).get(path).copied())
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        const ENTRY: usize = 64;
        let folders: usize = self.folders.keys().map(|path| path.len() + ENTRY).sum();
        let files: usize = self.files.keys().map(|path| path.len() + ENTRY).sum();
        let sites = self.sites.values().map(|site| {
            let known = site.files.lock().unwrap_or_else(PoisonError::into_inner);
            known.as_ref().map_or(0, |files| files.keys().map(|path| path.len() + ENTRY).sum::<usize>())
        });
        folders + files + sites.sum::<usize>()
    }
}

/// Whether packages in `site` may list `path`: it lies there, or beside the programs of the same installation,
/// `PREFIX/lib/python3.11/site-packages` and `PREFIX/bin`.
fn may_list(site: &[u8], path: &[u8], above: &[u8]) -> bool {
    let is_below = path.strip_prefix(site).is_some_and(|rest| rest.starts_with(b"/"));
    let prefix = || split(split(split(site).0).0).0;
    is_below || split(above).1 == b"bin" && split(above).0 == prefix()
}

impl Site {
    fn files(&self, site: &[u8], open: Open<'_>) -> Arc<Listed> {
        let mut known = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(files) = &*known {
            return Arc::clone(files);
        }
        let mut files = Listed::new();
        for (metadata, at) in &self.packages {
            if let Some((size, content)) = open(&join(metadata, b"RECORD")) {
                read_list(site, *at, content.take(size.min(MAX_LIST)), &mut files);
            }
        }
        let files = Arc::new(files);
        *known = Some(Arc::clone(&files));
        files
    }
}

/// Reads one `RECORD`: lines of path, digest and size, of which a path with a comma is quoted.
fn read_list(site: &[u8], at: u32, content: impl Read, files: &mut Listed) {
    let mut content = BufReader::new(content);
    let mut line = Vec::new();
    while files.len() < MAX_FILES {
        line.clear();
        match content.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        let mut fields = line.trim_ascii_end().rsplitn(3, |byte| *byte == b',');
        let (_, digest, path) = (fields.next(), fields.next(), fields.next());
        let Some(path) = path.filter(|_| digest.is_some_and(|digest| !digest.is_empty())) else { continue };
        let path = path.strip_prefix(b"\"").and_then(|path| path.strip_suffix(b"\"")).unwrap_or(path);
        if let Some(path) = resolve(site, path) {
            files.insert(path, at);
        }
    }
}

/// A path as seen from `folder`; `None` if it leads out of the container.
pub(crate) fn resolve(folder: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = Vec::new();
    let relative = if path.starts_with(b"/") { b"" } else { folder };
    for part in relative.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    (!parts.is_empty()).then(|| parts.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use model::Package;

    use super::*;

    fn record(ecosystem: Ecosystem, name: &str, path: &str) -> PackageRecord {
        PackageRecord::new(Package::new(ecosystem, name, "1"), path)
    }

    #[test]
    fn a_file_belongs_to_the_package_whose_directory_is_nearest() {
        let records = [
            record(Ecosystem::Npm, "a", "app/node_modules/a/package.json"),
            record(Ecosystem::Npm, "b", "app/node_modules/a/node_modules/b/package.json"),
            record(Ecosystem::Gem, "rake", "usr/lib/ruby/gems/3.1.0/specifications/default/rake-13.gemspec"),
            record(Ecosystem::Composer, "x/y", "srv/vendor/composer/installed.json"),
            record(Ecosystem::Maven, "g:inner", "opt/outer.jar!/lib/inner.jar"),
        ];
        let homes = Homes::of(&records);
        let owners = |path: &str| homes.owners(path.as_bytes(), &mut |_| None);
        assert_eq!(owners("app/node_modules/a/lib/x.js"), [0]);
        assert_eq!(owners("app/node_modules/a/node_modules/b/x.js"), [1]);
        assert_eq!(owners("usr/lib/ruby/gems/3.1.0/gems/rake-13/exe/rake"), [2]);
        assert_eq!(owners("srv/vendor/x/y/z.php"), [3]);
        assert_eq!(owners("opt/outer.jar"), [4]);
        assert_eq!(owners("opt/other"), [0_u32; 0]);
    }

    #[test]
    fn python_files_are_those_that_the_installer_listed_with_a_digest() {
        let site = "opt/v/lib/python3.11/site-packages";
        let records = [record(Ecosystem::Pypi, "flask", &format!("{site}/flask-1.dist-info/METADATA"))];
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("RECORD");
        let lines = "flask/app.py,sha256=x,10\n\"flask/a,b.py\",sha256=x,1\n../../../bin/flask,sha256=x,2\n\
                     flask/__pycache__/app.cpython-311.pyc,,\n../../../../../../../etc/passwd,sha256=x,1\n";
        std::fs::write(&list, lines).unwrap();
        let mut asked = Vec::new();
        let homes = Homes::of(&records);
        let mut open = |path: &[u8]| {
            asked.push(String::from_utf8_lossy(path).into_owned());
            Some((lines.len() as u64, std::fs::File::open(&list).ok()?))
        };
        let mut owners = |path: &str| homes.owners(path.as_bytes(), &mut open);
        assert_eq!(owners(&format!("{site}/flask/app.py")), [0]);
        assert_eq!(owners(&format!("{site}/flask/a,b.py")), [0]);
        assert_eq!(owners("opt/v/bin/flask"), [0]);
        assert_eq!(owners(&format!("{site}/flask/__pycache__/app.cpython-311.pyc")), [0_u32; 0]);
        assert_eq!(owners("etc/passwd"), [0_u32; 0]);
        assert_eq!(asked, [format!("{site}/flask-1.dist-info/RECORD")], "the list is read once");
    }
}
