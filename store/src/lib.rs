//! The store: what was seen, durably, in SQL.
//!
//! What it is for: images, containers, packages, accounts and the order of all changes, behind [`Store`]. What it is
//! not for: judging packages, searching, counting or sorting. It is read by key and in the order of its
//! keys, and by clock; everything else is answered by an index that is built from it.
//!
//! The decision a reader may doubt: there is one writer thread even though the engine could take several
//! connections. SQLite has one writer at a time anyway, and on a server database all writers queue for the clock's
//! row. Collecting what waits into one commit is what makes thousands of durable reports a second possible.
//!
//! From bottom to top: `driver` is what an engine must offer, `sqlite` and `postgres` offer it; `dialect`, `migration` and
//! `renewal` make the schema; `work` is one request in the writer's transaction with its clock; `package`, `inventory`,
//! `image`, `container` with `packed` and `shared`, `tag`, `change`, `judgement`, `deletion`, `job`, `day`, `account`
//! and `secret` hold the logic, written once for all engines; `writer` with `attempt`, and `reader` run it; `store` and `upkeep` are the face; `verify`
//! proves that a database holds together.

mod account;
mod attempt;
mod batch;
mod change;
mod codec;
mod container;
mod day;
mod deletion;
mod dialect;
mod driver;
mod error;
mod image;
mod inventory;
mod job;
mod judgement;
#[cfg(test)]
mod lint;
mod migration;
mod package;
mod packed;
mod packed_columns;
mod packed_plain;
mod postgres;
mod prepare;
mod reader;
mod record;
mod renewal;
mod secret;
mod shared;
mod since;
mod sql;
mod sqlite;
mod store;
mod tag;
mod upkeep;
mod validate;
mod verify;
mod verify_records;
mod work;
mod writer;

pub use account::verify_password;
pub use change::{Change, ChangeKind, Tombstone};
pub use container::decode_document as decode_container_document;
pub use deletion::{Deletion, Kept, KeptReason};
pub use driver::{DriverError, Trouble};
pub use error::{Result, StoreError};
pub use image::decode_document as decode_image_document;
pub use job::{DELETE_CONTAINERS, DELETE_IMAGES, Job, JobState, NewJob, Step};
pub use record::{
    Account, Ack, ContainerRecord, DEFAULT_CUSTOMER, FindingRow, ImageDocument, ImageRecord, Inventory,
    InventoryEntry, NewAccount, PackageRow, Rejudged, Role, UnknownRole, container_uuid, host_uuid,
    image_uuid, tag_uuid,
};
pub use store::{Store, StoreOptions};
pub use verify::{Fault, Problem, Verified};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
