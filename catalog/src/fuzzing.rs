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
