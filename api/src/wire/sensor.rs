//! Sensors, as the API shows them and filters find them.

use std::net::IpAddr;

use model::Timestamp;
use qql::fields::SensorField;
use qql::{Array, FieldId, Row, Shown};
use serde::Serialize;
use store::Sensor;
use utoipa::ToSchema;
use uuid::Uuid;

use super::scalar::{Millis, Null};

/// What the profile of a sensor without one is called.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// A sensor. What it runs in is no container of the documented product, so nothing is known of its image and addresses there.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SensorRecord<'a> {
    activation_uuid: Uuid,
    binary_version: &'a str,
    configuration_profile: &'a str,
    #[schema(value_type = Option<String>)]
    container_ipv4: Null,
    #[schema(value_type = Option<String>)]
    container_ipv6: Null,
    #[schema(value_type = Option<String>)]
    container_mac_address: Null,
    created: Millis,
    customer_uuid: Uuid,
    docker_version: Option<&'a str>,
    host_uuid: Uuid,
    hostname: &'a str,
    #[schema(value_type = Option<String>)]
    image_id: Null,
    #[schema(value_type = Option<String>)]
    image_sha: Null,
    ipv4: Option<&'a str>,
    ipv6: Option<&'a str>,
    #[schema(value_type = Option<Object>)]
    label: Null,
    last_checked_in: Millis,
    mac_address: Option<&'a str>,
    name: &'a str,
    os: Option<&'a str>,
    platform: Option<String>,
    #[schema(value_type = Option<String>)]
    privileged: Null,
    #[schema(value_type = Option<String>)]
    registry: Null,
    /// The same as `uuid`.
    sensor_id: Uuid,
    /// `GENERAL`, `REGISTRY` or `CICD`.
    sensor_type: &'static str,
    sensor_version: &'a str,
    #[schema(value_type = Option<String>)]
    sha: Null,
    /// `RUNNING` while heartbeats arrive, else `UNKNOWN`.
    status: &'static str,
    uuid: Uuid,
    #[schema(value_type = Option<String>)]
    vuln_sig_version: Null,
    #[schema(value_type = Option<Object>)]
    cluster: Null,
}

/// The id of a customer's activation key; it tells nothing and opens nothing.
pub(crate) fn activation_uuid(customer: Uuid) -> Uuid {
    Uuid::new_v3(&customer, b"activation")
}

/// Whether heartbeats arrive.
pub(crate) fn status(sensor: &Sensor, now: Timestamp) -> &'static str {
    if sensor.is_running(now) { "RUNNING" } else { "UNKNOWN" }
}

impl<'a> SensorRecord<'a> {
    pub(crate) fn new(sensor: &'a Sensor, profile: Option<&'a str>, now: Timestamp) -> Self {
        let (key, host) = (&sensor.key, &sensor.host);
        let version = sensor.version.rsplit('/').next().unwrap_or_default();
        let address = |wanted: fn(&IpAddr) -> bool| {
            let found = host.addresses.iter().find(|text| text.parse().is_ok_and(|address| wanted(&address)));
            found.map(String::as_str)
        };
        Self {
            activation_uuid: activation_uuid(key.customer),
            binary_version: version,
            configuration_profile: profile.unwrap_or(DEFAULT_PROFILE),
            container_ipv4: Null,
            container_ipv6: Null,
            container_mac_address: Null,
            created: sensor.enrolled.into(),
            customer_uuid: key.customer,
            docker_version: host.runtimes.iter().find_map(|engine| engine.strip_prefix("docker ")),
            host_uuid: store::host_uuid(key.customer, &host.hostname),
            hostname: &host.hostname,
            image_id: Null,
            image_sha: Null,
            ipv4: address(IpAddr::is_ipv4),
            ipv6: address(IpAddr::is_ipv6),
            label: Null,
            last_checked_in: sensor.seen.into(),
            mac_address: host.mac_address.as_deref(),
            name: &key.name,
            os: host.operating_system.as_deref(),
            platform: host.architecture.as_ref().map(|architecture| format!("linux/{architecture}")),
            privileged: Null,
            registry: Null,
            sensor_id: key.uuid,
            sensor_type: key.kind.as_str(),
            sensor_version: version,
            sha: Null,
            status: status(sensor, now),
            uuid: key.uuid,
            vuln_sig_version: Null,
            cluster: Null,
        }
    }

    /// Its id.
    pub(crate) fn uuid(&self) -> Uuid {
        self.uuid
    }
}

impl Row for SensorRecord<'_> {
    fn values(&self, field: FieldId) -> Vec<Shown<'_>> {
        let FieldId::Sensor(field) = field else { return Vec::new() };
        let uuid = |uuid: Uuid| Some(Shown::Text(uuid.to_string().into()));
        let text = |text: &'_ str| Some(Shown::Text(text.to_owned().into()));
        let perhaps = |text: Option<&str>| text.map(|text| Shown::Text(text.to_owned().into()));
        let shown = match field {
            SensorField::Name => text(self.name),
            SensorField::Uuid | SensorField::SensorId => uuid(self.uuid),
            SensorField::SensorType => text(self.sensor_type),
            SensorField::Status => text(self.status),
            SensorField::SensorVersion | SensorField::BinaryVersion => text(self.sensor_version),
            SensorField::ConfigurationProfile => text(self.configuration_profile),
            SensorField::Hostname => text(self.hostname),
            SensorField::HostUuid => uuid(self.host_uuid),
            SensorField::Ipv4 => perhaps(self.ipv4),
            SensorField::Ipv6 => perhaps(self.ipv6),
            SensorField::MacAddress => perhaps(self.mac_address),
            SensorField::Os => perhaps(self.os),
            SensorField::Platform => perhaps(self.platform.as_deref()),
            SensorField::DockerVersion => perhaps(self.docker_version),
            SensorField::LastCheckedIn => Some(Shown::Number(self.last_checked_in.0)),
            SensorField::Created => Some(Shown::Number(self.created.0)),
            SensorField::ActivationUuid => uuid(self.activation_uuid),
            SensorField::ClusterType
            | SensorField::ClusterName
            | SensorField::ClusterUid
            | SensorField::ClusterVersion
            | SensorField::NodeName
            | SensorField::NodeIsMaster => None,
        };
        shown.into_iter().collect()
    }

    fn any_element(&self, _: Array, _: &mut dyn FnMut(&dyn Row) -> bool) -> bool {
        // sensors have no labels
        false
    }
}

#[cfg(test)]
mod tests {
    use model::{HostReport, SensorType};
    use serde_json::Value;
    use store::SensorKey;

    use super::*;

    fn sensor() -> Sensor {
        Sensor {
            key: SensorKey {
                customer: store::DEFAULT_CUSTOMER,
                uuid: Uuid::from_u128(7),
                name: "node-a".to_owned(),
                kind: SensorType::General,
                public_key: [0; 32],
                revoked: None,
            },
            token: Uuid::from_u128(8),
            enrolled: Timestamp(1_000),
            profile: None,
            wanted_version: None,
            resync: None,
            version: "plimsoll/0.1.0".to_owned(),
            host: HostReport {
                hostname: "a.example".to_owned(),
                addresses: vec!["10.0.0.8".to_owned(), "fe80::1".to_owned(), "odd".to_owned()],
                mac_address: Some("02:42:AC:11:00:02".to_owned()),
                operating_system: Some("Debian GNU/Linux 12".to_owned()),
                architecture: Some("x86_64".to_owned()),
                runtimes: vec!["containerd 1.6.20".to_owned(), "docker 20.10.24".to_owned()],
                ..HostReport::default()
            },
            heartbeat: None,
            seen: Timestamp(2_000),
            pause: 30_000,
        }
    }

    #[test]
    fn every_token_finds_what_the_record_shows() {
        let sensor = sensor();
        let record = SensorRecord::new(&sensor, None, Timestamp(2_001));
        let json = serde_json::to_value(&record).unwrap();
        for field in qql::SmallEntity::Sensor.level().fields() {
            let shown = field.name.split('.').fold(&json, |value, name| &value[name]);
            let found = record.values(field.id);
            match (found.as_slice(), shown) {
                ([], Value::Null) => {}
                ([Shown::Text(text)], Value::String(shown)) => assert_eq!(text, shown, "{}", field.name),
                ([Shown::Number(number)], Value::String(shown)) => assert_eq!(number.to_string(), *shown),
                other => panic!("{}: {other:?}", field.name),
            }
        }
        assert_eq!(json["dockerVersion"], "20.10.24");
        assert_eq!((&json["ipv6"], &json["platform"]), (&"fe80::1".into(), &"linux/x86_64".into()));
        assert_eq!((&json["sensorVersion"], &json["created"]), (&"0.1.0".into(), &"1000".into()));
        assert_eq!(json.as_object().unwrap().len(), 31, "every documented key");
    }

    #[test]
    fn a_sensor_is_unknown_after_three_missing_heartbeats_or_when_it_is_revoked() {
        let mut sensor = sensor();
        assert_eq!(status(&sensor, Timestamp(91_999)), "RUNNING");
        assert_eq!(status(&sensor, Timestamp(92_000)), "UNKNOWN");
        sensor.key.revoked = Some(Timestamp(2_000));
        assert_eq!(status(&sensor, Timestamp(2_001)), "UNKNOWN");
    }
}
