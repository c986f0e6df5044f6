//! Elastic Container Registry: `GetAuthorizationToken`, with a key or with a role that the key may take; and the services of AWS as far as
//! registries need them.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;

use super::signature::Request;
use super::{Question, connect, header, lifetime};
use crate::source::registry::RegistryOptions;
use crate::source::registry::credential::Credentials;
use crate::source::registry::error::RegistryError;
use crate::source::registry::wire::Wire;

const TARGETS: &str = "AmazonEC2ContainerRegistry_V20150921";
const JSON: &str = "application/x-amz-json-1.1";
const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";
/// A token holds for twelve hours.
const LONGEST: u64 = 12 * 3_600;
/// A role is taken for an hour, the most that any may be limited to.
const ROLE: u64 = 3_600;

/// An access key.
#[derive(Clone)]
pub(in crate::source::registry) struct Key {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) session: Option<String>,
}

/// Who asks, and where.
#[derive(Clone)]
pub(in crate::source::registry) struct Access {
    pub(in crate::source::registry) region: String,
    pub(super) key: Key,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Access({})", self.region)
    }
}

/// A role that is taken with a key.
#[derive(Clone, Copy)]
pub(super) struct Role<'r> {
    pub(super) arn: &'r str,
    pub(super) external_id: Option<&'r str>,
}

/// A service in a region, whose name must be one: it becomes part of a host.
pub(in crate::source::registry) fn place_of(service: &str, region: &str) -> Result<String, RegistryError> {
    let is_name = !region.is_empty()
        && region.len() <= 40
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_name {
        let reason = format!("`{}` is no region of AWS", region.chars().take(40).collect::<String>());
        return Err(RegistryError::Client { reason });
    }
    let end = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(format!("https://{service}.{region}.{end}"))
}

/// Exchanges a key for user and password, and says for how long these hold.
pub(super) fn exchange(
    place: &str,
    access: &Access,
    options: &RegistryOptions,
) -> Result<(Credentials, Duration), RegistryError> {
    let service = Ecr::new(place, access.clone(), options)?;
    let answer = service.call("GetAuthorizationToken", "{}".to_owned())?;
    let answer: serde_json::Value =
        serde_json::from_slice(&answer).map_err(|_| service.garbled("is no JSON"))?;
    let (username, password) =
        read_answer(&answer).ok_or_else(|| service.garbled("has no authorization token"))?;
    let most = if access.key.session.is_some() { ROLE } else { LONGEST };
    Ok((Credentials::Password { username, password }, lifetime(None, most)))
}

/// Takes a role (`AssumeRole` of the Security Token Service, 2011-06-15): gives the key that is lent for it.
pub(super) fn assume(
    place: &str,
    access: &Access,
    role: Role<'_>,
    options: &RegistryOptions,
) -> Result<Key, RegistryError> {
    let seconds = ROLE.to_string();
    let mut fields = vec![
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", role.arn),
        ("RoleSessionName", "plimsoll"),
        ("DurationSeconds", &seconds),
    ];
    fields.extend(role.external_id.map(|id| ("ExternalId", id)));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let wire = connect(place, options)?;
    let answer = post(&wire, "sts", access, None, FORM, body)?;
    read_key(&answer).ok_or_else(|| RegistryError::Protocol {
        host: wire.host(),
        reason: "its answer has no key for the role".to_owned(),
    })
}

/// The key in an answer to `AssumeRole`. Its texts are base64, which XML writes as it is.
pub(super) fn read_key(xml: &[u8]) -> Option<Key> {
    let xml = std::str::from_utf8(xml).ok()?;
    let text = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        let text = rest.split_once(&format!("</{name}>"))?.0.trim();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
        (!text.is_empty() && text.bytes().all(is_plain)).then(|| text.to_owned())
    };
    let (id, secret) = (text("AccessKeyId")?, text("SecretAccessKey")?);
    Some(Key { id, secret, session: Some(text("SessionToken")?) })
}

/// User and password out of `authorizationData[0].authorizationToken`, which is base64 of `AWS:PASSWORD`.
pub(super) fn read_answer(answer: &serde_json::Value) -> Option<(String, String)> {
    let token = answer["authorizationData"][0]["authorizationToken"].as_str()?;
    let pair = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    (!password.is_empty()).then(|| (user.to_owned(), password.to_owned()))
}

/// The registry service of a region.
pub(in crate::source::registry) struct Ecr {
    pub(in crate::source::registry) wire: Wire,
    access: Access,
}

impl std::fmt::Debug for Ecr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ecr({})", self.wire.base)
    }
}

impl Ecr {
    pub(in crate::source::registry) fn new(
        place: &str,
        access: Access,
        options: &RegistryOptions,
    ) -> Result<Self, RegistryError> {
        Ok(Self { wire: connect(place, options)?, access })
    }

    /// Calls an action with a JSON document.
    pub(in crate::source::registry) fn call(
        &self,
        action: &str,
        body: String,
    ) -> Result<Vec<u8>, RegistryError> {
        post(&self.wire, "ecr", &self.access, Some(&format!("{TARGETS}.{action}")), JSON, body)
    }

    fn garbled(&self, reason: &str) -> RegistryError {
        RegistryError::Protocol { host: self.wire.host(), reason: format!("its answer {reason}") }
    }
}

/// A signed question.
fn post(
    wire: &Wire,
    service: &str,
    access: &Access,
    target: Option<&str>,
    content_type: &'static str,
    body: String,
) -> Result<Vec<u8>, RegistryError> {
    let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut signed =
        vec![("content-type", content_type.to_owned()), ("host", wire.host()), ("x-amz-date", now)];
    signed.extend(access.key.session.clone().map(|session| ("x-amz-security-token", session)));
    signed.extend(target.map(|target| ("x-amz-target", target.to_owned())));
    let request =
        Request { method: "POST", path: "/", region: &access.region, service, headers: &signed, body: &body };
    let mut headers = HeaderMap::new();
    headers.insert("authorization", header(&request.authorization(&access.key))?);
    for (name, value) in signed.iter().filter(|(name, _)| name.starts_with("x-amz")) {
        headers.insert(*name, header(value)?);
    }
    Question { path: "/", content_type, headers, body }.ask(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_of_a_region_becomes_part_of_a_host() {
        assert_eq!(
            place_of("api.ecr", "eu-central-1").unwrap(),
            "https://api.ecr.eu-central-1.amazonaws.com"
        );
        assert!(place_of("sts", "cn-north-1").unwrap().ends_with(".amazonaws.com.cn"));
        for text in ["", "evil.example/", "a@b", "EU"] {
            assert!(place_of("sts", text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_key_of_a_role_is_read_and_anything_else_is_none() {
        let xml = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId> ASIA1 </AccessKeyId>\
                   <SecretAccessKey>a/b+c=</SecretAccessKey><SessionToken>t</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>";
        let key = read_key(xml.as_bytes()).unwrap();
        assert_eq!(
            (key.id.as_str(), key.secret.as_str(), key.session.as_deref()),
            ("ASIA1", "a/b+c=", Some("t"))
        );
        for (from, to) in
            [("ASIA1", "A\r\nB"), ("a/b+c=", ""), ("<SessionToken>", "<X>"), ("</SecretAccessKey>", "")]
        {
            assert!(read_key(xml.replace(from, to).as_bytes()).is_none(), "{from}");
        }
        assert!(read_key(b"\xff").is_none() && read_key(b"").is_none());
    }
}
