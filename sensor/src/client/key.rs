//! The sensor's own key pair, made once and kept in the state directory for the owner alone.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use uuid::Uuid;

use super::StateError;
use crate::spool::files;

/// The file of the key: PKCS #8 (RFC 5958), as bytes.
const FILE: &str = "sensor.key";
/// A key with its wrapping has less than a hundred bytes.
const LARGEST: u64 = 4 << 10;
/// How long a token is good, in seconds. The server takes no more than five minutes.
const LIFETIME: i64 = 120;
/// So far back its time of issue lies, because no two clocks agree.
const LEEWAY: i64 = 30;

/// An Ed25519 key pair.
pub(crate) struct SensorKey {
    pair: Ed25519KeyPair,
}

impl SensorKey {
    /// The key of the state directory, made if there is none.
    pub(crate) fn load_or_make(state: &Path) -> Result<Self, StateError> {
        let path = state.join(FILE);
        let failed = |path: PathBuf| move |source| StateError::Io { path, source };
        let known = files::read_bounded(&path, LARGEST).map_err(failed(path.clone()))?;
        let Some(bytes) = known else { return Self::make(state) };
        let pair = Ed25519KeyPair::from_pkcs8(&bytes);
        let pair = pair.map_err(|error| StateError::Key { path, reason: error.to_string() })?;
        Ok(Self { pair })
    }

    /// A new key, in the place of any that there is.
    pub(crate) fn make(state: &Path) -> Result<Self, StateError> {
        let path = state.join(FILE);
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| StateError::NoRandom)?;
        let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).map_err(|_| StateError::NoRandom)?;
        files::write_whole(&path, made.as_ref()).map_err(|source| StateError::Io { path, source })?;
        Ok(Self { pair })
    }

    /// The public key: 32 bytes in base64url without padding.
    pub(crate) fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    /// A token (JWT, RFC 7519 and 8037) that says: this is sensor `sensor`, at `now` in seconds.
    pub(crate) fn token(&self, sensor: Uuid, now: i64) -> String {
        let header = format!(r#"{{"typ":"JWT","alg":"EdDSA","kid":"{sensor}"}}"#);
        let (issued, expires) = (now - LEEWAY, now + LIFETIME);
        let claims = format!(r#"{{"sub":"{sensor}","iat":{issued},"exp":{expires}}}"#);
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.pair.sign(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn the_key_stays_the_same_and_signs_what_its_public_half_verifies() {
        let state = tempfile::tempdir().unwrap();
        let key = SensorKey::load_or_make(state.path()).unwrap();
        let again = SensorKey::load_or_make(state.path()).unwrap();
        assert_eq!(key.public(), again.public());
        let mode = std::fs::metadata(state.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let token = key.token(Uuid::nil(), 1_000);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let public = URL_SAFE_NO_PAD.decode(key.public()).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ED25519, public).verify(message.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(message.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!((&claims["iat"], &claims["exp"]), (&970.into(), &1_120.into()));
    }

    #[test]
    fn a_damaged_key_is_told_with_its_place_and_not_replaced() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join(FILE), "no key").unwrap();
        let error = SensorKey::load_or_make(state.path()).err().unwrap().to_string();
        assert!(error.contains("sensor.key") && error.contains("enrol"), "{error}");
        assert_eq!(std::fs::read(state.path().join(FILE)).unwrap(), b"no key");
    }
}
