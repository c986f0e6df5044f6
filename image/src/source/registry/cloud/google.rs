//! Google's registries: a service account signs a claim (RFC 7523, RS256), which is exchanged for an access token that stands as
//! password of the user `oauth2accesstoken`.
//!
//! A key file also names the service that it is exchanged at. That is not followed: a forged file would send the claim to anybody.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;

use super::{Answer, Question, lifetime};
use crate::source::registry::RegistryOptions;
use crate::source::registry::credential::Credentials;
use crate::source::registry::error::RegistryError;

/// The service.
pub(super) const PLACE: &str = "https://oauth2.googleapis.com";
/// Who the claim is for, wherever it is sent.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform.read-only";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// A token holds for an hour.
const LONGEST: u64 = 3_600;

/// The parts of a key file that matter.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
}

/// Exchanges a key file for user and password.
pub(super) fn exchange(
    place: &str,
    key_file: &str,
    options: &RegistryOptions,
) -> Result<(Credentials, Duration), RegistryError> {
    let now = jiff::Timestamp::now().as_second();
    let claim = claim(key_file, now).map_err(|reason| RegistryError::Client {
        reason: format!("the key file of the service account {reason}"),
    })?;
    let question = Question::form("/token", &[("grant_type", GRANT), ("assertion", &claim)]);
    let answer = Answer::to(place, &question, options)?;
    let password = answer.text("access_token")?;
    let username = "oauth2accesstoken".to_owned();
    Ok((
        Credentials::Password { username, password },
        lifetime(answer.document["expires_in"].as_u64(), LONGEST),
    ))
}

/// The signed claim.
fn claim(key_file: &str, now: i64) -> Result<String, &'static str> {
    let file: KeyFile =
        serde_json::from_str(key_file).map_err(|_| "is no JSON with client_email and private_key")?;
    let key = read_key(&file.private_key)?;
    let encode = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = serde_json::json!({ "alg": "RS256", "typ": "JWT", "kid": file.private_key_id });
    let body = serde_json::json!({
        "iss": file.client_email, "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + 3_600,
    });
    let text = format!("{}.{}", encode(&head), encode(&body));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .map_err(|_| "has a key that cannot sign")?;
    Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Reads a key in PEM form (PKCS #8).
fn read_key(pem: &str) -> Result<RsaKeyPair, &'static str> {
    let wrong = "has no RSA key in PEM form (PKCS #8)";
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or(wrong)?;
    let (body, _) = rest.split_once("-----END PRIVATE KEY-----").ok_or(wrong)?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| wrong)?;
    RsaKeyPair::from_pkcs8(&der).map_err(|_| wrong)
}

/// Entry for the fuzz target.
#[cfg(fuzzing)]
pub(super) fn fuzz(text: &str) {
    let _ = (claim(text, 0), read_key(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_that_is_none_is_told() {
        for (text, told) in [
            ("", "is no JSON"),
            ("{\"client_email\":\"a\"}", "is no JSON with"),
            ("{\"client_email\":\"a\",\"private_key\":\"x\"}", "has no RSA key"),
            (
                "{\"client_email\":\"a\",\"private_key\":\"-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\"}",
                "has no RSA key",
            ),
        ] {
            assert!(claim(text, 0).unwrap_err().contains(told), "{text}");
        }
    }
}
