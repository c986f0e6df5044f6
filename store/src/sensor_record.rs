//! Sensors as they leave the store and as their rows are read.

use model::sensor::{Heartbeat, SensorType};
use model::{HostReport, SensorProfile, Timestamp};
use uuid::Uuid;

use crate::driver::Row;
use crate::error::{Result, StoreError};

/// How many heartbeats may be missing before a sensor counts as gone.
const MISSED: i64 = 3;

/// A sensor to be enrolled.
#[derive(Clone, Debug)]
pub struct NewSensor {
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// How people call it.
    pub name: String,
    /// What it watches.
    pub kind: SensorType,
    /// Program and version.
    pub version: String,
    /// Where it runs.
    pub host: HostReport,
}

/// Why a sensor may not enrol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolRefused {
    /// Nobody made this token.
    #[error("the enrolment token is not known")]
    Unknown,
    /// The token is known and was used up.
    #[error("the enrolment token was used already; ask for another one")]
    Used,
    /// The token is known and too old.
    #[error("the enrolment token has expired; ask for another one")]
    Expired,
    /// The token is good, the key is not new.
    #[error("this key belongs to a sensor that was revoked or is somebody else's; make a new key")]
    KeyTaken,
}

/// A sensor that is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledSensor {
    /// Its uuid, in the order of enrolment.
    pub uuid: Uuid,
    /// Whose it is.
    pub customer: Uuid,
    /// What it shall do.
    pub settings: SensorProfile,
}

/// What the calls of a sensor are checked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorKey {
    /// Whose it is.
    pub customer: Uuid,
    /// Which one.
    pub uuid: Uuid,
    /// How people call it.
    pub name: String,
    /// What it watches.
    pub kind: SensorType,
    /// Its Ed25519 public key.
    pub public_key: [u8; 32],
    /// When it was shut out.
    pub revoked: Option<Timestamp>,
}

/// A sensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sensor {
    /// Who it is.
    pub key: SensorKey,
    /// The token that it came with.
    pub token: Uuid,
    /// When it came, by the wall clock.
    pub enrolled: Timestamp,
    /// Its profile; `None` for the default one.
    pub profile: Option<Uuid>,
    /// The version that people want it to have.
    pub wanted_version: Option<String>,
    /// The number of the request that it sends everything anew, until it says that it did.
    pub resync: Option<u64>,
    /// Program and version.
    pub version: String,
    /// Where it runs.
    pub host: HostReport,
    /// What it said last, without the host; `None` before its first heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// When it said so, by the server's wall clock; when it enrolled if it said nothing yet.
    pub seen: Timestamp,
    /// Milliseconds that it was told to wait before its next heartbeat.
    pub pause: i64,
}

impl Sensor {
    /// Whether its heartbeats arrive: fewer than three are missing, and it was not shut out.
    pub fn is_running(&self, now: Timestamp) -> bool {
        let late = now.0.saturating_sub(self.seen.0);
        self.key.revoked.is_none() && late < self.pause.saturating_mul(MISSED)
    }
}

/// What people want changed of a sensor; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SensorChange {
    /// Another name.
    pub name: Option<String>,
    /// Another profile, or the default one.
    pub profile: Option<Option<Uuid>>,
    /// Another version, or none in particular.
    pub wanted_version: Option<Option<String>>,
    /// Whether it is to send everything anew.
    pub resync: Option<bool>,
}

/// What a heartbeat is answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeatAnswer {
    /// What the sensor shall do.
    pub settings: SensorProfile,
    /// The version that people want it to have, if it has another.
    pub wanted_version: Option<String>,
    /// The number of the request that it sends everything anew; it is told so until it says that it did.
    pub resync: Option<u64>,
}

fn damaged(uuid: Uuid, reason: impl ToString) -> StoreError {
    StoreError::damaged(format!("sensor {uuid}"), reason)
}

fn read_kind(uuid: Uuid, word: &str) -> Result<SensorType> {
    let kinds = [SensorType::General, SensorType::Registry, SensorType::Cicd];
    let kind = kinds.into_iter().find(|kind| kind.as_str() == word);
    kind.ok_or_else(|| damaged(uuid, format!("is of the unknown kind `{word}`")))
}

fn read_public_key(uuid: Uuid, bytes: Vec<u8>) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| damaged(uuid, "does not have a key of 32 bytes"))
}

/// Reads the row of a key.
pub(crate) fn read_key(mut row: Row) -> Result<SensorKey> {
    let uuid = row.uuid(1)?;
    Ok(SensorKey {
        customer: row.uuid(0)?,
        uuid,
        name: row.text(2)?,
        kind: read_kind(uuid, &row.text(3)?)?,
        public_key: read_public_key(uuid, row.bytes(4)?)?,
        revoked: row.optional_int(5)?.map(Timestamp),
    })
}

/// Reads a whole row.
pub(crate) fn read(mut row: Row) -> Result<Sensor> {
    let uuid = row.uuid(1)?;
    let host = serde_json::from_str(&row.text(12)?).map_err(|error| damaged(uuid, error))?;
    let heartbeat = row.optional_text(13)?.map(|text| serde_json::from_str(&text)).transpose();
    let profile = row.optional_bytes(7)?.map(|bytes| Uuid::from_slice(&bytes)).transpose();
    Ok(Sensor {
        key: SensorKey {
            customer: row.uuid(0)?,
            uuid,
            name: row.text(2)?,
            kind: read_kind(uuid, &row.text(3)?)?,
            public_key: read_public_key(uuid, row.bytes(4)?)?,
            revoked: row.optional_int(10)?.map(Timestamp),
        },
        token: row.uuid(5)?,
        enrolled: row.time(6)?,
        profile: profile.map_err(|error| damaged(uuid, error))?,
        wanted_version: row.optional_text(8)?,
        resync: u64::try_from(row.int(9)?).ok().filter(|number| *number != 0),
        version: row.text(11)?,
        host,
        heartbeat: heartbeat.map_err(|error| damaged(uuid, error))?,
        seen: row.time(14)?,
        pause: row.int(15)?,
    })
}
