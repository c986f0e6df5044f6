//! Doors for the fuzz targets into readers that are private otherwise; compiled under `cfg(fuzzing)` alone.
//!
//! A reader is called as it is, without the shield that keeps a panic from ending a scan, so that a panic is seen.

use crate::facts::Facts;
use crate::registry::{CATALOGERS, Input};

/// Reads `content` as the file at `path` with the cataloger of that name; the number of packages that it proves.
///
/// # Panics
/// If there is no such cataloger.
pub fn read(cataloger: &str, path: &str, mut content: &[u8]) -> usize {
    let cataloger =
        CATALOGERS.iter().find(|known| known.name == cataloger).expect("the cataloger is registered");
    let mut facts = Facts::default();
    let size = content.len() as u64;
    let mut input = Input { path: path.as_bytes(), size, content: &mut content };
    let _ = (cataloger.read)(&mut input, &mut facts);
    facts.packages.len()
}

/// Reads the parts that tell what a Java archive is.
pub fn read_java_texts(content: &[u8]) {
    crate::java::fuzzing(content);
}

/// Reads a licence field. What comes of it must stand for itself.
///
/// # Panics
/// If it does not.
pub fn read_license(content: &[u8]) {
    let text = String::from_utf8_lossy(content);
    if let Some(expression) = crate::license::expression(&text) {
        assert_eq!(crate::license::expression(&expression), Some(expression));
    }
}

/// Puts a log into an empty database and reads that.
pub fn read_rpm_log(content: &[u8]) {
    read("rpm-database", "var/lib/rpm/rpmdb.sqlite-wal", content);
    let _ = crate::rpm::read_with_log(Vec::new(), content);
}
