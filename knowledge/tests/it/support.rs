//! Folders of feeds: written by a test, or the real samples.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use knowledge::{Bundle, BundleAffected, CompileReport, KnowledgeError};
use model::Namespace;

/// A temporary folder of feeds and what was compiled from it.
pub(crate) struct Feeds {
    folder: tempfile::TempDir,
}

impl Feeds {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("feeds")
    }

    /// Writes a file.
    pub(crate) fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Writes an OSV dump with one member per record.
    pub(crate) fn osv(self, ecosystem: &str, records: &[&str]) -> Self {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (index, record) in records.iter().enumerate() {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(format!("record-{index}.json"), options).unwrap();
            writer.write_all(record.as_bytes()).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        self.file(&format!("osv/{ecosystem}/all.zip"), bytes)
    }

    /// Links a real sample into the folder.
    pub(crate) fn real(self, path: &str) -> Self {
        let target = self.path().join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(shared().join("data").join(path), target).unwrap();
        self
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.folder.path().join("made.bundle")
    }

    pub(crate) fn try_compile(&self) -> Result<CompileReport, KnowledgeError> {
        knowledge::compile(&self.path(), &self.output(), &|_| {})
    }

    pub(crate) fn compile(&self) -> (Bundle, CompileReport) {
        let report = self.try_compile().unwrap();
        let bundle = Bundle::open(&self.output()).unwrap();
        bundle.verify().unwrap();
        assert_eq!(bundle.id(), report.bundle);
        (bundle, report)
    }
}

/// The folder of samples.
pub(crate) fn shared() -> PathBuf {
    match std::env::var_os("PLIMSOLL_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).to_owned(),
    }
}

pub(crate) fn affected(bundle: &Bundle, namespace: &str, package: &str) -> Vec<BundleAffected> {
    bundle.affected(&Namespace(namespace.into()), package)
}

/// The one statement about a vulnerability, by main id.
pub(crate) fn only(bundle: &Bundle, namespace: &str, package: &str, id: &str) -> BundleAffected {
    let mut found = affected(bundle, namespace, package);
    found.retain(|found| found.vulnerability.id == id);
    assert_eq!(found.len(), 1, "{id} in {package} of {namespace}");
    found.remove(0)
}

/// Ranges as text: `[1..2) [3..]`.
pub(crate) fn ranges(found: &BundleAffected) -> String {
    use model::Bound;
    let show = |range: &model::AffectedRange| {
        let start = range.introduced.as_deref().unwrap_or_default();
        match &range.end {
            Bound::Open => format!("[{start}..)"),
            Bound::Fixed(end) => format!("[{start}..{end})"),
            Bound::LastAffected(end) => format!("[{start}..{end}]"),
        }
    };
    found.affected.ranges.iter().map(show).collect::<Vec<_>>().join(" ")
}

/// Where a source's report is.
pub(crate) fn source<'a>(report: &'a CompileReport, path: &str) -> &'a knowledge::SourceReport {
    report.sources.iter().find(|source| source.path == Path::new(path)).unwrap()
}

/// The reason why something was skipped.
pub(crate) fn skipped<'a>(report: &'a CompileReport, path: &str) -> &'a str {
    let found = report.skipped.iter().find(|(skipped, _)| skipped == Path::new(path));
    &found.unwrap_or_else(|| panic!("{path} is not among {:?}", report.skipped)).1
}
