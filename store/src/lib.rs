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
//! `renewal` make the schema; `work` is one request in the writer's transaction with its clock; `package` with `names`,
//! `inventory` with `draft`, `path` and `packed_inventory`, `image` with `prepare`, `found`, `report_text`, `image_seen`, `image_listed` and `packed_image`, `container` with `packed` and `shared`, `tag`, `change`, `judgement`, `deletion`, `job`, `day`, `account`,
//! `sensor` with `sensor_record`, `sensor_token`, `sensor_profile` and `sensor_check`, and `secret` hold the logic, written once for all engines; `writer` with `attempt`, and `reader` run it; `recent` keeps for a while what was written; `store` and `upkeep` are the face; `verify` with its parts
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
mod draft;
mod driver;
mod error;
mod found;
mod image;
mod image_listed;
mod image_seen;
mod inside;
mod inventory;
mod job;
mod judgement;
#[cfg(test)]
mod lint;
mod migration;
mod names;
mod package;
mod packed;
mod packed_columns;
mod packed_image;
mod packed_inventory;
mod packed_plain;
mod path;
mod postgres;
mod prepare;
mod reader;
mod recent;
mod record;
mod registries;
mod registry;
mod registry_schedule;
mod registry_tag;
mod renewal;
mod renewal_of_images;
mod report_text;
mod seal;
mod secret;
mod sensor;
mod sensor_check;
mod sensor_profile;
mod sensor_record;
mod sensor_token;
mod shared;
mod since;
mod sql;
mod sqlite;
mod store;
mod tag;
mod upkeep;
mod validate;
mod verify;
mod verify_inside;
mod verify_records;
mod verify_registries;
mod verify_sensors;
mod work;
mod writer;

pub use account::verify_password;
pub use change::{Change, ChangeKind, Tombstone};
pub use deletion::{Deletion, Kept, KeptReason};
pub use draft::DraftEntry;
pub use driver::{DriverError, Trouble};
pub use error::{Result, StoreError};
pub use image::decode_document as decode_image_document;
pub use image_seen::SeenImages;
pub use inside::decode_inside;
pub use job::{DELETE_CONTAINERS, DELETE_IMAGES, DELETE_SENSORS, Job, JobState, NewJob, Step};
pub use prepare::PreparedReport;
pub use recent::PlacedInventory;
pub use record::{
    Account, Ack, ContainerRecord, DEFAULT_CUSTOMER, FindingRow, ImageBuild, ImageDocument, ImageRecord,
    Inventory, InventoryEntry, NewAccount, PackageRow, Rejudged, Role, UnknownRole, container_uuid,
    host_uuid, image_uuid, tag_uuid,
};
pub use registry::{Connector, Registry, SecretOf};
pub use registry_schedule::{EVENTS_SCHEDULE, Schedule};
pub use registry_tag::RepositoryImages;
pub use sensor_profile::{NewProfile, Profile};
pub use sensor_record::{
    BeatAnswer, EnrolRefused, EnrolledSensor, NewSensor, Sensor, SensorChange, SensorKey,
};
pub use sensor_token::{MAX_TOKEN_USES, NewSensorToken, SensorToken};
pub use store::{Store, StoreOptions};
pub use verify::{Fault, Problem, Verified};

#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
