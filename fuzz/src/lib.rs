//! What the fuzz targets share: how bytes become an image, a folder of feeds, a report; and what must hold then.
//!
//! What it is not for: parsing. Every target calls the program's own readers with bytes that a stranger may have
//! written; a panic, a hang or too much memory is a find, and so is a broken law.

pub mod bills;
pub mod feeds;
pub mod images;
pub mod logs;
pub mod reports;
pub mod storage;
pub mod texts;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A folder of this process for files that have to be on disk; in memory where the machine has such a place.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = base.join(format!("plimsoll-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be made");
        folder
    })
}
