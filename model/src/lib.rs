//! The vocabulary of Plimsoll: plain data that every other crate speaks.
//!
//! What it is for: one definition, with one meaning, for each word of the field: digest, image, layer,
//! package, distro, vulnerability, finding, container, report. What it is not for: reading images,
//! comparing versions, storing or serving anything; there is no I/O and no async here.
//!
//! The decision a reader may doubt: [`report::ScanReport`] is the one type for everything that was seen,
//! whether it came from a scan, a sensor or an SBOM. It holds facts only. Findings are never part of it,
//! because a finding is a function of a package and the vulnerability data of the moment.

pub mod advisory;
pub mod base;
pub mod bounds;
pub mod build;
pub mod cluster;
pub mod container;
pub mod digest;
pub mod distro;
pub mod drift;
pub mod finding;
pub mod host;
pub mod image;
pub mod layer;
pub mod lifecycle;
pub mod package;
pub mod purl;
pub mod registry;
pub mod report;
pub mod secret;
pub mod sensor;
pub mod severity;
pub mod time;

pub use advisory::{
    Affected, AffectedRange, Bound, FixState, Named, Namespace, NamespaceFamily, Standing, Vulnerability,
};
pub use base::{KnownImage, longest_base};
pub use build::Build;
pub use cluster::ClusterFacts;
pub use container::{ContainerDetails, ContainerReport, ContainerState};
pub use digest::{DiffId, Digest, DigestError, ImageId};
pub use distro::{Distro, OsRelease};
pub use drift::{
    DRIFT_FILES, Drift, DriftFile, DriftPackage, DriftReason, FileReason, IN_USE_PACKAGES, InUsePackage,
};
pub use finding::{Confidence, Finding};
pub use host::HostReport;
pub use image::{BaseImage, ImageFacts, Label, Reference, RuntimeFacts};
pub use layer::LayerFacts;
pub use lifecycle::{Lifecycle, LifecycleStage};
pub use package::{Ecosystem, Package, SourcePackage};
pub use report::{PackageRecord, ScanReport, Unreadable};
pub use secret::SecretRecord;
pub use sensor::{SensorProfile, SensorType};
pub use severity::{RaisedBy, Severity, SeverityRule};
pub use time::Timestamp;
