//! Single values: the API writes times and some numbers as strings.

use model::{Digest, Timestamp};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A time as a string of milliseconds since the epoch, never with a fraction and never of another width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "1700000000059")]
pub(crate) struct Millis(pub(crate) i64);

impl Millis {
    /// What the API writes where no time is known but a string is expected.
    pub(crate) const UNKNOWN: Self = Self(0);
}

impl From<Timestamp> for Millis {
    fn from(time: Timestamp) -> Self {
        Self(time.0)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A digest as 64 hex digits without `sha256:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String)]
pub(crate) struct Sha(pub(crate) Digest);

impl Serialize for Sha {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = [0; 64];
        serializer.serialize_str(encode(self.0, &mut buffer))
    }
}

/// The first 12 hex digits of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "055936d39205")]
pub(crate) struct ShortSha(pub(crate) Digest);

impl Serialize for ShortSha {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = [0; 64];
        serializer.serialize_str(&encode(self.0, &mut buffer)[..12])
    }
}

fn encode(digest: Digest, buffer: &mut [u8; 64]) -> &str {
    hex::encode_to_slice(digest.as_bytes(), buffer).expect("32 bytes are 64 hex digits");
    std::str::from_utf8(buffer).expect("hex digits are ASCII")
}

/// A number that the API writes as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ToSchema)]
#[schema(value_type = String)]
pub(crate) struct Quoted(pub(crate) u64);

impl Serialize for Quoted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A CVSS score as a string with one decimal.
#[derive(Clone, Copy, Debug, PartialEq, ToSchema)]
#[schema(value_type = String, example = "7.5")]
pub(crate) struct Score(pub(crate) f32);

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:.1}", self.0))
    }
}

/// Always `null`: a documented key that Plimsoll has nothing to say for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Null;

impl Serialize for Null {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_digests_and_scores_are_strings() {
        let digest = Digest::from_bytes([0xab; 32]);
        let value =
            serde_json::json!([Millis(5), Sha(digest), ShortSha(digest), Quoted(7), Score(9.0), Null]);
        let expected = serde_json::json!(["5", "ab".repeat(32), "abababababab", "7", "9.0", null]);
        assert_eq!(value, expected);
    }
}
