//! What can go wrong with the storage of a container engine.

use std::path::PathBuf;

use super::Engine;

/// Why an image or container of a local storage cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no storage at the place where the engine keeps it.
    #[error(
        "there is no {engine} storage at `{}`: name its directory with --storage-root, or use `{hint}` and scan the \
         archive", path.display()
    )]
    NoStorage {
        /// Whose storage.
        engine: Engine,
        /// Where it was looked for.
        path: PathBuf,
        /// A command that writes an image to an archive.
        hint: &'static str,
    },
    /// The storage belongs to somebody else, mostly root.
    #[error(
        "`{}` may not be read by this user: run as root, or use `{hint}` and scan the archive", path.display()
    )]
    Denied {
        /// What was to be read.
        path: PathBuf,
        /// A command that writes an image to an archive, or another way.
        hint: &'static str,
    },
    /// The storage has no image or container of that name.
    #[error("the {engine} storage `{}` has no {kind} `{wanted}`{}", path.display(), near(names))]
    NotFound {
        /// Whose storage.
        engine: Engine,
        /// `image` or `container`.
        kind: &'static str,
        /// Its directory.
        path: PathBuf,
        /// The name asked for.
        wanted: String,
        /// Names that are near to it.
        names: Vec<String>,
    },
    /// No engine of this machine has a container of that name.
    #[error("no container `{wanted}` was found: {}", tried.join("; "))]
    NoContainer {
        /// The name asked for.
        wanted: String,
        /// What each engine's storage said.
        tried: Vec<String>,
    },
    /// The name fits several.
    #[error("`{wanted}` may be {} different {kind}s of `{}`: {}", names.len(), path.display(), names.join(", "))]
    Ambiguous {
        /// `image` or `container`.
        kind: &'static str,
        /// The directory of the storage.
        path: PathBuf,
        /// The name asked for.
        wanted: String,
        /// What it may be.
        names: Vec<String>,
    },
    /// The layers are kept in a form that cannot be read in place.
    #[error(
        "layers of {engine}'s `{driver}` storage in `{}` cannot be read in place: use `{hint}` and scan the archive",
        path.display()
    )]
    UnsupportedDriver {
        /// Whose storage.
        engine: Engine,
        /// The storage driver or snapshotter.
        driver: String,
        /// The directory of the storage.
        path: PathBuf,
        /// A command that writes an image to an archive.
        hint: &'static str,
    },
    /// A symbolic link of the storage leads to somewhere else.
    #[error("`{}` leads out of the storage `{}`: it is not followed", path.display(), root.display())]
    LeadsOut {
        /// The path whose link it is.
        path: PathBuf,
        /// The directory of the storage.
        root: PathBuf,
    },
    /// A record of the storage names something with a word that is no name.
    #[error("the storage `{}` names a file `{}`, which is no name", root.display(), name.escape_debug())]
    BadName {
        /// The directory of the storage.
        root: PathBuf,
        /// The word.
        name: String,
    },
    /// Something that belongs to an image or container is not in the storage (any more).
    #[error("{what} is not in the storage `{}`: pull the image again", path.display())]
    Gone {
        /// What is missing.
        what: String,
        /// The directory of the storage.
        path: PathBuf,
    },
}

fn near(names: &[String]) -> String {
    match names {
        [] => "; it has none at all".to_owned(),
        names => format!(", but {}", names.join(", ")),
    }
}
