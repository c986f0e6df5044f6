//! Doors for the fuzz targets into readers that are private otherwise; compiled under `cfg(fuzzing)` alone.

use model::Timestamp;

use crate::auth::sensor_token::{SensorToken, is_one};
use crate::sensor_profiles::settings::settings;
use crate::wire::ProfileRequest;

/// Reads `bytes` as the token of a sensor and as a sensor profile.
///
/// # Panics
/// If a key that signed nothing signed the token, or what is kept of a profile cannot be read back.
pub fn read_sensor_messages(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(token) = SensorToken::parse(text)
    {
        assert!(is_one(text), "what is read as a token is known to be one");
        let _ = (token.check_times(Timestamp::now()), token.check_times(Timestamp(i64::MAX)));
        assert!(!token.is_signed_by(&[7; 32]));
    }
    if let Ok(request) = crate::ingest::parse_json::<ProfileRequest>(bytes) {
        let config = request.config.unwrap_or_default();
        // numbers beyond all measure may be others then
        let kept = serde_json::to_string(&config).expect("a profile can be written");
        serde_json::from_str::<crate::wire::ProfileConfig>(&kept).expect("what is kept is read back");
        let _ = settings(&request.profile_name, &config);
    }
}
