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
//! From bottom to top: `driver` is what an engine must offer and `sqlite` offers it; `dialect` and `migration` make
//! the schema; `work` is one request in the writer's transaction with its clock; `package`, `inventory`,
//! `image`, `container`, `tag`, `change`, `judgement`, `account` and `secret` hold the logic, written once for all
//! engines; `writer` and `reader` run it; `store` is the face.

mod account;
mod change;
mod codec;
mod container;
mod dialect;
mod driver;
mod error;
mod image;
mod inventory;
mod judgement;
#[cfg(test)]
mod lint;
mod migration;
mod package;
mod prepare;
mod reader;
mod record;
mod secret;
mod sql;
mod sqlite;
mod store;
mod tag;
mod validate;
mod work;
mod writer;

pub use account::verify_password;
pub use driver::{DriverError, Trouble};
pub use error::{Result, StoreError};
pub use record::{
    Account, Ack, Change, ChangeKind, ContainerRecord, DEFAULT_CUSTOMER, FindingRow, ImageDocument,
    ImageRecord, Inventory, InventoryEntry, NewAccount, PackageRow, Rejudged, Role, UnknownRole,
    container_uuid, host_uuid, image_uuid, tag_uuid,
};
pub use store::{Store, StoreOptions};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
