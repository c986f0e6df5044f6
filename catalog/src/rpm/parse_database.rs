//! Packages out of a database of rpm, whichever store it is; the first bytes tell, not the name.
//!
//! Of a package's file list only what may prove a language package is kept.

use super::evr::{self, Record};
use super::header::{Header, tag};
use super::{Damage, MAX_DATABASE, MAX_PACKAGES, bdb, log, ndb, sqlite};
use crate::facts::{Facts, MAX_NOTES};
use crate::owner::OwnedFiles;
use crate::path;
use crate::registry::Input;
use crate::text::{Problem, owned, read_all};
use crate::{license, secret, vendor};

/// Bytes of paths that are put together of one database, kept or not; honest ones have some ten megabytes.
const MAX_PATH_BYTES: usize = 256 << 20;
/// What a path costs of these beside its own bytes, so that empty ones are not free.
const PATH_COST: usize = 64;
/// Directories of one package; the largest packages have some ten thousand.
const MAX_DIRECTORIES: usize = 500_000;
/// Longest directory; longer ones cannot be opened (`PATH_MAX` of Linux).
const MAX_DIRECTORY: usize = 4096;

/// Keeps the packages of the database; what is damaged becomes a note and the rest is read.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    if path::name(input.path).ends_with(b"-wal") {
        return read_log(input);
    }
    let file = read_all(input.content, input.size, MAX_DATABASE)?;
    read_bytes(&file, facts)
}

fn read_bytes(file: &[u8], facts: &mut Facts) -> Result<(), Problem> {
    if file.is_empty() {
        return Ok(());
    }
    let mut reader = Reader { facts, records: Vec::new(), path_bytes: MAX_PATH_BYTES, paths_left_out: false };
    let outcome = headers(file, &mut |blob| reader.package(blob));
    let Reader { facts, records, .. } = reader;
    if let Err(damage) = outcome {
        facts.note(damage.to_string());
    }
    evr::finish(records, facts)
}

/// Hands out the headers of the store that the file is.
fn headers(file: &[u8], sink: &mut super::Sink<'_>) -> Result<(), Damage> {
    if file.starts_with(sqlite::MAGIC) {
        sqlite::read(file, sink)
    } else if file.starts_with(ndb::MAGIC) {
        ndb::read(file, sink)
    } else if bdb::is_database(file) {
        bdb::read(file, sink)
    } else {
        Err(Damage::UnknownStore)
    }
}

/// What is noted of a log until it has been put into its database.
const UNREAD_LOG: &str = "changes in the write-ahead log of the rpm database are not read";

/// Looks whether a log holds a commit, which the database file may lack.
fn read_log(input: &mut Input<'_>) -> Result<(), Problem> {
    let mut head = [0; 32];
    let Some(head) = read_exactly(input, &mut head)?.then(|| log::Head::parse(&head)).flatten() else {
        return Ok(());
    };
    let mut search = log::Search::new(head);
    let mut frame = vec![0; search.frame()];
    while read_exactly(input, &mut frame)? {
        match search.next(&frame) {
            Some(true) => return Err(Problem::Malformed(UNREAD_LOG.to_owned())),
            Some(false) => {}
            None => break,
        }
    }
    Ok(())
}

/// Whether there were as many bytes.
fn read_exactly(input: &mut Input<'_>, buffer: &mut [u8]) -> Result<bool, Problem> {
    match input.content.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a file is a log with changes that have not been read.
pub(crate) fn is_unread_log(path: &[u8], facts: &Facts) -> bool {
    path.ends_with(b"-wal") && facts.notes.iter().any(|note| note == UNREAD_LOG)
}

/// What a database says after the changes of its log. `None` if the log is not of this database.
pub(crate) fn read_with_log(mut database: Vec<u8>, log: &[u8]) -> Option<Facts> {
    log::apply(&mut database, log, MAX_DATABASE)?;
    let mut facts = Facts::default();
    // Odd bytes must cost this database alone, as when it is read the first time.
    let outcome =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read_bytes(&database, &mut facts)));
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => facts.note(problem.to_string()),
        Err(_) => facts = Facts::unreadable("reader rpm-database failed on this file and its log"),
    }
    secret::scrub(&mut facts);
    Some(facts)
}

struct Reader<'a> {
    facts: &'a mut Facts,
    records: Vec<Record>,
    path_bytes: usize,
    paths_left_out: bool,
}

impl Reader<'_> {
    /// Takes one header; `false` when there are too many.
    fn package(&mut self, blob: Result<&[u8], Damage>) -> bool {
        match blob.and_then(Header::parse) {
            Ok(header) => self.header(&header),
            // The text of what is not kept would cost more than all the rest.
            Err(damage) if self.facts.notes.len() <= MAX_NOTES => self.facts.note(damage.to_string()),
            Err(_) => {}
        }
        if self.records.len() < MAX_PACKAGES {
            return true;
        }
        self.facts.note(format!("more than {MAX_PACKAGES} packages, the rest is left out"));
        false
    }

    fn header(&mut self, header: &Header<'_>) {
        let text = |tag| header.text(tag).map(owned);
        let (Some(name), Some(version), Some(release)) =
            (text(tag::NAME), text(tag::VERSION), text(tag::RELEASE))
        else {
            return self.facts.note("package without name, version or release");
        };
        if name == "gpg-pubkey" {
            return;
        }
        self.files(&name, header);
        self.records.push(Record {
            name,
            epoch: header.number(tag::EPOCH).unwrap_or_default(),
            version: format!("{version}-{release}"),
            arch: text(tag::ARCH).unwrap_or_default(),
            source: text(tag::SOURCE_RPM).unwrap_or_default(),
            vendor: vendor::of_rpm(
                &text(tag::VENDOR).unwrap_or_default(),
                &text(tag::PACKAGER).unwrap_or_default(),
            ),
            license: text(tag::LICENSE).and_then(|text| license::expression(&text)),
            module: text(tag::MODULARITY_LABEL).and_then(|label| evr::module_of(&label)),
        });
    }

    /// Paths are kept as directories and names apart (rpm 4), or whole (rpm 3).
    fn files(&mut self, package: &str, header: &Header<'_>) {
        let mut files = OwnedFiles::of(self.facts);
        let directories: Vec<&[u8]> =
            header.texts(tag::DIR_NAMES).map(without_slash).take(MAX_DIRECTORIES).collect();
        if directories.len() == MAX_DIRECTORIES {
            self.facts.note("a package has too many directories, the rest is left out");
        }
        let indexes = header.numbers(tag::DIR_INDEXES);
        let mut file: Vec<u8> = Vec::new();
        for (name, index) in header.texts(tag::BASE_NAMES).zip(indexes) {
            let directory = directories.get(index as usize).filter(|path| path.len() <= MAX_DIRECTORY);
            let Some(directory) = directory else { continue };
            if !self.afford(directory.len() + name.len()) {
                break;
            }
            file.clear();
            file.extend_from_slice(directory);
            file.extend_from_slice(name);
            files.add(&file);
        }
        for name in header.texts(tag::OLD_FILE_NAMES).map(without_slash) {
            if !self.afford(name.len()) {
                break;
            }
            files.add(name);
        }
        files.finish(package, self.facts);
    }

    fn afford(&mut self, bytes: usize) -> bool {
        match self.path_bytes.checked_sub(bytes + PATH_COST) {
            Some(left) => {
                self.path_bytes = left;
                true
            }
            None => {
                if !std::mem::replace(&mut self.paths_left_out, true) {
                    self.facts.note("file lists are too long, the rest is left out");
                }
                false
            }
        }
    }
}

fn without_slash(path: &[u8]) -> &[u8] {
    path.strip_prefix(b"/").unwrap_or(path)
}
