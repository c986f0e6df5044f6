//! Sensor profiles, as clients send and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::scalar::Millis;

/// A profile to be made, or put in the place of another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileRequest {
    pub(crate) profile_name: String,
    /// What sort of sensors it is for, such as `GENERAL`.
    pub(crate) profile_type: String,
    pub(crate) description: Option<String>,
    /// Kept and shown.
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) associated_registry_ids: Option<Vec<String>>,
    /// The sensors that get the profile, by uuid.
    #[schema(value_type = Option<Vec<String>>)]
    pub(crate) associated_sensor_ids: Option<Vec<Uuid>>,
    /// QQL: the sensors that match now get the profile, too.
    pub(crate) filter: Option<String>,
    pub(crate) config: Option<ProfileConfig>,
}

/// What is kept of a request besides what has columns of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProfileDocument {
    pub(crate) associated_registry_ids: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) config: ProfileConfig,
}

/// The settings. What is not named here is kept, shown and has no effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProfileConfig {
    pub(crate) weekly_blackout_window_schedules: Vec<BlackoutWindow>,
    pub(crate) vulnerability_management: VulnerabilityManagement,
    /// Plimsoll's own settings.
    pub(crate) plimsoll: OwnSettings,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub(crate) rest: serde_json::Map<String, serde_json::Value>,
}

/// A time of the week, in UTC, in which nothing is scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlackoutWindow {
    /// `HH:MM`.
    pub(crate) start_time: String,
    /// `HH:MM`; before the start it is of the next day.
    pub(crate) end_time: String,
    /// `MONDAY` …; every day if there are none.
    #[serde(default)]
    pub(crate) repeat_on_days: Vec<String>,
}

/// What is scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VulnerabilityManagement {
    /// 12, 24 or 48 hours. Has no effect: containers are looked at when they change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) container_scanning_interval: Option<u32>,
    /// Images with a name that one of them matches are not scanned.
    pub(crate) image_exclusion_regex_list: Vec<String>,
    /// Whether images are scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) global_scanning_flag: Option<bool>,
    /// Has no effect: nothing is started to be scanned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scanning_policy: Option<String>,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub(crate) rest: serde_json::Map<String, serde_json::Value>,
}

/// Plimsoll's own settings of a profile. What is left out is as without a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct OwnSettings {
    /// Seconds between heartbeats, 5 to 3600.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) heartbeat_seconds: Option<u32>,
    /// Seconds between full listings of the runtime, 30 to 86400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reconcile_seconds: Option<u32>,
    /// Seconds between looks into running containers, 10 to 86400; 0 turns them off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) drift_seconds: Option<u32>,
    /// Kubernetes namespaces whose containers are not reported.
    pub(crate) excluded_namespaces: Vec<String>,
}

/// A profile of the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileItem<'a> {
    pub(crate) profile_id: Uuid,
    pub(crate) profile_name: &'a str,
    pub(crate) profile_type: &'a str,
    pub(crate) description: &'a str,
    pub(crate) associated_sensors_count: usize,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
}

/// A profile in full.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileRecord<'a> {
    #[serde(flatten)]
    pub(crate) item: ProfileItem<'a>,
    pub(crate) associated_sensor_ids: Vec<Uuid>,
    pub(crate) associated_registry_ids: Vec<String>,
    pub(crate) filter: Option<String>,
    pub(crate) config: ProfileConfig,
}

/// The answer to a profile that was made, replaced or removed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileId {
    pub(crate) profile_id: Uuid,
}
