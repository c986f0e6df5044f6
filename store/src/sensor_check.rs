//! What sensors may say of themselves and people of them: bounded, in words that can be shown.

use model::HostReport;
use model::sensor::Heartbeat;

use crate::error::{Result, StoreError};
use crate::sensor_profile::NewProfile;
use crate::sensor_record::{NewSensor, SensorChange};
use crate::validate::{bounded, count, document, filled, texts};

/// The longest name, version or other word, in bytes.
const WORD: usize = 255;
/// Addresses or engines of a host.
const LIST: usize = 256;
/// Troubles of one heartbeat, and the longest of them in bytes.
const TROUBLES: (usize, usize) = (64, 2_048);
/// Sensors that a profile may be given to at once.
const MEMBERS: usize = 10_000;
/// The longest settings of a profile, in bytes.
const DOCUMENT: usize = 1 << 20;

pub(crate) fn new_sensor(sensor: &NewSensor) -> Result<()> {
    word("name", &sensor.name)?;
    word("version", &sensor.version)?;
    host(&sensor.host)
}

pub(crate) fn heartbeat(heartbeat: &Heartbeat) -> Result<()> {
    word("version", &heartbeat.version)?;
    texts("troubles", &heartbeat.troubles, TROUBLES.0, TROUBLES.1)?;
    heartbeat.host.as_ref().map_or(Ok(()), host)
}

pub(crate) fn change(change: &SensorChange) -> Result<()> {
    change.name.as_ref().map_or(Ok(()), |name| word("name", name))?;
    change.wanted_version.iter().flatten().try_for_each(|version| word("wantedVersion", version))
}

pub(crate) fn profile(profile: &NewProfile) -> Result<()> {
    word("profileName", &profile.name)?;
    word("profileType", &profile.kind)?;
    document("description", &profile.description, 4_096)?;
    document("config", &profile.document, DOCUMENT)?;
    count("associatedSensorIds", profile.sensors.as_ref().map_or(0, Vec::len), MEMBERS)
}

fn host(host: &HostReport) -> Result<()> {
    word("host.hostname", &host.hostname)?;
    let words = [
        ("host.machineId", &host.machine_id),
        ("host.macAddress", &host.mac_address),
        ("host.operatingSystem", &host.operating_system),
        ("host.kernel", &host.kernel),
        ("host.architecture", &host.architecture),
    ];
    for (field, text) in words {
        bounded(field, text.as_deref().unwrap_or_default(), WORD)?;
    }
    if let Some(cloud) = &host.cloud {
        filled("host.cloud.provider", &cloud.provider, WORD)?;
        let words = [
            ("host.cloud.instanceId", &cloud.instance_id),
            ("host.cloud.region", &cloud.region),
            ("host.cloud.account", &cloud.account),
        ];
        for (field, text) in words {
            bounded(field, text.as_deref().unwrap_or_default(), WORD)?;
        }
    }
    texts("host.addresses", &host.addresses, LIST, WORD)?;
    texts("host.runtimes", &host.runtimes, LIST, WORD)
}

/// A text that people are shown in one line.
fn word(field: &str, text: &str) -> Result<()> {
    filled(field, text, WORD)?;
    if text.chars().any(char::is_control) || text.trim().is_empty() {
        return Err(StoreError::invalid(field, "is blank or holds a control character"));
    }
    Ok(())
}
