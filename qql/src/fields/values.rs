//! Values that keywords have: all of them where the set is closed, the usual ones elsewhere.

pub(super) const STATES: &[&str] = &["CREATED", "RUNNING", "STOPPED", "PAUSED", "DELETED", "UNKNOWN"];
pub(super) const SOURCES: &[&str] =
    &["GENERAL", "REGISTRY", "CICD", "COMMAND_LINE", "CONTINUOUS_ASSESSMENT", "HOST", "CLUSTER"];
pub(super) const ARCHITECTURES: &[&str] = &["amd64", "arm64"];
pub(super) const HOST_ARCHITECTURES: &[&str] = &["x86_64", "aarch64"];
pub(super) const SCAN_STATUSES: &[&str] = &["SUCCESS", "FAILED"];
pub(super) const SCAN_TYPES: &[&str] = &["DYNAMIC", "STATIC", "SCA"];
pub(super) const QDS_SEVERITIES: &[&str] = &["CRITICAL", "HIGH", "MEDIUM", "LOW"];
pub(super) const DRIFT_CATEGORIES: &[&str] = &["Software", "Vulnerability"];
pub(super) const DRIFT_REASONS: &[&str] = &["NEW", "FIXED", "REMOVED", "VARIED"];
pub(super) const CLOUDS: &[&str] = &["AWS", "AZURE", "GCP"];
pub(super) const CLUSTER_TYPES: &[&str] = &["KUBERNETES"];
pub(super) const DETECTIONS: &[&str] = &["CONFIRMED", "POTENTIAL"];
pub(super) const STATUSES: &[&str] = &["NEW", "ACTIVE", "FIXED", "REOPENED"];
pub(super) const DISCOVERIES: &[&str] = &["AUTHENTICATED", "REMOTE"];
pub(super) const AUTHENTICATIONS: &[&str] = &["UNIX_AUTH"];
pub(super) const ACCESS_VECTORS: &[&str] = &["Network", "Adjacent Network", "Local"];
pub(super) const STAGES: &[&str] = &["GA", "EOL", "EOS", "OBS", "Beta", "Not Announced", "Unknown"];
pub(super) const POSTURES: &[&str] = &["PASS", "FAIL", "ERROR"];
pub(super) const CONTROL_CRITICALITIES: &[&str] = &["LOW", "MEDIUM", "HIGH"];
pub(super) const SECRET_SEVERITIES: &[&str] = &["LOW", "MEDIUM", "HIGH", "CRITICAL"];
pub(super) const PROTOCOLS: &[&str] = &["tcp", "udp", "sctp"];
pub(super) const CONTROLLER_TYPES: &[&str] =
    &["ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job", "CronJob"];
pub(super) const SEVERITIES: &[&str] = &["5", "4", "3", "2", "1"];
pub(super) const SENSOR_TYPES: &[&str] = &["GENERAL", "REGISTRY", "CICD"];
pub(super) const SENSOR_STATUSES: &[&str] = &["RUNNING", "UNKNOWN"];
pub(super) const REGISTRY_TYPES: &[&str] = &["V2", "V2_PRIVATE", "DockerHub", "AWS", "Azure", "GCP"];
pub(super) const PROVIDERS: &[&str] = &["DockerHub", "AWS"];
pub(super) const SCHEDULE_STATUSES: &[&str] =
    &["Created", "Queued", "Paused", "Running", "Completed", "Finished", "Error", "Failed", "Cancelled"];
