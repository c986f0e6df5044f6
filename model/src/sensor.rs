//! What sensors and the server say to each other, beside reports.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::container::ContainerReport;
use crate::digest::{Digest, ImageId};
use crate::host::HostReport;
use crate::image::Reference;
use crate::time::Timestamp;

/// Images that one question may be about.
pub const SEEN_IMAGES: usize = 500;

/// What a report of an image is marked with that a sensor beside a runtime has read, or one that walks registries.
pub const READ_BY_SENSORS: [&str; 2] = ["GENERAL", "REGISTRY"];

/// What a sensor watches (`csapi.md` §11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SensorType {
    /// The container runtime of a host.
    #[default]
    General,
    /// Registries.
    Registry,
    /// Images that a build made on its host.
    Cicd,
}

impl SensorType {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::General => "GENERAL",
            Self::Registry => "REGISTRY",
            Self::Cicd => "CICD",
        }
    }
}

/// `POST /api/v1/sensors/enrol`: a new sensor shows its one-time token and its public key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enrolment {
    /// The one-time token.
    pub token: String,
    /// The sensor's Ed25519 public key, 32 bytes in base64url without padding.
    pub public_key: String,
    /// How people call it.
    pub name: String,
    /// What it watches.
    #[serde(rename = "type")]
    pub kind: SensorType,
    /// Program and version, such as `plimsoll/0.1.0`.
    pub version: String,
    /// Where it runs.
    pub host: HostReport,
}

/// The answer to an enrolment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Enrolled {
    /// The sensor's identity: `kid` and `sub` of the tokens that it signs.
    pub sensor: Uuid,
    /// Whose sensor it is.
    pub customer: Uuid,
    /// What it shall do.
    pub profile: SensorProfile,
}

/// `POST /api/v1/sensors/heartbeat`: a sensor says that it lives, every [`SensorProfile::heartbeat_seconds`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Heartbeat {
    /// Program and version.
    pub version: String,
    /// The sensor's clock.
    pub sent_at: Timestamp,
    /// Where it runs, if that changed since the last heartbeat that the server took, and at the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostReport>,
    /// Age of the oldest thing seen that the server does not have yet, in milliseconds; 0 if it has all.
    pub lag: u64,
    /// Reports that wait on the sensor's disk.
    pub waiting: u64,
    /// Reports dropped for want of disk since the sensor was started.
    pub dropped: u64,
    /// Containers that it sees.
    pub containers: u64,
    /// What is wrong on the host, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<String>,
    /// The last [`HeartbeatAnswer::resync`] that was done. The server asks for it until it hears this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resynced: Option<u64>,
}

/// The answer to a heartbeat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatAnswer {
    /// The server's clock.
    pub now: Timestamp,
    /// What the sensor shall do from now on.
    pub profile: SensorProfile,
    /// The version that the sensor should be replaced with, if an operator wants another than it told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted_version: Option<String>,
    /// Send everything anew: the server lost records of this host or an operator asks. The number is that of the request;
    /// it is told with every answer until a heartbeat says it in [`Heartbeat::resynced`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resync: Option<u64>,
}

/// `POST /api/v1/sensors/images`: a sensor has these images before it and asks which of them it shall read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImagesQuestion {
    /// The program and version that would read them, as [`crate::ScanReport::scanner`].
    pub scanner: String,
    /// The images; at most [`SEEN_IMAGES`].
    pub images: Vec<SeenImage>,
}

/// An image as it lies on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeenImage {
    /// Digest of its config document.
    pub id: ImageId,
    /// Its names there, as a report of it would tell them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// The answer to an [`ImagesQuestion`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImagesAnswer {
    /// Those that the server wants a report of, in the order of the question. Of the others it has all that a report by this scanner
    /// would say, with the names of the question.
    pub wanted: Vec<ImageId>,
}

/// `GET /api/v1/sensors/containers`: a page of what the server believes to be alive beside a sensor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnContainers {
    /// In the order of their uuids.
    pub data: Vec<OwnContainer>,
    /// Give it as `after` to go on; `None` at the end.
    pub next: Option<Uuid>,
}

/// A container that the server believes to be alive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnContainer {
    /// Its uuid at the server.
    pub uuid: Uuid,
    /// The runtime's id.
    pub id: Digest,
    /// What it did when it was last reported.
    pub state: crate::container::ContainerState,
    /// When that was, by the server's clock.
    pub observed_at: Timestamp,
    /// The whole report, if it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Box<ContainerReport>>,
}

/// What a sensor shall do. Unknown fields are passed over, so that an old sensor works with a new server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SensorProfile {
    /// Its name.
    pub name: String,
    /// Seconds between heartbeats.
    pub heartbeat_seconds: u32,
    /// Seconds between full listings of the runtime.
    pub reconcile_seconds: u32,
    /// Seconds between looks into running containers for drift and what is in use; 0 turns it off.
    pub drift_seconds: u32,
    /// Whether images are scanned.
    pub scan_images: bool,
    /// Regular expressions; images with a name that one of them matches are not scanned.
    pub excluded_images: Vec<String>,
    /// Kubernetes namespaces whose containers are not reported.
    pub excluded_namespaces: Vec<String>,
    /// Times in which nothing is scanned. Containers are followed always.
    pub blackouts: Vec<Blackout>,
}

impl Default for SensorProfile {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            heartbeat_seconds: 30,
            reconcile_seconds: 300,
            drift_seconds: 60,
            scan_images: true,
            excluded_images: Vec::new(),
            excluded_namespaces: Vec::new(),
            blackouts: Vec::new(),
        }
    }
}

/// A time of the week, in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blackout {
    /// `MONDAY` …; empty is every day.
    pub days: Vec<String>,
    /// `HH:MM`.
    pub from: String,
    /// `HH:MM`; before `from` it is of the next day.
    pub to: String,
}
