//! The tokens of `POST /auth`: HS256 over a secret of the store, good for four hours.
//!
//! Two decisions. The signature comes from ring through jsonwebtoken's provider interface, because the
//! ready-made backends bring either a second C library or an RSA implementation with a known flaw. And the
//! claims are written as ASCII without `>`, `?` and `~`: one public client decodes them with plain base64,
//! and in base64 of such text the two characters that differ from the URL-safe alphabet cannot occur.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, Result as JwtResult};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey, Validation};
use model::Timestamp;
use ring::hmac;
use serde::{Deserialize, Serialize};
use serde_json::ser::{CharEscape, Formatter, Serializer};

/// Who signs.
const ISSUER: &str = "plimsoll";
/// How long a token is good, in seconds.
const LIFETIME: i64 = 4 * 60 * 60;
/// Modules that the account may use; clients refuse a token whose list lacks `CS`.
const MODULES: [&str; 1] = ["CS"];

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claims {
    /// The account's name.
    pub(crate) sub: String,
    iss: String,
    iat: i64,
    exp: i64,
    jti: String,
    modules_allowed: Vec<String>,
    customer_uuid: String,
    /// A print of the account's password hash, so that a token dies with the password that it was given for.
    pub(crate) cred: String,
}

/// Why a token was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    /// Its time is over.
    Expired,
    /// It is no token of ours.
    Invalid,
}

/// Signs and reads tokens.
pub(crate) struct TokenKeys {
    secret: [u8; 32],
    decoding: DecodingKey,
    validation: Validation,
    print: hmac::Key,
}

impl TokenKeys {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        // a second router of this process finds the same provider installed already
        let _ = PROVIDER.install_default();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "sub", "iss"]);
        Self {
            secret,
            decoding: DecodingKey::from_secret(&secret),
            validation,
            print: hmac::Key::new(hmac::HMAC_SHA256, &secret),
        }
    }

    /// A print of a password hash that tells nothing about it.
    pub(crate) fn print_of(&self, password_hash: &str) -> String {
        hex::encode(&hmac::sign(&self.print, password_hash.as_bytes()).as_ref()[..12])
    }

    /// Issues a token for an account.
    pub(crate) fn issue(
        &self,
        name: &str,
        customer: uuid::Uuid,
        password_hash: &str,
    ) -> Result<String, Error> {
        let now = Timestamp::now().0 / 1_000;
        self.sign(&Claims {
            sub: name.to_owned(),
            iss: ISSUER.to_owned(),
            iat: now,
            exp: now + LIFETIME,
            jti: uuid::Uuid::new_v4().to_string(),
            modules_allowed: MODULES.map(str::to_owned).to_vec(),
            customer_uuid: customer.to_string(),
            cred: self.print_of(password_hash),
        })
    }

    fn sign(&self, claims: &Claims) -> JwtResult<String> {
        let mut payload = Vec::with_capacity(320);
        claims.serialize(&mut Serializer::with_formatter(&mut payload, PlainAscii))?;
        let header = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"HS256"}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let key = EncodingKey::from_secret(&self.secret);
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256)?;
        Ok(format!("{message}.{signature}"))
    }

    /// Checks signature, issuer and time of a token.
    pub(crate) fn read(&self, token: &str) -> Result<Claims, TokenError> {
        match jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if *error.kind() == ErrorKind::ExpiredSignature => Err(TokenError::Expired),
            Err(_) => Err(TokenError::Invalid),
        }
    }
}

/// JSON in ASCII, without the characters whose base64 may hold `-` or `_`.
struct PlainAscii;

impl Formatter for PlainAscii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, out: &mut W, text: &str) -> io::Result<()> {
        let mut units = [0_u16; 2];
        for character in text.chars() {
            if matches!(character, ' '..='}' if !matches!(character, '>' | '?')) {
                out.write_all(&[character as u8])?;
                continue;
            }
            for unit in character.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        out: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(out, escape)
    }
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        check(*algorithm, key.family())?;
        Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))))
    },
    verifier_factory: |algorithm, key| {
        check(*algorithm, key.family())?;
        Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn check(algorithm: Algorithm, family: AlgorithmFamily) -> JwtResult<()> {
    if algorithm == Algorithm::HS256 && family == AlgorithmFamily::Hmac {
        Ok(())
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

struct Hs256(hmac::Key);

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        hmac::verify(&self.0, message, signature).map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> TokenKeys {
        TokenKeys::new([7; 32])
    }

    #[test]
    fn a_token_is_read_by_the_keys_that_signed_it_and_by_no_others() {
        let token = keys().issue("ann", uuid::Uuid::nil(), "hash").unwrap();
        assert_eq!(token.matches('.').count(), 2);
        let claims = keys().read(&token).unwrap();
        assert_eq!(claims.sub, "ann");
        assert_eq!(claims.cred, keys().print_of("hash"));
        assert_eq!(TokenKeys::new([8; 32]).read(&token).unwrap_err(), TokenError::Invalid);
        let (signed, _) = token.rsplit_once('.').unwrap();
        assert_eq!(keys().read(signed).unwrap_err(), TokenError::Invalid);
        assert_eq!(keys().read("").unwrap_err(), TokenError::Invalid);
    }

    #[test]
    fn a_token_without_signature_or_with_another_algorithm_is_refused() {
        let token = keys().issue("ann", uuid::Uuid::nil(), "hash").unwrap();
        let payload = token.split('.').nth(1).unwrap();
        for header in [r#"{"typ":"JWT","alg":"none"}"#, r#"{"typ":"JWT","alg":"HS512"}"#] {
            let forged = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(keys().read(&forged).unwrap_err(), TokenError::Invalid);
        }
    }

    #[test]
    fn a_token_past_its_time_is_told_apart_from_a_wrong_one() {
        let claims = Claims {
            sub: "ann".into(),
            iss: ISSUER.into(),
            iat: 1,
            exp: 2,
            jti: String::new(),
            modules_allowed: vec![],
            customer_uuid: String::new(),
            cred: String::new(),
        };
        let token = keys().sign(&claims).unwrap();
        assert_eq!(keys().read(&token).unwrap_err(), TokenError::Expired);
    }

    #[test]
    fn the_payload_is_plain_base64_whatever_the_name_holds() {
        for name in ["ann", "~~~~~~", "a>?~b\u{7f}", "jörg\u{1f512}\"\\\n", "???>>>???"] {
            let token = keys().issue(name, uuid::Uuid::nil(), "hash").unwrap();
            let payload = token.split('.').nth(1).unwrap();
            assert!(!payload.contains(['-', '_']), "{payload}");
            assert_eq!(keys().read(&token).unwrap().sub, name);
            let plain = base64::engine::general_purpose::STANDARD_NO_PAD.decode(payload).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&plain).unwrap();
            assert_eq!(claims["modulesAllowed"], serde_json::json!(["CS"]));
            assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 14_400);
        }
    }
}
