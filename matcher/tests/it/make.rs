//! Short ways to make statements and packages.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use knowledge::{Bundle, BundleAffected};
use matcher::Judgement;
use model::{Affected, Distro, Ecosystem, Named, Package, SourcePackage, Timestamp, Vulnerability};

pub(crate) fn statement(qid: u32, id: &str, affected: Affected) -> BundleAffected {
    let vulnerability =
        Vulnerability { qid, id: id.to_owned(), title: id.to_owned(), ..Vulnerability::default() };
    BundleAffected { affected, vulnerability: Arc::new(vulnerability) }
}

pub(crate) fn package(ecosystem: Ecosystem, name: &str, version: &str) -> Package {
    Package {
        ecosystem,
        distro: None,
        name: name.to_owned(),
        version: version.to_owned(),
        arch: None,
        source: None,
        module: None,
        vendor: None,
    }
}

pub(crate) fn os_package(ecosystem: Ecosystem, distro: &str, name: &str, source: (&str, &str)) -> Package {
    let distro: Result<Distro, _> = distro.parse();
    Package {
        distro: distro.ok(),
        source: Some(SourcePackage { name: source.0.to_owned(), version: source.1.to_owned() }),
        ..package(ecosystem, name, source.1)
    }
}

/// Judges `package` by these statements alone.
pub(crate) fn judged(package: &Package, statements: &[BundleAffected]) -> Judgement {
    let namespace = knowledge::namespace_of(package).unwrap();
    let key = knowledge::advisory_key(package);
    let given: Vec<_> = statements
        .iter()
        .map(|statement| {
            let mut statement = statement.clone();
            if package.ecosystem.is_os() {
                statement.affected.named = Named::Source;
            }
            (namespace.clone(), key.clone(), statement)
        })
        .collect();
    let bundle = Bundle::of_statements(&given);
    matcher::judge(package, &bundle, Timestamp(1_700_000_000_000))
}

/// A folder of feeds laid out as their publishers do.
pub(crate) struct Feeds {
    folder: tempfile::TempDir,
}

impl Feeds {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn add(&self, path: &str, content: &serde_json::Value) -> &Self {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.to_string()).unwrap();
        self
    }

    /// Adds the OSV dump of an ecosystem.
    pub(crate) fn add_osv(&self, ecosystem: &str, records: &[serde_json::Value]) -> &Self {
        let folder = self.folder.path().join("osv").join(ecosystem);
        std::fs::create_dir_all(&folder).unwrap();
        let mut archive = zip::ZipWriter::new(std::fs::File::create(folder.join("all.zip")).unwrap());
        for record in records {
            let name = format!("{}.json", record["id"].as_str().unwrap());
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(record.to_string().as_bytes()).unwrap();
        }
        archive.finish().unwrap();
        self
    }

    /// Copies a file of the real feeds to the same place; `false` if it is not there.
    pub(crate) fn copy_real(&self, path: &str) -> bool {
        let target = self.folder.path().join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(shared().join("data").join(path), target).is_ok()
    }

    pub(crate) fn compile(&self) -> Bundle {
        let output = self.folder.path().join("made.bundle");
        knowledge::compile(self.folder.path(), &output, &|_| {}).unwrap();
        Bundle::open(&output).unwrap()
    }
}

/// The folder with the real feeds.
pub(crate) fn shared() -> PathBuf {
    std::env::var_os("PLIMSOLL_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from)
}
