//! The tables of tokens: which an entity has, of which type they are, and what they mean.
//!
//! One row for each documented token, in the order of the documentation; the enums of fields are written by the same
//! rows. A field is named within its level: `severity` of [`Level::Finding`] is `vulnerabilities.severity` of an image.
//! An array of objects leads to another level, an object that is no array is part of the name (`cvssInfo.baseScore`).
//!
//! A field exists here whether or not anything reports its data yet: one without data is a missing value everywhere.

mod container;
mod field;
mod finding;
mod image;
mod level;
mod listed;
mod small;
mod software;
mod values;

pub use container::ContainerField;
pub use field::{Field, FieldId, FieldType, Form, Spec};
pub use finding::FindingField;
pub use image::ImageField;
pub use level::{Array, ArrayName, Entity, Level, SmallEntity};
pub use listed::registry::RegistryField;
pub use listed::repository::RepositoryField;
pub use listed::schedule::ScheduleField;
pub use listed::sensor::SensorField;
pub use small::control::ControlField;
pub use small::controller::ControllerField;
pub use small::host::HostField;
pub use small::label::LabelField;
pub use small::layer::LayerField;
pub use small::malware::MalwareField;
pub use small::pod_label::PodLabelField;
pub use small::port::PortField;
pub use small::repo::RepoField;
pub use small::repo_digest::RepoDigestField;
pub use small::secret::SecretField;
pub use small::service::ServiceField;
pub use software::SoftwareField;
