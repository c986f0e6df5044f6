//! The tokens that sensors sign: EdDSA over Ed25519, with the sensor's uuid as `kid` and `sub`.
//!
//! A token is good for five minutes at most by its own claims. The two clocks may differ by five minutes in either direction: `iat`
//! may lie so far in the future and `exp` so far in the past. A token that somebody caught is therefore good for
//! ten minutes at most, and only over a connection that somebody could listen to.
//!
//! The decision a reader may doubt: the three parts are read here and not by the library that reads the tokens of accounts. That
//! one wants one key for all; here the key is found by what the token says, before anything of it is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::Timestamp;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use uuid::Uuid;

/// The longest token, in bytes; real ones have 350.
const MAX_LENGTH: usize = 2_048;
/// How long a token may be good, in seconds.
const MAX_LIFE: i64 = 300;
/// How far the clocks of sensor and server may differ, in seconds.
const SKEW: i64 = 300;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<Uuid>,
}

#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    iat: i64,
    exp: i64,
}

/// A token of a sensor, of which nothing is believed yet.
#[derive(Debug)]
pub(crate) struct SensorToken<'t> {
    sensor: Uuid,
    issued: i64,
    expires: i64,
    signed: &'t [u8],
    signature: Vec<u8>,
}

/// What is wrong with the times of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeFault {
    /// It has expired, or the sensor's clock is slow.
    Past,
    /// It is of the future: the sensor's clock is fast.
    Future,
    /// It would be good for longer than any may be, or never.
    Lasting,
}

/// Whether a token says that a sensor signed it.
pub(crate) fn is_one(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    token.len() <= MAX_LENGTH && part::<Header>(header).is_some_and(|header| header.alg == "EdDSA")
}

impl<'t> SensorToken<'t> {
    /// Reads a token; `None` if it is not of this form or names two sensors.
    pub(crate) fn parse(token: &'t str) -> Option<Self> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = part(header)?;
        let claims: Claims = part(claims)?;
        if header.alg != "EdDSA" || header.kid != Some(claims.sub) {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let Claims { sub, iat, exp } = claims;
        Some(Self { sensor: sub, issued: iat, expires: exp, signed: signed.as_bytes(), signature })
    }

    /// The sensor that it names.
    pub(crate) fn sensor(&self) -> Uuid {
        self.sensor
    }

    /// Whether the holder of this key signed it.
    pub(crate) fn is_signed_by(&self, public_key: &[u8; 32]) -> bool {
        UnparsedPublicKey::new(&ED25519, public_key).verify(self.signed, &self.signature).is_ok()
    }

    /// Whether it is good at this time.
    pub(crate) fn check_times(&self, now: Timestamp) -> Result<(), TimeFault> {
        let now = now.0.div_euclid(1_000);
        let life = self.expires.checked_sub(self.issued);
        if !life.is_some_and(|life| (1..=MAX_LIFE).contains(&life)) {
            return Err(TimeFault::Lasting);
        }
        if self.issued > now + SKEW {
            return Err(TimeFault::Future);
        }
        if self.expires < now - SKEW {
            return Err(TimeFault::Past);
        }
        Ok(())
    }
}

/// Reads a part of a token: JSON in base64.
fn part<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair as _};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn public_key(pair: &Ed25519KeyPair) -> [u8; 32] {
        pair.public_key().as_ref().try_into().unwrap()
    }

    fn signed(header: &Value, claims: &Value, by: &Ed25519KeyPair) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(by.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn token(sensor: Uuid, (iat, exp): (i64, i64), by: &Ed25519KeyPair) -> String {
        let header = json!({"alg": "EdDSA", "kid": sensor, "typ": "JWT"});
        signed(&header, &json!({"sub": sensor, "iat": iat, "exp": exp}), by)
    }

    #[test]
    fn a_token_is_good_for_the_key_that_signed_it_and_for_no_other() {
        let (own, other, sensor) = (pair(1), pair(2), Uuid::from_u128(7));
        let text = token(sensor, (NOW, NOW + 60), &own);
        assert!(is_one(&text));
        let read = SensorToken::parse(&text).unwrap();
        assert_eq!(read.sensor(), sensor);
        assert!(read.is_signed_by(&public_key(&own)));
        assert!(!read.is_signed_by(&public_key(&other)));
        assert!(!read.is_signed_by(&[0; 32]));
        let claims = text.split('.').nth(1).unwrap();
        let longer = URL_SAFE_NO_PAD.encode(json!({"sub": sensor, "iat": NOW, "exp": NOW + 90}).to_string());
        let changed = text.replace(claims, &longer);
        assert!(!SensorToken::parse(&changed).unwrap().is_signed_by(&public_key(&own)));
    }

    #[test]
    fn the_clocks_may_differ_by_five_minutes_and_no_token_is_good_for_longer() {
        let check = |iat: i64, exp: i64| {
            let text = token(Uuid::from_u128(7), (NOW + iat, NOW + exp), &pair(1));
            SensorToken::parse(&text).unwrap().check_times(Timestamp(NOW * 1_000 + 999))
        };
        for (iat, exp) in [(0, 300), (-10, 20), (300, 360), (300, 600), (-360, -300), (-600, -300)] {
            assert_eq!(check(iat, exp), Ok(()), "{iat} {exp}");
        }
        assert_eq!(check(301, 360), Err(TimeFault::Future));
        assert_eq!(check(-601, -301), Err(TimeFault::Past));
        for (iat, exp) in [(0, 301), (0, 0), (5, 4), (i64::MIN - NOW.wrapping_neg(), 5)] {
            assert_eq!(check(iat, exp), Err(TimeFault::Lasting), "{iat} {exp}");
        }
    }

    #[test]
    fn what_is_not_of_this_form_is_no_token_of_a_sensor() {
        let (own, sensor, other) = (pair(1), Uuid::from_u128(7), Uuid::from_u128(8));
        let claims = json!({"sub": sensor, "iat": NOW, "exp": NOW + 60});
        let whole = token(sensor, (NOW, NOW + 60), &own);
        for wrong in [
            signed(&json!({"alg": "none", "kid": sensor}), &claims, &own),
            signed(&json!({"alg": "HS256", "kid": sensor}), &claims, &own),
            signed(&json!({"alg": "EdDSA"}), &claims, &own),
            signed(&json!({"alg": "EdDSA", "kid": other}), &claims, &own),
            signed(&json!({"alg": "EdDSA", "kid": "x"}), &claims, &own),
            signed(&json!({"alg": "EdDSA", "kid": sensor}), &json!({"sub": sensor}), &own),
            signed(&json!({"alg": "EdDSA", "kid": sensor}), &json!([1]), &own),
            whole.replacen('.', "", 1),
            format!("{whole}="),
            format!("{}.{}", whole, "a".repeat(2_048)),
            "..".to_owned(),
            String::new(),
        ] {
            let read = SensorToken::parse(&wrong);
            assert!(read.is_none_or(|read| !read.is_signed_by(&public_key(&own))), "{wrong}");
        }
    }
}
