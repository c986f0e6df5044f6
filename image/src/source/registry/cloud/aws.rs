//! Elastic Container Registry: `GetAuthorizationToken`, signed by AWS Signature Version 4.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::HeaderMap;
use ring::{digest, hmac};

use super::{Question, header, lifetime};
use crate::source::registry::RegistryOptions;
use crate::source::registry::credential::Credentials;
use crate::source::registry::error::RegistryError;

const SERVICE: &str = "ecr";
const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// A token holds for twelve hours.
const LONGEST: u64 = 12 * 3_600;

/// An access key.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    pub(super) id: &'k str,
    pub(super) secret: &'k str,
    pub(super) session: Option<&'k str>,
}

/// The service of a region, whose name must be one: it becomes part of a host.
pub(super) fn place_of(region: &str) -> Result<String, RegistryError> {
    let is_name = !region.is_empty()
        && region.len() <= 40
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_name {
        let reason = format!("`{}` is no region of AWS", region.chars().take(40).collect::<String>());
        return Err(RegistryError::Client { reason });
    }
    let end = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(format!("https://api.ecr.{region}.{end}"))
}

/// Exchanges a key for user and password.
pub(super) fn exchange(
    place: &str,
    region: &str,
    key: Key<'_>,
    options: &RegistryOptions,
) -> Result<(Credentials, Duration), RegistryError> {
    let wrong = |reason: String| RegistryError::Client { reason };
    let url = Url::parse(place).map_err(|error| wrong(format!("`{place}`: {error}")))?;
    let host = crate::source::registry::wire::host_of(&url);
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut signed = vec![
        ("content-type", CONTENT_TYPE.to_owned()),
        ("host", host),
        ("x-amz-date", now),
        ("x-amz-target", TARGET.to_owned()),
    ];
    if let Some(session) = key.session {
        signed.insert(3, ("x-amz-security-token", session.to_owned()));
    }
    let request =
        Request { method: "POST", path: "/", region, service: SERVICE, headers: &signed, body: "{}" };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", header(&request.authorization(key))?);
    for (name, value) in signed.iter().filter(|(name, _)| name.starts_with("x-amz")) {
        headers.insert(*name, header(value)?);
    }
    let question =
        Question { place, path: "/", content_type: CONTENT_TYPE, headers, body: request.body.to_owned() };
    let answer = question.ask(options)?;
    let (username, password) =
        read_answer(&answer).ok_or_else(|| question.garbled("has no authorization token"))?;
    Ok((Credentials::Password { username, password }, lifetime(None, LONGEST)))
}

/// User and password out of `authorizationData[0].authorizationToken`, which is base64 of `AWS:PASSWORD`.
pub(super) fn read_answer(answer: &serde_json::Value) -> Option<(String, String)> {
    let token = answer["authorizationData"][0]["authorizationToken"].as_str()?;
    let pair = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    (!password.is_empty()).then(|| (user.to_owned(), password.to_owned()))
}

/// A request as it is signed ("Signature Version 4 signing process"); without query.
struct Request<'r> {
    method: &'r str,
    path: &'r str,
    region: &'r str,
    service: &'r str,
    /// Names in small letters and sorted; one of them is `x-amz-date`.
    headers: &'r [(&'r str, String)],
    body: &'r str,
}

impl Request<'_> {
    /// The header `Authorization`.
    fn authorization(&self, key: Key<'_>) -> String {
        let names = self.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let body = hex(digest::digest(&digest::SHA256, self.body.as_bytes()).as_ref());
        let canonical = format!("{}\n{}\n\n{headers}\n{names}\n{body}", self.method, self.path);
        let date = self.headers.iter().find(|(name, _)| *name == "x-amz-date");
        let date = date.map_or("", |(_, value)| value.as_str());
        let day = date.get(..8).unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let canonical = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");
        let first = format!("AWS4{}", key.secret).into_bytes();
        let derived = [day, self.region, self.service, "aws4_request"]
            .iter()
            .fold(first, |derived, part| mac(&derived, part.as_bytes()));
        let signature = hex(&mac(&derived, to_sign.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            key.id
        )
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The case `post-vanilla` of AWS's published test suite for signers.
    #[test]
    fn a_request_is_signed_as_the_published_test_suite_does() {
        let headers =
            [("host", "example.amazonaws.com".to_owned()), ("x-amz-date", "20150830T123600Z".to_owned())];
        let request = Request {
            method: "POST",
            path: "/",
            region: "us-east-1",
            service: "service",
            headers: &headers,
            body: "",
        };
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let key = Key { id: "AKIDEXAMPLE", secret, session: None };
        assert_eq!(
            request.authorization(key),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
    }

    #[test]
    fn only_the_name_of_a_region_becomes_part_of_a_host() {
        assert_eq!(place_of("eu-central-1").unwrap(), "https://api.ecr.eu-central-1.amazonaws.com");
        assert!(place_of("cn-north-1").unwrap().ends_with(".amazonaws.com.cn"));
        for text in ["", "evil.example/", "a@b", "EU"] {
            assert!(place_of(text).is_err(), "{text}");
        }
    }
}
