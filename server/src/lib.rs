//! Wiring: one process that opens the data directory, keeps the index and answers the API.
//!
//! What it is for: settings, the data directory and its lock, the background jobs, start and graceful stop.
//! What it is not for: any rule of the product; those live in the rooms below.
//!
//! The decision a reader may doubt: vulnerability data reaches a running server only through the file
//! `knowledge/current.bundle` in the data directory, which a job watches. An import by another process
//! (`plimsoll feeds import`), a scheduled download and the first start all take that one way.

pub mod data_dir;
pub mod jobs;
pub mod offline;
mod registry_check;
pub mod run;
pub mod settings;

pub use api::{DEFAULT_ROWS, Fingerprint, QueryForm, QueryText, fingerprints};
pub use data_dir::{DataDir, DataDirError};
pub use offline::Offline;
pub use run::{Server, StartError};
pub use settings::{Settings, SettingsArgs, SettingsError};
